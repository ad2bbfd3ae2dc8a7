"""`cluster.private`, and the ranges of the cluster's own Pods and Services. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Any, Final

from registry.cluster.facts import Ranges
from registry.model.addresses import Network, parse_cidr
from registry.model.facts import DEFAULT_FACTS, PRIVATE
from registry.planning.objects import Key
from registry.world.facts.known import Found

SHOWN: Final = 5
"""How many of the Nodes and ServiceCIDRs are named as sources."""


def private_ranges(given: Iterable[str], nodes: Iterable[Ranges], services: Iterable[Ranges]) -> Found:
    """The default ranges, and those of Pods and Services that are not within them.

    `given` are Pod ranges of the settings; they stand in for what Nodes say. Found only where there are any.
    """
    settled = list(given)
    own = [Ranges(name="", blocks=tuple(settled))] if settled else list(nodes)
    told = [(Key("", "Node", "", one.name), one) for one in own]
    told += [(Key("networking.k8s.io", "ServiceCIDR", "", one.name), one) for one in services]
    base: Any = DEFAULT_FACTS[PRIVATE]
    public = [(key, blocks) for key, one in told if (blocks := _outside(one.blocks, base))]
    if not public:
        return Found()
    extra = merged(str(block) for _, blocks in public for block in blocks)
    sources = sorted(key for key, _ in public if key.name)[:SHOWN]
    return Found(value=[*base, *extra], sources=tuple(sources))


def merged(blocks: Iterable[str]) -> tuple[str, ...]:
    """These blocks with neighbours put together, IPv4 first; what is none is left out."""
    networks = {network for block in blocks if (network := parse_cidr(block))}
    four = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    return (*map(str, four), *map(str, six))


def _outside(blocks: Iterable[str], base: Iterable[str]) -> list[Network]:
    within = [network for block in base if (network := parse_cidr(block))]
    networks = (network for block in blocks if (network := parse_cidr(block)))
    return [one for one in networks if not any(_is_within(one, wider) for wider in within)]


def _is_within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
