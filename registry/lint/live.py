"""Checks of what a template's rules mean in the cluster as it is now; silent without a picture of it.

Declared container ports are documentation, so a container that declares none may serve any; names of ports
are found by what is declared. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from registry.lint.codes import NAMED_PORT_UNRESOLVED, NEVER_MATCHES, ONE_SIDED, PORT_NOT_SERVED
from registry.lint.findings import Finding, Severity
from registry.lint.one_sided import one_sided
from registry.lint.place import Place, Selected, Target, shown_selector
from registry.lint.view import Peer, Rule, View, placeholders
from registry.model.pointers import join
from registry.planning.pods import Pods, Port

_INJECTED_NAMES: Final = frozenset({"http-envoy-prom", "linkerd-admin", "linkerd-proxy"})
_INJECTED: Final = frozenset({4143, 4190, 4191, 15020, 15021, 15090, 20200})
"""Ports of the sidecars of meshes, which are in the pods and in no pod template."""


class _Scene(NamedTuple):
    place: Place
    target: Target


def _scene(seen: View) -> _Scene | None:
    around = seen.surroundings
    return _Scene(around.place, around.target) if around.place and around.target else None


def never_matches(seen: View) -> Iterator[Finding]:
    """Find peers whose selectors select nothing that is there now."""
    scene = _scene(seen)
    for rules in seen.rules.values() if scene else ():
        for rule in rules:
            yield from _unmatched(rule, scene) if scene else ()


def _unmatched(rule: Rule, scene: _Scene) -> Iterator[Finding]:
    selected = [(peer, _selected(peer, scene)) for peer in rule.peers]
    in_vain = all(one is not None and one.namespaces == () for _, one in selected)
    for peer, one in selected:
        if one is None:
            continue
        if one.namespaces == ():
            severity: Severity = "warning" if in_vain else "info"
            yield NEVER_MATCHES.at(peer.pointer, _no_namespace(peer, scene.place), severity)
        elif one.pods == () and one.looked_at and peer.value.get("podSelector"):
            yield NEVER_MATCHES.at(peer.pointer, _no_pods(peer), "info")


def _selected(peer: Peer, scene: _Scene) -> Selected | None:
    """What a peer selects; None for addresses, and for what is not the author's."""
    if peer.borrowed or "ipBlock" in peer.value:
        return None
    return scene.place.select(dict(peer.value), scene.target.namespace)


def _no_namespace(peer: Peer, place: Place) -> str:
    selector = shown_selector(peer.value["namespaceSelector"])
    return f"None of the cluster's {len(place.namespaces)} namespaces matches namespaceSelector `{selector}`."


def _no_pods(peer: Peer) -> str:
    where = "the policy's own namespace"
    if "namespaceSelector" in peer.value:
        where = f"the namespaces of `{shown_selector(peer.value['namespaceSelector'])}`"
    selector = shown_selector(peer.value["podSelector"])
    return f"No workload in {where} has pods that match podSelector `{selector}`."


def port_not_served(seen: View) -> Iterator[Finding]:
    """Find rules of ingress of which no port is declared by a workload whose containers all declare some."""
    pods = seen.surroundings.target.pods if seen.surroundings.target else None
    if pods is None or pods.host_network or pods.undeclared or not pods.ports:
        return
    rules = [rule for rule in seen.rules.get("ingress", ()) if rule.value.get("ports")]
    in_vain = not any(_may_serve(rule, pods) for rule in rules)
    for rule in rules:
        wanted = [_wanted(port) for port in rule.value["ports"]]
        if not _may_serve(rule, pods):
            other = any(number == port.number for _, number in wanted for port in pods.ports)
            severity: Severity = "warning" if in_vain and not other else "info"
            message = (
                f"This rule allows {_listed(wanted)}; the workload's containers declare {_declared(pods)}."
            )
            yield PORT_NOT_SERVED.at(_ports_pointer(rule), message, severity)


def _wanted(port: Mapping[str, Any]) -> tuple[str, Any]:
    return port["protocol"], port.get("port")


