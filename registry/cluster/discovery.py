"""Custom kinds that scale, from the definitions in the cluster. Pure.

A kind with a scale subresource says where its objects keep the selector of their pods:
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#scale-subresource
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from registry.cluster.metadata import Meta
from registry.cluster.resources import Resource


class CustomKind(msgspec.Struct, frozen=True, kw_only=True):
    """A custom kind of workload; `selector_path` are the names on the way to the selector's text."""

    name: str
    uid: str
    resource_version: str
    resource: Resource
    selector_path: tuple[str, ...]
    namespace: str = ""


class _Scale(msgspec.Struct, rename="camel", gc=False):
    label_selector_path: str = ""


class _Subresources(msgspec.Struct, gc=False):
    scale: _Scale | None = None


class _Version(msgspec.Struct, gc=False):
    name: str
    served: bool = False
    storage: bool = False
    subresources: _Subresources | None = None


class _Spec(msgspec.Struct, gc=False):
    group: str
    scope: str
    versions: list[_Version]


class _Names(msgspec.Struct, gc=False):
    plural: str = ""
    kind: str = ""


class _Condition(msgspec.Struct, gc=False):
    type: str
    status: str


class _Status(msgspec.Struct, rename="camel", gc=False):
    accepted_names: _Names = msgspec.field(default_factory=_Names)
    conditions: list[_Condition] | None = None


class _Definition(msgspec.Struct, gc=False):
    metadata: Meta
    spec: _Spec
    status: _Status = msgspec.field(default_factory=_Status)


_DEFINITION: Final = msgspec.json.Decoder(_Definition)
_STABILITY: Final = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


def decode_custom_kind(raw: bytes) -> CustomKind | None:
    """The kind that a CustomResourceDefinition adds; None while it is not served, or is no workload."""
    found = _DEFINITION.decode(raw)
    scaled = [version for version in found.spec.versions if version.served and _scale(version)]
    if found.spec.scope != "Namespaced" or not scaled or not _is_established(found.status.conditions or ()):
        return None
    version = max(scaled, key=_preference)
    names, scale = found.status.accepted_names, _scale(version)
    return CustomKind(
        name=found.metadata.name,
        uid=found.metadata.uid,
        resource_version=found.metadata.resource_version,
        resource=Resource(found.spec.group, version.name, names.plural, names.kind),
        selector_path=_path(scale.label_selector_path if scale else ""),
    )


def _scale(version: _Version) -> _Scale | None:
    return version.subresources.scale if version.subresources else None


def _is_established(conditions: Iterable[_Condition]) -> bool:
    return any(one.type == "Established" and one.status == "True" for one in conditions)


def _preference(version: _Version) -> tuple[bool, bool, str, int, int]:
    """The stored version needs no conversion; else the order in which Kubernetes prefers versions.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
    """
    found = _STABILITY.fullmatch(version.name)
    if found is None:
        return version.storage, False, "", 0, 0
    stability = {None: "stable", "beta": "beta", "alpha": "alpha"}[found[2]]
    return version.storage, True, stability, int(found[1]), int(found[3] or 0)


def _path(selector_path: str) -> tuple[str, ...]:
    """The names of a JSON path such as `.status.selector`; arrays are not allowed in it."""
    return tuple(name for name in selector_path.split(".") if name)
