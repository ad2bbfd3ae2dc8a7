"""What the checks find, one by one, and how that becomes findings: one for each template concerned."""

from collections import defaultdict
from collections.abc import Iterable
from functools import reduce

import msgspec

from registry.connectivity.diff import Change
from registry.connectivity.findings.codes import SEVERITIES, Code, Severity
from registry.connectivity.findings.words import listed
from registry.connectivity.objects import Policy
from registry.connectivity.podsets import NOBODY, PodSet, join


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a check found about `policies`, of which the first is at fault.

    `what` is a sentence that is the same for all policies of a template; `detail` says it of this one.
    """

    code: Code
    policies: tuple[Policy, ...]
    what: str
    detail: str
    severity: Severity | None = None
    pods: PodSet = NOBODY
    connections: tuple[Change, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. `policies` begin with those at fault, the same template's together.

    `pods` are the workloads concerned. `connections` have as `added` what is open only for this, as `removed`
    what one end allows and the other does not.
    """

    code: str
    severity: Severity
    message: str
    fix: str
    policies: tuple[Policy, ...]
    pods: PodSet = NOBODY
    connections: tuple[Change, ...] = ()


def findings_of(drafts: Iterable[Draft]) -> list[Finding]:
    """Findings, worst first, then by code and policy; drafts about policies of one template are one."""
    groups: defaultdict[object, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[_group(draft)].append(draft)
    return sorted(map(_finding, groups.values()), key=_in_order)


def _group(draft: Draft) -> object:
    first = draft.policies[0]
    about = (first.origin.template, first.origin.revision) if first.origin else first.key
    return draft.code.name, draft.severity, draft.what, about


def _finding(drafts: list[Draft]) -> Finding:
    drafts.sort(key=lambda one: one.policies[0].key)
    code = drafts[0].code
    at_fault = list(dict.fromkeys(one.policies[0].key for one in drafts))
    by_key = {policy.key: policy for one in drafts for policy in one.policies}
    others = sorted(by_key.keys() - set(at_fault))
    return Finding(
        code=code.name,
        severity=drafts[0].severity or code.severity,
        message=_message(drafts, len(at_fault)),
        fix=code.fix,
        policies=tuple(by_key[key] for key in (*at_fault, *others)),
        pods=reduce(join, (one.pods for one in drafts), NOBODY),
        connections=tuple(change for one in drafts for change in one.connections),
    )


def _message(drafts: list[Draft], count: int) -> str:
    first = drafts[0].policies[0]
    details = list(dict.fromkeys(one.detail for one in drafts))
    subject = f"{count} policies" if count > 1 else f"Policy {first.key}"
    made_by = (
        f" of template {first.origin.template}, revision {first.origin.revision}" if first.origin else ""
    )
    return f"{subject}{made_by}: {drafts[0].what}: {listed(details, '; ')}."


def _in_order(finding: Finding) -> tuple[object, ...]:
    return SEVERITIES.index(finding.severity), finding.code, finding.policies[0].key, finding.message
