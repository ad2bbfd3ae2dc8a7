"""Pods out of their JSON: as a pod template says them, or as one lives."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from registry.cluster import watch
from registry.cluster.client import Requests
from registry.cluster.resources import PODS
from registry.cluster.selectors import selector_text
from registry.planning.objects import Selector
from registry.planning.pods import Pods, Port


class _Port(msgspec.Struct, rename="camel", gc=False):
    container_port: int
    name: str = ""
    protocol: str = "TCP"


class Container(msgspec.Struct, rename="camel", gc=False):
    """A container, by its ports; a sidecar has the restart policy Always."""

    ports: list[_Port] | None = None
    restart_policy: str = ""


class PodSpec(msgspec.Struct, rename="camel", gc=False):
    """What counts of a pod's spec."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    host_network: bool = False


class PodMeta(msgspec.Struct, gc=False):
    """What counts of a pod's metadata."""

    labels: dict[str, str] | None = None


class PodTemplate(msgspec.Struct, gc=False):
    """A pod template, or a Pod."""

    metadata: PodMeta = msgspec.field(default_factory=PodMeta)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)


_POD: Final = msgspec.json.Decoder(PodTemplate)


def pods_of(labels: Mapping[str, str] | None, spec: PodSpec) -> Pods:
    """The pods with these labels and this spec."""
    containers = list(_running(spec))
    return Pods(
        labels=tuple(map(_label, sorted(labels.items()))) if labels else (),
        ports=_shared(tuple(_ports(containers))),
        undeclared=not all(container.ports for container in containers),
        host_network=spec.host_network,
    )


def decode_template(raw: bytes | msgspec.Raw) -> Pods | None:
    """The pods of what may be a pod template; None where it is none, such as one without containers."""
    try:
        found = _POD.decode(raw)
    except msgspec.ValidationError:
        return None
    return pods_of(found.metadata.labels, found.spec) if found.spec.containers else None


async def living_pods(client: Requests, namespace: str, selector: Selector) -> Pods | None:
    """What a Pod that is selected there now says of those like it, None without one. Raises ApiError."""
    query: dict[str, str | int] = {"labelSelector": selector_text(selector), "limit": 1}
    page = watch.decode_page(await client.get(PODS.path(namespace), query))
    return next((decode_template(item) for item in page.items), None)


def _running(spec: PodSpec) -> Iterator[Container]:
    """Containers that run while the pod does, sidecars among them.

    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    yield from spec.containers or ()
    yield from (one for one in spec.init_containers or () if one.restart_policy == "Always")


def _ports(containers: Iterable[Container]) -> Iterator[Port]:
    for container in containers:
        for port in container.ports or ():
            yield Port(port.protocol, port.container_port, port.name)


# Thousands of workloads declare the same few ports, and share most of their labels.
@lru_cache(maxsize=4096)
def _shared(ports: tuple[Port, ...]) -> frozenset[Port]:
    return frozenset(ports)


@lru_cache(maxsize=4096)
def _label(pair: tuple[str, str]) -> tuple[str, str]:
    return pair
