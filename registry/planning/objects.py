"""The cluster's objects as planning sees them: only what a decision needs."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from registry.planning.pods import Pods

Selector = dict[str, Any]
"""A LabelSelector as JSON: `matchLabels`, `matchExpressions`; `{}` selects everything."""


class Key(NamedTuple):
    """What a reference sits on: a workload, or a Namespace (whose `namespace` is its own name)."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def kind_name(self) -> str:
        """`Deployment.apps/db`, in kubectl's order: what the workload annotation holds."""
        return f"{self.kind}.{self.group}/{self.name}" if self.group else f"{self.kind}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind_name} in {self.namespace}"


def namespace_key(name: str) -> Key:
    """The key of a Namespace's own references."""
    return Key("", "Namespace", name, name)


def is_namespace(key: Key) -> bool:
    """Whether `key` names a Namespace."""
    return key.kind == "Namespace" and not key.group


class Workload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A controller of pods. `references` and `parameters` are raw values by template name.

    `pods` are those that it makes, None where it does not say which, as a custom kind may not.
    """

    key: Key
    api_version: str
    uid: str
    resource_version: str
    references: dict[str, str] = {}
    parameters: dict[str, str] = {}
    selector: Selector | None = None
    pods: Pods | None = None
    deleting: bool = False

    @property
    def host_network(self) -> bool:
        """Whether its pods use the host's network."""
        return self.pods is not None and self.pods.host_network

    @property
    def namespace(self) -> str:
        """The namespace it is in."""
        return self.key.namespace

    @property
    def name(self) -> str:
        """Its name."""
        return self.key.name


class Namespace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Namespace. `references` and `parameters` are raw values by template name.

    `leaving`: while it is not managed, generated policies stay behind without our marks.
    """

    name: str
    uid: str
    resource_version: str
    labels: dict[str, str] = {}
    references: dict[str, str] = {}
    parameters: dict[str, str] = {}
    managed: bool = False
    leaving: bool = False
    deleting: bool = False
    namespace: str = ""

    @property
    def key(self) -> Key:
        """The key of its own references."""
        return namespace_key(self.name)


class Manager(NamedTuple):
    """One writer of an object, from its managedFields: `time` in RFC 3339, whole seconds."""

    name: str
    time: str


class LivePolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A NetworkPolicy as it lives in the cluster.

    `spec` is canonical JSON of the normalised spec, so equality of specs is equality of bytes.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owners: tuple[dict[str, Any], ...] = ()
    finalizers: tuple[str, ...] = ()
    managers: tuple[Manager, ...] = ()
    spec: bytes = b"{}"
    deleting: bool = False


class DesiredPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A NetworkPolicy as it should be; `spec` as in LivePolicy, `owner` an ownerReference or None."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: bytes
    owner: Mapping[str, Any] | None = None


class Note(NamedTuple):
    """Something to tell by an Event: `reason` in CamelCase, `message` a sentence for a person.

    `annotations` say the same for programs.
    """

    type: Literal["Normal", "Warning"]
    reason: str
    message: str
    annotations: tuple[tuple[str, str], ...] = ()
