"""Parameters other than the defaults, for every default template that has some."""

from registry.model.services import SERVICES

_CLIENTS = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "worker"]}]}
_SERVERS = {"matchLabels": {"app": "backend", "tier": "data"}}


def _of_services():
    for service in SERVICES:
        ports = {port.parameter: port.number + 10000 for port in service.ports}
        ranges = {"dataPorts": [{"port": 30000, "endPort": 30009}, {"port": 31000}]} if service.ranges else {}
        yield service.name, {**ports, **ranges, "from": _CLIENTS}
        yield f"to-{service.name}", {**ports, **ranges, "to": _SERVERS}


OTHER_PARAMETERS: dict[str, dict[str, object]] = {
    **dict(_of_services()),
    "allow-frontend": {"port": 3000, "labels": {"app": "shop-frontend", "example.com/side": "public"}},
    "allow-port": {"port": 5353, "protocol": "UDP"},
    "api-from-clients": {"port": 9443, "labels": {"example.com/client": "yes"}},
    "database-access": {"port": 5432, "labels": {"tier": "worker"}},
    "from-all-namespaces": {"pods": {"matchLabels": {"app": "probe"}}},
    "from-monitoring": {"namespaces": ["observability", "prometheus"], "pods": _CLIENTS},
    "from-namespace": {"namespaces": ["shop", "billing"], "pods": _CLIENTS},
    "to-api-server": {"port": 8443},
    "to-cidr": {"cidr": "2001:db8:42::/48"},
    "to-namespace": {"namespaces": ["shop", "billing"], "pods": _SERVERS},
}
