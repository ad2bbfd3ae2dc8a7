"""Whether policies let in what comes by a way from outside."""

import pytest

from registry.connectivity.rules import Peers, peers_of
from tests.connectivity.made import cluster, names, pods, policy
from tests.connectivity.ways_in import (
    CLASS,
    DENY,
    GATEWAY,
    INGRESS,
    LOAD_BALANCER,
    NGINX,
    ROUTE,
    SERVICE,
    WEB,
    arrival,
)

FROM_NGINX = (
    "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {matchLabels: "
    "{kubernetes.io/metadata.name: ingress-nginx}}}], ports: [{port: 8080}]}]}"
)


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [(None, "yes"), (DENY, "no"), (FROM_NGINX, "yes"), (FROM_NGINX.replace("8080", "80"), "no")],
)
def test_whether_the_controllers_pods_are_let_in_is_told(spec, allowed):
    objects = [policy("shop/rule", spec)] if spec else []
    network = cluster(WEB, NGINX, *objects)
    one = arrival(SERVICE, INGRESS, CLASS, network=network)
    assert one.allowed == allowed
    assert names(network, one.forwarders) == ["ingress-nginx/controller"]


def test_a_controller_that_may_not_send_reaches_nothing():
    spec = "{podSelector: {}, policyTypes: [Egress]}"
    network = cluster(WEB, NGINX, policy("ingress-nginx/silent", spec))
    assert arrival(SERVICE, INGRESS, CLASS, network=network).allowed == "no"


def test_some_of_several_pods_are_partly():
    network = cluster(
        pods("shop/a", tier="web"),
        pods("shop/b", tier="web"),
        NGINX,
        policy("shop/deny", "{podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress]}"),
    )
    service = SERVICE.replace("app: web", "tier: web").replace("targetPort: http", "targetPort: 80")
    assert arrival(service, INGRESS, CLASS, network=network).allowed == "partly"


@pytest.mark.parametrize(
    ("controllers", "reason"),
    [(None, "is not known"), (peers_of([]), "no pods of ingress-nginx are known")],
)
def test_a_controller_whose_pods_are_not_known_is_told(controllers, reason):
    one = arrival(SERVICE, INGRESS, CLASS, network=cluster(WEB, NGINX), controllers=controllers)
    assert one.allowed == "unknown"
    assert reason in one.reason


def test_a_controller_outside_of_pods_is_told():
    cloud = CLASS.replace("k8s.io/ingress-nginx", "ingress.k8s.aws/alb")
    assert "load balancers" in arrival(SERVICE, INGRESS, cloud, network=cluster(WEB)).reason


def test_addresses_that_forward_are_compared_with_rules():
    controllers = peers_of([{"ipBlock": {"cidr": "10.0.16.0/20"}}])
    spec = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}]}"
    network = cluster(WEB, policy("shop/rule", spec))
    assert arrival(SERVICE, INGRESS, CLASS, network=network, controllers=controllers).allowed == "yes"


def test_what_is_not_surely_open_to_a_controller_on_the_hosts_network_is_unknown():
    labels = dict(NGINX.labels)
    network = cluster(
        WEB, pods("ingress-nginx/controller", host_network=True, **labels), policy("shop/deny", DENY)
    )
    everyone = peers_of([{"namespaceSelector": {}}])
    one = arrival(SERVICE, INGRESS, CLASS, network=network, controllers=everyone)
    assert one.allowed == "unknown"


def test_what_is_open_to_anyone_is_open_to_a_controller_on_the_hosts_network():
    network = cluster(WEB, pods("ingress-nginx/controller", host_network=True, **dict(NGINX.labels)))
    everyone = Peers(anyone=True)
    assert arrival(SERVICE, INGRESS, CLASS, network=network, controllers=everyone).allowed == "yes"


@pytest.mark.parametrize(
    "labels",
    [
        {"gateway.networking.k8s.io/gateway-name": "edge"},
        {
            "gateway.envoyproxy.io/owning-gateway-name": "edge",
            "gateway.envoyproxy.io/owning-gateway-namespace": "infra",
        },
    ],
)
def test_pods_that_were_started_for_a_gateway_forward_its_traffic(labels):
    network = cluster(WEB, pods("infra/edge-proxy", **labels), policy("shop/deny", DENY))
    one = arrival(SERVICE, GATEWAY, ROUTE, network=network, controllers=None)
    assert names(network, one.forwarders) == ["infra/edge-proxy"]
    assert one.allowed == "no"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("[{}]", "yes"),
        ("[]", "no"),
        ("[{from: [{podSelector: {}}]}]", "no"),
        ("[{from: [{ipBlock: {cidr: 8.8.0.0/16}}]}]", "partly"),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}], ports: [{port: http}]}]", "yes"),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}], ports: [{port: 80}]}]", "no"),
    ],
)
def test_a_load_balancer_brings_the_internet(rules, allowed):
    spec = f"{{podSelector: {{}}, policyTypes: [Ingress], ingress: {rules}}}"
    assert arrival(LOAD_BALANCER, network=cluster(WEB, policy("shop/rule", spec))).allowed == allowed


def test_a_load_balancer_may_be_restricted_to_some_addresses():
    restricted = LOAD_BALANCER.replace("spec: {", "spec: {loadBalancerSourceRanges: [8.8.8.0/24], ")
    spec = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 8.8.0.0/16}}]}]}"
    assert arrival(restricted, network=cluster(WEB, policy("shop/rule", spec))).allowed == "yes"
