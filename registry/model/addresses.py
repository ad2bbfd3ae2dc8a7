"""IP blocks, as strictly as Kubernetes 1.36 reads them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ and
the StrictIPCIDRValidation feature (https://kep.k8s.io/4858): no bits beyond the prefix length, no
leading zeros, no IPv4-mapped IPv6 addresses.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from registry.model.checks import each, fields, shown
from registry.model.pointers import child
from registry.model.problems import Problem

Network = IPv4Network | IPv6Network

_FORM = re.compile(r"[0-9a-fA-F:.]+/(?:0|[1-9][0-9]{0,2})")
_MAPPED = IPv6Network("::ffff:0:0/96")
_CIDR_FIX = "Write an address and a prefix length, such as 10.9.8.0/24 or 2001:db8::/64."


def parse_cidr(text: object) -> Network | None:
    """Return the network of a CIDR, with or without bits beyond its prefix; None for anything else."""
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    mapped = isinstance(network, IPv6Network) and network.network_address in _MAPPED
    return None if mapped and network.prefixlen >= _MAPPED.prefixlen else network


def family(text: object) -> int | None:
    """Return 4 or 6 for a CIDR of that IP family, None for anything else."""
    network = parse_cidr(text)
    return network.version if network else None


def check_cidr(value: object, pointer: str) -> Iterator[Problem]:
    """Yield why a value is not a strict CIDR."""
    network = parse_cidr(value)
    if network is None:
        yield Problem(pointer, f"{shown(value)} is not an IP block.", _CIDR_FIX)
    elif ip_interface(str(value)).ip != network.network_address:
        reason = f"{value} has bits set beyond its prefix length."
        yield Problem(pointer, reason, f"Write {network}, or a longer prefix for a single address.")


def check_ip_block(value: object, pointer: str) -> Iterator[Problem]:
    """Yield what is wrong with an ipBlock; each `except` lies strictly inside its `cidr`."""
    yield from _fields(value, pointer)
    if isinstance(value, Mapping):
        if "cidr" not in value:
            yield Problem(pointer, "`cidr` is missing.", f"Add `cidr`. {_CIDR_FIX}")
        yield from _excepts(value, pointer)


def _excepts(block: Mapping[str, object], pointer: str) -> Iterator[Problem]:
    outer, excepted = parse_cidr(block.get("cidr")), block.get("except")
    if outer is None or not isinstance(excepted, list):
        return
    for index, item in enumerate(excepted):
        inner = parse_cidr(item)
        if inner is not None and not _strictly_within(inner, outer):
            here = child(child(pointer, "except"), index)
            yield Problem(here, f"{item} is not a part of {block['cidr']}.", f"Write a block inside {outer}.")


def _strictly_within(inner: Network, outer: Network) -> bool:
    if inner.version != outer.version or inner.prefixlen <= outer.prefixlen:
        return False
    return inner.network_address in outer


_fields = fields({"cidr": check_cidr, "except": each(check_cidr)})
