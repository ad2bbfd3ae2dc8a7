"""Answers are read alike in whatever pieces they come, and what is no answer is refused."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cluster.http1 import MAX_HEAD, Answer, Malformed, head, request, target

SIZED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3;name=value\r\nllo\r\n0\r\nTrailer: x\r\n\r\n"
)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED


def read(raw: bytes, cuts: list[int]) -> tuple[Answer, bytes]:
    answer, content, places = Answer(), b"", sorted({0, *cuts, len(raw)})
    for start, end in itertools.pairwise(places):
        content += answer.feed(raw[start:end])
    return answer, content


@pytest.mark.parametrize("raw", [SIZED, CHUNKED, INTERIM])
@given(cuts=st.lists(st.integers(0, 120)))
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(raw: bytes, cuts: list[int]):
    answer, content = read(raw, [cut % len(raw) for cut in cuts])
    assert (answer.status // 100, content, answer.ended, answer.keeps_alive) == (2, b"hello", True, True)


@given(contents=st.lists(st.binary(min_size=1, max_size=40), max_size=5), cuts=st.lists(st.integers(0, 500)))
def test_chunks_of_any_bytes_are_read(contents: list[bytes], cuts: list[int]):
    chunks = b"".join(f"{len(one):x}\r\n".encode() + one + b"\r\n" for one in contents)
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    answer, content = read(raw, [cut % len(raw) for cut in cuts])
    assert (content, answer.ended) == (b"".join(contents), True)


@given(st.binary(max_size=300))
def test_whatever_comes_is_an_answer_or_malformed(noise: bytes):
    try:
        read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + noise, [])
    except Malformed:
        return


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
        SIZED + b"more",
        CHUNKED + b"more",
        b"HTTP/1.1 200 OK\r\n" + b"x" * (MAX_HEAD + 1),
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes):
    with pytest.raises(Malformed):
        read(raw, [])


@pytest.mark.parametrize("raw", [SIZED[:-1], CHUNKED[:-2], b"HTTP/1.1 200 OK\r\n", b""])
def test_an_answer_that_breaks_off_is_refused(raw: bytes):
    answer, _ = read(raw, [])
    with pytest.raises(Malformed):
        answer.cut()


def test_an_answer_without_a_length_ends_with_its_connection():
    answer, content = read(b"HTTP/1.1 200 OK\r\n\r\nhello", [])
    answer.cut()
    assert (content, answer.ended, answer.keeps_alive) == (b"hello", True, False)


@pytest.mark.parametrize("end", [b"Content-Length: 0\r\nConnection: close\r\n", b"Content-Length: 0\r\n"])
def test_a_connection_is_kept_unless_the_server_closes_it(end: bytes):
    answer, _ = read(b"HTTP/1.1 200 OK\r\n" + end + b"\r\n", [])
    assert answer.keeps_alive is (b"close" not in end)


def test_headers_are_found_in_any_case():
    answer, _ = read(b"HTTP/1.1 429 Slow\r\nRETRY-after:  7 \r\nContent-Length: 0\r\n\r\n", [])
    assert (answer.header("Retry-After"), answer.header("After")) == ("7", None)


def test_a_request_carries_its_headers_and_the_length_of_its_content():
    raw = request(head("POST", "/x", {"Host": "h"}), "Bearer t", b"{}")
    assert raw == b"POST /x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb"])
def test_a_header_does_not_break_out_of_its_line(value: str):
    with pytest.raises(ValueError, match="line break"):
        head("GET", "/", {"User-Agent": value})
    with pytest.raises(ValueError, match="line break"):
        request(head("GET", "/", {}), value, None)


def test_what_may_not_stand_in_an_address_is_escaped():
    assert target("/a b\n/c:d%2f", {"labelSelector": "a=b,c"}) == "/a%20b%0A/c:d%2f?labelSelector=a%3Db%2Cc"
