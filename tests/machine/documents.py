"""Versions of templates that the machine saves, and what they mean, worked out apart from the product."""

from dataclasses import dataclass
from typing import Any

import yaml

Object = dict[str, Any]
SERVED = 65535


@dataclass(frozen=True)
class Document:
    """One version of a template: it opens one port, the parameter `port`, or with `denies` nothing.

    `least` is the smallest port that its schema takes. `allowed_in` and `default_in` are values of the
    Namespace's label `tier`; None is no restriction, and no default.
    """

    scope: str = "workload"
    port: int = 5000
    least: int = 1
    denies: bool = False
    preset: bool = False
    group: str | None = None
    allowed_in: str | None = None
    default_in: str | None = None
    note: str = "Opens a port."

    def body(self, name: str, example: str) -> Object:
        """The template document; `example` is the label of the Namespaces that its `defaultIn` is about."""
        found: Object = {"name": name, "title": name, "description": self.note, "category": "test"}
        found |= {"scope": self.scope, "spec": self.spec({"port": "${port}"})}
        if not self.denies:
            port = {"type": "integer", "minimum": self.least, "maximum": SERVED, "default": self.port}
            found["parameters"] = {"additionalProperties": False, "properties": {"port": port}}
        found |= {"replacesDefaults": True} if self.preset else {}
        found |= {"exclusiveGroup": self.group} if self.group else {}
        found |= {"allowedIn": {"matchLabels": {"tier": self.allowed_in}}} if self.allowed_in else {}
        wanted = {"machine": example, "tier": self.default_in}
        found |= {"defaultIn": {"matchLabels": wanted}} if self.default_in else {}
        return found

    def spec(self, parameters: Object) -> Object:
        """The NetworkPolicySpec for these parameters, without its podSelector."""
        types = ["Ingress", "Egress"] if self.preset else ["Ingress"]
        if self.denies:
            return {"policyTypes": types}
        ports = [{"protocol": "TCP", "port": parameters.get("port", self.port)}]
        return {"policyTypes": types, "ingress": [{"ports": ports}]}

    def accepts(self, parameters: Object) -> bool:
        """Whether its schema takes these parameters."""
        if self.denies:
            return not parameters
        port = parameters.get("port", self.port)
        return parameters.keys() <= {"port"} and isinstance(port, int) and self.least <= port <= SERVED


def read_parameters(text: str) -> Object | None:
    """The mapping in an annotation; None when it holds none."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return found if isinstance(found, dict) else None
