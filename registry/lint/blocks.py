"""Checks of IP blocks."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

import msgspec

from registry.lint.codes import BROAD_CIDR, IPV4_ONLY, METADATA_SERVICE_OPEN, POD_IP_IN_IP_BLOCK
from registry.lint.coverage import covers_port, within
from registry.lint.findings import Finding, Severity
from registry.lint.view import Peer, Rule, View
from registry.model.addresses import Network, parse_cidr
from registry.model.pointers import join

IPV4, IPV6 = 4, 6

_METADATA: Final[Mapping[int, tuple[Network, Severity]]] = {
    IPV4: (ip_network("169.254.169.254/32"), "warning"),
    IPV6: (ip_network("fd00:ec2::254/128"), "info"),
}
_METADATA_PORT: Final = {"protocol": "TCP", "port": 80}
_MEANT_PREFIX: Final = 16
"""A block this narrow that holds the metadata service is there for link-local addresses."""

_BROAD_IPV4: Final = 8


class Block(msgspec.Struct, frozen=True):
    """An ipBlock as rendered, of the author's own words."""

    pointer: str
    network: Network
    excepted: tuple[Network, ...]

    @property
    def whole(self) -> bool:
        """Whether it is its whole IP family."""
        return self.network.prefixlen == 0


def _blocks(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, Block]]:
    for rule in rules:
        for peer in rule.peers:
            block = _block(peer)
            if block:
                yield rule, block


def _block(peer: Peer) -> Block | None:
    value: dict[str, Any] = peer.value.get("ipBlock", {})
    network = parse_cidr(value.get("cidr"))
    if peer.borrowed or network is None:
        return None
    excepted = tuple(hole for hole in map(parse_cidr, value.get("except", ())) if hole)
    pointer = join(peer.pointer, "ipBlock") if isinstance(peer.written, Mapping) else peer.pointer
    return Block(pointer, network, excepted)


def _each(find: Callable[[View, str, Rule, Block], Iterator[Finding]]) -> Callable[[View], Iterator[Finding]]:
    """Make a check of the template out of one of a block."""

    def check(view: View) -> Iterator[Finding]:
        for direction, rules in view.rules.items():
            for rule, block in _blocks(rules):
                yield from find(view, direction, rule, block)

    return check


def ipv4_only(view: View) -> Iterator[Finding]:
    """Find directions that allow all of IPv4 and nothing of IPv6."""
    for direction, rules in view.rules.items():
        blocks = [block for _, block in _blocks(rules)]
        if any(block.network.version == IPV6 for block in blocks) or any(not rule.peers for rule in rules):
            continue
        for block in blocks:
            if block.whole:
                message = f"No rule of {direction} has an IPv6 block beside {block.network}."
                yield IPV4_ONLY.at(block.pointer, message)


@_each
def metadata_service(_: View, direction: str, rule: Rule, block: Block) -> Iterator[Finding]:
    """Find wide blocks of egress that include the metadata service on its port."""
    address, severity = _METADATA[block.network.version]
    if direction != "egress" or block.network.prefixlen >= _MEANT_PREFIX or not _allows_metadata_port(rule):
        return
    if within(address, block.network) and not any(within(address, hole) for hole in block.excepted):
        message = f"{block.network} includes {address.network_address}, where nodes get their credentials."
        yield METADATA_SERVICE_OPEN.at(block.pointer, message, severity)


def _allows_metadata_port(rule: Rule) -> bool:
    ports = rule.value.get("ports")
    return not ports or any(covers_port(port, _METADATA_PORT) for port in ports)


@_each
def broad_cidr(_: View, direction: str, rule: Rule, block: Block) -> Iterator[Finding]:  # noqa: ARG001 (as all)
    """Find blocks of a whole family with nothing excepted, and IPv4 prefixes shorter than /8."""
    if block.whole and not block.excepted:
        yield BROAD_CIDR.at(block.pointer, f"{block.network} excepts nothing, so private networks are in it.")
    elif block.network.version == IPV4 and 0 < block.network.prefixlen < _BROAD_IPV4:
        message = f"{block.network} holds {block.network.num_addresses:,} addresses."
        yield BROAD_CIDR.at(block.pointer, message)


@_each
def pod_ip(view: View, _direction: str, _rule: Rule, block: Block) -> Iterator[Finding]:
    """Find blocks inside the cluster's pod range, where that is known."""
    for text in view.surroundings.pod_ranges:
        pods = parse_cidr(text)
        if pods and within(block.network, pods):
            message = f"{block.network} lies in the pod range {pods}."
            yield POD_IP_IN_IP_BLOCK.at(block.pointer, message)
