"""The JSON of what the store writes. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from registry import contract
from registry.model.documents import canonical, dump_yaml
from registry.model.template import Template
from registry.planning.catalogue import Revision
from registry.planning.pins import Pins, written
from registry.planning.rollouts import Rollout, Status
from registry.store.objects import (
    ABANDONED,
    CATALOGUE,
    DOCUMENT_KEY,
    PINS,
    REVISION,
    ROLLOUT,
    ROLLOUT_KEY,
    STATUS_KEY,
    pins_name,
    record_name,
    rollout_name,
)

Body = Mapping[str, Any]


def now() -> str:
    """This moment in RFC 3339, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record_body(store: str, revision: Revision, parent: int) -> Body:
    """The immutable ConfigMap of a revision; its document keeps its author's order of keys."""
    template = revision.template
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "immutable": True,
        "metadata": {
            "name": record_name(store, revision.name, revision.number),
            "labels": _labels(REVISION)
            | {contract.TEMPLATE_LABEL: revision.name, contract.REVISION_LABEL: str(revision.number)},
            "annotations": {
                contract.AUTHOR_ANNOTATION: revision.author,
                contract.TIME_ANNOTATION: revision.time,
                contract.MESSAGE_ANNOTATION: revision.message,
                contract.DIGEST_ANNOTATION: revision.digest,
                contract.PARENT_ANNOTATION: str(parent),
            },
        },
        "data": {DOCUMENT_KEY: msgspec.json.encode(template.document).decode()} if template else {},
    }


def main_body(store: str, texts: Mapping[str, str | None], heads: Mapping[str, int]) -> Body:
    """A new catalogue ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": store, **_main_metadata(heads)},
        "data": {key: text for key, text in texts.items() if text is not None},
    }


def main_patch(resource_version: str, texts: Mapping[str, str | None], heads: Mapping[str, int]) -> Body:
    """A merge patch of the catalogue ConfigMap, conditional on its resourceVersion; None removes a key."""
    return {"metadata": {"resourceVersion": resource_version, **_main_metadata(heads)}, "data": texts}


def abandon_patch() -> Body:
    """A merge patch that marks a record as one that never came into force."""
    return {"metadata": {"annotations": {contract.STATE_ANNOTATION: ABANDONED}}}


def rollout_body(store: str, rollout: Rollout, resource_version: str = "") -> Body:
    """The ConfigMap of a rollout that begins; with a resourceVersion, in the place of that one."""
    conditional = {"resourceVersion": resource_version} if resource_version else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": rollout_name(store, rollout.template),
            "labels": _labels(ROLLOUT) | {contract.TEMPLATE_LABEL: rollout.template},
            **conditional,
        },
        "data": {
            ROLLOUT_KEY: msgspec.json.encode(rollout).decode(),
            STATUS_KEY: msgspec.json.encode(Status()).decode(),
        },
    }


def status_patch(resource_version: str, status: Status) -> Body:
    """A merge patch of a rollout's status, conditional on its resourceVersion."""
    return {
        "metadata": {"resourceVersion": resource_version},
        "data": {STATUS_KEY: msgspec.json.encode(status).decode()},
    }


def pins_body(store: str, template: str, pins: Pins) -> Body:
    """The ConfigMap of a template's first pins."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": pins_name(store, template),
            "labels": _labels(PINS) | {contract.TEMPLATE_LABEL: template},
        },
        "data": written(pins),
    }


def pins_patch(resource_version: str, before: Pins, after: Pins) -> Body:
    """A merge patch from some pins to others, conditional on the ConfigMap's resourceVersion."""
    old, new = written(before), written(after)
    changed = {name: new.get(name) for name in {*old, *new} if old.get(name) != new.get(name)}
    return {"metadata": {"resourceVersion": resource_version}, "data": changed}


def delete_options(uid: str, resource_version: str) -> Body:
    """DeleteOptions for an object that is still the one that was looked at."""
    return {"preconditions": {"uid": uid, "resourceVersion": resource_version}}


def text_of(template: Template) -> str:
    """The template as people read it in the ConfigMap."""
    return dump_yaml(template.document)


def _main_metadata(heads: Mapping[str, int]) -> dict[str, Any]:
    return {
        "labels": _labels(CATALOGUE),
        "annotations": {contract.HEADS_ANNOTATION: canonical(heads).decode()},
    }


def _labels(component: str) -> dict[str, str]:
    return {contract.MANAGED_BY_LABEL: contract.MANAGER, contract.COMPONENT_LABEL: component}
