"""What becomes of unmanaged policies that references are to take the place of: of each, which, or why none.

A reference is written only where the controller's own planning then generates exactly the same spec, and
where every policy that it would generate without that reference stays as it is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from registry.model.documents import canonical
from registry.planning.names import policy_name, template_of
from registry.planning.objects import Key, LivePolicy, Namespace, Workload, is_namespace
from registry.planning.orphans import Clock
from registry.planning.resolve import applied_from
from registry.world.adoption_reasons import Reason, kept_because, unresolved
from registry.world.offering import offered, offers
from registry.world.resembling import Place, Reference, place, resembling
from registry.world.standing import Standing
from registry.world.switching import Aim, Labelled, Switch, switch


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """One unmanaged policy.

    `reference` takes its place, `by` is the name of the policy that is generated for it: its own name where
    it is taken over in place. `written`: the label is not there yet. Without a reference it is kept, for
    `reason`. `selecting` are the workloads whose selector is its podSelector.
    """

    policy: LivePolicy
    reference: Reference | None = None
    by: str = ""
    offer: str = "true"
    written: bool = False
    reason: Reason | None = None
    selecting: tuple[Key, ...] = ()

    @property
    def in_place(self) -> bool:
        """Whether the object stays, and becomes the generated one."""
        return self.by == self.policy.name


class Adoptions(msgspec.Struct, frozen=True):
    """What becomes of each unmanaged policy, by name, and of the namespace with it."""

    each: tuple[Adoption, ...]
    aim: Aim
    switch: Switch

    @property
    def adopted(self) -> list[Adoption]:
        """Those that a reference takes the place of."""
        return [one for one in self.each if one.reference]


class Scene(msgspec.Struct, frozen=True):
    """A namespace, all its workloads, those that the caller may not label, and the moment."""

    here: Standing
    workloads: Sequence[Workload]
    barred: Collection[Key]
    clock: Clock


def adoptions(scene: Scene) -> Adoptions:
    """What becomes of the unmanaged policies of a namespace that is, or will be, managed."""
    here = scene.here
    values = offers(here)
    taken = tuple(offered(live, values[live.name]) for live in here.unmanaged if live.name in values)
    base = switch(here, scene.clock, Aim(managed=True, offered=taken))
    around = place(here.namespace, scene.workloads, here.start)
    policies = sorted(here.unmanaged, key=lambda live: live.name)
    chosen = _apart([_chosen(live, around, scene, base, values) for live in policies])
    while True:
        aim = _aim(scene, chosen)
        found = switch(here, scene.clock, aim)
        checked = _borne_out(chosen, base, found)
        if checked == chosen:
            return Adoptions(tuple(chosen), aim, found)
        chosen = checked  # with at least one reference less


def _chosen(
    live: LivePolicy, around: Place, scene: Scene, base: Switch, values: Mapping[str, str]
) -> Adoption:
    if live.owners:
        return Adoption(policy=live, reason=kept_because("Owned"))
    if same := _same(live, base):
        key, generated = same
        offer = values.get(live.name, "true")
        return Adoption(policy=live, reference=_reference(key, generated), by=generated.name, offer=offer)
    if live.name in values:
        return Adoption(policy=live, reason=kept_because("NameTaken"))
    found = resembling(live, around)
    if len(found.references) != 1:
        return Adoption(policy=live, reason=unresolved(found), selecting=found.selecting)
    [reference] = found.references
    obstacle = _obstacle(reference, scene, base)
    if obstacle:
        return Adoption(policy=live, reason=kept_because(obstacle, found), selecting=found.selecting)
    by = policy_name(reference.user, reference.template)
    return Adoption(policy=live, reference=reference, by=by, written=True, selecting=found.selecting)


def _same(live: LivePolicy, base: Switch) -> tuple[Key, LivePolicy] | None:
    """What is generated anyway and says the same; itself first, if it can be taken over."""
    found = [(key, one) for key, one in base.generated if one.spec == live.spec]
    return min(found, key=lambda one: (one[1].name != live.name, one[1].name), default=None)


def _reference(key: Key, generated: LivePolicy) -> Reference:
    applied = applied_from(generated)
    revision, given = (applied.revision, applied.parameters) if applied else (0, {})
    return Reference(key, template_of(generated), revision, given)


def _obstacle(reference: Reference, scene: Scene, base: Switch) -> str | None:
    if reference.user in scene.barred:
        return "Forbidden"
    user = _user(reference.user, scene)
    there = {template_of(live) for key, live in base.generated if key == reference.user}
    there |= {problem.template for key, problem in base.problems if key == reference.user}
    return "ReferenceTaken" if reference.template in {*user.references, *there} else None


def _user(key: Key, scene: Scene) -> Workload | Namespace:
    if is_namespace(key):
        return scene.here.namespace
    return next(one for one in scene.workloads if one.key == key)


def _apart(chosen: Sequence[Adoption]) -> list[Adoption]:
    """Without those of the same reference: one label cannot have two sets of parameters."""
    asked: defaultdict[tuple[Key, str], set[bytes]] = defaultdict(set)
    for one in chosen:
        if one.reference and one.written:
            asked[one.reference.place].add(canonical(one.reference.parameters))
    return [
        _kept(one, kept_because("SameReference"))
        if one.reference and one.written and len(asked[one.reference.place]) > 1
        else one
        for one in chosen
    ]


def _kept(one: Adoption, reason: Reason) -> Adoption:
    return Adoption(policy=one.policy, reason=reason, selecting=one.selecting)


def _aim(scene: Scene, chosen: Sequence[Adoption]) -> Aim:
    references = {one.reference.place: one.reference for one in chosen if one.reference and one.written}
    users: defaultdict[Key, list[Reference]] = defaultdict(list)
    for reference in references.values():
        users[reference.user].append(reference)
    return Aim(
        managed=True,
        gone=frozenset(one.policy.name for one in chosen if one.reference and not one.in_place),
        offered=tuple(offered(one.policy, one.offer) for one in chosen if one.in_place),
        labelled=tuple(_labelled(_user(key, scene), users[key]) for key in sorted(users)),
    )


def _labelled(user: Workload | Namespace, asked: Iterable[Reference]) -> Labelled:
    references, parameters = dict(user.references), dict(user.parameters)
    for one in asked:
        references[one.template] = "true"
        if one.parameters or one.template in parameters:
            parameters[one.template] = canonical(one.parameters).decode()
    return Labelled(user, msgspec.structs.replace(user, references=references, parameters=parameters))


def _borne_out(chosen: Sequence[Adoption], base: Switch, found: Switch) -> list[Adoption]:
    """The adoptions that planning bears out: the same spec is generated, and all else stays."""
    after = {(key, live.name): live.spec for key, live in found.generated}
    missing = {
        one.policy.name
        for one in chosen
        if one.reference and after.get((one.reference.user, one.by)) != one.policy.spec
    }
    if missing:
        return [_kept(one, _told(one, found)) if one.policy.name in missing else one for one in chosen]
    if all(after.get((key, live.name)) == live.spec for key, live in base.generated):
        return list(chosen)
    return [_kept(one, kept_because("OtherPoliciesChange")) if one.written else one for one in chosen]


def _told(one: Adoption, found: Switch) -> Reason:
    problems = {(key, problem.template): problem for key, problem in found.problems}
    problem = problems.get(one.reference.place) if one.reference else None
    return Reason(problem.reason, problem.message) if problem else kept_because("OtherPoliciesChange")
