"""The watch protocol and the watched copy, without a server."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cluster.cache import Cache
from registry.cluster.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    ServerError,
    TooManyRequests,
    Unprocessable,
    is_transient,
)
from registry.cluster.watch import Lines, read_bookmark, read_error, watch_query
from registry.planning.objects import LivePolicy


def event(kind: str, content: object) -> bytes:
    return msgspec.json.encode({"type": kind, "object": content}) + b"\n"


@given(st.lists(st.text(max_size=20), max_size=8), st.lists(st.integers(0, 400), max_size=10))
def test_events_are_the_same_however_the_stream_is_cut(contents: list[str], cuts: list[int]):
    stream = b"".join(event("ADDED", {"text": text}) for text in contents)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    lines = Lines()
    found = [
        msgspec.json.decode(one.object)["text"]
        for start, end in pairwise(places)
        for one in lines.feed(stream[start:end])
    ]
    assert found == contents


def test_a_line_that_is_no_event_is_an_error():
    with pytest.raises(msgspec.MsgspecError):
        list(Lines().feed(b'{"type":"ADD\n'))


def test_the_bookmark_that_ends_the_replay_is_known():
    meta = {"resourceVersion": "7", "annotations": {"k8s.io/initial-events-end": "true"}}
    (one,) = Lines().feed(event("BOOKMARK", {"metadata": meta}))
    assert (read_bookmark(one).resource_version, read_bookmark(one).initial_end) == ("7", True)


def test_an_error_event_carries_its_code():
    (one,) = Lines().feed(event("ERROR", {"code": 410, "reason": "Expired", "message": "too old"}))
    assert isinstance(read_error(one), Gone)


def test_a_replay_asks_for_what_exists_and_a_renewal_for_what_is_new():
    assert watch_query({}, "", 60, replay=True)["sendInitialEvents"] == "true"
    assert watch_query({}, "7", 60, replay=False)["resourceVersion"] == "7"


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "", BadRequest),
        (403, "", Forbidden),
        (404, "", NotFound),
        (409, "Conflict", Conflict),
        (409, "AlreadyExists", AlreadyExists),
        (410, "", Gone),
        (418, "", ApiError),
        (422, "", Unprocessable),
        (429, "", TooManyRequests),
        (500, "", ServerError),
        (503, "", ServerError),
    ],
)
def test_a_refusal_becomes_the_error_of_its_kind(code: int, reason: str, kind: type[ApiError]):
    body = msgspec.json.encode({"reason": reason, "message": "no"})
    error = ApiError.of(code, body)
    assert (type(error), error.status.code, str(error)) == (kind, code, "no")


def test_a_refusal_need_not_be_json():
    assert str(ApiError.of(502, b"<html>bad gateway")) == "<html>bad gateway"


def test_what_the_server_asks_to_wait_is_kept():
    assert ApiError.of(429, b"{}", "3").retry_after == 3


@pytest.mark.parametrize(
    ("code", "transient"), [(429, True), (500, True), (403, False), (409, False), (422, False)]
)
def test_only_what_may_pass_by_itself_is_transient(code: int, transient: bool):
    assert is_transient(ApiError.of(code, b"{}")) is transient


def policy(version: int, uid: str = "a", name: str = "p") -> LivePolicy:
    return LivePolicy(namespace="shop", name=name, uid=uid, resource_version=str(version))


class Watched:
    """A cache and what it told its handler."""

    def __init__(self) -> None:
        self.told: list[tuple[str | None, str | None]] = []
        self.cache: Cache[LivePolicy] = Cache(self._tell)

    def _tell(self, old: LivePolicy | None, new: LivePolicy | None) -> None:
        self.told.append((old and old.resource_version, new and new.resource_version))


def test_an_older_version_never_replaces_a_newer_one():
    watched = Watched()
    watched.cache.put(policy(10))
    watched.cache.put(policy(9))
    assert watched.told == [(None, "10")]


def test_the_watch_echo_of_our_own_write_is_no_change():
    watched = Watched()
    watched.cache.put(policy(10))
    watched.cache.put(policy(10))
    assert len(watched.told) == 1


def test_what_we_deleted_does_not_come_back_by_a_late_event():
    watched = Watched()
    watched.cache.put(policy(10))
    watched.cache.drop(policy(10), for_good=True)
    watched.cache.put(policy(11))
    assert watched.cache.get("shop", "p") is None


def test_what_left_a_selector_comes_back_with_its_uid():
    watched = Watched()
    watched.cache.put(policy(10))
    watched.cache.drop(policy(11))
    watched.cache.put(policy(11))
    assert watched.cache.get("shop", "p") == policy(11)


def test_a_new_object_of_the_name_we_deleted_is_taken_in():
    watched = Watched()
    watched.cache.put(policy(10))
    watched.cache.drop(policy(10), for_good=True)
    watched.cache.put(policy(12, uid="b"))
    assert watched.cache.get("shop", "p") is not None


def test_an_answer_that_comes_after_its_objects_deletion_is_too_late():
    watched = Watched()
    watched.cache.drop(policy(11))
    watched.cache.put(policy(10))
    assert watched.cache.get("shop", "p") is None


def test_deletions_are_not_remembered_without_end():
    watched = Watched()
    for number in range(20_000):
        watched.cache.drop(policy(1, uid=str(number)))
    assert len(watched.cache._gone) == 10_000  # noqa: SLF001 (nothing else shows it)


def test_a_late_deletion_leaves_the_new_object_of_that_name():
    watched = Watched()
    watched.cache.put(policy(12, uid="b"))
    watched.cache.drop(policy(11, uid="a"))
    assert watched.cache.get("shop", "p") is not None


def test_a_list_tells_what_changed_and_what_is_gone():
    watched = Watched()
    for one in (policy(1, "a", "p"), policy(2, "b", "q"), policy(3, "c", "r")):
        watched.cache.put(one)
    watched.told.clear()
    watched.cache.replace([policy(1, "a", "p"), policy(5, "b", "q"), policy(6, "d", "s")], "7")
    assert sorted(watched.told, key=str) == sorted([("2", "5"), ("3", None), (None, "6")], key=str)


def test_a_list_that_was_under_way_while_we_wrote_takes_nothing_back():
    watched = Watched()
    watched.cache.put(policy(8, uid="a"))
    watched.cache.replace([], "7")
    assert watched.cache.get("shop", "p") is not None


def test_a_list_that_was_under_way_while_we_deleted_brings_nothing_back():
    watched = Watched()
    watched.cache.put(policy(3, uid="a"))
    watched.cache.drop(policy(3, uid="a"), for_good=True)
    watched.cache.replace([policy(3, uid="a")], "7")
    assert watched.cache.get("shop", "p") is None
