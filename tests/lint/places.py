"""Pictures of a cluster, as the corpus writes them."""

from registry.connectivity.objects import Origin, Policy
from registry.connectivity.rules import Reader
from registry.lint.other_ends import KnownPolicies
from registry.lint.place import Target, place_of
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.objects import Key
from registry.planning.pods import Pods, Port


def place(written):
    """The cluster of `namespaces: {name: labels}` and `workloads: [{namespace, name, labels, ports}]`."""
    found = place_of(written["namespaces"], [(key(one), pods(one)) for one in written["workloads"]])
    visible = written.get("visible")
    return found if visible is None else found.limited_to(visible, all_namespaces=True)


def policies(written):
    """The policies of namespaces, `{namespace: [spec]}`; `template` says which generated one."""
    return KnownPolicies(
        {
            namespace: [Reader().read(_policy(namespace, number, one)) for number, one in enumerate(specs)]
            for namespace, specs in written.items()
        }
    )


def _policy(namespace, number, written):
    spec = {key: value for key, value in written.items() if key != "template"}
    origin = None
    if "template" in written:
        origin = Origin(written["template"], 1, key({"namespace": namespace, "name": "user"}))
    return Policy(namespace=namespace, name=f"p{number}", spec=canonical(normalise_spec(spec)), origin=origin)


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
