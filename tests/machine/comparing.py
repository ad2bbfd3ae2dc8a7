"""What is in the cluster against what the model says, policy by policy."""

import itertools
import json
import re
from typing import Any, Final, NamedTuple

from devcluster.api import Object
from tests.controller.shop import TEMPLATE_MARK
from tests.machine.model import Model
from tests.machine.state import NAMESPACE, Policy, Reference
from tests.machine.workloads import ROOTS

DOMAIN: Final = "netpol-registry.dev/"
MARKS: Final = {"team": "a", "note": "b"}
"""What others write on policies: the label `team` and the annotation `note`."""


class Seen(NamedTuple):
    """A policy as it was seen last."""

    birth: int
    uid: str
    version: str


class Comparison:
    """Knows which policy is whose by its name, and what it was when it was last seen."""

    def __init__(self, model: Model) -> None:
        self.names: dict[tuple[str, str], Reference] = {}
        self.foreign: dict[tuple[str, str], str] = {}
        self.seen: dict[tuple[str, str], Seen] = {}
        self._model = model

    def references(self, space: str, live: dict[str, Object]) -> dict[Reference, list[Object]]:
        """The generated policies of a namespace, by reference."""
        found: dict[Reference, list[Object]] = {}
        for name, one in live.items():
            if (space, name) not in self.foreign:
                found.setdefault(self._reference(space, name, one), []).append(one)
        return found

    def check(self, space: str, live: dict[str, Object]) -> None:
        """Raise AssertionError that tells the first difference."""
        for name, version in [(one[1], version) for one, version in self.foreign.items() if one[0] == space]:
            assert name in live, f"{space}: the unmanaged policy {name} is gone"
            assert live[name]["metadata"]["resourceVersion"] == version, f"{space}: {name} was touched"
        found = self.references(space, live)
        wanted = {one: policy for one, policy in self._model.policies.items() if one.space == space}
        some = sorted(one for one in wanted if not _none(wanted[one]))
        _same(f"{space}: references with policies", sorted(found), some)
        for reference, policies in found.items():
            self._check(reference, wanted[reference], policies)

    def note(self, space: str, live: dict[str, Object]) -> None:
        """Remember what was found right.

        What is not there is forgotten: a namespace's policy that became several, and then one again, is
        another object, for its old one must not change to new pods before the new ones are there.
        """
        self.seen = {place: one for place, one in self.seen.items() if place[0] != space or place[1] in live}
        for reference, policies in self.references(space, live).items():
            for one in policies:
                meta = one["metadata"]
                birth = self._model.policies[reference].birth
                self.names[space, meta["name"]] = reference
                self.seen[space, meta["name"]] = Seen(birth, meta["uid"], meta["resourceVersion"])

    def _reference(self, space: str, name: str, one: Object) -> Reference:
        if (space, name) in self.names:
            return self.names[space, name]
        meta = one["metadata"]
        template = meta.get("labels", {}).get(TEMPLATE_MARK, "?")
        kind, _, holder = meta.get("annotations", {}).get(f"{DOMAIN}workload", "?").partition("/")
        assert re.fullmatch(f"{re.escape(holder)}-{re.escape(template)}-[0-9a-f]{{10}}", name), name
        return Reference(space, kind.partition(".")[0], holder, template)

    def _check(self, reference: Reference, wanted: Policy, policies: list[Object]) -> None:
        single = all(len(one) == 1 for one in wanted.left_out)
        assert len(policies) == 1 or not single, f"{reference} has {len(policies)} policies"
        assert len(policies) <= 8, f"{reference} has {len(policies)} policies"
        for one in policies:
            self._check_identity(reference, wanted, one["metadata"], single=single)
            if not wanted.edited:
                self._check_content(reference, wanted, one)
        if not wanted.edited:
            _check_pods(reference, wanted, [one["spec"]["podSelector"] for one in policies])

    def _check_identity(self, reference: Reference, wanted: Policy, meta: Object, *, single: bool) -> None:
        seen = self.seen.get((reference.space, meta["name"]))
        if seen is None:
            return
        if seen.birth == wanted.birth and single:
            assert seen.uid == meta["uid"], f"{reference} was deleted and made anew"
        elif single:
            assert seen.uid != meta["uid"], f"{reference} was deleted and is still there"
        decision = self._model.decisions.get(reference)
        if decision and decision.fate == "left":
            _same(f"{reference} is to be left as it is", meta["resourceVersion"], seen.version)

    def _check_content(self, reference: Reference, wanted: Policy, one: Object) -> None:
        meta, spec = one["metadata"], dict(one["spec"])
        labels = {
            "app.kubernetes.io/managed-by": "netpol-registry",
            TEMPLATE_MARK: reference.template,
            f"{DOMAIN}revision": str(wanted.in_force.revision),
            **({"team": "a"} if "team" in wanted.marks else {}),
        }
        _same(f"{reference} labels", meta.get("labels", {}), labels)
        annotations = dict(meta.get("annotations", {}))
        assert annotations.pop(f"{DOMAIN}digest", None), f"{reference} has no digest"
        orphaned = annotations.pop(f"{DOMAIN}orphaned-since", None)
        _same(f"{reference} is orphaned", bool(orphaned), wanted.orphaned)
        annotations[f"{DOMAIN}parameters"] = json.loads(annotations.get(f"{DOMAIN}parameters", "null"))
        expected = {
            f"{DOMAIN}workload": _kind_name(reference),
            f"{DOMAIN}parameters": wanted.in_force.parameters,
            f"{DOMAIN}tracking": wanted.in_force.tracking,
            f"{DOMAIN}description": wanted.note,
            **({"note": "b"} if "note" in wanted.marks else {}),
        }
        _same(f"{reference} annotations", annotations, expected)
        _same(f"{reference} owners", meta.get("ownerReferences", []), _owners(reference, wanted))
        selector = spec.pop("podSelector")
        _same(f"{reference} spec", spec, wanted.spec)
        if reference.kind != NAMESPACE:
            _same(f"{reference} podSelector", selector, wanted.selector)


