"""Examples for the OpenAPI document."""

from typing import Any, Final

TEMPLATE: Final[dict[str, Any]] = {
    "name": "shop-api",
    "title": "Shop API clients",
    "description": "Lets pods of the namespace reach this workload on its API port; cuts all other ingress.",
    "category": "web",
    "scope": "workload",
    "parameters": {
        "properties": {"port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 8080}}
    },
    "spec": {
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": "${port}"}]}],
    },
}

RENDER: Final[dict[str, Any]] = {
    "parameters": {"port": 9090},
    "namespace": "shop",
    "workload": "api",
    "selector": {"matchLabels": {"app": "api"}},
}

PATCH: Final[dict[str, Any]] = {
    "description": "Lets pods of the namespace reach this workload on its API port.",
    "category": None,
}
