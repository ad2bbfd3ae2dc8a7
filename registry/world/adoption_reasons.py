"""Why an unmanaged policy is kept as it is, in words that say what to do next."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from registry.world.resembling import Resembling


class Reason(NamedTuple):
    """A word for programs, a sentence for people."""

    reason: str
    message: str


MESSAGES: Final[Mapping[str, str]] = {
    "Owned": "It has an owner (ownerReferences), which would write it again. Change it there.",
    "NoTemplate": "No template gives exactly this policy{place}. Import it first, and call again.",
    "NoWorkload": (
        "Its podSelector is the selector of no workload here, and no template for namespaces gives this "
        "policy. Write a template for namespaces with this podSelector, or correct the policy."
    ),
    "SeveralWorkloads": (
        "Its podSelector is the selector of several workloads ({users}), and any could bear the label. "
        "Attach the template ({references}) to one of them, and call again."
    ),
    "Ambiguous": (
        "Several references give exactly this policy ({references}), with parameters as few. "
        "Attach one of them, and call again."
    ),
    "Forbidden": "{users} would get the label, and you may not patch it. Ask somebody who may.",
    "ReferenceTaken": (
        "{users} has template {references} already, which asks for something else there. "
        "Detach it, or import the policy as a template of its own, and call again."
    ),
    "SameReference": (
        "Another policy here needs the same label with other parameters. "
        "Import one of them as a template of its own, and call again."
    ),
    "NameTaken": (
        "It bears the name of the policy that a label here asks for, and another spec. Set that label to the "
        'revision that this policy was made from ("v3"), or delete or rename the policy.'
    ),
    "OtherPoliciesChange": (
        "The label would change other policies too. Look at that with a dry run of attaching the template."
    ),
}


def kept_because(reason: str, found: Resembling | None = None) -> Reason:
    """The reason with its sentence; `found` are the references that there would be."""
    references = found.references if found else ()
    users = sorted({one.user.kind_name for one in references})
    selecting = [key.kind_name for key in found.selecting] if found else []
    place = f" for {' or '.join(selecting)}" if selecting else ""
    told = ", ".join(sorted({one.template for one in references}))
    return Reason(reason, MESSAGES[reason].format(place=place, users=", ".join(users), references=told))


def unresolved(found: Resembling) -> Reason:
    """Why there is not one reference, but none or several."""
    if not found.references:
        return kept_because("NoWorkload" if found.bound and not found.selecting else "NoTemplate", found)
    same = len({(one.template, str(one.parameters)) for one in found.references}) == 1
    return kept_because("SeveralWorkloads" if same else "Ambiguous", found)
