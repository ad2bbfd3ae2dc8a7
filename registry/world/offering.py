"""Unmanaged policies that bear the name of a generated one: which of them the controller may take over."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from registry import contract
from registry.model.documents import canonical
from registry.planning.names import MAX_PARTS, policy_name
from registry.planning.objects import LivePolicy
from registry.planning.resolve import Applied, Pending, Request, Surroundings, resolve
from registry.world.standing import Standing


def offered(live: LivePolicy, value: str = "true") -> LivePolicy:
    """A policy that the controller may take over, if it is just what it would generate.

    `value` is `"true"`, or `"v3"` where a pinned reference is to have that revision from then on.
    """
    return msgspec.structs.replace(live, annotations={**live.annotations, contract.ADOPT_ANNOTATION: value})


def offers(here: Standing) -> dict[str, str]:
    """The values to offer unmanaged policies with, by the names that references there wait to generate.

    A policy that none of the template's revisions renders is among them too: its name is taken.
    """
    unmanaged = {live.name: live for live in here.unmanaged}
    start = here.start
    around = Surroundings(start.catalogue, start.facts, here.namespace)
    return {
        name: _value(unmanaged[name], request, around)
        for name, request in _derived(here)
        if name in unmanaged
    }


def _derived(here: Standing) -> Iterator[tuple[str, Request]]:
    """The names of policies that references generate, or wait to."""
    for workload in here.start.workloads:
        for template, value in workload.references.items():
            if value != "false":
                request = Request(workload.key, template, value, workload.parameters.get(template))
                yield policy_name(workload.key, template), request
    namespace = here.namespace
    defaults = (template.name for template in here.start.catalogue.defaults)
    for template, value in {**dict.fromkeys(defaults, "true"), **namespace.references}.items():
        if value != "false":
            request = Request(namespace.key, template, value, namespace.parameters.get(template))
            for part in range(2 * MAX_PARTS):
                yield policy_name(namespace.key, template, part), request


def _value(live: LivePolicy, request: Request, around: Surroundings) -> str:
    """The revision that a pinned reference had when the policy was written; the current one goes first."""
    entry = around.catalogue.get(request.template)
    if entry is None or request.value != "true":
        return "true"
    for revision in sorted(entry.revisions, reverse=True):
        pinned = msgspec.structs.replace(request, applied=Applied(revision, {}, "pinned"))
        if _renders(live, pinned, around):
            return "true" if revision == entry.head else f"v{revision}"
    return "true"


def _renders(live: LivePolicy, request: Request, around: Surroundings) -> bool:
    """Whether the rules are the same; the podSelector is planning's to compare."""
    try:
        found = resolve(request, around)
    except Pending:
        return False
    return found is not None and _rules(found.rendered.spec) == _rules(msgspec.json.decode(live.spec))


def _rules(spec: Mapping[str, Any]) -> bytes:
    return canonical({key: value for key, value in spec.items() if key != "podSelector"})
