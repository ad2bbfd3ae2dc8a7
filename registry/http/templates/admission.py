"""Asks the API server, before a template is saved, whether it would take the policies that it becomes.

A dry run in the store's own namespace, with the service's own identity: the server's validation, its
admission policies and its webhooks answer as they would, and nothing is stored.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.errors import ApiError, Forbidden
from registry.cluster.resources import NETWORK_POLICIES, SELF_ACCESS_REVIEWS
from registry.http import problems
from registry.http.problems import Refused
from registry.model.facts import SAMPLE_FACTS, Facts
from registry.model.normalise import normalise_spec
from registry.model.parameter_schema import closed
from registry.model.pointers import join
from registry.model.problems import Problem
from registry.model.substitution import Substitution
from registry.model.template import Template
from registry.model.template_trials import Trial, trials
from registry.settings import Settings

SELECTOR: Final = {"matchLabels": {"app": "checkout"}}
"""Stands for a workload's own selector."""

_DRY_RUN: Final = {"dryRun": "All", "fieldManager": contract.MANAGER, "fieldValidation": "Strict"}
_CLIENT_ERRORS: Final = range(400, 500)
_NOT_ABOUT_THE_OBJECT: Final = (401, 404, 408, 409, 429)
_QUOTA: Final = "exceeded quota"
_DENIED: Final = re.compile(r"denied (the )?request")
_FIELD: Final = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_FIX: Final = "Write what the cluster takes, or ask those who set its rules."


class _Policy(msgspec.Struct, frozen=True):
    """A policy to be tried, and how it was made."""

    template: Template
    trial: Trial
    substitution: Substitution
    spec: Mapping[str, Any]

    def body(self) -> dict[str, Any]:
        return {
            "apiVersion": NETWORK_POLICIES.api_version,
            "kind": NETWORK_POLICIES.kind,
            "metadata": {
                "generateName": f"{self.template.name}-",
                "labels": {
                    contract.MANAGED_BY_LABEL: contract.MANAGER,
                    contract.TEMPLATE_LABEL: self.template.name,
                },
            },
            "spec": self.spec,
        }

    def problems(self, error: ApiError) -> Iterator[Problem]:
        """What the server refuses, each where its cause stands in the template's document."""
        for cause in error.status.details.causes:
            if tokens := _tokens(self.spec, cause.field):
                found = Problem(join("/spec", *tokens), cause.message, _FIX)
                yield self.trial.in_document(self.substitution, self.template.spec, found)
            else:
                yield Problem("/spec", cause.message or str(error), _FIX)


async def check_admission(client: Client, settings: Settings, template: Template) -> None:
    """Have the template's policies tried. Raises Refused when one is refused, or one cannot be tried."""
    facts = {**SAMPLE_FACTS, **settings.facts}
    policies = [_policy(template, trial, facts) for trial in trials(closed(template.parameters))]
    errors = await asyncio.gather(*(_try(client, settings, policy) for policy in policies))
    refused = [(policy, error) for policy, error in zip(policies, errors, strict=True) if error]
    for _, error in refused:
        if not await _is_refusal(client, settings, error):
            raise _failed(settings, error)
    if refused:
        raise _refused(refused)


def _policy(template: Template, trial: Trial, facts: Facts) -> _Policy:
    substitution = trial.substitution(facts, drop=True)
    own = {"podSelector": SELECTOR if template.scope == "workload" else {}}
    spec = normalise_spec({**own, **substitution.spec(template.spec)})
    return _Policy(template, trial, substitution, spec)


async def _try(client: Client, settings: Settings, policy: _Policy) -> ApiError | None:
    try:
        await client.post(NETWORK_POLICIES.path(settings.store_namespace), policy.body(), _DRY_RUN)
    except ApiError as error:
        return error
    return None


async def _is_refusal(client: Client, settings: Settings, error: ApiError) -> bool:
    """Whether the server judged the policy, and did not merely fail to. Raises ApiError."""
    code, words = error.status.code, str(error)
    if isinstance(error, Forbidden):
        return _QUOTA not in words and await _may_try(client, settings)
    judged = code in _CLIENT_ERRORS and code not in _NOT_ABOUT_THE_OBJECT
    return judged or bool(_DENIED.search(words))  # a webhook may refuse with any code


async def _may_try(client: Client, settings: Settings) -> bool:
    """Tell a 403 of admission from one of RBAC: by asking whether we may, not by its words."""
    attributes = {
        "namespace": settings.store_namespace,
        "verb": "create",
        "group": NETWORK_POLICIES.group,
        "resource": NETWORK_POLICIES.plural,
    }
    body = {
        "apiVersion": SELF_ACCESS_REVIEWS.api_version,
        "kind": SELF_ACCESS_REVIEWS.kind,
        "spec": {"resourceAttributes": attributes},
    }
    answer = await client.post(SELF_ACCESS_REVIEWS.path(), body)
    return bool(msgspec.json.decode(answer)["status"]["allowed"])


def _failed(settings: Settings, error: ApiError) -> Refused:
    namespace = settings.store_namespace
    detail = (
        "The template was not saved, because the API server could not try its policy in namespace "
        f"{namespace}: {error}. {_remedy(error, namespace)}"
    )
    return Refused(problems.DRY_RUN_FAILED, detail, headers={"Retry-After": "2"})


def _refused(refused: Sequence[tuple[_Policy, ApiError]]) -> Refused:
    policy, error = refused[0]
    tried = f"with the example at {policy.trial.pointer}" if policy.trial.pointer else "with its defaults"
    detail = f"The API server does not take the policy that the template becomes {tried}: {error}"
    found = {problem for policy, error in refused for problem in policy.problems(error)}
    return Refused(problems.POLICY_REFUSED, detail, errors=sorted(found))


def _remedy(error: ApiError, namespace: str) -> str:
    if isinstance(error, Forbidden) and _QUOTA not in str(error):
        return (
            "An administrator has to let the service's account `create` networkpolicies.networking.k8s.io in "
            f"namespace {namespace}, as deploy/rbac.yaml does."
        )
    return "Try again; if it stays, an administrator has to mend what the API server names."


def _tokens(spec: object, field: str) -> list[str]:
    """The way to a field such as `spec.ingress[0].ports[0].port`, as far as the spec has it.

    Empty for what is not in the spec.
    """
    first, *rest = [key or name for key, name in _FIELD.findall(field)] or [""]
    way: list[str] = []
    for token in rest if first == "spec" else ():
        if isinstance(spec, list) and token.isdecimal() and int(token) < len(spec):
            spec = spec[int(token)]
        elif isinstance(spec, Mapping):
            spec = spec.get(token)
        else:
            break
        way.append(token)
    return way
