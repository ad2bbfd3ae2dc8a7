"""Which values of a NetworkPolicy's rules are offered as parameters of the template made of it. Pure.

A placeholder only ever stands for one scalar or for one `matchLabels`, never for a list, so no rule can
lose all its peers or ports by a parameter and open or vanish. For the same reason labels may not be
emptied. A range of ports keeps its two ends, and a block with exceptions its address, as these belong
together.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from registry.model.documents import canonical
from registry.model.networkpolicy import MAX_PORT, MAX_SERVICE_NAME
from registry.model.parameter_rules import MAX_PARAMETERS
from registry.model.services import SERVICES, Service

Json = dict[str, Any]
Choice = Literal["none", "ports", "labels", "all"]
"""What is offered: nothing, ports, labels of peers, or both of them and address blocks."""

CHOICES: Final[tuple[Choice, ...]] = ("none", "ports", "labels", "all")

_SIDES: Final = {"ingress": "from", "egress": "to"}
_MEANINGS: Final = {"from": "may connect", "to": "may be reached"}
_WHOSE: Final = {"podSelector": "Pods", "namespaceSelector": "Namespaces"}
_WORDS: Final = {"Pods": "that ", "Namespaces": "whose pods "}
_BY_PORT: Final = {
    number: [service for service in SERVICES if service.ports[0].number == number]
    for number in (service.ports[0].number for service in SERVICES)
}


def offered(spec: Mapping[str, Any], choice: Choice) -> tuple[Json, Json]:
    """Return the parameter schema (empty when nothing is offered) and the spec with placeholders.

    `spec` is valid and normalised. One value has one parameter, however often it stands in a direction.
    """
    offer = _Offer(choice)
    rules = {
        key: [offer.rule(rule, _SIDES[key], value) for rule in value] if key in _SIDES else value
        for key, value in spec.items()
    }
    if not offer.properties:
        return {}, rules
    return {"type": "object", "additionalProperties": False, "properties": offer.properties}, rules


class _Offer:
    """Hands out placeholders, and keeps the schema of each."""

    def __init__(self, choice: Choice) -> None:
        self.properties: Json = {}
        self._ports = choice in ("ports", "all")
        self._labels = choice in ("labels", "all")
        self._blocks = choice == "all"
        self._names: dict[bytes, str] = {}

    def rule(self, rule: Json, side: str, rules: list[Json]) -> Json:
        """One rule; `rules` are all of its direction."""
        found = {side: [self._peer(peer, side) for peer in rule[side]]} if side in rule else {}
        if "ports" in rule:
            alone = len({one["port"] for one in _single_ports(rules)}) == 1
            found["ports"] = [self._port(port, side, alone=alone) for port in rule["ports"]]
        return found

    def _port(self, entry: Json, side: str, *, alone: bool) -> Json:
        if not self._ports or "port" not in entry or "endPort" in entry:
            return entry
        port = entry["port"]
        name = "port" if alone else _port_name(port)
        schema = {"description": _port_words(port, side), **_port_type(port), "default": port}
        return {**entry, "port": self._placeholder(_sided(name, side), schema, [side, "port", port])}

    def _peer(self, peer: Json, side: str) -> Json:
        found = {key: self._selector(value, key, side) for key, value in peer.items() if key != "ipBlock"}
        return found or {"ipBlock": self._block(peer["ipBlock"], side)}

    def _selector(self, selector: Json, key: str, side: str) -> Json:
        if not self._labels or "matchLabels" not in selector:
            return selector
        labels, whose = selector["matchLabels"], _WHOSE[key]
        schema = {
            "description": f"The labels of the {whose.lower()} {_WORDS[whose]}{_MEANINGS[side]}.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
            "default": labels,
        }
        return {**selector, "matchLabels": self._placeholder(side + whose, schema, [side, whose, labels])}

    def _block(self, block: Json, side: str) -> Json:
        if not self._blocks or "except" in block:
            return block
        description = f"The block of addresses that {_MEANINGS[side]}."
        schema = {"description": description, "type": "string", "default": block["cidr"]}
        return {**block, "cidr": self._placeholder(f"{side}Cidr", schema, [side, "cidr", block["cidr"]])}

    def _placeholder(self, wish: str, schema: Json, identity: list[object]) -> object:
        """The placeholder of a value; the value itself when there are as many parameters as may be."""
        key = canonical(identity)
        if key not in self._names:
            if len(self.properties) >= MAX_PARAMETERS:
                return schema["default"]
            self._names[key] = name = self._free(wish)
            self.properties[name] = schema
        return f"${{{self._names[key]}}}"

    def _free(self, wish: str) -> str:
        taken = self.properties
        numbers = range(2, MAX_PARAMETERS + 2)
        return next(name for name in (wish, *(f"{wish}{n}" for n in numbers)) if name not in taken)


def _single_ports(rules: list[Json]) -> list[Json]:
    entries = [port for rule in rules for port in rule.get("ports", [])]
    return [port for port in entries if "port" in port and "endPort" not in port]


def _service(port: int | str) -> Service | None:
    """The service of a port that no other one has as its first."""
    found = _BY_PORT.get(port, []) if isinstance(port, int) else []
    return found[0] if len(found) == 1 else None


def _port_name(port: int | str) -> str:
    """`postgresPort`, `port8443`, `metricsPort`."""
    if isinstance(port, int):
        service = _service(port)
        return f"{service.name}Port" if service else f"port{port}"
    first, *rest = (part for part in re.split(r"-+", port) if part)
    name = first + "".join(part.capitalize() for part in rest)
    return f"{name}Port" if name[0].isalpha() else f"port{name}"


def _sided(name: str, side: str) -> str:
    """The same port may be served and used: of what is used, the name begins with `to`."""
    return name if side == "from" else f"to{name[0].upper()}{name[1:]}"


def _port_words(port: int | str, side: str) -> str:
    service = _service(port)
    whose = "on which it may be reached" if side == "from" else "that may be reached"
    return f"The port {whose}" + (f" ({service.title})." if service else ".")


def _port_type(port: int | str) -> Json:
    if isinstance(port, int):
        return {"type": "integer", "minimum": 1, "maximum": MAX_PORT}
    return {"type": "string", "minLength": 1, "maxLength": MAX_SERVICE_NAME}
