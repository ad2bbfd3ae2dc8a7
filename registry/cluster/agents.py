"""What shows which network plugin there is, from JSON: DaemonSets of known ones, and Nodes of k3s. Pure."""

from typing import Final

import msgspec

from registry.cluster.facts import Told, told
from registry.cluster.metadata import Meta
from registry.connectivity.plugins import Agent, AgentContainer, NodeFacts, is_known

_K3S: Final = "+k3s"
_ARGUMENTS: Final = "k3s.io/node-args"
"""A JSON list, such as `["server", "--disable-network-policy"]`."""


class ToldAgent(Told, frozen=True, kw_only=True):
    """A DaemonSet of a network plugin."""

    agent: Agent


class ToldNode(Told, frozen=True, kw_only=True):
    """A Node of k3s."""

    facts: NodeFacts


class _Container(msgspec.Struct, gc=False):
    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None


class _PodSpec(msgspec.Struct, gc=False):
    containers: list[_Container] | None = None


class _Template(msgspec.Struct, gc=False):
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _DaemonSetSpec(msgspec.Struct, gc=False):
    template: _Template = msgspec.field(default_factory=_Template)


class _DaemonSet(msgspec.Struct, gc=False):
    metadata: Meta
    spec: _DaemonSetSpec = msgspec.field(default_factory=_DaemonSetSpec)


class _NodeInfo(msgspec.Struct, rename="camel", gc=False):
    kubelet_version: str = ""


class _NodeStatus(msgspec.Struct, rename="camel", gc=False):
    node_info: _NodeInfo = msgspec.field(default_factory=_NodeInfo)


class _Node(msgspec.Struct, gc=False):
    metadata: Meta
    status: _NodeStatus = msgspec.field(default_factory=_NodeStatus)


class _Named(msgspec.Struct, gc=False):
    metadata: Meta


_NAMED: Final = msgspec.json.Decoder(_Named)
_DAEMON_SET: Final = msgspec.json.Decoder(_DaemonSet)
_NODE: Final = msgspec.json.Decoder(_Node)
_WORDS: Final = msgspec.json.Decoder(tuple[str, ...])


def decode_agent(raw: bytes) -> ToldAgent | None:
    """A DaemonSet of a network plugin that is known; None for any other."""
    meta = _NAMED.decode(raw).metadata
    if not is_known(meta.namespace, meta.name):
        return None
    containers = _DAEMON_SET.decode(raw).spec.template.spec.containers or ()
    read = tuple(
        AgentContainer(one.name, one.image, (*(one.command or ()), *(one.args or ()))) for one in containers
    )
    return ToldAgent(**told(meta), agent=Agent(meta.namespace, meta.name, read))


def decode_k3s_node(raw: bytes) -> ToldNode | None:
    """A Node of k3s; None for any other."""
    found = _NODE.decode(raw)
    version = found.status.node_info.kubelet_version
    if _K3S not in version:
        return None
    given = (found.metadata.annotations or {}).get(_ARGUMENTS, "[]")
    try:
        arguments = _WORDS.decode(given)
    except msgspec.MsgspecError:
        arguments = ()
    return ToldNode(**told(found.metadata), facts=NodeFacts(found.metadata.name, version, arguments))
