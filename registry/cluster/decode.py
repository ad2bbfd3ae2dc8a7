"""From the wire to planning's objects: raw JSON into Structs that hold only what is needed."""

import functools
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.metadata import Meta, parameters, references
from registry.cluster.sharing import shared_map, with_shared
from registry.model.documents import canonical
from registry.model.frames import Frame, frame
from registry.model.normalise import normalise_selector, normalise_spec
from registry.planning.objects import LivePolicy, Manager, Namespace


class _NamespaceObject(msgspec.Struct, gc=False):
    metadata: Meta


class _ManagedFields(msgspec.Struct, gc=False):
    manager: str = ""
    time: str = ""


class _PolicyMeta(Meta, rename="camel", gc=False):
    owner_references: list[dict[str, Any]] | None = None
    finalizers: list[str] | None = None
    managed_fields: list[_ManagedFields] | None = None


class _PolicyObject(msgspec.Struct, gc=False):
    metadata: _PolicyMeta
    spec: dict[str, msgspec.Raw] = {}


_REPEATED: Final = (
    contract.DESCRIPTION_ANNOTATION,
    contract.PARAMETERS_ANNOTATION,
    contract.TRACKING_ANNOTATION,
)
"""Annotations whose values many policies have."""

_REPEATED_OF_OWNER: Final = ("apiVersion", "kind")
"""Members of an ownerReference of which that is so."""

_FRAMES: Final = 4096
"""Different specs, but for their podSelector, of which the text is kept."""

_NAMESPACE: Final = msgspec.json.Decoder(_NamespaceObject)
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
        references=references(meta),
        parameters=parameters(meta),
        managed=labels.get(contract.MANAGED_LABEL) == "true",
        leaving=(meta.annotations or {}).get(contract.ON_DISABLE_ANNOTATION) == contract.LEAVE,
        deleting=meta.deletion_timestamp is not None,
    )


def decode_policy(raw: bytes) -> LivePolicy:
    """A NetworkPolicy from its JSON."""
    found = _POLICY.decode(raw)
    meta = found.metadata
    return LivePolicy(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        labels=shared_map(meta.labels),
        annotations=with_shared(meta.annotations or {}, _REPEATED),
        owners=tuple(with_shared(owner, _REPEATED_OF_OWNER) for owner in meta.owner_references or ()),
        finalizers=tuple(meta.finalizers or ()),
        managers=_managers(tuple([(entry.manager, entry.time) for entry in meta.managed_fields or ()])),
        spec=_spec(found.spec),
        deleting=meta.deletion_timestamp is not None,
    )


def _spec(members: dict[str, msgspec.Raw]) -> bytes:
    """Canonical JSON of the normalised spec: that of the podSelector, in a frame that many policies share."""
    if (selector := members.pop("podSelector", None)) is None:
        return canonical(normalise_spec(_decoded(_texts(members))))
    return _frame(_texts(members)).text(normalise_selector(msgspec.json.decode(selector)))


_Texts = tuple[tuple[str, bytes], ...]
"""Members of a spec with their JSON."""


def _texts(members: dict[str, msgspec.Raw]) -> _Texts:
    return tuple([(name, bytes(raw)) for name, raw in members.items()])


@functools.lru_cache(_FRAMES)
def _frame(texts: _Texts) -> Frame:
    return frame(normalise_spec(_decoded(texts)))


def _decoded(texts: _Texts) -> dict[str, object]:
    return {name: msgspec.json.decode(text) for name, text in texts}


@functools.lru_cache(4096)
def _managers(entries: tuple[tuple[str, str], ...]) -> tuple[Manager, ...]:
    """One tuple for all objects that the same managers wrote in the same seconds."""
    return tuple(Manager(*entry) for entry in entries)


class _Endpoint(msgspec.Struct, gc=False):
    addresses: list[str] = []


class _EndpointSlice(msgspec.Struct, gc=False):
    metadata: Meta
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
