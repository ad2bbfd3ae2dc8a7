"""What objects of manifests mean to policies: namespaces, policies, workloads and their pods. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec

from registry.cluster.agents import decode_agent, decode_k3s_node
from registry.cluster.decode import decode_policy
from registry.cluster.resources import BUILT_IN_WORKLOADS, DAEMON_SETS, NAMESPACES, NETWORK_POLICIES, NODES
from registry.connectivity.grouping import Member
from registry.connectivity.objects import Policy, PolicyKey
from registry.connectivity.plugins import Agent, NodeFacts
from registry.lint.policies import API_VERSION
from registry.model.addresses import parse_cidr
from registry.model.checks import shown
from registry.model.documents import canonical
from registry.model.networkpolicy import check_spec
from registry.model.problems import Invalid, Problem
from registry.offline.inside import Inside
from registry.offline.objects import Found, Object, Source, Unread, unique_members, without_nulls
from registry.offline.ownership import Told, members_of, told_of
from registry.planning.objects import Key
from registry.world.network_objects import policy_of

_Key = TypeVar("_Key")
_Content = TypeVar("_Content")

GroupKind = tuple[str, str]


class Manifests(msgspec.Struct, kw_only=True):
    """A cluster as manifests tell it.

    `inside` is what leads from outside to workloads. `agents` are network plugins on nodes, `nodes` those of
    k3s. `others` counts the objects of all other kinds by group and kind.
    """

    namespaces: dict[str, dict[str, str]]
    policies: dict[PolicyKey, Policy]
    members: list[Member]
    inside: Inside
    agents: list[Agent]
    nodes: list[NodeFacts]
    others: Counter[GroupKind]
    unread: list[Unread]


class Meta(msgspec.Struct, rename="camel", gc=False):
    """Who an object is."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}


class _Named(msgspec.Struct, gc=False):
    metadata: Meta = msgspec.field(default_factory=Meta)


_NAMED: Final = msgspec.json.Decoder(_Named)
_WORKLOADS: Final = {(one.group, one.kind): one for one in BUILT_IN_WORKLOADS}
_NODE: Final = (NODES.group, NODES.kind)
_NAMESPACE: Final = (NAMESPACES.group, NAMESPACES.kind)


def read_manifests(found: Iterable[Found], default_namespace: str) -> Manifests:
    """All that objects say; those that name no namespace are in the default one."""
    reading = _Reading(default_namespace)
    for one in found:
        reading.take(one)
    return reading.manifests()


