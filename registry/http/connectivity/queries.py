"""Query parameters of the questions about connectivity."""

import re
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from registry.connectivity.intervals import Intervals
from registry.connectivity.ports import ALL_OF, LAST, PROTOCOLS, number_of
from registry.http.connectivity.answers import format_field
from registry.http.described import string

END_LIMIT: Final = 600
"""Characters of the name of an end: namespace, kind and name at their longest."""


def _end(description: str) -> fields.String:
    text = (
        f"{description}: `namespace/kind/name`, such as `shop/deployments/web`, `namespace/name` where that "
        "is one workload, or an IP address."
    )
    return string(text, required=True, validate=validate.Length(1, END_LIMIT))


class VerdictQuery(Schema):
    """One connection."""

    source = _end("Where it comes from")
    destination = _end("Where it goes to")
    protocol = string("TCP, UDP or SCTP.", load_default="TCP", validate=validate.OneOf(PROTOCOLS))
    port = fields.Integer(
        required=True,
        validate=validate.Range(1, LAST),
        metadata={"description": "The port at the destination, as its containers listen."},
    )


class ExplainQuery(VerdictQuery):
    """One connection, and how to write what is said of it."""

    format = format_field("explain")


NAMESPACES: Final = 100
"""Namespaces that a query may name."""

_PORTS: Final = re.compile(r"(?P<protocol>[A-Z]+)(?:/(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?)?")


class PortsField(fields.String):
    """Ports as `TCP`, `TCP/80` or `TCP/8000-8100`."""

    def _deserialize(self, *given: Any, **options: Any) -> Intervals:  # type: ignore[override]  # noqa: ANN401
        text: str = super()._deserialize(*given, **options)
        found = _PORTS.fullmatch(text)
        protocol = found["protocol"] if found else ""
        if found is None or protocol not in ALL_OF:
            raise ValidationError("Write TCP, UDP or SCTP, and ports after a slash: TCP/80, UDP/8000-8100.")
        if found["first"] is None:
            return ALL_OF[protocol]
        first, last = int(found["first"]), int(found["last"] or found["first"])
        if not 1 <= first <= last <= LAST:
            raise ValidationError(f"Ports are 1 to {LAST}, the lower one first.")
        return ((number_of(protocol, first), number_of(protocol, last)),)


def _namespaces(description: str) -> Any:  # noqa: ANN401 (marshmallow's own)
    return fields.List(
        fields.String(validate=validate.Length(1, 63)),
        load_default=[],
        validate=validate.Length(max=NAMESPACES),
        metadata={"description": description},
    )


class PartQuery(Schema):
    """Which part of the network."""

    namespace = _namespaces("Only the workloads in this namespace; may be repeated.")
    workload = string("Only this workload: `namespace/kind/name`.", validate=validate.Length(1, END_LIMIT))


class GraphQuery(PartQuery):
    """What to draw."""

    format = format_field("graph")
    port = PortsField(
        metadata={"description": "Only connections at these ports: `TCP/80`, `UDP/8000-8100`, `SCTP`."}
    )
    level = string(
        "Draw namespaces, or workloads; those around what is asked about, where they are not too many.",
        validate=validate.OneOf(["namespace", "workload"]),
    )


class ExposureQuery(PartQuery):
    """Whose exposure."""

    format = format_field("exposure")


class CoverageQuery(Schema):
    """Where to count."""

    namespace = _namespaces("Only this namespace; may be repeated.")
    format = format_field("coverage")


class FindingsQuery(Schema):
    """Where to look."""

    namespace = _namespaces("Only findings about policies of this namespace; may be repeated.")
    format = format_field("findings")


class DiffQuery(Schema):
    """How to write what would change."""

    format = format_field("diff")
