"""All findings of a network."""

from collections.abc import Sequence

from registry.connectivity.findings.drafts import Draft, Finding, findings_of
from registry.connectivity.findings.matching import Absent, selects_nothing, unresolved
from registry.connectivity.findings.one_sided import one_sided
from registry.connectivity.findings.standing import duplicates, undone
from registry.connectivity.findings.widened import widened
from registry.connectivity.flows import Flows
from registry.connectivity.network import Network


def findings(network: Network, flows: Flows, *, whole: bool = True) -> Sequence[Finding]:
    """All findings, worst first, as of `drafts`."""
    return findings_of(drafts(network, flows, whole=whole))


def drafts(network: Network, flows: Flows, *, whole: bool = True) -> tuple[Draft, ...]:
    """What all checks find, one by one; `flows` are of this network alone.

    `whole` tells that all workloads of the cluster are in the network: else nothing is said of selectors for
    namespaces of which no workload is known.
    """
    return (
        *undone(network),
        *duplicates(network),
        *selects_nothing(network),
        *Absent(network, whole=whole).drafts(),
        *unresolved(network, flows.members[0]),
        *one_sided(network, flows),
        *widened(network),
    )
