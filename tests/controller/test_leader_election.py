"""Two replicas: one writes, the other takes over; nothing is lost, and nothing is written twice."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from devcluster.faults import FaultProxy, Stall
from tests.cluster import AuditLog, eventually
from tests.controller.shop import MANAGED, Shop, template_labels
from tests.controller.store import Catalogue, ingress_port
from tests.controller_process import ControllerProcess

MakeReplica = Callable[..., ControllerProcess]
LEASE = "netpol-registry-controller"  # and the name of the service account


@pytest.fixture
def make_replica(
    control_plane: ControlPlane, store: str, group: str, tmp_path: Path
) -> Iterator[MakeReplica]:
    made: list[ControllerProcess] = []

    def make(**settings: str) -> ControllerProcess:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(ControllerProcess(control_plane, store, group, directory))
        for name, value in settings.items():
            made[-1].setting(name, value)
        return made[-1]

    yield make
    for process in made:
        process.stop()


@pytest.fixture
def leader(make_replica: MakeReplica) -> ControllerProcess:
    process = make_replica()
    process.start()
    return process


@pytest.fixture
def standby(leader: ControllerProcess, make_replica: MakeReplica) -> ControllerProcess:
    assert leader.leads()
    return as_standby(make_replica())


@pytest.fixture
def proxy(control_plane: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy(control_plane) as one:
        yield one


@pytest.fixture
def cut_off(make_replica: MakeReplica, proxy: FaultProxy, tmp_path: Path) -> ControllerProcess:
    """A leader that reaches the API server through `proxy`."""
    process = make_replica()
    process.credentials(proxy.kubeconfig(tmp_path / "proxied.kubeconfig"))
    process.start()
    return process


def as_standby(process: ControllerProcess) -> ControllerProcess:
    process.start(wait=False)
    eventually(process.is_ready)
    return process


def await_take_over(one: ControllerProcess, other: ControllerProcess) -> None:
    """Wait until `other` leads, and see that `one` does not when it does."""
    eventually(other.leads)
    assert not one.leads()


def test_a_standby_is_ready_and_does_not_lead(standby: ControllerProcess):
    assert not standby.leads()


def test_the_lease_names_its_holder_and_is_renewed(leader: ControllerProcess, api: Api, store: str):
    def renewed() -> str:
        spec = api.get(f"/apis/coordination.k8s.io/v1/namespaces/{store}/leases/{LEASE}")["spec"]
        assert (bool(spec["holderIdentity"]), spec["leaseDurationSeconds"]) == (True, 4)
        return str(spec["renewTime"])

    before = renewed()
    eventually(lambda: renewed() > before)
    assert leader.leads()


def test_after_a_clean_stop_the_other_takes_over_long_before_the_lease_would_end(
    make_replica: MakeReplica, shop: Shop
):
    settings = {"LEASE_SECONDS": "60", "LEASE_RENEW_SECONDS": "40", "LEASE_RETRY_SECONDS": "2"}
    leader, standby = make_replica(**settings), make_replica(**settings)
    leader.start()
    as_standby(standby)
    leader.stop()
    shop.run("db", {"postgres": "true"})
    eventually(lambda: shop.policy("postgres"), timeout=10)


def test_after_a_kill_the_other_takes_over_when_the_lease_has_ended(
    leader: ControllerProcess, standby: ControllerProcess, shop: Shop
):
    shop.run("web", {"mysql": "true"})
    shop.await_policy("mysql")
    leader.kill()
    shop.run("db", {"postgres": "true"})
    shop.refer("web", mysql=None)
    shop.await_templates("postgres")
    assert standby.leads()


def test_a_take_over_with_nothing_changed_writes_nothing(
    leader: ControllerProcess, standby: ControllerProcess, make_shop: Callable[..., Shop], audit: AuditLog
):
    shop = make_shop(defaults=True)
    shop.run("db", {"postgres": "true", "no-such-template": "true"})
    shop.await_templates("postgres", "deny-all-ingress", "allow-namespace-communication")
    shop.await_event("TemplateUnknown")
    audit.restart()
    leader.stop()
    eventually(standby.leads)
    shop.run("web", {"mysql": "true"})
    shop.await_policy("mysql")  # comes after all that a take-over looks at
    written = [(one.verb, one.resource) for one in audit.writes(user=LEASE, namespace=shop.name)]
    assert written == [("create", "networkpolicies")]


def test_a_leader_that_cannot_reach_the_api_server_stops_writing_before_another_begins(
    cut_off: ControllerProcess, make_replica: MakeReplica, proxy: FaultProxy, shop: Shop, audit: AuditLog
):
    other = as_standby(make_replica())
    proxy.inject(Stall())
    await_take_over(cut_off, other)
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    proxy.heal()
    eventually(cut_off.is_ready)
    shop.run("web", {"mysql": "true"})
    shop.await_policy("mysql")
    written = audit.writes(resource="networkpolicies", namespace=shop.name)
    assert [one.verb for one in written] == ["create", "create"]


def test_a_leader_that_comes_back_goes_by_what_was_changed_meanwhile(
    cut_off: ControllerProcess,
    make_replica: MakeReplica,
    proxy: FaultProxy,
    shop: Shop,
    catalogue: Catalogue,
):
    catalogue.put("moving", spec=ingress_port(1))
    shop.run("db", {"moving": "true"})
    shop.await_policy("moving")
    other = as_standby(make_replica())
    proxy.inject(Stall())
    await_take_over(cut_off, other)
    catalogue.put("moving", spec=ingress_port(2))
    shop.refer("db", moving="latest")
    eventually(lambda: revision(shop) == "2")
    shop.refer("db", moving="true")
    eventually(lambda: tracking(shop) == "pinned")
    proxy.heal()
    other.stop()
    eventually(cut_off.leads)
    shop.run("web", {"mysql": "true"})
    shop.await_policy("mysql")
    assert revision(shop) == "2"


def revision(shop: Shop) -> str:
    return str(shop.policy("moving")["metadata"]["labels"]["netpol-registry.dev/revision"])


def tracking(shop: Shop) -> str:
    return str(shop.policy("moving")["metadata"]["annotations"]["netpol-registry.dev/tracking"])


def test_two_that_write_at_once_lose_none_and_double_none(
    make_replica: MakeReplica, make_shop: Callable[..., Shop], api: Api
):
    for lease in ("one", "two"):
        make_replica(LEASE_NAME=lease).start()
    shop = make_shop(managed=False)
    names = [f"w{number}" for number in range(60)]
    for name in names:
        shop.run(name, {"postgres": "true"})
    shop.enable()
    for turn in range(3):
        for number, name in enumerate(names):
            wanted = "true" if (number + turn) % 3 else "false"
            labels = template_labels({"postgres": wanted, "mysql": "true" if number % 2 else None})
            api.patch(shop.path(name), {"metadata": {"labels": labels}})
        api.patch(f"/api/v1/namespaces/{shop.name}", {"metadata": {"labels": {MANAGED: "true"}}})
    expected = sorted(
        [(name, "postgres") for number, name in enumerate(names) if (number + 2) % 3]
        + [(name, "mysql") for number, name in enumerate(names) if number % 2]
    )
    eventually(lambda: users(shop) == expected, timeout=30)


def users(shop: Shop) -> list[tuple[str, str]]:
    """Owner and template of each policy; one that is there twice, twice."""
    return sorted(
        (
            policy["metadata"]["ownerReferences"][0]["name"],
            policy["metadata"]["labels"]["netpol-registry.dev/template"],
        )
        for policy in shop.policies()
    )
