"""Title and description of a template made of a NetworkPolicy, in plain words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

MAX_DESCRIPTION: Final = 1000
SHOWN: Final = 3
"""How many peers, ports and rules are told before "and N more"."""

Json = Mapping[str, Any]


def titled(name: str) -> str:
    """Return a title made of a template's name: `allow-db` is "Allow db"."""
    words = " ".join(part for part in name.split("-") if part)
    return words[:1].upper() + words[1:]


def described(spec: Json, scope: str) -> str:
    """Return what a valid, normalised spec lets through and what it cuts, in two sentences."""
    whom = "this workload" if scope == "workload" else "the pods of the namespace"
    sentences = [_direction(spec, name, whom) for name in ("Ingress", "Egress")]
    text = " ".join(sentences)
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…"


def _direction(spec: Json, name: str, whom: str) -> str:
    lower = name.lower()
    rules = spec.get(lower, [])
    if name not in spec["policyTypes"]:
        return f"{name} stays as it is."
    if not rules:
        return f"Cuts all {lower}."
    told = _some([_rule(rule, name, whom) for rule in rules], "; ")
    end = "." if {} in rules else f"; cuts all other {lower}."
    return f"Lets {told}{end}"


def _rule(rule: Json, name: str, whom: str) -> str:
    peers = rule.get("from") or rule.get("to")
    others = _some([_peer(peer) for peer in peers]) if peers else "anyone"
    ports = f" on {_some([_port(port) for port in rule['ports']])}" if "ports" in rule else ""
    who, reached = (others, whom) if name == "Ingress" else (whom, others)
    return f"{who} reach {reached}{ports}"


def _peer(peer: Json) -> str:
    if block := peer.get("ipBlock"):
        excepted = f" except {_some(block['except'])}" if "except" in block else ""
        return f"{block['cidr']}{excepted}"
    selector = peer.get("podSelector")
    pods = f"pods with {_requirements(selector)}" if selector else "all pods"
    if "namespaceSelector" not in peer:
        return pods if selector else "all pods of the namespace"
    namespaces = peer["namespaceSelector"]
    place = f"namespaces with {_requirements(namespaces)}" if namespaces else "all namespaces"
    return f"{pods} of {place}"


def _requirements(selector: Json) -> str:
    labels = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    expressions = [_expression(one) for one in selector.get("matchExpressions", [])]
    return _some([*labels, *expressions])


def _expression(one: Json) -> str:
    values = f" ({', '.join(one['values'][:SHOWN])})" if one.get("values") else ""
    return f"{one['key']} {one['operator']}{values}"


def _port(port: Json) -> str:
    protocol = port["protocol"]
    if "port" not in port:
        return f"all {protocol} ports"
    end = f"-{port['endPort']}" if "endPort" in port else ""
    return f"{protocol} {port['port']}{end}"


def _some(parts: Sequence[str], separator: str = ", ") -> str:
    """Join parts; of many, the first ones and how many there are beside."""
    if len(parts) <= SHOWN:
        return separator.join(parts)
    return f"{separator.join(parts[:SHOWN])} and {len(parts) - SHOWN} more"
