"""Who else writes a template's label on a workload: a tool that applies it from files may bring it back.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from registry import contract

FIELD_MANAGER: Final = "netpol-registry-http"
"""Ours, so that managedFields say which labels were set over HTTP."""

_TOOLS: Final = re.compile(r"argo-?cd|kustomize|helm|flux|kubectl-client-side-apply", re.IGNORECASE)
"""Tools that apply what is in Git without server-side apply."""


class _Entry(msgspec.Struct):
    manager: str = ""
    operation: str = ""
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict, name="fieldsV1")

    def holds(self, part: str, key: str) -> bool:
        """Whether it wrote one label or annotation."""
        return f"f:{key}" in self.fields.get("f:metadata", {}).get(f"f:{part}", {})

    @property
    def applies(self) -> bool:
        """Whether the manager writes the same again."""
        return self.operation == "Apply" or bool(_TOOLS.search(self.manager))


class _Meta(msgspec.Struct, rename="camel"):
    managed_fields: list[_Entry] = []


class _Object(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


def who_brings_back(raw: bytes, template: str) -> list[str]:
    """Warnings for the label and the annotation of a template, from an object's JSON."""
    label, annotation = (
        contract.TEMPLATE_LABEL_PREFIX + template,
        contract.PARAMETERS_ANNOTATION_PREFIX + template,
    )
    entries = [one for one in msgspec.json.decode(raw, type=_Object).metadata.managed_fields if one.applies]
    return [
        *_warnings(entries, "labels", f"Label {label}", label),
        *_warnings(entries, "annotations", f"Annotation {annotation}", annotation),
    ]


def _warnings(entries: list[_Entry], part: str, what: str, key: str) -> Iterator[str]:
    for manager in sorted({one.manager for one in entries if one.holds(part, key)}):
        yield f"{what} is applied by {manager}, which may bring it back: change it in Git or its files too."
