"""Whether one rule allows all that another one does. Where that is not certain, it does not.

Placeholders are opaque here: `${port}` covers only `${port}`.
"""

from collections.abc import Mapping
from typing import Any, Final

from registry.model.addresses import Network, parse_cidr
from registry.model.documents import canonical
from registry.planning.exclusion import requirements
from registry.planning.selections import contains

Node = Mapping[str, Any]

MAX_COMPARISONS: Final = 1000
"""Of the items of two lists; longer ones count as not covered, so that a document costs little time."""


def covers_rule(wide: Node, narrow: Node, side: str) -> bool:
    """Tell whether `wide` allows whatever `narrow` does; `side` is `from` or `to`."""
    peers = _covers_list(wide.get(side), narrow.get(side), covers_peer)
    return peers and _covers_list(wide.get("ports"), narrow.get("ports"), covers_port)


def _covers_list(wide: object, narrow: object, covers: Any) -> bool:  # noqa: ANN401 (one of the two below)
    """An absent or empty list stands for all there is."""
    if not wide:
        return True
    if not isinstance(wide, list) or not isinstance(narrow, list) or not narrow:
        return bool(wide == narrow)
    alike = {canonical(one) for one in wide}
    others = [item for item in narrow if canonical(item) not in alike]
    if len(others) * len(wide) > MAX_COMPARISONS:
        return False
    return all(any(covers(one, item) for one in wide) for item in others)


def covers_port(wide: object, narrow: object) -> bool:
    """Tell whether a port entry includes another."""
    if not isinstance(wide, Mapping) or not isinstance(narrow, Mapping):
        return False
    if wide.get("protocol", "TCP") != narrow.get("protocol", "TCP"):
        return False
    if "port" not in wide:
        return True
    return _spans(wide, narrow) or (wide["port"] == narrow.get("port") and "endPort" not in narrow)


def _spans(wide: Node, narrow: Node) -> bool:
    first, last = wide["port"], wide.get("endPort", wide["port"])
    low, high = narrow.get("port"), narrow.get("endPort", narrow.get("port"))
    if all(isinstance(value, int) for value in (first, last, low, high)):
        return bool(first <= low and high <= last)
    return False


def covers_peer(wide: object, narrow: object) -> bool:
    """Tell whether a peer includes another."""
    if not isinstance(wide, Mapping) or not isinstance(narrow, Mapping):
        return False
    if "ipBlock" in wide or "ipBlock" in narrow:
        return "ipBlock" in wide and "ipBlock" in narrow and _covers_block(wide["ipBlock"], narrow["ipBlock"])
    return _covers_namespaces(wide, narrow) and _covers_selector(
        wide.get("podSelector", {}), narrow.get("podSelector", {})
    )


def _covers_namespaces(wide: Node, narrow: Node) -> bool:
    """Without namespaceSelector a peer is in the policy's own namespace."""
    if "namespaceSelector" not in wide:
        return "namespaceSelector" not in narrow
    if wide["namespaceSelector"] == {}:
        return True
    return "namespaceSelector" in narrow and _covers_selector(
        wide["namespaceSelector"], narrow["namespaceSelector"]
    )


def _covers_selector(wide: object, narrow: object) -> bool:
    if wide in (narrow, {}):
        return True
    if not _is_literal(wide) or not _is_literal(narrow):
        return False
    # literal selectors of a valid template
    return contains(requirements(wide), requirements(narrow))  # type: ignore[arg-type]


def _is_literal(selector: object) -> bool:
    return isinstance(selector, Mapping) and "${" not in str(selector)


def _covers_block(wide: Node, narrow: Node) -> bool:
    outer, inner = parse_cidr(wide.get("cidr")), parse_cidr(narrow.get("cidr"))
    if outer is None or inner is None or not within(inner, outer):
        return False
    kept = [parse_cidr(item) for item in _excepts(narrow)]
    return all(_harmless(parse_cidr(item), inner, kept) for item in _excepts(wide))


def _excepts(block: Node) -> list[object]:
    excepted = block.get("except", [])
    return excepted if isinstance(excepted, list) else [excepted]


def _harmless(hole: Network | None, inner: Network, kept: list[Network | None]) -> bool:
    """Tell whether what `wide` leaves out is nothing that `narrow` allows."""
    if hole is None:
        return False
    apart = not within(hole, inner) and not within(inner, hole)
    return apart or any(one is not None and within(hole, one) for one in kept)


def within(inner: Network, outer: Network) -> bool:
    """Tell whether a network is a part of another, or the same."""
    if inner.version != outer.version or inner.prefixlen < outer.prefixlen:
        return False
    return inner.network_address in outer
