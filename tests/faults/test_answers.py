"""What the API server asks for is heeded: to wait, to prove who one is, and to let one bad policy be."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.api import Api, Object
from devcluster.cluster import ControlPlane
from devcluster.faults import Answer, Drop, FaultProxy, Match, Seen, Stall
from devcluster.users import NAMESPACE
from tests.cluster import eventually, until_passes
from tests.controller.shop import Shop, ports
from tests.controller_process import ControllerProcess
from tests.faults.scene import Scene

POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
CREATIONS = Match(methods=frozenset({"POST"}), resource="networkpolicies")
PUTS = frozenset({"PUT"})
ACCOUNT = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/netpol-registry-controller/token"


def new_token(api: Api) -> str:
    """A token of the controller's service account, as the kubelet gets it."""
    token: str = api.create(ACCOUNT, {"spec": {}})["status"]["token"]
    return token


@pytest.fixture
def token_file(api: Api, tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(new_token(api))
    return file


@pytest.fixture
def with_token_file(
    control_plane: ControlPlane, store: str, group: str, proxy: FaultProxy, token_file: Path
) -> Iterator[ControllerProcess]:
    """A controller whose token is in a file."""
    process = ControllerProcess(control_plane, store, group, token_file.parent)
    process.credentials(proxy.kubeconfig(token_file.parent / "proxied", token_file=token_file))
    process.start()
    yield process
    process.stop()


def test_a_token_that_expired_is_read_anew_from_its_file(
    with_token_file: ControllerProcess, token_file: Path, proxy: FaultProxy, api: Api, shop: Shop
):
    old = token_file.read_text()
    token_file.write_text(new_token(api))
    refused = proxy.inject(Answer(401), Match(token=old))
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    eventually(lambda: refused.fired)
    until_passes(lambda: with_token_file.checks()["lease"] == "ok")
    assert "no longer leading" not in with_token_file.log()


@pytest.mark.usefixtures("controller")
@pytest.mark.parametrize("code", [429, 503])
def test_no_policy_is_written_before_retry_after_is_over(code: int, proxy: FaultProxy, shop: Shop):
    with proxy.inject(Answer(code, retry_after=2), CREATIONS, times=1) as refused:
        shop.run("first", {"postgres": "true"})
        eventually(lambda: refused.fired)
        for number in range(5):
            shop.run(f"more{number}", {"mysql": "true"})
        shop.await_policy("postgres")
        eventually(lambda: len(shop.policies()) == 6)
    at, *later = [one.at for one in writes(proxy, shop)]
    assert min(later) - at >= 2


@pytest.mark.usefixtures("controller")
def test_a_kind_is_not_watched_before_retry_after_is_over(proxy: FaultProxy):
    watches = Match(watch=True, path=POLICIES)
    with proxy.inject(Answer(429, retry_after=2), watches, times=1) as refused:
        proxy.inject(Drop(), watches, times=1)
        eventually(lambda: refused.fired)
        at = next(one.at for one in reversed(proxy.seen) if one.code == 429)
        eventually(lambda: [one for one in proxy.seen if one.path == POLICIES and one.at > at])
    assert min(one.at for one in proxy.seen if one.path == POLICIES and one.at > at) - at >= 2


@pytest.mark.usefixtures("controller")
@pytest.mark.parametrize("action", [Answer(500), Answer(422, "Invalid"), Answer(403, "Forbidden"), Drop()])
def test_one_policy_that_is_always_refused_holds_up_no_other(
    action: Answer | Drop, proxy: FaultProxy, shop: Shop
):
    shop.run("poison", {"allow-port": "true"}, parameters={"allow-port": "port: 1"})
    path = shop.policy_path(shop.await_policy("allow-port"))
    poison = proxy.inject(action, Match(methods=PUTS, path=path))
    shop.parameterise("poison", "allow-port", "port: 2")
    eventually(lambda: poison.fired >= 3)
    before, began = poison.fired, time.monotonic()
    for number in range(20):
        shop.run(f"w{number}", {"mysql": "true"})
    eventually(lambda: len(shop.policies()) == 21, timeout=10)
    assert poison.fired - before <= 4 + 4 * (time.monotonic() - began)
    assert ports(shop.policy("allow-port")) == [1]
    poison.end()
    eventually(lambda: ports(shop.policy("allow-port")) == [2])


@pytest.mark.usefixtures("controller")
def test_a_write_whose_answer_never_comes_holds_up_no_other(proxy: FaultProxy, shop: Shop):
    with proxy.inject(Stall(), CREATIONS, times=1) as stalled:
        shop.run("stuck", {"postgres": "true"})
        eventually(lambda: stalled.fired)
        shop.run("db", {"mysql": "true"})
        shop.await_policy("mysql")
    shop.await_policy("postgres")


@pytest.fixture
def closed(controller: ControllerProcess, make_shop: Callable[..., Shop]) -> Shop:  # noqa: ARG001 (it has to run)
    """A namespace whose default leaves a workload with a preset out."""
    shop = make_shop(defaults=True)
    shop.run("db", {"deny-all": "true"})
    eventually(lambda: default_of(shop)["spec"]["podSelector"])
    return shop


def default_of(shop: Shop) -> Object:
    return shop.policy("allow-namespace-communication")


def test_the_default_takes_a_workload_in_whose_preset_is_not_answered(proxy: FaultProxy, closed: Shop):
    with proxy.inject(Stall(), CREATIONS, times=1) as stalled:
        closed.api.delete(closed.policy_path(closed.policy("deny-all")))
        eventually(lambda: stalled.fired and not default_of(closed)["spec"]["podSelector"])
    eventually(lambda: default_of(closed)["spec"]["podSelector"])


@pytest.mark.parametrize("code", [409, 429, 500, 503])
def test_a_preset_that_the_server_fails_once_leaves_the_default_as_it_is(
    proxy: FaultProxy, closed: Shop, code: int
):
    before = default_of(closed)
    proxy.inject(Answer(code), CREATIONS, times=1)
    closed.api.delete(closed.policy_path(closed.policy("deny-all")))
    closed.await_policy("deny-all")
    closed.run("later", {"https": "true"})
    closed.await_policy("https")
    assert default_of(closed) == before


def test_after_a_fault_it_is_quiet_again(proxy: FaultProxy, scene: Scene):
    with proxy.inject(Answer(503)):
        scene.change()
        time.sleep(2)
    scene.assert_borne(time.monotonic())
    began = time.monotonic()
    time.sleep(2)
    calls = [one for one in proxy.seen if one.at > began and "leases" not in one.path and not one.watch]
    assert [one for one in calls if "networkpolicies" in one.path] == []


def writes(proxy: FaultProxy, shop: Shop) -> list[Seen]:
    return [one for one in proxy.seen if one.method == "POST" and one.path == shop.policies_path]
