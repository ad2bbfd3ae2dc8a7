"""A NetworkPolicySpec checked as strictly as the API server of Kubernetes 1.36 checks it.

Source: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ and
its validation in k8s.io/kubernetes v1.36. Beyond that, null is no value and unknown fields are
refused (the server's `fieldValidation=Strict`), so that a typing error never widens a policy.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from registry.model.addresses import check_ip_block
from registry.model.checks import MAX_PROBLEMS, each, fields, listed, shown
from registry.model.labels import check_selector
from registry.model.pointers import child
from registry.model.problems import Problem

__all__ = ["check_peer", "check_selector", "check_spec"]

PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
POLICY_TYPES: Final = ("Ingress", "Egress")
MAX_PORT: Final = 65535
MAX_SERVICE_NAME: Final = 15

_SERVICE_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_PORT_FIX: Final = "Write a number from 1 to 65535 or a service name such as http."


def check_spec(spec: object, *, pod_selector: bool) -> list[Problem]:
    """Return what keeps Kubernetes from accepting a spec; the pointers begin with `/spec`.

    `pod_selector` tells whether the spec may have its own podSelector: a workload's policy gets it
    from the workload instead.
    """
    problems = list(islice(_spec(spec, "/spec"), MAX_PROBLEMS))
    if not pod_selector and isinstance(spec, Mapping) and "podSelector" in spec:
        problems.append(no_pod_selector("/spec/podSelector"))
    return problems


def no_pod_selector(pointer: str) -> Problem:
    """Return the problem of a podSelector where the workload has the say."""
    reason = "A template of scope `workload` has no podSelector: it comes from the workload that uses it."
    return Problem(pointer, reason, "Remove podSelector, or write `scope: namespace`.")


def check_peer(value: object, pointer: str) -> Iterator[Problem]:
    """Yield what is wrong with a NetworkPolicyPeer: an ipBlock, or one or both selectors."""
    yield from _peer_fields(value, pointer)
    if not isinstance(value, Mapping):
        return
    kinds = [name for name in _PEER if name in value]
    if not kinds:
        yield Problem(pointer, "A peer without any field selects nothing.", f"Add {listed(_PEER)}.")
    elif "ipBlock" in kinds and len(kinds) > 1:
        reason = "A peer is either an ipBlock or selectors, never both."
        yield Problem(pointer, reason, "Make two items of the list out of it.")


def _protocol(value: object, pointer: str) -> Iterator[Problem]:
    if value not in PROTOCOLS:
        close = isinstance(value, str) and value.upper() in PROTOCOLS
        fix = f"Write {str(value).upper()}." if close else f"Write {listed(PROTOCOLS)}."
        yield Problem(pointer, f"{shown(value)} is not a protocol of a NetworkPolicy.", fix)


def _port_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_PORT


def _service_name(value: object) -> bool:
    if not isinstance(value, str) or len(value) > MAX_SERVICE_NAME:
        return False
    return _SERVICE_NAME.fullmatch(value) is not None


def _port(value: object, pointer: str) -> Iterator[Problem]:
    if not _port_number(value) and not _service_name(value):
        quoted = isinstance(value, str) and value.isascii() and value.isdigit()
        fix = "Write the number without quotes." if quoted else _PORT_FIX
        yield Problem(pointer, f"{shown(value)} is not a port.", fix)


def _end_port(value: object, pointer: str) -> Iterator[Problem]:
    if not _port_number(value):
        yield Problem(pointer, f"{shown(value)} is not a port number.", "Write a number from 1 to 65535.")


def _port_entry(value: object, pointer: str) -> Iterator[Problem]:
    yield from _port_fields(value, pointer)
    if isinstance(value, Mapping) and _port_number(value.get("endPort")):
        yield from _range(value.get("port"), value["endPort"], child(pointer, "endPort"))


def _range(port: object, end: object, pointer: str) -> Iterator[Problem]:
    if port is None or isinstance(port, str):
        yield Problem(pointer, "`endPort` needs a numeric `port`.", "Write `port` as a number, or remove it.")
    elif _port_number(port) and int(str(end)) < int(str(port)):
        yield Problem(pointer, f"The range ends at {end}, before it begins at {port}.", "Swap the two.")


def _policy_type(value: object, pointer: str) -> Iterator[Problem]:
    if value not in POLICY_TYPES:
        close = isinstance(value, str) and value.capitalize() in POLICY_TYPES
        fix = f"Write {str(value).capitalize()}." if close else f"Write {listed(POLICY_TYPES)}."
        yield Problem(pointer, f"{shown(value)} is not a policy type.", fix)


def _policy_types(value: object, pointer: str) -> Iterator[Problem]:
    if isinstance(value, list) and len(value) > len(POLICY_TYPES):
        yield Problem(pointer, "There are more than two policy types.", f"Keep {listed(POLICY_TYPES)}, once.")
        return
    yield from each(_policy_type)(value, pointer)


_PEER: Final = {
    "podSelector": check_selector,
    "namespaceSelector": check_selector,
    "ipBlock": check_ip_block,
}
_peer_fields = fields(_PEER)
_port_fields = fields({"protocol": _protocol, "port": _port, "endPort": _end_port})
_ports = each(_port_entry)
_peers = each(check_peer)
_spec = fields(
    {
        "podSelector": check_selector,
        "policyTypes": _policy_types,
        "ingress": each(fields({"from": _peers, "ports": _ports})),
        "egress": each(fields({"to": _peers, "ports": _ports})),
    }
)
