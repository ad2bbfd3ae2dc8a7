"""Enabling and disabling over HTTP, with the controller: the plan is what then happens."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.cluster import ControlPlane
from registry.model.facts import SAMPLE_FACTS
from registry.settings import Settings
from tests.cluster import AuditLog, until_passes
from tests.controller.shop import Shop
from tests.controller.store import PORT_TEMPLATE, ingress_port
from tests.http.support import Service, running

pytestmark = pytest.mark.usefixtures("controller")

DEFAULTS = ("allow-namespace-communication", "deny-all-ingress")
BY_HAND = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Egress"]}


@pytest.fixture
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    # The control plane of the tests does not tell where its API server is.
    settings = Settings(store_namespace=store, facts=SAMPLE_FACTS)
    with running(control_plane, settings) as one:
        yield one


@pytest.fixture
def plain(service: Service, make_shop: Callable[..., Shop]) -> Shop:
    """Not yet managed; with two workloads, of which one has a reference, and a policy made by hand."""
    shop = make_shop(managed=False, defaults=True)
    document = {"name": "own-port", **PORT_TEMPLATE, "spec": ingress_port(7)}
    service.call("POST", "", document)
    shop.run("db", {"own-port": "true"})
    shop.run("web")
    shop.api.create(shop.policies_path, {"metadata": {"name": "by-hand"}, "spec": BY_HAND})
    service.catch_up()
    return shop


def switch(service: Service, shop: Shop, action: str, body: object = None, query: str = "") -> dict[str, Any]:
    answer = service.call("POST", f"/api/v1/namespaces/{shop.name}/{action}{query}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def specs(shop: Shop) -> dict[str, Any]:
    return {policy["metadata"]["name"]: policy["spec"] for policy in shop.policies()}


def foreseen(before: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    after = {**before, **{one["name"]: one["after"] for one in plan["items"]}}
    return {name: spec for name, spec in after.items() if spec is not None}


def test_the_plan_of_enabling_is_what_then_happens(service: Service, plain: Shop):
    before = specs(plain)
    plan = switch(service, plain, "enable", {}, "?dryRun=true")
    assert (specs(plain), plan["policies"]["create"]) == (before, 3)
    done = switch(service, plain, "enable", {})
    assert done["inForce"]
    assert specs(plain) == foreseen(before, plan)


def test_the_plan_of_disabling_is_what_then_happens(service: Service, plain: Shop):
    switch(service, plain, "enable", {})
    service.catch_up()
    before = specs(plain)
    plan = switch(service, plain, "disable", query="?dryRun=true")
    assert (specs(plain), plan["policies"]["delete"]) == (before, 3)
    assert switch(service, plain, "disable")["inForce"]
    assert specs(plain) == foreseen(before, plan) == {"by-hand": BY_HAND}


def test_workloads_without_references_are_told_too(service: Service, plain: Shop):
    plan = switch(service, plain, "enable", {}, "?dryRun=true&workloads=true")
    hit = {one["name"]: one["isolated"] for one in plan["isolation"]["workloads"]}
    assert hit == {"db": ["ingress"], "web": ["ingress"]}


def test_what_is_cut_and_what_would_keep_it_is_told(service: Service, plain: Shop):
    plan = switch(service, plain, "enable", {}, "?dryRun=true")
    told = {one["traffic"]: (one["verdict"], one["cut"], one["template"]) for one in plan["traffic"]}
    # The policy of own-port lets anybody reach db.
    assert told["webhooks"] == ("cut", 1, "allow-port")
    assert told["dns"] == ("unaffected", 0, "allow-dns")


def test_policies_go_only_when_the_generated_ones_are_there(service: Service, plain: Shop, audit: AuditLog):
    done = switch(service, plain, "enable", {"unmanaged": "remove"})
    assert done["unmanaged"]["removed"] == ["by-hand"]
    assert plain.templates() == sorted([*DEFAULTS, "own-port"])
    policies = audit.writes(resource="networkpolicies", namespace=plain.name)
    assert [write.verb for write in policies] == ["create", "create", "create", "delete"]
    assert policies[-1].user == "admin"


def test_a_policy_that_takes_a_name_is_removed_and_its_own_comes(service: Service, plain: Shop):
    plan = switch(service, plain, "enable", {}, "?dryRun=true")
    [taken] = [one["name"] for one in plan["items"] if one["template"] == "own-port"]
    plain.api.create(plain.policies_path, {"metadata": {"name": taken}, "spec": BY_HAND})
    service.catch_up()
    blocked = switch(service, plain, "enable", {}, "?dryRun=true")
    assert [one["reason"] for one in blocked["problems"]] == ["NameTaken"]
    planned = switch(service, plain, "enable", {"unmanaged": "remove"}, "?dryRun=true")
    assert (planned["problems"], planned["policies"]["create"]) == ([], 3)
    switch(service, plain, "enable", {"unmanaged": "remove"})
    plain.await_templates(*DEFAULTS, "own-port")


def test_the_whole_way_and_back_leaves_what_was_there(service: Service, plain: Shop):
    before = specs(plain)
    backup = switch(service, plain, "enable", {"unmanaged": "remove"})["unmanaged"]["backup"]
    switch(service, plain, "disable")
    switch(service, plain, "restore", {"backup": backup})

    def same() -> None:
        assert specs(plain) == before

    until_passes(same)


def test_while_the_controller_is_away_nothing_is_removed(
    service: Service, make_namespace: Callable[..., str], shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """A namespace that no controller looks at stands for one whose controller is down."""
    monkeypatch.setattr("registry.http.namespaces.writing.PATIENCE_SECONDS", 0.5)
    alone = Shop(shop.api, make_namespace())
    shop.api.create(alone.policies_path, {"metadata": {"name": "by-hand"}, "spec": BY_HAND})
    service.catch_up()
    done = switch(service, alone, "enable", {"unmanaged": "remove"})
    assert (done["inForce"], done["unmanaged"]["removed"], done["unmanaged"]["backup"]) == (False, [], None)
    assert "by-hand" in specs(alone)
