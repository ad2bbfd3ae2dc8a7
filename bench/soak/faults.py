"""What goes wrong, each as an asynchronous context: it is so inside of the block, and over after it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from bench.soak.churn import CUSTOM, CUSTOM_GROUP, creation
from bench.soak.churn import KINDS as WORKLOAD_KINDS
from bench.soak.churn import PLACES as WORKLOADS
from bench.soak.site import DEFINITIONS, Site, definition, leading, until
from bench.soak.watching import STORE
from devcluster.etcd import compact
from devcluster.faults import (
    Answer,
    CutBody,
    CutEvent,
    Drop,
    ErrorEvent,
    Fault,
    LoseAnswer,
    Match,
    Slow,
    Stall,
)
from devcluster.faults.actions import Action

_API_SERVER: Final = "kube-apiserver"
_DOWN_SECONDS: Final = 1.0
_BINDING: Final = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/netpol-registry-controller"
_LEASE: Final = f"/apis/coordination.k8s.io/v1/namespaces/{STORE}/leases/netpol-registry-controller"
_TOKENS: Final = "/api/v1/namespaces/netpol-registry/serviceaccounts/netpol-registry-controller/token"
_WATCHES: Final = Match(watch=True)
_CALLS: Final = Match(watch=False)
_POLICY_WRITES: Final = Match(
    methods=frozenset({"POST", "PUT", "PATCH", "DELETE"}), resource="networkpolicies"
)

_BEHIND: Final = {
    "workloads": [kind.plural for kind in WORKLOAD_KINDS],
    "policies": ["networkpolicies"],
    "namespaces": ["namespaces"],
    "catalogue": ["configmaps"],
}
"""Kinds whose watches lag behind all others."""

Making = Callable[[Site], contextlib.AbstractAsyncContextManager[Callable[[], int]]]
"""Makes a fault, and answers how often it hit."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of fault.

    `forgetful`: the controller may lose what it remembers, as at the end of a lease. `rival`: two write at
    once, so one may undo for a moment what the other did. `patience`: seconds that the controller may take
    to notice that it is over, beside the one that is promised, by docs/contract.md.
    """

    name: str
    make: Making
    forgetful: bool = False
    rival: bool = False
    patience: float = 0.0


def _proxied(*parts: tuple[Action, Match, float]) -> Making:
    """A fault that the proxy makes: actions, whom they hit, with which probability."""

    @contextlib.asynccontextmanager
    async def make(site: Site) -> AsyncIterator[Callable[[], int]]:
        faults: list[Fault] = []
        try:
            for action, match, probability in parts:
                faults.append(site.proxy.inject(action, match, probability=probability))
            yield lambda: sum(fault.fired for fault in faults)
        finally:
            for fault in faults:
                fault.end()

    return make


def _behind(*resources: str) -> Making:
    """The watches of some kinds are stalled, those of all others go on."""
    return _proxied(*((Stall(), Match(watch=True, resource=one), 1.0) for one in resources))


@contextlib.asynccontextmanager
async def _api_server_killed(site: Site) -> AsyncIterator[Callable[[], int]]:
    site.plane.kill(_API_SERVER)
    try:
        await asyncio.sleep(_DOWN_SECONDS)
    finally:
        await _bring_back(site)
    yield lambda: 1


@contextlib.asynccontextmanager
async def _compacted(site: Site) -> AsyncIterator[Callable[[], int]]:
    """The controller is cut off while what it would ask for is forgotten by etcd and API server alike."""
    with site.proxy.inject(Stall()):
        yield lambda: 1
        compact(site.plane.directory)
        site.plane.kill(_API_SERVER)
        await _bring_back(site)


@contextlib.asynccontextmanager
async def _token_expired(site: Site) -> AsyncIterator[Callable[[], int]]:
    """The token is refused from now on; a moment later the file has another one, as the kubelet writes it."""
    answer = await site.root.ask("POST", _TOKENS, {"spec": {"expirationSeconds": 86400}})
    fault = site.proxy.inject(Answer(401), Match(token=site.token_file.read_text()))
    cut = site.proxy.inject(Drop(), _WATCHES, times=5)
    try:
        await asyncio.sleep(_DOWN_SECONDS)
        site.token_file.write_text(answer["status"]["token"])
        yield lambda: fault.fired
    finally:
        fault.end()
        cut.end()


@contextlib.asynccontextmanager
async def _two_writers(site: Site) -> AsyncIterator[Callable[[], int]]:
    other = site.controller(f"rival-{site.number()}")
    other.setting("LEASE_NAME", "rival")
    other.start(wait=False)
    try:
        await leading(other)
        yield lambda: 1
    finally:
        await asyncio.to_thread(other.stop)


@contextlib.asynccontextmanager
async def _lease_off(site: Site) -> AsyncIterator[Callable[[], int]]:
    """Somebody with a wrong clock writes the lease's times, hours in the past and in the future."""
    count = 0
    for hours in (-5, 5, -30, 30):
        moment = (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="microseconds")
        times = {"renewTime": moment.replace("+00:00", "Z"), "acquireTime": moment.replace("+00:00", "Z")}
        await site.root.patch(_LEASE, {"spec": times})
        count += 1
        await asyncio.sleep(_DOWN_SECONDS)
    yield lambda: count


