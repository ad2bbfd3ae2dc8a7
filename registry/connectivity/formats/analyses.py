"""Findings, exposure and coverage as JSON objects, as `documents` has the other answers."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from registry.connectivity.coverage import Counts, Cover, Coverage, NamespaceCoverage
from registry.connectivity.exposure import Exposed, Exposure, Reach
from registry.connectivity.findings.codes import CODES, SEVERITIES
from registry.connectivity.findings.drafts import Finding
from registry.connectivity.formats.documents import change_document, policy_document
from registry.connectivity.formats.ends import Document, Ends
from registry.connectivity.formats.entrances import arrival_document
from registry.connectivity.intervals import NOTHING


def findings_document(found: Iterable[Finding], ends: Ends) -> Document:
    """Findings, worst first, and how many there are of each severity."""
    every = [_finding(one, ends) for one in found]
    counted = Counter(one["severity"] for one in every)
    return {"counts": {severity: counted[severity] for severity in SEVERITIES}, "findings": every}


def exposure_document(found: Exposure, ends: Ends) -> Document:
    """Who could come in and where workloads could go; those with the same exposure are one entry."""
    return {
        "ingress": [_exposed(one, ends) for one in found.ingress],
        "egress": [_exposed(one, ends) for one in found.egress],
        "hostNetwork": ends.document(found.host_network, NOTHING),
        "entrances": [arrival_document(one, ends) for one in found.entrances],
    }


def coverage_document(found: Coverage, ends: Ends) -> Document:
    """How many workloads are isolated, in each direction and by which templates: in all, and by namespace."""
    return {
        "counts": _counts(found.counts),
        "templates": [_cover(one) for one in found.templates],
        "namespaces": [_namespace(one, ends) for one in found.namespaces],
    }


def _finding(finding: Finding, ends: Ends) -> Document:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "title": CODES[finding.code].title,
        "message": finding.message,
        "fix": finding.fix,
        "policies": [policy_document(one) for one in finding.policies],
        "workloads": ends.document(finding.pods, NOTHING),
        "connections": [change_document(one, ends) for one in finding.connections],
    }


def _exposed(exposed: Exposed, ends: Ends) -> Document:
    return {
        "workloads": ends.document(exposed.pods, NOTHING),
        "isolated": exposed.isolated,
        "reaches": [_reach(one) for one in exposed.reaches],
    }


def _reach(reach: Reach) -> Document:
    return {
        "kind": reach.kind,
        "ports": list(reach.ports),
        "addresses": list(reach.addresses),
        "namespaces": reach.namespaces or None,
        "pods": reach.pods or None,
        "now": reach.now,
    }


def _namespace(found: NamespaceCoverage, ends: Ends) -> Document:
    return {
        "namespace": found.namespace,
        "counts": _counts(found.counts),
        "templates": [_cover(one) for one in found.templates],
        "unprotected": ends.document(found.unprotected, NOTHING),
        "hostNetwork": ends.document(found.host_network, NOTHING),
    }


def _cover(cover: Cover) -> Document:
    return {"template": cover.template or None, "ingress": cover.ingress, "egress": cover.egress}


COVERED: Final = ("ingress", "egress", "both", "unprotected")
"""What workloads in reach of policies are counted as."""


def _counts(counts: Counts) -> Document:
    numbers = {name: getattr(counts, name) for name in COVERED}
    return {
        "workloads": counts.workloads,
        **numbers,
        "hostNetwork": counts.host_network,
        "percent": {name: counts.percent(number) for name, number in numbers.items()},
    }
