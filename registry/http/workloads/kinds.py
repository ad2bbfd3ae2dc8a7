"""Kinds of workloads as addresses name them, and their objects."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from registry.cluster.decode import workload_decoder
from registry.cluster.resources import WORKLOADS, Resource
from registry.http import problems
from registry.http.problems import Refused
from registry.planning.objects import Key, Workload

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names"""


def followed() -> Sequence[Resource]:
    """The kinds of workloads that are watched."""
    return WORKLOADS


def kind_of(text: str) -> Resource:
    """The kind named by its plural or its name, with or without its group, in any case. Raises Refused."""
    for resource in followed():
        if text.lower() in _spellings(resource):
            return resource
    known = ", ".join(one.plural for one in followed())
    raise Refused(problems.KIND_NOT_FOUND, f"{text} is no kind of workload that is followed here: {known}.")


def key_of(resource: Resource, namespace: str, name: str) -> Key:
    """The key of one workload. Raises Refused for names that no object can have."""
    for one in (namespace, name):
        if not _NAME.fullmatch(one):
            raise not_found(Key(resource.group, resource.kind, namespace, name))
    return Key(resource.group, resource.kind, namespace, name)


def decoded(resource: Resource, key: Key, raw: bytes) -> Workload:
    """A workload from its JSON. Raises Refused for one that is being deleted or that a controller manages."""
    found = workload_decoder(resource)(raw)
    if found is None:
        detail = f"{key.kind} {key.name} is managed by another controller. Change that one."
        raise Refused(problems.WORKLOAD_NOT_FOUND, detail)
    if found.deleting:
        raise Refused(problems.WORKLOAD_NOT_FOUND, f"{key.kind} {key.name} is being deleted.")
    return found


def check_watched(resource: Resource, watched: Collection[tuple[str, str]]) -> None:
    """Refuse while not all objects of a kind are known: the service may lack the right. Raises Refused."""
    if (resource.group, resource.kind) not in watched:
        detail = (
            f"The service could not list {resource.plural} yet. Its role may lack the right; see /readyz."
        )
        raise Refused(problems.CLUSTER_UNAVAILABLE, detail)


def not_found(key: Key) -> Refused:
    """The refusal of a workload that is not there."""
    return Refused(problems.WORKLOAD_NOT_FOUND, f"There is no {key.kind} {key.name} in {key.namespace}.")


def _spellings(resource: Resource) -> set[str]:
    names = {resource.plural, resource.kind.lower()}
    return names | {f"{name}.{resource.group}" for name in names}
