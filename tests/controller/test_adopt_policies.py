"""Adopting unmanaged policies over HTTP, with the controller: references take their place without a gap."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.api import Object
from devcluster.cluster import ControlPlane
from registry.model.facts import SAMPLE_FACTS
from registry.settings import Settings
from tests.cluster import AuditLog, unique_name
from tests.controller.shop import MANAGED, PARAMETERS, TEMPLATE, Shop
from tests.controller.store import PORT_TEMPLATE
from tests.http.support import Service, problem, running
from tests.rights import grant

pytestmark = pytest.mark.usefixtures("controller", "open_port")

PARAMETER = {"port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 80}}


def ingress(port: int, **selector: str) -> Object:
    """A spec that opens a port of the pods with these labels."""
    rule = {"ports": [{"protocol": "SCTP", "port": port}]}
    labels = {"matchLabels": selector} if selector else {}
    return {"podSelector": labels, "policyTypes": ["Ingress"], "ingress": [rule]}


@pytest.fixture(scope="module")
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store, facts=SAMPLE_FACTS)) as one:
        yield one


@pytest.fixture
def open_port(service: Service) -> Iterator[str]:
    """A template with one parameter, a port."""
    name = unique_name("port")
    spec = {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"protocol": "SCTP", "port": "${port}"}]}]}
    parameters = {"type": "object", "additionalProperties": False, "properties": PARAMETER}
    create(service, name, spec=spec, parameters=parameters)
    yield name
    service.call("DELETE", f"{name}?force=true", if_match="*")


@pytest.fixture
def plain(service: Service, make_shop: Callable[..., Shop]) -> Shop:
    """Not yet managed, with the workloads db and web, of no references."""
    shop = make_shop(managed=False)
    shop.run("db")
    shop.run("web")
    service.catch_up()
    return shop


def create(service: Service, name: str, **fields: Any) -> None:
    answer = service.call("POST", "", {"name": name, **PORT_TEMPLATE, **fields})
    assert answer.status_code == 201, answer.text


def write(shop: Shop, name: str, spec: Object, **meta: Any) -> Object:
    return shop.api.create(shop.policies_path, {"metadata": {"name": name, **meta}, "spec": spec})


def adopt(service: Service, shop: Shop, query: str = "", user: str = "admin") -> dict[str, Any]:
    service.catch_up()
    path = f"/api/v1/namespaces/{shop.name}/enable{query}"
    answer = service.call("POST", path, {"unmanaged": "adopt"}, user=user)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def plan(service: Service, shop: Shop) -> dict[str, dict[str, Any]]:
    """What would become of each unmanaged policy."""
    items = adopt(service, shop, "?dryRun=true")["unmanaged"]["items"]
    return {one["name"]: one for one in items}


def why(service: Service, shop: Shop, name: str = "by-hand") -> str | None:
    found = plan(service, shop)[name]
    assert (found["action"], found["reference"]) == ("keep", None)
    reason: str | None = found["reason"]
    return reason


def names(shop: Shop) -> list[str]:
    return sorted(policy["metadata"]["name"] for policy in shop.policies())


def test_the_plan_says_which_reference_takes_a_policys_place(service: Service, plain: Shop, open_port: str):
    write(plain, "by-hand", ingress(5432, app="db"))
    [item] = plan(service, plain).values()
    reference = item["reference"]
    assert (item["action"], reference["template"], reference["revision"]) == ("adopt", open_port, 1)
    assert (reference["parameters"], reference["workload"]) == ({"port": 5432}, "Deployment.apps/db")


def test_a_dry_run_of_adopting_writes_nothing(service: Service, plain: Shop, audit: AuditLog):
    write(plain, "by-hand", ingress(5432, app="db"))
    audit.restart()
    plan(service, plain)
    assert audit.writes(namespace=plain.name) == []


def test_a_reference_takes_the_place_of_a_policy_of_a_workload(service: Service, plain: Shop, open_port: str):
    write(plain, "by-hand", ingress(5432, app="db"))
    done = adopt(service, plain)
    assert (done["inForce"], done["unmanaged"]["adopted"], done["unmanaged"]["left"]) == (
        True,
        ["by-hand"],
        [],
    )
    assert plain.templates() == [open_port]
    assert plain.policy(open_port)["spec"] == ingress(5432, app="db")
    meta = plain.api.get(plain.path("db"))["metadata"]
    assert meta["labels"] == {TEMPLATE + open_port: "true"}
    assert meta["annotations"][PARAMETERS + open_port] == '{"port":5432}'


def test_defaults_need_no_annotation(service: Service, plain: Shop):
    write(plain, "by-hand", ingress(80, app="db"))
    adopt(service, plain)
    annotations = plain.api.get(plain.path("db"))["metadata"].get("annotations", {})
    assert not any(key.startswith(PARAMETERS) for key in annotations)


def test_a_policy_goes_only_after_its_backup_and_once_the_other_is_in_force(
    service: Service, plain: Shop, audit: AuditLog
):
    write(plain, "by-hand", ingress(5432, app="db"))
    audit.restart()
    adopt(service, plain)
    ours = ("admin", "system:serviceaccount:netpol-registry:netpol-registry-controller")
    writes = [
        one for one in audit.writes(namespace=plain.name) if one.user in ours and one.resource != "events"
    ]
    assert [(one.verb, one.resource) for one in writes] == [
        ("create", "configmaps"),
        ("patch", "namespaces"),
        ("patch", "deployments"),
        ("create", "networkpolicies"),
        ("delete", "networkpolicies"),
    ]
    assert [one.user for one in writes] == ["admin", "admin", "admin", ours[1], "admin"]


def test_a_reference_takes_the_place_of_a_policy_of_the_namespace(service: Service, plain: Shop):
    name = unique_name("all-ports")
    create(service, name, scope="namespace", spec=ingress(9000))
    write(plain, "by-hand", ingress(9000))
    done = adopt(service, plain)
    assert done["unmanaged"]["items"][0]["reference"]["workload"] is None
    assert plain.templates() == [name]
    assert "by-hand" not in names(plain)


def test_what_is_generated_by_default_needs_no_label(service: Service, make_shop: Callable[..., Shop]):
    shop = make_shop(managed=False, defaults=True)
    write(shop, "deny", {"podSelector": {}, "policyTypes": ["Ingress"]})
    done = adopt(service, shop)
    reference = done["unmanaged"]["items"][0]["reference"]
    assert (reference["template"], reference["written"]) == ("deny-all-ingress", False)
    assert done["unmanaged"]["adopted"] == ["deny"]
    labels = shop.api.get(f"/api/v1/namespaces/{shop.name}")["metadata"]["labels"]
    assert not any(key.startswith(TEMPLATE) for key in labels)


def test_a_namespace_that_is_enabled_already_adopts_too(
    service: Service, make_shop: Callable[..., Shop], open_port: str
):
    shop = make_shop()
    shop.run("db")
    write(shop, "by-hand", ingress(81, app="db"))
    done = adopt(service, shop)
    assert (done["changed"], done["unmanaged"]["adopted"]) == (False, ["by-hand"])
    assert shop.templates() == [open_port]


def test_what_no_template_gives_is_kept_with_the_call_that_imports_it(service: Service, plain: Shop):
    spec = {**ingress(1, app="db"), "egress": [{"ports": [{"protocol": "SCTP", "port": 7}]}]}
    write(plain, "by-hand", {**spec, "policyTypes": ["Ingress", "Egress"]})
    assert why(service, plain) == "NoTemplate"
    call = plan(service, plain)["by-hand"]["import"]
    assert call["workloads"] == ["Deployment.apps/db"]
    imported = service.call(call["method"], call["path"], call["body"])
    assert imported.status_code == 200, imported.text
    assert adopt(service, plain)["unmanaged"]["adopted"] == ["by-hand"]
    service.call("DELETE", "by-hand?force=true", if_match="*")


def test_what_selects_no_workload_is_kept(service: Service, plain: Shop):
    write(plain, "by-hand", ingress(5432, app="other"))
    assert why(service, plain) == "NoWorkload"
    assert plan(service, plain)["by-hand"]["import"] is None


def test_of_several_workloads_with_the_selector_none_is_guessed(service: Service, plain: Shop):
    plain.run("db-copy", app="db")
    write(plain, "by-hand", ingress(5432, app="db"))
    assert why(service, plain) == "SeveralWorkloads"


def test_of_several_templates_none_is_guessed(service: Service, plain: Shop):
    first, second = unique_name("one"), unique_name("two")
    for name in (first, second):
        create(
            service, name, spec={key: value for key, value in ingress(4242).items() if key != "podSelector"}
        )
    write(plain, "by-hand", ingress(4242, app="db"))
    assert why(service, plain) == "Ambiguous"
    assert first in plan(service, plain)["by-hand"]["message"]


def test_two_policies_that_need_one_label_are_both_kept(service: Service, plain: Shop):
    write(plain, "by-hand", ingress(5432, app="db"))
    write(plain, "other", ingress(5433, app="db"))
    assert (why(service, plain), why(service, plain, "other")) == ("SameReference", "SameReference")


def test_two_equal_policies_are_replaced_by_one_reference(service: Service, plain: Shop, open_port: str):
    for name in ("by-hand", "other"):
        write(plain, name, ingress(5432, app="db"))
    assert adopt(service, plain)["unmanaged"]["adopted"] == ["by-hand", "other"]
    assert plain.templates() == [open_port]


def test_a_label_that_asks_for_something_else_stays(service: Service, plain: Shop, open_port: str):
    plain.refer("db", **{open_port: "true"})
    write(plain, "by-hand", ingress(5432, app="db"))
    assert why(service, plain) == "ReferenceTaken"


def test_an_owned_policy_is_not_adopted(service: Service, plain: Shop):
    owner = plain.api.get(plain.path("db"))
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "db", "uid": owner["metadata"]["uid"]}
    write(plain, "by-hand", ingress(5432, app="db"), ownerReferences=[reference])
    assert why(service, plain) == "Owned"


def test_a_tool_that_may_bring_a_policy_back_is_told(service: Service, plain: Shop):
    marks = {"labels": {"app.kubernetes.io/managed-by": "Helm"}}
    marks |= {"annotations": {"argocd.argoproj.io/tracking-id": "shop:x"}}
    write(plain, "by-hand", ingress(5432, app="db"), **marks)
    found = plan(service, plain)["by-hand"]["warnings"]
    assert [one.split(" manages")[0] for one in found] == ["Argo CD", "Helm"]


def test_a_workload_that_the_caller_may_not_patch_is_not_labelled(service: Service, plain: Shop):
    write(plain, "by-hand", ingress(5432, app="db"))
    service.catch_up()
    grant(plain.api, plain.name, "namespaces", "get patch")
    grant(plain.api, plain.name, "networkpolicies.networking.k8s.io", "list delete")
    grant(plain.api, plain.name, "configmaps", "create")
    found = adopt(service, plain, user="stranger")["unmanaged"]
    assert (found["items"][0]["reason"], found["adopted"]) == ("Forbidden", [])
    assert names(plain) == ["by-hand"]


def test_adopting_needs_delete_on_policies(service: Service, plain: Shop):
    grant(plain.api, plain.name, "namespaces", "get patch")
    grant(plain.api, plain.name, "networkpolicies.networking.k8s.io", "list")
    path = f"/api/v1/namespaces/{plain.name}/enable"
    answer = service.call("POST", path, {"unmanaged": "adopt"}, user="stranger")
    assert (problem(answer), answer.get_json()["verb"]) == ((403, "forbidden"), "delete")


def test_one_call_brings_adopted_policies_back(service: Service, plain: Shop):
    write(plain, "by-hand", ingress(5432, app="db"), labels={"kept": "yes"})
    backup = adopt(service, plain)["unmanaged"]["backup"]
    answer = service.call("POST", f"/api/v1/namespaces/{plain.name}/restore", {"backup": backup})
    assert answer.get_json()["created"] == ["by-hand"]
    there = plain.api.get(f"{plain.policies_path}/by-hand")
    assert (there["metadata"]["labels"], there["spec"]) == ({"kept": "yes"}, ingress(5432, app="db"))


def delayed(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Have something changed between the plan and its first step."""
    from registry.http.namespaces import adopting  # noqa: PLC0415 (the module whose step is delayed)

    back_up = adopting.back_up

    def late(*arguments: Any) -> Any:
        change()
        return back_up(*arguments)

    monkeypatch.setattr(adopting, "back_up", late)


