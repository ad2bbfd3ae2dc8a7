"""From the wire to planning's objects: raw JSON into Structs that hold only what is needed."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.resources import Resource
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.objects import Key, LivePolicy, Manager, Namespace, Selector, Workload


class _Meta(msgspec.Struct, rename="camel", gc=False):
    name: str
    uid: str = ""
    namespace: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _NamespaceObject(msgspec.Struct, gc=False):
    metadata: _Meta


class _PodSpec(msgspec.Struct, rename="camel", gc=False):
    host_network: bool = False


class _PodTemplate(msgspec.Struct, gc=False):
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _WorkloadSpec(msgspec.Struct, gc=False):
    selector: dict[str, Any] | None = None
    template: _PodTemplate = msgspec.field(default_factory=_PodTemplate)


class _WorkloadObject(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _WorkloadSpec = msgspec.field(default_factory=_WorkloadSpec)


class _ManagedFields(msgspec.Struct, gc=False):
    manager: str = ""
    time: str = ""


class _PolicyMeta(_Meta, rename="camel", gc=False):
    owner_references: list[dict[str, Any]] | None = None
    finalizers: list[str] | None = None
    managed_fields: list[_ManagedFields] | None = None


class _PolicyObject(msgspec.Struct, gc=False):
    metadata: _PolicyMeta
    spec: dict[str, Any] = {}


_NAMESPACE: Final = msgspec.json.Decoder(_NamespaceObject)
_WORKLOAD: Final = msgspec.json.Decoder(_WorkloadObject)
_POLICY: Final = msgspec.json.Decoder(_PolicyObject)


def decode_namespace(raw: bytes) -> Namespace:
    """A Namespace from its JSON."""
    meta = _NAMESPACE.decode(raw).metadata
    labels = meta.labels or {}
    return Namespace(
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        labels=labels,
        references=_suffixes(meta.labels, contract.TEMPLATE_LABEL_PREFIX),
        parameters=_suffixes(meta.annotations, contract.PARAMETERS_ANNOTATION_PREFIX),
        managed=labels.get(contract.MANAGED_LABEL) == "true",
        deleting=meta.deletion_timestamp is not None,
    )


def workload_decoder(resource: Resource) -> Callable[[bytes], Workload]:
    """A decoder for objects of one kind of workload with its selector at `spec.selector`."""

    def decode(raw: bytes) -> Workload:
        found = _WORKLOAD.decode(raw)
        meta = found.metadata
        return Workload(
            key=Key(resource.group, resource.kind, meta.namespace, meta.name),
            api_version=resource.api_version,
            uid=meta.uid,
            resource_version=meta.resource_version,
            references=_suffixes(meta.labels, contract.TEMPLATE_LABEL_PREFIX),
            parameters=_suffixes(meta.annotations, contract.PARAMETERS_ANNOTATION_PREFIX),
            selector=_selector(found.spec.selector),
            host_network=found.spec.template.spec.host_network,
            deleting=meta.deletion_timestamp is not None,
        )

    return decode


def decode_policy(raw: bytes) -> LivePolicy:
    """A NetworkPolicy from its JSON."""
    found = _POLICY.decode(raw)
    meta = found.metadata
    return LivePolicy(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        labels=meta.labels or {},
        annotations=meta.annotations or {},
        owners=tuple(meta.owner_references or ()),
        finalizers=tuple(meta.finalizers or ()),
        managers=tuple(Manager(entry.manager, entry.time) for entry in meta.managed_fields or ()),
        spec=canonical(normalise_spec(found.spec)),
        deleting=meta.deletion_timestamp is not None,
    )


def _selector(raw: dict[str, Any] | None) -> Selector | None:
    # Empty parts mean no requirement, so a selector that is left with none selects everything: none at all.
    return {part: value for part, value in raw.items() if value} or None if raw else None


def _suffixes(entries: dict[str, str] | None, prefix: str) -> dict[str, str]:
    return (
        {key[len(prefix) :]: value for key, value in entries.items() if key.startswith(prefix)}
        if entries
        else {}
    )


class _Endpoint(msgspec.Struct, gc=False):
    addresses: list[str] = []


class _EndpointSlice(msgspec.Struct, gc=False):
    metadata: _Meta
    endpoints: list[_Endpoint] | None = None


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one EndpointSlice."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    addresses: tuple[str, ...]


_ENDPOINT_SLICE: Final = msgspec.json.Decoder(_EndpointSlice)


def decode_endpoints(raw: bytes) -> Endpoints:
    """An EndpointSlice from its JSON."""
    found = _ENDPOINT_SLICE.decode(raw)
    return Endpoints(
        namespace=found.metadata.namespace,
        name=found.metadata.name,
        uid=found.metadata.uid,
        resource_version=found.metadata.resource_version,
        addresses=tuple(address for endpoint in found.endpoints or () for address in endpoint.addresses),
    )
