"""Namespaces over HTTP, as far as no controller is needed: who may see and do what, and backups."""

import msgspec
import pytest

from registry.cluster.decode import decode_policy
from registry.planning.names import bears_mark
from tests.cluster import eventually
from tests.http.cluster import deploy, label
from tests.http.support import problem
from tests.rights import grant

NAMESPACES = "/api/v1/namespaces"
POLICY = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}


def policies_path(namespace):
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"


def write_policy(api, namespace, name="by-hand", spec=POLICY, **meta):
    return api.create(policies_path(namespace), {"metadata": {"name": name, **meta}, "spec": spec})


def is_managed(api, namespace):
    labels = api.get(f"/api/v1/namespaces/{namespace}")["metadata"]["labels"]
    return labels.get("netpol-registry.dev/managed") == "true"


def names(api, namespace):
    return sorted(one["metadata"]["name"] for one in api.list(policies_path(namespace)))


@pytest.fixture
def shop(service, make_namespace):
    name = make_namespace()
    service.catch_up()
    return name


def test_a_namespace_tells_what_is_in_it(service, api, shop):
    deploy(api, shop, label("no-such-template"))
    write_policy(api, shop)
    service.catch_up()
    found = service.call("GET", f"{NAMESPACES}/{shop}").get_json()
    assert found == {
        "name": shop,
        "managed": False,
        "excluded": False,
        "references": 1,
        "generated": 0,
        "outdated": 0,
        "unmanaged": 1,
        "pending": 0,
        "problems": [],
        "lastSwitch": None,
    }


def test_a_managed_namespace_tells_what_stands_in_the_way(service, api, make_namespace):
    shop = make_namespace({"netpol-registry.dev/managed": "true"})
    deploy(api, shop, label("no-such-template"))
    service.catch_up()
    [found] = service.call("GET", f"{NAMESPACES}/{shop}").get_json()["problems"]
    assert (found["kind"], found["name"], found["reason"]) == ("Deployment", "db", "TemplateUnknown")


def test_the_list_has_what_the_caller_may_get(service, api, make_namespace, shop):
    other = make_namespace()
    grant(api, shop, "namespaces", "get")
    service.catch_up()
    found = service.call("GET", f"{NAMESPACES}?limit=500", user="stranger").get_json()["items"]
    assert {one["name"] for one in found} & {shop, other} == {shop}


def test_counts_are_told_to_whom_may_list_policies(service, api, shop):
    grant(api, shop, "namespaces", "get")
    found = service.call("GET", f"{NAMESPACES}/{shop}", user="stranger").get_json()
    assert found["unmanaged"] is None


def test_the_list_can_be_narrowed_to_managed_ones(service, make_namespace):
    made = make_namespace({"netpol-registry.dev/managed": "true"})
    service.catch_up()
    answer = service.call("GET", f"{NAMESPACES}?managed=true&limit=500").get_json()
    assert made in {one["name"] for one in answer["items"]}
    assert all(one["managed"] for one in answer["items"])


def test_an_unmanaged_policy_is_listed_with_who_wrote_it(service, api, shop):
    api.create(policies_path(shop), {"metadata": {"name": "by-hand"}, "spec": POLICY}, fieldManager="argocd")
    service.catch_up()
    [found] = service.call("GET", f"{NAMESPACES}/{shop}/policies").get_json()["items"]
    assert (found["managed"], found["template"], found["managers"]) == (False, None, ["argocd"])


@pytest.mark.parametrize("path", ["", "/policies", "/backups"])
def test_who_may_not_read_is_refused(service, shop, path):
    answer = service.call("GET", f"{NAMESPACES}/{shop}{path}", user="stranger")
    assert problem(answer) == (403, "forbidden")


@pytest.mark.parametrize("name", ["..", "a%2f..", "%3Fx", "a%23", "-a", "a%00"])
def test_a_name_that_would_lead_elsewhere_on_the_api_server_is_refused(service, name):
    assert problem(service.call("POST", f"{NAMESPACES}/{name}/enable", {}))[0] == 404


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_a_namespace_that_is_not_there_is_told(service, action):
    answer = service.call("POST", f"{NAMESPACES}/no-such/{action}", {})
    assert problem(answer) == (404, "namespace-not-found")


@pytest.mark.parametrize("query", ["", "?dryRun=true"])
def test_enabling_needs_patch_on_the_namespace(service, api, shop, query):
    answer = service.call("POST", f"{NAMESPACES}/{shop}/enable{query}", {}, user="developer")
    assert problem(answer) == (403, "forbidden")
    assert not is_managed(api, shop)


