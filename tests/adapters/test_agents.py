"""Network plugins out of what the API server sends."""

import json

from registry.cluster.agents import decode_agent, decode_k3s_node
from registry.connectivity.plugins import Agent, AgentContainer, NodeFacts


def raw(metadata, **members):
    return json.dumps({"metadata": metadata, **members}).encode()


def test_of_a_network_plugin_its_containers_are_kept():
    container = {
        "name": "kube-router",
        "image": "kube-router:v2",
        "command": ["run"],
        "args": ["--run-firewall=true"],
    }
    template = {"spec": {"hostNetwork": True, "containers": [container]}}
    found = decode_agent(
        raw({"name": "kube-router", "namespace": "kube-system", "uid": "1"}, spec={"template": template})
    )
    assert found
    assert found.uid == "1"
    assert found.agent == Agent(
        "kube-system",
        "kube-router",
        (AgentContainer("kube-router", "kube-router:v2", ("run", "--run-firewall=true")),),
    )


def test_other_daemon_sets_are_nothing_to_keep():
    assert decode_agent(raw({"name": "node-exporter", "namespace": "kube-system"})) is None
    assert decode_agent(raw({"name": "kube-router", "namespace": "shop"})) is None


def test_a_node_of_k3s_tells_its_arguments():
    annotations = {"k3s.io/node-args": '["server", "--disable-network-policy"]'}
    status = {"nodeInfo": {"kubeletVersion": "v1.33.1+k3s1"}}
    found = decode_k3s_node(raw({"name": "one", "annotations": annotations}, status=status))
    assert found
    assert found.facts == NodeFacts("one", "v1.33.1+k3s1", ("server", "--disable-network-policy"))


def test_arguments_that_are_no_list_are_none():
    annotations = {"k3s.io/node-args": "server"}
    status = {"nodeInfo": {"kubeletVersion": "v1.33.1+k3s1"}}
    found = decode_k3s_node(raw({"name": "one", "annotations": annotations}, status=status))
    assert found
    assert found.facts.k3s_arguments == ()


def test_other_nodes_are_nothing_to_keep():
    assert decode_k3s_node(raw({"name": "one"}, status={"nodeInfo": {"kubeletVersion": "v1.36.0"}})) is None
    assert decode_k3s_node(raw({"name": "one"})) is None
