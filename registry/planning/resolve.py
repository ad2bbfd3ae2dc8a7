"""From a reference to what it asks for now: revision, parameters, rendered spec, or why not."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, get_args

import msgspec

from registry import contract
from registry.model.documents import canonical
from registry.model.frames import Frame, frame
from registry.model.parameters import fill, load_parameters
from registry.model.problems import Invalid
from registry.model.rendering import Context, FactUnknown, render
from registry.model.template import Template
from registry.planning.catalogue import Catalogue, Entry
from registry.planning.exclusion import matches
from registry.planning.names import template_of
from registry.planning.objects import Key, LivePolicy, Namespace, Note, Selector
from registry.planning.references import Malformed, Reference, Tracking, parse_reference


class Applied(msgspec.Struct, frozen=True):
    """What was last put in force for a reference; `parameters` as given, before defaults."""

    revision: int
    parameters: Mapping[str, Any]
    tracking: str = ""
    digest: str = ""
    owner: str = ""


class Pending(Exception):
    """The reference cannot be applied now. An existing policy stays, unless `keep` is False."""

    def __init__(self, reason: str, message: str, *, keep: bool = True) -> None:
        self.reason = reason
        self.message = message
        self.keep = keep
        super().__init__(message)


class Surroundings(msgspec.Struct, frozen=True):
    """What every reference in a namespace is resolved against."""

    catalogue: Catalogue
    facts: Mapping[str, object]
    namespace: Namespace


class Rendered(NamedTuple):
    """A rendered NetworkPolicySpec, shared between equal references: never change it."""

    spec: Mapping[str, Any]
    allows: bool
    frame: Frame

    def text(self, selector: Selector) -> bytes:
        """Canonical JSON of the spec with that podSelector."""
        return self.frame.text(selector)


class Resolved(msgspec.Struct, frozen=True):
    """A reference with everything it asks for. `spec` has a podSelector in namespace scope alone."""

    reference: Reference
    revision: int
    template: Template
    parameters: Mapping[str, Any]
    rendered: Rendered
    notes: tuple[Note, ...] = ()


class Request(msgspec.Struct, frozen=True):
    """One reference of `key`: its template, raw label value and raw parameters, and what was applied.

    `target` is the revision that a rollout moves it to, if it is pinned and something was applied.
    """

    key: Key
    template: str
    value: str
    parameters: str | None = None
    applied: Applied | None = None
    target: int | None = None


def resolve(request: Request, around: Surroundings) -> Resolved | None:
    """What `request` asks for now; None for `"false"`. Raises Pending."""
    reference = _reference(request, around.catalogue)
    if reference is None:
        return None
    entry = _entry(request.template, around.catalogue)
    revision, template = _revision(reference, entry, request)
    _check_scope(request.key, template)
    _check_allowed(entry, around.namespace)
    parameters, notes = _parameters(request)
    rendered = _render(template, parameters, request.key, around)
    return Resolved(reference, revision, template, parameters, rendered, notes)


HELD: Final = frozenset({"InvalidValue", "InvalidParameters", "RevisionUnknown"})
"""Mistakes in a label or annotation: what is in force stays so, and is repaired and recreated as such."""


def resolve_or_hold(request: Request, around: Surroundings) -> tuple[Resolved | None, Pending | None]:
    """What to keep in force for `request`, and what stands in the way of what it asks for now."""
    try:
        return resolve(request, around), None
    except Pending as pending:
        return (_held(request, around) if pending.reason in HELD else None), pending


def _held(request: Request, around: Surroundings) -> Resolved | None:
    applied = request.applied
    if applied is None:
        return None
    text = canonical(applied.parameters).decode()
    again = msgspec.structs.replace(request, value=f"v{applied.revision}", parameters=text)
    try:
        resolved = resolve(again, around)
    except Pending:
        return None
    if resolved is None or applied.tracking not in get_args(Tracking):
        return None
    reference = msgspec.structs.replace(resolved.reference, tracking=applied.tracking)
    return msgspec.structs.replace(resolved, reference=reference)


def applied_from(live: LivePolicy) -> Applied | None:
    """What a live policy says was applied; None when its revision label is missing or spoiled."""
    revision = live.labels.get(contract.REVISION_LABEL, "")
    if not (revision.isascii() and revision.isdigit()):
        return None
    return Applied(
        int(revision),
        _recorded_parameters(live),
        live.annotations.get(contract.TRACKING_ANNOTATION, ""),
        live.annotations.get(contract.DIGEST_ANNOTATION, ""),
        next((owner.get("uid", "") for owner in live.owners), ""),
    )


def applied_by_template(
    policies: Iterable[LivePolicy],
    remembered: Mapping[str, Applied],
    pinned: Mapping[str, Applied],
) -> dict[str, Applied]:
    """What was applied for each template: as remembered, else as its live policy says, else as recorded."""
    said = {template_of(live): applied for live in policies if (applied := applied_from(live))}
    return {**pinned, **said, **remembered}


def _recorded_parameters(live: LivePolicy) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(
            live.annotations.get(contract.PARAMETERS_ANNOTATION, "{}"), type=dict[str, Any]
        )
    except msgspec.MsgspecError:
        return {}


def _reference(request: Request, catalogue: Catalogue) -> Reference | None:
    try:
        return parse_reference(request.template, request.value)
    except Malformed as error:
        _entry(request.template, catalogue)  # a template that was deleted keeps no policy, whatever the value
        raise Pending(
            "InvalidValue", f"{contract.TEMPLATE_LABEL_PREFIX}{request.template}: {error}"
        ) from error


def _entry(name: str, catalogue: Catalogue) -> Entry:
    entry = catalogue.entries.get(name)
    if entry is None:
        raise Pending(
            "TemplateUnknown", f"There is no template {name}. Correct the label or create the template."
        )
    if entry.deleted:
        raise Pending("TemplateUnknown", f"Template {name} was deleted. Remove the label.", keep=False)
    return entry


def _revision(reference: Reference, entry: Entry, request: Request) -> tuple[int, Template]:
    applied = request.applied
    if reference.tracking == "exact":
        revision = reference.revision or 0
    elif reference.tracking == "pinned" and applied:
        revision = request.target or applied.revision
    else:
        revision = entry.head
    template = entry.template(revision)
    if template is None:
        if applied and applied.revision == revision:
            raise Pending(
                "RevisionLost",
                f"Revision {revision} of template {entry.name} is no longer recorded; its policy stays as "
                f'it is. Set the label to "latest" to move to revision {entry.head}.',
            )
        raise Pending(
            "RevisionUnknown",
            f"Template {entry.name} has no revision {revision}; the current one is {entry.head}.",
        )
    return revision, template


def _check_scope(key: Key, template: Template) -> None:
    wanted = "namespace" if key.kind == "Namespace" and not key.group else "workload"
    if template.scope != wanted:
        raise Pending(
            "WrongScope",
            f"Template {template.name} has scope {template.scope}: set its label on "
            + ("the Namespace." if template.scope == "namespace" else "a workload."),
        )


def _check_allowed(entry: Entry, namespace: Namespace) -> None:
    current = entry.current.template
    if current and current.allowed_in is not None and not matches(current.allowed_in, namespace.labels):
        raise Pending(
            "TemplateNotAllowed",
            f"Template {entry.name} is not allowed in namespace {namespace.name}: "
            f"its allowedIn asks for {msgspec.json.encode(current.allowed_in).decode()}.",
        )


def _parameters(request: Request) -> tuple[Mapping[str, Any], tuple[Note, ...]]:
    annotation = contract.PARAMETERS_ANNOTATION_PREFIX + request.template
    if request.parameters is None:
        last = request.applied.parameters if request.applied else {}
        if not last:
            return {}, ()
        missing = (
            f"Annotation {annotation} is gone; the last parameters stay in force. "
            "Write {} to ask for the defaults."
        )
        return last, (Note("Warning", "ParametersMissing", missing),)
    try:
        return load_parameters(request.parameters), ()
    except Invalid as error:
        raise Pending("InvalidParameters", f"Annotation {annotation}: {error}") from error


def _render(template: Template, given: Mapping[str, Any], key: Key, around: Surroundings) -> Rendered:
    facts = {name: around.facts[name] for name in template.variables if name in around.facts}
    context = _Facts(
        key.namespace if "namespace" in template.variables else "",
        key.name if "workload.name" in template.variables else "",
        canonical(facts) if facts else b"{}",
    )
    try:
        return _rendered(_Shared(template), canonical(given), context)
    except Invalid as error:
        raise Pending("InvalidParameters", f"Parameters of template {template.name}: {error}") from error
    except FactUnknown as error:
        raise Pending(
            "FactUnknown",
            f"Template {template.name} needs {error.fact}, which is not known in this cluster. "
            "It is applied once known; a setting can give it.",
        ) from error


class _Facts(NamedTuple):
    namespace: str
    workload: str
    facts: bytes


class _Shared(NamedTuple):
    """A template that hashes by its digest, so that equal references render once."""

    template: Template

    def __hash__(self) -> int:
        return hash(self.template.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shared) and other.template.digest == self.template.digest


@functools.lru_cache(maxsize=4096)
def _rendered(shared: _Shared, given: bytes, context: _Facts) -> Rendered:
    template = shared.template
    facts: dict[str, object] = msgspec.json.decode(context.facts)
    filled = fill(template, msgspec.json.decode(given))
    spec = render(template, filled, Context(context.namespace, context.workload or None, facts))
    return Rendered(spec, bool(spec.get("ingress") or spec.get("egress")), frame(spec))
