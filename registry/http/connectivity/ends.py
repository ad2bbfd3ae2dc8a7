"""The two ends of a connection as a query names them: a workload, or an address."""

import difflib
from collections.abc import Mapping
from typing import Final, NamedTuple

from registry.cluster.resources import Resource
from registry.connectivity.addresses import address_of
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey
from registry.connectivity.verdict import Peer
from registry.http import problems
from registry.http.access import Right
from registry.http.acting import require
from registry.http.operations import is_name
from registry.http.problems import Kind, Refused
from registry.http.requests import backend
from registry.http.workloads.kinds import key_of, kind_of
from registry.http.workloads.rights import listable
from registry.model.addresses import parse_cidr
from registry.model.problems import Problem
from registry.planning.objects import Key

SUGGESTED: Final = 5
"""Workloads that are offered in place of one that is not there."""

PARTS: Final = 3
"""Of the name of a workload: namespace, kind, name."""

FORM: Final = "Write namespace/kind/name, such as shop/deployments/web, namespace/name, or an IP address."


class Named(NamedTuple):
    """One end: the workload of a kind, or the place of an address among all; `field` is its parameter."""

    field: str
    workload: Key | None
    address: int = 0

    def peer(self, network: Network) -> Peer:
        """The end in the network. Raises KeyError for a workload without known pods."""
        return self.address if self.workload is None else network.pods(PodKey(self.workload))


def named_end(field: str, text: str) -> Named:
    """What a parameter names; a caller has to be allowed to `get` a workload. Raises Refused, or ApiError."""
    if "/" not in text:
        return Named(field, None, _address(field, text))
    if parse_cidr(text):
        raise invalid(field, f"{text} is a block of addresses.", "Write one of its addresses.")
    return Named(field, named_workload(field, text))


def named_workload(field: str, text: str, refusal: Kind = problems.INVALID_QUERY) -> Key:
    """The workload `namespace/kind/name`, which the caller may `get`. Raises Refused, or ApiError.

    The kind may be left out where the caller may `list` only one workload of that name.
    """
    parts = text.split("/")
    if len(parts) not in (PARTS - 1, PARTS) or not all(map(is_name, parts)):
        wrong = Problem(f"/{field}", f"{text!r} names no workload.", FORM)
        raise Refused(refusal, wrong.reason, errors=[wrong])
    if len(parts) < PARTS:
        parts = _only_one(field, text, refusal).split("/")
    namespace, kind, name = parts
    resource = kind_of(kind)
    require(Right("get", resource.group, resource.plural, namespace, name))
    return key_of(resource, namespace, name)


def _only_one(field: str, text: str, refusal: Kind) -> str:
    """The one workload `namespace/name`, with its kind. Raises Refused where there is none, or several."""
    namespace, name = text.split("/")
    by_name = _listed(namespace, backend().kinds())
    found = by_name.get(name, [])
    if len(found) == 1:
        return found[0]
    if found:
        wrong = Problem(f"/{field}", f"{text!r} names several workloads.", f"Write {' or '.join(found)}.")
        raise Refused(refusal, wrong.reason, errors=[wrong], members={"candidates": found})
    similar = _closest(name, by_name)
    hint = f"Similar: {', '.join(similar)}." if similar else FORM
    detail = f"You see no workload {name} with pods in {namespace}. {hint}"
    raise Refused(problems.WORKLOAD_NOT_FOUND, detail, members={"candidates": similar})


def invalid(field: str, reason: str, fix: str) -> Refused:
    """The refusal of a parameter."""
    return Refused(problems.INVALID_QUERY, reason, errors=[Problem(f"/{field}", reason, fix)])


def missing(key: Key) -> Refused:
    """The refusal of a workload that has no known pods, with others of similar names. Raises ApiError."""
    here = backend()
    if here.ask(lambda world: world.workload(key)):
        detail = (
            f"{key.kind_name} in {key.namespace} does not say which pods it has, so nothing is known of its "
            "connections. Ask about a workload that makes its pods."
        )
        return Refused(problems.PODS_UNKNOWN, detail)
    similar = _similar(key, here.kinds())
    offered = (
        f" Similar: {', '.join(similar)}." if similar else " GET namespaces/{namespace}/workloads has all."
    )
    detail = f"There is no {key.kind} {key.name} in {key.namespace}.{offered}"
    return Refused(problems.WORKLOAD_NOT_FOUND, detail, members={"candidates": similar})


def _similar(key: Key, resources: tuple[Resource, ...]) -> list[str]:
    """Workloads of the namespace that the caller may list, the most similar names first."""
    return _closest(key.name, _listed(key.namespace, resources))


def _closest(name: str, by_name: Mapping[str, list[str]]) -> list[str]:
    names = difflib.get_close_matches(name, by_name, SUGGESTED)
    return [path for one in names for path in by_name[one]][:SUGGESTED]


def _listed(namespace: str, resources: tuple[Resource, ...]) -> dict[str, list[str]]:
    """By name, the workloads with pods of a namespace that the caller may list, with their kinds."""
    kinds = listable(resources, namespace)
    labels = {(one.group, one.kind): one.label for one in resources}

    def find(network: Network) -> list[Key]:
        space = network.namespaces.get(namespace)
        return [pods.workload for pods in space.index.places] if space else []

    by_name: dict[str, list[str]] = {}
    for one in sorted(backend().network.ask(lambda network, _: find(network))):
        if (one.group, one.kind) in kinds:
            path = f"{one.namespace}/{labels[one.group, one.kind]}/{one.name}"
            by_name.setdefault(one.name, []).append(path)
    return by_name


def _address(field: str, text: str) -> int:
    try:
        return address_of(text)
    except ValueError:
        raise invalid(field, f"{text!r} is no workload and no IP address.", FORM) from None
