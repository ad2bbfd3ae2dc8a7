"""Rules of those who edit policies by hand, own the catalogue, and run the controller."""

from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from devcluster.api import Object
from tests.machine.choices import BREAKS, DOWN_TOO, FIRST, SPEC_ONLY, documents, saved, spaces
from tests.machine.documents import Document
from tests.machine.model import NAMESPACE, Reference
from tests.machine.settling import Settling
from tests.machine.site import as_text

picks = st.integers(0, 11)
ENDS: Final = 2
"""How often the controller ends in one example: its start takes as long as twenty other steps."""


class PolicyRules(Settling):
    """What people do to policies, generated and not."""

    @rule(slot=spaces, pick=picks, how=st.sampled_from(tuple(BREAKS)))
    def edit(self, slot: str, pick: int, how: str) -> None:
        """Change a generated policy: it is put back in place, and marks of others stay."""
        if not (found := self._pick(slot, pick)):
            return
        reference, name = found
        how = self._possible(reference, how)
        path = self.site.policy_path(reference.space, name)
        before = self.live[reference.space][name]["metadata"]["resourceVersion"]
        after = self.site.api.patch(path, BREAKS[how])
        if after["metadata"]["resourceVersion"] == before:
            return  # it was so already
        self._changed(reference, how)
        self._saw(reference, name, after)
        self.settle()

    @rule(slot=spaces, pick=picks)
    def drop(self, slot: str, pick: int) -> None:
        """Delete a generated policy."""
        if found := self._pick(slot, pick):
            reference, name = found
            self.site.api.delete(self.site.policy_path(reference.space, name))
            del self.model.policies[reference]
            self.settle()

    @rule(slot=spaces, pick=picks)
    def add_unmanaged(self, slot: str, pick: int) -> None:
        """Create a policy of one's own, with labels like ours: it is never touched."""
        space, name = self.spaces[slot], f"own-{pick}"
        if (space, name) in self.comparison.foreign:
            self.site.api.delete(self.site.policy_path(space, name))
            del self.comparison.foreign[space, name]
        else:
            self._add(space, name, {"netpol-registry.dev/template": self.template("plain")})
        self.settle()

    @rule(slot=spaces, pick=picks)
    def take_name(self, slot: str, pick: int) -> None:
        """Create a policy of one's own by a name that a generated one had, or delete it again."""
        space = self.spaces[slot]
        free = sorted(
            (name, one)
            for (where, name), one in self.comparison.names.items()
            if where == space and one not in self.model.policies and name not in self.live.get(space, {})
        )
        if taken := sorted(
            name for (where, name) in self.comparison.foreign if where == space and "own-" not in name
        ):
            self.site.api.delete(self.site.policy_path(space, taken[0]))
            del self.comparison.foreign[space, taken[0]]
            self.model.taken.discard(self.comparison.names[space, taken[0]])
        elif free:
            name, reference = free[pick % len(free)]
            self._add(space, name, {})
            self.model.taken.add(reference)
        self.settle()

    def _add(self, space: str, name: str, labels: dict[str, str]) -> None:
        body = {"metadata": {"name": name, "labels": labels}, "spec": {"podSelector": {}}}
        created = self.site.api.create(self.site.policy_path(space), body)
        self.comparison.foreign[space, name] = created["metadata"]["resourceVersion"]

    def _pick(self, slot: str, pick: int) -> tuple[Reference, str] | None:
        """One of the generated policies; none of those that are several for one reference."""
        space = self.spaces[slot]
        found = self.comparison.references(space, self.live.get(space, {}))
        single = sorted((one, made[0]["metadata"]["name"]) for one, made in found.items() if len(made) == 1)
        return single[pick % len(single)] if single else None

    def _possible(self, reference: Reference, how: str) -> str:
        """The damage, or one to the spec alone where nobody would know what the marks were."""
        decision = self.model.decisions.get(reference)
        left = decision is None or decision.fate != "applied"
        if left or (not self.site.is_up and how not in DOWN_TOO):
            return how if how in SPEC_ONLY else "rules"
        return "pods" if reference.kind == NAMESPACE and how == "owner" else how

    def _changed(self, reference: Reference, how: str) -> None:
        policy = self.model.policies[reference]
        metadata = BREAKS[how].get("metadata", {})
        if "ownerReferences" in metadata:
            policy = replace(policy, owner=None)
        gone = {
            mark
            for mark, part in (("team", "labels"), ("note", "annotations"))
            if metadata.get(part, 1) is None
        }
        policy = replace(policy, marks=policy.marks - gone)
        if how == "marks":
            self.model.policies[reference] = replace(policy, marks=frozenset({"team", "note"}))
            return
        self.model.policies[reference] = replace(policy, edited=True)
        decision = self.model.decisions.get(reference)  # an orphaned policy has none
        if self.site.is_up and decision and decision.fate == "applied":
            uid = self.model.holder(reference).uid
            self.awaited.add((uid, reference.template, ("DriftRepaired",)))

    def _saw(self, reference: Reference, name: str, after: Object) -> None:
        place = reference.space, name
        version = after["metadata"]["resourceVersion"]
        self.comparison.seen[place] = self.comparison.seen[place]._replace(version=version)


