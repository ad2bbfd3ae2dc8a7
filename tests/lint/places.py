"""Pictures of a cluster, as the corpus writes them."""

from registry.lint.place import Target, place_of
from registry.planning.objects import Key
from registry.planning.pods import Pods, Port


def place(written):
    """The cluster of `namespaces: {name: labels}` and `workloads: [{namespace, name, labels, ports}]`."""
    found = place_of(written["namespaces"], [(key(one), pods(one)) for one in written["workloads"]])
    visible = written.get("visible")
    return found if visible is None else found.limited_to(visible, all_namespaces=True)


def target(written, place):
    """What the template is used on: a workload by `namespace/name`, or a namespace."""
    namespace, _, name = written.partition("/")
    return place.target(key({"namespace": namespace, "name": name})) if name else Target(namespace)


def key(one):
    return Key("apps", "Deployment", one.get("namespace", "shop"), one["name"])


def pods(one):
    """Ports are written as `TCP 8080 http`; without any, a container may serve all."""
    written = one.get("ports", [])
    return Pods(
        labels=tuple(sorted(one.get("labels", {"app": one["name"]}).items())),
        ports=frozenset(port(text) for text in written),
        undeclared=one.get("undeclared", not written),
        host_network=one.get("hostNetwork", False),
    )


def port(text):
    protocol, number, *name = text.split()
    return Port(protocol, int(number), *name)
