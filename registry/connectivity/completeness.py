"""How far an answer can be trusted: whether anything enforces the policies, and what was not looked at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from registry.connectivity.plugins import Agent, NodeFacts, Plugin, plugins

Enforced = Literal["found", "notFound", "unknown"]
"""Whether a network plugin that enforces NetworkPolicies was found."""

Enforcement = Literal["detect", "yes", "no"]
"""What the settings say of it."""


_UNEVALUATED: Final = "Such policies are not evaluated: they may allow more than is told, or deny it."


UNREAD: Final = "Objects of this kind are not read; they may lead in from outside as well."


class ServedKind(msgspec.Struct, frozen=True, order=True):
    """A kind that is served; `objects` counts them, None where that is not known."""

    group: str
    kind: str
    objects: int | None = None


class PolicyKind(ServedKind, frozen=True, order=True):
    """A kind of policy that is not evaluated."""

    @property
    def remark(self) -> str:
        """What that means for answers."""
        if self.objects is None:
            return f"{self.kind} ({self.group}) is served; whether there are any is not known. {_UNEVALUATED}"
        return f"{self.objects} {self.kind} ({self.group}). {_UNEVALUATED}"


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """How complete answers are. `remark` says of `enforced` what to do, where that is anything.

    `unread` are kinds of objects that may lead in from outside and that are not read.
    """

    enforced: Enforced
    remark: str = ""
    plugins: tuple[Plugin, ...] = ()
    not_evaluated: tuple[PolicyKind, ...] = ()
    unread: tuple[ServedKind, ...] = ()
    blocks_match_pods: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that is missing, in sentences for a person."""
        kinds = (one.remark for one in self.not_evaluated if one.objects != 0)
        unread = (f"{one.kind} ({one.group}): {UNREAD}" for one in self.unread if one.objects != 0)
        return (*([self.remark] if self.remark else ()), *kinds, *unread)


POLICY_KINDS: Final[Mapping[str, Sequence[str]]] = {
    # https://network-policy-api.sigs.k8s.io/
    "policy.networking.k8s.io": (
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
        "ClusterNetworkPolicy",
    ),
    # https://docs.cilium.io/en/stable/network/kubernetes/policy/
    "cilium.io": ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    # https://docs.tigera.io/calico/latest/reference/resources/: by its API server, or its definitions
    "projectcalico.org": ("NetworkPolicy", "GlobalNetworkPolicy"),
    "crd.projectcalico.org": ("NetworkPolicy", "GlobalNetworkPolicy"),
    # https://antrea.io/docs/main/docs/antrea-network-policy/
    "crd.antrea.io": ("NetworkPolicy", "ClusterNetworkPolicy"),
    # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html
    "networking.k8s.aws": ("ApplicationNetworkPolicy", "ClusterNetworkPolicy"),
    # https://ovn-kubernetes.io/features/network-security-controls/egress-firewall/
    "k8s.ovn.org": ("EgressFirewall",),
    # https://cloud.google.com/kubernetes-engine/docs/how-to/fqdn-network-policies
    "networking.gke.io": ("FQDNNetworkPolicy",),
    # https://github.com/k8snetworkplumbingwg/multi-networkpolicy
    "k8s.cni.cncf.io": ("MultiNetworkPolicy",),
}
"""Kinds that allow or deny connections besides NetworkPolicies, by group; none of them is evaluated."""


def is_policy_kind(group: str, kind: str) -> bool:
    """Whether this is a kind that would have to be evaluated, and is not."""
    return kind in POLICY_KINDS.get(group, ())


def completeness(
    agents: Iterable[Agent] = (),
    nodes: Iterable[NodeFacts] = (),
    policy_kinds: Iterable[PolicyKind] = (),
    *,
    setting: Enforcement = "detect",
    blocks_match_pods: bool = False,
) -> Completeness:
    """How complete answers are, as far as these facts of the cluster show."""
    found = tuple(plugins(agents, nodes))
    enforced = _enforced(found, setting)
    return Completeness(
        enforced=enforced,
        remark=_about(enforced, found, setting),
        plugins=found,
        not_evaluated=_distinct(policy_kinds),
        blocks_match_pods=blocks_match_pods,
    )


def _enforced(found: Sequence[Plugin], setting: Enforcement) -> Enforced:
    if setting != "detect":
        return "found" if setting == "yes" else "notFound"
    if any(one.enforces for one in found):
        return "found"
    return "notFound" if found and all(one.enforces is False for one in found) else "unknown"


def _about(enforced: Enforced, found: Sequence[Plugin], setting: Enforcement) -> str:
    shown = "; ".join(f"{one.name} ({one.evidence})" for one in found)
    if enforced == "found":
        return ""
    if setting == "no":
        return "The settings say that nothing enforces NetworkPolicies here: every connection is open."
    if enforced == "notFound":
        return (
            f"Nothing was found that enforces NetworkPolicies, only {shown}: every connection is open as "
            "long as that is so. Install a network plugin that enforces them; if one does, set "
            "POLICY_ENFORCEMENT to yes."
        )
    seen = f" Of {shown} it is not known." if found else ""
    return (
        f"Whether a network plugin enforces NetworkPolicies here is not known.{seen} Set POLICY_ENFORCEMENT "
        "to yes or no, if you know it."
    )


def _distinct(kinds: Iterable[PolicyKind]) -> tuple[PolicyKind, ...]:
    """In order; Calico's own API and its definitions are two ways to the same objects."""
    given = sorted(set(kinds), key=lambda one: (one.group, one.kind))
    calico = {one.kind for one in given if one.group == "projectcalico.org"}
    return tuple(one for one in given if one.group != "crd.projectcalico.org" or one.kind not in calico)
