"""Query parameters of the questions about connectivity."""

from typing import Final

from marshmallow import Schema, fields, validate

from registry.connectivity.ports import LAST, PROTOCOLS
from registry.http.described import string

END_LIMIT: Final = 600
"""Characters of the name of an end: namespace, kind and name at their longest."""


def _end(description: str) -> fields.String:
    text = f"{description}: `namespace/kind/name`, such as `shop/deployments/web`, or an IP address."
    return string(text, required=True, validate=validate.Length(1, END_LIMIT))


class QuestionQuery(Schema):
    """One connection."""

    source = _end("Where it comes from")
    destination = _end("Where it goes to")
    protocol = string("TCP, UDP or SCTP.", load_default="TCP", validate=validate.OneOf(PROTOCOLS))
    port = fields.Integer(
        required=True,
        validate=validate.Range(1, LAST),
        metadata={"description": "The port at the destination, as its containers listen."},
    )
