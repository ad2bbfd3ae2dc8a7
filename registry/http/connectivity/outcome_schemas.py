"""What a change does to connections as the OpenAPI document shows it, with an example."""

from typing import Any, Final

from marshmallow import Schema, fields

from registry.connectivity.diff import CHANGES, ChangeKind
from registry.http.connectivity.examples import COMPLETENESS
from registry.http.connectivity.schemas import answer_schema
from registry.http.described import string


class ConnectionsDocument(Schema):
    """Connections that are added and removed."""

    evaluated = fields.Boolean(required=True, metadata={"description": "Whether they were worked out."})
    reason = string("Why they were not; null if they were.", required=True, allow_none=True)
    diff = fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "anyOf": [answer_schema("diff"), {"type": "null"}],
            "description": "By source, destination and port; null where they were not worked out. Of each "
            "kind the 20 between the most workloads, each with 10 namespaces at an end and 5 workloads by "
            "name in each; the rest is counted. Left out are those of which you may list neither end.",
        },
    )


def _end(name: str) -> dict[str, Any]:
    workload = {"namespace": "shop", "group": "apps", "kind": "Deployment", "name": name}
    return {
        "namespaces": [{"namespace": "shop", "count": 1, "all": False, "workloads": [workload]}],
        "more": {"namespaces": 0, "workloads": 0},
        "hidden": 0,
        "addresses": [],
    }


def _example(change: ChangeKind, source: str, destination: str, **ports: list[str]) -> dict[str, Any]:
    shown = {"sources": _end(source), "destinations": _end(destination), "added": [], "removed": [], **ports}
    counts = dict.fromkeys(CHANGES, 0)
    diff = {
        "counts": {**counts, change: 1},
        "leftOut": counts,
        "changes": [{"change": change, **shown}],
        "completeness": COMPLETENESS,
    }
    return {"evaluated": True, "reason": None, "diff": diff}


CHANGED: Final = _example("changed", "web", "api", added=["TCP 8443"], removed=["TCP 8080"])
CUT: Final = _example("removed", "web", "db", removed=["any"])
OPENED: Final = _example("added", "web", "db", added=["any"])
