"""The place of a measurement: a control plane with the product installed, a controller, a client, a watch."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import msgspec

from bench import machine
from bench.client import Client, each
from bench.watch import Watch
from devcluster.cluster import ControlPlane
from devcluster.product import bind_store_namespace, install
from registry import contract
from registry.model.defaults import default_templates
from tests.controller_process import ControllerProcess

TEMPLATE: Final = "postgres"
LABEL: Final = contract.TEMPLATE_LABEL_PREFIX + TEMPLATE
NETWORK_POLICIES: Final = "/apis/networking.k8s.io/v1/networkpolicies"
DEPLOYMENTS: Final = "/apis/apps/v1/deployments"
STORE: Final = "bench-store"

_GROUP: Final = "bench"
_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_QUIET_SECONDS: Final = 0.5
_QUIET_CPU_SECONDS: Final = 0.05
_KEPT_METADATA: Final = ("name", "namespace", "labels", "annotations", "ownerReferences")
_numbers = itertools.count(1)


class Deployment(msgspec.Struct, frozen=True):
    """One Deployment with `replicas: 0`."""

    namespace: str
    name: str
    uid: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Its key in a watch."""
        return self.namespace, self.name

    @property
    def path(self) -> str:
        """Where it is in the API."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{self.name}"

    def body(self, labels: dict[str, str]) -> dict[str, Any]:
        """What creates it."""
        app = {"app": self.name}
        container = {"name": "main", "image": "registry.example/app:1"}
        return {
            "metadata": {"name": self.name, "labels": labels},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": app},
                "template": {"metadata": {"labels": app}, "spec": {"containers": [container]}},
            },
        }


class Site:
    """What every measurement works with; made by `site`.

    `client` sets up and labels as cluster admin; `policies` watches all NetworkPolicies.
    """

    def __init__(self, plane: ControlPlane, client: Client, policies: Watch) -> None:
        self.plane = plane
        self.client = client
        self.policies = policies
        self.controller = ControllerProcess(plane, STORE, _GROUP, plane.directory)

    async def start_controller(self) -> float:
        """Start the controller; returns the seconds until it was ready."""
        began = time.perf_counter()
        self.controller.start(wait=False)
        async with asyncio.timeout(_READY_SECONDS):
            while not self.controller.is_ready():  # noqa: ASYNC110 (it is another process)
                await asyncio.sleep(_POLL_SECONDS)
        return time.perf_counter() - began

    async def all_compared(self) -> None:
        """Wait until the controller leads and has looked at every key; Events may still be on their way."""
        while not self._has_looked():  # noqa: ASYNC110 (it is another process)
            await asyncio.sleep(_POLL_SECONDS)

    async def quiet(self) -> None:
        """Wait until the controller has nothing left to do, Events too: it uses no processor time."""
        await quiet(self.controller.pid)

    async def namespaces(self, count: int, labels: dict[str, str] | None = None) -> list[str]:
        """Create namespaces that the controller looks at."""
        names = [f"bench-{next(_numbers)}" for _ in range(count)]
        for name in names:
            body = {"metadata": {"name": name, "labels": {"group": _GROUP, **(labels or {})}}}
            await self.client.create("/api/v1/namespaces", body)
        return names

    async def deployments(
        self, namespaces: list[str], count: int, labels: Callable[[int], dict[str, str]]
    ) -> list[Deployment]:
        """Create `count` Deployments, spread over the namespaces, with `labels` by the number of each."""
        wanted = [
            Deployment(namespaces[number % len(namespaces)], f"app-{number}") for number in range(count)
        ]

        async def create(numbered: tuple[int, Deployment]) -> None:
            number, deployment = numbered
            await self.client.create(deployment.path.rpartition("/")[0], deployment.body(labels(number)))

        await each(create, enumerate(wanted))
        uids = await self._uids(namespaces)
        return [Deployment(one.namespace, one.name, uids[one.place]) for one in wanted]

    async def label(self, deployment: Deployment, value: str | None) -> None:
        """Set the template's label on a Deployment, or take it away."""
        await self.client.patch(deployment.path, {"metadata": {"labels": {LABEL: value}}})

    async def manage(self, namespaces: Iterable[str], value: str | None) -> None:
        """Set the `managed` label of namespaces, or take it away."""
        body = {"metadata": {"labels": {contract.MANAGED_LABEL: value}}}
        await each(lambda name: self.client.patch(f"/api/v1/namespaces/{name}", body), namespaces)

    async def policy_bodies(self, selector: str = "") -> list[dict[str, Any]]:
        """Return the bodies that create the policies of the cluster as the controller did."""
        listed = await self.client.get(f"{NETWORK_POLICIES}?labelSelector={selector}")
        return [_creating(item) for item in listed["items"]]

    async def delete_policies(self, namespaces: Iterable[str], selector: str = "") -> None:
        """Delete policies without the controller."""
        for name in namespaces:
            await self.client.delete(policies_of(name) + f"?labelSelector={selector}")

    def cpu_seconds(self, client: int) -> dict[str, float]:
        """Processor time so far of the control plane's programs, and of the process that writes."""
        pids = {**self.plane.pids, "client": client}
        return {name: machine.cpu_seconds(pid) for name, pid in pids.items()}

    def _has_looked(self) -> bool:
        """Whether keys were worked on, and none waits."""
        try:
            lines = self.controller.metrics().splitlines()
        except OSError:  # no answer in time, on a busy machine
            return False
        depth, done = (
            [float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{{")]
            for name in ("workqueue_depth", "workqueue_work_duration_seconds_count")
        )
        return depth == [0] and done > [0]

    async def _uids(self, namespaces: Iterable[str]) -> dict[tuple[str, str], str]:
        uids: dict[tuple[str, str], str] = {}
        for namespace in namespaces:
            listed = await self.client.get(f"/apis/apps/v1/namespaces/{namespace}/deployments")
            uids |= {
                (namespace, item["metadata"]["name"]): item["metadata"]["uid"] for item in listed["items"]
            }
        return uids


@contextlib.asynccontextmanager
async def site(plane: ControlPlane) -> AsyncIterator[Site]:
    """Prepare a control plane for measurements; the controller is ended with the block."""
    _install(plane)
    async with Client(plane, "root") as client, Watch(client, NETWORK_POLICIES) as policies:
        made = Site(plane, client, policies)
        try:
            yield made
        finally:
            made.controller.stop()


def default_policies() -> int:
    """How many policies every managed namespace gets without asking."""
    return sum(template.default_in is not None for template in default_templates())


async def quiet(pid: int) -> None:
    """Wait until a process uses no processor time."""
    before = 0.0
    while (now := machine.cpu_seconds(pid)) - before > _QUIET_CPU_SECONDS:
        before = now
        await asyncio.sleep(_QUIET_SECONDS)


async def bodies_by_owner(site: Site) -> dict[str, dict[str, Any]]:
    """The bodies that create the measured template's policies, by the uid of their Deployment."""
    bodies = await site.policy_bodies(f"{contract.TEMPLATE_LABEL}={TEMPLATE}")
    return {body["metadata"]["ownerReferences"][0]["uid"]: body for body in bodies}


def policies_of(namespace: str) -> str:
    """The path of a namespace's NetworkPolicies."""
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"


def spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Processor seconds between two readings, by program."""
    return {name: round(after[name] - seconds, 2) for name, seconds in before.items()}


def _install(plane: ControlPlane) -> None:
    api = plane.api()
    install(api)
    api.create("/api/v1/namespaces", {"metadata": {"name": STORE}})
    bind_store_namespace(api, STORE)
    api.close()


def _creating(item: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key in _KEPT_METADATA}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return {**head, "metadata": metadata, "spec": item["spec"]}
