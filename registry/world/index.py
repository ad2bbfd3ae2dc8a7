"""Who refers to what: found without looking through all objects."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set

from registry.planning.names import bears_mark, owner_key, policy_name
from registry.planning.objects import Key, LivePolicy, is_namespace

Place = tuple[str, str]
"""Namespace and name of a policy."""

NONE: Set[Key] = frozenset()


class Index:
    """Keys by template and by namespace; and whose each policy is."""

    def __init__(self) -> None:
        self._by_template: defaultdict[str, set[Key]] = defaultdict(set)
        self._by_namespace: defaultdict[str, set[Key]] = defaultdict(set)
        self._referring: set[Key] = set()
        self._owned: dict[Key, tuple[str, ...]] = {}
        self._owners: dict[Place, Key] = {}
        self._expected: dict[Place, Key] = {}

    @property
    def policies(self) -> int:
        """How many policies are known to be ours."""
        return len(self._owners)

    def templates(self) -> Iterable[str]:
        """Names of templates that were ever referred to."""
        return self._by_template

    def users(self, template: str) -> Set[Key]:
        """Workloads and Namespaces that bear the label of `template`, whatever its value."""
        return self._by_template.get(template, NONE)

    def namespaces(self) -> Iterable[str]:
        """Names of namespaces with workloads that count."""
        return self._by_namespace

    def workloads(self, namespace: str) -> Set[Key]:
        """Workloads of `namespace` with references or policies."""
        return self._by_namespace.get(namespace, NONE)

    def owned(self, key: Key) -> tuple[str, ...]:
        """Names of the policies that `key` generated."""
        return self._owned.get(key, ())

    def expect(self, key: Key, templates: Iterable[str]) -> None:
        """Remember which policy names `key` is answerable for, whatever becomes of their marks."""
        for template in templates:
            self._expected[key.namespace, policy_name(key, template)] = key

    def owner(self, old: LivePolicy | None, new: LivePolicy | None) -> Key | None:
        """Whose policy it is: what it says itself, else whose it was, else who is answerable for the name."""
        one = new or old
        if one is None:
            return None
        place = (one.namespace, one.name)
        claimed = owner_key(new) if new else None
        return claimed or self._owners.get(place) or self._expected.get(place)

    def holder(self, policy: LivePolicy) -> Key | None:
        """Whose the policy of that name is by what is known, without a look at what it says."""
        return self._owners.get((policy.namespace, policy.name))

    def put_policy(self, key: Key, policy: LivePolicy) -> None:
        """Note that `policy` is there; without any mark of ours it is not `key`'s any more."""
        if not bears_mark(policy):
            self.drop_policy(key, policy)
            return
        owned = self._owned.get(key, ())
        if policy.name not in owned:
            self._owned[key] = (
                *owned,
                policy.name,
            )  # a tuple takes a fifth of a set's memory, and most hold one
        self._owners[policy.namespace, policy.name] = key
        self._keep(key)

    def drop_policy(self, key: Key, policy: LivePolicy) -> None:
        """Note that `policy` is gone."""
        self._owners.pop((policy.namespace, policy.name), None)
        owned = tuple(name for name in self._owned.pop(key, ()) if name != policy.name)
        if owned:
            self._owned[key] = owned
        self._keep(key)

    def refer(self, key: Key, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Note that the references of `key` changed."""
        for template in before.keys() - after.keys():
            self._by_template[template].discard(key)
            self._expected.pop((key.namespace, policy_name(key, template)), None)
        for template in after.keys() - before.keys():
            self._by_template[template].add(key)
        if after:
            self._referring.add(key)
        else:
            self._referring.discard(key)
        self._keep(key)

    def _keep(self, key: Key) -> None:
        if is_namespace(key):
            return
        if key in self._referring or key in self._owned:
            self._by_namespace[key.namespace].add(key)
            return
        members = self._by_namespace.get(key.namespace, set())
        members.discard(key)
        if not members:
            self._by_namespace.pop(key.namespace, None)
