import pytest

from registry.connectivity.completeness import PolicyKind, completeness, is_policy_kind
from registry.connectivity.plugins import Agent, AgentContainer, NodeFacts, is_known


def agent(name, *containers, namespace="kube-system"):
    return Agent(namespace, name, containers)


def container(name, image="", *words):
    return AgentContainer(name, image, words)


KINDNETD = "docker.io/kindest/kindnetd:"


@pytest.mark.parametrize(
    ("found", "enforced"),
    [
        ([], "unknown"),
        ([agent("node-exporter")], "unknown"),
        ([agent("calico-node", namespace="calico-system")], "found"),
        ([agent("canal")], "found"),
        ([agent("cilium")], "found"),
        ([agent("anetd")], "found"),
        ([agent("antrea-agent")], "found"),
        ([agent("azure-npm")], "found"),
        ([agent("ovnkube-node", namespace="openshift-ovn-kubernetes")], "found"),
        ([agent("kube-router", container("kube-router", "", "--run-firewall=true"))], "found"),
        ([agent("kube-router", container("kube-router"))], "found"),
        ([agent("kube-router", container("kube-router", "", "--run-firewall=false"))], "notFound"),
        ([agent("weave-net", container("weave"), container("weave-npc"))], "found"),
        ([agent("weave-net", container("weave"))], "notFound"),
        ([agent("aws-node", container("aws-eks-nodeagent", "", "--enable-network-policy=true"))], "found"),
        (
            [agent("aws-node", container("aws-eks-nodeagent", "", "--enable-network-policy=false"))],
            "notFound",
        ),
        ([agent("aws-node", container("aws-node"))], "notFound"),
        ([agent("kindnet", container("kindnet-cni", KINDNETD + "v20240813-c6f155d6"))], "found"),
        ([agent("kindnet", container("kindnet-cni", KINDNETD + "v20240513-cd2ac642"))], "notFound"),
        ([agent("kindnet", container("kindnet-cni", "ghcr.io/aojea/kindnetd:v1.8.0"))], "found"),
        ([agent("kindnet", container("kindnet-cni", KINDNETD + "latest"))], "unknown"),
        ([agent("kube-flannel-ds", container("kube-flannel"), namespace="kube-flannel")], "notFound"),
        (
            [agent("kube-flannel-ds", container("kube-flannel"), container("kube-network-policies"))],
            "found",
        ),
        ([agent("kube-flannel-ds", container("kube-flannel")), agent("calico-node")], "found"),
    ],
)
def test_what_enforces_is_told_by_the_agents_on_nodes(found, enforced):
    assert completeness(found).enforced == enforced


@pytest.mark.parametrize(
    ("arguments", "enforced"),
    [
        ((), "found"),
        (("server", "--disable", "traefik"), "found"),
        (("server", "--disable-network-policy"), "notFound"),
        (("server", "--disable-network-policy", "true"), "notFound"),
        (("server", "--disable-network-policy=true"), "notFound"),
        (("server", "--disable-network-policy", "false"), "found"),
        (("server", "--disable-network-policy=false"), "found"),
    ],
)
def test_k3s_enforces_unless_it_is_told_not_to(arguments, enforced):
    nodes = [NodeFacts("one", "v1.33.1+k3s1", arguments), NodeFacts("two", "v1.33.1+k3s1")]
    assert completeness(nodes=nodes).enforced == enforced


def test_an_ordinary_node_says_nothing():
    assert completeness(nodes=[NodeFacts("one", "v1.36.0")]).enforced == "unknown"


def test_k3s_without_its_own_may_have_another_plugin():
    nodes = [NodeFacts("one", "v1.33.1+k3s1", ("server", "--disable-network-policy"))]
    assert completeness([agent("calico-node")], nodes).enforced == "found"


@pytest.mark.parametrize(
    ("setting", "enforced"), [("yes", "found"), ("no", "notFound"), ("detect", "unknown")]
)
def test_the_setting_goes_before_what_is_detected(setting, enforced):
    assert completeness(setting=setting).enforced == enforced


def test_the_evidence_is_told():
    (found,) = completeness([agent("aws-node", container("aws-node"))]).plugins
    assert found.evidence == "DaemonSet aws-node in kube-system, without --enable-network-policy"


def test_where_nothing_enforces_the_remark_says_what_to_do():
    (remark,) = completeness([agent("kube-flannel-ds", container("kube-flannel"))]).remarks
    assert "every connection is open" in remark
    assert "Install a network plugin" in remark


def test_a_complete_answer_has_no_remarks():
    assert completeness([agent("cilium")]).remarks == ()


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        (3, ["3 AdminNetworkPolicy (policy.networking.k8s.io). Such policies are not evaluated"]),
        (0, []),
        (
            None,
            ["AdminNetworkPolicy (policy.networking.k8s.io) is served; whether there are any is not known"],
        ),
    ],
)
def test_policies_of_other_kinds_are_told(objects, told):
    kind = PolicyKind("policy.networking.k8s.io", "AdminNetworkPolicy", objects)
    found = completeness([agent("cilium")], policy_kinds=[kind])
    assert found.not_evaluated == (kind,)
    assert [remark.startswith(begin) for remark, begin in zip(found.remarks, told, strict=True)] == [
        True
    ] * len(told)


def test_calicos_policies_are_counted_once():
    kinds = [
        PolicyKind(group, "NetworkPolicy", 2) for group in ("crd.projectcalico.org", "projectcalico.org")
    ]
    (found,) = completeness(policy_kinds=kinds).not_evaluated
    assert found.group == "projectcalico.org"


def test_the_kind_that_is_evaluated_is_none_of_them():
    assert not is_policy_kind("networking.k8s.io", "NetworkPolicy")


def test_only_known_daemon_sets_are_worth_reading():
    assert is_known("kube-system", "calico-node")
    assert not is_known("kube-system", "node-exporter")


def test_a_daemon_set_in_anybodys_namespace_shows_nothing():
    assert completeness([agent("calico-node", namespace="shop")]).enforced == "unknown"
