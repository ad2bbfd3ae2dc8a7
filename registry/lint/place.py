"""A picture of the cluster, for the checks that compare a template with what is there now.

Pods are those that workloads make, by their pod templates: equal ones count once, so that thousands cost
little. What a caller may not see, or nobody read, is unknown, and nothing is concluded from it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.contract import NAME_LABEL
from registry.model.documents import canonical
from registry.planning.exclusion import matches, requirements
from registry.planning.objects import Key, Selector, is_namespace
from registry.planning.pods import Pods

_ADDED: Final = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "job-name",
        "controller-uid",
    }
)
"""Labels that a pod gets beside those of its pod template."""

_ADDING: Final = ("batch.kubernetes.io/", "istio.io/", "linkerd.io/", "topology.kubernetes.io/")
"""Ends of prefixes of such labels: of Jobs, of meshes, of the node."""


class Target(msgspec.Struct, frozen=True):
    """What a template is used on: the pods of a workload, or of a namespace where `pods` is None."""

    namespace: str
    name: str = ""
    pods: Pods | None = None


class Selected(msgspec.Struct, frozen=True):
    """What a peer selects.

    `namespaces` are those looked into, None where not all are known. `pods` are the ones found, of
    `looked_at` kinds of pods; None where they could not be told. `whole` is false where there may be others.
    """

    namespaces: tuple[str, ...] | None
    pods: tuple[Pods, ...] | None
    looked_at: int = 0
    whole: bool = True


class Place(msgspec.Struct, frozen=True, dict=True):
    """The cluster. `namespaces` has labels by name, all of them if `complete`.

    `pods` has those of a namespace, which is unknown where it is missing, `workloads` those of each workload.
    Of `partial` namespaces there may be more.
    """

    namespaces: Mapping[str, Mapping[str, str]]
    pods: Mapping[str, Collection[Pods]]
    workloads: Mapping[Key, Pods] = {}
    complete: bool = True
    partial: frozenset[str] = frozenset()

    def target(self, key: Key) -> Target | None:
        """What a user of a template stands for; None where it is not in the picture."""
        if key in self.workloads:
            return Target(key.namespace, key.name, self.workloads[key])
        return Target(key.namespace) if is_namespace(key) and key.namespace in self.pods else None

    def select(self, peer: Selector, namespace: str) -> Selected:
        """What a peer without ipBlock selects, seen from a policy in `namespace`."""
        own = "" if "namespaceSelector" in peer else namespace
        known: dict[tuple[str, bytes], Selected] = self.__dict__.setdefault("selected", {})
        place = (own, canonical(peer))
        if place not in known:
            known[place] = self._selected(peer, own)
        return known[place]

    def limited_to(self, namespaces: Collection[str], *, all_namespaces: bool) -> "Place":
        """What is left for somebody who may see the workloads of `namespaces` alone.

        And of others that they are there, if `all_namespaces`.
        """
        return Place(
            {
                name: labels
                for name, labels in self.namespaces.items()
                if all_namespaces or name in namespaces
            },
            {name: pods for name, pods in self.pods.items() if name in namespaces},
            {key: pods for key, pods in self.workloads.items() if key.namespace in namespaces},
            complete=self.complete and all_namespaces,
            partial=self.partial,
        )

    def _selected(self, peer: Selector, own: str) -> Selected:
        names = (own,) if own else self._names(peer["namespaceSelector"])
        whole = bool(own) or self.complete
        selector = peer.get("podSelector", {})
        if _is_undecided(selector):
            return Selected(names if whole else None, None)
        hidden = not whole or any(name not in self.pods or name in self.partial for name in names)
        there = {pods for name in names for pods in self.pods.get(name, ())}
        found = tuple(pods for pods in there if matches(selector, dict(pods.labels)))
        known = bool(found) or not hidden
        return Selected(names if whole else None, found if known else None, len(there), not hidden)

    def _names(self, selector: Selector) -> tuple[str, ...]:
        return tuple(name for name, labels in self.namespaces.items() if matches(selector, labels))


def place_of(
    namespaces: Mapping[str, Mapping[str, str]],
    workloads: Iterable[tuple[Key, Pods]],
    partial: Iterable[str] = (),
) -> Place:
    """The cluster's picture, of the labels of all namespaces and of all workloads with their pods.

    Of `partial` namespaces some workloads are left out.
    """
    labelled = {name: {NAME_LABEL: name, **labels} for name, labels in namespaces.items()}
    same: dict[Pods, Pods] = {}
    by_key = {key: same.setdefault(pods, pods) for key, pods in workloads}
    groups: dict[str, set[Pods]] = {name: set() for name in labelled}
    for key, pods in by_key.items():
        groups.setdefault(key.namespace, set()).add(pods)
    return Place(labelled, groups, by_key, partial=frozenset(partial))


def shown_selector(selector: Mapping[str, Any]) -> str:
    """A selector as kubectl writes it, shortened."""
    text = ", ".join(_requirements(selector)) or "{}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


_LONGEST: Final = 120


def _requirements(selector: Mapping[str, Any]) -> Iterator[str]:
    for key, operator, values in sorted(requirements(selector)):
        match operator:
            case "In" if len(values) == 1:
                yield f"{key}={values[0]}"
            case "In" | "NotIn":
                yield f"{key} {operator.lower()} ({','.join(values)})"
            case _:
                yield key if operator == "Exists" else f"!{key}"


def _is_undecided(selector: Selector) -> bool:
    """Whether a selector asks for labels that no pod template shows."""
    return any(is_added(one.key) for one in requirements(selector))


def is_added(key: str) -> bool:
    """Whether a label is one that pods get beside those of their template."""
    if key in _ADDED:
        return True
    prefix = key.partition("/")[0] + "/"
    return any(prefix == end or prefix.endswith(f".{end}") for end in _ADDING)
