"""What users do, a sequence that depends on the seed alone: most of it hits, some finds nothing there."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from bench.soak.book import DEFAULTS, NOTE, PRESET
from registry import contract
from registry.planning.names import policy_name
from registry.planning.objects import Key

GROUP: Final = "soak"
CUSTOM_GROUP: Final = "rollouts.soak.example"
PLAIN: Final = ("soak-a", "soak-b", "soak-c", "soak-d")
TEMPLATES: Final = (*PLAIN, PRESET)
NAMESPACES: Final = tuple(f"soak-{number}" for number in range(6))
OLDEST: Final = 1
NEWEST: Final = 12
"""Revisions that labels name; those that are not there yet are unknown, and wait."""

_LABELS: Final = contract.TEMPLATE_LABEL_PREFIX
_ANNOTATIONS: Final = contract.PARAMETERS_ANNOTATION_PREFIX
_CONTAINERS: Final = [{"name": "c", "image": "registry.example/app:1"}]


class Kind(NamedTuple):
    """A kind of workload: where it is served, and how many of it each namespace has."""

    group: str
    version: str
    kind: str
    plural: str
    number: int

    @property
    def root(self) -> str:
        """The path of its group and version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str, name: str = "") -> str:
        """Where one of them is, or all of a namespace."""
        return f"{self.root}/namespaces/{namespace}/{self.plural}/{name}".removesuffix("/")


CUSTOM: Final = Kind(CUSTOM_GROUP, "v1alpha1", "Rollout", "rollouts", 2)
KINDS: Final = (
    Kind("apps", "v1", "Deployment", "deployments", 10),
    Kind("apps", "v1", "StatefulSet", "statefulsets", 4),
    Kind("apps", "v1", "DaemonSet", "daemonsets", 3),
    Kind("batch", "v1", "CronJob", "cronjobs", 3),
    Kind("", "v1", "ReplicationController", "replicationcontrollers", 2),
    Kind("", "v1", "Pod", "pods", 2),
    CUSTOM,
)


class Action(msgspec.Struct, frozen=True):
    """One request of a user; PATCH is a merge patch. `user` is a key of `devcluster.users.USERS`."""

    what: str
    user: str
    method: str
    path: str
    body: Any = None


class Place(NamedTuple):
    """A workload that there may be."""

    kind: Kind
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Where it is."""
        return self.kind.path(self.namespace, self.name)

    @property
    def key(self) -> Key:
        """What refers."""
        return Key(self.kind.group, self.kind.kind, self.namespace, self.name)

    @property
    def user(self) -> str:
        """Who works with it: the role `edit` knows no custom kinds."""
        return "root" if self.kind.group == CUSTOM_GROUP else "developer"


PLACES: Final = tuple(
    Place(kind, namespace, f"{kind.kind.lower()}-{number}")
    for namespace in NAMESPACES
    for kind in KINDS
    for number in range(kind.number)
)


def creation(rng: random.Random, place: Place) -> Action:
    """Create a workload, with a reference more often than not."""
    labels = {"app": place.name}
    if rng.random() < 0.8:  # noqa: PLR2004 (a share)
        labels[_LABELS + rng.choice(TEMPLATES)] = rng.choice(("true", "true", "latest"))
    body = {"metadata": {"name": place.name, "labels": labels}, **_body(place)}
    return Action("create", place.user, "POST", place.kind.path(place.namespace), body)


def actions(seed: int) -> Iterator[Action]:
    """What users do one after the other, without end."""
    rng = random.Random(seed)  # noqa: S311 (to be repeatable)
    makers, weights = zip(*_MAKERS, strict=True)
    while True:
        (make,) = rng.choices(makers, weights)
        yield make(rng)


def document(template: str, marker: int) -> dict[str, Any]:
    """A template whose revision shows by the port that it opens besides; see `model.spec`."""
    base = {"name": template, "title": "Soak", "category": "test", "scope": "workload"}
    base["description"] = "Lets clients of the namespace reach this workload on its port; cuts all else."
    ports: list[dict[str, Any]] = [{"protocol": "TCP", "port": marker}]
    if template == PRESET:
        spec = {"policyTypes": ["Ingress", "Egress"], "egress": [{"ports": ports}]}
        return {**base, "replacesDefaults": True, "spec": spec}
    port = {"type": "integer", "minimum": 1, "maximum": 65535, "default": 5000}
    peers = [{"podSelector": {"matchLabels": {"role": "client"}}}]
    rule = {"from": peers, "ports": [{"protocol": "TCP", "port": "${port}"}, *ports]}
    return {
        **base,
        "parameters": {"type": "object", "additionalProperties": False, "properties": {"port": port}},
        "spec": {"policyTypes": ["Ingress"], "ingress": [rule]},
    }


def marker_of(found: dict[str, Any]) -> int:
    """The marker of a template's document."""
    rules = found["spec"].get("egress") or found["spec"]["ingress"]
    marker: int = rules[0]["ports"][-1]["port"]
    return marker


