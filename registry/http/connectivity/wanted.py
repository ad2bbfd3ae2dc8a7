"""Which part of the network a query is about, and what the caller may see around it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from registry.connectivity.graph import namespaces_around
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey
from registry.connectivity.podsets import NOBODY, PodSet, join
from registry.http import problems
from registry.http.connectivity.ends import invalid, missing, named_workload
from registry.http.connectivity.sight import Sight, kinds_in, require_namespaces, sight
from registry.http.problems import Refused
from registry.planning.objects import Key
from registry.world.live_network import LiveNetwork, Survey

T = TypeVar("T")
Query = Mapping[str, Any]


class Wanted(msgspec.Struct, frozen=True):
    """Some namespaces, or one workload, or with neither the whole network."""

    namespaces: tuple[str, ...] = ()
    workload: Key | None = None

    @property
    def everything(self) -> bool:
        """Whether it is the whole network."""
        return not self.namespaces and self.workload is None

    def pods(self, network: Network) -> PodSet:
        """The pods that are asked about, as far as they are there."""
        if self.workload:
            space = network.namespaces.get(self.workload.namespace)
            place = space.index.places.get(PodKey(self.workload)) if space else None
            return NOBODY if place is None else {self.workload.namespace: 1 << place}
        names: Iterable[str] = network.namespaces if self.everything else self.namespaces
        spaces = (network.namespaces[name] for name in names if name in network.namespaces)
        return {space.name: space.index.present for space in spaces if space.index.present}


class Looked(msgspec.Struct, frozen=True):
    """A part of the network at one moment, and whom of all the caller may be told of.

    `seen` is None where that is everybody; `pods` are those asked about.
    """

    survey: Survey
    sight: Sight
    pods: PodSet
    seen: PodSet | None


def wanted_of(query: Query, live: LiveNetwork) -> Wanted:
    """What a query is about, if it is there and the caller may ask about it. Raises Refused, ApiError."""
    namespaces = tuple(dict.fromkeys(query.get("namespace", ())))
    text = query.get("workload")
    if text and namespaces:
        raise invalid("workload", "A workload and namespaces are named.", "Name one workload, or namespaces.")
    require_namespaces(namespaces)
    wanted = Wanted(namespaces, named_workload("workload", text) if text else None)
    there = live.ask(lambda network, _: _is_there(wanted, network))
    if wanted.workload and not there:
        raise missing(wanted.workload)
    if not there:
        detail = f"Not all of these namespaces are there: {', '.join(namespaces)}."
        raise Refused(problems.NAMESPACE_NOT_FOUND, detail)
    return wanted


Around = Callable[[Survey, Wanted], Iterable[str] | None]
"""The namespaces that an answer names, None for all."""


def around(survey: Survey, wanted: Wanted) -> Iterable[str] | None:
    """Those that have connections with what is wanted."""
    if wanted.everything:
        return None
    return namespaces_around(survey.flows, wanted.pods(survey.network))


def itself(_: Survey, wanted: Wanted) -> Iterable[str] | None:
    """Those that are wanted, without any around them."""
    if wanted.workload:
        return [wanted.workload.namespace]
    return wanted.namespaces or None


def look(live: LiveNetwork, wanted: Wanted, find: Callable[[Looked], T], named: Around = around) -> T:
    """What `find` finds in what is wanted, with what the caller may see of it. Raises Refused, ApiError.

    Whom the caller may see is asked between two looks, of the namespaces that are `named`: what comes into
    the network meanwhile is not seen.
    """
    present = live.survey(lambda survey: kinds_in(survey.network, named(survey, wanted)))
    seen = sight(present)

    def again(survey: Survey) -> T:
        network, pods = survey.network, wanted.pods(survey.network)
        if seen.covers(kinds_in(network, named(survey, wanted))):
            return find(Looked(survey, seen, pods, None))
        visible = seen.pods(network)
        if wanted.workload:
            visible = join(visible, pods)
        return find(Looked(survey, seen, visible if wanted.everything else pods, visible))

    return live.survey(again)


def _is_there(wanted: Wanted, network: Network) -> bool:
    if wanted.workload:
        return bool(wanted.pods(network))
    return all(name in network.namespaces for name in wanted.namespaces)
