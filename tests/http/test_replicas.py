"""Two service processes over one store: no save is lost, none is refused without a reason."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from devcluster.product import bind_store_namespace
from tests.cluster import create_namespace, eventually, unique_name
from tests.http.saver import Answer, Saver
from tests.service_process import ServiceProcess
from tests.store.support import document, text

WRITERS = 32
SAVES = 4


@pytest.fixture(scope="module")
def replicas(
    control_plane: ControlPlane, api: Api, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ServiceProcess]]:
    store, directory = unique_name("store"), tmp_path_factory.mktemp("replicas")
    create_namespace(api, store)
    bind_store_namespace(api, store)
    both = [ServiceProcess(control_plane, store, directory) for _ in range(2)]
    with contextlib.ExitStack() as stack:
        for one in both:  # at once: both set up the empty store
            stack.callback(one.stop)
            one.start(wait=False)
        for one in both:
            eventually(one.is_ready, timeout=60)
        yield both
    api.delete(f"/api/v1/namespaces/{store}")


@pytest.fixture
def make_saver(control_plane: ControlPlane, replicas: list[ServiceProcess]) -> Iterator[Callable[[], Saver]]:
    with contextlib.ExitStack() as stack:
        token = control_plane.token("admin")
        yield lambda: stack.enter_context(contextlib.closing(Saver(replicas, token)))


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of the writers answers."""
    with ThreadPoolExecutor(WRITERS) as threads:
        return list(threads.map(work, range(WRITERS)))


def revisions(saver: Saver, name: str) -> list[int]:
    items = saver.call("GET", f"/{name}/revisions").body["items"]
    return sorted(item["revision"] for item in items)


def await_revisions(saver: Saver, name: str, expected: list[int]) -> None:
    """Until all processes serve these: each hears of what the other one saved a moment later."""
    eventually(lambda: all(revisions(saver, name) == expected for _ in range(4)))


def test_edits_of_different_templates_all_land_whichever_process_takes_them(make_saver, name):
    def write(number: int) -> list[int]:
        saver = make_saver()
        answer = saver.create(f"{name}-{number}")
        statuses = [answer.status]
        for port in range(1, SAVES):  # each save goes to the process that did not make the one before
            answer = saver.replace(f"{name}-{number}", port, answer.etag)
            statuses.append(answer.status)
        return statuses

    assert at_once(write) == [[201] + [200] * (SAVES - 1)] * WRITERS
    saver = make_saver()
    expected = list(range(1, SAVES + 1))
    for number in range(WRITERS):
        await_revisions(saver, f"{name}-{number}", expected)


def test_of_edits_of_one_template_at_once_exactly_one_wins(make_saver, name):
    etag = make_saver().create(name).etag
    answers: list[Answer] = at_once(lambda number: make_saver().replace(name, 100 + number, etag))
    assert sorted(answer.status for answer in answers) == [200] + [412] * (WRITERS - 1)
    await_revisions(make_saver(), name, [1, 2])


def test_those_who_lose_are_told_who_won_and_the_etag_to_go_on_with(make_saver, name):
    etag = make_saver().create(name).etag
    answers: list[Answer] = at_once(lambda number: make_saver().replace(name, 100 + number, etag))
    [winner] = [answer for answer in answers if answer.status == 200]
    told = {answer.body["current"]["etag"] for answer in answers if answer.status == 412}
    assert told == {winner.etag}


def test_a_deletion_and_an_edit_at_once_never_both_happen(make_saver, name):
    etag = make_saver().create(name).etag

    def act(number: int) -> int:
        saver = make_saver()
        answer = saver.delete(name, etag) if number % 2 else saver.replace(name, 100 + number, etag)
        return answer.status

    assert at_once(act).count(200) == 1


def test_those_who_read_again_and_try_again_all_get_their_edit_in(make_saver, name):
    make_saver().create(name)

    def persist(number: int) -> bool:
        saver = make_saver()
        return any(
            saver.replace(name, 100 + number, saver.etag(name)).status == 200 for _ in range(20 * WRITERS)
        )

    assert all(at_once(persist))
    await_revisions(make_saver(), name, list(range(1, WRITERS + 2)))


def test_what_one_process_saved_the_other_serves(make_saver, name):
    saver = make_saver()
    saved = saver.create(name).etag
    eventually(lambda: {saver.etag(name) for _ in range(4)} == {saved})


def test_patches_of_different_members_at_once_all_land(make_saver, name):
    make_saver().create(name)

    def patch(number: int) -> int:
        headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
        body = {"title": "Web"} if number % 2 else {"category": "web"}
        return make_saver().call("PATCH", f"/{name}", body, headers).status

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(patch, range(4))) == [200] * 4
    saver = make_saver()
    await_revisions(saver, name, [1, 2, 3])  # who came second with the same made none
    found = saver.call("GET", f"/{name}").body
    assert (found["title"], found["category"]) == ("Web", "web")


def test_an_edit_by_kubectl_amid_saves_is_one_revision_of_its_own(make_saver, replicas, api, name):
    saver = make_saver()
    saver.create(name)
    path = f"/api/v1/namespaces/{replicas[0].store}/configmaps/netpol-templates"
    api.patch(path, {"data": {f"{name}.yaml": text(name, 443)}}, fieldManager="kubectl-edit")
    answers = [saver.replace(name, 100 + number, "*") for number in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    await_revisions(saver, name, list(range(1, 7)))
    history = saver.call("GET", f"/{name}/revisions").body["items"]
    assert [one["author"] for one in history].count("kubectl-edit") == 1


def test_an_import_by_both_at_once_makes_each_template_once(make_saver, name):
    documents = [document(f"{name}-{letter}") for letter in "abc"]

    def bring_in(_: int) -> int:
        return make_saver().call("POST", "/import", documents).status

    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(bring_in, range(2))) <= {200, 409}
    for letter in "abc":
        await_revisions(make_saver(), f"{name}-{letter}", [1])


def test_a_template_that_does_not_fit_is_refused_by_both(make_saver, name):
    saver = make_saver()
    sizes = [saver.call("POST", "", large(f"{name}-{number}")).status for number in range(30)]
    assert set(sizes) == {201, 413}
    assert sizes[sizes.index(413) :] == [413] * sizes.count(413)


def large(name: str) -> dict[str, Any]:
    """A template of some 50 KB."""
    blocks = [{"ipBlock": {"cidr": f"10.{rule}.{peer}.0/24"}} for rule in range(6) for peer in range(200)]
    rules = [{"from": blocks[start : start + 200]} for start in range(0, len(blocks), 200)]
    return document(name, spec={"policyTypes": ["Ingress"], "ingress": rules})
