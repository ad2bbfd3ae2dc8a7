"""Connections that notice when the other side is gone without a word, as after a partition or a node's end.

Slow answers do not end them: what counts is whether the other side's kernel still acknowledges.
https://man7.org/linux/man-pages/man7/tcp.7.html
"""

import socket
from typing import Final

_OPTIONS: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
"""Seconds but for the last, which is in milliseconds: dead after 25 s without, 15 s with data under way."""


def watch_over(one: socket.socket) -> None:
    """Set a TCP socket up so; options that the system does not know are left out."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):
            one.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
