"""Kinds of workloads as addresses name them, and their objects."""

from collections.abc import Collection

from registry.cluster.resources import Resource
from registry.http import problems
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.planning.objects import Key, Workload


def kind_of(text: str) -> Resource:
    """The kind named by its plural or its name, in any case; by its group too where others have the same.

    Raises Refused.
    """
    kinds, wanted = backend().kinds(), text.lower()
    found = [one for one in kinds if wanted == one.label] or [
        one for one in kinds if wanted in _spellings(one)
    ]
    if len(found) == 1:
        return found[0]
    choices = ", ".join(one.label for one in found or kinds)
    problem = "stands for several kinds" if found else "is no kind of workload that is followed here"
    raise Refused(problems.KIND_NOT_FOUND, f"{text} {problem}; write one of {choices}.")


def key_of(resource: Resource, namespace: str, name: str) -> Key:
    """The key of one workload."""
    return Key(resource.group, resource.kind, namespace, name)


def decoded(resource: Resource, key: Key, raw: bytes) -> Workload:
    """A workload from its JSON. Raises Refused for one that is being deleted or that a controller manages."""
    try:
        found = backend().cluster.read(resource, raw)
    except KeyError as error:
        raise _gone(resource) from error
    if found is None:
        detail = f"{key.kind} {key.name} is managed by another controller. Change that one."
        raise Refused(problems.WORKLOAD_NOT_FOUND, detail)
    if found.deleting:
        raise Refused(problems.WORKLOAD_NOT_FOUND, f"{key.kind} {key.name} is being deleted.")
    return found


def check_watched(resource: Resource, watched: Collection[tuple[str, str]]) -> None:
    """Refuse a kind that is watched no more. Raises Refused."""
    if (resource.group, resource.kind) not in watched:
        raise _gone(resource)


def not_found(key: Key) -> Refused:
    """The refusal of a workload that is not there."""
    return Refused(problems.WORKLOAD_NOT_FOUND, f"There is no {key.kind} {key.name} in {key.namespace}.")


def _gone(resource: Resource) -> Refused:
    return Refused(problems.KIND_NOT_FOUND, f"{resource.label} are followed no more.")


def _spellings(resource: Resource) -> set[str]:
    names = {resource.plural, resource.kind.lower()}
    return names | ({f"{name}.{resource.group}" for name in names} if resource.group else set())
