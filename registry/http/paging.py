"""Lists in pages. A cursor holds where a page ended, so that what comes and goes meanwhile shifts nothing."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from flask import Response

from registry.http import problems
from registry.http.answers import json_answer
from registry.http.problems import Refused
from registry.model.problems import Problem

T = TypeVar("T")
Key = tuple[str, ...]


class Order(msgspec.Struct, Generic[T], frozen=True):
    """An order by keys of which no two items have the same; `name` keeps its cursors from other orders."""

    name: str
    key: Callable[[T], Key]
    descending: bool = False

    def follows(self, item: T, place: Key) -> bool:
        """Whether an item comes after a place."""
        key = self.key(item)
        return key < place if self.descending else key > place


def page(
    items: Iterable[T], order: Order[T], show: Callable[[T], dict[str, Any]], query: Mapping[str, Any]
) -> Response:
    """The page of items that `limit` and `cursor` of the query ask for. Raises Refused."""
    return json_answer(paged(items, order, show, query))


def paged(
    items: Iterable[T], order: Order[T], show: Callable[[T], dict[str, Any]], query: Mapping[str, Any]
) -> dict[str, Any]:
    """The same as the members of an answer. Raises Refused."""
    found = sorted(items, key=order.key, reverse=order.descending)
    cursor, limit = query.get("cursor"), query["limit"]
    place = _place(cursor, order.name) if cursor else None
    left = [item for item in found if place is None or order.follows(item, place)]
    shown = left[:limit]
    following = _cursor(order.name, order.key(shown[-1])) if len(left) > limit else None
    return {"items": [show(item) for item in shown], "next": following, "total": len(found)}


def _cursor(order: str, place: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([order, *place])).decode().rstrip("=")


def _place(cursor: str, order: str) -> Key:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        name, *place = msgspec.json.decode(raw, type=list[str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _foreign("This cursor is not one of ours.") from error
    if name != order:
        raise _foreign("This cursor belongs to a list in another order.")
    return tuple(place)


def _foreign(reason: str) -> Refused:
    wrong = Problem("/cursor", reason, "Use `next` of the page before, with the same `sort`.")
    return Refused(problems.INVALID_QUERY, reason, errors=[wrong])
