"""`cluster.ingressControllers`: pods of controllers that are known, where an admin vouches for them. Pure.

The labels of a workload are its owner's to choose, so by labels alone anybody could be let in everywhere.
Taken is a workload with the labels of a known product whose namespace is one of the product's install guide;
or is the one from which Helm installed a class of the product (classes belong to the cluster, so an admin
made it); or is excluded by the settings, as kube-system is, while a class names the product.

Where there are classes and nothing is taken, the cluster has a controller, and the default would be a guess.
"""

from collections.abc import Iterable, Sequence, Set
from typing import Any, Final

from registry.cluster.facts import ControllerClass
from registry.contract import NAME_LABEL
from registry.model.ingress_controllers import IngressController, by_class, by_labels
from registry.planning.objects import Key, Selector, Workload
from registry.world.facts.known import Found, Remark

GIVE_IT: Final = "If it is to be let in, give `cluster.ingressControllers` by the setting FACTS."


def product_of(workload: Workload) -> IngressController | None:
    """The product whose traffic a workload forwards, by its selector alone."""
    labels = (workload.selector or {}).get("matchLabels")
    return by_labels(labels) if labels and workload.key.group == "apps" else None


def ingress_controllers(
    classes: Iterable[ControllerClass], workloads: Iterable[Workload], excluded: Set[str]
) -> Found:
    """The peers of the ingress controllers and gateways; `excluded` are namespaces that are the admins'."""
    named = sorted(classes, key=lambda one: one.key)
    taken: dict[Key, Workload] = {}
    remarks: list[Remark] = []
    for workload in sorted(workloads, key=lambda one: one.key):
        remark = _against(workload, named, excluded)
        if remark:
            remarks.append(remark)
        else:
            taken[workload.key] = workload
    products = {product.name for one in taken.values() if (product := product_of(one))}
    remarks += (remark for one in named if (remark := _unserved(one, products)))
    peers = [_peer(one.namespace, one.selector or {}) for one in taken.values()]
    return Found(value=peers or None, sources=tuple(taken), remarks=tuple(remarks), other=bool(named))


def _against(workload: Workload, classes: Sequence[ControllerClass], excluded: Set[str]) -> Remark | None:
    """Why a workload is not taken; None when it is."""
    key, product = workload.key, product_of(workload)
    if product is None or not _vouched(product, key.namespace, classes, excluded):
        name = product.name if product else "nothing known"
        message = (
            f"{key} has the labels of {name}, but nothing that only admins write says that it is one, so it "
            "is not let in. Install its class with it by Helm, or make a class that names it and add its "
            "namespace to the setting EXCLUDED_NAMESPACES."
        )
        return Remark(message, key)
    if workload.host_network:
        message = f"{key} uses the host's network, so its traffic comes from its nodes' addresses. {GIVE_IT}"
        return Remark(message, key)
    return None


def _vouched(
    product: IngressController, namespace: str, classes: Sequence[ControllerClass], excluded: Set[str]
) -> bool:
    own = [one for one in classes if by_class(one.controller) == product]
    return (
        namespace in product.namespaces
        or any(one.release_namespace == namespace for one in own)
        or (namespace in excluded and bool(own))
    )


def _unserved(one: ControllerClass, products: Set[str]) -> Remark | None:
    """What to tell of a class that names nothing that is taken."""
    product = by_class(one.controller)
    said = f"{one.key.kind} {one.key.name} names {one.controller}"
    if product is None:
        return Remark(f"{said}, which is not known here. {GIVE_IT}", one.key)
    if product.outside:
        return Remark(f"{said}: its traffic comes from {product.outside}. {GIVE_IT}", one.key)
    if product.name not in products:
        return Remark(f"{said}, but no workload of {product.name} is let in. {GIVE_IT}", one.key)
    return None


def _peer(namespace: str, selector: Selector) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {NAME_LABEL: namespace}},
        "podSelector": dict(selector),
    }
