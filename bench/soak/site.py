"""The place of the soak: a control plane, a proxy that makes faults, controllers, a service, watches."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.client import Client, Refused, each
from bench.service_site import URL
from bench.soak import audit
from bench.soak.book import Book
from bench.soak.churn import (
    CUSTOM,
    CUSTOM_GROUP,
    GROUP,
    NAMESPACES,
    TEMPLATES,
    Action,
    creation,
    document,
)
from bench.soak.churn import PLACES as WORKLOADS
from bench.soak.pulse import Pulse
from bench.soak.watch import Watcher
from bench.soak.watching import STORE, watchers
from devcluster.cluster import ControlPlane
from devcluster.faults import FaultProxy
from devcluster.product import bind_store_namespace, bind_users, install
from registry import contract
from tests.controller_process import ControllerProcess
from tests.service_process import ServiceProcess

DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LEASE_SECONDS: Final = 4
_RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
_WAIT_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_REQUEST_SECONDS: Final = 10.0


class Site:
    """Everything that runs; made by `site`."""

    def __init__(self, plane: ControlPlane, proxy: FaultProxy, seed: int) -> None:
        self.plane = plane
        self.proxy = proxy
        self.dice = random.Random(seed)  # noqa: S311 (to be repeatable)
        self.book = Book(TEMPLATES)
        self.audit = audit.AuditLog(plane.audit_log)
        self.service = ServiceProcess(plane, STORE, _folder(plane, "service"))
        self.token_file = plane.directory / "controller.token"
        self.token_file.write_text(plane.token("controller"))
        self._controllers = list[ControllerProcess]()
        self.main = self.controller("main")
        proxied = proxy.kubeconfig(plane.directory / "proxied.kubeconfig", token_file=self.token_file)
        self.main.credentials(proxied)
        self.frozen = ""
        """A part of paths that users leave alone for now."""
        self.accepted = self.refused = self._numbers = 0
        self._clients: dict[str, Client] = {}
        self._session: aiohttp.ClientSession | None = None
        self.watchers = list[Watcher]()

    def controller(self, name: str) -> ControllerProcess:
        """A controller that is not started."""
        made = ControllerProcess(self.plane, STORE, GROUP, _folder(self.plane, name))
        made.setting("ORPHAN_GRACE_SECONDS", "2")
        self._controllers.append(made)
        made.setting("EVENT_INTERVAL_SECONDS", "3600")
        return made

    def _pids(self) -> list[int]:
        return [one.pid for one in self._controllers if one.started]

    def number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    @property
    def root(self) -> Client:
        """A client that may do everything."""
        return self._clients["root"]

    async def act(self, action: Action) -> bool:
        """Do what a user does; whether it was accepted. Where it was not known to be, the watches tell."""
        if self.frozen and self.frozen in action.path:
            return False
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await self._act(action)
        except (Refused, aiohttp.ClientError, OSError, TimeoutError):
            self.refused += 1
            return False
        self.accepted += 1
        return True

    async def await_collection(self) -> None:
        """Wait until the garbage collector knows the custom kind: it looks for new ones every 30 s.

        What it does not know when its owner goes, it leaves behind; see docs/architecture.md.
        """
        head = {"apiVersion": f"{CUSTOM_GROUP}/v1alpha1", "kind": "Rollout"}
        owners, maps = CUSTOM.path("default"), "/api/v1/namespaces/default/configmaps"
        body = {**head, "metadata": {"name": "probe"}, "spec": {}}
        uid = (await self.root.ask("POST", owners, body))["metadata"]["uid"]
        owner = {**head, "name": "probe", "uid": uid}
        await self.root.create(maps, {"metadata": {"name": "probe", "ownerReferences": [owner]}})
        await self.root.delete(f"{owners}/probe")
        await until(partial(self.is_gone, f"{maps}/probe"), 2 * _WAIT_SECONDS)

    async def is_gone(self, path: str) -> bool:
        """Whether there is nothing at `path`."""
        try:
            await self.root.get(path)
        except Refused as refused:
            return ": 404" in str(refused)
        return False

    async def _act(self, action: Action) -> None:
        client = self._clients[action.user]
        match action.method:
            case "PUT":
                await self._save(action)
            case "POST":
                await client.create(action.path, action.body)
            case "PATCH":
                await client.patch(action.path, action.body)
            case _:
                await client.delete(action.path)

    async def _save(self, action: Action) -> None:
        assert self._session  # noqa: S101 (opened before anything is done)
        headers = {"Authorization": f"Bearer {self.plane.token(action.user)}", "If-Match": "*"}
        async with self._session.put(action.path, json=action.body, headers=headers) as answer:
            if not answer.ok:
                raise Refused(f"PUT {action.path}: {answer.status} {await answer.text()}")

    async def catch_up(self) -> None:
        """Wait until the watches have shown what the API server holds now."""
        for watcher in self.watchers:
            await until(watcher.is_level)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Clients and watches; the service and the first controller are started in it."""
        async with contextlib.AsyncExitStack() as stack:
            for user in ("root", "admin", "developer"):
                self._clients[user] = await stack.enter_async_context(Client(self.plane, user))
            self._session = await stack.enter_async_context(aiohttp.ClientSession(self.service.url))
            try:
                await asyncio.to_thread(self._install)
                self.service.start()
                await self._save_templates()
                await self._fill()
                await self.await_collection()
                self.watchers = watchers(self.root, self.book)
                self.pulse = Pulse(self.root, self._pids)
                running = [self.pulse.run(), *(watcher.run() for watcher in self.watchers)]
                watching = [asyncio.create_task(one) for one in running]
                stack.push_async_callback(_cancel, watching)
                for watcher in self.watchers:
                    await watcher.synced.wait()
                self.main.start(wait=False)
                await leading(self.main)
                yield
            finally:
                self.main.stop()
                self.service.stop()

    def _install(self) -> None:
        with contextlib.closing(self.plane.api()) as api:
            install(api)
            bind_users(api)
            api.create("/api/v1/namespaces", {"metadata": {"name": STORE}})
            bind_store_namespace(api, STORE)
            rules = [
                {"apiGroups": [CUSTOM_GROUP], "resources": ["rollouts"], "verbs": ["get", "list", "watch"]}
            ]
            labels = {"netpol-registry.dev/aggregate-to-controller": "true"}
            role = {"metadata": {"name": CUSTOM_GROUP, "labels": labels}, "rules": rules}
            api.create(f"{_RBAC}/clusterroles", role)
            api.create(DEFINITIONS, definition())
            for name in NAMESPACES:
                own = {"group": GROUP, contract.MANAGED_LABEL: "true"}
                api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": own}})

    async def _save_templates(self) -> None:
        assert self._session  # noqa: S101 (opened before)
        headers = {"Authorization": f"Bearer {self.plane.token('admin')}"}
        for number, name in enumerate(TEMPLATES):
            async with self._session.post(URL, json=document(name, 9000 + number), headers=headers) as answer:
                if not answer.ok:
                    raise Refused(await answer.text())

    async def _fill(self) -> None:
        await each(self._fill_one, [creation(self.dice, place) for place in WORKLOADS])

    async def _fill_one(self, action: Action) -> None:
        await until(partial(self._try, action))

    async def _try(self, action: Action) -> bool:
        """A definition is served a moment after it was made."""
        return await self.act(action)


