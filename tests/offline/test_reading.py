"""What is read of files, and what is said of the rest."""

import json

import pytest
import yaml

from registry.planning.names import policy_name
from registry.planning.objects import Key
from tests.offline.manifests import listed, namespace, owned, pod, policy, workload


@pytest.fixture
def names(answer):
    """The workloads that a command finds in files."""

    def read(*arguments):
        nodes = answer("graph", "--level", "workload", *arguments)["nodes"]
        return [f"{one['namespace']}/{one['name']}" for one in nodes if one["kind"] == "workload"]

    return read


def test_files_of_folders_and_subfolders_are_read(write, names):
    write("a/web.yaml", workload("web"))
    write("a/b/db.yml", workload("db", "StatefulSet"))
    write("a/c/job.json", workload("tidy", "Job", api_version="batch/v1"))
    assert names("--from", "a") == [
        "shop/Deployment.apps/web",
        "shop/Job.batch/tidy",
        "shop/StatefulSet.apps/db",
    ]


def test_several_places_are_one_state(write, names):
    assert len(names("--from", write("a.yaml", workload("a")), "--from", write("b.yaml", workload("b")))) == 2


def test_hidden_files_and_other_endings_are_left_out(write, names):
    write("a/.git/web.yaml", workload("hidden"))
    write("a/notes.txt", "no manifest")
    write("a/web.yaml", workload("web"))
    assert names("--from", "a") == ["shop/Deployment.apps/web"]


def test_files_that_match_a_pattern_are_left_out(write, names):
    write("a/values.yaml", "replicas: 3")
    write("a/web.yaml", workload("web"))
    assert names("--from", "a", "--exclude", "values.yaml") == ["shop/Deployment.apps/web"]


def test_a_linked_folder_is_read_once(write, connectivity, tmp_path):
    write("a/web.yaml", "{")
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a")
    assert len(problems(graph(connectivity, "--from", "a"))) == 1


@pytest.mark.parametrize("dumped", [json.dumps, yaml.safe_dump])
def test_lists_of_kubectl_are_taken_apart(write, names, dumped):
    write("all.yaml", dumped(listed(workload("web"), listed(workload("db", "StatefulSet")))))
    assert names("--from", "all.yaml") == ["shop/Deployment.apps/web", "shop/StatefulSet.apps/db"]


def test_items_of_a_typed_list_are_of_its_kind(write, names):
    items = [{key: value for key, value in workload("web").items() if key in ("metadata", "spec")}]
    write("all.json", listed(*items, kind="DeploymentList", api_version="apps/v1"))
    assert names("--from", "all.json") == ["shop/Deployment.apps/web"]


def test_the_standard_input_is_read(connectivity):
    done = connectivity(
        "graph", "--from", "-", "--level", "workload", "-f", "csv", stdin=json.dumps(workload("web"))
    )
    assert (done.status, done.output.splitlines()[0]) == (0, "From,To,Ports")


@pytest.mark.parametrize(
    ("kind", "api_version"),
    [
        ("Deployment", "apps/v1"),
        ("StatefulSet", "apps/v1"),
        ("DaemonSet", "apps/v1"),
        ("ReplicaSet", "apps/v1"),
        ("ReplicationController", "v1"),
        ("Job", "batch/v1"),
        ("Rollout", "argoproj.io/v1alpha1"),
        ("Service", "serving.knative.dev/v1"),
    ],
)
def test_each_kind_with_a_pod_template_is_a_workload(write, names, kind, api_version):
    write("w.yaml", workload("w", kind, api_version=api_version))
    group = api_version.rpartition("/")[0]
    assert names("--from", "w.yaml") == [f"shop/{kind}.{group}/w" if group else f"shop/{kind}/w"]


def test_a_cron_job_is_a_workload(write, names):
    made = workload("tidy", "CronJob", api_version="batch/v1")
    made["spec"] = {"jobTemplate": {"spec": made["spec"]}}
    assert names("--from", write("c.yaml", made)) == ["shop/CronJob.batch/tidy"]


