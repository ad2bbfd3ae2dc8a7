"""Metrics of the controller, with controller-runtime's names where it has one."""

from prometheus_client import Counter, Gauge, Histogram

RECONCILES = Counter("controller_runtime_reconcile", "Reconciled keys by result.", ["controller", "result"])
RECONCILE_SECONDS = Histogram(
    "controller_runtime_reconcile_time_seconds", "Time per reconciled key.", ["controller"]
)
QUEUE_DEPTH = Gauge("workqueue_depth", "Keys waiting to be reconciled.", ["name"])
FAILING = Gauge("netpol_registry_keys_failing", "Keys that failed last time and wait to be tried again.")
WRITES = Counter("netpol_registry_policy_writes", "Writes of generated policies.", ["action", "result"])
PENDING = Gauge("netpol_registry_references_pending", "References that cannot be applied now.", ["reason"])
POLICIES = Gauge("netpol_registry_policies", "Generated policies in the watched copy.")
WATCH_RESTARTS = Gauge("netpol_registry_watch_restarts", "How often a watch was begun again.", ["path"])
EVENTS_DROPPED = Gauge("netpol_registry_events_dropped", "Events that could not be written.")
FLAGGED = Gauge(
    "netpol_registry_templates_flagged", "Templates whose entry in the ConfigMap is not valid.", ["flag"]
)
STORE_BYTES = Gauge("netpol_registry_store_bytes", "Bytes of values in the template ConfigMap.")
ROLLOUT_USERS = Counter(
    "netpol_registry_rollout_users", "Users that rollouts dealt with, by what became of them.", ["result"]
)
REVISIONS = Gauge("netpol_registry_revisions", "Recorded revisions of all templates.")
REVISIONS_PRUNED = Counter("netpol_registry_revisions_pruned", "Old revisions that nobody used, deleted.")
READY = Gauge("netpol_registry_ready", "Whether each readiness check passes.", ["check"])
