"""From watched objects to those of the connectivity engine. Pure."""

from collections.abc import Iterator
from typing import Final

from registry import contract
from registry.connectivity.objects import Origin, PodGroup, PodKey, Policy
from registry.connectivity.rules import ReadPolicy
from registry.connectivity.selectors import Selector
from registry.planning.names import owner_key, template_of
from registry.planning.objects import Key, LivePolicy, Workload
from registry.planning.pods import Pods

LABELS_OF_PODS: Final = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)
"""Labels that controllers and the API server put on pods themselves, so that no pod template bears them.

https://kubernetes.io/docs/reference/labels-annotations-taints/
"""


def group_of(workload: Workload | None) -> PodGroup | None:
    """The pods of a workload, as its template says them; None where none are known."""
    if workload is None or workload.pods is None:
        return None
    return group_with(workload.key, workload.pods)


def group_with(key: Key, pods: Pods) -> PodGroup:
    """Such pods of a workload."""
    return PodGroup(key=PodKey(key), labels=pods.labels, ports=pods.ports, host_network=pods.host_network)


def policy_of(live: LivePolicy) -> Policy:
    """A NetworkPolicy with where it comes from."""
    return Policy(namespace=live.namespace, name=live.name, spec=live.spec, origin=origin_of(live))


def origin_of(live: LivePolicy) -> Origin | None:
    """The reference that generated a policy, None for an unmanaged one; revision 0 where it does not say."""
    subject = owner_key(live)
    if subject is None:
        return None
    revision = live.labels.get(contract.REVISION_LABEL, "")
    return Origin(
        template_of(live), int(revision) if revision.isascii() and revision.isdigit() else 0, subject
    )


def labels_of_pods(read: ReadPolicy) -> tuple[str, ...]:
    """The labels that a policy asks pods for and that no template tells, in order."""
    keys = {one.key for selector in _pod_selectors(read) for one in selector}
    return tuple(sorted(keys & LABELS_OF_PODS))


def _pod_selectors(read: ReadPolicy) -> Iterator[Selector]:
    yield read.pods
    for rule in (*(read.ingress or ()), *(read.egress or ())):
        for term in rule.peers.terms:
            yield term.pods
