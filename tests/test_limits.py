"""docs/limits.md tells each bound as the code has it."""

import json
import re
from pathlib import Path

import pytest

from registry.http import access, backend, queries, remembered, server
from registry.http.connectivity import (
    analyses,
    completeness,
    diffs,
    findings,
    graphs,
    neighbours,
    outcome,
    proposal_body,
)
from registry.http.connectivity import queries as connectivity_queries
from registry.http.lint import live
from registry.http.lint import schemas as lint_schemas
from registry.http.templates import usage
from registry.http.transfer import documents as import_documents
from registry.model import checks, documents, labels, parameter_rules, scalars
from registry.planning import rollouts
from registry.resources import resource_dir
from registry.settings import Settings
from registry.store import saves

ROW = re.compile(r"^\| (?P<what>[^|]+?) \| (?P<most>[\d,]+) \|", re.MULTILINE)
PAGE = (Path(__file__).parent.parent / "docs" / "limits.md").read_text()
TOLD = {row["what"]: int(row["most"].replace(",", "")) for row in ROW.finditer(PAGE)}

GUNICORN = server.Server(Settings()).cfg
FIELDS = json.loads((resource_dir("schemas") / "template.schema.json").read_text())["properties"]
SPEC = json.loads((resource_dir("schemas") / "networkpolicyspec.schema.json").read_text())
DEFINED = SPEC["$defs"]


def items(name: str) -> int:
    """The bound of a list by its name in the spec's schema, the same wherever that name stands."""
    [most] = set(_bounds(SPEC, name))
    return most


def _bounds(node, name):
    if isinstance(node, dict):
        if isinstance(node.get(name), dict) and "maxItems" in node[name]:
            yield node[name]["maxItems"]
        node = node.values()
    if not isinstance(node, str | int | float | None):
        for inner in node:
            yield from _bounds(inner, name)


BOUNDS = {
    "body, in bytes; checked by `Content-Length` and again while it is read": documents.MAX_BYTES,
    "body of an import, in bytes": import_documents.MAX_IMPORT_BYTES,
    "templates of an import": import_documents.MAX_TEMPLATES,
    "nesting of mappings and lists in a body": documents.MAX_DEPTH,
    "whole numbers in a body, in bits": scalars.INTEGER_LIMIT.bit_length(),
    "items on a page (`limit`)": queries.PAGE_LIMIT,
    "cursor of a page, in characters": queries.CURSOR_LIMIT,
    "`message` of a save, in characters": queries.MESSAGE_LIMIT,
    "`podRanges` of lint": lint_schemas.MAX_RANGES,
    "workloads without a pod template that `lint` with `live=true` asks for a living Pod": live.MAX_LIVING,
    "namespaces that a question about connections names": connectivity_queries.NAMESPACES,
    "name of a workload in a question about connections, in characters": connectivity_queries.END_LIMIT,
    "workloads that a graph draws one by one": graphs.MOST_WORKLOADS,
    "edges of a graph": graphs.MOST_EDGES,
    "namespaces, and workloads in each, that a workload's `neighbours` name of peers with the same ports": (
        neighbours.MOST.namespaces
    ),
    "changes of connections of one kind that `connectivity/diff` tells": diffs.MOST.changes,
    "namespaces, and workloads in each, at one end of such a change": diffs.MOST.namespaces,
    "labels, policies or removals in the body of a `connectivity/diff`": proposal_body.MAX_ITEMS,
    "groups of equal exposure": analyses.MOST_GROUPS,
    "findings between policies": findings.MOST_FINDINGS,
    "workloads of a namespace that exposure, coverage and findings name together": analyses.MOST.workloads,
    "namespaces that exposure, coverage and findings name together": analyses.MOST.namespaces,
    "objects that an entry of `completeness` names": completeness.SHOWN,
    "number of a revision in a query": queries.RenderQuery().fields["revision"].validate.max,
    "changes of connections of one kind that a preview or a plan tells": outcome.MOST.changes,
    "namespaces at one end of such a change": outcome.MOST.namespaces,
    "workloads by name in each of these namespaces": outcome.MOST.workloads,
    "token, in characters": access.LONGEST_TOKEN,
    "problems that one refusal lists": checks.MAX_PROBLEMS,
    "users that a refused deletion lists": usage.SHOWN,
    "request line, in bytes": GUNICORN.limit_request_line,
    "header fields": GUNICORN.limit_request_fields,
    "header field, in bytes": GUNICORN.limit_request_field_size,
    "requests worked on at once (`NETPOL_REGISTRY_THREADS`)": GUNICORN.threads,
    "open connections": GUNICORN.worker_connections,
    "connections waiting to be accepted": GUNICORN.backlog,
    "silence in the middle of a request, in seconds": server.SILENCE_SECONDS,
    "silence between two requests, in seconds": GUNICORN.keepalive,
    "wait for the Kubernetes API server, in seconds": backend.CALL_SECONDS,
    "time to finish when told to end, in seconds": GUNICORN.graceful_timeout,
    "document, in bytes, as JSON and as YAML": documents.MAX_BYTES,
    "`name`, `category`, `exclusiveGroup`, in characters": FIELDS["name"]["maxLength"],
    "`title`, in characters": FIELDS["title"]["maxLength"],
    "`description`, in characters": FIELDS["description"]["maxLength"],
    "parameters": parameter_rules.MAX_PARAMETERS,
    "examples of parameters": parameter_rules.MAX_EXAMPLES,
    "`pattern` of a parameter, in characters": parameter_rules.MAX_PATTERN,
    "rules of a direction": SPEC["properties"]["ingress"]["maxItems"],
    "peers of a rule": DEFINED["peers"]["maxItems"],
    "ports of a rule": DEFINED["ports"]["maxItems"],
    "`except` of a block": items("except"),
    "`matchExpressions` of a selector": items("matchExpressions"),
    "values of an expression": items("values"),
    "name and value of a label, in characters": labels.MAX_NAME,
    "prefix of a label's name, in characters": labels.MAX_PREFIX,
    "all templates together, in bytes as YAML": saves.LIMIT,
    "users, their names in bytes as JSON: about 10,000 of them": rollouts.MAX_USERS_BYTES,
    "users moved in a batch": rollouts.MAX_BATCH,
    "pause between two batches, in seconds": rollouts.MAX_PAUSE_SECONDS,
    "callers remembered": access.CALLERS,
    "decisions remembered": access.DECISIONS,
    "encoded lists remembered, in bytes": remembered.LIMIT,
}


@pytest.mark.parametrize("what", BOUNDS)
def test_a_bound_of_the_code_is_told_as_it_is(what):
    assert TOLD[what] == BOUNDS[what]


def test_no_bound_is_told_that_the_code_does_not_have():
    assert set(TOLD) <= set(BOUNDS)


def test_names_and_groups_have_the_same_bound():
    assert len({FIELDS[field]["maxLength"] for field in ("name", "category", "exclusiveGroup")}) == 1


def test_both_directions_have_the_same_bound():
    assert SPEC["properties"]["egress"]["maxItems"] == SPEC["properties"]["ingress"]["maxItems"]
