"""Edits that people made in the ConfigMap itself, and what to make of them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from registry import contract
from registry.model.problems import Problem
from registry.model.template import Template
from registry.planning.catalogue import Revision
from registry.store.bodies import text_of
from registry.store.catalogue import View, edited
from registry.store.objects import KEY_SUFFIX, key_of
from registry.store.saves import Edit

MESSAGE = "edited in the ConfigMap"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell about the ConfigMap.

    `adopted`: an edit by `author` was recorded as `revision`. `invalid`: the entry is broken, see
    `problems`; `removed`: its key was taken out; its last revision stays in force in both cases.
    `restored`: the ConfigMap itself was missing and was written again (`name` is the ConfigMap's).
    """

    kind: Literal["adopted", "invalid", "removed", "restored"]
    name: str
    revision: int | None = None
    author: str = ""
    problems: tuple[Problem, ...] = ()


class _ManagedFields(msgspec.Struct, rename={"fields": "fieldsV1"}):
    manager: str = ""
    time: str = ""
    fields: dict[str, Any] = {}


def adoptable(view: View, names: Iterable[str]) -> list[Edit]:
    """The valid edits by kubectl of these templates, to be recorded."""
    found = ((name, edited(view.holding(name))) for name in sorted(names))
    return [_edit(view, name, template) for name, template in found if isinstance(template, Template)]


def faults(view: View) -> list[Finding]:
    """Entries of the ConfigMap that cannot be adopted, by name."""
    if view.main is None:
        return []
    strays = [_stray(key) for key in sorted(view.main.texts) if not key.endswith(KEY_SUFFIX)]
    found = (_fault(view, name) for name in sorted(view.names()))
    return strays + [finding for finding in found if finding]


def restorable(view: View, heads: Mapping[str, int]) -> tuple[Mapping[str, str], Mapping[str, int]]:
    """Texts and heads of a lost ConfigMap; `heads` are those last seen, if this process saw them."""
    known = {name: heads.get(name) or view.highest(name) for name in view.records}
    current = {name: _revision(view, name, head) for name, head in known.items() if head}
    texts = {key_of(name): text_of(one.template) for name, one in current.items() if one and one.template}
    return texts, {name: one.number for name, one in current.items() if one}


def author_of(managed_fields: bytes, key: str) -> str:
    """The field manager that last wrote a key of the ConfigMap's data, from its managedFields."""
    entries = msgspec.json.decode(managed_fields, type=list[_ManagedFields])
    owners = [entry for entry in entries if f"f:{key}" in entry.fields.get("f:data", {})]
    owners.sort(key=lambda entry: (entry.manager != contract.MANAGER, entry.time))
    return owners[-1].manager if owners else "unknown"


def _edit(view: View, name: str, template: Template) -> Edit:
    fields = view.main.managed_fields if view.main else b"[]"
    return Edit(
        name=name,
        template=template,
        text=view.holding(name).text,
        author=author_of(fields, key_of(name)),
        message=MESSAGE,
        origin="kubectl",
    )


def _revision(view: View, name: str, head: int) -> Revision | None:
    record = view.records[name].get(head)
    return record.revision if record else None


def _stray(key: str) -> Finding:
    fix = "Name the key after the template, such as postgres.yaml."
    return Finding(kind="invalid", name=key, problems=(Problem("", f"{key} is not a template's key.", fix),))


def _fault(view: View, name: str) -> Finding | None:
    holding = view.holding(name)
    found = edited(holding)
    if isinstance(found, tuple):
        return Finding(kind="invalid", name=name, revision=holding.head or None, problems=found)
    if holding.text is None and holding.current and holding.current.template:
        return Finding(kind="removed", name=name, revision=holding.head)
    return None