def test_a_workload_that_changed_keeps_its_policy_and_the_rest_goes_on(
    service: Service, plain: Shop, open_port: str, monkeypatch: pytest.MonkeyPatch
):
    write(plain, "by-hand", ingress(5432, app="db"))
    write(plain, "other", ingress(5433, app="web"))

    def change() -> None:
        plain.refer("db", no_such="false")
        service.catch_up()

    delayed(monkeypatch, change)
    done = adopt(service, plain)["unmanaged"]
    assert (done["adopted"], [one["name"] for one in done["left"]]) == (["other"], ["by-hand"])
    assert "by-hand" in names(plain)
    monkeypatch.undo()
    assert adopt(service, plain)["unmanaged"]["adopted"] == ["by-hand"]
    assert plain.templates() == [open_port, open_port]


def test_a_policy_that_changed_since_the_plan_stays(
    service: Service, plain: Shop, monkeypatch: pytest.MonkeyPatch
):
    write(plain, "by-hand", ingress(5432, app="db"))
    path = f"{plain.policies_path}/by-hand"
    delayed(monkeypatch, lambda: plain.api.patch(path, {"spec": ingress(1, app="db")}))
    found = adopt(service, plain)["unmanaged"]
    assert (found["removed"], [one["name"] for one in found["left"]]) == ([], ["by-hand"])
    assert plain.api.get(path)["spec"] == ingress(1, app="db")


