"""TCP ports of the loopback address."""

import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LAST_PORT: Final = 65535


class PortError(Exception):
    """The port asked for cannot be had; the text is one line that says what to do."""


def free_port() -> int:
    """Return a port that is free now; another process may take it before its user does."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def usable_port(text: str) -> int:
    """Return the port that a person asked for as a number, if it can be listened on; raises PortError."""
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        raise PortError(f"PORT={text} is not a port: write a number from 1 to {_LAST_PORT}, as in PORT=8090")
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: a closed one is free at once
        try:
            probe.bind((LOOPBACK, int(text)))
        except OSError as error:
            raise PortError(
                f"port {text} cannot be used ({error.strerror}): "
                "stop what listens there, or choose another one: make run PORT=8090"
            ) from error
    return int(text)
