"""The far ends of traffic in a network: the pods and addresses that its peers are about.

Where no pod is known that a peer selects, one is made up that it does: it stands for those that may come, and
for those that nobody sees, such as on nodes that run none of them yet.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from registry.connectivity.intervals import NOTHING, Intervals, union
from registry.connectivity.members import Members, states_of
from registry.connectivity.network import Network
from registry.connectivity.objects import PodGroup, PodKey
from registry.connectivity.podsets import NOBODY, PodSet, join
from registry.connectivity.rules import Peers, Term, read_peers
from registry.connectivity.selectors import Selector
from registry.planning.objects import Key
from registry.world.traffic import Peer

_MADE_UP: Final = "~"
"""No object can have a name that begins so."""

_ASKS: Final = ("In", "Exists")


class FarEnds(NamedTuple):
    """Pods, and addresses outside of the cluster."""

    pods: PodSet = NOBODY
    addresses: Intervals = NOTHING


def read_far_ends(peers: Sequence[Peer]) -> Peers:
    """Whom peers are about; none at all are nobody, as nothing is to open by accident. Raises ValueError."""
    return read_peers(peers, "") if peers else Peers(anyone=False)


def make_up(networks: Sequence[Network], peers: Iterable[Peers]) -> None:
    """Have a pod in each of the networks for whatever the peers select nobody by in any of them."""
    known = states_of(networks)
    terms = dict.fromkeys(term for one in peers for term in one.terms)
    missing = [term for term in terms if not any(members.of_term(term) for members in known)]
    for number, term in enumerate(missing):
        for name in _namespaces(networks, term):
            key = Key("", "Pod", name, f"{_MADE_UP}{number}")
            group = PodGroup(key=PodKey(key), labels=_labels(term.pods), pods=1)
            for network in networks:
                network.put_pods(group)


def far_ends(members: Members, peers: Peers) -> FarEnds:
    """Those of peers in one state of the network."""
    return FarEnds(members.among(peers), peers.addresses)


def put_together(parts: Iterable[FarEnds]) -> FarEnds:
    """The far ends of several."""
    pods: PodSet = NOBODY
    addresses: list[tuple[int, int]] = []
    for one in parts:
        pods = join(pods, one.pods)
        addresses += one.addresses
    return FarEnds(pods, union(addresses))


def _namespaces(networks: Sequence[Network], term: Term) -> list[str]:
    """The namespaces of a term; one that it names may be there although nobody knows it."""
    if term.namespaces is None:
        return [term.namespace]
    found = sorted({name for network in networks for name in network.names(term.namespaces)})
    named = [one.values[0] for one in term.namespaces if one.operator == "In" and len(one.values) == 1]
    return found[:1] or named[:1]


def _labels(selector: Selector) -> tuple[tuple[str, str], ...]:
    """The labels of a pod that a selector selects."""
    wanted = {one.key: one.values[0] if one.values else "" for one in selector if one.operator in _ASKS}
    return tuple(sorted(wanted.items()))
