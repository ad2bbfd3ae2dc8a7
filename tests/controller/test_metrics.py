"""What /metrics of a controller at work says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cluster import eventually, unique_name
from tests.controller.shop import Shop, ports
from tests.controller.store import Catalogue, ingress_port
from tests.controller_process import ControllerProcess

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text().partition("## Of the HTTP service")[0]
DOCUMENTED = re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE)


@pytest.fixture
def own(own_controller: ControllerProcess) -> Iterator[ControllerProcess]:
    """A controller of which nothing has been counted yet."""
    own_controller.start()
    return own_controller


def value(process: ControllerProcess, sample: str, /, **labels: str) -> float:
    """The sum of a sample over all series with these labels; 0 while there is none."""
    return sum(
        found.value
        for family in text_string_to_metric_families(process.metrics())
        for found in family.samples
        if found.name == sample and labels.items() <= found.labels.items()
    )


def test_every_metric_of_the_docs_is_shown_by_a_leader(own: ControllerProcess):
    shown = own.metrics()
    assert [name for name in DOCUMENTED if f"\n# TYPE {name} " not in shown] == []


def test_a_new_policy_is_timed_as_one_and_not_as_a_repair(own: ControllerProcess, shop: Shop):
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    eventually(lambda: value(own, "netpol_registry_label_to_policy_seconds_count") == 1)
    assert value(own, "netpol_registry_repair_seconds_count") == 0


@pytest.mark.parametrize("damage", ["deleted", "edited"])
def test_a_repair_is_timed_as_one_and_not_as_a_new_policy(own: ControllerProcess, shop: Shop, damage: str):
    shop.run("db", {"postgres": "true"})
    policy = shop.await_policy("postgres")
    path, before = shop.policy_path(policy), ports(policy)
    if damage == "deleted":
        shop.api.delete(path)
    else:
        shop.api.patch(path, {"spec": ingress_port(1)})
    eventually(lambda: value(own, "netpol_registry_repair_seconds_count") == 1)
    assert value(own, "netpol_registry_label_to_policy_seconds_count") == 1
    assert ports(shop.policy("postgres")) == before


def test_references_are_counted_by_how_they_stand(own: ControllerProcess, shop: Shop, catalogue: Catalogue):
    moved = unique_name("moved")
    catalogue.put(moved, spec=ingress_port(1))
    shop.run("db", {"postgres": "true", moved: "true"})
    shop.await_templates("postgres", moved)
    catalogue.put(moved, spec=ingress_port(2))
    shop.refer("db", **{"no-such-template": "true"})

    def states() -> list[float]:
        return [
            value(own, "netpol_registry_references", state=state)
            for state in ("current", "outdated", "pending")
        ]

    eventually(lambda: states() == [1, 1, 1])
    assert value(own, "netpol_registry_references_pending", reason="TemplateUnknown") == 1


def test_policies_are_counted_by_template_and_revision_as_long_as_there_are_any(
    own: ControllerProcess, shop: Shop
):
    def counted() -> float:
        return value(own, "netpol_registry_policies", template="postgres", revision="1")

    for name in ("db", "web"):
        shop.run(name, {"postgres": "true"})
    eventually(lambda: counted() == 2)
    for name in ("db", "web"):
        shop.refer(name, postgres=None)
    shop.await_templates()
    eventually(lambda: 'template="postgres"' not in own.metrics())


def test_a_policy_costs_one_call_which_is_counted(own: ControllerProcess, shop: Shop):
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    eventually(lambda: value(own, "netpol_registry_policy_writes_total", action="create", result="done") == 1)
    created = value(own, "netpol_registry_api_calls_total", verb="create", code="201")
    assert created == value(own, "rest_client_requests_total", method="POST", code="201")


def test_a_refused_policy_counts_as_an_error_and_a_retry(own: ControllerProcess, shop: Shop):
    shop.api.create(
        f"/api/v1/namespaces/{shop.name}/resourcequotas",
        {"metadata": {"name": "none"}, "spec": {"hard": {"count/networkpolicies.networking.k8s.io": "0"}}},
    )
    eventually(lambda: shop.api.list(f"/api/v1/namespaces/{shop.name}/resourcequotas")[0]["status"]["hard"])
    shop.run("db", {"postgres": "true"})
    eventually(lambda: value(own, "controller_runtime_reconcile_errors_total", controller="workload") > 0)
    assert value(own, "workqueue_retries_total", name="keys") > 0
    assert value(own, "netpol_registry_keys_failing") == 1
    assert shop.policies() == []
