"""How complete an answer is: what was taken for granted, and what is there that was not evaluated."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from registry.connectivity.formats.completeness import enforcement_document, left_out_documents
from registry.http.connectivity.sight import Sight
from registry.http.requests import backend
from registry.planning.objects import Key
from registry.world.live_network import Unevaluated

Document = dict[str, Any]

SHOWN: Final = 20
"""Objects that one entry names; `total` counts all."""

TEMPLATES: Final = (
    "Pods are known by the templates of their workloads, whether any live or not; their addresses, and "
    "labels that something adds to living pods, are not."
)


def completeness(
    unevaluated: Unevaluated, sight: Sight, names: Iterable[str] | None, *, seen: bool
) -> Document:
    """How complete an answer about these namespaces is, None for all of them.

    `seen` tells whether the caller may see everything that it is about.
    """
    standing = backend().enforcement.standing
    within = None if names is None else frozenset(names)
    return {
        "everythingSeen": seen,
        "blocksMatchPods": standing.blocks_match_pods,
        "enforcement": enforcement_document(standing),
        "leftOut": [
            {"reason": "PodAddresses", "message": TEMPLATES, "total": 0, "objects": []},
            *_left_out(unevaluated, sight, within),
            *_strange(unevaluated, sight, within),
            *_kinds(),
            *left_out_documents(standing),
        ],
    }


def _left_out(unevaluated: Unevaluated, sight: Sight, within: frozenset[str] | None) -> Iterator[Document]:
    def about(namespace: str) -> bool:
        return within is None or namespace in within

    workloads = [key for key in unevaluated.workloads if about(key.namespace)]
    if workloads:
        message = "These workloads do not say which pods they have."
        named = [_path(key) for key in workloads if sight.sees(key)]
        yield _entry("PodsUnknown", message, named, len(workloads))
    unreadable = {place: why for place, why in unevaluated.policies.items() if about(place.namespace)}
    if unreadable:
        message = "These policies cannot be read, and are taken as if they were not there."
        named = [f"{place}: {why}" for place, why in unreadable.items() if sight.reads(place.namespace)]
        yield _entry("PolicyUnreadable", message, named, len(unreadable))
    labels = {place: keys for place, keys in unevaluated.labels.items() if about(place.namespace)}
    if labels:
        message = "These policies ask for labels that only living pods bear; no pods are taken to bear them."
        named = [
            f"{place}: {', '.join(keys)}" for place, keys in labels.items() if sight.reads(place.namespace)
        ]
        yield _entry("LabelsOfPods", message, named, len(labels))


def _strange(unevaluated: Unevaluated, sight: Sight, within: frozenset[str] | None) -> Iterator[Document]:
    """Namespaces that the setting NAMESPACE_SELECTOR leaves out, or that are just going."""
    found = [name for name in unevaluated.namespaces if within is None or name in within]
    if found:
        message = "The labels of these namespaces are not known, so rules find them by their name alone."
        named = [name for name in found if sight.reads(name)]
        yield _entry("NamespaceUnknown", message, named, len(found))


def _kinds() -> Iterator[Document]:
    """Kinds of workloads that may not be listed, or are not served."""
    if skipped := backend().cluster.skipped():
        message = "Workloads of these kinds are not followed, since they may not be listed or are not served."
        yield _entry("KindLeftOut", message, [f"{name}: {state.value}" for name, state in skipped.items()])


def _path(key: Key) -> str:
    return f"{key.namespace}/{key.kind_name}"


def _entry(reason: str, message: str, named: list[str], total: int | None = None) -> Document:
    return {
        "reason": reason,
        "message": message,
        "total": len(named) if total is None else total,
        "objects": sorted(named)[:SHOWN],
    }
