"""`/api/v1/facts`: what is known of the cluster, and how."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Any, Final

from flask import Response

from registry.cluster.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    GATEWAY_CLASSES,
    INGRESS_CLASSES,
    NODES,
    SERVICE_CIDRS,
    SERVICES,
    STATEFUL_SETS,
)
from registry.http.access import Access, Caller, Right
from registry.http.answers import json_answer
from registry.http.facts.schemas import FACTS, Facts
from registry.http.operations import Operations
from registry.http.requests import backend, caller
from registry.planning.objects import Key
from registry.world.facts.known import Fact

_TELLING: Final = {
    (one.group, one.kind): one
    for one in (
        DAEMON_SETS,
        DEPLOYMENTS,
        ENDPOINT_SLICES,
        GATEWAY_CLASSES,
        INGRESS_CLASSES,
        NODES,
        SERVICE_CIDRS,
        SERVICES,
        STATEFUL_SETS,
    )
}
"""The kinds of objects that tell facts."""

blueprint: Final = Operations("facts", __name__, url_prefix="/api/v1/facts", description="The cluster.")


@blueprint.route("", methods=["GET"])
@blueprint.needs("list")
@blueprint.problems()
@blueprint.answer(200, Facts, example=FACTS)
def list_facts() -> Response:
    """List the facts of the cluster that templates may use.

    Each with its value, how that is known, and what to do where it is not.
    """
    here = backend()
    known, ranges = here.ask(lambda _: (here.cluster.facts.standing, here.cluster.facts.pod_ranges))
    objects = {key for fact in known.values() for key in _about(fact)}
    seen = here.call(_listable(here.access, caller(), objects))
    return json_answer({"facts": [_shown(fact, seen) for fact in known.values()], "podRanges": ranges})


def _about(fact: Fact) -> Iterable[Key]:
    return (*fact.sources, *(remark.about for remark in fact.remarks if remark.about))


async def _listable(access: Access, who: Caller, objects: Iterable[Key]) -> set[Key]:
    """Those that the caller may list anyway, where they are. Raises ApiError."""
    rights = {key: _listing(key) for key in objects}
    asked = sorted(set(rights.values()), key=str)
    answers = await asyncio.gather(*(access.may(who, right) for right in asked))
    allowed = {right for right, may in zip(asked, answers, strict=True) if may}
    return {key for key, right in rights.items() if right in allowed}


def _listing(key: Key) -> Right:
    return Right("list", key.group, _TELLING[key.group, key.kind].plural, key.namespace)


def _shown(fact: Fact, seen: Collection[Key]) -> dict[str, Any]:
    return {
        "name": fact.name,
        "known": fact.known,
        "value": fact.value,
        "sources": [key._asdict() for key in fact.sources if key in seen],
        "remarks": [
            {"message": remark.message, "about": remark.about._asdict() if remark.about else None}
            for remark in fact.remarks
            if remark.about is None or remark.about in seen
        ],
    }
