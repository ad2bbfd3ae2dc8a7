"""Settings, read once from the environment (`NETPOL_REGISTRY_*`) by each process."""

import typing
from collections.abc import Mapping
from typing import Annotated

import msgspec

from registry.connectivity.completeness import Enforcement
from registry.model.addresses import parse_cidr
from registry.model.facts import check_fact

PREFIX = "NETPOL_REGISTRY_"

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[int, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(gt=0)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]

_REQUIREMENT = r"(!?[\w./-]+|[\w./-]+\s*(=|==|!=)\s*[\w.-]*|[\w./-]+\s+(in|notin)\s*\([\w., -]*\))"
LabelSelector = Annotated[str, msgspec.Meta(pattern=rf"^({_REQUIREMENT}(\s*,\s*{_REQUIREMENT})*)?$")]
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"""


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable and says what to write."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of both processes; each field's variable is its name in capitals after the prefix."""

    store_namespace: Name = "netpol-registry"
    """Namespace of the template ConfigMap and its revisions; never managed itself."""

    store_name: Name = "netpol-templates"
    """Name of the global ConfigMap of templates."""

    namespace_selector: LabelSelector = ""
    """Label selector of the namespaces that this installation looks at; empty means all."""

    excluded_namespaces: tuple[str, ...] = ("kube-system", "kube-public", "kube-node-lease")
    """Namespaces that no label and no call can enable, besides the store's own. Comma-separated."""

    facts: Mapping[str, object] = {}
    """Cluster facts as a JSON object, such as {"cluster.dns": [...]}; they go before what is detected."""

    pod_ranges: tuple[str, ...] = ()
    """The cluster's pod CIDRs, in the place of those that Nodes tell. Comma-separated."""

    policy_enforcement: Enforcement = "detect"
    """Whether the network plugin enforces policies: `yes` or `no` go before what is detected."""

    history_limit: Positive = 50
    """How many revisions of each template are kept at least; those in use are kept besides."""

    orphan_grace_seconds: Seconds = 3600
    """How long a policy whose workload was orphan-deleted stays before it is removed."""

    writes_in_flight: Positive = 32
    """How many writes to the API server may be under way at once."""

    watch_silence_seconds: Fraction = 75
    """A watch on which nothing came for so long is begun anew. The API server sends something each minute."""

    lease_name: Name = "netpol-registry-controller"
    """Name of the Lease, in the store's namespace, by which the controller's replicas agree on who writes."""

    lease_seconds: Positive = 15
    """How long a lease lasts after its renewal: after a kill, another takes over so long after it saw one."""

    lease_renew_seconds: Fraction = 10
    """A leader that could not renew for so long stops writing; less than the lease's own time."""

    lease_retry_seconds: Fraction = 2
    """How often the lease is renewed, or looked at by those who wait for it; less than the time to renew."""

    event_interval_seconds: Seconds = 3600
    """A standing problem is reported by an Event at most this often."""

    host: str = "0.0.0.0"  # noqa: S104 (a service in a pod listens on its pod's address)
    """Address that the HTTP service and the controller's probes listen on."""

    port: Port = 8080
    """Port of the HTTP service."""

    controller_port: Port = 8081
    """Port of the controller's probes and metrics."""

    workers: Positive = 1
    """Worker processes of the HTTP service; each holds its own watched copy of the store."""

    threads: Positive = 32
    """Threads of each worker process."""

    auth_cache_seconds: Seconds = 10
    """How long the API server's answers about callers (who, and whether allowed) are reused."""

    log_level: typing.Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; unset variables take the default. Raises SettingsError."""
    hints = typing.get_type_hints(Settings, include_extras=True)
    known = {PREFIX + name.upper(): name for name in hints}
    if unknown := sorted(key for key in environment if key.startswith(PREFIX) and key not in known):
        raise SettingsError(f"{unknown[0]} is not a setting. Known: {', '.join(sorted(known))}.")
    values = {
        name: _read(key, environment[key], hints[name]) for key, name in known.items() if key in environment
    }
    for block in values.get("pod_ranges", ()):
        if parse_cidr(block) is None:
            raise SettingsError(
                f"{PREFIX}POD_RANGES cannot be used: {block!r} is no block such as 10.244.0.0/16."
            )
    if "facts" in values:
        values["facts"] = _checked_facts(values["facts"])
    return _checked_lease(Settings(**values))


def _read(key: str, text: str, hint: typing.Any) -> typing.Any:  # noqa: ANN401 (any field's type)
    origin = typing.get_origin(hint)
    value: object = text
    try:
        if origin is tuple:
            value = [part.strip() for part in text.split(",") if part.strip()]
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            value = msgspec.json.decode(text)
        return msgspec.convert(value, hint, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SettingsError(f"{key}={text!r} cannot be used: {error}.") from error


def _checked_facts(facts: Mapping[str, object]) -> Mapping[str, object]:
    problems = [problem for name, value in facts.items() for problem in check_fact(name, value, f"/{name}")]
    if problems:
        raise SettingsError(f"{PREFIX}FACTS cannot be used: {problems[0]}")
    return facts


def _checked_lease(settings: Settings) -> Settings:
    """https://pkg.go.dev/k8s.io/client-go/tools/leaderelection#LeaderElectionConfig has the same rules."""
    if settings.lease_renew_seconds >= settings.lease_seconds:
        raise SettingsError(
            f"{PREFIX}LEASE_RENEW_SECONDS must be less than {PREFIX}LEASE_SECONDS ({settings.lease_seconds})."
        )
    if settings.lease_retry_seconds >= settings.lease_renew_seconds:
        raise SettingsError(
            f"{PREFIX}LEASE_RETRY_SECONDS must be less than {PREFIX}LEASE_RENEW_SECONDS "
            f"({settings.lease_renew_seconds:g})."
        )
    return settings