class _Reading:
    def __init__(self, default_namespace: str) -> None:
        self._default = default_namespace
        self._namespaces: dict[str, dict[str, str]] = {}
        self._policies: dict[PolicyKey, Policy] = {}
        self._told: dict[Key, Told] = {}
        self._agents: list[Agent] = []
        self._nodes: list[NodeFacts] = []
        self._inside = Inside()
        self._others: Counter[GroupKind] = Counter()
        self._unread: list[Unread] = []
        self._first: dict[object, Source] = {}

    def take(self, found: Found) -> None:
        """One object, or what could not be read of one."""
        if isinstance(found, Unread):
            self._unread.append(found)
            return
        name = found.kind
        try:
            meta = self._identified(_decoded(_NAMED.decode, found).metadata)
            name = f"{found.kind} {meta.namespace}/{meta.name}"
            self._object(found, meta)
        except Invalid as error:
            self._unread += [Unread(found.source, problem, name) for problem in error.problems]

    def manifests(self) -> Manifests:
        """What was taken in."""
        return Manifests(
            namespaces=self._namespaces,
            policies=self._policies,
            members=members_of(self._told),
            inside=self._inside,
            agents=self._agents,
            nodes=self._nodes,
            others=self._others,
            unread=self._unread,
        )

    def _identified(self, meta: Meta) -> Meta:
        name = meta.name or meta.generate_name
        if not name:
            raise Invalid([Problem("/metadata/name", "The object has no name.", "Write one.")])
        return msgspec.structs.replace(meta, name=name, namespace=meta.namespace or self._default)

    def _object(self, found: Object, meta: Meta) -> None:
        what = (found.group, found.kind)
        if what == _NAMESPACE:
            self._put(found, self._namespaces, meta.name, meta.labels)
        elif found.kind == NETWORK_POLICIES.kind and found.group in (NETWORK_POLICIES.group, "extensions"):
            policy = _policy(found, meta)
            self._put(found, self._policies, policy.key, policy)
        elif told := _told(found):
            self._workload(found, meta, told)
        elif what == _NODE:
            if node := _decoded(decode_k3s_node, found):
                self._nodes.append(node.facts)
        else:
            self._others[what] += 1
            _decoded(lambda raw: self._inside.put(*what, meta.namespace, raw), found)

    def _workload(self, found: Object, meta: Meta, told: Told) -> None:
        key = Key(found.group, found.kind, meta.namespace, meta.name)
        self._put(found, self._told, key, told)
        resource = _WORKLOADS.get((found.group, found.kind))
        if resource and told.pods:
            pods = told.pods
            _decoded(lambda raw: self._inside.put_workload(resource, meta.namespace, pods, raw), found)
        if resource == DAEMON_SETS and (agent := _decoded(decode_agent, found)):
            self._agents.append(agent.agent)

    def _put(self, found: Object, into: dict[_Key, _Content], key: _Key, content: _Content) -> None:
        """What is given twice counts as it was given last, as for kubectl; a difference is told."""
        known = into.get(key)
        first = self._first.setdefault((found.kind, key), found.source)
        into[key] = content
        if known is not None and known != content:
            reason = f"It is given in {first} too, with another content; the later one counts."
            raise Invalid([Problem("", reason, "Give one of them, or leave one out with --exclude.")])


def _decoded(decode: Callable[[bytes], _Content], found: Object) -> _Content:
    """What a decoder reads. Members that are null count as absent. Raises Invalid."""
    try:
        return decode(found.raw)
    except Invalid:
        raise
    except ValueError:
        try:
            return decode(canonical(without_nulls(msgspec.json.decode(found.raw))))
        except msgspec.ValidationError as error:
            raise Invalid([_problem(str(error))]) from None


def _problem(message: str) -> Problem:
    """A sentence out of msgspec's ``Expected `str`, got `int` - at `$.metadata.labels[...]` ``."""
    what, _, where = message.partition(" - at `$")
    pointer = where.rstrip("`").replace("[...]", "").replace("[", "/").replace("]", "").replace(".", "/")
    reason = f"The API server would not take it: {what[:1].lower()}{what[1:]}."
    return Problem(pointer, reason, "Correct it there; put in quotes what is meant as text.")


def _told(found: Object) -> Told | None:
    """What an object says of pods; None where it has none."""
    resource = _WORKLOADS.get((found.group, found.kind))
    return _decoded(lambda raw: told_of(resource, raw), found)


def _problems(policy: object) -> list[Problem]:
    return check_spec(policy.get("spec", {}) if isinstance(policy, dict) else None, pod_selector=True)


def _masked(value: object, name: str = "") -> object:
    """The same with no bits beyond the prefix of a CIDR: servers take it where it has been there before.

    https://kep.k8s.io/4858; the bits mean nothing.
    """
    if isinstance(value, dict):
        return {key: _masked(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, name) for item in value]
    network = parse_cidr(value) if name in ("cidr", "except") else None
    return str(network) if network else value


def _policy(found: Object, meta: Meta) -> Policy:
    if found.api_version != API_VERSION:
        reason = f"{shown(found.api_version)} is not the API version of a NetworkPolicy that is read."
        raise Invalid([Problem("/apiVersion", reason, f"Write {API_VERSION}.")])
    cleaned = without_nulls(unique_members(found.raw))
    if _problems(cleaned):
        cleaned = _masked(cleaned)
        if problems := _problems(cleaned):
            raise Invalid(problems)
    live = _decoded(decode_policy, msgspec.structs.replace(found, raw=canonical(cleaned)))
    return policy_of(msgspec.structs.replace(live, namespace=meta.namespace, name=meta.name))
