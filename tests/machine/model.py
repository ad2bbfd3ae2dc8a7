"""The sync contract as a model: docs/contract.md in plain Python, written without a look at the planner.

The machine tells the model what users do; `observe` says what a controller that sees the world as it is now
has to make of it: which policies there are, which are left alone, and which references wait, with the reason.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.machine.documents import Document, read_parameters
from tests.machine.state import NAMESPACE, Decision, Holder, InForce, Policy, Reference, Space, State

MISTAKES = {"InvalidValue", "InvalidParameters", "RevisionUnknown"}
"""What is in force stays so, repaired and recreated; for all other reasons a policy is left as it is."""


class Model(State):
    """The world as users made it, and as the controller has to bring it about."""

    # What users do to policies and workloads.

    def delete_workload(self, space: str, name: str, *, orphan: bool) -> None:
        """Its policies are collected, or with `orphan` left without an owner."""
        gone = self.spaces[space].workloads.pop(name)
        for reference, policy in list(self.policies.items()):
            if policy.owner == gone.uid:
                if orphan:
                    self.policies[reference] = replace(policy, owner=None)
                else:
                    del self.policies[reference]

    def moves_on(self, template: str, document: Document | None) -> bool:
        """A save or a deletion; whether it makes a revision: "a save that changes nothing makes none"."""
        revisions = self.templates.setdefault(template, [])
        if revisions and revisions[-1] == document:
            return False
        self.record_pins(template, len(revisions) + 1)
        revisions.append(document)
        if document is None:
            self.pins = {one: pin for one, pin in self.pins.items() if one.template != template}
        return True

    def record_pins(self, template: str, head: int) -> None:
        """The template moves on: what pinned references have is recorded, and outlives their policies."""
        for reference in self.references():
            held = self.held(reference)
            if reference.template == template and held and self.value(reference) == "true":
                self._pin(reference, held, head)

    def controller_ended(self) -> None:
        """What it remembered ends with it; policies and pins stay."""
        self.remembered = {}

    # What the controller makes of it.

    def observe(self) -> None:
        """Bring everything about."""
        self.decisions = {}
        for space in self.spaces.values():
            self._observe(space)
        self._settle_pins()

    def _observe(self, space: Space) -> None:
        name = space.holder.name
        if space.managed != "true":
            self._forget(name, set(), set())
            for reference in self.references_of(space):
                if reference.kind != NAMESPACE and self.value(reference) != "false":
                    self.decisions[reference] = Decision("goes", reasons={"NamespaceNotManaged"})
            return
        for holder in space.workloads.values():
            self._observe_workload(space, holder)
        known = set(self.references_of(space))
        orphans = {
            one
            for one in self.policies
            if one.space == name and one.kind != NAMESPACE and not self.exists(one)
        }
        for one in orphans:
            self.policies[one] = replace(self.policies[one], orphaned=True)
        self._observe_namespace(space)
        self._forget(name, known, orphans)

    def _observe_workload(self, space: Space, holder: Holder) -> None:
        decisions = {template: self._decide(space, holder.reference(template)) for template in holder.labels}
        self._leave_rivals(decisions)
        for template, decision in decisions.items():
            self._carry_out(holder, template, decision, frozenset())

    def _observe_namespace(self, space: Space) -> None:
        presets = frozenset(self._presets(space))
        for template in self.namespace_templates(space):
            decision = self._decide(space, space.holder.reference(template))
            document = self.document(template, decision.in_force.revision) if decision.in_force else None
            left_out = frozenset() if document is None or document.denies else presets
            self._carry_out(space.holder, template, decision, left_out)

    def _decide(self, space: Space, reference: Reference) -> Decision:
        """One reference, by "Values of a reference" and "What happens when"."""
        value, template = self.value(reference), reference.template
        if value == "false":
            return Decision("goes")
        head = self.head(template)
        current = self.document(template, head)
        if head and current is None:
            return Decision("goes", reasons={"TemplateUnknown"})
        before = self.held(reference)
        decision = self._asked_for(reference, before)
        if current is None:
            decision.reasons.add("TemplateUnknown")
        elif current.scope != ("namespace" if reference.kind == NAMESPACE else "workload"):
            decision.reasons.add("WrongScope")
        elif current.allowed_in not in {None, space.tier}:
            decision.reasons.add("TemplateNotAllowed")
        holder = self.holder(reference)
        if holder.kind != NAMESPACE and not holder.selector:
            decision.reasons.add("NoSelector")
        if reference in self.taken:
            decision.reasons.add("NameTaken")
        if decision.reasons:
            decision.in_force = before
            decision.fate = "applied" if decision.reasons <= MISTAKES and before else "left"
        return decision

    def _asked_for(self, reference: Reference, before: InForce | None) -> Decision:
        """The revision and parameters that its label and annotation ask for, and what is wrong with those."""
        value, template = self.value(reference), reference.template
        exact = re.fullmatch("v([1-9][0-9]*)", value)
        revision = before.revision if before and value == "true" else self.head(template)
        revision = int(exact[1]) if exact else revision
        tracking = "exact" if exact else {"true": "pinned", "latest": "latest"}.get(value, "")
        decision = Decision("applied")
        document = self.document(template, revision)
        if not tracking:
            decision.reasons.add("InvalidValue")
        if document is None:
            decision.reasons.add("RevisionUnknown")
        text = self.holder(reference).parameters.get(template)
        given = read_parameters(text) if text is not None else (before.parameters if before else {})
        if text is None and given:
            decision.notes.add("ParametersMissing")
        if given is None or (document and not document.accepts(given)):
            decision.reasons.add("InvalidParameters")
        decision.in_force = InForce(revision, given or {}, tracking)
        return decision

    def _leave_rivals(self, decisions: dict[str, Decision]) -> None:
        """Two templates of one `exclusiveGroup` on a workload: neither is changed."""
        groups: dict[str, list[str]] = {}
        for template, decision in decisions.items():
            current = self.document(template, self.head(template))
            if current and current.group and decision.fate != "goes":
                groups.setdefault(current.group, []).append(template)
        for rivals in groups.values():
            for template in rivals if len(rivals) > 1 else ():
                decisions[template].fate = "left"
                decisions[template].reasons.add("GroupTaken")

    def _carry_out(self, holder: Holder, template: str, decision: Decision, left_out: Any) -> None:
        reference = holder.reference(template)
        self.decisions[reference] = decision
        if decision.fate == "goes":
            self.remembered.pop(reference, None)
            self.policies.pop(reference, None)
        elif decision.fate == "left":
            if held := self.held(reference):
                self.remembered[reference] = held
        elif in_force := decision.in_force:
            self.remembered[reference] = in_force
            self._put(holder, reference, in_force, left_out)

    def _put(self, holder: Holder, reference: Reference, in_force: InForce, left_out: Any) -> None:
        document = self.document(reference.template, in_force.revision)
        assert document
        before = self.policies.get(reference)
        wanted = Policy(
            in_force,
            document.spec(in_force.parameters),
            {"matchLabels": holder.selector} if holder.selector else {},
            None if holder.kind == NAMESPACE else holder.uid,
            document.note,
            left_out,
            marks=before.marks if before else frozenset(),
        )
        self.policies[reference] = replace(wanted, birth=before.birth) if before else wanted

    def _presets(self, space: Space) -> Iterator[tuple[tuple[str, str], ...]]:
        """Selectors of the workloads with a policy of a preset in force."""
        for reference in self.policies:
            if reference.space != space.holder.name or not self.exists(reference):
                continue
            held = self.held(reference)
            document = self.document(reference.template, held.revision) if held else None
            decision, selector = self.decisions.get(reference), self.holder(reference).selector
            if document and document.preset and selector and decision and decision.fate != "goes":
                yield tuple(sorted(selector.items()))

    def _forget(self, space: str, known: set[Reference], orphans: set[Reference]) -> None:
        """What nobody refers to any more goes; an orphaned policy stays, though it is nobody's."""
        for one in [one for one in self.policies if one.space == space and one not in known | orphans]:
            del self.policies[one]
        for one in [one for one in self.remembered if one.space == space and one not in known]:
            del self.remembered[one]

    def _settle_pins(self) -> None:
        """A reference that is no longer pinned, or pinned to the current revision, needs no record."""
        referred = set(self.references())
        for reference in {*self.pins, *self.remembered}:
            if not self.exists(reference):
                continue
            if reference not in referred or self.value(reference) != "true":
                self.pins.pop(reference, None)
            elif held := self.remembered.get(reference):
                self._pin(reference, held, self.head(reference.template))

    def _pin(self, reference: Reference, held: InForce, head: int) -> None:
        self.pins.pop(reference, None)
        if held.revision < head:
            self.pins[reference] = InForce(held.revision, held.parameters, "pinned")
