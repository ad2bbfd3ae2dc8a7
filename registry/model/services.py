"""Well-known services: one table, from which an ingress and an egress template each are generated.

`make generate` writes them to `default_templates/`; a test keeps the files equal to the table. The ports are
those the projects document as their defaults, most of them registered
(https://www.iana.org/assignments/service-names-port-numbers).
"""

from typing import Any, Final

import msgspec

from registry.model.documents import dump_yaml
from registry.model.facts import DNS

Document = dict[str, Any]

TCP: Final = ("TCP",)
UDP_AND_TCP: Final = ("UDP", "TCP")


class Port(msgspec.Struct, frozen=True):
    """A port of a service: the parameter that changes it, its default and what it is for."""

    number: int
    meaning: str
    parameter: str = "port"
    protocols: tuple[str, ...] = TCP


class Service(msgspec.Struct, frozen=True):
    """A row of the table; `ranges` adds a parameter for further ports, such as passive FTP needs."""

    name: str
    title: str
    category: str
    ports: tuple[Port, ...]
    ranges: str = ""


def _service(name: str, title: str, category: str, number: int, *more: Port) -> Service:
    meaning = f"The TCP port that {title} listens on."
    return Service(name, title, category, (Port(number, meaning), *more))


SERVICES: Final = (
    _service("http", "HTTP", "web", 80),
    _service("https", "HTTPS", "web", 443),
    Service(
        "dns", "DNS", "infrastructure", (Port(53, "The UDP and TCP port of DNS.", protocols=UDP_AND_TCP),)
    ),
    _service("ssh", "SSH", "infrastructure", 22),
    _service("postgres", "PostgreSQL", "database", 5432),
    _service("mysql", "MySQL", "database", 3306),
    _service("mongodb", "MongoDB", "database", 27017),
    _service("redis", "Redis", "database", 6379),
    _service("memcached", "Memcached", "database", 11211),
    _service("rabbitmq", "RabbitMQ", "messaging", 5672, Port(5671, "The TCP port for TLS.", "tlsPort")),
    _service("kafka", "Kafka", "messaging", 9092),
    _service("nats", "NATS", "messaging", 4222),
    _service("elasticsearch", "Elasticsearch", "database", 9200),
    _service("cassandra", "Cassandra", "database", 9042),
    _service(
        "clickhouse", "ClickHouse", "database", 9000, Port(8123, "The TCP port of its HTTP API.", "httpPort")
    ),
    _service("mssql", "Microsoft SQL Server", "database", 1433),
    _service("oracle", "Oracle Database", "database", 1521),
    _service("etcd", "etcd", "infrastructure", 2379),
    _service("zookeeper", "ZooKeeper", "infrastructure", 2181),
    _service("consul", "Consul", "infrastructure", 8500),
    _service("vault", "Vault", "infrastructure", 8200),
    _service("minio", "MinIO", "storage", 9000),
    _service("prometheus", "Prometheus", "observability", 9090),
    _service("grafana", "Grafana", "observability", 3000),
    _service(
        "jaeger",
        "Jaeger",
        "observability",
        16686,
        Port(4317, "The TCP port that takes traces over gRPC.", "grpcPort"),
        Port(4318, "The TCP port that takes traces over HTTP.", "httpPort"),
    ),
    Service(
        "otlp",
        "OTLP",
        "observability",
        (
            Port(4317, "The TCP port of OTLP over gRPC.", "grpcPort"),
            Port(4318, "The TCP port of OTLP over HTTP.", "httpPort"),
        ),
    ),
    _service("ldap", "LDAP", "directory", 389),
    _service("ldaps", "LDAPS", "directory", 636),
    _service("smtp", "SMTP", "mail", 25, Port(587, "The TCP port for mail submission.", "submissionPort")),
    _service("imap", "IMAP", "mail", 143, Port(993, "The TCP port for TLS.", "tlsPort")),
    Service(
        "ftp",
        "FTP",
        "storage",
        (Port(21, "The TCP port for commands."),),
        ranges="Ports for data in passive mode, as the server is set up: a list of NetworkPolicy ports.",
    ),
    Service(
        "syslog",
        "syslog",
        "observability",
        (Port(514, "The UDP and TCP port of syslog.", protocols=UDP_AND_TCP),),
    ),
    _service("mqtt", "MQTT", "messaging", 1883, Port(8883, "The TCP port for TLS.", "tlsPort")),
    _service("nfs", "NFS", "storage", 2049),
)


def service_documents() -> list[Document]:
    """Return the template documents of all services, ingress before egress."""
    return [document for service in SERVICES for document in (_ingress(service), _egress(service))]


def service_files() -> dict[str, str]:
    """Return the text of each generated file by its name."""
    return {f"{document['name']}.yaml": dump_yaml(document) for document in service_documents()}


def _ingress(service: Service) -> Document:
    ports = "ports" if len(service.ports) > 1 or service.ranges else "port"
    return {
        "name": service.name,
        "title": f"{service.title} server",
        "description": (
            f"Lets pods of the namespace reach this workload on its {service.title} {ports}. "
            "Cuts all other ingress; egress stays as it is."
        ),
        "category": service.category,
        "scope": "workload",
        "parameters": _parameters(service, "from", "The pods of the namespace that may connect"),
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": "${from}"}], "ports": _ports(service)}],
        },
    }


def _egress(service: Service) -> Document:
    return {
        "name": f"to-{service.name}",
        "title": f"{service.title} client",
        "description": (
            f"Lets this workload reach {service.title} on pods of the namespace, and the cluster DNS. "
            "Cuts all other egress; ingress stays as it is."
        ),
        "category": service.category,
        "scope": "workload",
        "parameters": _parameters(service, "to", "The pods of the namespace that may be reached"),
        "spec": {
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": "${to}"}], "ports": _ports(service)}, _dns_rule()],
        },
    }


def _parameters(service: Service, side: str, meaning: str) -> Document:
    described = f"{meaning}, as a label selector; {{}} means all."
    ports = {port.parameter: _port_parameter(port) for port in service.ports}
    ranges = {"dataPorts": _ranges(service.ranges)} if service.ranges else {}
    selector = {side: {"description": described, "type": "object", "default": {}}}
    return {"type": "object", "additionalProperties": False, "properties": {**ports, **ranges, **selector}}


def _port_parameter(port: Port) -> Document:
    return {
        "description": port.meaning,
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "default": port.number,
    }


def _ranges(meaning: str) -> Document:
    return {
        "description": meaning,
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["port"],
            "properties": {
                "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                "endPort": {"type": "integer", "minimum": 1, "maximum": 65535},
            },
        },
        "default": [],
        "examples": [[{"port": 30000, "endPort": 30009}]],
    }


def _ports(service: Service) -> list[object]:
    ports: list[object] = [
        {"protocol": protocol, "port": f"${{{port.parameter}}}"}
        for port in service.ports
        for protocol in port.protocols
    ]
    return [*ports, "${dataPorts}"] if service.ranges else ports


def _dns_rule() -> Document:
    ports = [{"protocol": protocol, "port": 53} for protocol in UDP_AND_TCP]
    return {"to": [f"${{{DNS}}}"], "ports": ports}
