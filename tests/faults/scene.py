"""What changes while something goes wrong, and what has to have become of it afterwards."""

import contextlib
import time
from collections import Counter
from typing import Any, Self

from devcluster.cluster import ControlPlane
from tests.cluster import AuditLog, until_passes
from tests.controller.shop import Shop, ports
from tests.observer import Observer

CONTROLLER = "netpol-registry-controller"

BACK_SECONDS = 1.0
"""In which all has to be as asked, after the API server is back; a busy machine gets more, see `patience`."""

CHANGES = Counter(create=2, update=1, delete=1)
"""What `change` takes: a new policy, one that is made anew, one with other parameters, one that goes."""


class Scene:
    """Five workloads with a policy each, of which four are about to change."""

    def __init__(self, shop: Shop, audit: AuditLog, plane: ControlPlane) -> None:
        self.shop = shop
        self._audit = audit
        self._plane = plane
        self._stack = contextlib.ExitStack()
        self.patience = BACK_SECONDS

    def __enter__(self) -> Self:
        shop = self.shop
        began = time.monotonic()
        shop.run("kept", {"postgres": "true"})
        shop.await_policy("postgres")
        # With time to spare for a machine on which that takes long even when nothing is wrong.
        self.patience = BACK_SECONDS + max(1, 10 * (time.monotonic() - began))
        shop.run("tuned", {"allow-port": "true"}, parameters={"allow-port": "port: 1"})
        shop.run("freed", {"mysql": "true"})
        shop.run("lost", {"redis": "true"})
        shop.run("fresh")
        shop.await_templates("postgres", "allow-port", "mysql", "redis")
        self.observer = self._stack.enter_context(Observer(self._plane, shop.policies_path))
        self._before = {one: shop.policy(one) for one in ("postgres", "allow-port", "redis")}
        self._audit.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def change(self) -> None:
        """Change one workload in each way, and delete a policy by hand."""
        shop = self.shop
        shop.api.delete(shop.policy_path(self._before["redis"]))
        shop.refer("fresh", http="true")
        shop.refer("freed", mysql=None)
        shop.parameterise("tuned", "allow-port", "port: 2")

    def assert_so(self) -> None:
        """All is as was asked for."""
        assert self.shop.templates() == ["allow-port", "http", "postgres", "redis"]
        assert ports(self.shop.policy("allow-port")) == [2]

    def assert_continuous(self, back: float) -> None:
        """No policy went but those that had to; the lost one was there again soon after `back`."""
        for template in ("postgres", "allow-port"):
            assert _identity(self.shop.policy(template)) == _identity(self._before[template])
            assert "DELETED" not in self.observer.of(self._before[template]["metadata"]["name"])
        redis = self._before["redis"]["metadata"]
        again = self.observer.added_again(redis["name"], redis["uid"])
        assert again - back < self.patience

    def assert_written_once(self) -> None:
        """As many writes were carried out as there were changes, also after what comes later."""
        self.shop.run("later", {"https": "true"})
        self.shop.await_policy("https")
        expected = CHANGES + Counter(create=1)

        def counted() -> None:  # the last line of the audit log may come after the answer
            assert self.written() == expected, self._audit.writes(
                CONTROLLER, "networkpolicies", self.shop.name
            )

        until_passes(counted)

    def written(self) -> Counter[str]:
        """The controller's writes of policies here that the API server carried out, by verb."""
        writes = self._audit.writes(CONTROLLER, "networkpolicies", self.shop.name)
        return Counter(write.verb for write in writes if write.code < 300)

    def assert_borne(self, back: float) -> None:
        """All claims at once: the state, no gap, no write too many. `back` is when the faults ended."""
        until_passes(self.assert_so, back + self.patience - time.monotonic())
        self.assert_continuous(back)
        self.assert_written_once()


def _identity(policy: dict[str, Any]) -> tuple[str, str]:
    return policy["metadata"]["uid"], policy["metadata"]["creationTimestamp"]
