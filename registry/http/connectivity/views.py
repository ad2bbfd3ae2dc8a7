"""All views of connectivity."""

from registry.http.connectivity import graphs, questions
from registry.http.connectivity.blueprint import blueprint

__all__ = ["blueprint", "graphs", "questions"]
