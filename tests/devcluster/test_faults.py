"""The proxy that makes things go wrong between a client and the API server."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

import pytest
import urllib3

from devcluster.api import Api, ApiError
from devcluster.cluster import ControlPlane
from devcluster.faults import (
    Answer,
    CutBody,
    CutEvent,
    Drop,
    ErrorEvent,
    FaultProxy,
    LoseAnswer,
    Match,
    Slow,
    Stall,
)
from tests.cluster import eventually

WRITES = Match(methods=frozenset({"POST"}), resource="configmaps")
WATCHES = Match(watch=True)


@pytest.fixture
def proxy(control_plane: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy(control_plane, seed=1) as one:
        yield one


@pytest.fixture
def through(control_plane: ControlPlane, proxy: FaultProxy) -> Iterator[Api]:
    tls = ssl.create_default_context(cafile=control_plane.ca_file)
    client = Api(proxy.url, tls, f"Bearer {control_plane.token('root')}")
    yield client
    client.close()


@pytest.fixture
def place(make_namespace: Callable[..., str]) -> str:
    return f"/api/v1/namespaces/{make_namespace()}/configmaps"


class Watch:
    """A watch through the proxy, read by a thread; `ended` with what ended it."""

    def __init__(self, plane: ControlPlane, proxy: FaultProxy, path: str) -> None:
        self.events: list[dict[str, object]] = []
        self.rest = b""
        self.ended: str = ""
        headers = {"Authorization": f"Bearer {plane.token('root')}"}
        with urllib3.PoolManager(ca_certs=str(plane.ca_file), retries=False) as pool:
            url = f"{proxy.url}{path}?watch=1&timeoutSeconds=60"
            self._answer = pool.request("GET", url, headers=headers, preload_content=False)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._answer.connection:  # None once it has ended
            with contextlib.suppress(OSError):
                self._answer.connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._answer.close()

    def _read(self) -> None:
        try:
            for chunk in self._answer.stream():
                *lines, self.rest = (self.rest + chunk).split(b"\n")
                self.events += map(json.loads, lines)
            self.ended = "whole"
        except (urllib3.exceptions.HTTPError, OSError, AttributeError) as error:
            self.ended = type(error).__name__


@pytest.fixture
def watch(control_plane: ControlPlane, proxy: FaultProxy, place: str) -> Iterator[Watch]:
    one = Watch(control_plane, proxy, place)
    yield one
    one.close()


def test_without_faults_requests_and_answers_pass(through: Api, place: str):
    made = through.create(place, {"metadata": {"name": "a"}, "data": {"x": "ä" * 100_000}})
    assert through.get(f"{place}/a") == made
    through.delete(f"{place}/a")
    assert through.find(f"{place}/a") is None


def test_without_faults_a_watch_passes_each_event(through: Api, watch: Watch, place: str):
    for name in ("a", "b"):
        through.create(place, {"metadata": {"name": name}})
    assert eventually(lambda: [event["type"] for event in watch.events] == ["ADDED", "ADDED"])


def test_an_injected_answer_says_what_was_asked_and_the_api_server_never_hears_of_the_request(
    proxy: FaultProxy, through: Api, api: Api, place: str
):
    fault = proxy.inject(Answer(429, retry_after=7), WRITES, times=1)
    with pytest.raises(ApiError) as refused:
        through.create(place, {"metadata": {"name": "a"}})
    assert (refused.value.status, refused.value.reason) == (HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests")
    assert api.find(f"{place}/a") is None
    assert fault.fired == 1


def test_a_fault_ends_after_its_times_and_others_than_those_it_is_for_are_left_alone(
    proxy: FaultProxy, through: Api, place: str
):
    fault = proxy.inject(Answer(503), WRITES, times=2)
    through.list(place)
    for _ in range(2):
        with pytest.raises(ApiError):
            through.create(place, {"metadata": {"name": "a"}})
    through.create(place, {"metadata": {"name": "a"}})
    assert fault.fired == 2


def test_a_fault_with_a_probability_hits_some(proxy: FaultProxy, through: Api, place: str):
    with proxy.inject(Answer(503), probability=0.5) as fault:
        for _ in range(40):
            with contextlib.suppress(ApiError):
                through.list(place)
    assert 5 < fault.fired < 35
    assert sum(seen.code == 503 for seen in proxy.seen) == fault.fired


def test_a_fault_for_a_token_hits_its_bearer_alone(
    control_plane: ControlPlane, proxy: FaultProxy, through: Api, place: str
):
    proxy.inject(Answer(401), Match(token=control_plane.token("viewer")))
    through.list(place)
    tls = ssl.create_default_context(cafile=control_plane.ca_file)
    with (
        contextlib.closing(Api(proxy.url, tls, f"Bearer {control_plane.token('viewer')}")) as viewer,
        pytest.raises(ApiError, match="401"),
    ):
        viewer.list(place)


def test_a_lost_answer_is_of_a_write_that_was_done(proxy: FaultProxy, through: Api, api: Api, place: str):
    proxy.inject(LoseAnswer(), WRITES, times=1)
    with pytest.raises(urllib3.exceptions.HTTPError):
        through.create(place, {"metadata": {"name": "a"}})
    assert api.find(f"{place}/a")


def test_a_cut_body_breaks_off(proxy: FaultProxy, through: Api, place: str):
    proxy.inject(CutBody(), Match(resource="configmaps"), times=1)
    with pytest.raises(urllib3.exceptions.HTTPError):
        through.list(place)


def test_a_dropped_request_is_never_passed_on(proxy: FaultProxy, through: Api, api: Api, place: str):
    proxy.inject(Drop(), WRITES, times=1)
    with pytest.raises(urllib3.exceptions.HTTPError):
        through.create(place, {"metadata": {"name": "a"}})
    assert api.find(f"{place}/a") is None


def test_slow_answers_take_their_time(proxy: FaultProxy, through: Api, place: str):
    proxy.inject(Slow(0.3), Match(resource="configmaps"))
    began = time.monotonic()
    through.list(place)
    assert time.monotonic() - began >= 0.3


def test_a_watch_under_way_can_be_dropped_at_once(proxy: FaultProxy, watch: Watch):
    fault = proxy.inject(Drop(), WATCHES, times=1)
    assert eventually(lambda: watch.ended) != "whole"
    assert fault.fired == 1


def test_a_watch_under_way_can_be_ended_by_an_error_event(proxy: FaultProxy, watch: Watch):
    proxy.inject(ErrorEvent(), WATCHES, times=1)
    eventually(lambda: watch.ended == "whole")
    assert (watch.events[-1]["type"], watch.events[-1]["object"]["code"]) == ("ERROR", 410)


def test_a_cut_event_is_half_a_line(proxy: FaultProxy, watch: Watch, api: Api, place: str):
    proxy.inject(CutEvent(), WATCHES, times=1)
    api.create(place, {"metadata": {"name": "a"}})
    assert eventually(lambda: watch.ended) != "whole"
    assert watch.rest.startswith(b'{"type":"ADDED"')
    assert not watch.events


def test_a_stalled_watch_says_nothing_until_the_stall_ends(
    proxy: FaultProxy, watch: Watch, through: Api, place: str
):
    stall = proxy.inject(Stall(), WATCHES)
    for name in ("a", "b"):
        through.create(place, {"metadata": {"name": name}})
    time.sleep(0.3)
    assert (watch.events, watch.ended) == ([], "")
    stall.end()
    eventually(lambda: len(watch.events) == 2)


def test_when_everything_is_stalled_a_request_is_carried_out_after_the_end(
    proxy: FaultProxy, through: Api, api: Api, place: str
):
    stall = proxy.inject(Stall())
    request = threading.Thread(target=through.create, args=(place, {"metadata": {"name": "a"}}), daemon=True)
    request.start()
    eventually(lambda: stall.fired == 1)
    assert api.find(f"{place}/a") is None
    stall.end()
    request.join(5)
    assert api.find(f"{place}/a")


def test_a_proxy_ends_by_itself_with_watches_and_stalls_under_way(control_plane: ControlPlane, place: str):
    with FaultProxy(control_plane) as proxy:
        watch = Watch(control_plane, proxy, place)
        proxy.inject(Stall())
    assert eventually(lambda: watch.ended) != "whole"
    watch.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "fault-proxy"]


def test_all_faults_can_be_ended_at_once(proxy: FaultProxy, through: Api, place: str):
    proxy.inject(Drop())
    proxy.inject(Answer(500))
    proxy.heal()
    through.create(place, {"metadata": {"name": "a"}})
