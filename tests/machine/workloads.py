"""Workloads of every built-in kind, as somebody with kubectl makes and changes them."""

from typing import Any, Final

from devcluster.api import Api, Object
from tests.cluster import eventually
from tests.controller.shop import PARAMETERS, TEMPLATE
from tests.machine.state import Holder

_CONTAINERS: Final = [{"name": "c", "image": "x"}]

ROOTS: Final = {
    "Deployment": "/apis/apps/v1",
    "StatefulSet": "/apis/apps/v1",
    "DaemonSet": "/apis/apps/v1",
    "ReplicaSet": "/apis/apps/v1",
    "ReplicationController": "/api/v1",
    "Job": "/apis/batch/v1",
    "CronJob": "/apis/batch/v1",
    "Pod": "/api/v1",
}
"""Where the API serves each kind."""

RESELECTABLE: Final = ("Pod", "CronJob", "ReplicationController")
"""Kinds whose pods' labels can be changed."""


def path(space: str, kind: str, name: str = "") -> str:
    """The path of a workload, or of the collection; of a Namespace for that kind."""
    if kind == "Namespace":
        return f"/api/v1/namespaces/{space}"
    return f"{ROOTS[kind]}/namespaces/{space}/{kind.lower()}s/{name}".removesuffix("/")


def own(kind: str, selector: dict[str, str]) -> dict[str, str]:
    """The selector, for a bare Pod with a label that no controller selects: it would be adopted."""
    return {"lone" if kind == "Pod" and key == "app" else key: value for key, value in selector.items()}


def create(api: Api, space: str, kind: str, body: Object) -> Object:
    """Create a workload; `body` has a name, a selector, labels and annotations."""
    metadata = {
        "name": body["name"],
        "labels": {TEMPLATE + template: value for template, value in body["labels"].items()},
        "annotations": {PARAMETERS + template: text for template, text in body["parameters"].items()},
    }
    if kind == "Pod":
        metadata["labels"] |= body["selector"]
    return api.create(path(space, kind), {"metadata": metadata, "spec": _spec(kind, body["selector"])})


def selector(kind: str, wanted: dict[str, str], created: Object) -> dict[str, str]:
    """The labels of its pods: as they were asked for; those of a Job are the API server's choice."""
    found: dict[str, str] = created["spec"]["selector"]["matchLabels"] if kind == "Job" else wanted
    return found


def reselect(api: Api, holder: Holder, new: dict[str, str]) -> None:
    """Change the labels of its pods."""
    kind, labels = holder.kind, {**dict.fromkeys(holder.selector or {}), **new}
    if kind == "Pod":
        body: Object = {"metadata": {"labels": labels}}
    elif kind == "CronJob":
        template = {"template": {"metadata": {"labels": labels}}}
        body = {"spec": {"jobTemplate": {"spec": template}}}
    else:
        body = {"spec": {"selector": labels, "template": {"metadata": {"labels": labels}}}}
    api.patch(path(holder.space, kind, holder.name), body)


def delete(api: Api, holder: Holder, propagation: str) -> None:
    """Delete it and wait until it is gone."""
    place = path(holder.space, holder.kind, holder.name)
    api.delete(place, propagationPolicy=propagation)
    eventually(lambda: not api.find(place), timeout=30)


def _spec(kind: str, labels: dict[str, str]) -> Object:
    pods: Object = {"metadata": {"labels": labels}, "spec": {"containers": _CONTAINERS}}
    ending: Object = {**pods, "spec": {"containers": _CONTAINERS, "restartPolicy": "Never"}}
    chosen: dict[str, Any] = {
        "Pod": {"containers": _CONTAINERS},
        "Job": {"template": ending, "suspend": True},
        "CronJob": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": ending}}},
        "ReplicationController": {"selector": labels, "template": pods, "replicas": 0},
        "DaemonSet": {"selector": {"matchLabels": labels}, "template": pods},
    }
    return chosen.get(kind) or {"selector": {"matchLabels": labels}, "template": pods, "replicas": 0}
