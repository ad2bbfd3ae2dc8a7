"""The plan for one Namespace: its defaults and its own references, less the workloads with presets."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from registry import contract
from registry.planning.changes import Change, Plan, Problem, parting, phased
from registry.planning.drift import update_notes
from registry.planning.exclusion import TooManyParts, exclude, matches
from registry.planning.names import MAX_PARTS, bears_mark, policy_name, template_of
from registry.planning.objects import Key, LivePolicy, Namespace, Note, Selector
from registry.planning.order import denies_first
from registry.planning.policies import (
    applied_of,
    differs,
    is_offered,
    namespace_policy,
    offered_revisions,
    spec_digest,
)
from registry.planning.resolve import (
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


class NamespaceView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one Namespace's own policies; fields as in WorkloadView.

    `presets` are the selectors of workloads whose `replacesDefaults` policy is in force.
    """

    key: Key
    live: tuple[LivePolicy, ...] = ()
    named: Callable[[str], LivePolicy | None] = lambda _name: None
    applied: Mapping[str, Applied] = {}
    targets: Mapping[str, int] = {}
    pinned: Mapping[str, Applied] = {}
    presets: tuple[Selector, ...] = ()
    excluded: bool = False


class _Part(msgspec.Struct, frozen=True):
    """One policy of a reference: its number in the name, its pod selector, what lives there now."""

    number: int
    selector: Selector
    live: LivePolicy | None


class _Outcome(msgspec.Struct, frozen=True):
    resolved: Resolved
    changes: tuple[Change, ...]
    surplus: tuple[Change, ...]
    applied: Applied


def plan_namespace(view: NamespaceView, around: Surroundings) -> Plan:
    """What to write for the Namespace `around.namespace`."""
    namespace = around.namespace
    if namespace.deleting:
        return Plan()
    if view.excluded:
        return Plan(notes=_excluded(namespace))
    if not namespace.managed:
        return Plan(phases=denies_first(parting(view.live, leaving=namespace.leaving)))
    outcomes, pending = _outcomes(view, around)
    in_force = {outcome.resolved.template.name: outcome.applied for outcome in outcomes}
    kept = {*in_force, *(name for name, one in pending.items() if one.keep)}
    return Plan(
        phases=_in_order(view, outcomes, kept),
        problems=tuple(Problem(name, one.reason, one.message, one.keep) for name, one in pending.items()),
        notes=tuple(note for outcome in outcomes for note in outcome.resolved.notes),
        in_force=in_force,
    )


def _outcomes(view: NamespaceView, around: Surroundings) -> tuple[list[_Outcome], dict[str, Pending]]:
    outcomes: list[_Outcome] = []
    pending: dict[str, Pending] = {}
    for request in _requests(view, around):
        resolved, problem = resolve_or_hold(request, around)
        try:
            outcomes += [_outcome(view, resolved, around)] if resolved else []
        except Pending as obstacle:
            problem = obstacle
        if problem:
            pending[request.template] = problem
    return outcomes, pending


def allowing_selectors(view: NamespaceView, around: Surroundings) -> tuple[Selector, ...]:
    """Pod selectors of the references that allow traffic: what a preset has to be left out of."""
    return tuple(
        resolved.rendered.spec["podSelector"]
        for resolved in _resolved(view, around)
        if resolved.rendered.allows
    )


def _resolved(view: NamespaceView, around: Surroundings) -> Iterator[Resolved]:
    for request in _requests(view, around):
        try:
            if resolved := resolve(request, around):
                yield resolved
        except Pending:
            continue


def _excluded(namespace: Namespace) -> tuple[Note, ...]:
    if not namespace.managed:
        return ()
    message = (
        f"Namespace {namespace.name} is excluded by the installation's settings: its label has no effect."
    )
    return (Note("Warning", "NamespaceExcluded", message),)


def _requests(view: NamespaceView, around: Surroundings) -> Iterator[Request]:
    namespace = around.namespace
    values = {**dict.fromkeys(_defaults(around), "true"), **namespace.references}
    offered = offered_revisions(view.key, values, view.named)
    applied = applied_by_template(view.live, view.applied, {**view.pinned, **offered})
    for template, value in sorted(values.items()):
        yield Request(
            view.key,
            template,
            value,
            namespace.parameters.get(template),
            applied.get(template),
            view.targets.get(template),
        )


def _defaults(around: Surroundings) -> Iterator[str]:
    for template in around.catalogue.defaults:
        if template.default_in is not None and matches(template.default_in, around.namespace.labels):
            yield template.name


def _outcome(view: NamespaceView, resolved: Resolved, around: Surroundings) -> _Outcome:
    name = resolved.template.name
    parts, surplus = _parts(view, resolved, _selectors(view, resolved))
    changes: list[Change] = []
    for part in parts:
        change, applied = _change(view, part, resolved, around)
        changes += [change] if change else []
    return _Outcome(
        resolved,
        tuple(changes),
        tuple(Change(action="delete", template=name, live=live) for live in surplus),
        applied if parts else Applied(resolved.revision, resolved.parameters, resolved.reference.tracking),
    )


