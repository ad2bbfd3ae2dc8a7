"""A NetworkPolicy as lint looks at it: a template of its spec as written, so that pointers lead into it."""

from collections.abc import Mapping
from typing import Any, Final

from registry.model.checks import shown
from registry.model.from_policy import template_name
from registry.model.networkpolicy import check_spec
from registry.model.normalise import normalise_selector
from registry.model.problems import Invalid, Problem
from registry.model.template import Template, parse_template

API_VERSION: Final = "networking.k8s.io/v1"


def policy_template(policy: Mapping[str, Any]) -> Template:
    """Return the template; one that selects every pod counts as a default, since it adds to all others.

    Raises Invalid, with pointers into the policy, for what the API server refuses.
    """
    if policy.get("apiVersion") != API_VERSION:
        reason = f"{shown(policy.get('apiVersion'))} is not the API version of a NetworkPolicy that is read."
        raise Invalid([Problem("/apiVersion", reason, f"Write {API_VERSION}; other kinds are not read.")])
    spec = policy.get("spec")
    if problems := check_spec(spec, pod_selector=True):
        raise Invalid(problems)
    written: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}
    document: dict[str, object] = {
        "name": template_name(_metadata(policy, "name") or ""),
        "description": "A NetworkPolicy.",
        "scope": "namespace",
        "spec": written,
    }
    if not normalise_selector(written.get("podSelector", {})):
        document["defaultIn"] = {}
    return parse_template(document)


def policy_namespace(policy: Mapping[str, Any]) -> str:
    """The namespace of a policy; empty where it names none."""
    return _metadata(policy, "namespace") or ""


def _metadata(policy: Mapping[str, Any], member: str) -> str | None:
    metadata = policy.get("metadata")
    found = metadata.get(member) if isinstance(metadata, Mapping) else None
    return found if isinstance(found, str) else None