def test_removing_needs_delete_on_policies(service, api, shop):
    write_policy(api, shop)
    grant(api, shop, "namespaces", "get patch")
    grant(api, shop, "networkpolicies.networking.k8s.io", "list")
    body = {"unmanaged": "remove"}
    answer = service.call("POST", f"{NAMESPACES}/{shop}/enable", body, user="stranger")
    assert (problem(answer), answer.get_json()["verb"]) == ((403, "forbidden"), "delete")
    assert not is_managed(api, shop)


@pytest.mark.parametrize("query", ["", "?dryRun=true"])
def test_an_excluded_namespace_is_never_enabled(service, api, query):
    answer = service.call("POST", f"{NAMESPACES}/kube-system/enable{query}", {})
    assert problem(answer) == (422, "namespace-excluded")
    assert not is_managed(api, "kube-system")


def test_the_registrys_own_namespace_is_never_enabled(service, api):
    own = service.settings.store_namespace
    assert problem(service.call("POST", f"{NAMESPACES}/{own}/enable", {})) == (422, "namespace-excluded")
    assert not is_managed(api, own)


@pytest.mark.parametrize("body", [{"unmanaged": "burn"}, {"policies": "leave"}, []])
def test_a_body_that_asks_for_something_else_changes_nothing(service, api, shop, body):
    assert problem(service.call("POST", f"{NAMESPACES}/{shop}/enable", body)) == (422, "invalid-body")
    assert not is_managed(api, shop)


def test_a_dry_run_writes_nothing(service, api, shop, audit):
    write_policy(api, shop)
    service.catch_up()
    audit.restart()
    answer = service.call("POST", f"{NAMESPACES}/{shop}/enable?dryRun=true", {"unmanaged": "remove"})
    assert (answer.status_code, answer.get_json()["dryRun"]) == (200, True)
    assert not is_managed(api, shop)
    assert audit.writes(namespace=shop) == []


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_the_plan_says_what_is_not_known(service, shop, action):
    plan = service.call("POST", f"{NAMESPACES}/{shop}/{action}?dryRun=true", {}).get_json()
    assert plan["enforced"] == "unknown"
    assert "Existing connections may end" in plan["basis"]


@pytest.mark.parametrize("body", [{"policies": "burn"}, {"unmanaged": "keep"}, []])
def test_disabling_is_not_asked_for_something_else(service, api, make_namespace, body):
    shop = make_namespace({"netpol-registry.dev/managed": "true"})
    service.catch_up()
    assert problem(service.call("POST", f"{NAMESPACES}/{shop}/disable", body)) == (422, "invalid-body")
    assert is_managed(api, shop)


def test_the_label_is_written_as_the_caller(service, api, shop, audit):
    assert service.call("POST", f"{NAMESPACES}/{shop}/enable", {}).get_json()["inForce"]
    assert is_managed(api, shop)
    [write] = eventually(lambda: audit.writes(resource="namespaces", namespace=shop))
    assert (write.user, write.verb) == ("admin", "patch")


def test_enabling_again_writes_nothing(service, shop, audit):
    service.call("POST", f"{NAMESPACES}/{shop}/enable", {})
    audit.restart()
    assert service.call("POST", f"{NAMESPACES}/{shop}/enable", {}).get_json()["changed"] is False
    assert audit.writes(namespace=shop) == []


def test_a_change_between_plan_and_write_is_refused(service, api, shop, monkeypatch):
    from registry.http.namespaces import switching  # noqa: PLC0415 (the module whose step is delayed)

    plan = switching.outlook

    def slowly(*arguments, **options):
        found = plan(*arguments, **options)
        api.patch(f"/api/v1/namespaces/{shop}", {"metadata": {"labels": {"changed": "meanwhile"}}})
        return found

    monkeypatch.setattr(switching, "outlook", slowly)
    assert problem(service.call("POST", f"{NAMESPACES}/{shop}/enable", {})) == (409, "object-changed")
    assert not is_managed(api, shop)


def test_disabling_removes_the_label(service, api, make_namespace):
    shop = make_namespace({"netpol-registry.dev/managed": "true"})
    service.call("POST", f"{NAMESPACES}/{shop}/disable")
    labels = api.get(f"/api/v1/namespaces/{shop}")["metadata"]["labels"]
    assert "netpol-registry.dev/managed" not in labels


def enabled_without(service, shop):
    """Enable and remove what is unmanaged; the name of the backup."""
    service.catch_up()
    answer = service.call("POST", f"{NAMESPACES}/{shop}/enable", {"unmanaged": "remove"})
    return answer.get_json()["unmanaged"]["backup"]


def restore(service, shop, backup, query="", user="admin"):
    return service.call("POST", f"{NAMESPACES}/{shop}/restore{query}", {"backup": backup}, user=user)


def kept(policy):
    lost = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
    meta = {name: value for name, value in policy["metadata"].items() if name not in lost}
    return {**policy, "metadata": meta}


