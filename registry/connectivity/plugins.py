"""Network plugins that are known: what runs of each in a cluster, and whether that enforces NetworkPolicies.

What is not in this table is never guessed. Its sources are the projects' own manifests and docs, named at
each. Whether what runs works on every node is not seen from here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec


class AgentContainer(msgspec.Struct, frozen=True, gc=False):
    """A container of an agent: `words` are its command and arguments."""

    name: str
    image: str = ""
    words: tuple[str, ...] = ()


class Agent(msgspec.Struct, frozen=True, gc=False):
    """A DaemonSet, as network plugins run on nodes by one."""

    namespace: str
    name: str
    containers: tuple[AgentContainer, ...] = ()


class NodeFacts(msgspec.Struct, frozen=True, gc=False):
    """A Node: its kubelet's version, and the arguments that k3s was started with there."""

    name: str
    version: str = ""
    k3s_arguments: tuple[str, ...] = ()


class Plugin(msgspec.Struct, frozen=True):
    """A plugin that was found, and by what; `enforces` is None where it depends on what is not seen."""

    name: str
    enforces: bool | None
    evidence: str


_Judge = Callable[[Agent], tuple[bool | None, str]]
"""Whether an agent enforces, and what shows it."""


def _always(_: Agent) -> tuple[bool, str]:
    return True, ""


def _with_container(name: str) -> _Judge:
    def judge(agent: Agent) -> tuple[bool, str]:
        has = any(one.name == name for one in agent.containers)
        return has, f"{'with' if has else 'without'} the container {name}"

    return judge


def _flag(agent: Agent, name: str) -> str | None:
    """The last value of a flag of any container; `true` where it stands alone, None where it does not."""
    found = None
    for word in (word for one in agent.containers for word in one.words):
        given, equals, value = word.partition("=")
        if given.lstrip("-") == name and given.startswith("-"):
            found = value if equals else "true"
    return found


def _aws(agent: Agent) -> tuple[bool, str]:
    """The agent is always installed; the flag, by default false, makes it enforce."""
    given = _flag(agent, "enable-network-policy")
    return given == "true", f"--enable-network-policy={given}" if given else "without --enable-network-policy"


def _kube_router(agent: Agent) -> tuple[bool, str]:
    """Without the flag its firewall runs: https://www.kube-router.io/docs/user-guide/."""
    given = _flag(agent, "run-firewall")
    return given != "false", f"--run-firewall={given}" if given else ""


_DATED: Final = re.compile(r"kindnetd:v(\d{8})\b")
_NUMBERED: Final = re.compile(r"kindnetd?:v(\d+)\.(\d+)")
_KIND_ENFORCES_SINCE: Final = 20240813
"""The image of kind v0.24.0, the first one that enforces."""


def _kindnet(agent: Agent) -> tuple[bool | None, str]:
    """The image of kind bears a date as its version; kindnet by itself enforces since v1.3.0."""
    for one in agent.containers:
        image = one.image.rpartition("/")[2]
        if dated := _DATED.search(image):
            return int(dated[1]) >= _KIND_ENFORCES_SINCE, f"image {image}"
        if numbered := _NUMBERED.search(image):
            return (int(numbered[1]), int(numbered[2])) >= (1, 3), f"image {image}"
    return None, "of an unknown version"


class Known(msgspec.Struct, frozen=True):
    """One product: the names of its DaemonSets, and how to tell whether it enforces.

    A name is anybody's to choose, so it counts in kube-system and in the product's own `namespaces`, where
    admins alone write.
    """

    name: str
    daemon_sets: tuple[str, ...]
    judge: _Judge = _always
    namespaces: tuple[str, ...] = ()


