"""What the controller counts while it works, with the names that dashboards of controllers know.

Of controller-runtime: https://book.kubebuilder.io/reference/metrics-reference; of client-go's work queue and
REST client: https://pkg.go.dev/k8s.io/component-base/metrics/prometheus. What can be read off when
somebody asks is in `state_metrics`.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from registry.cluster.guarded import Call
from registry.cluster.requests import verb_of
from registry.controller.tallies import Count, Counts, Durations, Histograms
from registry.planning.objects import Key, is_namespace

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody draws

CONTROLLERS: Final = ("workload", "namespace")
QUEUE: Final = "keys"
"""The label `name` of the one queue."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_QUEUE_SECONDS: Final = tuple(1e-8 * 10**power for power in range(12))
"""client-go's buckets for its queues."""

RECONCILES = Counts(
    "controller_runtime_reconcile_total", "Reconciled keys by result.", ["controller", "result"]
)
RECONCILE_ERRORS = Counter(
    "controller_runtime_reconcile_errors_total", "Reconciles that failed.", ["controller"]
)
RECONCILE_PANICS = Counter(
    "controller_runtime_reconcile_panics_total", "Reconciles that a defect ended.", ["controller"]
)
RECONCILE_SECONDS = Histograms(
    "controller_runtime_reconcile_time_seconds", "Time per reconcile.", ["controller"], _SECONDS
)
MAX_RECONCILES = Gauge(
    "controller_runtime_max_concurrent_reconciles", "Keys worked on at once, at most.", ["controller"]
)

ADDS = Counts("workqueue_adds_total", "Keys added to the queue.", ["name"]).labels(QUEUE)
RETRIES = Counter("workqueue_retries_total", "Keys added again after a failure.", ["name"]).labels(QUEUE)
QUEUE_SECONDS = Histograms(
    "workqueue_queue_duration_seconds", "Time that a key waits.", ["name"], _QUEUE_SECONDS
).labels(QUEUE)
WORK_SECONDS = Histograms(
    "workqueue_work_duration_seconds", "Time that a key is worked on.", ["name"], _QUEUE_SECONDS
).labels(QUEUE)

REQUESTS = Counts("rest_client_requests_total", "Calls to the API server.", ["code", "method", "host"])
REQUEST_SECONDS = Histograms(
    "rest_client_request_duration_seconds",
    "Time per call, to the end of its answer.",
    ["verb", "host"],
    _SECONDS,
)
API_CALLS = Counts("netpol_registry_api_calls_total", "Calls to the API server.", ["verb", "code"])

WRITES = Counts("netpol_registry_policy_writes_total", "Writes of generated policies.", ["action", "result"])
POLICY_SECONDS = Histograms(
    "netpol_registry_label_to_policy_seconds",
    "From the news of a change to the new policy's creation.",
    [],
    _SECONDS,
).labels()
REPAIR_SECONDS = Histograms(
    "netpol_registry_repair_seconds",
    "From the news that a policy was edited or deleted to its repair.",
    [],
    _SECONDS,
).labels()
SWITCH_SECONDS = Histogram(
    "netpol_registry_switch_window_seconds",
    "From the first to the last write when a namespace is enabled or disabled.",
    ["action"],
    buckets=_SECONDS,
)
FLAGGED = Gauge(
    "netpol_registry_templates_flagged", "Templates whose entry in the ConfigMap is not valid.", ["flag"]
)
STORE_BYTES = Gauge("netpol_registry_store_bytes", "Bytes of values in the template ConfigMap.")
ROLLOUT_USERS = Counter(
    "netpol_registry_rollout_users_total",
    "Users that rollouts dealt with, by what became of them.",
    ["result"],
)
REVISIONS = Gauge("netpol_registry_revisions", "Recorded revisions of all templates.")
REVISIONS_PRUNED = Counter(
    "netpol_registry_revisions_pruned_total", "Old revisions that nobody used, deleted."
)

for _controller in CONTROLLERS:  # from the start, or a rate would miss the first of each
    RECONCILE_ERRORS.labels(_controller)
    RECONCILE_PANICS.labels(_controller)
    for _result in ("success", "error"):
        RECONCILES.labels(_controller, _result)


def controller_of(key: Key) -> str:
    """The label `controller` of what is done for `key`."""
    return "namespace" if is_namespace(key) else "workload"


class CallCounter:
    """Counts calls to one API server; what is looked up once for each kind of call is kept."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._kinds: dict[tuple[str, str, int], tuple[Count, Count, Durations]] = {}

    def count(self, call: Call) -> None:
        """Count one call."""
        verb = verb_of(call.method, call.path, watch=call.watch)
        requests, calls, seconds = self._kinds.get((verb, call.method, call.code)) or self._kind(verb, call)
        requests.inc()
        calls.inc()
        seconds.observe(call.seconds)

    def _kind(self, verb: str, call: Call) -> tuple[Count, Count, Durations]:
        code = str(call.code or "<error>")
        kind = (
            REQUESTS.labels(code, call.method, self._host),
            API_CALLS.labels(verb, code),
            REQUEST_SECONDS.labels(call.method, self._host),
        )
        self._kinds[verb, call.method, call.code] = kind
        return kind
