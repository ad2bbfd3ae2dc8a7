"""Workloads whose policies reach pods of others are told so, once, on transitions."""

from collections.abc import Callable

import pytest

from tests.cluster import until_passes
from tests.controller.kinds import CONTAINERS
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess

pytestmark = pytest.mark.usefixtures("controller")


def told(shop: Shop, reason: str = "SelectorOverlaps") -> list[tuple[str, str]]:
    """Whom Events of a reason are about, and what they say."""
    return [(one["involvedObject"]["name"], one["message"]) for one in shop.events(reason)]


def await_told(shop: Shop, *names: str) -> None:
    def check() -> None:
        assert sorted(name for name, _ in told(shop)) == sorted(names)

    until_passes(check)


def test_a_selector_that_other_pods_satisfy_is_told_once(shop: Shop):
    shop.run("db", {"postgres": "true"}, pod_labels={"app": "db"})
    shop.await_policy("postgres")
    shop.run("replica", pod_labels={"app": "db", "role": "replica"})
    await_told(shop, "db")
    [(_, message)] = told(shop)
    assert "Deployment.apps/replica" in message
    shop.refer("db", mysql="true")
    shop.await_policy("mysql")
    shop.refer("replica", postgres="true")
    shop.await_templates("postgres", "postgres", "mysql")
    await_told(shop, "db")


def test_a_bare_pod_that_satisfies_a_selector_is_told(shop: Shop):
    shop.run("db", {"postgres": "true"})
    pod = {"metadata": {"name": "debug", "labels": {"app": "db", "run": "debug"}}}
    shop.api.create(f"/api/v1/namespaces/{shop.name}/pods", {**pod, "spec": {"containers": CONTAINERS}})
    await_told(shop, "db")
    assert "Pod/debug" in told(shop)[0][1]


def test_an_overlap_that_ended_and_came_back_is_told_again(shop: Shop, controller: ControllerProcess):
    shop.run("db", {"postgres": "true"}, pod_labels={"app": "db"})

    def is_told(times: int) -> None:
        lines = [line for line in controller.log().splitlines() if f"{shop.name} Deployment/db" in line]
        assert sum("SelectorOverlaps" in line for line in lines) == times

    shop.run("replica", pod_labels={"app": "db", "role": "replica"})
    until_passes(lambda: is_told(1))
    shop.api.delete(shop.path("replica"))
    shop.refer("db", mysql="true")  # once that is in force, the end was seen as well
    shop.await_policy("mysql")
    shop.run("replica", pod_labels={"app": "db", "role": "replica"})
    until_passes(lambda: is_told(2))


def test_selectors_that_could_meet_but_do_not_are_not_told(shop: Shop):
    shop.run("db", {"postgres": "true"}, pod_labels={"app": "db"})
    shop.run("web", {"postgres": "true"}, pod_labels={"tier": "front"})
    shop.run("twin", {"postgres": "true"}, pod_labels={"app": "web", "tier": "back"})
    shop.run("meets", pod_labels={"app": "web", "tier": "back", "x": "y"})
    await_told(shop, "twin")


def test_workloads_of_other_namespaces_are_not_looked_at(shop: Shop, make_shop: Callable[..., Shop]):
    shop.run("db", {"postgres": "true"}, pod_labels={"app": "db"})
    make_shop().run("db", pod_labels={"app": "db", "role": "replica"})
    shop.run("late", pod_labels={"app": "db", "role": "late"})
    await_told(shop, "db")
    assert "late" in told(shop)[0][1]
