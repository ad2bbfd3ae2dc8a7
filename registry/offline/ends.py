"""What a text such as `shop/web`, `shop/deployment/web` or `10.0.0.1` stands for. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple, NoReturn

import msgspec

from registry.cluster.resources import BUILT_IN_WORKLOADS
from registry.connectivity.addresses import address_of
from registry.connectivity.explain import Explanation, explain
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey
from registry.connectivity.verdict import Peer, Verdict, verdict
from registry.offline.state import State

MOST_NAMED: Final = 8
"""Names that an error lists."""

_SHORT: Final = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "rs": "replicaset"} | {
    "rc": "replicationcontroller",
    "po": "pod",
    "cj": "cronjob",
}
"""Those of kubectl: https://kubernetes.io/docs/reference/kubectl/#resource-types"""
_PLURALS: Final = {one.plural: one.kind.lower() for one in BUILT_IN_WORKLOADS}
_FORMS: Final = "Write namespace/name, namespace/kind/name, or an IP address."


class Unresolved(ValueError):
    """A text that stands for nothing or for several things; what it says tells what to write."""


class End(NamedTuple):
    """One end of a connection; `pod` is the name of the one pod that is meant, empty for any of its group."""

    peer: Peer
    pod: str = ""


class Asked(NamedTuple):
    """One connection that is asked about."""

    source: End
    destination: End
    protocol: str
    port: int

    @property
    def itself(self) -> bool:
        """Whether both ends are the same pod, by name."""
        return bool(self.source.pod) and self.source == self.destination


class Ends:
    """Finds what is meant in one state; it remembers what it found."""

    def __init__(self, state: State) -> None:
        self._network = state.network
        self._known: dict[str, End] = {}
        self._workloads: defaultdict[tuple[str, str], list[PodKey]] = defaultdict(list)
        self._pods = state.pods
        for pods in state.network.all_pods():
            key = pods.group.key
            self._workloads[key.namespace, key.workload.name].append(key)
        self._at = _by_address(state)

    def end(self, text: str) -> End:
        """The pods or the address meant. Raises Unresolved.

        An address that a pod has is that pod: what it sends and receives is its own.
        """
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._address(text) or self._named(text)
        return found

    def asked(self, source: str, destination: str, protocol: str, port: int) -> Asked:
        """The connection meant. Raises Unresolved."""
        found = Asked(self.end(source), self.end(destination), protocol, port)
        if isinstance(found.source.peer, int) and isinstance(found.destination.peer, int):
            raise Unresolved(
                f"{source} and {destination} are both outside of the cluster, where no NetworkPolicy has a "
                "say. Name a pod or a workload at one end."
            )
        return found

    def workloads(self, text: str) -> list[PodKey]:
        """The workload meant, each of its variants. Raises Unresolved."""
        parts, variant = _parts(text)
        found = self._matching(parts, variant)
        if len({key.workload for key in found}) > 1:
            _refuse_several(text, map(_named, found))
        return found or self._refuse(text, parts)

    def _address(self, text: str) -> End | None:
        try:
            address = address_of(text)
        except ValueError:
            return None
        found = self._at.get(address, [])
        if len(found) > 1:
            _refuse_several(text, (f"{key.namespace}/{name}" for key, name in found))
        return End(self._network.pods(found[0][0]), found[0][1]) if found else End(address)

    def _named(self, text: str) -> End:
        parts, variant = _parts(text)
        keys = self._matching(parts, variant)
        pod = parts[-1] if not variant and _kind(parts) in ("", "pod") else ""
        of = self._pods.get((parts[0], pod)) if pod else None
        found = list(dict.fromkeys([*keys, *([of] if of else [])]))
        if len(found) > 1:
            _refuse_several(text, map(_named, found))
        if not found:
            self._refuse(text, parts)
        return End(self._network.pods(found[0]), pod if of else "")

    def _matching(self, parts: Sequence[str], variant: str) -> list[PodKey]:
        kind = _kind(parts)
        return [
            key
            for key in self._workloads.get((parts[0], parts[-1]), [])
            if _is_of(key, kind) and variant in ("", key.variant)
        ]

    def _refuse(self, text: str, parts: Sequence[str]) -> NoReturn:
        there = sorted({name for namespace, name in self._workloads if namespace == parts[0]})
        if not there:
            known = sorted({namespace for namespace, _ in self._workloads})
            close = get_close_matches(parts[0], known, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"Namespaces with pods: {some(known)}."
            raise Unresolved(f"There are no pods in a namespace {parts[0]}, so {text} is not there. {hint}")
        close = get_close_matches(parts[-1], there, n=3)
        hint = f"Did you mean {some(close)}?" if close else f"There are: {some(there)}."
        raise Unresolved(f"There is no workload or pod {'/'.join(parts[1:])} in namespace {parts[0]}. {hint}")


def verdict_of(network: Network, asked: Asked) -> Verdict:
    """Whether a connection is allowed."""
    if asked.itself:
        return Verdict(egress=True, ingress=True)
    return verdict(network, asked.source.peer, asked.destination.peer, asked.protocol, asked.port)


def explanation_of(network: Network, asked: Asked) -> Explanation:
    """Why a connection is allowed or denied."""
    found = explain(network, asked.source.peer, asked.destination.peer, asked.protocol, asked.port)
    if not asked.itself:
        return found
    return msgspec.structs.replace(found, itself=True, verdict=Verdict(egress=True, ingress=True))


def _by_address(state: State) -> dict[int, list[tuple[PodKey, str]]]:
    """The pods at each address; those on the host's network have the node's, which is nobody's own."""
    found: dict[int, list[tuple[PodKey, str]]] = {}
    for pod, addresses in state.addresses.items():
        for text in addresses:
            found.setdefault(address_of(text), []).append((state.pods[pod], pod[1]))
    return found


def _parts(text: str) -> tuple[list[str], str]:
    """Namespace, kind if there is one, and name; and the variant behind them in brackets."""
    plain, _, variant = text.partition(" (")
    parts = plain.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise Unresolved(f"{text!r} names no pod, workload or address. {_FORMS}")
    return parts, variant.removesuffix(")")


def _kind(parts: Sequence[str]) -> str:
    """The kind in lower case and singular, with its group if that is there; empty without one."""
    if len(parts) == 2:  # noqa: PLR2004 (namespace and name)
        return ""
    kind, dot, group = parts[1].lower().partition(".")
    kind = _SHORT.get(kind) or _PLURALS.get(kind, kind)
    return f"{kind}{dot}{group}"


def _is_of(key: PodKey, kind: str) -> bool:
    own, group = key.workload.kind.lower(), key.workload.group
    return not kind or kind in (own, f"{own}s", f"{own}.{group}", f"{own}s.{group}")


def _named(key: PodKey) -> str:
    """A text that stands for these pods alone."""
    variant = f" ({key.variant})" if key.variant else ""
    return f"{key.namespace}/{key.workload.kind_name}{variant}"


def _refuse_several(text: str, found: Iterable[str]) -> NoReturn:
    raise Unresolved(f"{text} may be {some(sorted(found), ' or ')}. Write one of them.")


def some(names: Sequence[str], last: str = ", ") -> str:
    """The first few names, and how many others there are."""
    shown = list(names[:MOST_NAMED])
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return last.join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
