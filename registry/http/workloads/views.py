"""All views of workloads."""

from registry.http.workloads import changing, reading
from registry.http.workloads.blueprint import blueprint

__all__ = ["blueprint", "changing", "reading"]
