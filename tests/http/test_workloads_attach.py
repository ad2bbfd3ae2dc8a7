"""A template is attached to a workload and detached from it, with the caller's own rights alone."""

import json

import pytest

from devcluster.api import ApiError
from registry.http.workloads import changing
from tests.cluster import eventually, unique_name
from tests.http.cluster import MANAGED, generated
from tests.http.support import problem
from tests.http.workloads import PARAMETERS, PORT, TEMPLATE, Team
from tests.rights import grant


@pytest.fixture
def team(service, api, make_namespace):
    return Team(api, service, make_namespace(MANAGED))


@pytest.fixture
def template(service, name):
    service.create(name, "${port}", **PORT)
    return name


def writes(audit, namespace, resource="deployments", verb="patch"):
    # The control plane's own controllers write statuses.
    found = audit.writes(namespace=namespace, resource=resource)
    return [(write.user, write.code) for write in found if write.verb == verb and "system:" not in write.user]


def replica_sets(team):
    return team.api.list(team.path("", "replicasets"))


def test_attaching_sets_the_label(team, template):
    team.deploy()
    assert team.done(team.attach(template))["changed"] is True
    assert team.labels()[TEMPLATE + template] == "true"


def test_a_value_is_set_as_asked(team, template):
    team.deploy()
    team.done(team.attach(template, {"value": "latest"}))
    assert team.labels()[TEMPLATE + template] == "latest"


def test_parameters_are_set_in_the_annotation(team, template):
    team.deploy()
    team.done(team.attach(template, {"parameters": {"port": 90}}))
    assert json.loads(team.annotations()[PARAMETERS + template]) == {"port": 90}


def test_parameters_that_are_left_out_stay(team, template):
    team.deploy(annotations={PARAMETERS + template: "port: 90"})
    team.done(team.attach(template))
    assert team.annotations()[PARAMETERS + template] == "port: 90"


def test_the_write_is_the_callers_own(team, template, audit):
    team.deploy()
    team.done(team.attach(template))
    assert writes(audit, team.namespace) == [("admin", 200)]


def test_attaching_again_writes_nothing_and_says_so(team, template, audit):
    team.deploy()
    team.done(team.attach(template, {"parameters": {"port": 90}}))
    audit.restart()
    again = team.done(team.attach(template, {"parameters": {"port": 90}}))
    assert (again["changed"], "Nothing was written" in again["detail"]) == (False, True)
    assert writes(audit, team.namespace) == []


def test_parameters_that_mean_the_same_are_not_written_anew(team, template, audit):
    team.deploy(labels={TEMPLATE + template: "true"}, annotations={PARAMETERS + template: "port: 90"})
    assert team.done(team.attach(template, {"parameters": {"port": 90}}))["changed"] is False
    assert writes(audit, team.namespace) == []


def test_attaching_leaves_the_generation_as_it_is(team, template):
    before = team.deploy()["metadata"]["generation"]
    team.done(team.attach(template))
    assert team.there()["metadata"]["generation"] == before


def test_parameters_restart_no_pod(team, template):
    # The API server counts a Deployment's annotations as a generation; its pods are its template's.
    before = team.deploy()["spec"]["template"]
    eventually(lambda: len(replica_sets(team)) == 1)
    team.done(team.attach(template, {"parameters": {"port": 90}}))
    eventually(lambda: team.there()["status"]["observedGeneration"] == team.there()["metadata"]["generation"])
    assert (len(replica_sets(team)), team.there()["spec"]["template"]) == (1, before)


def test_other_labels_and_annotations_stay(team, template):
    team.deploy(labels={"team": "a", TEMPLATE + "other": "false"}, annotations={"note": "b"})
    team.done(team.attach(template, {"parameters": {"port": 90}}))
    team.done(team.detach(template))
    assert (team.labels(), team.annotations()["note"]) == ({"team": "a", TEMPLATE + "other": "false"}, "b")