def test_while_the_controller_is_away_nothing_is_removed_and_adopting_again_goes_on(
    service: Service, plain: Shop, open_port: str, monkeypatch: pytest.MonkeyPatch
):
    """A namespace that no controller looks at stands for one whose controller is down."""
    monkeypatch.setattr("registry.http.namespaces.writing.PATIENCE_SECONDS", 0.5)
    labels = plain.api.get(f"/api/v1/namespaces/{plain.name}")["metadata"]["labels"]
    plain.label(group=None)
    write(plain, "by-hand", ingress(5432, app="db"))
    done = adopt(service, plain)
    assert (done["inForce"], done["unmanaged"]["removed"]) == (False, [])
    assert names(plain) == ["by-hand"]
    plain.label(group=labels["group"])
    plain.await_policy(open_port)
    assert adopt(service, plain)["unmanaged"]["adopted"] == ["by-hand"]


def test_adopting_again_writes_nothing(service: Service, plain: Shop, audit: AuditLog):
    write(plain, "by-hand", ingress(5432, app="db"))
    adopt(service, plain)
    service.catch_up()
    audit.restart()
    assert adopt(service, plain)["unmanaged"]["items"] == []
    assert audit.writes(namespace=plain.name) == []
    assert plain.api.get(f"/api/v1/namespaces/{plain.name}")["metadata"]["labels"][MANAGED] == "true"
