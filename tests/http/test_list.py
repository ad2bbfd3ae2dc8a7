"""The list of templates: its orders, pages and filters."""

import base64
import json

import pytest

from tests.cluster import eventually
from tests.http.cluster import MANAGED, deploy, generated, label
from tests.http.support import problem
from tests.store.support import document


def pages(service, query):
    """The names on each page, as the last letter of each."""
    cursor, found = "", []
    while cursor is not None:
        answer = service.call("GET", f"?{query}{cursor and f'&cursor={cursor}'}").get_json()
        found.append("".join(item["name"][-1] for item in answer["items"]))
        cursor = answer["next"]
    return found


def names(service, query):
    return [item["name"] for item in service.call("GET", query).get_json()["items"]]


def make(service, name, **categories):
    """Templates in this order, all found by `name` in their titles."""
    for letter, category in categories.items():
        service.create(f"{name}-{letter}", title=name, category=category)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["ab", "cd"]),
        ("-name", ["dc", "ba"]),
        ("category", ["bd", "ac"]),
        ("changed", ["dc", "ba"]),
        ("-changed", ["ab", "cd"]),
    ],
)
def test_the_list_is_sorted_through_all_its_pages(service, name, sort, expected):
    make(service, name, d="first", c="second", b="first", a="second")
    assert pages(service, f"text={name}&limit=2&sort={sort}") == expected


def test_a_change_moves_a_template_to_the_front_of_what_changed_last(service, name):
    make(service, name, a="x", b="x")
    service.call("PUT", f"{name}-a", document(f"{name}-a", 81, title=name), if_match="*")
    assert pages(service, f"text={name}&sort=-changed") == ["ab"]


def test_the_list_says_who_changed_what_and_when(service, name):
    service.create(name)
    [item] = service.call("GET", f"?text={name}").get_json()["items"]
    [revision] = service.call("GET", f"{name}/revisions").get_json()["items"]
    assert (item["author"], item["changed"]) == ("admin", revision["time"])


@pytest.mark.parametrize(
    ("sort", "first", "left"),
    [
        ("name", "bc", "de"),
        ("-name", "dc", "ba"),
        ("category", "bc", "de"),
        ("changed", "bc", "dae"),
        ("-changed", "dc", "b"),
    ],
)
def test_what_is_added_between_two_pages_shifts_nothing(service, name, sort, first, left):
    make(service, name, b="x", c="x", d="x")
    query = f"?text={name}&sort={sort}"
    page = service.call("GET", f"{query}&limit=2").get_json()
    make(service, name, a="x", e="x")
    rest = service.call("GET", f"{query}&cursor={page['next']}").get_json()
    shown = ["".join(item["name"][-1] for item in one["items"]) for one in (page, rest)]
    assert shown == [first, left]


def test_what_is_deleted_between_two_pages_shifts_nothing(service, name):
    make(service, name, a="x", b="x", c="x")
    page = service.call("GET", f"?text={name}&limit=2").get_json()
    service.call("DELETE", f"{name}-b", if_match="*")
    rest = service.call("GET", f"?text={name}&cursor={page['next']}").get_json()
    assert [item["name"][-1] for item in rest["items"]] == ["c"]


def test_a_cursor_of_another_order_is_refused(service):
    cursor = service.call("GET", "?limit=1").get_json()["next"]
    answer = service.call("GET", f"?sort=-name&cursor={cursor}")
    assert problem(answer) == (400, "invalid-query")
    assert answer.get_json()["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize("content", ["x", [], {}, [1], ["name", 1], [["name"]], None, "[" * 300])
def test_a_cursor_that_somebody_made_up_is_refused(service, content):
    made_up = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    assert problem(service.call("GET", f"?cursor={made_up}")) == (400, "invalid-query")


def test_an_unknown_order_is_refused(service):
    assert problem(service.call("GET", "?sort=size")) == (400, "invalid-query")


@pytest.mark.parametrize(
    ("query", "names"),
    [("flagged=true", ["web"]), ("flagged=false", ["default-one", "default-two"])],
)
def test_the_list_tells_what_is_flagged_from_what_is_not(start_service, api, query, names):
    one = start_service()
    one.create("web")
    main = f"/api/v1/namespaces/{one.settings.store_namespace}/configmaps/netpol-templates"
    api.patch(main, {"data": {"web.yaml": "no template"}})
    found = eventually(lambda: (got := listed(one, query)) and len(got) == len(names) and got)
    assert found == names


def listed(service, query):
    return [item["name"] for item in service.call("GET", f"?{query}").get_json()["items"]]


@pytest.mark.parametrize(
    "case", [("true", "used"), ("latest", "used"), ("false", "unused"), (None, "unused"), ("v9", "used")]
)
def test_the_list_can_be_narrowed_by_usage(service, name, api, make_namespace, case):
    value, usage = case
    service.create(name)
    deploy(api, make_namespace(MANAGED), label(name, value) if value else {})
    service.catch_up()
    found = {
        one: names(service, f"?usage={one}&text={name}&limit=500") for one in ("used", "unused", "outdated")
    }
    assert found == {"used": [], "unused": [], "outdated": [], usage: [name]}


def test_a_default_of_a_managed_namespace_is_used(service, name, make_namespace):
    service.create(name, scope="namespace", defaultIn={"matchLabels": {"team": name}})
    assert names(service, f"?usage=used&text={name}") == []
    make_namespace(MANAGED | {"team": name})
    service.catch_up()
    assert names(service, f"?usage=used&text={name}") == [name]


def test_what_is_in_force_at_an_older_revision_is_outdated(service, name, api, make_namespace):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    shop = make_namespace(MANAGED)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    service.catch_up()
    assert names(service, f"?usage=outdated&text={name}") == [name]
