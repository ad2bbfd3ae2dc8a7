"""Runs the application under gunicorn; each worker has its own event loop, watch and writer."""

import socket
import struct
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from registry.cluster.credentials import connect
from registry.collector import keep_what_is_loaded
from registry.http.access import LONGEST_TOKEN
from registry.http.app import create_app
from registry.http.backend import Backend
from registry.model.defaults import default_templates
from registry.settings import Settings

MEMORY: Final = Path("/dev/shm")  # noqa: S108 (not a file of ours: gunicorn's heartbeat goes there)
"""Where a worker's heartbeat file goes: memory, writable also where the root file system is not."""

GRACE_SECONDS: Final = 25
"""Kubernetes kills after 30 seconds: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"""

LONGEST_HEADER: Final = LONGEST_TOKEN + 64
"""Bytes of a header field: a token with what stands before it."""

SILENCE_SECONDS: Final = 10
"""How long a client may send or take nothing in the middle of a request: a thread waits for it meanwhile."""


def serve(settings: Settings) -> None:
    """Serve until a signal ends it. Raises ConnectionProblem in the worker without credentials."""
    Server(settings).run()


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured by our settings alone: neither its files nor its variables are read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Take over the settings."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application; called in each worker, so nothing here is shared between processes."""
        backend = Backend(self._settings, connect(), default_templates())
        backend.start()
        app = create_app(backend)
        keep_what_is_loaded()
        self.cfg.set("worker_exit", lambda _server, _worker: backend.stop())
        return app


def options(settings: Settings) -> dict[str, Any]:
    """Settings of gunicorn, by their names there."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "gthread",
        "worker_tmp_dir": str(MEMORY) if MEMORY.is_dir() else None,
        "control_socket_disable": True,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 75,
        "limit_request_field_size": LONGEST_HEADER,
        "loglevel": settings.log_level.lower(),
        "proc_name": "netpol-registry",
        "when_ready": _bound_silence,
    }


def _bound_silence(server: Any) -> None:  # noqa: ANN401 (gunicorn has no types)
    """Bound the waiting in the kernel: connections take it over from their listener, gunicorn has none."""
    seconds = struct.pack("ll", SILENCE_SECONDS, 0)
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
