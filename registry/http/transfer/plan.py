"""What an import would do to the catalogue, template by template. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec

from registry.http.templates.widening import widens
from registry.http.transfer.documents import Found, LeftOut, moved
from registry.model.differences import Item as Difference
from registry.model.differences import diff
from registry.model.documents import MAX_BYTES, digest
from registry.model.pointers import child
from registry.model.problems import Invalid, Problem
from registry.model.template import Template, parse_template
from registry.planning.catalogue import Catalogue, Entry, Revision
from registry.store.bodies import text_of
from registry.store.saves import Edit, etag

Action = Literal["create", "change", "unchanged", "invalid", "refused", "conflict"]

MENDED: Final = "Its entry in the ConfigMap is broken or gone, and is written again."


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does to one template; `current` is the revision that it was planned on.

    `template` and `text` are what is to be stored, None where there is nothing to store. `saved` is the
    revision that is current after an import that was made.
    """

    pointer: str
    name: str
    action: Action
    document: Any = None
    template: Template | None = None
    text: str | None = None
    current: Revision | None = None
    saved: Revision | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether it is sent to the store."""
        return self.text is not None

    @property
    def widened(self) -> Problem | None:
        """The problem of a default that reaches more namespaces than before."""
        if self.template is None or not self.writes or not widens(self._before, self.template):
            return None
        reason = (
            "Its defaultIn is new or wider: it would act at once on every managed namespace that matches."
        )
        return Problem(child(self.pointer, "defaultIn"), reason, "Send force=true if that is meant.")

    @property
    def differences(self) -> Sequence[Difference]:
        """What changes in the document."""
        if self.action not in ("change", "conflict") or self._before is None or self.template is None:
            return ()
        return diff(self._before.document, self.template.document)

    @property
    def _before(self) -> Template | None:
        return self.current.template if self.current else None

    def edit(self, author: str, message: str) -> Edit:
        """The edit that makes it so, if the template is still the one that was planned on."""
        return Edit(
            name=self.name,
            template=self.template,
            text=self.text,
            author=author,
            message=message,
            expected=(etag(self.current),) if self.current else None,
        )

    def failed(self, action: Action, problems: Iterable[Problem]) -> "Step":
        """The step with what keeps it from being made; their pointers lead into its document."""
        found = moved(tuple(problems), self.pointer)
        return msgspec.structs.replace(self, action=action, problems=found)


class Plan(msgspec.Struct, frozen=True):
    """What an import does, in the order of its body."""

    steps: Sequence[Step]
    left_out: Sequence[LeftOut] = ()

    def with_steps(self, steps: Iterable[Step]) -> "Plan":
        """The plan with these steps, the last one of each place, instead of its own there."""
        found = {step.pointer: step for step in steps}
        return Plan([found.get(step.pointer, step) for step in self.steps], self.left_out)


def plan(catalogue: Catalogue, things: Iterable[Found | LeftOut]) -> Plan:
    """Work out what saving each template would do."""
    places: dict[str, str] = {}
    steps, left_out = [], []
    for thing in things:
        if isinstance(thing, LeftOut):
            left_out.append(thing)
        else:
            first = places.setdefault(thing.name, thing.pointer) if thing.name else thing.pointer
            steps.append(_step(catalogue.get(thing.name), thing, first))
    return Plan(steps, left_out)


def _step(entry: Entry | None, found: Found, first: str) -> Step:
    seen = Step(
        pointer=found.pointer, name=found.name, action="invalid", document=found.document, notes=found.notes
    )
    if found.problems:
        return msgspec.structs.replace(seen, problems=found.problems)
    try:
        template = _template(entry, found.document)
    except Invalid as error:
        return seen.failed("invalid", error.problems)
    if first != found.pointer:
        reason = f"Template {found.name} stands twice in this import, first at {first}."
        return seen.failed("invalid", [Problem("/name", reason, "Keep one of the two.")])
    return _valid(entry, found, msgspec.structs.replace(seen, template=template))


def _template(entry: Entry | None, document: object) -> Template:
    """The template of a document; one that is as it is now has been checked before."""
    current = entry.current.template if entry else None
    return current if current and current.digest == digest(document) else parse_template(document)


def _valid(entry: Entry | None, found: Found, seen: Step) -> Step:
    current, template = entry.current if entry else None, seen.template
    same = current is not None and template is not None and current.digest == template.digest
    if template is None or (same and not (entry and entry.flag)):
        return msgspec.structs.replace(seen, action="unchanged", current=current, saved=current)
    text = found.text or text_of(template)
    if (size := len(text.encode())) > MAX_BYTES:
        reason = f"The template has {size} bytes as YAML; at most {MAX_BYTES} can be read again."
        return seen.failed("invalid", [Problem("", reason, "Shorten it.")])
    return msgspec.structs.replace(
        seen,
        action="unchanged" if same else "change" if current else "create",
        text=text,
        current=current,
        notes=(*seen.notes, MENDED) if same else seen.notes,
    )
