"""The Lease by which replicas agree on who writes: its record, who may take it, reading and writing it.

The semantics of client-go's leader election: no clocks of different machines are compared. A candidate
measures by its own how long it has itself seen the lease unchanged, and takes it after its duration.
https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from registry.cluster.client import Client
from registry.cluster.errors import NotFound
from registry.cluster.resources import Resource

LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")


class Tenure(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A Lease's spec: who holds it since when, and how long after a renewal; times in RFC 3339.

    https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/
    """

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Lease(msgspec.Struct, frozen=True):
    """A Lease as the API server holds it; `metadata` is sent back as it came, for its resourceVersion."""

    metadata: dict[str, Any] = {}
    spec: Tenure = Tenure()

    @property
    def term(self) -> tuple[str, int]:
        """Which tenure it is: the same for as long as nobody else held the lease in between."""
        return self.metadata.get("uid", ""), self.spec.lease_transitions or 0


class Sight:
    """What a candidate has seen of a lease, and since when that is unchanged by its own clock."""

    def __init__(self) -> None:
        self._tenure: Tenure | None = None
        self._since = 0.0

    def look(self, tenure: Tenure, now: float) -> None:
        """See the lease as it is `now`, in seconds of a monotonic clock."""
        if tenure != self._tenure:
            self._tenure, self._since = tenure, now

    def is_free(self, identity: str, now: float) -> bool:
        """Whether `identity` may take or renew it: its own, nobody's, or not renewed for its duration."""
        return self.free_in(identity, now) <= 0

    def free_in(self, identity: str, now: float) -> float:
        """In how many seconds that will be so, unless the lease is renewed."""
        tenure = self._tenure
        if tenure is None or not tenure.holder_identity or tenure.holder_identity == identity:
            return 0
        return self._since + (tenure.lease_duration_seconds or 0) - now


def held(before: Tenure, identity: str, seconds: int, now: datetime) -> Tenure:
    """The record with which `identity` takes the lease for `seconds`, or renews it."""
    moment = _micro_time(now)
    renewed = before.holder_identity == identity
    transitions = before.lease_transitions or 0
    return Tenure(
        holder_identity=identity,
        lease_duration_seconds=seconds,
        acquire_time=before.acquire_time if renewed else moment,
        renew_time=moment,
        lease_transitions=transitions if renewed or before == Tenure() else transitions + 1,
    )


def released(before: Tenure, now: datetime) -> Tenure:
    """The record that gives the lease to whoever comes first."""
    moment = _micro_time(now)
    return Tenure(
        holder_identity="",
        lease_duration_seconds=1,
        acquire_time=moment,
        renew_time=moment,
        lease_transitions=before.lease_transitions or 0,
    )


class LeaseLock:
    """One Lease in the cluster."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self.name = name
        self._client = client
        self._namespace = namespace

    async def read(self) -> Lease | None:
        """The Lease as it is now, or None. Raises ApiError."""
        try:
            return _decode(await self._client.get(LEASES.path(self._namespace, self.name)))
        except NotFound:
            return None

    async def write(self, before: Lease | None, tenure: Tenure) -> Lease:
        """Put `tenure` in place of `before`, or create the Lease.

        Raises Conflict when it is no longer as `before`, and ApiError.
        """
        if before is None:
            path, metadata = LEASES.path(self._namespace), {"name": self.name}
            return _decode(await self._client.post(path, _body(metadata, tenure)))
        path = LEASES.path(self._namespace, self.name)
        return _decode(await self._client.put(path, _body(before.metadata, tenure)))


def _body(metadata: Mapping[str, Any], tenure: Tenure) -> Mapping[str, Any]:
    kept = {name: value for name, value in metadata.items() if name != "managedFields"}
    return {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": kept, "spec": tenure}


_decode = msgspec.json.Decoder(Lease).decode


def _micro_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
