"""The rules of a template that no JSON Schema can say in a sentence people understand."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.model.checks import listed
from registry.model.facts import FACT_NAMES, SAMPLE_FACTS
from registry.model.networkpolicy import POLICY_TYPES, check_selector, check_spec, no_pod_selector
from registry.model.normalise import default_policy_types
from registry.model.parameter_schema import closed, properties, resolved
from registry.model.placeholders import NAMESPACE, WORKLOAD_NAME, Use, uses
from registry.model.pointers import join
from registry.model.problems import Problem
from registry.model.substitution import NotText
from registry.model.template_trials import Trial, trials

Document = Mapping[str, Any]

WORKLOAD: Final = "workload"
RESERVED_NAMES: Final = ("export", "import")
"""Names beside those of templates in the paths of the HTTP API."""


def with_policy_types(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with policyTypes written out.

    They follow from the spec as written: an egress rule that renders to nothing still isolates egress.
    """
    return {"policyTypes": default_policy_types(spec), **spec}


def check_fields(document: Document) -> list[Problem]:
    """Return what is wrong between the fields of a document that has the right form."""
    problems = []
    if document["name"] in RESERVED_NAMES:
        problems.append(
            Problem("/name", f"`{document['name']}` is a path of the API.", "Choose another name.")
        )
    for name in ("defaultIn", "allowedIn"):
        problems += check_selector(document.get(name, {}), f"/{name}")
    workload = document["scope"] == WORKLOAD
    problems += _of_workload(document) if workload else _of_namespace(document)
    return problems


def _of_workload(document: Document) -> Iterator[Problem]:
    if "podSelector" in document["spec"]:
        yield no_pod_selector("/spec/podSelector")
    if "defaultIn" in document:
        reason = "A template of scope `workload` is used by the workloads that name it."
        yield Problem("/defaultIn", reason, "Remove it, or write `scope: namespace`.")
    types = with_policy_types(document["spec"])["policyTypes"]
    if document.get("replacesDefaults") and sorted(types) != sorted(POLICY_TYPES):
        reason = "A template that replaces the defaults states both directions."
        yield Problem("/spec/policyTypes", reason, "Write `policyTypes: [Ingress, Egress]`.")


def _of_namespace(document: Document) -> Iterator[Problem]:
    if document.get("replacesDefaults"):
        reason = "Only a template of scope `workload` replaces the namespace's defaults."
        yield Problem("/replacesDefaults", reason, "Remove it, or write `scope: workload`.")


def check_placeholders(document: Document) -> list[Problem]:
    """Return what is wrong with the placeholders in the spec, whose parameter schema is valid."""
    known = _known(document)
    unset = _without_value(closed(document.get("parameters", {})))
    problems: list[Problem] = []
    for use in uses(document["spec"], "/spec"):
        problems += _misplaced(use)
        problems += [_unknown(use, name, known) for name in use.names if name not in known]
        problems += [_unset(name) for name in use.names if name in unset]
    return sorted(set(problems))


def _known(document: Document) -> list[str]:
    declared = document.get("parameters", {}).get("properties", {})
    place = [NAMESPACE, WORKLOAD_NAME] if document["scope"] == WORKLOAD else [NAMESPACE]
    return [*declared, *place, *FACT_NAMES]


def _without_value(parameters: Mapping[str, Any]) -> set[str]:
    """Return the parameters that a user may leave out and that then have no value."""
    valued = {name for name, part in properties(parameters) if "default" in resolved(part, parameters)}
    return set(parameters.get("properties", {})) - valued - set(parameters.get("required", []))


def _misplaced(use: Use) -> Iterator[Problem]:
    if use.in_key:
        yield Problem(use.pointer, "A key holds a placeholder.", "Write the key out; only values vary.")
    elif use.malformed:
        yield Problem(use.pointer, "`${` begins a placeholder that does not end.", "Write `${name}`.")


def _unknown(use: Use, name: str, known: list[str]) -> Problem:
    if name == WORKLOAD_NAME:
        reason = "`${workload.name}` has a value in scope `workload` only."
        return Problem(use.pointer, reason, "Remove it, or write `scope: workload`.")
    fix = f"Declare it under `parameters`, or use {listed(known)}."
    return Problem(use.pointer, f"There is no variable `{name}`.", fix)


def _unset(name: str) -> Problem:
    reason = f"`{name}` may be left out and then has no value."
    return Problem(join("/parameters/properties", name), reason, "Give it a default, or require it.")


def check_trials(document: Document) -> list[Problem]:
    """Return what keeps Kubernetes from accepting the spec with the defaults or examples and sample facts."""
    tried = trials(closed(document.get("parameters", {})))
    return sorted({problem for trial in tried for problem in _of_trial(document, trial)})


def _of_trial(document: Document, trial: Trial) -> Iterator[Problem]:
    """Yield what is wrong with one rendering.

    No rule is dropped here, so that an empty default does not hide an error beside it.
    """
    substitution, spec = trial.substitution(SAMPLE_FACTS, drop=False), document["spec"]
    try:
        rendered = substitution.spec(spec)
    except NotText as why:
        yield _not_text(spec, trial, why.name)
        return
    for problem in check_spec(rendered, pod_selector=document["scope"] != WORKLOAD):
        yield trial.in_document(substitution, spec, problem)


def _not_text(spec: Mapping[str, Any], trial: Trial, name: str) -> Problem:
    used = next(use.pointer for use in uses(spec, "/spec") if name in use.names)
    pointer = join(trial.pointer, name) if name in trial.given else used
    reason = f"`{name}` stands inside a longer text, where only text, numbers, true and false fit."
    return Problem(pointer, reason, f"Write `${{{name}}}` alone, or give it another type.")
