"""Answers as tables, from their JSON documents: what Markdown and CSV both print."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from registry.connectivity.formats.ends import Document
from registry.connectivity.formats.texts import (
    connection_shown,
    end_shown,
    node_shown,
    origin_shown,
    peer_shown,
    stranger_shown,
)


class Table(NamedTuple):
    """Rows of texts under their headings; `title` says what they are."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables(answer: str, document: Document) -> list[Table]:
    """The tables of an answer, such as `graph`; last what it lacks, if anything. Raises KeyError."""
    return [*_TABLES[answer](document), *_lacks(document)]


def _lacks(document: Document) -> Iterator[Table]:
    """What was not read, and what was not evaluated."""
    problems = document.get("problems", ())
    if problems:
        rows = [
            (f"{one['file']}:{one['line']}", one["object"] or "", one["pointer"], one["reason"], one["fix"])
            for one in problems
        ]
        yield Table("Not read", ("Place", "Object", "At", "Reason", "Fix"), rows)
    remarks = list(_remarks(document.get("completeness")))
    if remarks:
        yield Table("Completeness", ("Remark",), [(one,) for one in remarks])


def _remarks(completeness: Document | None) -> Iterator[str]:
    if completeness:
        if remark := completeness["enforcement"]["remark"]:
            yield remark
        yield from (one["message"] for one in completeness["leftOut"])


def _graph(document: Document) -> Iterator[Table]:
    nodes = {one["id"]: one for one in document["nodes"]}
    rows = [
        (node_shown(nodes[one["source"]]), node_shown(nodes[one["target"]]), ", ".join(one["ports"]))
        for one in document["edges"]
    ]
    yield Table("Connections", ("From", "To", "Ports"), rows)
    yield Table(
        "Nodes",
        ("Kind", "Name", "Workloads", "Ingress isolated", "Egress isolated"),
        [
            (
                one["kind"],
                node_shown(one),
                str(one["workloads"]),
                str(one["ingressIsolated"]),
                str(one["egressIsolated"]),
            )
            for one in document["nodes"]
        ],
    )


def _explain(document: Document) -> Iterator[Table]:
    yield Table(
        "Connection",
        ("From", "To", "Port", "Allowed", "Why"),
        [
            (
                peer_shown(document["source"]),
                peer_shown(document["destination"]),
                f"{document['protocol']} {document['port']}",
                _yes(document["allowed"]),
                _why(document),
            )
        ],
    )
    rows = [row for direction in ("egress", "ingress") for row in _policies(direction, document[direction])]
    headings = ("Direction", "Policy", "Template", "Selects", "Rule", "Allows", "Peers", "Ports", "Missing")
    yield Table("Policies", headings, rows)


def _why(document: Document) -> str:
    if document["itself"]:
        return "A pod always reaches itself."
    said = "; ".join(_direction_why(name, document[name]) for name in ("egress", "ingress"))
    return " ".join([f"{said}.", *document["notes"]])


def _direction_why(name: str, direction: Document) -> str:
    if not direction["isolated"]:
        return f"{name}: no policy isolates it"
    found = [one for one in direction["policies"] if one["allows"]]
    if not found:
        return f"{name}: denied, no rule of {len(direction['policies'])} policies that select it allows it"
    names = ", ".join(f"{one['namespace']}/{one['name']}" for one in found)
    return f"{name}: allowed by {names}"


def _policies(name: str, direction: Document) -> Iterator[tuple[str, ...]]:
    for policy in direction["policies"]:
        yield from _rules(name, policy)
    if direction["hidden"]:
        yield (name, f"{direction['hidden']} policies that you may not read", *("",) * 7)


def _rules(direction: str, policy: Document) -> Iterator[tuple[str, ...]]:
    head = (direction, f"{policy['namespace']}/{policy['name']}", origin_shown(policy), policy["pods"])
    for rule in policy["rules"]:
        yield (
            *head,
            str(rule["index"]),
            _yes(rule["allows"]),
            "; ".join(rule["peers"]),
            ", ".join(rule["ports"]),
            "; ".join(rule["missing"]),
        )
    if not policy["rules"]:
        yield (*head, "", "no", "", "", f"the policy has no rule for {direction}")


