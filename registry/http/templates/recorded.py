"""What the catalogue has recorded of a template that a request names; deleted templates included."""

from registry.http import problems
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.planning.catalogue import Entry, Revision
from registry.store.errors import TemplateNotFound


def recorded_entry(name: str) -> Entry:
    """The template's history. Raises TemplateNotFound when there never was one of that name."""
    entry = backend().watch.catalogue().entries.get(name)
    if entry is None:
        raise TemplateNotFound(name)
    return entry


def recorded_revision(entry: Entry, number: int) -> Revision:
    """One revision of it. Raises Refused."""
    revision = entry.revisions.get(number)
    if revision is None:
        kept = number < entry.head
        why = "is no longer kept, or never was in force" if kept else "does not exist"
        detail = f"Revision {number} of template {entry.name} {why}; the current one is {entry.head}."
        raise Refused(problems.REVISION_NOT_FOUND, detail)
    return revision