@contextlib.asynccontextmanager
async def _kind_gone(site: Site) -> AsyncIterator[Callable[[], int]]:
    path = f"{DEFINITIONS}/rollouts.{CUSTOM_GROUP}"
    site.frozen = CUSTOM_GROUP
    await site.root.delete(path)
    await until(partial(site.is_gone, path))
    try:
        yield lambda: 1
    finally:
        await site.root.create(DEFINITIONS, definition())
        await until(partial(_is_served, site))
        await site.await_collection()
        site.frozen = ""
        for place in WORKLOADS:
            if place.kind.group == CUSTOM_GROUP:
                await until(partial(site.act, creation(site.dice, place)))


@contextlib.asynccontextmanager
async def _rights_withdrawn(site: Site) -> AsyncIterator[Callable[[], int]]:
    binding = await site.root.get(_BINDING)
    await site.root.delete(_BINDING)
    cut = site.proxy.inject(Drop(), _WATCHES, times=20)
    try:
        yield lambda: 1
    finally:
        cut.end()
        kept = {"metadata": {"name": binding["metadata"]["name"]}}
        await site.root.create(_BINDING.rpartition("/")[0], {**binding, **kept})


@contextlib.asynccontextmanager
async def _restarted(site: Site) -> AsyncIterator[Callable[[], int]]:
    await asyncio.to_thread(site.main.stop)
    yield lambda: 1
    site.main.start(wait=False)


@contextlib.asynccontextmanager
async def _leader_killed(site: Site) -> AsyncIterator[Callable[[], int]]:
    """A standby takes over, and then it is the other's turn again."""
    standby = site.controller(f"standby-{site.number()}")
    standby.start(wait=False)
    try:
        await until(partial(asyncio.to_thread, standby.is_ready))
        site.main.kill()
        await leading(standby)
        yield lambda: 1
        site.main.start(wait=False)
        await until(partial(asyncio.to_thread, site.main.is_ready))
    finally:
        await asyncio.to_thread(standby.stop)


async def _is_served(site: Site) -> bool:
    return not await site.is_gone(CUSTOM.path("default"))


async def _bring_back(site: Site) -> None:
    site.plane.start_again(_API_SERVER, wait=False)
    await until(partial(asyncio.to_thread, site.plane.answers))


FORBIDDEN_SECONDS: Final = 45.0
"""A kind that may not be listed is asked for again after so long at most; see docs/contract.md."""

KINDS: Final = (
    Kind("nothing", _proxied()),
    Kind("watches cut", _proxied((Drop(), _WATCHES, 0.2))),
    Kind("watches stalled", _proxied((Stall(), _WATCHES, 1.0))),
    *(Kind(f"{one} behind", _behind(*resources)) for one, resources in _BEHIND.items()),
    Kind("all stalled", _proxied((Stall(), Match(), 1.0)), forgetful=True),
    Kind("410 status", _proxied((Drop(), _WATCHES, 0.1), (Answer(410), _WATCHES, 0.3))),
    Kind("410 event", _proxied((ErrorEvent(), _WATCHES, 0.05))),
    Kind("409", _proxied((Answer(409), _POLICY_WRITES, 0.5))),
    Kind("429", _proxied((Answer(429, retry_after=1), _CALLS, 0.2)), forgetful=True, patience=1.0),
    Kind("500", _proxied((Drop(), _WATCHES, 0.05), (Answer(500), Match(), 0.4)), forgetful=True),
    Kind("503", _proxied((Drop(), _WATCHES, 0.05), (Answer(503), Match(), 0.4)), forgetful=True),
    Kind("slow", _proxied((Slow(0.3), Match(), 1.0)), forgetful=True),
    Kind("events cut", _proxied((CutEvent(), _WATCHES, 0.2))),
    Kind("bodies cut", _proxied((CutBody(), _CALLS, 0.4)), forgetful=True),
    Kind("answers lost", _proxied((LoseAnswer(), _CALLS, 0.4)), forgetful=True),
    Kind("token expired", _token_expired, forgetful=True),
    Kind("API server killed", _api_server_killed, forgetful=True),
    Kind("etcd compacted", _compacted, forgetful=True),
    Kind("two writers", _two_writers, forgetful=True, rival=True),
    Kind("lease times off", _lease_off, forgetful=True),
    Kind("kind gone", _kind_gone, patience=FORBIDDEN_SECONDS),
    Kind("rights withdrawn", _rights_withdrawn, forgetful=True, patience=FORBIDDEN_SECONDS),
    Kind("leader killed", _leader_killed, forgetful=True),
    Kind("restarted", _restarted, forgetful=True),
)
