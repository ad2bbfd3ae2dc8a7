"""What the model knows: namespaces, workloads and templates as users made them, and what is in force."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.machine.documents import Document, Object

NAMESPACE = "Namespace"

_births = itertools.count(1)


class Reference(NamedTuple):
    """A label that names a template, on a workload or on the Namespace itself."""

    space: str
    kind: str
    name: str
    template: str


class InForce(NamedTuple):
    """What a reference has: docs/contract.md, "Terms" and "Generated policies"."""

    revision: int
    parameters: Object
    tracking: str


@dataclass(frozen=True)
class Policy:
    """A generated policy. `birth` tells it from one of the same name that came before or after it.

    `left_out`: selectors of the workloads that a namespace's policy leaves out. `edited`: somebody changed
    what is ours in it, and it was not put back. `marks`: labels and annotations of others.
    """

    in_force: InForce
    spec: Object
    selector: Object
    owner: str | None
    note: str
    left_out: frozenset[tuple[tuple[str, str], ...]] = frozenset()
    orphaned: bool = False
    edited: bool = False
    marks: frozenset[str] = frozenset()
    birth: int = field(default_factory=lambda: next(_births), compare=False)


@dataclass
class Holder:
    """A workload, or a Namespace, with its labels and annotations by template. No selector: None."""

    space: str
    kind: str
    name: str
    uid: str
    selector: dict[str, str] | None
    labels: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    def reference(self, template: str) -> Reference:
        return Reference(self.space, self.kind, self.name, template)


@dataclass
class Space:
    """A namespace."""

    holder: Holder
    managed: str | None
    tier: str | None = None
    workloads: dict[str, Holder] = field(default_factory=dict)


@dataclass
class Decision:
    """What a reference comes to. `fate`: it is applied, `left` as it is, or goes. `reasons`: why it waits.

    Where several things stand in its way at once, the contract leaves open which of them is told.
    """

    fate: str
    in_force: InForce | None = None
    reasons: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)


@dataclass
class State:
    """The world at one moment, and who refers to what in it."""

    spaces: dict[str, Space] = field(default_factory=dict)
    templates: dict[str, list[Document | None]] = field(default_factory=dict)
    """The revisions of each template, the first at index 0; None is a deletion."""
    policies: dict[Reference, Policy] = field(default_factory=dict)
    remembered: dict[Reference, InForce] = field(default_factory=dict)
    pins: dict[Reference, InForce] = field(default_factory=dict)
    decisions: dict[Reference, Decision] = field(default_factory=dict)
    taken: set[Reference] = field(default_factory=set)
    """Whose derived names somebody else's policies bear."""

    def held(self, reference: Reference) -> InForce | None:
        """What a reference has: as remembered, else as its policy says, else as recorded."""
        if reference in self.remembered:
            return self.remembered[reference]
        if reference in self.policies:
            return self.policies[reference].in_force
        return self.pins.get(reference)

    def head(self, template: str) -> int:
        return len(self.templates.get(template, ()))

    def document(self, template: str, revision: int) -> Document | None:
        revisions = self.templates.get(template, [])
        return revisions[revision - 1] if 0 < revision <= len(revisions) else None

    def references(self) -> Iterator[Reference]:
        return (one for space in self.spaces.values() for one in self.references_of(space))

    def references_of(self, space: Space) -> Iterator[Reference]:
        for holder in space.workloads.values():
            yield from map(holder.reference, holder.labels)
        yield from map(space.holder.reference, self.namespace_templates(space))

    def namespace_templates(self, space: Space) -> list[str]:
        current = {name: self.document(name, self.head(name)) for name in self.templates}
        defaults = [
            name for name, one in current.items() if one and one.default_in and one.default_in == space.tier
        ]
        return sorted({*space.holder.labels, *defaults})

    def holder(self, reference: Reference) -> Holder:
        space = self.spaces[reference.space]
        return space.holder if reference.kind == NAMESPACE else space.workloads[reference.name]

    def exists(self, reference: Reference) -> bool:
        workload = self.spaces[reference.space].workloads.get(reference.name)
        return reference.kind == NAMESPACE or (workload is not None and workload.kind == reference.kind)

    def value(self, reference: Reference) -> str:
        """The label's value; a default that no label speaks of is pinned."""
        missing = "true" if reference.kind == NAMESPACE else "false"
        return self.holder(reference).labels.get(reference.template, missing)
