"""Unmanaged policies as an answer shows them: what becomes of each, or why it is kept and what to do then."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from registry.planning.objects import LivePolicy, is_namespace
from registry.planning.tools import tools_of
from registry.world.adopting import Adoption, Adoptions
from registry.world.resembling import pod_selector
from registry.world.standing import owner_name

IMPORT: Final = "/api/v1/templates/import"


def shown_unmanaged(
    found: Iterable[LivePolicy], adoptions: Adoptions | None, *, remove: bool
) -> list[dict[str, Any]]:
    """Policies that this product did not write, with who did, and what becomes of each."""
    if adoptions:
        return [_adoption(one) for one in adoptions.each]
    action = "remove" if remove else "keep"
    policies = sorted(found, key=lambda live: live.name)
    return [{**_policy(live, action), **_NOTHING} for live in policies]


_NOTHING: Final[dict[str, Any]] = {"reference": None, "reason": None, "message": None, "import": None}


def _policy(live: LivePolicy, action: str) -> dict[str, Any]:
    return {
        "name": live.name,
        "managers": sorted({manager.name for manager in live.managers}),
        "action": action,
        "warnings": list(_warnings(live, action)),
    }


def _warnings(live: LivePolicy, action: str) -> Iterator[str]:
    for tool in tools_of(live):
        if action != "keep":
            yield f"{tool} manages it and may bring it back, or change it back. Remove it there too."


def _adoption(one: Adoption) -> dict[str, Any]:
    action = "adopt" if one.reference else "keep"
    return {
        **_policy(one.policy, action),
        "reference": _reference(one),
        "reason": one.reason.reason if one.reason else None,
        "message": one.reason.message if one.reason else None,
        "import": _import(one),
    }


def _reference(one: Adoption) -> dict[str, Any] | None:
    reference = one.reference
    if reference is None:
        return None
    return {
        "template": reference.template,
        "revision": reference.revision,
        "parameters": reference.parameters,
        "workload": owner_name(reference.user),
        "policy": one.by,
        "written": one.written,
        "inPlace": one.in_place,
    }


def _import(one: Adoption) -> dict[str, Any] | None:
    """The call that makes a template of the policy, and whose label it could then be."""
    bound = bool(pod_selector(one.policy))
    if one.reason is None or one.reason.reason not in _IMPORTABLE or (bound and not one.selecting):
        return None
    source = {"namespace": one.policy.namespace, "networkPolicies": [one.policy.name]}
    workloads = [key.kind_name for key in one.selecting if not is_namespace(key)]
    body = {"fromCluster": source}
    return {"method": "POST", "path": IMPORT, "body": body, "workloads": workloads}


_IMPORTABLE: Final = frozenset({"NoTemplate", "ReferenceTaken", "SameReference"})
"""Reasons that a template of its own does away with."""
