"""Many callers at once: nobody's change is lost, and histories stay whole."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest

from tests.http.support import problem
from tests.store.support import document

THREADS = 32
SHARED_BY = 8


@pytest.fixture
def threads():
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def ports(template):
    return [port["port"] for port in template["spec"]["ingress"][0]["ports"]]


def add_port(service, name, port):
    """Read the template, add a port and write it, until nobody else was faster; answers the revision."""
    while True:
        read = service.call("GET", name)
        changed = read.get_json()
        changed["spec"]["ingress"][0]["ports"].append({"protocol": "TCP", "port": port})
        written = service.call("PUT", name, changed, if_match=read.headers["ETag"])
        if written.status_code == 200:
            return written.get_json()["revision"]
        assert problem(written) == (412, "precondition-failed")


def test_edits_by_32_threads_are_all_there_in_whole_histories(start_service, threads):
    one = start_service()
    names = [f"web-{number}" for number in range(THREADS // SHARED_BY)]
    for name in names:
        one.create(name, 80)
    edits = [(name, 8000 + number) for number in range(SHARED_BY) for name in names]
    made = list(threads.map(lambda edit: add_port(one, *edit), edits))
    for name in names:
        numbers = sorted(number for number, edit in zip(made, edits, strict=True) if edit[0] == name)
        assert numbers == list(range(2, SHARED_BY + 2))
        history = [
            ports(one.call("GET", f"{name}/revisions/{n}").get_json()["template"]) for n in [1, *numbers]
        ]
        assert all(after[:-1] == before for before, after in pairwise(history))
        assert sorted(history[-1]) == [80, *range(8000, 8000 + SHARED_BY)]
        assert ports(one.call("GET", name).get_json()) == history[-1]


def test_of_32_edits_of_one_etag_exactly_one_wins(service, name, threads):
    etag, start = service.create(name, 80), Barrier(THREADS)

    def put(port):
        start.wait()
        return service.call("PUT", name, document(name, port), if_match=etag)

    answers = list(threads.map(put, range(8000, 8000 + THREADS)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: THREADS - 1}
    [won] = [
        port
        for port, answer in zip(range(8000, 8000 + THREADS), answers, strict=True)
        if answer.status_code == 200
    ]
    assert ports(service.call("GET", name).get_json()) == [won]
    assert service.call("GET", f"{name}/revisions").get_json()["total"] == 2
