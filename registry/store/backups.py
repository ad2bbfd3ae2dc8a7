"""Policies kept before they are removed: whole manifests, in ConfigMaps of the namespace that they were in.

They need nothing of this product to be read, and stay when it is removed (`kubectl get configmap -o yaml`).
Written and read with the rights of whoever asks.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from registry import contract
from registry.cluster.client import Requests
from registry.cluster.errors import AlreadyExists
from registry.cluster.listing import listed
from registry.cluster.resources import CONFIG_MAPS, NETWORK_POLICIES
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec

BACKUP: Final = "backup"
PREFIX: Final = "netpol-registry-backup-"
KEY_SUFFIX: Final = ".json"
KEY_LENGTH: Final = 240
"""Of a key without its end, which may have 253 characters; the number before it keeps cut ones apart."""
PART_BYTES: Final = 900_000
"""Of one ConfigMap, whose values and metadata together have a limit of 1 MiB."""

LOST: Final = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
"""Metadata that the API server gives anew; the rest comes back as it was."""

Manifest = Mapping[str, Any]
_FIELD_MANAGER: Final = {"fieldManager": contract.MANAGER}
_RESTORER: Final = {"fieldManager": f"{contract.MANAGER}-restore"}
"""Not the controller's own field manager, which is a mark of generated policies."""


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """The policies that were removed at one moment, by name; `parts` are the ConfigMaps that hold them."""

    name: str
    time: str
    author: str
    parts: tuple[str, ...]
    policies: Mapping[str, Manifest]


class Restored(msgspec.Struct, frozen=True):
    """Names of policies: created anew, there already and equal, there already and different."""

    created: tuple[str, ...]
    unchanged: tuple[str, ...]
    differing: tuple[str, ...]


class BackupUnreadable(ValueError):
    """Somebody made or changed a ConfigMap that bears the labels of a backup, and it is none."""

    def __init__(self, name: str) -> None:
        super().__init__(f"ConfigMap {name} bears the labels of a backup and is not one as it was written.")


class _PolicyMeta(msgspec.Struct):
    name: str


class _Policy(msgspec.Struct):
    metadata: _PolicyMeta
    kind: Literal["NetworkPolicy"]


class _Meta(msgspec.Struct):
    name: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _ConfigMap(msgspec.Struct):
    metadata: _Meta
    data: dict[str, str] = {}
    immutable: bool = False


def manifest(raw: bytes) -> Manifest:
    """A policy as it can be created again, from its JSON."""
    found: dict[str, Any] = msgspec.json.decode(raw)
    metadata = {name: value for name, value in found["metadata"].items() if name not in LOST}
    return {
        "apiVersion": NETWORK_POLICIES.api_version,
        "kind": NETWORK_POLICIES.kind,
        "metadata": metadata,
        "spec": found.get("spec", {}),
    }


async def save(
    client: Requests, namespace: str, manifests: Sequence[Manifest], author: str, now: datetime
) -> Backup:
    """Keep policies in a new backup. Raises ApiError, and then some of its parts may be there."""
    name = f"{PREFIX}{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}"
    time = now.isoformat(timespec="milliseconds")
    parts = list(_parts(manifests))
    names = [name if number == 0 else f"{name}-{number + 1}" for number in range(len(parts))]
    for part, data in zip(names, parts, strict=True):
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "immutable": True,
            "metadata": {
                "name": part,
                "labels": {contract.COMPONENT_LABEL: BACKUP, contract.BACKUP_LABEL: name},
                "annotations": {contract.AUTHOR_ANNOTATION: author, contract.TIME_ANNOTATION: time},
            },
            "data": data,
        }
        await client.post(CONFIG_MAPS.path(namespace), body, _FIELD_MANAGER)
    policies = {one["metadata"]["name"]: one for one in manifests}
    return Backup(name=name, time=time, author=author, parts=tuple(names), policies=policies)


async def read(client: Requests, namespace: str) -> list[Backup]:
    """The backups of a namespace, the oldest first. Raises BackupUnreadable, or ApiError."""
    selector = f"{contract.COMPONENT_LABEL}={BACKUP},{contract.BACKUP_LABEL}"
    groups: dict[str, list[_ConfigMap]] = {}
    async for raw in listed(client, CONFIG_MAPS.path(namespace), selector):
        part = msgspec.json.decode(raw, type=_ConfigMap)
        groups.setdefault(part.metadata.labels[contract.BACKUP_LABEL], []).append(part)
    return [_backup(group, groups[group]) for group in sorted(groups)]


async def restore(client: Requests, namespace: str, backup: Backup, *, dry: bool = False) -> Restored:
    """Create what is missing; what is there is left as it is. Raises ApiError."""
    path = NETWORK_POLICIES.path(namespace)
    there = {one["metadata"]["name"]: one async for one in _manifests(client, path)}
    created: list[str] = []
    for name, kept in backup.policies.items():
        if name in there:
            continue
        try:
            await client.post(path, kept, {**_RESTORER, **({"dryRun": "All"} if dry else {})})
        except AlreadyExists:
            continue  # somebody was faster: told as differing, and left alone
        created.append(name)
    rest = [name for name in backup.policies if name not in created]
    same = {name for name in rest if name in there and _same(there[name], backup.policies[name])}
    return Restored(
        tuple(created),
        tuple(name for name in rest if name in same),
        tuple(name for name in rest if name not in same),
    )


async def _manifests(client: Requests, path: str) -> AsyncIterator[Manifest]:
    async for raw in listed(client, path):
        yield manifest(raw)


def _backup(name: str, parts: Sequence[_ConfigMap]) -> Backup:
    ordered = sorted(parts, key=lambda part: (len(part.metadata.name), part.metadata.name))
    annotations = ordered[0].metadata.annotations
    found = [one for part in ordered for one in _kept(part)]
    return Backup(
        name=name,
        time=annotations.get(contract.TIME_ANNOTATION, ""),
        author=annotations.get(contract.AUTHOR_ANNOTATION, ""),
        parts=tuple(part.metadata.name for part in ordered),
        policies={one["metadata"]["name"]: one for one in found},
    )


def _kept(part: _ConfigMap) -> list[dict[str, Any]]:
    """The manifests of a part, which nobody can have changed since it was written."""
    if not part.immutable:
        raise BackupUnreadable(part.metadata.name)
    try:
        for text in part.data.values():
            msgspec.json.decode(text, type=_Policy)
    except msgspec.MsgspecError as error:
        raise BackupUnreadable(part.metadata.name) from error
    return [msgspec.json.decode(text) for text in part.data.values()]


def _parts(manifests: Iterable[Manifest]) -> Iterator[dict[str, str]]:
    """The values of each ConfigMap, none of which is too large."""
    part: dict[str, str] = {}
    size = 0
    for number, one in enumerate(manifests, 1):
        text = msgspec.json.encode(one).decode()
        if part and size + len(text.encode()) > PART_BYTES:
            yield part
            part, size = {}, 0
        part[f"{number}-{one['metadata']['name']}"[:KEY_LENGTH] + KEY_SUFFIX] = text
        size += len(text.encode())
    if part:
        yield part


def _same(one: Manifest, other: Manifest) -> bool:
    """Whether two policies say the same; labels and annotations count."""
    return canonical({**one, "spec": normalise_spec(one.get("spec", {}))}) == canonical(
        {**other, "spec": normalise_spec(other.get("spec", {}))}
    )