def _selectors(view: NamespaceView, resolved: Resolved) -> list[Selector]:
    base = resolved.rendered.spec["podSelector"]
    if not resolved.rendered.allows:
        return [base]
    try:
        return exclude(base, view.presets)
    except TooManyParts as error:
        raise Pending(
            "TooManyPolicies",
            f"Template {resolved.template.name} cannot leave out every workload that replaces it: {error}. "
            "It stays as it is.",
        ) from error


def _parts(
    view: NamespaceView, resolved: Resolved, selectors: list[Selector]
) -> tuple[list[_Part], list[LivePolicy]]:
    """Which policy takes which selector, and the policies that are then surplus.

    A single policy changes its selector in place. Among several, one selector is never changed to
    another: new ones are written beside the old, which go after, so no pod is left out between.
    """
    names = {part: policy_name(view.key, resolved.template.name, part) for part in range(2 * MAX_PARTS)}
    specs = [resolved.rendered.text(selector) for selector in selectors]
    live = {part: found for part, name in names.items() if (found := _ours(view, name, specs))}
    if len(live) == 1 and len(selectors) == 1:
        ((number, only),) = live.items()
        return [_Part(number, selectors[0], only)], []
    free = iter(part for part in names if part not in live)
    parts: list[_Part] = []
    surplus = dict(live)
    for selector in selectors:
        same = [number for number, policy in surplus.items() if _holds(policy, selector, resolved)]
        number = same[0] if same else next(free)
        parts.append(_Part(number, selector, surplus.pop(number, None)))
    return parts, [policy for policy in surplus.values() if bears_mark(policy)]


def _holds(live: LivePolicy, selector: Selector, resolved: Resolved) -> bool:
    """Whether `live` has that selector, or was written with it and drifted."""
    if msgspec.json.decode(live.spec).get("podSelector", {}) == selector:
        return True
    digest = spec_digest(resolved.rendered.text(selector))
    return live.annotations.get(contract.DIGEST_ANNOTATION) == digest


def _ours(view: NamespaceView, name: str, specs: Iterable[bytes]) -> LivePolicy | None:
    found = view.named(name)
    if found and not bears_mark(found) and not any(is_offered(found, spec) for spec in specs):
        raise Pending(
            "NameTaken",
            f"NetworkPolicy {name} exists and was not generated by {contract.MANAGER}. Rename or delete it.",
        )
    return found


def _change(
    view: NamespaceView, part: _Part, resolved: Resolved, around: Surroundings
) -> tuple[Change | None, Applied]:
    template = resolved.template.name
    desired = namespace_policy(around.namespace, part.selector, part.number, resolved)
    wanted = applied_of(desired, resolved)
    if part.live is None:
        notes = () if template in view.applied else _isolation(resolved)
        return Change(
            action="create", template=template, desired=desired, applied=wanted, notes=notes
        ), wanted
    if part.live.deleting or not differs(part.live, desired):
        return None, wanted
    change = Change(
        action="update",
        template=template,
        live=part.live,
        desired=desired,
        applied=wanted,
        notes=update_notes(part.live, _previous(view, part.live, template), wanted),
    )
    return change, wanted


def _previous(view: NamespaceView, live: LivePolicy, template: str) -> Applied | None:
    """What was applied to this part: the digest is its own, since parts differ in their selectors."""
    remembered = view.applied.get(template)
    if remembered is None:
        return applied_from(live)
    digest = live.annotations.get(contract.DIGEST_ANNOTATION, "")
    return msgspec.structs.replace(remembered, digest=digest)


def _isolation(resolved: Resolved) -> tuple[Note, ...]:
    if resolved.rendered.allows:
        return ()
    directions = " and ".join(resolved.rendered.spec.get("policyTypes", ())).lower()
    pods = "the pods it selects" if resolved.rendered.spec["podSelector"] else "every pod"
    message = (
        f"Template {resolved.template.name} now cuts {directions} of {pods} in this namespace, "
        "except what other NetworkPolicies allow. Existing NetworkPolicies were kept."
    )
    return (Note("Normal", "TrafficIsolated", message),)


def _in_order(
    view: NamespaceView, outcomes: list[_Outcome], kept: set[str]
) -> tuple[tuple[Change, ...], ...]:
    """Allows, then denies, then what goes: so nothing is cut that a policy still to come allows."""
    names = {policy_name(view.key, template, part) for template in kept for part in range(2 * MAX_PARTS)}
    gone = [
        Change(action="delete", template=template_of(live), live=live)
        for live in view.live
        if live.name not in names
    ]
    return (
        *phased(
            [
                change
                for outcome in outcomes
                if outcome.resolved.rendered.allows
                for change in outcome.changes
            ],
            [
                change
                for outcome in outcomes
                if not outcome.resolved.rendered.allows
                for change in outcome.changes
            ],
        ),
        *denies_first([*gone, *(change for outcome in outcomes for change in outcome.surplus)]),
    )
