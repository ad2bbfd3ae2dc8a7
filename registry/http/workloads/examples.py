"""Answers about workloads as the OpenAPI document shows them."""

from typing import Any, Final

from registry.http.connectivity.examples import NEIGHBOURS

_PLACE: Final[dict[str, Any]] = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "db"}
_SELECTOR: Final = {"matchLabels": {"app": "db"}}
_POLICY: Final = "db-postgres-1f0c5b7a2e"

_SUMMARY: Final[dict[str, Any]] = {
    **_PLACE,
    "noEffect": False,
    "templates": [
        {
            "template": "postgres",
            "value": "true",
            "tracking": "pinned",
            "revision": 1,
            "current": 2,
            "parameters": {"port": 6432},
            "outdated": True,
            "policy": _POLICY,
            "since": "2026-01-01T00:00:00Z",
            "reason": None,
            "message": None,
        }
    ],
}

PAGE: Final[dict[str, Any]] = {
    "namespace": "shop",
    "complete": True,
    "items": [_SUMMARY],
    "next": None,
    "total": 1,
}

WORKLOAD: Final[dict[str, Any]] = {
    **_SUMMARY,
    "selector": _SELECTOR,
    "conditions": [
        {
            "type": "InForce",
            "status": "True",
            "reason": "AllInForce",
            "message": "Everything that is asked for is in force.",
        },
        {
            "type": "SelectorUnique",
            "status": "False",
            "reason": "SelectorShared",
            "message": "Its policies also select the pods of Deployment.apps/db-old: same selector. "
            "Add a label to one.",
        },
    ],
    "overlaps": [{**_PLACE, "name": "db-old", "selector": _SELECTOR}],
    "neighbours": NEIGHBOURS,
}

ATTACHED: Final[dict[str, Any]] = {
    **_PLACE,
    "template": "postgres",
    "value": "true",
    "changed": True,
    "dryRun": False,
    "detail": "The label is true; the controller follows in a moment.",
    "revision": 2,
    "tracking": "pinned",
    "parameters": {"port": 6432},
    "reason": None,
    "message": None,
    "policies": [
        {
            "name": _POLICY,
            "template": "postgres",
            "action": "create",
            "before": None,
            "after": {
                "podSelector": _SELECTOR,
                "policyTypes": ["Ingress"],
                "ingress": [
                    {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 6432}]},
                ],
            },
        }
    ],
    "others": [],
    "connections": None,
    "warnings": [],
}

DETACHED: Final[dict[str, Any]] = {
    **ATTACHED,
    "value": None,
    "changed": False,
    "detail": "Nothing was written: the workload is so already.",
    "revision": None,
    "tracking": None,
    "parameters": None,
    "policies": [],
}
