"""Old revisions: what is kept, what goes, and that what stays works as before."""

from collections.abc import Callable, Iterator

import pytest

from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import eventually, unique_name, until_passes
from tests.controller.rolling import Rolling, await_revisions, deployment, revisions
from tests.controller.shop import Shop, ports
from tests.controller.store import Catalogue, ingress_port
from tests.controller_process import ControllerProcess
from tests.http.support import Service, problem, running

MakeShop = Callable[..., Shop]
LIMIT = 3


@pytest.fixture
def name() -> str:
    return unique_name("pruned")


@pytest.fixture
def short(own_controller: ControllerProcess) -> ControllerProcess:
    """A controller that keeps few revisions."""
    own_controller.setting("HISTORY_LIMIT", str(LIMIT))
    own_controller.start()
    return own_controller


def recorded(catalogue: Catalogue, name: str) -> set[int]:
    selector = f"netpol-registry.dev/store=revision,netpol-registry.dev/template={name}"
    found = catalogue.api.list(catalogue.collection, labelSelector=selector)
    return {int(one["metadata"]["labels"]["netpol-registry.dev/revision"]) for one in found}


def await_recorded(catalogue: Catalogue, name: str, expected: set[int]) -> None:
    def check() -> None:
        assert recorded(catalogue, name) == expected

    until_passes(check, timeout=30)


def save(catalogue: Catalogue, name: str, last: int) -> None:
    """Save revisions up to this one; each opens the port of its number."""
    for number in range(catalogue.revision(name) + 1, last + 1):
        catalogue.put(name, spec=ingress_port(number))


def passes(catalogue: Catalogue) -> None:
    """Wait until the controller has pruned some other template: so it has looked at all of them."""
    witness = unique_name("witness")
    save(catalogue, witness, LIMIT + 1)
    await_recorded(catalogue, witness, set(range(2, LIMIT + 2)))


def test_the_last_50_and_those_in_use_stay_until_their_users_leave(
    own_controller: ControllerProcess, shop: Shop, catalogue: Catalogue, name: str
):
    own_controller.start()
    save(catalogue, name, 1)
    shop.run("pinned", {name: "true"})
    shop.await_policy(name)
    save(catalogue, name, 7)
    shop.run("exact", {name: "v7"})
    save(catalogue, name, 62)
    await_recorded(catalogue, name, {1, 7, *range(13, 63)})
    for policy in shop.policies():
        shop.api.delete(shop.policy_path(policy))
    await_revisions(shop, {"pinned": "1", "exact": "7"})
    shop.refer("pinned", **{name: None})
    shop.refer("exact", **{name: "latest"})
    await_recorded(catalogue, name, set(range(13, 63)))
    save(catalogue, name, 63)
    await_recorded(catalogue, name, set(range(14, 64)))


@pytest.mark.usefixtures("short")
def test_a_label_that_names_a_revision_keeps_it_without_a_policy(
    make_shop: MakeShop, catalogue: Catalogue, name: str
):
    save(catalogue, name, 2)
    make_shop(managed=False).run("db", {name: "v1"})
    save(catalogue, name, 5)
    await_recorded(catalogue, name, {1, 3, 4, 5})


@pytest.mark.usefixtures("short")
def test_a_revision_that_a_lost_workload_may_come_back_to_stays(shop: Shop, catalogue: Catalogue, name: str):
    save(catalogue, name, 1)
    shop.run("db", {name: "true"})
    shop.await_policy(name)
    save(catalogue, name, 2)
    eventually(lambda: catalogue.api.find(f"{catalogue.collection}/netpol-templates.{name}.pins"))
    shop.api.delete(shop.path("db"))
    shop.await_gone(name)
    save(catalogue, name, LIMIT + 3)
    passes(catalogue)
    assert 1 in recorded(catalogue, name)


@pytest.mark.usefixtures("short")
def test_the_target_of_a_rollout_stays_until_it_ends(shop: Shop, catalogue: Catalogue, name: str):
    save(catalogue, name, 2)
    for workload in ("a", "b"):
        shop.run(workload, {name: "true"})
    await_revisions(shop, {"a": "2", "b": "2"})
    rolling = Rolling(catalogue)
    rolling.begin(name, [deployment(shop, "a"), deployment(shop, "b")], revision=1, batch=1, pause=3600)
    await_revisions(shop, {"a": "1", "b": "2"})
    shop.refer("a", **{name: "false"})
    save(catalogue, name, 6)
    passes(catalogue)
    assert recorded(catalogue, name) == {1, 2, 4, 5, 6}
    rolling.stop(name)
    await_recorded(catalogue, name, {2, 4, 5, 6})


@pytest.mark.usefixtures("short")
def test_a_configmap_deleted_after_pruning_is_restored_as_it_was(shop: Shop, catalogue: Catalogue, name: str):
    save(catalogue, name, 1)
    shop.run("db", {name: "true"})
    shop.await_policy(name)
    save(catalogue, name, 6)
    await_recorded(catalogue, name, {1, 4, 5, 6})
    before = catalogue.api.get(catalogue.path)["data"]
    catalogue.api.delete(catalogue.path)
    restored = eventually(lambda: catalogue.api.find(catalogue.path))
    assert restored["data"][f"{name}.yaml"] == before[f"{name}.yaml"]
    assert catalogue.revision(name) == 6
    shop.api.delete(shop.policy_path(shop.policy(name)))
    assert ports(shop.await_policy(name)) == [1]


def test_a_restart_after_pruning_reads_the_same(
    short: ControllerProcess, shop: Shop, catalogue: Catalogue, name: str
):
    save(catalogue, name, 1)
    shop.run("db", {name: "true"})
    shop.await_policy(name)
    save(catalogue, name, 6)
    await_recorded(catalogue, name, {1, 4, 5, 6})
    short.stop()
    short.start()
    passes(catalogue)
    assert (recorded(catalogue, name), revisions(shop)) == ({1, 4, 5, 6}, {"db": "1"})


@pytest.fixture
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store)) as one:
        yield one


@pytest.mark.usefixtures("short")
def test_the_service_forgets_what_was_pruned_and_says_so(service: Service, catalogue: Catalogue, name: str):
    save(catalogue, name, 5)
    await_recorded(catalogue, name, {3, 4, 5})
    eventually(lambda: service.call("GET", f"{name}/revisions/2").status_code == 404)
    listed = service.call("GET", f"{name}/revisions").get_json()["items"]
    assert [one["revision"] for one in listed] == [5, 4, 3]
    for method, path, body in (
        ("GET", "revisions/2", None),
        ("GET", "diff?from=2", None),
        ("POST", "rollback", {"revision": 2}),
        ("POST", "render?revision=2", {}),
    ):
        answer = service.call(method, f"{name}/{path}", body, if_match="*")
        assert problem(answer) == (404, "revision-not-found")
        assert "is no longer kept" in answer.get_json()["detail"]
