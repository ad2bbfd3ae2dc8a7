"""The service killed at random moments amid a thousand saves: nothing acknowledged is lost."""

import contextlib
import http.client
import json
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from registry.model.documents import digest, load_yaml
from tests.cluster import eventually, until_passes
from tests.http.saver import Saver
from tests.service_process import ServiceProcess

SAVES = 1000
WRITERS = 16
KILLS = 6
SEED = 20261121


@pytest.fixture
def service(
    control_plane: ControlPlane, make_store_namespace: Callable[[], str], tmp_path: Any
) -> Iterator[ServiceProcess]:
    process = ServiceProcess(control_plane, make_store_namespace(), tmp_path)
    process.start()
    yield process
    process.stop()


class Crowd:
    """Writers that go on until together they have had their saves acknowledged."""

    def __init__(self, savers: list[Saver]) -> None:
        self.savers = savers
        self._threads = [
            threading.Thread(target=self._write, args=(number, saver)) for number, saver in enumerate(savers)
        ]

    @property
    def acknowledged(self) -> list[tuple[str, int, str]]:
        return [one for saver in self.savers for one in list(saver.acknowledged)]

    @property
    def done(self) -> bool:
        return len(self.acknowledged) >= SAVES

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join()

    def _write(self, number: int, saver: Saver) -> None:
        port, etag, name = 0, "", f"crash-{number}"
        while not self.done:
            port += 1
            try:
                answer = saver.replace(name, port, etag) if etag else saver.create(name)
                etag = answer.etag if answer.status in {200, 201} else saver.etag(name)
            except (OSError, http.client.HTTPException):
                etag = until_passes(lambda: _read(saver, name), timeout=90)


def _read(saver: Saver, name: str) -> str:
    """The ETag after a crash, once the service is there again."""
    try:
        answer = saver.call("GET", f"/{name}")
    except (OSError, http.client.HTTPException) as error:
        raise LookupError("not yet") from error
    assert answer.status in {200, 404}
    return answer.etag


@pytest.fixture
def crashed(control_plane: ControlPlane, service: ServiceProcess) -> Crowd:
    """What was acknowledged before and after the crashes; the service runs again."""
    chance = random.Random(SEED)  # noqa: S311 (moments, no secrets)
    token = control_plane.token("admin")
    with contextlib.ExitStack() as stack:
        savers = [stack.enter_context(contextlib.closing(Saver([service], token))) for _ in range(WRITERS)]
        with Crowd(savers) as crowd:
            for kill in range(1, KILLS + 1):
                target = SAVES * kill // (KILLS + 1) + chance.randrange(SAVES // 20)
                eventually(lambda target=target: len(crowd.acknowledged) >= target, timeout=120)
                service.kill()
                service.start()
    return crowd


def stored(api: Api, service: ServiceProcess) -> tuple[dict[str, Any], dict[tuple[str, int], dict[str, Any]]]:
    """The catalogue ConfigMap, and the records of the tests' templates by name and number."""
    path = f"/api/v1/namespaces/{service.store}/configmaps"
    records = {}
    for one in api.list(path):
        labels = one["metadata"].get("labels", {})
        if name := labels.get("netpol-registry.dev/template"):
            records[name, int(labels["netpol-registry.dev/revision"])] = one
    return api.get(f"{path}/netpol-templates"), records


def test_after_crashes_history_and_catalogue_agree_and_nothing_acknowledged_is_missing(
    api: Api, service: ServiceProcess, crashed: Crowd
):
    catalogue, records = stored(api, service)
    heads = json.loads(catalogue["metadata"]["annotations"]["netpol-registry.dev/heads"])
    chains = {name: _chain(records, name, head) for name, head in heads.items()}
    missing = [
        (name, number)
        for name, number, saved in crashed.acknowledged
        if number not in chains[name] or _annotation(records[name, number], "digest") != saved
    ]
    assert missing == []
    assert {name: digest(load_yaml(catalogue["data"][f"{name}.yaml"])) for name in heads} == {
        name: _annotation(records[name, head], "digest") for name, head in heads.items()
    }
    assert len(crashed.acknowledged) >= SAVES


def _annotation(record: dict[str, Any], name: str) -> str:
    found: str = record["metadata"]["annotations"][f"netpol-registry.dev/{name}"]
    return found


def _chain(records: dict[tuple[str, int], dict[str, Any]], name: str, head: int) -> set[int]:
    """The revisions that were ever in force: from the head along the parents."""
    chain = set()
    while head:
        assert (name, head) in records
        chain.add(head)
        head = int(_annotation(records[name, head], "parent"))
    return chain