KNOWN: Final = (
    # https://docs.tigera.io/calico/latest/reference/configure-calico-node
    Known("Calico", ("calico-node", "calico-node-windows"), namespaces=("calico-system",)),
    # https://docs.tigera.io/calico/latest/getting-started/kubernetes/flannel/install-for-flannel
    Known("Canal", ("canal", "rke2-canal")),
    # https://docs.cilium.io/en/stable/network/kubernetes/policy/
    Known("Cilium", ("cilium",), namespaces=("cilium",)),
    # https://cloud.google.com/kubernetes-engine/docs/concepts/dataplane-v2
    Known("GKE Dataplane V2", ("anetd",)),
    # https://antrea.io/docs/main/docs/getting-started/
    Known("Antrea", ("antrea-agent", "antrea-agent-windows")),
    # https://www.kube-router.io/docs/user-guide/
    Known("kube-router", ("kube-router",), _kube_router),
    # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html
    Known("Amazon VPC CNI", ("aws-node",), _aws),
    # https://github.com/Azure/azure-container-networking/blob/master/docs/npm.md
    Known("Azure Network Policy Manager", ("azure-npm", "azure-npm-win")),
    # https://ovn-kubernetes.io/features/network-security-controls/network-policy/
    Known("OVN-Kubernetes", ("ovnkube-node",), namespaces=("openshift-ovn-kubernetes", "ovn-kubernetes")),
    # https://kubeovn.github.io/docs/stable/en/reference/setup-options/ (ENABLE_NP is true by default)
    Known("Kube-OVN", ("kube-ovn-cni",)),
    # https://github.com/weaveworks/weave/blob/master/site/kubernetes/kube-addon.md
    Known("Weave Net", ("weave-net",), _with_container("weave-npc")),
    # https://kubernetes.io/docs/tasks/administer-cluster/network-policy-provider/romana-network-policy/
    Known("Romana", ("romana-agent",)),
    # https://kube-network-policies.sigs.k8s.io/
    Known("kube-network-policies", ("kube-network-policies",)),
    # https://github.com/kubernetes-sigs/kind/releases/tag/v0.24.0, https://kindnet.es/docs/user/network-policies
    Known("kindnet", ("kindnet",), _kindnet),
    # https://github.com/flannel-io/flannel/blob/master/chart/kube-flannel/templates/daemonset.yaml
    Known(
        "flannel",
        ("kube-flannel-ds", "kube-flannel"),
        _with_container("kube-network-policies"),
        namespaces=("kube-flannel",),
    ),
)

_SYSTEM: Final = "kube-system"
_BY_NAME: Final = {name: known for known in KNOWN for name in known.daemon_sets}


def is_known(namespace: str, name: str) -> bool:
    """Whether a DaemonSet of this name, there, is one of a network plugin that is known."""
    known = _BY_NAME.get(name)
    return known is not None and (namespace == _SYSTEM or namespace in known.namespaces)


def plugins(agents: Iterable[Agent], nodes: Iterable[NodeFacts]) -> Iterator[Plugin]:
    """The plugins that agents on the nodes, and the nodes themselves, show."""
    for agent in sorted(agents, key=lambda one: (one.namespace, one.name)):
        if is_known(agent.namespace, agent.name):
            known = _BY_NAME[agent.name]
            enforces, shown = known.judge(agent)
            evidence = f"DaemonSet {agent.name} in {agent.namespace}" + (f", {shown}" if shown else "")
            yield Plugin(known.name, enforces, evidence)
    yield from _k3s(sorted(nodes, key=lambda one: one.name))


def _k3s(nodes: Iterable[NodeFacts]) -> Iterator[Plugin]:
    """k3s has kube-router's policy controller in itself, unless a server is told to leave it out.

    https://docs.k3s.io/networking/networking-services#network-policy-controller
    """
    found = [node for node in nodes if "+k3s" in node.version]
    if not found:
        return
    without = next((node for node in found if _is_disabled(node.k3s_arguments)), None)
    if without:
        yield Plugin(
            "k3s", enforces=False, evidence=f"Node {without.name}: k3s with --disable-network-policy"
        )
    else:
        yield Plugin("k3s", enforces=True, evidence=f"Node {found[0].name}: {found[0].version}")


def _is_disabled(arguments: tuple[str, ...]) -> bool:
    for place, word in enumerate(arguments):
        flag, equals, value = word.partition("=")
        if flag == "--disable-network-policy":
            value = value if equals else next(iter(arguments[place + 1 :]), "true")
            return value != "false"
    return False
