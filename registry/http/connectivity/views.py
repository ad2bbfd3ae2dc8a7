"""All views of connectivity."""

from registry.http.connectivity import analyses, diffs, findings, graphs, questions
from registry.http.connectivity.blueprint import blueprint

__all__ = ["analyses", "blueprint", "diffs", "findings", "graphs", "questions"]
