"""What is known of the cluster, as the API tells it."""

import pytest

from tests.cluster import eventually
from tests.controller.shop import Shop
from tests.http.support import problem
from tests.rights import grant, unbind_readers

FACTS = "/api/v1/facts"


def facts(service, user="admin"):
    answer = service.call("GET", FACTS, user=user)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.get_json()["facts"]}


def test_what_is_unknown_says_what_to_do(service):
    # The API server of the tests listens on a loopback address, which no EndpointSlice may name.
    found = facts(service)["cluster.apiServer"]
    assert (found["known"], found["value"], found["sources"]) == ("unknown", None, [])
    assert "FACTS" in found["remarks"][0]["message"]


@pytest.mark.parametrize("name", ["cluster.dns", "cluster.ingressControllers", "cluster.private"])
def test_what_nothing_tells_has_its_default(service, name):
    found = facts(service)[name]
    assert (found["known"], found["sources"], bool(found["value"])) == ("default", [], True)


def test_what_the_settings_give_is_said(start_service):
    one = start_service(facts={"cluster.dns": []}, pod_ranges=("10.1.0.0/16",))
    assert facts(one)["cluster.dns"] | {"remarks": []} == {
        "name": "cluster.dns",
        "known": "setting",
        "value": [],
        "sources": [],
        "remarks": [],
    }
    assert one.call("GET", FACTS).get_json()["podRanges"] == ["10.1.0.0/16"]


def test_a_remark_about_an_object_is_for_those_who_may_list_it(service, api, make_namespace):
    namespace = make_namespace()
    Shop(api, namespace).run("proxy", pod_labels={"app.kubernetes.io/name": "traefik"})

    def told(user):
        remarks = facts(service, user)["cluster.ingressControllers"]["remarks"]
        return [one for one in remarks if one["about"] and one["about"]["namespace"] == namespace]

    eventually(lambda: told("admin"))
    assert told("stranger") == []
    grant(api, namespace, "deployments.apps", "list")
    eventually(lambda: told("stranger"), timeout=30)


def test_who_may_not_read_the_catalogue_is_refused(start_service, api):
    one = start_service()
    unbind_readers(api, one.settings.store_namespace)
    assert problem(one.call("GET", FACTS, user="stranger")) == (403, "forbidden")
