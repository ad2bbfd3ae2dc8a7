"""The list of templates: which ones, in which order."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Response

from registry.http.answers import entry_summary, json_answer
from registry.http.paging import Key, Order, paged
from registry.http.queries import SORTS
from registry.http.remembered import remembered
from registry.http.requests import backend
from registry.planning.catalogue import Entry

Query = Mapping[str, Any]

_KEYS: Final[Mapping[str, Callable[[Entry], Key]]] = {
    "name": lambda entry: (entry.name,),
    "category": lambda entry: (entry.current.template.category if entry.current.template else "", entry.name),
    "changed": lambda entry: (entry.current.time, entry.name),
}
ORDERS: Final = {sort: Order(sort, _KEYS[sort.removeprefix("-")], sort.startswith("-")) for sort in SORTS}


def listed(query: Query) -> Response:
    """The page that the query asks for. Raises Refused."""
    catalogue = backend().watch.catalogue()
    used = backend().used(query["usage"]) if "usage" in query else None

    def page() -> Response:
        found = [entry for entry in catalogue.entries.values() if _matches(entry, query, used)]
        return json_answer(paged(found, ORDERS[query["sort"]], entry_summary, query))

    key = (used, *sorted(query.items()))
    return remembered().answer(catalogue, key, page)


def _matches(entry: Entry, query: Query, used: frozenset[str] | None) -> bool:
    template = entry.current.template
    if template is None:
        return False
    text = query.get("text", "").casefold()
    return (
        query.get("category") in (None, template.category)
        and query.get("scope") in (None, template.scope)
        and (used is None or (entry.name in used) != (query["usage"] == "unused"))
        and query.get("flagged") in (None, entry.flag is not None)
        and any(text in part.casefold() for part in (template.name, template.title, template.description))
    )
