"""What a controller that begins to write does first: the policies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.cluster import ControlPlane
from devcluster.faults import FaultProxy, Match, Stall
from tests.cluster import AuditLog, eventually
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess

EVENTS = "/api/v1/events"


@pytest.fixture
def proxy(control_plane: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy(control_plane) as one:
        yield one


@pytest.fixture
def proxied(own_controller: ControllerProcess, proxy: FaultProxy, tmp_path: Path) -> ControllerProcess:
    own_controller.credentials(proxy.kubeconfig(tmp_path / "proxied.kubeconfig"))
    return own_controller


def test_policies_do_not_wait_until_earlier_events_are_read(
    proxied: ControllerProcess, proxy: FaultProxy, shop: Shop
):
    shop.run("db", {"postgres": "true"})
    with proxy.inject(Stall(), Match(path=EVENTS)) as stalled:
        proxied.start()
        shop.await_policy("postgres")
        assert stalled.fired


def test_what_was_told_before_is_not_told_again_when_earlier_events_are_read_late(
    proxied: ControllerProcess, proxy: FaultProxy, shop: Shop, audit: AuditLog
):
    proxied.start()
    shop.run("db", {"postgres": "true", "no-such-template": "true"})
    shop.await_event("TemplateUnknown")
    proxied.stop()
    audit.restart()
    with proxy.inject(Stall(), Match(path=EVENTS)):
        proxied.start()
        shop.run("web", {"postgres": "true", "another-unknown": "true"})
        eventually(lambda: len(shop.policies()) == 2)
        assert audit.writes(user="netpol-registry-controller", resource="events", namespace=shop.name) == []
    eventually(lambda: len(shop.events("TemplateUnknown")) == 2)
    written = audit.writes(user="netpol-registry-controller", resource="events", namespace=shop.name)
    assert [one.verb for one in written] == ["create"]