def test_detaching_removes_label_and_annotation(team, template):
    team.deploy()
    team.done(team.attach(template, {"parameters": {"port": 90}}))
    assert team.done(team.detach(template))["changed"] is True
    left = {*team.labels(), *team.annotations()}
    assert not left & {TEMPLATE + template, PARAMETERS + template}


def test_detaching_again_writes_nothing_and_says_so(team, template, audit):
    team.deploy()
    assert team.done(team.detach(template))["changed"] is False
    assert writes(audit, team.namespace) == []


def test_a_template_that_is_gone_can_be_detached(team, name):
    team.deploy(labels={TEMPLATE + name: "true"})
    team.done(team.detach(name))
    assert TEMPLATE + name not in team.labels()


def test_a_dry_run_shows_the_policy_and_writes_nothing(team, template, audit):
    team.deploy()
    found = team.done(team.attach(template, {"parameters": {"port": 90}}, "?dryRun=true"))
    [change] = found["policies"]
    assert (change["action"], change["before"], found["dryRun"]) == ("create", None, True)
    assert change["after"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 90}]
    assert writes(audit, team.namespace) == []


def test_a_dry_run_of_detaching_shows_the_policy_that_goes(team, template, api):
    team.deploy(labels={TEMPLATE + template: "true"})
    generated(api, team.namespace, template)
    [change] = team.done(team.detach(template, "?dryRun=true"))["policies"]
    assert (change["action"], change["after"]) == ("delete", None)


def test_others_whose_policies_change_are_shown(team, name, service, api):
    allow = {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}
    service.create(f"{name}-all", scope="namespace", spec=allow)
    service.create(name, replacesDefaults=True, spec={"policyTypes": ["Ingress", "Egress"]})
    label = {TEMPLATE + f"{name}-all": "true"}
    api.patch(f"/api/v1/namespaces/{team.namespace}", {"metadata": {"labels": label}})
    team.deploy()
    [other] = team.done(team.attach(name, query="?dryRun=true"))["others"]
    assert (other["kind"], other["policies"][0]["template"]) == ("Namespace", f"{name}-all")


def test_no_body_at_all_attaches_with_the_defaults(team, template):
    team.deploy()
    assert team.done(team.attach(template))["value"] == "true"


def refused(team, audit, answer):
    """The problem of a change that was refused, and left the workload as it was."""
    assert writes(audit, team.namespace) == []
    return problem(answer)


def test_an_unknown_template_is_refused(team, name, audit):
    team.deploy()
    assert refused(team, audit, team.attach(name)) == (404, "template-not-found")


def test_an_unknown_revision_is_refused(team, template, audit):
    team.deploy()
    assert refused(team, audit, team.attach(template, {"value": "v9"})) == (404, "revision-not-found")


def test_a_template_for_namespaces_is_refused(team, name, service, audit):
    service.create(name, scope="namespace")
    team.deploy()
    assert refused(team, audit, team.attach(name)) == (422, "wrong-scope")


def test_parameters_that_do_not_fit_are_refused_with_a_pointer(team, template, audit):
    team.deploy()
    answer = team.attach(template, {"parameters": {"port": 0}})
    assert refused(team, audit, answer) == (422, "invalid-parameters")
    assert answer.get_json()["errors"][0]["pointer"] == "/parameters/port"


def test_a_namespace_that_is_not_enabled_is_refused(service, api, make_namespace, template, audit):
    team = Team(api, service, make_namespace())
    team.deploy()
    assert refused(team, audit, team.attach(template)) == (409, "namespace-not-managed")


def test_an_excluded_namespace_is_refused(start_service, api, make_namespace, name, audit):
    namespace = make_namespace(MANAGED)
    team = Team(api, start_service(excluded_namespaces=frozenset({namespace})), namespace)
    team.service.create(name)
    team.deploy()
    assert refused(team, audit, team.attach(name)) == (422, "namespace-excluded")


def test_a_template_that_is_not_allowed_here_is_refused_with_what_it_asks_for(team, name, service, audit):
    service.create(name, allowedIn={"matchLabels": {"tier": "gold"}})
    team.deploy()
    answer = team.attach(name)
    assert refused(team, audit, answer) == (409, "template-not-allowed")
    assert answer.get_json()["allowedIn"] == {"matchLabels": {"tier": "gold"}}


