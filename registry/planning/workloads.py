"""The plan for one workload: from its labels to the writes that put its policies in force."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from registry import contract
from registry.planning.catalogue import Catalogue
from registry.planning.changes import Change, Plan, Problem, parting, phased
from registry.planning.drift import update_notes
from registry.planning.exclusion import TooManyParts, exclude
from registry.planning.names import bears_mark, policy_name, template_of
from registry.planning.objects import Key, LivePolicy, Note, Selector, Workload
from registry.planning.orphans import Clock, plan_orphans
from registry.planning.policies import (
    applied_of,
    differs,
    is_offered,
    offered_revisions,
    only_version_moved,
    workload_policy,
)
from registry.planning.resolve import (
    HELD,
    Applied,
    Pending,
    Request,
    Resolved,
    Surroundings,
    applied_by_template,
    applied_from,
    resolve,
    resolve_or_hold,
)

CROWDED: Final = "TooManyPolicies"
"""The reason of a preset that the namespace's defaults cannot leave out beside the others there."""

NAMED: Final = 5
"""How many other workloads a note names."""

Outcomes = tuple[dict[str, Resolved], dict[str, Pending]]
"""By template: what is to be in force, and what stands in the way of what is asked for."""


class WorkloadView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one workload.

    `live` holds the policies that are ours and its own, `named` finds any policy of its namespace
    by name. `applied` is remembered from earlier writes and goes before what labels on live
    policies say, since those can be edited by hand. `targets` are the revisions that rollouts move
    references to, by template; `pinned` is what was recorded of them, for where no policy says it.
    `sharing` are other workloads with the same selector, `overlapping` those of other selectors whose pods
    it selects too; `presets` the selectors that namespace defaults leave out already; `defaults` the pod
    selectors of the namespace's policies that allow.
    """

    key: Key
    workload: Workload | None
    live: tuple[LivePolicy, ...] = ()
    named: Callable[[str], LivePolicy | None] = lambda _name: None
    applied: Mapping[str, Applied] = {}
    targets: Mapping[str, int] = {}
    pinned: Mapping[str, Applied] = {}
    sharing: tuple[Key, ...] = ()
    overlapping: tuple[Key, ...] = ()
    presets: tuple[Selector, ...] = ()
    defaults: tuple[Selector, ...] = ()


def plan_workload(view: WorkloadView, around: Surroundings, clock: Clock) -> Plan:
    """What to write for `view`, and what stands in the way."""
    workload = view.workload
    if around.namespace.deleting:
        return Plan()
    if not around.namespace.managed:
        return _unmanaged(view, around)
    if workload and workload.deleting:
        return Plan()
    if workload is None:
        return plan_orphans(view.live, clock)
    resolved, pending = _outcomes(view, workload, around)
    changes: list[Change] = []
    in_force: dict[str, Applied] = {}
    for template, one in resolved.items():
        change, in_force[template] = _change(view, workload, one, around)
        changes += [change] if change else []
    # By name, not by label: a policy whose labels somebody stripped is repaired, not deleted.
    kept = {*resolved, *(template for template, one in pending.items() if one.keep)}
    names = {policy_name(view.key, template) for template in kept}
    deletes = [_delete(view, live, around) for live in view.live if live.name not in names]
    return Plan(
        phases=phased(changes, deletes),
        problems=tuple(Problem(name, one.reason, one.message, one.keep) for name, one in pending.items()),
        notes=_standing(view, workload, resolved.values()),
        in_force=in_force,
    )


def _unmanaged(view: WorkloadView, around: Surroundings) -> Plan:
    references = view.workload.references if view.workload else {}
    problems = [
        Problem(
            template,
            "NamespaceNotManaged",
            f"Template {template} waits: namespace {view.key.namespace} is not enabled. "
            f"An admin enables it by the label {contract.MANAGED_LABEL}=true.",
            keep=False,
        )
        for template, value in references.items()
        if value != "false"
    ]
    return Plan(
        phases=phased(parting(view.live, leaving=around.namespace.leaving)),
        problems=tuple(problems),
    )


def _outcomes(view: WorkloadView, workload: Workload, around: Surroundings) -> Outcomes:
    offered = offered_revisions(view.key, workload.references, view.named)
    applied = applied_by_template(view.live, view.applied, {**view.pinned, **offered})
    resolved: dict[str, Resolved] = {}
    pending: dict[str, Pending] = {}
    for template in sorted(workload.references):
        request = _request(view, workload, template, applied.get(template))
        found, problem = resolve_or_hold(request, around)
        problem = (_obstacle(view, workload, found) if found else None) or problem
        if problem:
            pending[template] = problem
        if found and (problem is None or problem.reason in HELD):
            resolved[template] = found
    return _one_of_each_group(resolved, pending, around)


def _request(view: WorkloadView, workload: Workload, template: str, applied: Applied | None) -> Request:
    return Request(
        view.key,
        template,
        workload.references.get(template, "false"),
        workload.parameters.get(template),
        applied,
        view.targets.get(template),
    )


def _obstacle(view: WorkloadView, workload: Workload, resolved: Resolved) -> Pending | None:
    """Why the policy of a resolved reference cannot be written for this workload."""
    try:
        _check(view, workload, resolved)
    except Pending as pending:
        return pending
    return None


def _check(view: WorkloadView, workload: Workload, resolved: Resolved) -> None:
    name = resolved.template.name
    if not workload.selector:
        raise Pending(
            "NoSelector",
            f"{view.key.kind_name} selects its pods by no label; a policy for it would select every pod.",
        )
    taken = view.named(policy_name(view.key, name))
    if taken and not bears_mark(taken) and not is_offered(taken, resolved.rendered.text(workload.selector)):
        raise Pending(
            "NameTaken",
            f"NetworkPolicy {taken.name} exists and was not generated by {contract.MANAGER}. "
            "Rename or delete it.",
        )
    if resolved.template.replaces_defaults:
        for base in view.defaults:
            _check_exclusion(name, base, (*view.presets, workload.selector))


def _check_exclusion(template: str, base: Selector, left_out: tuple[Selector, ...]) -> None:
    try:
        exclude(base, left_out)
    except TooManyParts as error:
        raise Pending(
            CROWDED,
            f"Template {template} replaces the namespace's defaults, which cannot leave this workload out: "
            f"{error}. Select its pods by a single label, or use fewer such templates.",
        ) from error


def _one_of_each_group(
    resolved: dict[str, Resolved], pending: dict[str, Pending], around: Surroundings
) -> Outcomes:
    if len(resolved) + len(pending) < 2:  # noqa: PLR2004 (two make a conflict)
        return resolved, pending
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for template in sorted({*resolved, *(name for name, one in pending.items() if one.keep)}):
        entry = around.catalogue.get(template)
        group = entry.current.template.exclusive_group if entry and entry.current.template else None
        if group:
            groups[group].append(template)
    taken = {
        template: Pending(
            "GroupTaken",
            f"Only one template of group {group} may be set on a workload, but {' and '.join(names)} are. "
            "Neither is changed until one label is removed.",
        )
        for group, names in groups.items()
        if len(names) > 1
        for template in names
    }
    return {name: one for name, one in resolved.items() if name not in taken}, {**pending, **taken}


def _change(
    view: WorkloadView, workload: Workload, resolved: Resolved, around: Surroundings
) -> tuple[Change | None, Applied]:
    template = resolved.template.name
    desired = workload_policy(workload, workload.selector or {}, resolved)
    wanted = applied_of(desired, resolved)
    live = view.named(desired.name)
    if live is None:
        return Change(action="create", template=template, desired=desired, applied=wanted), wanted
    if live.deleting or not differs(live, desired):
        return None, wanted
    previous = view.applied.get(template) or applied_from(live)
    change = Change(
        action="update",
        template=template,
        live=live,
        desired=desired,
        applied=wanted,
        notes=() if only_version_moved(live, desired) else update_notes(live, previous, wanted),
        after_defaults=_replaced(view, live, around) and not resolved.template.replaces_defaults,
    )
    return change, wanted


def _delete(view: WorkloadView, live: LivePolicy, around: Surroundings) -> Change:
    return Change(
        action="delete",
        template=template_of(live),
        live=live,
        after_defaults=_replaced(view, live, around),
    )


def _replaced(view: WorkloadView, live: LivePolicy, around: Surroundings) -> bool:
    return is_preset(live, around.catalogue, view.applied.get(template_of(live)))


def is_preset(live: LivePolicy, catalogue: Catalogue, remembered: Applied | None = None) -> bool:
    """Whether the revision in force of a workload's policy replaces the namespace's defaults."""
    applied = remembered or applied_from(live)
    recorded = catalogue.template(template_of(live), applied.revision) if applied else None
    return bool(recorded and recorded.replaces_defaults)


def _standing(view: WorkloadView, workload: Workload, in_force: Collection[Resolved]) -> tuple[Note, ...]:
    notes = [note for resolved in in_force for note in resolved.notes]
    if in_force:
        notes += _reaching(view)
    if in_force and workload.host_network:
        message = "Its pods use the host's network, which NetworkPolicies do not reach."
        notes.append(Note("Warning", "NoEffect", message))
    return tuple(notes)


def _reaching(view: WorkloadView) -> Iterator[Note]:
    """What to tell of other workloads whose pods the policies reach."""
    if view.sharing:
        message = f"Its policies also select the pods of {_named(view.sharing)}: same selector."
        yield Note("Warning", "SelectorShared", message)
    if view.overlapping:
        message = (
            f"Its policies also select the pods of {_named(view.overlapping)}: their labels satisfy its "
            "selector. What its templates allow and cut holds for those too. Select its pods by a label that "
            "only they bear."
        )
        yield Note("Warning", "SelectorOverlaps", message)


def _named(keys: Sequence[Key]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(key.kind_name for key in keys[:NAMED]) + more


def holds_preset(view: WorkloadView, live: LivePolicy, around: Surroundings) -> bool:
    """Whether `live` is a preset's policy that stays: namespace defaults leave its workload out."""
    workload = view.workload
    if workload is None or live.deleting or not _replaced(view, live, around):
        return False
    template = template_of(live)
    applied = view.applied.get(template) or applied_from(live)
    try:
        resolved = resolve(_request(view, workload, template, applied), around)
    except Pending as pending:
        return pending.keep
    return resolved is not None and resolved.template.replaces_defaults
