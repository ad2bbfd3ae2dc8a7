"""A proxy before the API server in which faults can be injected while it runs."""

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from devcluster.cluster import ControlPlane
from devcluster.faults.actions import Action
from devcluster.faults.http1 import LIMIT
from devcluster.faults.relay import End, Relay
from devcluster.faults.rules import Fault, Match, Rules, Seen
from devcluster.ports import LOOPBACK
from devcluster.users import write_kubeconfig

_WAIT_SECONDS: Final = 10.0
T = TypeVar("T")


class FaultProxy:
    """Passes requests on to a control plane's API server, except for those that a fault hits.

        with FaultProxy(plane) as proxy:
            start_controller(proxy.kubeconfig(folder / "proxied"))
            with proxy.inject(Stall(), Match(watch=True)):
                ...
            lost = proxy.inject(LoseAnswer(), Match(methods=frozenset({"POST"})), times=3)

    It serves on loopback with the API server's own certificate, from a thread of its own; all methods may
    be called from any thread. Of several faults that fit, the one injected first hits. `seed` makes those
    with a probability fall the same way each time, as far as the requests come in the same order.
    """

    def __init__(self, plane: ControlPlane, *, seed: int | None = None) -> None:
        self._plane = plane
        self._rules = Rules(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._relays: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WAIT_SECONDS)
        self._loop.close()

    @property
    def url(self) -> str:
        """The address that leads to the API server through here."""
        return f"https://{LOOPBACK}:{self._port}"

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The requests so far, oldest first; of very many, the last ones."""
        return self._do(self._look())

    def kubeconfig(self, path: Path, role: str = "controller", token_file: Path | None = None) -> Path:
        """Write credentials of a key of `users.USERS` that lead through here; `token_file` has the token."""
        authority = base64.b64encode(self._plane.ca_file.read_bytes()).decode()
        write_kubeconfig(path, self.url, authority, self._plane.token(role))
        if token_file:
            config = json.loads(path.read_text())
            config["users"][0]["user"] = {"tokenFile": str(token_file)}
            path.write_text(json.dumps(config))
        return path

    def inject(
        self,
        action: Action,
        match: Match | None = None,
        *,
        times: int | None = None,
        probability: float = 1.0,
    ) -> Fault:
        """Have something go wrong from now on: `times` times, with a probability, or until its end."""
        fault = Fault(action, match or Match(), times, probability, self._end)
        self._do(self._rules.add(fault))
        return fault

    def heal(self) -> None:
        """End all faults."""
        self._do(self._rules.remove(None))

    def _end(self, fault: Fault) -> None:
        self._do(self._rules.remove(fault))

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_WAIT_SECONDS)

    async def _look(self) -> tuple[Seen, ...]:
        return tuple(self._rules.seen)

    async def _open(self) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._plane.ca_file, self._plane.ca_file.with_suffix(".key"))
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0, ssl=tls, limit=LIMIT)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.get_running_loop().create_task(
            Relay(End(reader, writer), self._dial, self._rules).run()
        )
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _dial(self) -> End:
        server = urlsplit(self._plane.url)
        tls = ssl.create_default_context(cafile=self._plane.ca_file)
        return End(*await asyncio.open_connection(server.hostname, server.port, ssl=tls, limit=LIMIT))
