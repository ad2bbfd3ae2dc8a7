"""The blueprint that the views of connectivity are in."""

from typing import Final

from registry.http.operations import ClusterOperations

blueprint: Final = ClusterOperations(
    "connectivity",
    __name__,
    url_prefix="/api/v1/connectivity",
    description="Who can talk to whom, and why.",
)