def _may_serve(rule: Rule, pods: Pods) -> bool:
    """Whether a port of the rule is declared, or is one that nothing can be said of: a range, a name, all."""
    declared = {(port.protocol, port.number) for port in pods.ports}
    for port in rule.value["ports"]:
        number = port.get("port")
        if not isinstance(number, int) or "endPort" in port or number in _INJECTED:
            return True
        if _wanted(port) in declared:
            return True
    return False


def _declared(pods: Pods) -> str:
    return _listed((port.protocol, port.number) for port in sorted(pods.ports))


def _listed(ports: Any) -> str:  # noqa: ANN401 (any iterable of protocol and number)
    texts = list(dict.fromkeys(f"{protocol} {number}" for protocol, number in ports))
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


_SHOWN: Final = 6


def named_port_unresolved(seen: View) -> Iterator[Finding]:
    """Find named ports that no container of the pods concerned declares."""
    scene = _scene(seen)
    if scene is None or (scene.target.pods and scene.target.pods.host_network):
        return
    for direction, rules in seen.rules.items():
        for rule in rules:
            names = [port for port in rule.value.get("ports", ()) if isinstance(port.get("port"), str)]
            pods = _concerned(seen, direction, rule, scene) if names else ()
            for port in names if pods else ():
                yield from _unresolved(rule, port, pods, _whose(seen, direction))


def _unresolved(
    rule: Rule, port: Mapping[str, Any], pods: Sequence[Pods], whose: tuple[str, Severity]
) -> Iterator[Finding]:
    name, protocol = port["port"], port["protocol"]
    named = {one for group in pods for one in group.ports if one.name == name}
    if name in _INJECTED_NAMES or any(one.protocol == protocol for one in named):
        return
    who, severity = whose
    other = f"; with {_protocols(named)} one does" if named else ""
    message = f"No container of {who} names a {protocol} port `{name}`{other}."
    yield NAMED_PORT_UNRESOLVED.at(_port_pointer(rule, name), message, severity)


def _protocols(ports: set[Port]) -> str:
    return " and ".join(sorted({port.protocol for port in ports}))


def _whose(seen: View, direction: str) -> tuple[str, Severity]:
    """Whose pods are concerned; a workload's own are all known, of others some kinds are not."""
    if direction == "egress":
        return "the workloads that the rule's peers select", "info"
    if seen.template.scope == "namespace":
        return "the namespace's workloads", "info"
    return "the workload", "warning"


def _concerned(seen: View, direction: str, rule: Rule, scene: _Scene) -> Sequence[Pods]:
    """The pods whose ports a rule names; none where they are not known."""
    if direction == "ingress" and scene.target.pods is not None:
        return (scene.target.pods,)
    if direction == "ingress":
        selector = seen.template.spec.get("podSelector", {})
        own = Selected(None, None)
        if not placeholders(selector):
            own = scene.place.select({"podSelector": selector}, scene.target.namespace)
        found: list[Selected | None] = [own]
    else:
        found = [_selected(peer, scene) for peer in rule.peers]
    if not all(one is not None and one.whole and one.pods is not None for one in found):
        return ()
    return [pods for one in found for pods in (one.pods or () if one else ()) if not pods.host_network]


def _ports_pointer(rule: Rule) -> str:
    written = isinstance(rule.written, Mapping) and "ports" in rule.written
    return join(rule.pointer, "ports") if written else rule.pointer


def _port_pointer(rule: Rule, name: str) -> str:
    written = rule.written.get("ports") if isinstance(rule.written, Mapping) else None
    for index, port in enumerate(written if isinstance(written, list) else ()):
        if isinstance(port, Mapping) and port.get("port") == name:
            return join(_ports_pointer(rule), index)
    return _ports_pointer(rule)


LIVE: Final = (NAMED_PORT_UNRESOLVED.name, NEVER_MATCHES.name, ONE_SIDED.name, PORT_NOT_SERVED.name)
"""The codes that are found in the cluster alone."""

LIVE_CHECKS: Final = (named_port_unresolved, never_matches, one_sided, port_not_served)
