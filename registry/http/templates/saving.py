"""From an edit to the answer of its save: tried, refused where it needs `force`, written."""

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Final

from flask import Response

from registry.http import problems
from registry.http.answers import outcome_answer
from registry.http.backend import Backend
from registry.http.problems import Refused
from registry.http.requests import backend, caller
from registry.http.templates.admission import check_admission
from registry.http.templates.widening import widens
from registry.model.documents import MAX_BYTES
from registry.model.problems import Problem
from registry.model.template import Template
from registry.planning.catalogue import Revision
from registry.store.bodies import text_of
from registry.store.errors import PreconditionFailed, StoreBusy, StoreError, TemplateNotFound
from registry.store.saves import ANY, Edit, etag
from registry.store.writer import Outcome

log = logging.getLogger(__name__)

Query = Mapping[str, Any]

ATTEMPTS: Final = 5
"""How often an edit that takes whatever there is starts anew, when somebody else was faster."""


def edit_of(name: str, made: Template | None, tags: tuple[str, ...] | None, query: Query) -> Edit:
    """The caller's edit that makes `name` be `made`, None to delete it. Raises Refused if it is too long."""
    return Edit(
        name=name,
        template=made,
        text=_text(made) if made else None,
        author=caller().username,
        message=query["message"],
        expected=tags,
    )


def save(edit: Edit, query: Query, status: int = 200) -> Response:
    """Save the edit, or only try it, and answer what that does. Raises StoreError, Refused or ApiError."""
    dry: bool = query["dry_run"]
    outcome = backend().call(_outcome(backend(), edit, force=query["force"], dry=dry))
    return outcome_answer(outcome, status, dry=dry)


async def _outcome(service: Backend, edit: Edit, *, force: bool, dry: bool) -> Outcome:
    """Try the edit, and save it unless it is a dry run: all in the event loop, since each way there costs."""
    with nullcontext() if dry else service.store.announced():
        planned = await service.store.preview(edit)
        if not force:
            _refuse_widening(service, edit)
        if edit.template:
            await check_admission(service.client, service.settings, edit.template)
        if dry:
            return planned
        if edit.template and planned.changed:  # users of a deleted one start anew if it ever comes back
            await service.pin_users(edit.name)
        return await _written(service, edit)


def based(name: str, tags: tuple[str, ...], make: Callable[[Revision], Edit], query: Query) -> Response:
    """Save what `make` makes of the current revision, which `tags` must allow; the edit expects that one.

    When somebody saves in between and `tags` allow that too, it starts anew. Raises as `save` does.
    """
    base = _base(name, tags)
    for _ in range(ATTEMPTS):
        try:
            return save(make(base), query)
        except PreconditionFailed as error:
            base = error.current
            _check(base, tags)
    raise StoreBusy(f"Template {name} was changed by others again and again. Try again.")


def written(edit: Edit) -> Outcome:
    """Write the edit. Raises StoreError or ApiError."""
    return backend().call(_written(backend(), edit))


async def _written(service: Backend, edit: Edit) -> Outcome:
    outcome = await service.store.save(edit)
    verb = "saved" if edit.template else "deleted"
    number, changed = outcome.revision.number, outcome.changed
    log.info("%r %s template %s: revision %d, changed: %s", edit.author, verb, edit.name, number, changed)
    return outcome


def _text(made: Template) -> str:
    text = text_of(made)
    if (size := len(text.encode())) > MAX_BYTES:
        reason = f"The template has {size} bytes as YAML; at most {MAX_BYTES} can be read again."
        raise Refused(problems.INVALID_TEMPLATE, reason, errors=[Problem("", reason, "Shorten it.")])
    return text


def _base(name: str, tags: tuple[str, ...]) -> Revision:
    try:
        return _current(name, tags)
    except StoreError:
        backend().call(backend().watch.reread())  # nothing is refused only because the watch runs behind
        return _current(name, tags)


def _current(name: str, tags: tuple[str, ...]) -> Revision:
    entry = backend().watch.catalogue().get(name)
    if entry is None:
        raise TemplateNotFound(name)
    _check(entry.current, tags)
    return entry.current


def _check(current: Revision, tags: tuple[str, ...]) -> None:
    if ANY not in tags and etag(current) not in tags:
        raise PreconditionFailed(current)


def _refuse_widening(service: Backend, edit: Edit) -> None:
    entry = service.watch.catalogue().get(edit.name)
    current = entry.current.template if entry else None
    if edit.template and widens(current, edit.template):
        detail = (
            "Its defaultIn is new or wider than before: saving applies the template to every managed "
            "namespace that matches, at once. Send force=true if that is meant."
        )
        before = current.default_in if current else None
        members = {"before": before, "after": edit.template.default_in}
        raise Refused(problems.DEFAULT_WIDENED, detail, members=members)
