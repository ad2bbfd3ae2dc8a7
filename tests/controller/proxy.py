"""A TCP proxy before the API server that a test can cut."""

import base64
import contextlib
import socket
import threading
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from devcluster.cluster import ControlPlane
from devcluster.ports import LOOPBACK
from devcluster.users import write_kubeconfig


class Proxy:
    """Passes connections on to the API server; when stalled, nothing goes either way, as in a partition."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server((LOOPBACK, 0))
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Shutdown first: only that wakes a thread that waits in accept or recv.
        for one in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._passing.set()

    def stall(self) -> None:
        self._passing.clear()

    def resume(self) -> None:
        self._passing.set()

    def kubeconfig(self, path: Path) -> Path:
        """Credentials of the controller that lead through here."""
        authority = base64.b64encode(self._plane.ca_file.read_bytes()).decode()
        port = self._listener.getsockname()[1]
        write_kubeconfig(path, f"https://{LOOPBACK}:{port}", authority, self._plane.token("controller"))
        return path

    def _accept(self) -> None:
        server = urlsplit(self._plane.url)
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((server.hostname, server.port))
                self._sockets += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