def _body(place: Place) -> dict[str, Any]:
    labels = {"app": place.name}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": _CONTAINERS}}
    chosen: dict[str, Any] = {"selector": {"matchLabels": labels}, "template": pods}
    match place.kind.kind:
        case "Pod":
            spec: dict[str, Any] = {"containers": _CONTAINERS}
        case "CronJob":
            ending = {**pods, "spec": {"containers": _CONTAINERS, "restartPolicy": "Never"}}
            spec = {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": ending}}}
        case "ReplicationController":
            spec = {"replicas": 0, "selector": labels, "template": pods}
        case "Rollout":
            # The API server keeps what a custom kind without a status subresource is created with.
            head = {"apiVersion": f"{CUSTOM_GROUP}/v1alpha1", "kind": "Rollout"}
            return {**head, "spec": {}, "status": {"selector": f"app={place.name}"}}
        case "DaemonSet":
            spec = chosen
        case _:
            spec = {"replicas": 0, **chosen}
    return {"spec": spec}


def _metadata(what: str, place: Place, **metadata: Mapping[str, str | None]) -> Action:
    return Action(what, place.user, "PATCH", place.path, {"metadata": metadata})


def _label(rng: random.Random) -> Action:
    values = ("true", "true", "true", "latest", "latest", "false", f"v{rng.randint(OLDEST, NEWEST)}")
    labels = {_LABELS + rng.choice(TEMPLATES): rng.choice(values)}
    return _metadata("label", rng.choice(PLACES), labels=labels)


def _nonsense(rng: random.Random) -> Action:
    labels = {_LABELS + rng.choice(TEMPLATES): rng.choice(("", "yes", "True", "v0", "v-1", "latest2"))}
    return _metadata("nonsense", rng.choice(PLACES), labels=labels)


def _unlabel(rng: random.Random) -> Action:
    return _metadata("unlabel", rng.choice(PLACES), labels={_LABELS + rng.choice(TEMPLATES): None})


def _parameterise(rng: random.Random) -> Action:
    texts = (f"port: {rng.randint(1, 65535)}", f'{{"port": {rng.randint(1, 65535)}}}', "{}", None)
    annotations = {_ANNOTATIONS + rng.choice(PLAIN): rng.choice(texts)}
    return _metadata("parameters", rng.choice(PLACES), annotations=annotations)


def _misparameterise(rng: random.Random) -> Action:
    text = rng.choice(("port: 0", "port: many", "prot: 80", "port: [", "[]", "port: 70000"))
    return _metadata(
        "bad parameters", rng.choice(PLACES), annotations={_ANNOTATIONS + rng.choice(PLAIN): text}
    )


def _touch(rng: random.Random) -> Action:
    annotations = {"example.com/touched": str(rng.randint(0, 10**6))}
    return _metadata("touch", rng.choice(PLACES), annotations=annotations)


def _delete(rng: random.Random) -> Action:
    place = rng.choice(PLACES)
    return Action("delete workload", place.user, "DELETE", place.path)


def _orphan(rng: random.Random) -> Action:
    place = rng.choice(PLACES)
    return Action("orphan", place.user, "DELETE", f"{place.path}?propagationPolicy=Orphan")


def _create(rng: random.Random) -> Action:
    return creation(rng, rng.choice(PLACES))


def _policy(rng: random.Random) -> str:
    place = rng.choice(PLACES)
    name = policy_name(place.key, rng.choice(TEMPLATES))
    return f"/apis/networking.k8s.io/v1/namespaces/{place.namespace}/networkpolicies/{name}"


def _delete_policy(rng: random.Random) -> Action:
    return Action("delete policy", "admin", "DELETE", _policy(rng))


def _spoil_policy(rng: random.Random) -> Action:
    bodies: tuple[dict[str, Any], ...] = (
        {"spec": {"ingress": [{}]}},
        {"spec": {"podSelector": {}}},
        {"metadata": {"labels": {contract.MANAGED_BY_LABEL: None, contract.TEMPLATE_LABEL: None}}},
        {"metadata": {"ownerReferences": None}},
        {"metadata": {"annotations": {contract.DESCRIPTION_ANNOTATION: "mine now"}}},
        {"metadata": {"annotations": {NOTE: str(rng.randint(0, 10**6))}}},
    )
    return Action("spoil policy", "admin", "PATCH", _policy(rng), rng.choice(bodies))


def _save(rng: random.Random) -> Action:
    template = rng.choice(TEMPLATES)
    body = document(template, rng.randint(10_000, 60_000))
    return Action("save", "admin", "PUT", f"/api/v1/templates/{template}", body)


def _namespace(rng: random.Random) -> Action:
    value = rng.choice((None, "false", "true", "true", "true"))
    body = {"metadata": {"labels": {contract.MANAGED_LABEL: value}}}
    return Action("namespace", "admin", "PATCH", f"/api/v1/namespaces/{rng.choice(NAMESPACES)}", body)


def _default(rng: random.Random) -> Action:
    labels = {_LABELS + rng.choice(DEFAULTS): rng.choice(("false", None, None))}
    path = f"/api/v1/namespaces/{rng.choice(NAMESPACES)}"
    return Action("default", "admin", "PATCH", path, {"metadata": {"labels": labels}})


_MAKERS: Final[tuple[tuple[Callable[[random.Random], Action], int], ...]] = (
    (_label, 30),
    (_nonsense, 5),
    (_unlabel, 8),
    (_parameterise, 15),
    (_misparameterise, 5),
    (_touch, 10),
    (_delete, 5),
    (_orphan, 1),
    (_create, 12),
    (_delete_policy, 15),
    (_spoil_policy, 15),
    (_save, 2),
    (_namespace, 2),
    (_default, 1),
)
"""What users do, and how often beside the others."""
