"""The store's ConfigMaps as read from the API server. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from registry import contract
from registry.model.compact import CompactTemplate
from registry.planning.catalogue import Revision
from registry.planning.objects import Key
from registry.planning.pins import Pin, read
from registry.planning.rollouts import Rollout, Status

CATALOGUE: Final = "catalogue"
REVISION: Final = "revision"
ROLLOUT: Final = "rollout"
PINS: Final = "pins"
ABANDONED: Final = "abandoned"
DOCUMENT_KEY: Final = "document"
ROLLOUT_KEY: Final = "rollout"
STATUS_KEY: Final = "status"
KEY_SUFFIX: Final = ".yaml"


class StoredConfigMap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The catalogue ConfigMap. `texts` are its values by key.

    `heads` is the committed revision of each template, or None when that annotation is lost or spoiled;
    `labelled` tells whether it bears the label by which it is watched.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    texts: Mapping[str, str] = {}
    heads: Mapping[str, int] | None = None
    labelled: bool = True
    managed_fields: bytes = b"[]"


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The ConfigMap of one revision; `parent` is the revision it was based on, 0 for the first."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    revision: Revision
    parent: int
    abandoned: bool = False


class StoredRollout(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The ConfigMap of a template's current or last rollout."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    rollout: Rollout
    status: Status


class StoredPins(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The ConfigMap of a template's pins."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    template: str
    pins: Mapping[Key, Pin]


class Other(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A ConfigMap that is none of this store's."""

    namespace: str
    name: str
    uid: str
    resource_version: str


Stored = StoredConfigMap | Record | StoredRollout | StoredPins | Other


class _Meta(msgspec.Struct, rename="camel", gc=False):
    name: str
    namespace: str
    uid: str
    resource_version: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    managed_fields: msgspec.Raw = msgspec.Raw(b"[]")


class _ConfigMap(msgspec.Struct, gc=False):
    metadata: _Meta
    data: dict[str, str] = {}


_CONFIG_MAP: Final = msgspec.json.Decoder(_ConfigMap)
_HEADS: Final = msgspec.json.Decoder(dict[str, int])
_ROLLOUT: Final = msgspec.json.Decoder(Rollout)
_STATUS: Final = msgspec.json.Decoder(Status)


def key_of(name: str) -> str:
    """The key of a template in the catalogue ConfigMap."""
    return name + KEY_SUFFIX


def record_name(store: str, template: str, number: int) -> str:
    """The name of a revision's ConfigMap: template names hold no dot, so this is never ambiguous."""
    return f"{store}.{template}.v{number}"


def rollout_name(store: str, template: str) -> str:
    """The name of the ConfigMap of a template's rollout."""
    return f"{store}.{template}.rollout"


def pins_name(store: str, template: str) -> str:
    """The name of the ConfigMap of a template's pins."""
    return f"{store}.{template}.pins"


class Decoder:
    """Decodes the ConfigMaps of one store; a recorded document is parsed once, however often it is seen."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._parsed: dict[str, CompactTemplate | None] = {}

    def __call__(self, raw: bytes) -> Stored:
        """What the JSON of a ConfigMap is to this store."""
        found = _CONFIG_MAP.decode(raw)
        if found.metadata.name == self._store:
            return _catalogue(found)
        return (
            self._record(found)
            or _rollout(self._store, found)
            or _pins(self._store, found)
            or _other(found.metadata)
        )

    def forget(self, record: Record) -> None:
        """Drop what was kept of a record that is gone."""
        self._parsed.pop(record.uid, None)

    def _record(self, found: _ConfigMap) -> Record | None:
        meta = found.metadata
        template = meta.labels.get(contract.TEMPLATE_LABEL, "")
        number = _number(meta.labels.get(contract.REVISION_LABEL))
        if number is None or meta.name != record_name(self._store, template, number):
            return None
        try:
            document = self._template(meta.uid, found.data.get(DOCUMENT_KEY, ""))
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
            return None  # not what we write: as good as missing
        digest = meta.annotations.get(contract.DIGEST_ANNOTATION, "")
        if document and (document.digest != digest or document.name != template):
            return None
        return Record(
            namespace=meta.namespace,
            name=meta.name,
            uid=meta.uid,
            resource_version=meta.resource_version,
            revision=_revision(meta, number, document),
            parent=_parent(meta, number),
            abandoned=meta.annotations.get(contract.STATE_ANNOTATION) == ABANDONED,
        )

    def _template(self, uid: str, text: str) -> CompactTemplate | None:
        if uid not in self._parsed:
            self._parsed[uid] = CompactTemplate(text) if text else None
        return self._parsed[uid]


def _catalogue(found: _ConfigMap) -> StoredConfigMap:
    meta = found.metadata
    return StoredConfigMap(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        texts=found.data,
        heads=_heads(meta.annotations.get(contract.HEADS_ANNOTATION)),
        labelled=meta.labels.get(contract.COMPONENT_LABEL) == CATALOGUE,
        managed_fields=bytes(meta.managed_fields),
    )


def _rollout(store: str, found: _ConfigMap) -> StoredRollout | None:
    meta = found.metadata
    if meta.name != rollout_name(store, meta.labels.get(contract.TEMPLATE_LABEL, "")):
        return None
    try:
        rollout = _ROLLOUT.decode(found.data.get(ROLLOUT_KEY, ""))
        status = _STATUS.decode(found.data.get(STATUS_KEY, ""))
    except msgspec.MsgspecError:
        return None  # not what we write: as good as missing
    if rollout.template != meta.labels[contract.TEMPLATE_LABEL]:
        return None
    return StoredRollout(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        rollout=rollout,
        status=status,
    )


def _pins(store: str, found: _ConfigMap) -> StoredPins | None:
    meta = found.metadata
    template = meta.labels.get(contract.TEMPLATE_LABEL, "")
    if meta.name != pins_name(store, template):
        return None
    return StoredPins(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        template=template,
        pins=read(found.data),
    )


def _other(meta: _Meta) -> Other:
    return Other(
        namespace=meta.namespace, name=meta.name, uid=meta.uid, resource_version=meta.resource_version
    )


def _revision(meta: _Meta, number: int, template: CompactTemplate | None) -> Revision:
    return Revision(
        name=meta.labels[contract.TEMPLATE_LABEL],
        number=number,
        author=meta.annotations.get(contract.AUTHOR_ANNOTATION, ""),
        time=meta.annotations.get(contract.TIME_ANNOTATION, ""),
        message=meta.annotations.get(contract.MESSAGE_ANNOTATION, ""),
        digest=template.digest if template else "",
        template=template,
    )


def _heads(text: str | None) -> Mapping[str, int] | None:
    try:
        return _HEADS.decode(text) if text is not None else None
    except msgspec.MsgspecError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and text[0] != "0" else None


def _parent(meta: _Meta, number: int) -> int:
    """The recorded parent; the number before when that annotation was stripped."""
    text = meta.annotations.get(contract.PARENT_ANNOTATION, "")
    parent = int(text) if text.isascii() and text.isdigit() else number - 1
    return min(parent, number - 1)
