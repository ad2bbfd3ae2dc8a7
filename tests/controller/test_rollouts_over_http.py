"""Rollouts begun, watched and stopped over HTTP, carried out by the controller."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import AuditLog, eventually, unique_name
from tests.controller.rolling import await_revisions, revisions
from tests.controller.shop import Shop, ports
from tests.controller.store import PORT_TEMPLATE, ingress_port
from tests.http.support import Service, problem, running

pytestmark = pytest.mark.usefixtures("controller")
MakeShop = Callable[..., Shop]


@pytest.fixture(scope="module")
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store)) as one:
        yield one


class Rolled:
    """A template at revision 2, and calls of its rollouts."""

    def __init__(self, service: Service, name: str) -> None:
        self.service = service
        self.name = name

    def save(self, number: int, **fields: Any) -> None:
        document = {"name": self.name, **PORT_TEMPLATE, "spec": ingress_port(number), **fields}
        query = "?force=true"
        if number == 1:
            assert self.service.call("POST", query, document).status_code == 201
        else:
            assert self.service.call("PUT", self.name + query, document, if_match="*").status_code == 200

    def pinned(self, *users: tuple[Shop, str], **options: Any) -> None:
        """Pin workloads to revision 1, then save revision 2."""
        self.save(1)
        for shop, workload in users:
            shop.run(workload, {self.name: "true"}, **options)
        for shop in {shop for shop, _ in users}:
            eventually(lambda shop=shop: shop.templates())
        eventually(lambda: sum(len(shop.policies()) for shop in {shop for shop, _ in users}) == len(users))
        self.save(2)
        eventually(lambda: len(self.planned()["items"]) == len(users))

    def post(self, body: object = None, query: str = "", user: str = "admin") -> Any:
        sent = {} if body is None else body
        return self.service.call("POST", f"{self.name}/rollouts{query}", sent, user=user)

    def planned(self, **body: Any) -> Any:
        answer = self.post(body, "?dryRun=true")
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def begin(self, **body: Any) -> Any:
        answer = self.post(body)
        assert answer.status_code == 202, answer.text
        return answer.get_json()

    def get(self, query: str = "", user: str = "admin") -> Any:
        answer = self.service.call("GET", f"{self.name}/rollouts{query}", user=user)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def stop(self) -> Any:
        answer = self.service.call("POST", f"{self.name}/rollouts/stop")
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def await_state(self, state: str) -> Any:
        return eventually(lambda: found if (found := self.get())["state"] == state else None)


@pytest.fixture
def rolled(service: Service) -> Rolled:
    return Rolled(service, unique_name("rolled"))


def movable(planned: Any) -> list[str]:
    return [one["name"] for one in planned["items"] if one["position"] == "left"]


def test_all_pinned_users_move_and_the_progress_says_so(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"), (shop, "b"))
    begun = rolled.begin(message="for a reason")
    assert (begun["state"], begun["progress"]["left"], begun["message"]) == ("running", 2, "for a reason")
    done = rolled.await_state("done")
    assert done["progress"] == {"total": 2, "moved": 2, "left": 0, "failed": 0, "released": 0}
    assert done["namespaces"] == [{"namespace": shop.name, **done["progress"]}]
    assert revisions(shop) == {"a": "2", "b": "2"}


def test_a_rollout_says_where_it_is(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"))
    location = rolled.post({}).headers["Location"]
    assert rolled.service.call("GET", location).get_json()["author"] == "admin"


def test_a_dry_run_shows_who_would_move_and_writes_nothing(rolled: Rolled, shop: Shop, audit: AuditLog):
    rolled.pinned((shop, "a"))
    audit.restart()
    planned = rolled.planned()
    assert (planned["state"], planned["started"], movable(planned)) == ("planned", None, ["a"])
    assert [
        one for one in audit.writes() if one.resource not in {"subjectaccessreviews", "tokenreviews"}
    ] == []


def test_a_dry_run_tells_the_connections_that_the_rollout_adds_and_removes(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"))
    changes = rolled.planned()["connections"]["diff"]["changes"]
    assert {(*one["removed"], *one["added"]) for one in changes} == {("TCP 1", "TCP 2")}
    assert rolled.begin()["connections"] is None


def test_only_one_rollout_of_a_template_is_under_way(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"), (shop, "b"))
    rolled.begin(batch=1, pauseSeconds=3600)
    refused = rolled.post({})
    assert problem(refused) == (409, "rollout-under-way")
    assert refused.get_json()["current"]["author"] == "admin"


def test_a_stop_leaves_the_rest_outdated_and_the_next_call_finishes(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"), (shop, "b"))
    rolled.begin(batch=1, pauseSeconds=3600)
    await_revisions(shop, {"a": "2", "b": "1"})
    assert rolled.stop()["detail"] == "Stopped by admin."
    stopped = rolled.await_state("stopped")
    assert (stopped["progress"]["moved"], stopped["progress"]["left"]) == (1, 1)
    usage = rolled.service.call("GET", f"{rolled.name}/usage").get_json()
    assert [one["outdated"] for one in usage["items"]] == [False, True]
    assert rolled.begin()["progress"]["total"] == 2
    assert rolled.await_state("done")["progress"]["moved"] == 2


def test_any_replica_stops_a_rollout_at_once(
    control_plane: ControlPlane, store: str, rolled: Rolled, shop: Shop
):
    rolled.pinned((shop, "a"), (shop, "b"))
    with running(control_plane, Settings(store_namespace=store)) as other:
        rolled.begin(batch=1, pauseSeconds=3600)
        assert Rolled(other, rolled.name).stop()["state"] == "stopping"
        rolled.await_state("stopped")


def test_a_rollout_that_has_ended_is_stopped_in_vain(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"))
    rolled.begin()
    rolled.await_state("done")
    assert rolled.stop()["state"] == "done"


@pytest.mark.parametrize("query", ["", "?dryRun=true"])
def test_nothing_to_move_is_said_and_nothing_recorded(rolled: Rolled, query: str):
    rolled.save(1)
    answer = rolled.post({}, query)
    assert (answer.status_code, answer.get_json()["state"]) == (200, "done")
    assert "Nothing to move" in answer.get_json()["detail"]
    assert problem(rolled.service.call("GET", f"{rolled.name}/rollouts")) == (404, "rollout-not-found")


@pytest.mark.parametrize(("users", "told"), [("a", "1 user would"), ("ab", "2 users would")])
def test_a_dry_run_says_how_many_would_be_moved(rolled: Rolled, shop: Shop, users: str, told: str):
    rolled.pinned(*((shop, name) for name in users))
    assert rolled.planned()["detail"].startswith(told)


def test_users_whose_label_says_the_revision_are_skipped(rolled: Rolled, shop: Shop):
    rolled.save(1)
    for name, value in (("pinned", "true"), ("exact", "v1"), ("latest", "latest")):
        shop.run(name, {rolled.name: value})
    eventually(lambda: len(shop.policies()) == 3)
    rolled.save(2)
    await_revisions(shop, {"pinned": "1", "exact": "1", "latest": "2"})
    assert rolled.begin()["skipped"] == 2
    rolled.await_state("done")
    assert revisions(shop) == {"pinned": "2", "exact": "1", "latest": "2"}


def test_filters_narrow_whom_is_moved(rolled: Rolled, make_shop: MakeShop):
    one, other = make_shop({"tier": "one"}), make_shop({"tier": "other"})
    rolled.pinned((one, "a"), (one, "b"), (other, "a"))
    for workload, team in (("a", "red"), ("b", "blue")):
        one.api.patch(one.path(workload), {"metadata": {"labels": {"team": team}}})
    by_name = {"namespace": one.name, "kind": "Deployment", "name": "b"}
    in_red = {"matchExpressions": [{"key": "team", "operator": "In", "values": ["red", "green"]}]}
    assert len(movable(rolled.planned())) == 3
    assert movable(rolled.planned(namespaces=[one.name])) == ["a", "b"]
    assert movable(rolled.planned(namespaceSelector={"matchLabels": {"tier": "other"}})) == ["a"]
    assert movable(rolled.planned(workloads=[by_name])) == ["b"]
    assert movable(rolled.planned(workloads=[{**by_name, "group": "other.io"}])) == []
    assert movable(rolled.planned(selector={"matchLabels": {"team": "blue"}})) == ["b"]
    assert movable(rolled.planned(selector=in_red)) == ["a"]
    absent = {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}
    assert movable(rolled.planned(selector=absent, namespaces=[one.name])) == []


def test_a_rollout_by_namespace_leaves_others_alone(rolled: Rolled, make_shop: MakeShop):
    one, other = make_shop(), make_shop()
    rolled.pinned((one, "a"), (other, "a"))
    rolled.begin(namespaces=[one.name])
    rolled.await_state("done")
    assert (revisions(one), revisions(other)) == ({"a": "2"}, {"a": "1"})


def test_users_of_a_default_are_moved(rolled: Rolled, make_shop: MakeShop):
    fields = {"scope": "namespace", "defaultIn": {"matchLabels": {"for": rolled.name}}}
    rolled.save(1, **fields)
    shop = make_shop({"for": rolled.name})
    shop.await_policy(rolled.name)
    rolled.save(2, **fields)
    eventually(lambda: movable(rolled.planned()) == [shop.name])
    rolled.begin()
    rolled.await_state("done")
    assert ports(shop.policy(rolled.name)) == [2]


def test_who_fails_is_shown_with_the_reason(rolled: Rolled, shop: Shop):
    port = {"type": "integer", "minimum": 1, "maximum": 65535, "default": 80}
    schema = {"type": "object", "additionalProperties": False, "properties": {"port": port}}
    rolled.save(1, parameters=schema, spec=ingress_port("${port}"))  # type: ignore[arg-type]
    shop.run("a", {rolled.name: "true"}, parameters={rolled.name: "port: 7000"})
    shop.await_policy(rolled.name)
    rolled.save(2)
    eventually(lambda: movable(rolled.planned()) == ["a"])
    rolled.begin()
    rolled.await_state("done")
    [failed] = rolled.get("?position=failed")["items"]
    assert (failed["name"], failed["revision"], failed["reason"]) == ("a", 1, "InvalidParameters")


def test_a_template_deleted_meanwhile_ends_its_rollout(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"), (shop, "b"))
    rolled.begin(batch=1, pauseSeconds=1)
    await_revisions(shop, {"a": "2", "b": "1"})
    rolled.service.call("DELETE", f"{rolled.name}?force=true", if_match="*")
    assert rolled.await_state("stopped")["detail"] == "The template was deleted."


@pytest.mark.parametrize("revision", [3, 7])
def test_a_revision_nobody_can_have_is_refused(rolled: Rolled, revision: int):
    rolled.save(1)
    rolled.save(2)
    rolled.service.call("DELETE", f"{rolled.name}?force=true", if_match="*")
    rolled.save(1)
    answer = rolled.post({"revision": revision})
    assert problem(answer) == (422, "invalid-body")
    assert answer.get_json()["errors"][0]["pointer"] == "/revision"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"batch": 0}, "/batch"),
        ({"batch": 501}, "/batch"),
        ({"pauseSeconds": 3601}, "/pauseSeconds"),
        ({"namespaces": []}, "/namespaces"),
        ({"workloads": [{"kind": "Deployment"}]}, "/workloads/0"),
        ({"selector": {"matchLabels": {"a b": "c"}}}, "/selector/matchLabels/a b"),
        ({"namespaceSelector": {"match": {}}}, "/namespaceSelector"),
        ({"message": "a\u0007"}, "/message"),
        ({"unknown": 1}, ""),
        ([], ""),
    ],
)
def test_a_bad_body_is_refused_with_its_place(rolled: Rolled, body: object, pointer: str):
    rolled.save(1)
    answer = rolled.post(body)
    assert problem(answer) == (422, "invalid-body")
    assert answer.get_json()["errors"][0]["pointer"].startswith(pointer)


def test_users_are_shown_only_as_far_as_the_caller_may_list_them(rolled: Rolled, shop: Shop):
    rolled.pinned((shop, "a"))
    rolled.begin()
    rolled.await_state("done")
    seen = rolled.get(user="stranger")
    assert (seen["items"], seen["namespaces"], seen["complete"]) == ([], [], False)
    assert seen["progress"]["moved"] == 1


@pytest.mark.parametrize("path", ["rollouts", "rollouts/stop"])
def test_who_may_not_update_the_template_moves_nobody(rolled: Rolled, path: str):
    rolled.save(1)
    answer = rolled.service.call("POST", f"{rolled.name}/{path}", {}, user="developer")
    assert problem(answer) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "rollouts"), ("GET", "rollouts"), ("POST", "rollouts/stop")]
)
def test_a_template_that_is_not_there_has_no_rollout(rolled: Rolled, method: str, path: str):
    body = {} if path == "rollouts" and method == "POST" else None
    answer = rolled.service.call(method, f"{rolled.name}/{path}", body)
    assert problem(answer) == (404, "template-not-found")
