"""Who wrote which policy, by the API server's audit log. Needs the bodies of writes to NetworkPolicies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.soak.book import Place
from devcluster.users import USERS

POLICY: Final = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  verbs: [create, update, patch, delete]
  resources: [{group: networking.k8s.io, resources: [networkpolicies]}]
- {level: None}
"""
"""The audit policy that this module reads; nothing else is logged, which keeps the API server fast."""

_CONTROLLER: Final = USERS["controller"].name
_COLLECTOR: Final = "generic-garbage-collector"
_REFUSED_FROM: Final = 400


class Write(msgspec.Struct, frozen=True):
    """One answered write of a policy. `changed` is False when the object stayed as it was."""

    place: Place
    verb: str
    user: str
    code: int
    uid: str = ""
    changed: bool = True

    @property
    def ours(self) -> bool:
        """Whether the controller made it."""
        return self.user == _CONTROLLER

    @property
    def collected(self) -> bool:
        """Whether the garbage collector made it."""
        return self.user.endswith(_COLLECTOR)

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return self.code < _REFUSED_FROM


class AuditLog:
    """Reads on from where it was read last, whole lines only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.last: Write | None = None

    def read(self) -> list[Write]:
        """The writes since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        self._offset += len(whole) + bool(whole)
        return list(writes(whole))


def writes(lines: bytes) -> Iterator[Write]:
    """The writes in these lines of an audit log; one that was cut by the API server's end is left out."""
    for line in filter(None, lines.split(b"\n")):
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if event["stage"] == "ResponseComplete" and event["objectRef"].get("subresource") is None:
            yield _write(event)


def _write(event: dict[str, Any]) -> Write:
    target, sent, got = (
        event["objectRef"],
        event.get("requestObject") or {},
        event.get("responseObject") or {},
    )
    before, after = _version(sent), _version(got)
    return Write(
        place=(target.get("namespace", ""), target.get("name") or sent.get("metadata", {}).get("name", "")),
        verb=event["verb"],
        user=event["user"]["username"],
        code=event["responseStatus"]["code"],
        uid=got.get("details", {}).get("uid") or got.get("metadata", {}).get("uid", ""),
        changed=event["verb"] != "update" or before != after,
    )


def _version(found: dict[str, Any]) -> str:
    version: str = found.get("metadata", {}).get("resourceVersion", "")
    return version
