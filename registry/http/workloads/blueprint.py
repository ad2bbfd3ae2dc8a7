"""The blueprint that the views of workloads are in."""

from typing import Final

from registry.http.operations import ClusterOperations

blueprint: Final = ClusterOperations(
    "workloads",
    __name__,
    url_prefix="/api/v1/namespaces/<namespace>",
    description="Workloads and the templates they have.",
)
