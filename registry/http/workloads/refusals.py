"""Which references are refused rather than written: those that could not come into force as they are."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.http import problems
from registry.http.problems import Kind, Refused
from registry.model.problems import Problem
from registry.planning.catalogue import Catalogue
from registry.planning.objects import Workload
from registry.world.attaching import Outcome

REFUSED: Final[Mapping[str, Kind]] = {
    "TemplateUnknown": problems.TEMPLATE_NOT_FOUND,
    "RevisionUnknown": problems.REVISION_NOT_FOUND,
    "RevisionLost": problems.REVISION_NOT_FOUND,
    "WrongScope": problems.WRONG_SCOPE,
    "InvalidParameters": problems.INVALID_PARAMETERS,
    "NamespaceNotManaged": problems.NAMESPACE_NOT_MANAGED,
    "NamespaceExcluded": problems.NAMESPACE_EXCLUDED,
    "TemplateNotAllowed": problems.TEMPLATE_NOT_ALLOWED,
    "GroupTaken": problems.GROUP_TAKEN,
    "NoSelector": problems.NO_SELECTOR,
    "NameTaken": problems.POLICY_NOT_POSSIBLE,
    "TooManyPolicies": problems.POLICY_NOT_POSSIBLE,
}
"""By the controller's reason. Others, such as a fact not yet known, pass by themselves: these are written."""


def check_outcome(found: Outcome, workload: Workload, template: str, catalogue: Catalogue) -> None:
    """Refuse what the controller would leave pending until somebody changes something. Raises Refused."""
    reason = found.use.reason if found.use else None
    kind = REFUSED.get(reason or "")
    if found.use is None or kind is None:
        return
    wrong = [msgspec.structs.replace(one, pointer=f"/parameters{one.pointer}") for one in found.problems]
    members = {"reason": reason, **_members(kind, workload, template, catalogue)}
    raise Refused(kind, found.use.message or "", errors=wrong or _errors(kind), members=members)


def _errors(kind: Kind) -> list[Problem]:
    if kind != problems.REVISION_NOT_FOUND:
        return []
    return [
        Problem("/value", "There is no such revision.", "Name one of its revisions, or write true or latest.")
    ]


def _members(kind: Kind, workload: Workload, template: str, catalogue: Catalogue) -> Mapping[str, Any]:
    entry = catalogue.get(template)
    current = entry.current.template if entry else None
    if kind == problems.TEMPLATE_NOT_ALLOWED and current:
        return {"allowedIn": current.allowed_in}
    if kind == problems.GROUP_TAKEN and current:
        group = current.exclusive_group
        return {"group": group, "templates": _of_group(group, workload, template, catalogue)}
    return {}


def _of_group(group: str | None, workload: Workload, template: str, catalogue: Catalogue) -> list[str]:
    """The other templates of the group that the workload has."""
    entries = {
        name: catalogue.get(name)
        for name, value in workload.references.items()
        if value != "false" and name != template
    }
    currents = {name: entry.current.template for name, entry in entries.items() if entry}
    return sorted(name for name, one in currents.items() if one and one.exclusive_group == group)