def test_a_job_with_a_generated_name_is_a_workload(write, names):
    made = workload("x", "Job", api_version="batch/v1")
    made["metadata"] = {"generateName": "tidy-", "namespace": "shop"}
    assert names("--from", write("j.yaml", made)) == ["shop/Job.batch/tidy-"]


def test_objects_without_namespace_are_in_the_default_one(write, names):
    made = workload("web")
    del made["metadata"]["namespace"]
    write("w.yaml", made)
    assert names("--from", "w.yaml") == ["default/Deployment.apps/web"]
    assert names("--from", "w.yaml", "--default-namespace", "prod") == ["prod/Deployment.apps/web"]


def test_a_namespace_without_an_object_has_its_name_as_label(write, answer):
    into = policy("db", "db")
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ops"}}}
    into["spec"]["ingress"] = [{"from": [peer]}]
    write("all.yaml", workload("db"), workload("web", namespace="ops"), into)
    assert answer("explain", "ops/web", "shop/db", "TCP/1", "--from", "all.yaml")["allowed"]


def problems(done):
    return [
        (one["file"], one["document"], one["line"], one["object"], one["pointer"])
        for one in done.json["problems"]
    ]


def graph(connectivity, *arguments):
    return connectivity("graph", "--format", "json", *arguments)


def test_what_is_no_yaml_is_told_and_the_rest_is_read(write, connectivity):
    write("all.yaml", workload("web"), "kind: [", workload("db"))
    done = graph(connectivity, "--from", "all.yaml", "--level", "workload")
    assert done.status == 2
    assert problems(done) == [("all.yaml", 2, 2, None, "")]
    assert done.errors.startswith("netpol-registry: all.yaml:2 (document 2): This is no valid YAML (line 4)")
    assert len(done.json["nodes"]) == 2


@pytest.mark.parametrize(
    "text",
    ["replicas: 3", "just text", "[1, 2]", "{{ template }}", "kind: Deployment", "", '{"a": 1}', "\xff"],
)
def test_what_is_no_object_is_told(tmp_path, connectivity, text):
    (tmp_path / "x.yaml").write_bytes(text.encode("latin-1"))
    done = graph(connectivity, "--from", str(tmp_path / "x.yaml"))
    assert done.status == 2
    assert len(problems(done)) == 1


def test_a_policy_that_no_api_server_takes_is_told_with_its_place(write, connectivity):
    bad = policy("db", "db", "web", ports=[{"port": 70000}])
    done = graph(connectivity, "--from", write("all.yaml", workload("db"), bad))
    assert done.status == 2
    assert problems(done) == [
        ("all.yaml", 2, 2, "NetworkPolicy shop/db", "/spec/ingress/0/ports/0/port"),
    ]


def test_bits_beyond_the_prefix_of_a_block_mean_nothing(write, answer):
    into = policy("db", "db")
    into["spec"]["ingress"] = [{"from": [{"ipBlock": {"cidr": "10.1.2.3/8", "except": ["10.9.9.9/16"]}}]}]
    write("all.yaml", workload("db"), into)
    asked = [answer("explain", ip, "shop/db", "80", "--from", "all.yaml") for ip in ("10.0.0.1", "10.9.0.1")]
    assert [one["allowed"] for one in asked] == [True, False]
    assert asked[0]["problems"] == []


def test_a_policy_of_another_version_is_told(write, connectivity):
    old = {**policy("db", "db"), "apiVersion": "extensions/v1beta1"}
    assert problems(graph(connectivity, "--from", write("all.yaml", old)))[0][4] == "/apiVersion"


def test_a_member_that_is_there_twice_is_told(write, connectivity):
    text = json.dumps(policy("db", "db")).replace('"ingress": []', '"ingress": [], "ingress": [{}]')
    done = graph(connectivity, "--from", write("all.json", text))
    assert "`ingress` appears twice" in done.json["problems"][0]["reason"]


