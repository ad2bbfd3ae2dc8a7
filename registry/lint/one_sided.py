"""Finds rules that name pods by their labels which can never use them: policies at the other end deny it.

Certain only where no pod, there or to come, could do otherwise: the peer's namespaces are its own or named,
all of their policies are known, and nothing but NetworkPolicies decides. Rules for whole namespaces and for
addresses are mostly the wide base that the other end narrows, so they say nothing here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from registry.connectivity.ports import PolicyPort, Ports, read_ports
from registry.connectivity.ports import shown as shown_ports
from registry.connectivity.rules import read_peers
from registry.contract import NAME_LABEL
from registry.lint.codes import ONE_SIDED
from registry.lint.findings import Finding, Severity
from registry.lint.other_ends import Direction, FarEnd, NearEnd
from registry.lint.place import Place, Target, shown_selector
from registry.lint.view import Peer, Rule, View
from registry.planning.exclusion import requirements
from registry.planning.pods import Pods

_OTHER: Final[Mapping[str, Direction]] = {"ingress": "egress", "egress": "ingress"}


class _Scene(NamedTuple):
    view: View
    place: Place
    target: Target
    pods: Pods


def one_sided(seen: View) -> Iterator[Finding]:
    """Find peers that cannot use what a rule allows them, since policies at their end deny it."""
    around = seen.surroundings
    target = around.target
    if around.place is None or target is None or target.pods is None or target.pods.host_network:
        return
    scene = _Scene(seen, around.place, target, target.pods)
    for direction, rules in seen.rules.items() if around.policies.policies else ():
        for rule in rules:
            yield from _found(rule, _OTHER[direction], scene)


def _found(rule: Rule, other: Direction, scene: _Scene) -> Iterator[Finding]:
    ports = _ports(rule)
    refused = [peer for peer in rule.peers if _is_refused(peer, other, ports, scene)]
    severity: Severity = "warning" if len(refused) == len(rule.peers) else "info"
    for peer in refused:
        yield ONE_SIDED.at(peer.pointer, _message(peer, other, ports), severity)


def _is_refused(peer: Peer, other: Direction, ports: Ports, scene: _Scene) -> bool:
    selector = peer.value.get("podSelector")
    names = _namespaces(peer.value, scene)
    if peer.borrowed or not selector or names is None or not _is_there(peer, scene):
        return False
    target = scene.target
    near = NearEnd(
        target.namespace,
        scene.place.namespaces.get(target.namespace, {}),
        dict(scene.pods.labels),
        ports,
    )
    [term] = read_peers([peer.value], target.namespace).terms
    policies, template = scene.view.surroundings.policies, scene.view.template.name
    return all(policies.refuse(FarEnd(name, term.pods, other), template, near) for name in names)


def _namespaces(peer: Mapping[str, Any], scene: _Scene) -> tuple[str, ...] | None:
    """The namespaces of a peer; None where others may come that nobody knows."""
    if "ipBlock" in peer:
        return None
    if "namespaceSelector" not in peer:
        return (scene.target.namespace,)
    by_name = [
        one.values
        for one in requirements(peer["namespaceSelector"])
        if one.key == NAME_LABEL and one.operator == "In"
    ]
    known = scene.place.namespaces
    return by_name[0] if by_name and all(name in known for name in by_name[0]) else None


def _is_there(peer: Peer, scene: _Scene) -> bool:
    """Whether the peer selects pods now that are not merely the template's own."""
    found = scene.place.select(dict(peer.value), scene.target.namespace).pods or ()
    return any(not pods.host_network and pods != scene.pods for pods in found)


def _ports(rule: Rule) -> Ports:
    return read_ports(msgspec.convert(rule.value.get("ports", ()), tuple[PolicyPort, ...]))


def _message(peer: Peer, other: Direction, ports: Ports) -> str:
    selector = shown_selector(peer.value["podSelector"])
    names = [f"{protocol} {name}" for protocol, name in ports.named]
    at = ", ".join([*shown_ports(ports.numbered), *names])
    if other == "egress":
        what = f"no policy there lets them send to these pods at {at}"
    else:
        what = f"no policy there lets these pods in at {at}"
    return f"The {other} of all pods that match podSelector `{selector}` is isolated, and {what}."