def test_a_second_template_of_a_group_is_refused_naming_the_first(team, name, service, audit):
    for one in (name, f"{name}-two"):
        service.create(one, exclusiveGroup="choice")
    team.deploy(labels={TEMPLATE + name: "true"})
    answer = team.attach(f"{name}-two")
    assert refused(team, audit, answer) == (409, "group-taken")
    assert (answer.get_json()["group"], answer.get_json()["templates"]) == ("choice", [name])


def test_a_policy_of_somebody_else_in_the_way_is_told(team, template, api, audit):
    team.deploy()
    [change] = team.done(team.attach(template, query="?dryRun=true"))["policies"]
    body = {"metadata": {"name": change["name"]}, "spec": {"podSelector": {}}}
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{team.namespace}/networkpolicies", body)
    answer = team.attach(template)
    assert refused(team, audit, answer) == (409, "policy-not-possible")
    assert answer.get_json()["reason"] == "NameTaken"


def test_a_workload_that_is_not_there_is_not_found(team, template):
    assert problem(team.attach(template)) == (404, "workload-not-found")


@pytest.mark.parametrize("kind", ["services", "rollouts.argoproj.io"])
def test_a_kind_that_is_not_followed_is_not_found(team, template, kind):
    assert problem(team.call("PUT", f"{kind}/db/templates/{template}")) == (404, "kind-not-found")


@pytest.mark.parametrize("kind", ["deployments", "Deployment", "deployments.apps", "Deployment.apps"])
def test_a_kind_is_named_by_plural_or_kind_with_or_without_group(team, template, kind):
    team.deploy()
    assert team.done(team.call("PUT", f"{kind}/db/templates/{template}"))["changed"]


@pytest.mark.parametrize("workload", ["..", "db%3FdryRun=All", "db%23", "-"])
def test_what_can_be_no_name_never_reaches_the_api_server(team, template, workload, audit):
    team.deploy()
    answer = team.call("PUT", f"deployments/{workload}/templates/{template}")
    assert refused(team, audit, answer) == (404, "not-found")


@pytest.mark.parametrize("value", ["yes", "", "v0", "7"])
def test_a_value_outside_the_contract_is_pointed_at(team, template, value, audit):
    team.deploy()
    answer = team.attach(template, {"value": value})
    assert refused(team, audit, answer) == (422, "invalid-body")
    assert answer.get_json()["errors"][0]["pointer"] == "/value"


@pytest.mark.parametrize("body", [[], "x", {"values": "true"}, {"parameters": []}])
def test_a_body_of_another_shape_is_refused(team, template, body, audit):
    team.deploy()
    assert refused(team, audit, team.attach(template, body)) == (422, "invalid-body")


def test_a_misspelt_dry_run_is_refused(team, template, audit):
    team.deploy()
    assert refused(team, audit, team.attach(template, query="?dryrun=true")) == (400, "invalid-query")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_without_patch_on_the_workload_nothing_is_changed(team, template, method, api, audit):
    team.deploy()
    grant(api, team.namespace, "deployments.apps", "get list")
    answer = team.call(method, f"deployments/db/templates/{template}", user="stranger")
    assert refused(team, audit, answer) == (403, "forbidden")
    found = answer.get_json()
    assert (found["verb"], found["resource"], found["user"]) == ("patch", "deployments.apps", "stranger")


def test_rights_in_one_namespace_suffice_there(team, template, api):
    team.deploy()
    grant(api, team.namespace, "deployments.apps", "patch")
    assert team.done(team.attach(template, user="stranger"))["changed"] is True


def test_rights_in_one_namespace_are_none_in_another(team, template, make_namespace, audit):
    team.deploy()
    grant(team.api, make_namespace(MANAGED), "deployments.apps", "patch")
    assert refused(team, audit, team.attach(template, user="stranger")) == (403, "forbidden")


