"""The cluster as lint looks at it: namespaces with their labels, and the pods that workloads make.

Read by lists, on request; nothing of it is kept or watched.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from registry.cluster.client import Client
from registry.cluster.listing import listed
from registry.cluster.resources import DAEMON_SETS, DEPLOYMENTS, NAMESPACES, STATEFUL_SETS, Resource
from registry.lint.place import Place, Pods, Port, place_of
from registry.planning.objects import Key

PICTURED: Final = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
"""Kinds whose pods are looked at: with those that others make, each request would read every Pod."""


class _Meta(msgspec.Struct, gc=False):
    name: str = ""
    namespace: str = ""
    labels: dict[str, str] | None = None


class _Port(msgspec.Struct, rename="camel", gc=False):
    container_port: int
    name: str = ""
    protocol: str = "TCP"


class _Container(msgspec.Struct, rename="camel", gc=False):
    ports: list[_Port] | None = None
    restart_policy: str = ""


class _PodSpec(msgspec.Struct, rename="camel", gc=False):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    host_network: bool = False


class _PodTemplate(msgspec.Struct, gc=False):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _WorkloadSpec(msgspec.Struct, gc=False):
    template: _PodTemplate = msgspec.field(default_factory=_PodTemplate)


class _Workload(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _WorkloadSpec = msgspec.field(default_factory=_WorkloadSpec)


class _Namespace(msgspec.Struct, gc=False):
    metadata: _Meta


_WORKLOAD: Final = msgspec.json.Decoder(_Workload)
_NAMESPACE: Final = msgspec.json.Decoder(_Namespace)


def decode_pods(resource: Resource, raw: bytes) -> tuple[Key, Pods]:
    """The key of a workload with its pod template at `spec.template`, and the pods it makes."""
    found = _WORKLOAD.decode(raw)
    meta = found.metadata
    return Key(resource.group, resource.kind, meta.namespace, meta.name), _pods(found.spec.template)


def decode_labels(raw: bytes) -> tuple[str, dict[str, str]]:
    """The name and the labels of a Namespace, from its JSON."""
    meta = _NAMESPACE.decode(raw).metadata
    return meta.name, meta.labels or {}


async def read_place(client: Client) -> Place:
    """The cluster as it is now, listed in pages. Raises ApiError."""
    kinds = (_read_workloads(client, resource) for resource in PICTURED)
    namespaces, workloads = await asyncio.gather(_read_namespaces(client), asyncio.gather(*kinds))
    return place_of(namespaces, [one for kind in workloads for one in kind])


async def _read_namespaces(client: Client) -> dict[str, dict[str, str]]:
    return dict([decode_labels(raw) async for raw in listed(client, NAMESPACES.path())])


async def _read_workloads(client: Client, resource: Resource) -> list[tuple[Key, Pods]]:
    return [decode_pods(resource, raw) async for raw in listed(client, resource.path())]


def _pods(template: _PodTemplate) -> Pods:
    containers = list(_running(template.spec))
    return Pods(
        labels=tuple(sorted((template.metadata.labels or {}).items())),
        ports=frozenset(_ports(containers)),
        undeclared=not all(container.ports for container in containers),
        host_network=template.spec.host_network,
    )


def _running(spec: _PodSpec) -> Iterator[_Container]:
    """Containers that run while the pod does, sidecars among them.

    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    yield from spec.containers or ()
    yield from (one for one in spec.init_containers or () if one.restart_policy == "Always")


def _ports(containers: Iterable[_Container]) -> Iterator[Port]:
    for container in containers:
        for port in container.ports or ():
            yield Port(port.protocol, port.container_port, port.name)
