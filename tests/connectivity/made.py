"""Small clusters in a few words, for tests of what is told of them."""

from typing import Any

import yaml

from registry.connectivity.network import Network
from registry.connectivity.objects import Origin, PodGroup, PodKey, Policy
from registry.connectivity.podsets import PodSet
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.objects import Key
from registry.planning.pods import Port


def key(path: str) -> PodKey:
    """The pods of the Deployment `namespace/name`."""
    namespace, _, name = path.partition("/")
    return PodKey(Key("apps", "Deployment", namespace, name))


def pods(path: str, *ports: Port, host_network: bool = False, **labels: str) -> PodGroup:
    """The pods of a Deployment with `app: <name>` and these labels."""
    name = path.partition("/")[2]
    found = tuple(sorted({"app": name, **labels}.items()))
    return PodGroup(key=key(path), labels=found, ports=frozenset(ports), host_network=host_network)


def policy(path: str, spec: str, template: str = "", subject: str = "") -> Policy:
    """A policy from its spec as YAML; generated when it has a template, of a workload or of its namespace."""
    namespace, _, name = path.partition("/")
    on = key(subject).workload if subject else Key("", "Namespace", namespace, namespace)
    origin = Origin(template, 1, on) if template else None
    return Policy(namespace=namespace, name=name, spec=written(yaml.safe_load(spec)), origin=origin)


def written(spec: Any) -> bytes:
    """A spec as the engine is given it."""
    return canonical(normalise_spec(spec))


def cluster(*objects: PodGroup | Policy, namespaces: dict[str, dict[str, str]] | None = None) -> Network:
    """A network of these."""
    network = Network()
    for name, labels in (namespaces or {}).items():
        network.put_namespace(name, labels)
    for one in objects:
        if isinstance(one, Policy):
            network.put_policy(one)
        else:
            network.put_pods(one)
    return network


def names(network: Network, some: PodSet) -> list[str]:
    """The pods of a set as `namespace/name`, in order."""
    found = (one.group.key.workload for one in network.pods_in(some))
    return sorted(f"{one.namespace}/{one.name}" for one in found)
