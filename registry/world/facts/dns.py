"""`cluster.dns`: the pods behind the cluster's DNS Service, and the caches on the nodes. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from registry.cluster.facts import NodeCache, Service
from registry.contract import NAME_LABEL
from registry.model.facts import DEFAULT_FACTS, DNS
from registry.planning.objects import Key
from registry.world.facts.known import Found, address_peer

NAMESPACE: Final = "kube-system"
SELECTOR: Final = {"labelSelector": "k8s-app=kube-dns"}
"""Of the Service, whatever server is behind it: CoreDNS has kept the label.

https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/
"""

LOCAL_ADDRESS: Final = "169.254.20.10"
"""Where NodeLocal DNSCache listens unless told otherwise.

https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
"""


def cluster_dns(services: Iterable[Service], caches: Iterable[NodeCache]) -> Found:
    """The peers of the cluster's DNS: pods by the Services' selectors, addresses of caches on the nodes.

    A Service without a selector says nothing: its peer would be all of kube-system. With caches alone the
    default stands for the pods, which caches ask in turn.
    """
    serving = sorted((one for one in services if one.selector), key=lambda one: one.name)
    local = sorted(caches, key=lambda one: one.name)
    if not serving and not local:
        return Found()
    pods: Any = [_pods(one.selector) for one in serving] or DEFAULT_FACTS[DNS]
    return Found(
        value=_distinct([*pods, *(peer for cache in local for peer in _cache_peers(cache))]),
        sources=(
            *(Key("", "Service", one.namespace, one.name) for one in serving),
            *(Key("apps", "DaemonSet", one.namespace, one.name) for one in local),
        ),
    )


def _pods(labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {NAME_LABEL: NAMESPACE}},
        "podSelector": {"matchLabels": dict(labels)},
    }


def _cache_peers(cache: NodeCache) -> Iterator[dict[str, Any]]:
    """Its addresses on the host's network; else, as with a redirect policy of Cilium, its pods.

    https://docs.cilium.io/en/stable/network/kubernetes/local-redirect-policy/#node-local-dns-cache
    """
    if not cache.host_network:
        yield _pods(cache.labels)
        return
    yield from map(address_peer, cache.addresses or (LOCAL_ADDRESS,))


def _distinct(peers: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for peer in peers:
        if peer not in found:
            found.append(peer)
    return found
