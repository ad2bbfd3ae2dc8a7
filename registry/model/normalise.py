"""A NetworkPolicySpec as the API server stores it, so that equal policies compare equal.

The rules are those of decoding and defaulting in Kubernetes 1.36: absent and empty lists are the
same, an absent protocol is TCP, absent policyTypes follow from the rules
(https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/).
"""

from collections.abc import Callable, Mapping
from typing import Final

Json = dict[str, object]


def normalise_spec(spec: Mapping[str, object]) -> Json:
    """Return a normalised copy of a valid spec; normalising that again changes nothing.

    A missing podSelector stays missing (a workload's comes later). Lists keep their order, peers keep
    `podSelector: {}` and `namespaceSelector: {}`, and `{}` stays a rule: each of those means "all".
    """
    normalised = _members(spec, _SPEC)
    if "policyTypes" not in normalised:
        normalised["policyTypes"] = default_policy_types(spec)
    return normalised


def normalise_selector(selector: object) -> object:
    """Return a copy of a LabelSelector without its empty parts."""
    return _object(selector, _SELECTOR)


def default_policy_types(spec: Mapping[str, object]) -> list[object]:
    """Return the policyTypes that Kubernetes assumes: Ingress, and Egress where egress rules stand."""
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def copy_json(value: object) -> object:
    """Return a deep copy of a JSON value."""
    if isinstance(value, _MAPPING):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


Part = Callable[[object], object]

_MAPPING: Final = (dict, Mapping)
"""Nearly all are dicts, which are known at once; to ask an abstract class takes ten times as long."""


def _object(value: object, parts: Mapping[str, Part]) -> object:
    return _members(value, parts) if isinstance(value, _MAPPING) else copy_json(value)


def _members(value: Mapping[str, object], parts: Mapping[str, Part]) -> Json:
    """Normalise each member; what is null or a list that became empty is absent."""
    members = ((key, parts.get(key, copy_json)(item)) for key, item in value.items())
    return {key: item for key, item in members if item is not None and item != []}


def _each(part: Part) -> Part:
    def items(value: object) -> object:
        return [part(item) for item in value] if isinstance(value, list) else copy_json(value)

    return items


def _match_labels(value: object) -> object:
    return copy_json(value) or None


def _port(value: object) -> object:
    port = _plain(value)
    return {"protocol": "TCP", **port} if isinstance(port, dict) else port


def _plain(value: object) -> object:
    return _object(value, {})


def _peer(value: object) -> object:
    return _object(value, _PEER)


def _rules(side: str) -> Part:
    parts: Mapping[str, Part] = {"ports": _each(_port), side: _each(_peer)}
    return _each(lambda rule: _object(rule, parts))


_SELECTOR: Mapping[str, Part] = {"matchLabels": _match_labels, "matchExpressions": _each(_plain)}
_PEER: Mapping[str, Part] = {
    "podSelector": normalise_selector,
    "namespaceSelector": normalise_selector,
    "ipBlock": _plain,
}
_SPEC: Mapping[str, Part] = {
    "podSelector": normalise_selector,
    "ingress": _rules("from"),
    "egress": _rules("to"),
}
