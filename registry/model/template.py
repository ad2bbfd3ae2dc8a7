"""A template: its document, read once and checked completely, so that using it cannot surprise.

The checks come in this order, each only when those before found nothing: the document's form, the
rules between its fields, the parameter schema with its defaults, the placeholders, and the spec
rendered with the defaults and examples, and sample facts, against the rules of NetworkPolicy.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from registry.model.document_schema import check_document
from registry.model.documents import digest, load_yaml
from registry.model.parameter_rules import check_parameters
from registry.model.placeholders import uses
from registry.model.problems import Invalid, Problem
from registry.model.template_rules import (
    check_fields,
    check_placeholders,
    check_trials,
    with_policy_types,
)

Selector = Mapping[str, Any]


class Template(msgspec.Struct, frozen=True):
    """A valid template.

    `document` is what its author wrote, `digest` that of its canonical JSON. `spec` is the document's
    with policyTypes written out, placeholders in place; `variables` are the names they use, such as
    `port`, `namespace`, `workload.name` or `cluster.dns`. Empty `parameters` allow none.
    """

    name: str
    title: str
    description: str
    category: str
    scope: str
    default_in: Selector | None
    allowed_in: Selector | None
    exclusive_group: str | None
    replaces_defaults: bool
    parameters: dict[str, Any]
    spec: dict[str, Any]
    document: dict[str, Any]
    digest: str
    variables: frozenset[str]


def load_template(text: str | bytes) -> Template:
    """Return the template written in a YAML or JSON text; raises Invalid."""
    return parse_template(load_yaml(text))


def parse_template(document: object) -> Template:
    """Return the template of a document; raises Invalid with pointers into the document."""
    checked = check_document(document)
    parameters: dict[str, Any] = checked.get("parameters", {})
    _refuse(check_fields(checked))
    _refuse(check_parameters(parameters))
    _refuse(check_placeholders(checked))
    _refuse(check_trials(checked))
    return _template(checked, parameters)


def trusted_template(document: dict[str, Any]) -> Template:
    """Return the template of a document that parse_template accepted before: a recorded revision.

    Raises KeyError or TypeError when it never was a template.
    """
    return _template(document, document.get("parameters", {}))


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(problems)


def _template(document: dict[str, Any], parameters: dict[str, Any]) -> Template:
    spec = with_policy_types(document["spec"])
    return Template(
        name=document["name"],
        title=document.get("title", document["name"]),
        description=document["description"],
        category=document.get("category", "other"),
        scope=document["scope"],
        default_in=document.get("defaultIn"),
        allowed_in=document.get("allowedIn"),
        exclusive_group=document.get("exclusiveGroup"),
        replaces_defaults=document.get("replacesDefaults", False),
        parameters=parameters,
        spec=spec,
        document=document,
        digest=digest(document),
        variables=frozenset(name for use in uses(spec, "/spec") for name in use.names),
    )
