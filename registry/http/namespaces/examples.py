"""Examples of the answers about namespaces."""

from typing import Any, Final

from registry.http.connectivity.outcome_schemas import CUT, OPENED
from registry.http.namespaces.answers import BASIS
from registry.http.namespaces.body import RESTORE_EXAMPLE
from registry.http.namespaces.last_switch import EXAMPLE as LAST_SWITCH

_BACKUP: Final = RESTORE_EXAMPLE["backup"]
_DENY: Final = {"podSelector": {}, "policyTypes": ["Ingress"]}
_WEB: Final = {
    "podSelector": {"matchLabels": {"app": "web"}},
    "policyTypes": ["Ingress"],
    "ingress": [{"ports": [{"protocol": "TCP", "port": 8080}]}],
}
_SUMMARY: Final[dict[str, Any]] = {
    "name": "shop",
    "managed": True,
    "excluded": False,
    "references": 2,
    "generated": 1,
    "outdated": 0,
    "unmanaged": 1,
    "pending": 1,
}
_PROBLEM: Final = {
    "group": "apps",
    "kind": "Deployment",
    "name": "db",
    "template": "postgress",
    "reason": "TemplateUnknown",
    "message": "There is no template postgress.",
}
PAGE: Final[dict[str, Any]] = {"items": [_SUMMARY], "next": None, "total": 1}
DOCUMENT: Final[dict[str, Any]] = {**_SUMMARY, "problems": [_PROBLEM], "lastSwitch": LAST_SWITCH}
POLICIES: Final[dict[str, Any]] = {
    "items": [
        {
            "name": "by-hand",
            "managed": False,
            "template": None,
            "revision": None,
            "tracking": None,
            "workload": None,
            "managers": ["kubectl-create"],
            "spec": _WEB,
        },
        {
            "name": "shop-deny-all-ingress-3f1b8c2a90",
            "managed": True,
            "template": "deny-all-ingress",
            "revision": 1,
            "tracking": "pinned",
            "workload": None,
            "managers": ["netpol-registry"],
            "spec": _DENY,
        },
    ],
    "next": None,
    "total": 2,
}

_QUIET: Final = {"cut": 0, "kept": 0, "by": []}
_TRAFFIC: Final[list[dict[str, Any]]] = [
    {
        **_QUIET,
        "traffic": "dns",
        "direction": "egress",
        "verdict": "unaffected",
        "template": "allow-dns",
    },
    {
        **_QUIET,
        "traffic": "ingressControllers",
        "direction": "ingress",
        "verdict": "cut",
        "cut": 1,
        "template": "from-ingress-controller",
    },
]
_ADOPTED: Final[dict[str, Any]] = {
    "name": "by-hand",
    "managers": ["kubectl-create"],
    "action": "adopt",
    "warnings": [],
    "reference": {
        "template": "allow-port",
        "revision": 1,
        "parameters": {"port": 8080},
        "workload": "Deployment.apps/web",
        "policy": "web-allow-port-5b3d0f7c11",
        "written": True,
        "inPlace": False,
    },
    "reason": None,
    "message": None,
    "import": None,
}
_KEPT: Final[dict[str, Any]] = {
    "name": "to-the-bank",
    "managers": ["helm"],
    "action": "keep",
    "warnings": [],
    "reference": None,
    "reason": "NoTemplate",
    "message": (
        "No template gives exactly this policy for Deployment.apps/web. Import it first, and call again."
    ),
    "import": {
        "method": "POST",
        "path": "/api/v1/templates/import",
        "body": {"fromCluster": {"namespace": "shop", "networkPolicies": ["to-the-bank"]}},
        "workloads": ["Deployment.apps/web"],
    },
}
_POLICY: Final = {
    "name": "shop-deny-all-ingress-3f1b8c2a90",
    "template": "deny-all-ingress",
    "workload": None,
    "action": "create",
    "before": None,
    "after": _DENY,
}
ENABLED: Final[dict[str, Any]] = {
    "namespace": "shop",
    "action": "enable",
    "dryRun": False,
    "changed": True,
    "inForce": True,
    "seconds": 0.041,
    "policies": {"create": 1, "update": 0, "delete": 0, "release": 0},
    "unmanaged": {
        "items": [_ADOPTED, _KEPT],
        "backup": _BACKUP,
        "removed": ["by-hand"],
        "adopted": ["by-hand"],
        "left": [],
    },
    "isolation": {
        "isolated": {"ingress": 1, "egress": 0},
        "freed": {"ingress": 0, "egress": 0},
        "lookedAt": 1,
        "complete": True,
        "workloads": [
            {
                "group": "apps",
                "kind": "Deployment",
                "name": "db",
                "isolated": ["ingress"],
                "freed": [],
                "cut": ["ingressControllers"],
            }
        ],
    },
    "traffic": _TRAFFIC,
    "connections": CUT,
    "basis": BASIS,
    "enforced": "found",
    "problems": [],
    "items": [_POLICY],
    "next": None,
    "total": 1,
}
DISABLED: Final[dict[str, Any]] = {
    **ENABLED,
    "action": "disable",
    "policies": {"create": 0, "update": 0, "delete": 0, "release": 1},
    "unmanaged": {"items": [], "backup": None, "removed": [], "adopted": [], "left": []},
    "isolation": {
        **ENABLED["isolation"],
        "isolated": {"ingress": 0, "egress": 0},
        "workloads": None,
    },
    "traffic": [{**one, "verdict": "unaffected", "cut": 0} for one in _TRAFFIC],
    "connections": OPENED,
    "items": [{**_POLICY, "action": "release", "before": _DENY}],
}
BACKUPS: Final[dict[str, Any]] = {
    "items": [
        {
            "name": _BACKUP,
            "time": "2026-01-01T12:00:00.000+00:00",
            "author": "ann",
            "configMaps": [_BACKUP],
            "policies": ["by-hand"],
        }
    ],
    "next": None,
    "total": 1,
}
RESTORED: Final[dict[str, Any]] = {
    "namespace": "shop",
    "backup": _BACKUP,
    "dryRun": False,
    "created": ["by-hand"],
    "unchanged": [],
    "differing": [],
}
