"""What `make run` prints when it is ready: where things are, and what to try."""

from pathlib import Path

_STEPS = """\
  kubectl create namespace shop
  kubectl label namespace shop netpol-registry.dev/managed=true   # defaults appear
  kubectl -n shop create deployment db --image=postgres
  kubectl -n shop label deployment db template.netpol-registry.dev/postgres=true
  kubectl -n shop get networkpolicies      # the policy is there; no pod was restarted
"""


def own_cluster(address: str, folder: Path) -> str:
    """Return the text for a control plane of our own, whose files are in `folder`."""
    return f"""
The registry is running, on a control plane without network plugin: policies are made here, not enforced.

  address      {address}    (API documentation: {address}/docs)
  kubeconfig   {folder}/kubeconfig    (cluster admin)
  tokens       {folder}/admin.token, developer.token, viewer.token
  logs         {folder}/controller.log, server.log

Try this in another terminal:

  export KUBECONFIG={folder}/kubeconfig PATH={folder}/bin:$PATH
{_STEPS}\
  curl -H "Authorization: Bearer $(cat {folder}/admin.token)" {address}/api/v1/templates

Ctrl-C stops everything.
"""


def given_cluster(address: str, folder: Path, kubeconfig: Path, cluster: str) -> str:
    """Return the text for the cluster of KUBECONFIG=."""
    return f"""
The registry is running on {cluster}, as the user of {kubeconfig}.

  address      {address}    (API documentation: {address}/docs)
  logs         {folder}/controller.log, server.log

Try this in another terminal:

  export KUBECONFIG={kubeconfig.resolve()}
{_STEPS}\
  TOKEN=$(kubectl -n netpol-registry create token netpol-registry-server)
  curl -H "Authorization: Bearer $TOKEN" {address}/api/v1/templates

Ctrl-C stops both processes. In the cluster stay the namespace netpol-registry, its RBAC and the policies.
"""
