"""The NetworkPolicies that lint may reason from: those of namespaces where the caller may list them."""

from collections.abc import Collection

from registry.connectivity.network import Network
from registry.http.connectivity.sight import Sight, sight
from registry.http.requests import backend
from registry.lint.other_ends import KnownPolicies
from registry.world.live_network import Unevaluated


def certain_policies(names: Collection[str]) -> KnownPolicies:
    """Those of these namespaces, or of all where the caller may list them all; by namespace.

    None where other kinds of policies may decide besides, where nothing enforces any, and while that is not
    known; nor those of namespaces with one that cannot be read. Raises Refused, or ApiError.
    """
    enforcement = backend().enforcement
    if not enforcement.asked or enforcement.standing.enforced == "notFound":
        return KnownPolicies()
    if any(kind.objects != 0 for kind in enforcement.standing.not_evaluated):
        return KnownPolicies()
    seen = sight(dict.fromkeys(names, ()))
    return backend().connections().ask(lambda network, left: _readable(network, left, seen))


def _readable(network: Network, left: Unevaluated, seen: Sight) -> KnownPolicies:
    unread = {place.namespace for place in left.policies}
    return KnownPolicies(
        {
            name: tuple(space.policies.values())
            for name, space in network.namespaces.items()
            if seen.reads(name) and name not in unread
        }
    )