def test_another_change_at_the_same_time_is_kept_and_so_is_ours(team, template, api, monkeypatch):
    team.deploy()
    write = changing.write

    async def late(*arguments):
        monkeypatch.setattr(changing, "write", write)
        api.patch(team.path(), {"metadata": {"labels": {"edited": "yes"}}})
        return await write(*arguments)

    monkeypatch.setattr(changing, "write", late)
    team.done(team.attach(template))
    assert team.labels() == {"edited": "yes", TEMPLATE + template: "true"}


def test_a_group_that_is_taken_at_the_same_time_is_seen(team, name, service, api, monkeypatch):
    for one in (name, f"{name}-two"):
        service.create(one, exclusiveGroup="choice")
    team.deploy()
    write = changing.write

    async def late(*arguments):
        monkeypatch.setattr(changing, "write", write)
        api.patch(team.path(), {"metadata": {"labels": {TEMPLATE + f"{name}-two": "true"}}})
        return await write(*arguments)

    monkeypatch.setattr(changing, "write", late)
    assert problem(team.attach(name)) == (409, "group-taken")


def test_a_workload_that_never_stands_still_is_told(team, template, api, monkeypatch):
    team.deploy()
    write = changing.write

    async def late(*arguments):
        api.patch(team.path(), {"metadata": {"labels": {"edited": unique_name()}}})
        return await write(*arguments)

    monkeypatch.setattr(changing, "write", late)
    assert problem(team.attach(template)) == (409, "object-changed")


@pytest.fixture
def frozen(team, name):
    """An admission policy that lets nobody change Deployments of the team's namespace."""
    registration = "/apis/admissionregistration.k8s.io/v1"
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": ["deployments"],
    }
    spec = {
        "matchConstraints": {
            "resourceRules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}},
        },
        "validations": [{"expression": "false", "message": "Frozen till Monday."}],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    made = {"validatingadmissionpolicies": spec, "validatingadmissionpolicybindings": binding}
    for plural, one in made.items():
        team.api.create(f"{registration}/{plural}", {"metadata": {"name": name}, "spec": one})
    yield
    for plural in made:
        team.api.delete(f"{registration}/{plural}/{name}")


def is_frozen(team):
    try:
        team.api.patch(team.path(), {"metadata": {"labels": {"tried": unique_name()}}})
    except ApiError:
        return True
    return False


@pytest.mark.usefixtures("frozen")
def test_what_an_admission_policy_refuses_is_told_in_its_words(team, template):
    team.deploy()
    eventually(lambda: is_frozen(team))
    answer = team.attach(template)
    assert problem(answer) == (422, "object-refused")
    assert "Frozen till Monday." in answer.get_json()["detail"]


def test_a_label_that_somebody_applies_from_files_is_changed_with_a_warning(team, template, api):
    team.deploy()
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "db", "labels": {TEMPLATE + template: "true"}},
    }
    api.request("PATCH", team.path(), manifest, "application/apply-patch+yaml", fieldManager="gitops")
    [warning] = team.done(team.attach(template, {"value": "latest"}))["warnings"]
    assert "gitops" in warning
    assert team.labels()[TEMPLATE + template] == "latest"


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller", "helm-controller"])
def test_a_label_that_a_git_tool_wrote_is_detached_with_a_warning(team, template, api, manager):
    team.deploy()
    label = {"metadata": {"labels": {TEMPLATE + template: "true"}}}
    api.patch(team.path(), label, fieldManager=manager)
    [warning] = team.done(team.detach(template))["warnings"]
    assert manager in warning


def test_other_labels_that_a_git_tool_wrote_are_no_reason_to_warn(team, template, api):
    team.deploy()
    api.patch(team.path(), {"metadata": {"labels": {"team": "a"}}}, fieldManager="argocd-controller")
    assert team.done(team.attach(template))["warnings"] == []


def test_a_workload_in_the_hosts_network_is_warned_of(team, template):
    team.deploy(host_network=True)
    [warning] = team.done(team.attach(template))["warnings"]
    assert warning.startswith("NoEffect")
