"""Connections as a person or a program names them: `TCP/80`, and lines of JSON. Pure."""

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from registry.connectivity.intervals import Intervals
from registry.connectivity.ports import ALL_OF, LAST, PROTOCOLS, number_of
from registry.offline.ends import Asked, Ends, Unresolved, verdict_of
from registry.offline.state import State

_PORT: Final = re.compile(r"(?:([A-Za-z]+)(?:/|$))?(?:(\d{1,5})(?:-(\d{1,5}))?)?")
_FORM: Final = "Write TCP/80, UDP/8000-8100, or SCTP for all of its ports."


class NoPort(ValueError):
    """A text that names no port; it says what to write."""


def read_ports(text: str) -> Intervals:
    """The ports of `TCP/80`, `80` (TCP), `TCP/8000-8100` or `UDP` (all of it). Raises NoPort."""
    found = _PORT.fullmatch(text)
    protocol = (found[1] or "TCP").upper() if found and text else ""
    if found is None or protocol not in PROTOCOLS:
        raise NoPort(f"{text!r} names no port of {', '.join(PROTOCOLS)}. {_FORM}")
    if found[2] is None:
        return ALL_OF[protocol]
    first, last = int(found[2]), int(found[3] or found[2])
    if not 1 <= first <= last <= LAST:
        raise NoPort(f"{text!r} is not within the ports 1 to {LAST}. {_FORM}")
    return ((number_of(protocol, first), number_of(protocol, last)),)


def read_port(text: str) -> tuple[str, int]:
    """The protocol and the number of `TCP/80` or `80`. Raises NoPort."""
    read_ports(text)
    found = _PORT.fullmatch(text)
    if found is None or found[2] is None or found[3]:
        raise NoPort(f"{text!r} is not one port: a connection has one. Write such as TCP/80.")
    return (found[1] or "TCP").upper(), int(found[2])


class Line(msgspec.Struct, frozen=True):
    """A question; members other than these are for who asks."""

    source: str
    destination: str
    protocol: Literal["TCP", "UDP", "SCTP"]
    port: int


_LINE: Final = msgspec.json.Decoder(Line)
_encode: Final = msgspec.json.Encoder().encode

_FIX: Final = (
    'Write {"source": "namespace/pod", "destination": "namespace/pod or IP", "protocol": "TCP", "port": 80}.'
)


def answer_lines(lines: Iterable[bytes], state: State, write: Callable[[bytes], object]) -> tuple[int, int]:
    """Write an answer for each question, in order, as soon as it is there; an empty line is none.

    Answers how many they were, and how many of them could not be answered.
    """
    ends = Ends(state)
    total = failed = 0
    for line in lines:
        if line.isspace():
            continue
        total += 1
        try:
            answer = _answer(line, ends, state)
        except (Unresolved, NoPort) as error:
            failed += 1
            answer = {"error": str(error)}
        except msgspec.MsgspecError as error:
            failed += 1
            answer = {"error": f"This is no question: {error}. {_FIX}"}
        write(_encode(answer) + b"\n")
    return total, failed


def _answer(line: bytes, ends: Ends, state: State) -> dict[str, object]:
    asked = _LINE.decode(line)
    if not 1 <= asked.port <= LAST:
        raise NoPort(f"{asked.port} is no port. Write a number from 1 to {LAST}.")
    found = ends.asked(asked.source, asked.destination, asked.protocol, asked.port)
    verdict = verdict_of(state.network, found)
    return {
        "source": asked.source,
        "destination": asked.destination,
        "protocol": asked.protocol,
        "port": asked.port,
        "allowed": verdict.allowed,
        "egress": verdict.egress,
        "ingress": verdict.ingress,
    }


def asked_of(ends: Ends, source: str, destination: str, port: str) -> Asked:
    """The connection that arguments of a command name. Raises Unresolved and NoPort."""
    return ends.asked(source, destination, *read_port(port))
