"""Objects that tell facts of the cluster, from their JSON: of each only what counts. Pure."""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Final

import msgspec

from registry.cluster.metadata import Meta
from registry.cluster.resources import Resource
from registry.planning.objects import Key

_HELM_NAMESPACE: Final = "meta.helm.sh/release-namespace"
"""What Helm writes on all that it installs: https://helm.sh/docs/topics/charts_tips_and_tricks/"""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What informers need to know of an object."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class Service(Told, frozen=True, kw_only=True):
    """A Service, by the labels of its pods."""

    selector: dict[str, str] = {}


class NodeCache(Told, frozen=True, kw_only=True):
    """A DaemonSet of NodeLocal DNSCache: where it listens, if it says so, and the labels of its pods."""

    labels: dict[str, str] = {}
    addresses: tuple[str, ...] = ()
    host_network: bool = False


class ControllerClass(Told, frozen=True, kw_only=True):
    """An IngressClass or GatewayClass: its controller, and the namespace of the Helm release that made it."""

    key: Key
    controller: str = ""
    release_namespace: str = ""


class Ranges(Told, frozen=True, kw_only=True):
    """A Node or ServiceCIDR, by the address ranges that it gives."""

    blocks: tuple[str, ...] = ()


class _ServiceSpec(msgspec.Struct, gc=False):
    selector: dict[str, str] | None = None


class _Service(msgspec.Struct, gc=False):
    metadata: Meta
    spec: _ServiceSpec = msgspec.field(default_factory=_ServiceSpec)


class _Container(msgspec.Struct, gc=False):
    args: list[str] | None = None
    command: list[str] | None = None


class _PodSpec(msgspec.Struct, rename="camel", gc=False):
    containers: list[_Container] | None = None
    host_network: bool = False


class _PodMeta(msgspec.Struct, gc=False):
    labels: dict[str, str] | None = None


class _PodTemplate(msgspec.Struct, gc=False):
    metadata: _PodMeta = msgspec.field(default_factory=_PodMeta)
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _LabelSelector(msgspec.Struct, rename="camel", gc=False):
    match_labels: dict[str, str] | None = None


class _DaemonSetSpec(msgspec.Struct, gc=False):
    selector: _LabelSelector = msgspec.field(default_factory=_LabelSelector)
    template: _PodTemplate = msgspec.field(default_factory=_PodTemplate)


class _DaemonSet(msgspec.Struct, gc=False):
    metadata: Meta
    spec: _DaemonSetSpec = msgspec.field(default_factory=_DaemonSetSpec)


class _ClassSpec(msgspec.Struct, rename="camel", gc=False):
    controller: str = ""
    controller_name: str = ""


class _Class(msgspec.Struct, gc=False):
    metadata: Meta
    spec: _ClassSpec = msgspec.field(default_factory=_ClassSpec)


class _RangesSpec(msgspec.Struct, gc=False):
    """The members of a Node and of a ServiceCIDR together."""

    pod_cidrs: list[str] | None = msgspec.field(default=None, name="podCIDRs")
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    cidrs: list[str] | None = None


class _Ranges(msgspec.Struct, gc=False):
    metadata: Meta
    spec: _RangesSpec = msgspec.field(default_factory=_RangesSpec)


_SERVICE: Final = msgspec.json.Decoder(_Service)
_DAEMON_SET: Final = msgspec.json.Decoder(_DaemonSet)
_CLASS: Final = msgspec.json.Decoder(_Class)
_RANGES: Final = msgspec.json.Decoder(_Ranges)


def decode_service(raw: bytes) -> Service:
    """A Service."""
    found = _SERVICE.decode(raw)
    return Service(**told(found.metadata), selector=found.spec.selector or {})


def decode_node_cache(raw: bytes) -> NodeCache | None:
    """A DaemonSet of NodeLocal DNSCache; None for any other.

    Its pods bear `k8s-app: node-local-dns`, and `-localip` lists its addresses:
    https://github.com/kubernetes/kubernetes/blob/master/cluster/addons/dns/nodelocaldns/nodelocaldns.yaml
    """
    found = _DAEMON_SET.decode(raw)
    template = found.spec.template
    if (template.metadata.labels or {}).get("k8s-app") != "node-local-dns":
        return None
    words = [word for one in template.spec.containers or () for word in _words(one)]
    return NodeCache(
        **told(found.metadata),
        labels=found.spec.selector.match_labels or {},
        addresses=tuple(dict.fromkeys(_addresses(words))),
        host_network=template.spec.host_network,
    )


def class_decoder(resource: Resource) -> Callable[[bytes], ControllerClass]:
    """A decoder for IngressClasses or GatewayClasses."""

    def decode(raw: bytes) -> ControllerClass:
        found = _CLASS.decode(raw)
        return ControllerClass(
            **told(found.metadata),
            key=Key(resource.group, resource.kind, "", found.metadata.name),
            controller=found.spec.controller or found.spec.controller_name,
            release_namespace=(found.metadata.annotations or {}).get(_HELM_NAMESPACE, ""),
        )

    return decode


def decode_ranges(raw: bytes) -> Ranges:
    """A Node by its Pod ranges, or a ServiceCIDR."""
    found = _RANGES.decode(raw)
    spec = found.spec
    blocks = spec.cidrs or spec.pod_cidrs or ([spec.pod_cidr] if spec.pod_cidr else [])
    return Ranges(**told(found.metadata), blocks=tuple(blocks))


def told(meta: Meta) -> dict[str, str]:
    """The members of a Told."""
    return {
        "name": meta.name,
        "namespace": meta.namespace,
        "uid": meta.uid,
        "resource_version": meta.resource_version,
    }


def _words(container: _Container) -> Iterable[str]:
    return (*(container.command or ()), *(container.args or ()))


def _addresses(words: list[str]) -> Iterator[str]:
    """What stands behind `-localip`, also with two dashes or `=`, as Go reads flags."""
    for place, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag.lstrip("-") != "localip" or not flag.startswith("-"):
            continue
        text = value if equals else next(iter(words[place + 1 :]), "")
        yield from (part.strip() for part in text.split(",") if _is_address(part.strip()))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
