"""The catalogue as somebody with kubectl edits it."""

import json
from typing import Any

import yaml

from devcluster.api import Api, Object
from tests.cluster import eventually

PORT_TEMPLATE: Object = {
    "title": "A port",
    "description": "Opens one port.",
    "category": "test",
    "scope": "workload",
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"protocol": "TCP", "port": 1}]}]},
}


class Catalogue:
    """The ConfigMap of templates in a store namespace."""

    def __init__(self, api: Api, namespace: str) -> None:
        self.api = api
        self.collection = f"/api/v1/namespaces/{namespace}/configmaps"
        self.path = f"{self.collection}/netpol-templates"

    def put(self, name: str, **fields: Any) -> None:
        """Edit the entry of a template and wait until it is recorded as a revision."""
        before = self.revision(name)
        self.edit(name, yaml.safe_dump({"name": name, **PORT_TEMPLATE, **fields}))
        eventually(lambda: self.revision(name) > before)

    def edit(self, name: str, text: str | None) -> None:
        """Write any text, or None to remove the entry."""
        self.api.patch(self.path, {"data": {f"{name}.yaml": text}}, fieldManager="kubectl-edit")

    def revision(self, name: str) -> int:
        """The revision of a template that is in force; 0 when there is none."""
        heads = json.loads(self.api.get(self.path)["metadata"]["annotations"]["netpol-registry.dev/heads"])
        revision: int = heads.get(name, 0)
        return revision

    def events(self, reason: str) -> list[Object]:
        path = self.collection.replace("configmaps", "events")
        return self.api.list(path, fieldSelector=f"reason={reason}")


def ingress_port(port: int) -> Object:
    """A spec that opens this port."""
    return {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"protocol": "TCP", "port": port}]}]}
