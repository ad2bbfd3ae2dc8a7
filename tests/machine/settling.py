"""After each step: wait until the cluster is as the model says, and count the writes that it took."""

import itertools
import os
from collections import Counter
from typing import Final

from hypothesis.stateful import RuleBasedStateMachine

from devcluster.api import Object
from tests.cluster import Write
from tests.machine import ordering
from tests.machine.choices import FIRST
from tests.machine.comparing import Comparison
from tests.machine.model import Model
from tests.machine.site import Site, soon
from tests.machine.state import NAMESPACE, Policy, Reference, Space

_examples = itertools.count(1)

IMPATIENCE: Final = 3.0
"""Seconds to wait for the cluster once something was found: the steps are tried again many times then."""

Told = tuple[str, str, tuple[str, ...]]
"""UID, template and the reasons of which one has to be told."""


class Settling(RuleBasedStateMachine):
    """An example: two namespaces and six templates of its own, and what is known of them."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.model = Model()
        self.comparison = Comparison(self.model)
        self.example = f"{os.getpid()}-{next(_examples)}"
        self.spaces: dict[str, str] = {}
        self.live: dict[str, dict[str, Object]] = {}
        self.told: set[Told] = set()
        self.awaited: set[Told] = set()
        self.broken: set[str] = set()
        self.ends = 0
        site.audit.restart()

    # Names.

    def template(self, slot: str) -> str:
        """The name of a template of this example."""
        return f"{slot}-{self.example}"

    def space(self, slot: str) -> Space:
        return self.model.spaces[self.spaces[slot]]

    # After a step.

    def settle(self, slack: int = 0) -> None:
        """Compare: all as the model says, at the cost of the writes that it takes, and then nothing more.

        A step of several changes may take `slack` writes more.
        """
        self.site.steps += 1
        try:
            self._settle(slack)
        except AssertionError:
            self.site.patience = IMPATIENCE
            raise

    def _settle(self, slack: int) -> None:
        before = dict(self.model.policies)
        if not self.site.is_up:
            self._compare()  # policies stay in force
            return
        self.model.observe()
        least, most = self._writes(before)
        self._count(least)
        soon(self._compare, self.site.patience)
        soon(self._check_references, self.site.patience)
        self.site.beat()
        self._compare()
        writes = soon(lambda: self._check_writes(least, most + slack), self.site.patience)
        self._check_order(writes, before)
        soon(self._check_events, self.site.patience)
        self.site.audit.restart()

    def _count(self, writes: int) -> None:
        """What the steps were about, for whoever wants to know whether they were worth their time."""
        tally = self.site.tally
        tally["writes"] += writes
        tally["quiet"] += not writes
        for reference, decision in self.model.decisions.items():
            scope = "namespace" if reference.kind == NAMESPACE else "workload"
            tally[f"{scope} {decision.fate}"] += 1
            tally.update(f"{scope} {reason}" for reason in decision.reasons)
        tally["defaults that leave out"] += any(one.left_out for one in self.model.policies.values())

    def _compare(self) -> None:
        for space in self.model.spaces:
            live = self.site.policies(space)
            self.comparison.check(space, live)
            self.live[space] = live
        for space, live in self.live.items():
            self.comparison.note(space, live)

    def _writes(self, before: dict[Reference, Policy]) -> tuple[int, int]:
        """How many writes the step is worth, at least and at most.

        A namespace's policy that leaves several presets out may be written once for each of them, and one
        for workloads of several labels is more than one object.
        """
        after = self.model.policies
        changed = {one for one in {*before, *after} if before.get(one) != after.get(one)}
        crowds = {one for one in changed if _crowd(before.get(one)) or _crowd(after.get(one))}
        presets = {one for one in changed if one.template == self.template("preset")}
        slack = max(0, len(presets) - 1) if any(one.kind == NAMESPACE for one in after) else 0
        return len(changed - crowds), len(changed) + slack + 16 * len(crowds)

    def _check_writes(self, least: int, most: int) -> list[Write]:
        writes = [write for space in self.model.spaces for write in self.site.policy_writes(space)]
        done = [write for write in writes if write.code < 300]
        assert len(done) >= least, f"{least} to {most} writes were expected: {writes}"
        assert len(done) <= most, f"{least} to {most} writes were expected: {writes}"
        assert most or not writes, f"no write was expected: {writes}"
        return done

    def _check_order(self, writes: list[Write], before: dict[Reference, Policy]) -> None:
        for space in self.model.spaces:
            mine = [write for write in writes if write.namespace == space]
            ordering.check(self.model, space, ordering.ordered(mine, self.comparison.names, before))

    def _check_references(self) -> None:
        """The metrics count references as the model does."""
        pending, states = self.site.metrics()
        waiting = {one: decision for one, decision in self.model.decisions.items() if decision.reasons}
        assert pending.total() == len(waiting), f"{pending} are pending, the contract says {waiting}"
        if all(len(one.reasons) == 1 for one in waiting.values()):
            wanted = Counter(reason for one in waiting.values() for reason in one.reasons)
            assert pending == wanted, f"{pending} are pending, the contract says {waiting}"
        in_force = {one: held for one, held in self.model.remembered.items() if one not in waiting}
        old = sum(held.revision < self.model.head(one.template) for one, held in in_force.items())
        found = states["outdated"], states["current"] - 1  # the site's own
        assert found == (old, len(in_force) - old), f"{states}, the contract says {in_force}"

    def _check_events(self) -> None:
        """What waits is told in an Event about its object, by reason and template; once, in the end."""
        for reference, decision in self.model.decisions.items():
            uid = self.model.holder(reference).uid
            if decision.reasons:
                self.awaited.add((uid, reference.template, tuple(sorted(decision.reasons))))
            self.awaited |= {(uid, reference.template, (note,)) for note in decision.notes}
        missing = self.awaited - self.told
        if not missing:
            return
        events = [event for space in self.model.spaces for event in self.site.events(space)]
        for one in missing:
            assert any(_tells(event, one) for event in events), f"no Event says {one}"
        self.told |= missing
        self.awaited.clear()

    # Before and after an example.

    def await_pins(self) -> None:
        """Wait until the controller has recorded what outlives it; that takes it up to a second."""

        def recorded() -> None:
            for template in map(self.template, FIRST):
                for space in self.model.spaces:
                    wanted = {
                        (one.kind, one.name): (pin.revision, pin.parameters)
                        for one, pin in self.model.pins.items()
                        if (one.template, one.space) == (template, space)
                    }
                    assert _pins(self.site.pins(template, space)) == wanted, f"pins of {template}: {wanted}"

        soon(recorded, self.site.patience)

    def teardown(self) -> None:
        for space in self.model.spaces:
            self.site.leave(space)
        if not self.site.is_up:
            self.site.start()
        for template, revisions in self.model.templates.items():
            if revisions and revisions[-1]:
                self.site.delete(template)
        soon(self._is_forgotten, 60)

    def _is_forgotten(self) -> None:
        """Nothing of an example is left in what the controller remembers."""
        pending, states = self.site.metrics()
        assert not pending, pending
        assert states == {"current": 1, "outdated": 0, "pending": 0}, states


def _crowd(policy: Policy | None) -> bool:
    return policy is not None and any(len(one) > 1 for one in policy.left_out)


def _tells(event: Object, wanted: Told) -> bool:
    uid, template, reasons = wanted
    told = event["reason"] in reasons and event["involvedObject"].get("uid") == uid
    return told and (template in event["message"] or event["reason"] in {"NoSelector", "DriftRepaired"})


def _pins(users: dict[str, Object]) -> dict[tuple[str, str], tuple[int, Object]]:
    found = {}
    for user, pin in users.items():
        kind, _, name = user.partition("/")
        found[kind.partition(".")[0], name] = pin["revision"], pin.get("parameters", {})
    return found
