"""The change of one template's label and annotation on a workload: what it is, and its write.

The write is a JSON merge patch of these two alone, with the resourceVersion that was read.
"""

from typing import Any

import msgspec

from registry import contract
from registry.cluster.client import Requests
from registry.cluster.errors import Conflict
from registry.cluster.resources import Resource
from registry.http.workloads.body import AttachBody
from registry.http.workloads.field_owners import FIELD_MANAGER
from registry.model.documents import canonical
from registry.model.merge_patch import merge_patch
from registry.model.parameters import load_parameters
from registry.model.problems import Invalid
from registry.planning.objects import Workload


class Change(msgspec.Struct, frozen=True):
    """What the label and the annotation of a template are to say; None for not being there."""

    template: str
    workload: Workload
    value: str | None
    parameters: str | None

    @property
    def needed(self) -> bool:
        """Whether anything is to be written."""
        return "labels" in self._metadata() or "annotations" in self._metadata()

    def patch(self) -> dict[str, Any]:
        """The JSON merge patch (RFC 7396): null removes."""
        return {"metadata": {"resourceVersion": self.workload.resource_version, **self._metadata()}}

    def applied_to(self, raw: bytes) -> bytes:
        """The workload's JSON with the change."""
        return msgspec.json.encode(merge_patch(msgspec.json.decode(raw), self.patch()))

    def _metadata(self) -> dict[str, Any]:
        name, workload = self.template, self.workload
        found: dict[str, Any] = {}
        if workload.references.get(name) != self.value:
            found["labels"] = {contract.TEMPLATE_LABEL_PREFIX + name: self.value}
        if workload.parameters.get(name) != self.parameters:
            found["annotations"] = {contract.PARAMETERS_ANNOTATION_PREFIX + name: self.parameters}
        return found


def attach(workload: Workload, template: str, asked: AttachBody) -> Change:
    """Have the template as asked. Parameters that mean the same as those there stay as they are written."""
    text = workload.parameters.get(template)
    if asked.parameters is not None and asked.parameters != _read(text):
        text = canonical(asked.parameters).decode()
    return Change(template, workload, asked.value, text)


def detach(workload: Workload, template: str) -> Change:
    """Have the template no more."""
    return Change(template, workload, None, None)


async def write(client: Requests, resource: Resource, change: Change) -> bool:
    """Write it; False where the workload was changed since it was read. Raises ApiError."""
    path = resource.path(change.workload.namespace, change.workload.name)
    try:
        await client.merge_patch(path, change.patch(), {"fieldManager": FIELD_MANAGER})
    except Conflict:
        return False
    return True


def _read(text: str | None) -> dict[str, object] | None:
    try:
        return None if text is None else load_parameters(text)
    except Invalid:
        return None
