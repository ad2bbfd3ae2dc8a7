"""What the engine is told: pods that are alike, and policies with where they come from."""

from typing import NamedTuple

import msgspec

from registry.planning.objects import Key
from registry.planning.pods import Port


class PodKey(NamedTuple):
    """Some pods of one workload; `variant`, nearly always empty, tells apart those that policies may."""

    workload: Key
    variant: str = ""

    @property
    def namespace(self) -> str:
        """Where they run."""
        return self.workload.namespace

    def __str__(self) -> str:
        name = self.workload.name if self.workload.kind == "Pod" else self.workload.kind_name
        return f"{self.namespace}/{name}" + (f" ({self.variant})" if self.variant else "")


class PodGroup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Pods of one workload that bear the same labels and declare the same ports.

    `addresses` are as many as are known; `pods` how many there are, None where nobody counted.
    """

    key: PodKey
    labels: tuple[tuple[str, str], ...] = ()
    ports: frozenset[Port] = frozenset()
    addresses: tuple[str, ...] = ()
    host_network: bool = False
    pods: int | None = None


class PolicyKey(NamedTuple):
    """Which NetworkPolicy."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a generated policy comes from: the reference on `subject`, of a template at a revision."""

    template: str
    revision: int
    subject: Key


class Policy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A NetworkPolicy: `spec` is canonical JSON of the normalised spec; an unmanaged one has no origin."""

    namespace: str
    name: str
    spec: bytes
    origin: Origin | None = None

    @property
    def key(self) -> PolicyKey:
        """Its namespace and name."""
        return PolicyKey(self.namespace, self.name)
