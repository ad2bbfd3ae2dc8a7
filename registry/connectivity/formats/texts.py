"""Parts of JSON documents as a person reads them: workloads, nodes, ends of connections."""

from collections.abc import Sequence
from typing import Final

from registry.connectivity.exposure import OWN
from registry.connectivity.formats.ends import Document

MOST_BLOCKS: Final = 8
"""CIDR blocks that a cell names; the JSON document has all of them."""

_NODES: Final = {
    "unrestricted": "all whose egress no policy isolates",
    "unprotected": "all whose ingress no policy isolates",
    "host": "all on the host's network",
    "hidden": "namespaces that you may not see",
}


def end_shown(end: Document) -> str:
    """One end of connections in a line: `shop: Deployment.apps/web; ops: all 12; 10.0.0.0/8`."""
    found = [*map(_namespace_shown, end["namespaces"])]
    if end["more"]["namespaces"]:
        found.append(f"{end['more']['workloads']} in {end['more']['namespaces']} more namespaces")
    if end["hidden"]:
        found.append(f"{end['hidden']} in namespaces that you may not see")
    if end["addresses"]:
        found.append(_some(end["addresses"]))
    return "; ".join(found) or "nobody"


def workload_shown(workload: Document) -> str:
    """A workload as kubectl names it, with its namespace: `shop/Deployment.apps/web`."""
    return f"{workload['namespace']}/{in_namespace(workload)}"


def in_namespace(workload: Document) -> str:
    """The same without its namespace."""
    group = f".{workload['group']}" if workload["group"] else ""
    variant = f" ({workload['variant']})" if "variant" in workload else ""
    return f"{workload['kind']}{group}/{workload['name']}{variant}"


def peer_shown(peer: Document) -> str:
    """A workload or an address."""
    return str(peer["address"]) if "address" in peer else workload_shown(peer)


def node_shown(node: Document) -> str:
    """A node of a graph, as a person reads it."""
    match node["kind"]:
        case "namespace":
            return str(node["name"])
        case "entrance":
            return f"outside, via {node['name']}"
        case "workload":
            return f"{node['namespace']}/{node['name']}"
        case "addresses" if node["blocks"]:
            return f"{node['blocks']} blocks of {node['name']} addresses"
        case "addresses":
            return _some(node["addresses"])
        case kind:
            return _NODES[kind]


def origin_shown(policy: Document) -> str:
    """Where a policy comes from: `postgres revision 3 on shop/StatefulSet.apps/db`; empty for unmanaged."""
    origin = policy["origin"]
    if origin is None:
        return ""
    return f"{origin['template']} revision {origin['revision']} on {workload_shown(origin['on'])}"


def connection_shown(change: Document) -> str:
    """Who reaches whom, and at which ports."""
    ports = ", ".join(change["added"] or change["removed"])
    return f"{end_shown(change['sources'])} to {end_shown(change['destinations'])} at {ports}"


def stranger_shown(reach: Document) -> str:
    """Addresses, or pods by selectors."""
    if reach["kind"] == "pods":
        return f"{_pods_shown(reach['pods'])} in {_namespaces_shown(reach['namespaces'])}"
    listed = _some(reach["addresses"])
    return listed if reach["kind"] == "addresses" else f"{reach['kind']}: {listed}"


def _pods_shown(selector: str) -> str:
    return "any pod" if selector == "all" else f"pods with {selector}"


def _namespaces_shown(selector: str) -> str:
    if selector == OWN:
        return "the same namespace"
    return "any namespace" if selector == "all" else f"namespaces with {selector}"


def _namespace_shown(part: Document) -> str:
    named = [in_namespace(one) for one in part["workloads"]]
    more = part["count"] - len(named)
    if not named:
        return f"{part['namespace']}: {'all ' if part['all'] else ''}{part['count']}"
    return f"{part['namespace']}: {', '.join(named)}" + (f" and {more} more" if more else "")


def _some(blocks: Sequence[str]) -> str:
    """The first CIDR blocks, and how many others: all addresses but a few may take hundreds."""
    more = len(blocks) - MOST_BLOCKS
    return ", ".join(blocks[:MOST_BLOCKS]) + (f" and {more} more blocks" if more > 0 else "")