def test_removed_policies_come_back_exactly(service, api, shop):
    spec = {**POLICY, "ingress": [{"from": [], "ports": [{"port": 80, "endPort": 90}]}]}
    before = [
        write_policy(api, shop, labels={"a": "b"}, annotations={"note": "x: 1\n"}),
        write_policy(api, shop, "other", spec),
    ]
    backup = enabled_without(service, shop)
    assert names(api, shop) == []
    assert restore(service, shop, backup).get_json()["created"] == ["by-hand", "other"]
    after = [api.get(f"{policies_path(shop)}/{name}") for name in ("by-hand", "other")]
    assert [kept(one) for one in after] == [kept(one) for one in before]


def test_policies_can_be_removed_from_a_namespace_that_is_enabled_already(service, api, shop):
    write_policy(api, shop)
    service.catch_up()
    service.call("POST", f"{NAMESPACES}/{shop}/enable", {})
    assert names(api, shop) == ["by-hand"]
    assert enabled_without(service, shop)
    assert names(api, shop) == []


def test_backup_and_removal_are_made_as_the_caller(service, api, shop, audit):
    write_policy(api, shop)
    audit.restart()
    enabled_without(service, shop)
    writes = {(one.user, one.verb, one.resource) for one in audit.writes(namespace=shop)}
    assert writes == {
        ("admin", "patch", "namespaces"),
        ("admin", "create", "configmaps"),
        ("admin", "delete", "networkpolicies"),
    }


def test_a_backup_is_listed_with_its_policies(service, api, shop):
    write_policy(api, shop)
    backup = enabled_without(service, shop)
    [found] = service.call("GET", f"{NAMESPACES}/{shop}/backups").get_json()["items"]
    assert (found["name"], found["author"], found["policies"]) == (backup, "admin", ["by-hand"])
    assert api.get(f"/api/v1/namespaces/{shop}/configmaps/{backup}")["immutable"] is True


def test_a_restored_policy_bears_no_mark_of_ours(service, api, shop):
    write_policy(api, shop)
    restore(service, shop, enabled_without(service, shop))
    assert not bears_mark(decode_policy(msgspec.json.encode(api.get(f"{policies_path(shop)}/by-hand"))))


def test_what_differs_is_told_and_left_alone(service, api, shop):
    write_policy(api, shop)
    backup = enabled_without(service, shop)
    theirs = write_policy(api, shop, spec={"podSelector": {}, "policyTypes": ["Egress"]})
    answer = restore(service, shop, backup).get_json()
    assert (answer["created"], answer["differing"]) == ([], ["by-hand"])
    assert api.get(f"{policies_path(shop)}/by-hand") == theirs


def test_restoring_twice_finds_it_unchanged(service, api, shop):
    write_policy(api, shop)
    backup = enabled_without(service, shop)
    restore(service, shop, backup)
    assert restore(service, shop, backup).get_json()["unchanged"] == ["by-hand"]


def test_a_dry_run_of_restoring_creates_nothing(service, api, shop):
    write_policy(api, shop)
    backup = enabled_without(service, shop)
    assert restore(service, shop, backup, "?dryRun=true").get_json()["created"] == ["by-hand"]
    assert names(api, shop) == []


def test_a_backup_that_is_not_there_is_told(service, shop):
    assert problem(restore(service, shop, "no-such")) == (404, "backup-not-found")


@pytest.mark.parametrize(
    "changed",
    [
        {"immutable": False},
        {"data": {"x": "no JSON"}},
        {"data": {"x": '{"kind": "Secret", "metadata": {"name": "x"}}'}},
    ],
)
def test_what_only_looks_like_a_backup_is_not_restored(service, api, shop, changed):
    path = f"/api/v1/namespaces/{shop}/configmaps"
    labels = {"netpol-registry.dev/store": "backup", "netpol-registry.dev/backup": "made-up"}
    good = {"x": '{"kind": "NetworkPolicy", "metadata": {"name": "x"}, "spec": {"podSelector": {}}}'}
    meta = {"name": "made-up", "labels": labels}
    api.create(path, {"metadata": meta, "immutable": True, "data": good, **changed})
    assert problem(restore(service, shop, "made-up")) == (409, "backup-unreadable")
    assert names(api, shop) == []


def test_restoring_needs_create_on_policies(service, api, shop):
    write_policy(api, shop)
    backup = enabled_without(service, shop)
    assert problem(restore(service, shop, backup, user="viewer")) == (403, "forbidden")
    assert names(api, shop) == []


def test_many_policies_are_split_over_config_maps(service, api, shop):
    for number in range(5):
        write_policy(api, shop, f"large-{number}", annotations={"filler": "x" * 250_000})
    backup = enabled_without(service, shop)
    [found] = service.call("GET", f"{NAMESPACES}/{shop}/backups").get_json()["items"]
    assert found["configMaps"] == [backup, f"{backup}-2"]
    assert len(restore(service, shop, backup).get_json()["created"]) == 5
