"""A NetworkPolicy becomes a template document: what a person would write who takes that policy over. Pure.

The template renders, with its defaults, to the very spec of the policy as the API server stores it;
in scope `workload` without the podSelector, which each workload brings itself.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.model.checks import shown
from registry.model.from_policy_parameters import Choice, offered
from registry.model.from_policy_words import described, titled
from registry.model.networkpolicy import check_spec
from registry.model.normalise import normalise_spec
from registry.model.problems import Invalid, Problem
from registry.model.template_rules import RESERVED_NAMES

MAX_NAME: Final = 63

_FOREIGN: Final = re.compile(r"[^a-z0-9-]+")


class Converted(msgspec.Struct, frozen=True):
    """A template document made of a NetworkPolicy, and what to know about it."""

    document: dict[str, Any]
    notes: tuple[str, ...] = ()


def template_document(policy: Mapping[str, object], choice: Choice = "all") -> Converted:
    """Return the template document of a `networking.k8s.io/v1` NetworkPolicy.

    `choice` says what becomes a parameter, with the value found as its default. A podSelector that selects
    some of the pods makes it a template for workloads, any other one for namespaces. Raises Invalid with
    pointers into the policy, as Kubernetes itself would refuse it; that leaves no `${` in any value.
    """
    written, spec = _name(policy), policy.get("spec")
    if problems := check_spec(spec, pod_selector=True):
        raise Invalid(problems)
    normal: dict[str, Any] = normalise_spec(spec if isinstance(spec, Mapping) else {})
    selector = normal.pop("podSelector", {})
    name, scope = template_name(written), "workload" if selector else "namespace"
    parameters, rules = offered(normal, choice)
    own: dict[str, Any] = {} if selector else {"podSelector": {}}
    ordered = {key: rules[key] for key in ("policyTypes", "ingress", "egress") if key in rules}
    document: dict[str, Any] = {
        "name": name,
        "title": titled(name),
        "description": described(normal, scope),
        "scope": scope,
        **({"parameters": parameters} if parameters else {}),
        "spec": own | ordered,
    }
    return Converted(document, tuple(_notes(written, name, bound=bool(selector))))


def template_name(name: str) -> str:
    """Return the name of a template that is closest to that of an object."""
    label = _FOREIGN.sub("-", name.lower()).strip("-")[:MAX_NAME].rstrip("-") or "policy"
    return f"{label}-policy" if label in RESERVED_NAMES else label


def _name(policy: Mapping[str, object]) -> str:
    metadata = policy.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        reason = f"{shown(name)} is not the name of a NetworkPolicy."
        raise Invalid([Problem("/metadata/name", reason, "Write its name; the template gets it.")])
    return name


def _notes(written: str, name: str, *, bound: bool) -> list[str]:
    notes = []
    if written != name:
        notes.append(f"The policy's name {shown(written)} became {name}, which a template may have.")
    if bound:
        notes.append("The podSelector is left out: each workload that uses the template brings its own.")
    return notes
