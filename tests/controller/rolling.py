"""Rollouts as the service records them, and what they leave in the cluster."""

import json
import time
from typing import Any

from devcluster.api import Object
from registry.planning.objects import Key
from registry.planning.rollouts import Rollout, grouped
from registry.store.bodies import rollout_body
from tests.cluster import eventually, until_passes
from tests.controller.shop import Shop
from tests.controller.store import Catalogue, ingress_port

REVISION = "netpol-registry.dev/revision"


class Rolling:
    """The rollouts in a store."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.api = catalogue.api
        self.collection = catalogue.collection

    def path(self, template: str) -> str:
        return f"{self.collection}/netpol-templates.{template}.rollout"

    def begin(self, template: str, users: list[Key], revision: int = 2, **options: Any) -> None:
        fields = {"batch": 50, "pause": 0, "skipped": 0, "author": "ann", "started": str(time.time())}
        made = Rollout(template=template, revision=revision, users=grouped(users), **{**fields, **options})
        if self.api.find(self.path(template)):
            self.api.delete(self.path(template))
        self.api.create(self.collection, dict(rollout_body("netpol-templates", made)))

    def status(self, template: str) -> Object:
        status: Object = json.loads(self.api.get(self.path(template))["data"]["status"])
        return status

    def stop(self, template: str) -> None:
        status = {**self.status(template), "state": "stopping"}
        self.api.patch(self.path(template), {"data": {"status": json.dumps(status)}})

    def await_state(self, template: str, state: str, timeout: float = 15.0) -> Object:
        def check() -> Object:
            status = self.status(template)
            assert status["state"] == state, status
            return status

        return until_passes(check, timeout)


def deployment(shop: Shop, name: str = "db") -> Key:
    return Key("apps", "Deployment", shop.name, name)


def revisions(shop: Shop) -> dict[str, str]:
    """The revision in force by the name of the workload; "" stands for the namespace."""
    return {_owner(policy): policy["metadata"]["labels"][REVISION] for policy in shop.policies()}


def await_revisions(shop: Shop, expected: dict[str, str]) -> None:
    def check() -> None:
        assert revisions(shop) == expected

    until_passes(check)


def pinned_to_the_first(catalogue: Catalogue, template: str, shop: Shop, *workloads: str) -> list[Key]:
    """Workloads pinned to revision 1 of a template that is at 2; its port is the number."""
    catalogue.put(template, spec=ingress_port(1))
    for workload in workloads:
        shop.run(workload, {template: "true"})
    eventually(lambda: len(shop.policies()) == len(workloads))
    catalogue.put(template, spec=ingress_port(2))
    return [deployment(shop, workload) for workload in workloads]


def _owner(policy: Object) -> str:
    owners = policy["metadata"].get("ownerReferences")
    return str(owners[0]["name"]) if owners else ""
