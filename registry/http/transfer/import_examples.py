"""An import and its answer, for the OpenAPI document."""

from typing import Any, Final

BODY: Final[dict[str, Any]] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "allow-db", "namespace": "shop"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "api"}}}], "ports": [{"port": 5432}]}],
    },
}

_MADE: Final[dict[str, Any]] = {
    "name": "allow-db",
    "title": "Allow db",
    "description": (
        "Lets pods with app=api reach this workload on TCP 5432; cuts all other ingress. "
        "Egress stays as it is."
    ),
    "scope": "workload",
    "parameters": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "fromPods": {
                "description": "The labels of the pods that may connect.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string"},
                "default": {"app": "api"},
            },
            "port": {
                "description": "The port on which it may be reached (PostgreSQL).",
                "type": "integer",
                "minimum": 1,
                "maximum": 65535,
                "default": 5432,
            },
        },
    },
    "spec": {
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"podSelector": {"matchLabels": "${fromPods}"}}],
                "ports": [{"protocol": "TCP", "port": "${port}"}],
            }
        ],
    },
}

IMPORTED: Final[dict[str, Any]] = {
    "dryRun": False,
    "detail": "1 created.",
    "items": [
        {
            "pointer": "/0",
            "name": "allow-db",
            "action": "create",
            "revision": 1,
            "etag": '"1-433a5f554875880c"',
            "changes": [],
            "document": _MADE,
            "notes": ["The podSelector is left out: each workload that uses the template brings its own."],
            "problems": [],
        }
    ],
    "leftOut": [],
}
