"""Install what the product needs into a cluster: namespace and RBAC of `deploy/`, and bindings of the users.

The controller and the service run here as processes, but with the very service accounts and rights that
`deploy/` gives them in a real cluster.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from devcluster.api import Api, Object
from devcluster.users import NAMESPACE, USERS

DEPLOY: Final = Path(__file__).parent.parent / "deploy"
_RBAC: Final = "rbac.authorization.k8s.io"
_RBAC_PATH: Final = f"/apis/{_RBAC}/v1"
_COLLECTIONS: Final = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts",
    "ClusterRole": f"{_RBAC_PATH}/clusterroles",
    "ClusterRoleBinding": f"{_RBAC_PATH}/clusterrolebindings",
    "Role": f"{_RBAC_PATH}/namespaces/{{namespace}}/roles",
    "RoleBinding": f"{_RBAC_PATH}/namespaces/{{namespace}}/rolebindings",
}
_USER_ROLES: Final = {"admin": "cluster-admin", "developer": "edit", "viewer": "view"}


def install(api: Api) -> None:
    """Apply namespace and RBAC of `deploy/`; an existing installation is brought up to date."""
    for manifest in _manifests():
        _apply(api, manifest)


def bind_users(api: Api) -> None:
    """Bind the static users cluster-wide: admin to `cluster-admin`, developer to `edit`, viewer to `view`."""
    for user, role in _USER_ROLES.items():
        _apply(api, _cluster_role_binding(user, role))


def bind_store_namespace(api: Api, namespace: str) -> None:
    """Give the service accounts and readers the rights in `namespace` that they have in the registry's own.

    For an installation whose store is there, as tests have several of in one cluster.
    """
    for manifest in _manifests():
        if manifest["kind"] in ("Role", "RoleBinding") and manifest["metadata"]["namespace"] == NAMESPACE:
            _apply(
                api, manifest | {"metadata": {"name": manifest["metadata"]["name"], "namespace": namespace}}
            )


def _manifests() -> Iterator[Object]:
    for file in ("namespace.yaml", "rbac.yaml"):
        yield from yaml.safe_load_all((DEPLOY / file).read_text())


def _apply(api: Api, manifest: Object) -> None:
    metadata = manifest["metadata"]
    collection = _COLLECTIONS[manifest["kind"]].format(namespace=metadata.get("namespace"))
    api.apply(f"{collection}/{metadata['name']}", manifest)


def _cluster_role_binding(user: str, role: str) -> Object:
    identity = USERS[user]
    kind, name = ("Group", identity.groups[0]) if identity.groups else ("User", identity.name)
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{NAMESPACE}:{user}"},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": kind, "name": name}],
    }
