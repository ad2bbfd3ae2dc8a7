"""What the body of a diff asks for: a template, labels and policies as they would be."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.http.conversion import converted, invalid
from registry.lint.policies import API_VERSION
from registry.model.checks import shown
from registry.model.labels import is_label_key, is_label_value
from registry.model.networkpolicy import check_spec
from registry.model.pointers import child
from registry.model.problems import Problem

MAX_ITEMS: Final = 200
"""Label changes, policies, and removals that one body may have."""

Patch = dict[str, str | None]
"""Labels to set; null removes one."""


class LabelsPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Other labels on exactly one thing: a workload's own, those of its pods, or a Namespace's."""

    set: Patch = {}
    workload: str | None = None
    pods: str | None = None
    namespace: str | None = None
    parameters: dict[str, dict[str, Any]] = {}


class RemovedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy that would not be there any more."""

    namespace: str
    name: str


class DiffBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What would be different, all of it together."""

    template: dict[str, Any] | None = None
    labels: tuple[LabelsPart, ...] = ()
    policies: tuple[dict[str, Any], ...] = ()
    removed: tuple[RemovedPart, ...] = ()


def read_diff(body: object) -> DiffBody:
    """The body of a diff, with what can be checked without a cluster. Raises Refused."""
    asked = converted(body, DiffBody, "ConnectionsDiffRequest")
    if not (asked.template or asked.labels or asked.policies or asked.removed):
        reason, fix = "It changes nothing.", "Give template, labels, policies or removed."
        raise invalid([Problem("", reason, fix)])
    if wrong := list(_wrong(asked)):
        raise invalid(wrong)
    return asked


def _wrong(asked: DiffBody) -> Iterator[Problem]:
    for name in ("labels", "policies", "removed"):
        if len(getattr(asked, name)) > MAX_ITEMS:
            yield Problem(f"/{name}", f"There are more than {MAX_ITEMS}.", "Ask in several calls.")
            return
    for number, part in enumerate(asked.labels):
        yield from _wrong_labels(part, f"/labels/{number}")
    for number, policy in enumerate(asked.policies):
        yield from _wrong_policy(policy, f"/policies/{number}")


def _wrong_labels(part: LabelsPart, pointer: str) -> Iterator[Problem]:
    named = [name for name in ("workload", "pods", "namespace") if getattr(part, name) is not None]
    if len(named) != 1:
        fix = "Give exactly one of workload, pods, namespace."
        yield Problem(pointer, f"It names {len(named)} things that bear labels.", fix)
    for key, value in part.set.items():
        if not is_label_key(key) or not (value is None or is_label_value(value)):
            reason = f"{key}: {shown(value)} is no label that Kubernetes takes."
            yield Problem(child(f"{pointer}/set", key), reason, "Correct the key, or the value.")


def _wrong_policy(policy: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    if policy.get("kind") != "NetworkPolicy" or policy.get("apiVersion") != API_VERSION:
        fix = f"Write `apiVersion: {API_VERSION}` and `kind: NetworkPolicy`."
        yield Problem(pointer, "It is no NetworkPolicy.", fix)
        return
    metadata = policy.get("metadata")
    for name in ("namespace", "name"):
        value = metadata.get(name) if isinstance(metadata, Mapping) else None
        if not isinstance(value, str) or not value:
            yield Problem(f"{pointer}/metadata/{name}", f"It has no {name}.", "Write it.")
    for problem in check_spec(policy.get("spec"), pod_selector=True):
        yield msgspec.structs.replace(problem, pointer=pointer + problem.pointer)


REQUEST_EXAMPLE: Final[dict[str, Any]] = {
    "labels": [
        {
            "workload": "shop/statefulsets/db",
            "set": {"template.netpol-registry.dev/postgres": "true"},
            "parameters": {"postgres": {"port": 6432}},
        },
        {"namespace": "billing", "set": {"team": "shop"}},
        {"pods": "shop/deployments/web", "set": {"role": "client", "tier": None}},
    ],
    "removed": [{"namespace": "shop", "name": "allow-all"}],
}

_LABELS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["set"],
    "description": "Other labels on exactly one of workload, pods, namespace.",
    "properties": {
        "set": {
            "type": "object",
            "additionalProperties": {"type": ["string", "null"]},
            "description": "Labels by key; null removes one. On a workload those that refer to templates.",
        },
        "workload": {"type": "string", "description": "`namespace/kind/name`: its own labels."},
        "pods": {"type": "string", "description": "`namespace/kind/name`: the labels of its pods."},
        "namespace": {"type": "string", "description": "The labels of a Namespace."},
        "parameters": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "description": "Parameters by template, as in the params annotation, beside references.",
        },
    },
}

REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "description": "What would be different, all of it together.",
    "properties": {
        "template": {
            "allOf": [{"$ref": "#/components/schemas/Template"}],
            "description": "The template would be saved like this; it need not exist.",
        },
        "labels": {"type": "array", "maxItems": MAX_ITEMS, "items": _LABELS},
        "policies": {
            "type": "array",
            "maxItems": MAX_ITEMS,
            "items": {"type": "object"},
            "description": "NetworkPolicies that would be there, as manifests with a namespace.",
        },
        "removed": {
            "type": "array",
            "maxItems": MAX_ITEMS,
            "description": "NetworkPolicies that would not be there.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["namespace", "name"],
                "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}},
            },
        },
    },
}