class CatalogueRules(Settling):
    """What the platform team does to templates."""

    @rule(slot=saved, fields=documents)
    def save(self, slot: str, fields: dict[str, Any]) -> None:
        """Save a template over HTTP, perhaps without a change, perhaps after it was deleted."""
        name, document = self.template(slot), self._document(slot, fields)
        if not self.site.is_up and self._is_gone(name):
            return  # nobody has seen that it was gone
        self.site.save(name, document.body(name, self.example))
        self.model.moves_on(name, document)
        self.broken.discard(name)
        self.settle()

    @precondition(lambda self: self.site.is_up)
    @rule(slot=saved, fields=documents)
    def edit_entry(self, slot: str, fields: dict[str, Any]) -> None:
        """Edit a template's entry with kubectl, which also mends it."""
        name, document = self.template(slot), self._document(slot, fields)
        if self._is_gone(name):
            return
        self.site.edit({name: as_text(document.body(name, self.example))})
        moved = self.model.moves_on(name, document)
        self.broken.discard(name)
        self.site.await_heads({name: self.model.head(name)})
        self.settle()
        if moved:
            self.await_pins()

    @rule(slot=saved, text=st.sampled_from(("name: [", "{}", "a: b", None)))
    def break_entry(self, slot: str, text: str | None) -> None:
        """Break or remove a template's entry with kubectl: the last good revision stays in force."""
        name = self.template(slot)
        if self._is_gone(name):
            return
        self.site.edit({name: text})
        self.broken.add(name)
        self.settle()

    @rule(slot=saved, sure=st.integers(0, 2))
    def delete_template(self, slot: str, sure: int) -> None:
        """Delete a template over HTTP with force: the policies of its users go."""
        name = self.template(slot)
        if sure == 0 and not self._is_gone(name):
            self.site.delete(name)
            self.model.moves_on(name, None)
            self.broken.discard(name)
            self.settle()

    def _document(self, slot: str, fields: dict[str, Any]) -> Document:
        """A version of a template: its scope, and whether it denies, never change."""
        base = FIRST[slot]
        wrong = {"group", "preset"} if base.scope == "namespace" else {"default_in"}
        wrong |= set() if slot == "preset" else {"preset"}
        wrong |= {"port", "least"} if base.denies else set()
        wrong |= set() if slot in {"left", "right"} else {"group"}
        return replace(base, **{name: value for name, value in fields.items() if name not in wrong})

    def _is_gone(self, name: str) -> bool:
        return self.model.templates[name][-1] is None


class ControllerRules(Settling):
    """What happens to the controller."""

    @precondition(lambda self: self.site.is_up and self.ends < ENDS)
    @rule(kill=st.booleans())
    def end(self, kill: bool) -> None:
        self.ends += 1
        self.await_pins()
        self.site.stop(kill=kill)
        self.model.controller_ended()
        self.settle()

    @precondition(lambda self: not self.site.is_up)
    @rule()
    def start(self) -> None:
        """Start it: it catches up, and writes nothing where nothing changed."""
        self.site.start()
        self.settle()
