"""A burst of new workloads: how soon labelled Deployments that are created all at once have their policies.

The clock runs from the first POST of a Deployment to the last policy in the watch. The baseline creates the
same Deployments and, after each, its policy, as fast as it can, with as many in flight.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from bench.bare import Bare
from bench.client import each
from bench.results import Goal, Measured, Result
from bench.site import LABEL, TEMPLATE, Deployment, Site, bodies_by_owner, policies_of
from bench.size import Size
from registry import contract

_PER_NAMESPACE: Final = 100
_UID: Final = b'"uid":"'
_UID_LENGTH: Final = 36

Policies = dict[tuple[str, str], bytes]
"""The body of each Deployment's policy, around its uid."""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Create `size.burst` Deployments in managed namespaces, `size.runs` times each way."""
    managed = {contract.MANAGED_LABEL: "true"}
    namespaces = await site.namespaces(max(1, size.burst // _PER_NAMESPACE), managed)
    wanted = [
        Deployment(namespaces[number % len(namespaces)], f"app-{number}") for number in range(size.burst)
    ]
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        product, policies = await _with_controller(site, wanted)
        step()
        runs.append({"controller": product, "baseline": await _bare(site, wanted, policies)})
        step()
    rates = {way: [round(size.burst / run[way]["seconds"]) for run in runs] for way in runs[0]}
    return Measured(
        [
            Result(
                name=f"burst of {size.burst:,} Deployments",
                unit="/s",
                product=rates["controller"],
                baseline=rates["baseline"],
                goal=Goal("at least", 0.8),
            ),
            Result(
                name="burst, lost",
                unit="",
                product=[run["controller"]["lost"] for run in runs],
                worst=True,
                goal=Goal("at most", 0),
            ),
        ],
        {"runs": runs},
    )


async def _with_controller(site: Site, wanted: list[Deployment]) -> tuple[dict[str, Any], Policies]:
    await site.start_controller()
    await site.quiet()
    async with Bare(site.plane, "root") as person:
        run = await _timed(site, wanted, _creator(person))
    await site.quiet()
    bodies = await bodies_by_owner(site)
    run["lost"] = len(wanted) - len(bodies)
    await _removed(site, wanted)
    site.controller.stop()
    return run, {_owner(body): _around_uid(body) for body in bodies.values()}


async def _bare(site: Site, wanted: list[Deployment], policies: Policies) -> dict[str, Any]:
    async with Bare(site.plane, "root") as person, Bare(site.plane, "controller") as writer:
        create = _creator(person)

        async def both(numbered: tuple[Deployment, bytes]) -> bytes:
            answer = await create(numbered)
            deployment = numbered[0]
            body = policies[deployment.place].replace(_UID + b'"', _UID + _uid(answer) + b'"')
            return await writer.send(writer.request("POST", policies_of(deployment.namespace), body))

        run = await _timed(site, wanted, both)
    await _removed(site, wanted)
    return run


def _creator(person: Bare) -> Callable[[tuple[Deployment, bytes]], Awaitable[bytes]]:
    async def create(numbered: tuple[Deployment, bytes]) -> bytes:
        deployment, body = numbered
        return await person.send(person.request("POST", deployment.path.rpartition("/")[0], body))

    return create


async def _timed(
    site: Site, wanted: list[Deployment], create: Callable[[tuple[Deployment, bytes]], Awaitable[bytes]]
) -> dict[str, Any]:
    async def one(numbered: tuple[Deployment, bytes]) -> None:
        await create(numbered)

    bodies = [(one, msgspec.json.encode(one.body({LABEL: "true"}))) for one in wanted]
    owned = len(site.policies.objects) + len(wanted)
    began = time.perf_counter()
    await each(one, bodies)
    created = time.perf_counter() - began
    await site.policies.until(lambda: len(site.policies.objects) >= owned)
    return {"seconds": time.perf_counter() - began, "deployments_seconds": created}


async def _removed(site: Site, wanted: list[Deployment]) -> None:
    """Take all of it away; the garbage collector alone would take minutes for it."""
    namespaces = sorted({one.namespace for one in wanted})
    for name in namespaces:
        await site.client.delete(f"/apis/apps/v1/namespaces/{name}/deployments")
    await site.delete_policies(namespaces, f"{contract.TEMPLATE_LABEL}={TEMPLATE}")
    await site.policies.until(lambda: not site.policies.owned.total())


def _owner(body: dict[str, Any]) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["ownerReferences"][0]["name"]


def _around_uid(body: dict[str, Any]) -> bytes:
    body["metadata"]["ownerReferences"][0]["uid"] = ""
    return msgspec.json.encode(body)


def _uid(answer: bytes) -> bytes:
    """The uid of the object that was answered."""
    start = answer.index(_UID) + len(_UID)
    return answer[start : start + _UID_LENGTH]