def covers(selectors: list[Object], labels: dict[str, str]) -> bool:
    """Whether any of these label selectors matches: the semantics of the Kubernetes API reference."""
    return any(_matches(one, labels) for one in selectors)


def _check_pods(reference: Reference, wanted: Policy, selectors: list[Object]) -> None:
    """A namespace's policies select exactly the pods that no preset stands for: tried with all sorts."""
    if reference.kind != NAMESPACE:
        return
    values: dict[str, set[str]] = {}
    for key, value in itertools.chain(*wanted.left_out):
        values.setdefault(key, {"another"}).add(value)
    choices = [[(key, value) for value in (*sorted(found), None)] for key, found in sorted(values.items())]
    for pod in itertools.product(*choices):
        labels = {key: value for key, value in pod if value is not None}
        out = any(labels.items() >= set(one) for one in wanted.left_out)
        _same(f"{reference} selects a pod with {labels} by {selectors}", covers(selectors, labels), not out)


def _matches(selector: Object, labels: dict[str, str]) -> bool:
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(_holds(one, labels) for one in selector.get("matchExpressions", ()))


def _holds(one: Object, labels: dict[str, str]) -> bool:
    value = labels.get(one["key"])
    match one["operator"]:
        case "In":
            return value in one["values"]
        case "NotIn":
            return value not in one["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def _none(policy: Policy) -> bool:
    """Whether no pod is left for it."""
    return () in policy.left_out


def _kind_name(reference: Reference) -> str:
    group = ROOTS.get(reference.kind, "/api/v1").removeprefix("/apis/").partition("/")[0]
    return f"{reference.kind}.{group}/{reference.name}" if group else f"{reference.kind}/{reference.name}"


def _owners(reference: Reference, wanted: Policy) -> list[Object]:
    if wanted.owner is None:
        return []
    version = ROOTS[reference.kind].removeprefix("/apis/").removeprefix("/api/")
    owner = {"apiVersion": version, "kind": reference.kind, "name": reference.name, "uid": wanted.owner}
    return [{**owner, "blockOwnerDeletion": False}]


def _same(what: str, found: Any, wanted: Any) -> None:
    assert found == wanted, f"{what}: there is {found!r}, the contract says {wanted!r}"
