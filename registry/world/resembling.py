"""Which reference says the same as an unmanaged policy: a template, its parameters, and whose label it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from registry.model.documents import canonical
from registry.model.from_policy import template_name
from registry.model.matching import Reader
from registry.model.normalise import normalise_selector
from registry.model.rendering import Context
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.world.snapshot import Snapshot


class Reference(msgspec.Struct, frozen=True):
    """A label: on what, of which template, and the parameters as given; `{}` are the defaults."""

    user: Key
    template: str
    revision: int
    parameters: Mapping[str, Any]

    @property
    def place(self) -> tuple[Key, str]:
        """There is one label for each template on an object."""
        return self.user, self.template


class Resembling(msgspec.Struct, frozen=True):
    """The best references for a policy: none, one, or several that nobody can choose between.

    `selecting` are the workloads whose selector is the policy's podSelector; `bound`: it has one at all.
    """

    references: tuple[Reference, ...]
    selecting: tuple[Key, ...]
    bound: bool


def selecting(live: LivePolicy, workloads: Iterable[Workload]) -> tuple[Workload, ...]:
    """The workloads whose selector equals the podSelector of a policy; none for the empty one."""
    wanted = pod_selector(live)
    if not wanted:
        return ()
    text = canonical(wanted)
    return tuple(
        one for one in workloads if one.selector and canonical(normalise_selector(one.selector)) == text
    )


def pod_selector(live: LivePolicy) -> Mapping[str, Any]:
    """The podSelector of a policy; `{}` selects all pods of the namespace."""
    found: dict[str, Any] = msgspec.json.decode(live.spec).get("podSelector", {})
    return found


class Place(msgspec.Struct, frozen=True):
    """A namespace with all its workloads, and what reads the templates that may be referred to."""

    namespace: Namespace
    workloads: Sequence[Workload]
    readers: Sequence[Reader]
    start: Snapshot


def place(namespace: Namespace, workloads: Sequence[Workload], start: Snapshot) -> Place:
    """The place, with the current templates but those that change the namespace's defaults too."""
    templates = (one for one in start.catalogue.current() if not one.replaces_defaults)
    return Place(namespace, workloads, [Reader(one) for one in templates], start)


def resembling(live: LivePolicy, here: Place) -> Resembling:
    """The references that render exactly the spec of `live`.

    Of the current revisions alone. Fewest parameters go first; among equals, the template that bears the
    name that an import of this policy gives.
    """
    users = selecting(live, here.workloads)
    found = [*_of_namespace(live, here), *_of_workloads(live, here, users)]
    fewest = min((len(one.parameters) for one in found), default=0)
    best = [one for one in found if len(one.parameters) == fewest]
    named = [one for one in best if one.template == template_name(live.name)]
    keys = tuple(sorted(one.key for one in users))
    return Resembling(tuple(named if len(best) > 1 and named else best), keys, bool(pod_selector(live)))


def _of_namespace(live: LivePolicy, here: Place) -> Iterator[Reference]:
    context = Context(here.namespace.name, None, here.start.facts)
    return _references(here.namespace.key, "namespace", msgspec.json.decode(live.spec), context, here)


def _of_workloads(live: LivePolicy, here: Place, users: Iterable[Workload]) -> Iterator[Reference]:
    spec: dict[str, Any] = msgspec.json.decode(live.spec)
    spec.pop("podSelector", None)
    for workload in users:
        context = Context(workload.namespace, workload.name, here.start.facts)
        yield from _references(workload.key, "workload", spec, context, here)


def _references(
    user: Key, scope: str, spec: Mapping[str, Any], context: Context, here: Place
) -> Iterator[Reference]:
    for reader in here.readers:
        template = reader.template
        if template.scope == scope:
            head = here.start.catalogue.entries[template.name].head
            for given in reader.read(spec, context):
                yield Reference(user, template.name, head, given)
