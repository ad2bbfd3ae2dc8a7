"""Controllers of pods, from their JSON: each kind says in a way of its own which pods are its. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.metadata import Meta, OwnedMeta, parameters, references
from registry.cluster.pods import PodMeta, PodSpec, PodTemplate, decode_template, pods_of
from registry.cluster.resources import CRON_JOBS, JOBS, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, Resource
from registry.cluster.selectors import NoLabelSelector, parse_selector
from registry.planning.objects import Key, Selector, Workload
from registry.planning.pods import Pods

Decode = Callable[[bytes], Workload | None]
"""From an object's JSON to a workload; None for one that another controller manages."""

MANAGED_KINDS: Final = (REPLICA_SETS, REPLICATION_CONTROLLERS, JOBS, PODS)
"""Kinds that other controllers make: only those that nobody manages are workloads."""

POD_TEMPLATE: Final = ("spec", "template")
"""Where custom kinds with a pod template have it, by custom."""


class _JobSpec(msgspec.Struct, gc=False):
    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class _JobTemplate(msgspec.Struct, gc=False):
    spec: _JobSpec = msgspec.field(default_factory=_JobSpec)


class _Spec(PodSpec, rename="camel", gc=False):
    """The members of all kinds together: none means two things by one name. A Pod's are its own."""

    selector: dict[str, Any] | None = None
    template: PodTemplate | None = None
    job_template: _JobTemplate | None = None


class _Object(msgspec.Struct, gc=False):
    metadata: OwnedMeta
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _Nameless(msgspec.Struct, gc=False):
    metadata: PodMeta = msgspec.field(default_factory=PodMeta)
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _CustomObject(msgspec.Struct, gc=False):
    metadata: Meta


_OBJECT: Final = msgspec.json.Decoder(_Object)
_NAMELESS: Final = msgspec.json.Decoder(_Nameless)
_CUSTOM_OBJECT: Final = msgspec.json.Decoder(_CustomObject)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def workload_decoder(resource: Resource) -> Decode:
    """A decoder for objects of a built-in kind."""
    selector_of = _SELECTORS.get(resource, _label_selector)
    others = resource in MANAGED_KINDS

    def decode(raw: bytes) -> Workload | None:
        found = _OBJECT.decode(raw)
        if others and found.metadata.owned:
            return None
        return _workload(resource, found.metadata, selector_of(found), _pods(resource, found))

    return decode


def custom_decoder(resource: Resource, selector_path: Sequence[str]) -> Decode:
    """A decoder for objects of a custom kind, which give their selector as a text at `selector_path`."""

    def decode(raw: bytes) -> Workload:
        return _workload(
            resource,
            _CUSTOM_OBJECT.decode(raw).metadata,
            _text_selector(_at(raw, selector_path) if selector_path else None),
            decode_custom_pods(raw),
        )

    return decode


def decode_pods(resource: Resource, raw: bytes | msgspec.Raw) -> Pods:
    """The pods that an object of a built-in kind makes, whoever manages it; it needs no name.

    Raises msgspec.ValidationError.
    """
    return _pods(resource, _NAMELESS.decode(raw))


def decode_custom_pods(raw: bytes | msgspec.Raw) -> Pods | None:
    """The pods of a custom kind's pod template; None where it has none."""
    template = _raw_at(raw, POD_TEMPLATE)
    return decode_template(template) if template else None


def _workload(resource: Resource, meta: Meta, selector: Selector | None, pods: Pods | None) -> Workload:
    return Workload(
        key=Key(resource.group, resource.kind, meta.namespace, meta.name),
        api_version=resource.api_version,
        uid=meta.uid,
        resource_version=meta.resource_version,
        references=references(meta),
        parameters=parameters(meta),
        selector=selector,
        pods=pods,
        deleting=meta.deletion_timestamp is not None,
    )


def _pods(resource: Resource, found: _Object | _Nameless) -> Pods:
    spec = found.spec
    if resource == PODS:
        return pods_of(found.metadata.labels, spec)
    template = spec.job_template.spec.template if spec.job_template else spec.template or PodTemplate()
    return pods_of(template.metadata.labels, template.spec)


def _label_selector(found: _Object) -> Selector | None:
    # Empty parts mean no requirement, so a selector that is left with none selects everything: none at all.
    return {part: value for part, value in (found.spec.selector or {}).items() if value} or None


def _plain_selector(found: _Object) -> Selector | None:
    """A ReplicationController selects by a map of labels; the API server fills it from its template."""
    return _labels(found.spec.selector)


def _template_labels(found: _Object) -> Selector | None:
    """A CronJob selects nothing; its pods are those with its template's labels."""
    template = found.spec.job_template.spec.template if found.spec.job_template else PodTemplate()
    return _labels(template.metadata.labels)


def _own_labels(found: _Object) -> Selector | None:
    """A Pod by itself is selected by its labels, without ours: what refers must not select."""
    labels = found.metadata.labels or {}
    return _labels({key: value for key, value in labels.items() if not _is_ours(key)})


def _labels(labels: Mapping[str, str] | None) -> Selector | None:
    return {"matchLabels": labels} if labels else None


def _is_ours(key: str) -> bool:
    prefix = key.rpartition("/")[0]
    return prefix == contract.DOMAIN or prefix.endswith(f".{contract.DOMAIN}")


_SELECTORS: Final[Mapping[Resource, Callable[[_Object], Selector | None]]] = {
    REPLICATION_CONTROLLERS: _plain_selector,
    CRON_JOBS: _template_labels,
    PODS: _own_labels,
}


def _text_selector(text: object) -> Selector | None:
    """None also for what no LabelSelector can say: a policy for it could only select other pods."""
    try:
        return parse_selector(text) or None if isinstance(text, str) else None
    except NoLabelSelector:
        return None


def _at(raw: bytes, path: Sequence[str]) -> object:
    """The value at `path`; None where there is none."""
    found = _raw_at(raw, path)
    return None if found is None else msgspec.json.decode(found)


def _raw_at(raw: bytes | msgspec.Raw, path: Sequence[str]) -> bytes | msgspec.Raw | None:
    """The JSON at `path`; None where there is none, since custom kinds may have any form."""
    for name in path:
        try:
            found = _MEMBERS.decode(raw).get(name)
        except msgspec.ValidationError:
            return None
        if found is None:
            return None
        raw = found
    return raw
