"""Finds egress that is isolated without a way to the cluster's DNS.

Generous on purpose: any peer on a port of DNS counts as a way, since clusters run DNS in many places
(a cache on the node, another namespace, a server outside).
"""

from collections.abc import Iterator
from typing import Any, Final

from registry.lint.codes import DNS_FORGOTTEN
from registry.lint.coverage import covers_port
from registry.lint.findings import Finding, Surroundings
from registry.lint.view import Peer, Rule, View, view
from registry.model.addresses import parse_cidr
from registry.model.facts import DEFAULT_FACTS, PRIVATE
from registry.model.template import Template

_PORTS: Final = (53, 5353, 8053)
"""Where DNS pods listen: policies see the pod's port. OpenShift's listen on 5353, Gardener's on 8053."""
_PROTOCOLS: Final = ("UDP", "TCP")


def dns_forgotten(seen: View) -> Iterator[Finding]:
    """Find templates that isolate egress, allow some that begins with a name, and no DNS."""
    rules = seen.rules.get("egress", ())
    if not any(_needs_names(rule) for rule in rules):
        return
    allowed = {protocol for protocol in _PROTOCOLS if _allows(rules, protocol)}
    allowed |= set(_by_defaults(seen))
    missing = [protocol for protocol in _PROTOCOLS if protocol not in allowed]
    if missing == ["TCP"]:
        message = "DNS is allowed over UDP only; answers that do not fit come over TCP."
        yield DNS_FORGOTTEN.at("/spec/egress", message, "info")
    elif missing:
        message = f"No egress rule allows DNS over {' or '.join(missing)}, so names are not resolved."
        yield DNS_FORGOTTEN.at("/spec/egress", message)


def _by_defaults(seen: View) -> Iterator[str]:
    """Yield the protocols of DNS that defaults allow in all namespaces; presets leave those out."""
    if seen.template.replaces_defaults:
        return
    for default in seen.surroundings.defaults:
        if default.name != seen.template.name and applies_everywhere(default):
            rules = view(default, None, Surroundings(seen.surroundings.facts)).rules.get("egress", ())
            yield from (protocol for protocol in _PROTOCOLS if _allows(rules, protocol))


def applies_everywhere(default: Template) -> bool:
    """Tell whether a default template is in force for all pods of all managed namespaces."""
    return default.default_in == {} and default.allowed_in is None and not default.spec.get("podSelector")


def _needs_names(rule: Rule) -> bool:
    """Tell whether a rule allows more than some addresses."""
    if not rule.peers:
        return True
    return any("ipBlock" not in peer.value or _is_whole(peer) for peer in rule.peers)


def _is_whole(peer: Peer) -> bool:
    network = parse_cidr(peer.value["ipBlock"].get("cidr"))
    return network is not None and network.prefixlen == 0


def _allows(rules: tuple[Rule, ...], protocol: str) -> bool:
    return any(_way(rule, protocol) for rule in rules)


def _way(rule: Rule, protocol: str) -> bool:
    ports = rule.value.get("ports")
    if ports:
        return any(_is_dns_port(port, protocol) for port in ports)
    return not rule.peers or any(map(_may_be_dns, rule.peers))


def _is_dns_port(port: dict[str, Any], protocol: str) -> bool:
    named = port["protocol"] == protocol and isinstance(port.get("port"), str)
    numbers = ({"protocol": protocol, "port": number} for number in _PORTS)
    return named or any(covers_port(port, number) for number in numbers)


def _may_be_dns(peer: Peer) -> bool:
    """Tell whether all ports of a peer may include the cluster's DNS: not in a namespace like ours."""
    if "ipBlock" not in peer.value:
        return "namespaceSelector" in peer.value
    block = peer.value["ipBlock"]
    private: Any = DEFAULT_FACTS[PRIVATE]
    return not set(private) <= {*block.get("except", ()), *_other_family(block, private)}


def _other_family(block: dict[str, Any], private: list[str]) -> Iterator[str]:
    version = _version(block["cidr"])
    yield from (cidr for cidr in private if _version(cidr) != version)


def _version(cidr: str) -> int | None:
    network = parse_cidr(cidr)
    return network.version if network else None
