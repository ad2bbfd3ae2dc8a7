"""What can be read off the controller when somebody asks for metrics: nothing of it costs a reconcile.

Series come and go with what they count, so there are never more of them than templates and revisions in use.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from registry import contract
from registry.controller.metrics import CONTROLLERS, QUEUE
from registry.controller.queue import KeyQueue
from registry.controller.term import Term
from registry.planning.names import bears_mark
from registry.planning.objects import Key
from registry.world.world import World

Family = TypeVar("Family", CounterMetricFamily, GaugeMetricFamily)

Pending = Mapping[Key, Mapping[str, str]]
"""Reasons by template, of the references of each key that cannot be applied now."""


class Observed(Protocol):
    """A controller as its metrics see it."""

    @property
    def world(self) -> World:
        """The watched cluster."""

    @property
    def term(self) -> Term | None:
        """What writes now; None while another replica leads."""

    @property
    def lease_name(self) -> str:
        """Name of the Lease that says who leads."""

    def checks(self) -> Mapping[str, str]:
        """What is wrong, by readiness check."""

    def left_out(self) -> Mapping[str, str]:
        """Kinds of workloads that are left out, with the reason."""

    def watch_restarts(self) -> Mapping[str, int]:
        """How often each watch was begun again, by path."""


class StateMetrics(Collector):
    """Made anew for each scrape. What only the leader knows, a standby does not tell."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    def collect(self) -> Iterable[Metric]:
        """All families."""
        observed, term = self._observed, self._observed.term
        leads = GaugeMetricFamily(
            "leader_election_master_status", "Whether this replica leads.", labels=["name"]
        )
        yield _filled(leads, {(observed.lease_name,): int(term is not None)})
        ready = GaugeMetricFamily(
            "netpol_registry_ready", "Whether each readiness check passes.", labels=["check"]
        )
        yield _filled(ready, {(name,): int(not problem) for name, problem in observed.checks().items()})
        left_out = GaugeMetricFamily(
            "netpol_registry_kinds_left_out",
            "Kinds of workloads that may not be listed or are not served.",
            labels=["kind", "reason"],
        )
        yield _filled(left_out, dict.fromkeys(observed.left_out().items(), 1))
        restarts = CounterMetricFamily(
            "netpol_registry_watch_restarts_total", "How often a watch was begun again.", labels=["path"]
        )
        yield _filled(restarts, {(path,): count for path, count in observed.watch_restarts().items()})
        if term:
            yield from queue_families(term.queue)
            yield from world_families(observed.world, term.pending)
            yield CounterMetricFamily(
                "netpol_registry_events_dropped_total", "Events not written.", value=term.events_dropped
            )


def queue_families(queue: KeyQueue) -> Iterator[Metric]:
    """What waits and what is worked on, with the names of client-go's work queue."""
    name = ["name"]
    working = queue.working_seconds()
    seconds = [spent for _, spent in working]
    depth = GaugeMetricFamily("workqueue_depth", "Keys waiting to be reconciled.", labels=name)
    yield _filled(depth, {(QUEUE,): len(queue)})
    unfinished = GaugeMetricFamily(
        "workqueue_unfinished_work_seconds", "Time spent on keys that are worked on.", labels=name
    )
    yield _filled(unfinished, {(QUEUE,): sum(seconds)})
    longest = GaugeMetricFamily(
        "workqueue_longest_running_processor_seconds", "The longest of these.", labels=name
    )
    yield _filled(longest, {(QUEUE,): max(seconds, default=0)})
    active = GaugeMetricFamily(
        "controller_runtime_active_workers", "Keys worked on now.", labels=["controller"]
    )
    counts = Counter(controller for controller, _ in working)
    yield _filled(active, {(controller,): counts[controller] for controller in CONTROLLERS})
    yield GaugeMetricFamily(
        "netpol_registry_keys_failing", "Keys that failed and wait to be tried again.", value=queue.failing
    )


def world_families(world: World, pending: Pending) -> Iterator[Metric]:
    """How references stand, and which revisions their policies are of."""
    reasons: Counter[tuple[str, ...]] = Counter(
        (reason,) for of_key in pending.values() for reason in of_key.values()
    )
    waiting = GaugeMetricFamily(
        "netpol_registry_references_pending", "References that cannot be applied now.", labels=["reason"]
    )
    yield _filled(waiting, reasons)
    states = {**_in_force(world, pending), ("pending",): reasons.total()}
    references = GaugeMetricFamily(
        "netpol_registry_references", "References by how they stand.", labels=["state"]
    )
    yield _filled(references, states)
    policies = GaugeMetricFamily(
        "netpol_registry_policies", "Generated policies.", labels=["template", "revision"]
    )
    yield _filled(policies, _policies(world))


def _in_force(world: World, pending: Pending) -> dict[tuple[str, ...], int]:
    counts = {"current": 0, "outdated": 0}
    entries = world.catalogue.entries
    for key, of_key in world.applied.items():
        for template in of_key.keys() - pending.get(key, {}).keys():
            entry = entries.get(template)
            old = entry is not None and of_key[template].revision < entry.head
            counts["outdated" if old else "current"] += 1
    return {(state,): count for state, count in counts.items()}


def _policies(world: World) -> Counter[tuple[str, ...]]:
    """By what their labels say; labels edited to name no recorded revision make no series."""
    counts: Counter[tuple[str, ...]] = Counter()
    for policy in world.policies:
        if bears_mark(policy):
            borne = (
                policy.labels.get(contract.TEMPLATE_LABEL, ""),
                policy.labels.get(contract.REVISION_LABEL, ""),
            )
            counts[borne] += 1
    entries = world.catalogue.entries
    recorded = {(name, str(number)) for name, entry in entries.items() for number in entry.revisions}
    return Counter({borne: count for borne, count in counts.items() if borne in recorded})


def _filled(family: Family, values: Mapping[tuple[str, ...], float]) -> Family:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