@contextlib.asynccontextmanager
async def site(plane: ControlPlane, seed: int) -> AsyncIterator[Site]:
    """Prepare everything, with a controller that leads; all is ended with the block."""
    with FaultProxy(plane, seed=seed) as proxy:
        made = Site(plane, proxy, seed)
        async with made.opened():
            yield made


def definition() -> dict[str, Any]:
    """A kind like Argo's Rollout, whose status anybody may write."""
    paths = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "subresources": {"scale": paths},
    }
    names = {"plural": "rollouts", "singular": "rollout", "kind": "Rollout"}
    spec = {"group": CUSTOM_GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": f"rollouts.{CUSTOM_GROUP}"}, "spec": spec}


async def until(check: Callable[[], Any], seconds: float = _WAIT_SECONDS) -> None:
    """Wait until an asynchronous check holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(_POLL_SECONDS)


async def is_leading(controller: ControllerProcess) -> bool:
    """Whether a controller has read everything and is the one that writes."""

    def ask() -> bool:
        try:
            return controller.is_ready() and controller.leads()
        except OSError:
            return False

    return await asyncio.to_thread(ask)


async def leading(controller: ControllerProcess, seconds: float = _WAIT_SECONDS) -> None:
    """Wait until a controller leads. Raises TimeoutError."""
    await until(partial(is_leading, controller), seconds)


def _folder(plane: ControlPlane, name: str) -> Path:
    folder = plane.directory / name
    folder.mkdir()
    return folder


async def _cancel(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
