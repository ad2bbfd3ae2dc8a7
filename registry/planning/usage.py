"""Who uses a template: each reference to it, each default, each policy that nothing refers to any more."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.model.parameters import load_parameters
from registry.model.problems import Invalid
from registry.planning.catalogue import Catalogue, Entry
from registry.planning.exclusion import matches
from registry.planning.names import owner_key
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.planning.references import Malformed, parse_reference
from registry.planning.resolve import Applied, Pending, Request, Surroundings, applied_from, resolve

ELSEWHERE: Final = frozenset({"FactUnknown"})
"""Reasons that depend on what the controller alone knows: not told here."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One user of a template. `value` is its label's, None where no label refers to it.

    `revision` is the one in force, None without a policy; `reason` and `message` tell why what is asked for
    is not in force, None where it is. `parameters` are those in force, else those given if they can be read.
    """

    group: str
    kind: str
    namespace: str
    name: str
    value: str | None
    tracking: str | None
    revision: int | None
    parameters: Mapping[str, Any] | None
    outdated: bool
    reason: str | None
    message: str | None


class Cluster(msgspec.Struct, frozen=True):
    """What is there: all namespaces, the workloads and the policies that bear the template's label."""

    namespaces: Mapping[str, Namespace]
    workloads: Collection[Workload]
    policies: Collection[LivePolicy]
    excluded: Collection[str] = ()


class _Asked(msgspec.Struct, frozen=True):
    """A reference as it stands on an object; `obstacle` is what its object has against any policy."""

    key: Key
    value: str
    parameters: str | None = None
    by_default: bool = False
    obstacle: tuple[str, str] | None = None


def uses_of(entry: Entry, cluster: Cluster, facts: Mapping[str, object]) -> list[Use]:
    """Every user of the template, unless it says `"false"`; in the order of namespaces, kinds and names."""
    live = dict(_live(cluster.policies))
    asked = {one.key: one for one in _asked(entry, cluster) if one.value != "false"}
    found = [_use(entry, one, live.get(one.key), cluster, facts) for one in asked.values()]
    found += [_left(entry, key, applied) for key, applied in live.items() if key not in asked]
    return sorted(found, key=lambda use: (use.namespace, use.kind, use.group, use.name))


def _live(policies: Iterable[LivePolicy]) -> Iterator[tuple[Key, Applied]]:
    for policy in policies:
        key, applied = owner_key(policy), applied_from(policy)
        if key and applied and not policy.deleting:
            yield key, applied


def _asked(entry: Entry, cluster: Cluster) -> Iterator[_Asked]:
    current = entry.current.template
    default_in = current.default_in if current else None
    for namespace in cluster.namespaces.values():
        given = namespace.parameters.get(entry.name)
        if entry.name in namespace.references:
            yield _Asked(namespace.key, namespace.references[entry.name], given)
        elif default_in is not None and namespace.managed and matches(default_in, namespace.labels):
            yield _Asked(namespace.key, "true", given, by_default=True)
    for workload in cluster.workloads:
        if entry.name in workload.references:
            obstacle = None if workload.selector else _NO_SELECTOR
            given = workload.parameters.get(entry.name)
            yield _Asked(workload.key, workload.references[entry.name], given, obstacle=obstacle)


def _use(
    entry: Entry, asked: _Asked, applied: Applied | None, cluster: Cluster, facts: Mapping[str, object]
) -> Use:
    key = asked.key
    reason, message = _problem(entry, asked, applied, cluster, facts) or (None, None)
    if applied is None and reason is None:
        reason, message = _WAITING
    return Use(
        group=key.group,
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        value=None if asked.by_default else asked.value,
        tracking=applied.tracking if applied else _tracking(entry.name, asked.value),
        revision=applied.revision if applied else None,
        parameters=applied.parameters if applied else _given(asked.parameters),
        outdated=applied is not None and applied.revision < entry.head,
        reason=reason,
        message=message,
    )


def _problem(
    entry: Entry, asked: _Asked, applied: Applied | None, cluster: Cluster, facts: Mapping[str, object]
) -> tuple[str, str] | None:
    namespace = cluster.namespaces.get(asked.key.namespace)
    if asked.key.namespace in cluster.excluded:
        return "NamespaceExcluded", "The installation's settings exclude this namespace."
    if namespace is None or not namespace.managed:
        return "NamespaceNotManaged", f"Namespace {asked.key.namespace} is not enabled."
    around = Surroundings(Catalogue({entry.name: entry}), facts, namespace)
    request = Request(asked.key, entry.name, asked.value, asked.parameters, applied)
    try:
        resolve(request, around)
    except Pending as pending:
        return None if pending.reason in ELSEWHERE else (pending.reason, pending.message)
    return asked.obstacle


def _left(entry: Entry, key: Key, applied: Applied) -> Use:
    return Use(
        group=key.group,
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        value=None,
        tracking=applied.tracking,
        revision=applied.revision,
        parameters=applied.parameters,
        outdated=applied.revision < entry.head,
        reason="NotReferenced",
        message="Its policy is there, but nothing refers to the template.",
    )


def _tracking(template: str, value: str) -> str | None:
    try:
        reference = parse_reference(template, value)
    except Malformed:
        return None
    return reference.tracking if reference else None


def _given(text: str | None) -> Mapping[str, Any] | None:
    try:
        return load_parameters(text) if text is not None else {}
    except Invalid:
        return None


_NO_SELECTOR: Final = (
    "NoSelector",
    "It selects its pods by no label; a policy for it would select every pod.",
)
_WAITING: Final = (
    "NotYetApplied",
    "There is no policy yet. If that stays, an Event on the object says what stands in the way.",
)
