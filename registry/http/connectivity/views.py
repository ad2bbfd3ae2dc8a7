"""All views of connectivity."""

from registry.http.connectivity import diffs, graphs, questions
from registry.http.connectivity.blueprint import blueprint

__all__ = ["blueprint", "diffs", "graphs", "questions"]