def test_null_is_absent(write, answer):
    into = policy("db", "db", "web")
    into["spec"] |= {"egress": None, "policyTypes": None}
    made = workload("db", hostNetwork=None)
    write("all.json", listed(made, workload("web"), into))
    found = answer("explain", "shop/web", "shop/db", "TCP/1", "--from", "all.json")
    assert (found["problems"], found["ingress"]["isolated"]) == ([], True)


@pytest.mark.parametrize(
    "made", [workload("web"), policy("db", "web"), policy("db", "db", "web")], ids=["labels", "pods", "peers"]
)
@pytest.mark.parametrize("dumped", [json.dumps, yaml.safe_dump])
def test_a_label_without_a_value_is_told_and_widens_nothing(write, connectivity, made, dumped):
    spoiled = dumped(made).replace('"app": "web"', '"app": null').replace("app: web", "app: null")
    done = graph(connectivity, "--from", write("w.yaml", spoiled))
    assert done.status == 2
    assert len(problems(done)) == 1


def test_a_label_that_is_no_text_is_told(write, connectivity):
    made = yaml.safe_dump(workload("web")).replace("app: web", "app: 1.0")
    done = graph(connectivity, "--from", write("w.yaml", made))
    assert problems(done) == [("w.yaml", 1, 1, "Deployment shop/web", "/spec/template/metadata/labels")]


def test_two_contents_of_one_object_are_told_and_the_later_counts(write, connectivity):
    write("all.yaml", policy("db", "db"), policy("db", "db", "web"), workload("db"), workload("web"))
    done = connectivity("explain", "shop/web", "shop/db", "TCP/1", "--from", "all.yaml", "-f", "json")
    assert (done.status, done.json["allowed"]) == (2, True)
    assert "all.yaml:1 (document 1) too" in done.json["problems"][0]["reason"]


def test_the_same_twice_is_no_problem(write, connectivity):
    done = graph(
        connectivity, "--from", write("all.yaml", policy("db", "db"), policy("db", "db"), workload("db"))
    )
    assert (done.status, problems(done)) == (0, [])


def test_a_path_that_is_not_there_is_refused(connectivity):
    done = connectivity("graph", "--from", "nowhere")
    assert (done.status, done.output) == (2, "")
    assert "There is no file or folder nowhere" in done.errors


def test_a_folder_without_manifests_is_refused(write, connectivity):
    write("a/notes.txt", "nothing")
    done = connectivity("graph", "--from", "a")
    assert done.status == 2
    assert "There is no file to read in a" in done.errors


def test_kinds_of_policies_that_are_not_evaluated_are_told(write, answer):
    other = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "x"}}
    [found] = answer("graph", "--from", write("all.yaml", other, workload("web")))["completeness"]["leftOut"]
    assert (found["objects"], found["total"]) == (["CiliumNetworkPolicy.cilium.io"], 1)


@pytest.mark.parametrize(
    ("name", "namespace", "enforced"),
    [("calico-node", "kube-system", "found"), ("log-shipper", "kube-system", "unknown")],
)
def test_a_network_plugin_is_known_by_its_daemon_set(write, answer, name, namespace, enforced):
    write("all.yaml", workload(name, "DaemonSet", namespace))
    found = answer("graph", "--from", "all.yaml")["completeness"]["enforcement"]
    assert (found["enforced"], found["remark"] is None) == (enforced, enforced == "found")


def pods_of(answer, *arguments):
    nodes = answer("graph", "--level", "workload", *arguments)["nodes"]
    return [one["name"] for one in nodes if one["kind"] == "workload"]


def dump(*more):
    replica_set = owned(workload("web-1", "ReplicaSet"), "Deployment", "web")
    first, second = (owned(pod(f"web-1-{n}", "web", hash="1"), "ReplicaSet", "web-1") for n in "ab")
    return [replica_set, first, second, *more]


