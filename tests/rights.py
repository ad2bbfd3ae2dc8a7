"""Rights that a test gives to users of the cluster, and takes from them.

The API server's authorizer learns of a new binding by a watch, so an answer in the first moments may still
follow the old ones: both functions wait until it goes by what they changed.
"""

from devcluster.api import Api
from tests.cluster import eventually, unique_name

RBAC = "/apis/rbac.authorization.k8s.io/v1"
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def grant(api: Api, namespace: str, resource: str, verbs: str, *names: str, user: str = "stranger") -> None:
    """Give a user verbs ("get list") on a resource ("deployments.apps"), or on the named objects alone."""
    path, role_name = f"{RBAC}/namespaces/{namespace}", unique_name("grant")
    plural, _, group = resource.partition(".")
    rule = {"apiGroups": [group], "resources": [plural], "verbs": verbs.split(), "resourceNames": list(names)}
    api.create(f"{path}/roles", {"metadata": {"name": role_name}, "rules": [rule]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role_name}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
    body = {"metadata": {"name": role_name}, "roleRef": role, "subjects": [subject]}
    api.create(f"{path}/rolebindings", body)
    asked = {"namespace": namespace, "group": group, "resource": plural, "verb": verbs.rsplit(maxsplit=1)[-1]}
    asked |= {"name": names[-1]} if names else {}
    eventually(lambda: _may(api, user, asked))


def unbind_readers(api: Api, namespace: str) -> None:
    """Take from all users the right to read templates that deploy/rbac.yaml gives them."""
    api.delete(f"{RBAC}/namespaces/{namespace}/rolebindings/netpol-registry-templates-reader")
    asked = {"namespace": namespace, "group": "netpol-registry.dev", "resource": "templates", "verb": "get"}
    eventually(lambda: not _may(api, "stranger", asked))


def _may(api: Api, user: str, asked: dict[str, str]) -> bool:
    spec = {"user": user, "groups": ["system:authenticated"], "resourceAttributes": asked}
    allowed: bool = api.create(_REVIEWS, {"spec": spec})["status"]["allowed"]
    return allowed
