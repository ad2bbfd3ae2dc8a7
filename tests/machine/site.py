"""Where the machine works: a store and a group of namespaces of its own, a real controller and service."""

import contextlib
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import yaml

from devcluster.api import ApiError, Object
from devcluster.cluster import ControlPlane
from devcluster.product import bind_store_namespace
from registry.settings import Settings
from tests.cluster import AuditLog, Write, create_namespace, unique_name
from tests.controller.conftest import NO_DEFAULTS
from tests.controller.shop import MANAGED, Shop, ports
from tests.controller_process import ControllerProcess
from tests.http.support import Service, running

T = TypeVar("T")
PENDING: Final = re.compile(r'^netpol_registry_references_pending{reason="(\w+)"} ([0-9]+)', re.MULTILINE)
STATES: Final = re.compile(r'^netpol_registry_references{state="(\w+)"} ([0-9]+)', re.MULTILINE)
_POLL_SECONDS: Final = 0.005
_numbers = itertools.count(1)


def soon(check: Callable[[], T], timeout: float) -> T:
    """As `until_passes`, looking more often: the machine makes thousands of such checks."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return check()
        except (AssertionError, LookupError, OSError, ApiError):
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


class Site:
    """One controller, one service, one catalogue; each example of the machine has namespaces of its own."""

    def __init__(self, plane: ControlPlane, service: Service, group: str, directory: Path) -> None:
        self.api = plane.api()
        self.audit = AuditLog(plane.audit_log, quiet=0.05)  # steps are many, and compared until they agree
        self.steps = 0
        self.tally: Counter[str] = Counter()
        self.patience = 15.0
        self._service = service
        self._group = group
        self._store = service.settings.store_namespace
        self._controller = ControllerProcess(plane, self._store, group, directory)
        self._pulse = Shop(self.api, self.make_space({MANAGED: "true"})[0])
        self._beats = itertools.count(1)
        self.is_up = False

    # The controller.

    def start(self) -> None:
        """Start the controller and wait until it leads.

        Each start has a Lease of its own, so that nothing waits for the one of a killed process to end.
        """
        self._controller.setting("LEASE_NAME", unique_name("lease"))
        self._controller.start(wait=False)
        soon(self._leads, 60)
        self.is_up = True

    def _leads(self) -> None:
        assert self._controller.is_ready()
        assert self._controller.leads()

    def stop(self, *, kill: bool) -> None:
        """End the controller, by a signal that it can heed or one that it cannot."""
        (self._controller.kill if kill else self._controller.stop)()
        self.is_up = False

    def begin(self) -> None:
        """Set up what the site needs itself: one workload whose policy shows that the controller works."""
        self._pulse.run("pulse", {"postgres": "true"})
        self._pulse.await_policy("postgres")

    def end(self) -> None:
        if self.is_up:
            self.stop(kill=False)
        self.leave(self._pulse.name)

    def beat(self) -> None:
        """Wait until the controller has dealt with a change made just now, and so with those before."""
        port = 1024 + next(self._beats) % 60000
        self._pulse.parameterise("pulse", "postgres", f"port: {port}")

        def felt() -> None:
            assert ports(self._pulse.policy("postgres")) == [port]

        soon(felt, self.patience)

    def metrics(self) -> tuple[Counter[str], Counter[str]]:
        """How many references wait, by reason, and how many there are, by state."""
        text = self._controller.metrics()
        pending, states = (
            {name: int(count) for name, count in one.findall(text)} for one in (PENDING, STATES)
        )
        return Counter(pending), Counter(states)

    def log(self) -> str:
        return self._controller.log()

    # Namespaces.

    def make_space(self, labels: dict[str, str]) -> tuple[str, str]:
        """Make a namespace of the controller's, without the default templates; its name and UID."""
        name = unique_name("machine")
        created = create_namespace(self.api, name, {"group": self._group, **NO_DEFAULTS, **labels})
        return name, created["metadata"]["uid"]

    def leave(self, space: str) -> None:
        """Take a namespace out of the controller's sight, and delete it without waiting for that."""
        self.api.delete(f"/api/v1/namespaces/{space}")

    def policies(self, space: str) -> dict[str, Object]:
        found = self.api.list(f"/apis/networking.k8s.io/v1/namespaces/{space}/networkpolicies")
        return {one["metadata"]["name"]: one for one in found}

    def policy_path(self, space: str, name: str = "") -> str:
        return f"/apis/networking.k8s.io/v1/namespaces/{space}/networkpolicies/{name}".removesuffix("/")

    def events(self, space: str) -> list[Object]:
        return self.api.list(f"/api/v1/namespaces/{space}/events")

    def policy_writes(self, space: str) -> list[Write]:
        """The controller's writes of policies since the audit was restarted."""
        return self.audit.writes("netpol-registry-controller", "networkpolicies", space)

    # The catalogue.

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self._store}/configmaps/netpol-templates"

    def edit(self, entries: dict[str, str | None]) -> None:
        """Edit entries of the catalogue as with `kubectl edit`."""
        data = {f"{name}.yaml": text for name, text in entries.items()}
        self.api.patch(self._path, {"data": data}, fieldManager="kubectl-edit")

    def heads(self) -> dict[str, int]:
        """The current revision of each template."""
        heads: dict[str, int] = json.loads(
            self.api.get(self._path)["metadata"]["annotations"]["netpol-registry.dev/heads"]
        )
        return heads

    def await_heads(self, wanted: dict[str, int]) -> None:
        """Wait until each of these templates is at its revision."""

        def there() -> None:
            found = self.heads()
            assert {name: found.get(name, 0) for name in wanted} == wanted

        soon(there, self.patience)

    def save(self, name: str, document: Object) -> None:
        """Save a template over HTTP; the service has seen all that is in the cluster by then."""
        self._service.catch_up()
        answer = self._service.call("PUT", f"{name}?force=true", document, if_match="*")
        if answer.status_code == 404:
            answer = self._service.call("POST", "?force=true", document)
        assert answer.status_code in {200, 201}, answer.text

    def delete(self, name: str) -> None:
        """Delete a template over HTTP, used or not."""
        self._service.catch_up()
        answer = self._service.call("DELETE", f"{name}?force=true", if_match="*")
        assert answer.status_code == 200, answer.text

    def pins(self, template: str, space: str) -> dict[str, Object]:
        """What is recorded of a namespace's users of a template."""
        found = self.api.find(f"{self._path}.{template}.pins")
        users: dict[str, Object] = json.loads(found.get("data", {}).get(space, "{}")) if found else {}
        return users


def as_text(document: Object) -> str:
    return yaml.safe_dump(document)


@contextlib.contextmanager
def site(plane: ControlPlane, directory: Path) -> Iterator[Site]:
    """A site with a running controller; all of it ends with the context."""
    root = plane.api()
    store = unique_name("store")
    create_namespace(root, store)
    bind_store_namespace(root, store)
    with running(plane, Settings(store_namespace=store)) as service:
        one = Site(plane, service, unique_name("group"), directory)
        one.start()
        one.begin()
        try:
            yield one
        finally:
            one.end()
            root.delete(f"/api/v1/namespaces/{store}")
            root.close()
            one.api.close()