def test_pods_count_as_the_workload_at_the_top_of_their_owners(write, answer):
    write("all.json", listed(*dump(workload("web"))))
    assert pods_of(answer, "--from", "all.json") == ["Deployment.apps/web"]


def test_pods_count_before_the_template(write, answer):
    into = policy("db", "new", "web")
    write("all.json", listed(workload("new"), owned(pod("new-1", "old"), "Deployment", "new"), into))
    assert pods_of(answer, "--from", "all.json") == ["Deployment.apps/new"]
    [found] = answer("graph", "--level", "workload", "--from", "all.json")["nodes"]
    assert found["ingressIsolated"] == 0


def test_an_owner_that_is_not_there_is_known_by_name(write, answer):
    write("all.json", listed(*dump()))
    assert pods_of(answer, "--from", "all.json") == ["Deployment.apps/web"]


def by_replica_set(name, replica_set, template_hash):
    return owned(pod(name, "web", **{"pod-template-hash": template_hash}), "ReplicaSet", replica_set)


def test_pods_are_a_deployments_also_when_its_replica_sets_are_not_there(write, answer):
    write("all.json", listed(workload("web"), by_replica_set("web-1-a", "web-1", "1")))
    assert pods_of(answer, "--from", "all.json") == ["Deployment.apps/web"]


def test_pods_are_not_a_deployments_whose_hash_is_not_in_the_name(write, answer):
    write("all.json", listed(workload("web"), by_replica_set("web-1-a", "web-1", "2")))
    assert pods_of(answer, "--from", "all.json") == ["Deployment.apps/web", "ReplicaSet.apps/web-1"]


def test_pods_are_a_cron_jobs_also_when_its_jobs_are_not_there(write, answer):
    made = workload("tidy", "CronJob", api_version="batch/v1")
    made["spec"] = {"jobTemplate": {"spec": made["spec"]}}
    write("all.json", listed(made, owned(pod("tidy-28000000-a", "tidy"), "Job", "tidy-28000000", "batch/v1")))
    assert pods_of(answer, "--from", "all.json") == ["CronJob.batch/tidy"]


def test_pods_of_one_workload_that_a_policy_tells_apart_are_variants(write, answer):
    into = policy("first", "web", "db")
    into["spec"]["podSelector"]["matchLabels"]["n"] = "0"
    pods = [owned(pod(f"web-{n}", "web", n=str(n)), "StatefulSet", "web") for n in range(3)]
    write("all.json", listed(*pods, into))
    assert pods_of(answer, "--from", "all.json") == [
        "StatefulSet.apps/web (n=0)",
        "StatefulSet.apps/web (other n)",
    ]


def test_a_pod_that_has_finished_does_not_count(write, answer):
    write("all.json", listed(pod("gone", "gone", phase="Succeeded"), pod("here", "here")))
    assert pods_of(answer, "--from", "all.json") == ["Pod/here"]


def test_a_static_pod_is_by_itself(write, answer):
    write("all.json", listed(owned(pod("etcd-a", "etcd"), "Node", "a", "v1")))
    assert pods_of(answer, "--from", "all.json") == ["Pod/etcd-a"]


def test_a_generated_policy_is_known_by_its_marks(write, answer):
    key = Key("apps", "Deployment", "shop", "db")
    made = policy(policy_name(key, "postgres"), "db", "web")
    made["metadata"]["labels"] = {
        "app.kubernetes.io/managed-by": "netpol-registry",
        "netpol-registry.dev/template": "postgres",
        "netpol-registry.dev/revision": "3",
    }
    made["metadata"]["annotations"] = {"netpol-registry.dev/workload": "Deployment.apps/db"}
    write("all.yaml", workload("db"), namespace("shop"), made)
    [found] = answer("explain", "10.0.0.1", "shop/db", "80", "--from", "all.yaml")["ingress"]["policies"]
    assert (found["origin"]["template"], found["origin"]["revision"]) == ("postgres", 3)
    assert found["origin"]["on"]["name"] == "db"
