"""Connections notice within seconds that the other side is gone."""

import socket
import sys

import pytest

from registry.cluster.sockets import watch_over


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other options")
def test_a_dead_connection_is_found_out_within_25_seconds_and_15_with_data_under_way():
    with socket.socket() as one:
        watch_over(one)

        def option(name: int) -> int:
            return one.getsockopt(socket.IPPROTO_TCP, name)

        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        probing = option(socket.TCP_KEEPINTVL) * option(socket.TCP_KEEPCNT)
        assert option(socket.TCP_KEEPIDLE) + probing <= 25
        assert option(socket.TCP_USER_TIMEOUT) == 15_000
