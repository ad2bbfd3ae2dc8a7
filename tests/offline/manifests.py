"""Manifests, as short as they can be."""

POLICY = "networking.k8s.io/v1"


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def template(app, *ports, **spec):
    container = {"name": "c", "ports": [{"containerPort": number, "name": name} for name, number in ports]}
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container], **spec}}


def workload(name, kind="Deployment", namespace="shop", api_version="apps/v1", ports=(), **spec):
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template(name, *ports, **spec)},
    }


def owned(made, kind, name, api_version="apps/v1"):
    owner = {"apiVersion": api_version, "kind": kind, "name": name, "uid": "1", "controller": True}
    return {**made, "metadata": {**made["metadata"], "ownerReferences": [owner]}}


def pod(name, app, namespace="shop", ip="", phase="Running", **labels):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app, **labels}},
        "spec": {"containers": [{"name": "c"}]},
        "status": {"phase": phase, **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {})},
    }


def policy(name, app, *sources, namespace="shop", ports=None):
    """Lets `sources`, by their label `app`, come in; nobody else."""
    peers = [{"podSelector": {"matchLabels": {"app": one}}} for one in sources]
    rule = {"from": peers, **({"ports": ports} if ports else {})}
    return {
        "apiVersion": POLICY,
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": ["Ingress"],
            "ingress": [rule] if sources else [],
        },
    }


def listed(*items, kind="List", api_version="v1"):
    return {"apiVersion": api_version, "kind": kind, "items": list(items)}


def service(name, app, namespace="shop", **spec):
    ports = [{"port": 80, "targetPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": app}, "ports": ports, **spec},
    }


def ingress(host, to, namespace="shop"):
    backend = {"service": {"name": to, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "in", "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
    }
