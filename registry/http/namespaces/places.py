"""Finding the namespace that a request names."""

from registry.http import problems
from registry.http.acting import require
from registry.http.namespaces.rights import on_namespace
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.world.standing import Standing, standing


def readable_namespace(name: str) -> Standing:
    """A namespace that the caller may get. Raises Refused, or ApiError."""
    require(on_namespace("get", name))
    return known(name)


def known(name: str) -> Standing:
    """A namespace as it stands in the watched cluster. Raises Refused."""
    found = backend().ask(lambda world: standing(world, name))
    if found is None:
        detail = f"There is no namespace {name}, or the setting NAMESPACE_SELECTOR leaves it out."
        raise Refused(problems.NAMESPACE_NOT_FOUND, detail)
    return found