def _diff(document: Document) -> Iterator[Table]:
    yield Table(
        "Changes",
        ("Change", "From", "To", "Gained", "Lost"),
        [
            (
                one["change"],
                end_shown(one["sources"]),
                end_shown(one["destinations"]),
                ", ".join(one["added"]),
                ", ".join(one["removed"]),
            )
            for one in document["changes"]
        ],
    )


def _findings(document: Document) -> Iterator[Table]:
    yield Table(
        "Findings",
        ("Severity", "Code", "Finding", "Policies", "Workloads", "Connections", "Fix"),
        [
            (
                one["severity"],
                one["code"],
                one["message"],
                "; ".join(f"{policy['namespace']}/{policy['name']}" for policy in one["policies"]),
                end_shown(one["workloads"]),
                "; ".join(map(connection_shown, one["connections"])),
                one["fix"],
            )
            for one in document["findings"]
        ],
    )


def _exposure(document: Document) -> Iterator[Table]:
    rows = [
        row
        for direction in ("ingress", "egress")
        for one in document[direction]
        for row in _reaches(direction, one)
    ]
    hosts = end_shown(document["hostNetwork"])
    if hosts != "nobody":
        rows.append((hosts, "both", "everyone: the host's network is out of policies' reach", "any", ""))
    yield Table("Exposure", ("Workloads", "Direction", "Strangers", "Ports", "Now"), rows)
    ways = [_way(one) for one in document["entrances"]]
    if ways:
        yield Table("Ways in from outside", ("Names", "By", "Leads to", "Ports", "Let in", "Why"), ways)


def _way(way: Document) -> tuple[str, ...]:
    by = way["by"]
    return (
        ", ".join(way["hosts"]),
        f"{by['kind']} {by['namespace']}/{by['name']}",
        "; ".join(end_shown(one["workloads"]) for one in way["behind"]) or "nothing",
        ", ".join(dict.fromkeys(port for one in way["behind"] for port in one["ports"])),
        way["allowed"],
        way["reason"] or "",
    )


def _reaches(direction: str, exposed: Document) -> Iterator[tuple[str, ...]]:
    workloads = end_shown(exposed["workloads"])
    if not exposed["isolated"]:
        yield workloads, direction, "everyone: no policy isolates them", "any", ""
    elif not exposed["reaches"]:
        yield workloads, direction, "nobody", "", ""
    for reach in exposed["reaches"] if exposed["isolated"] else ():
        now = "" if reach["now"] else "nobody matches now"
        yield workloads, direction, stranger_shown(reach), ", ".join(reach["ports"]), now


def _coverage(document: Document) -> Iterator[Table]:
    total = {"namespace": "all", **{name: document[name] for name in ("counts", "templates")}}
    yield Table(
        "Coverage",
        (
            "Namespace",
            "Workloads",
            "Ingress isolated",
            "Egress isolated",
            "Both",
            "Unprotected",
            "Host network",
            "Templates",
            "Unprotected workloads",
        ),
        [_covered(one) for one in (total, *document["namespaces"])],
    )


def _covered(part: Document) -> tuple[str, ...]:
    counts = part["counts"]
    numbers = ("workloads", "ingress", "egress", "both", "unprotected", "hostNetwork")
    templates = [
        f"{one['template'] or 'unmanaged'} {one['ingress']}/{one['egress']}" for one in part["templates"]
    ]
    unprotected = end_shown(part["unprotected"]) if "unprotected" in part else ""
    return (
        part["namespace"],
        *(str(counts[name]) for name in numbers),
        ", ".join(templates),
        "" if unprotected == "nobody" else unprotected,
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


_TABLES: Final[Mapping[str, Callable[[Document], Iterator[Table]]]] = {
    "graph": _graph,
    "explain": _explain,
    "diff": _diff,
    "findings": _findings,
    "exposure": _exposure,
    "coverage": _coverage,
}
