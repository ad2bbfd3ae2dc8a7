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

ROLLBACK: Final[dict[str, Any]] = {"revision": 1}

_FIRST: Final[dict[str, Any]] = {
    "name": "shop-api",
    "revision": 1,
    "etag": '"1-5d41402abc4b2a76"',
    "author": "ann",
    "time": "2026-01-05T09:30:00.000Z",
    "message": "",
    "digest": "sha256:5d41402abc4b2a769f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c",
    "deleted": False,
}
_SECOND: Final = {
    **_FIRST,
    "revision": 2,
    "etag": '"2-9f86d081884c7d65"',
    "time": "2026-01-06T14:00:00.000Z",
    "message": "a shorter title",
    "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}

REVISIONS: Final[dict[str, Any]] = {"items": [_SECOND, _FIRST], "next": None, "total": 2}

REVISION: Final[dict[str, Any]] = {**_FIRST, "template": TEMPLATE}

TEMPLATES: Final[dict[str, Any]] = {
    "items": [
        {
            **{key: TEMPLATE[key] for key in ("name", "title", "description", "category", "scope")},
            "revision": 2,
            "etag": _SECOND["etag"],
            "changed": _SECOND["time"],
            "author": "ann",
            "flag": None,
            "problems": [],
        }
    ],
    "next": None,
    "total": 1,
}

DIFF: Final[dict[str, Any]] = {
    "name": "shop-api",
    "from": _FIRST,
    "to": _SECOND,
    "text": "--- shop-api.yaml\trevision 1\n+++ shop-api.yaml\trevision 2\n@@ -1,3 +1,3 @@\n name: shop-api\n"
    "-title: Shop API clients\n+title: Shop API\n scope: workload\n",
    "changes": [{"op": "change", "pointer": "/title", "before": "Shop API clients", "after": "Shop API"}],
}

SAVED: Final[dict[str, Any]] = {
    **_FIRST,
    "revision": 3,
    "etag": '"3-5d41402abc4b2a76"',
    "time": "2026-01-07T08:00:00.000Z",
    "message": "rollback to revision 1",
    "changed": True,
    "dryRun": False,
    "detail": "It is saved, as revision 3.",
}

USAGE: Final[dict[str, Any]] = {
    "name": "shop-api",
    "revision": 2,
    "revisions": [{"revision": 1, "users": 1}],
    "outdated": 1,
    "withoutPolicy": 0,
    "complete": True,
    "items": [
        {
            "group": "apps",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "api",
            "value": "true",
            "tracking": "pinned",
            "revision": 1,
            "parameters": {"port": 9090},
            "outdated": True,
            "reason": None,
            "message": None,
        }
    ],
    "next": None,
    "total": 1,
}

DELETED: Final[dict[str, Any]] = {
    **SAVED,
    "etag": '"3-"',
    "message": "",
    "digest": "",
    "deleted": True,
    "detail": "It is deleted, as revision 3.",
}

CREATED: Final[dict[str, Any]] = {
    **_FIRST,
    "changed": True,
    "dryRun": False,
    "detail": "It is saved, as revision 1.",
}

TRIED: Final[dict[str, Any]] = {
    **CREATED,
    "dryRun": True,
    "detail": "It would be saved; nothing was written.",
}

REPLACED: Final[dict[str, Any]] = {
    **_SECOND,
    "changed": True,
    "dryRun": False,
    "detail": "It is saved, as revision 2.",
}

RENDERED: Final[dict[str, Any]] = {
    "name": "shop-api",
    "revision": 2,
    "parameters": {"port": 9090},
    "spec": {
        "podSelector": {"matchLabels": {"app": "api"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 9090}]}],
    },
    "unknownFacts": [],
    "notes": [],
}
