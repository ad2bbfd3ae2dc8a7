"""Credentials that are a token and a certificate authority in files: a pod's own, and plain kubeconfigs.

All else (plugins, client certificates, several files) is left to the official client's loaders, which know
everything and take 18 MiB and a quarter of a second for it.
"""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import yaml

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/"""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

T = TypeVar("T")


class Bearer(NamedTuple):
    """A server, the PEM text of its authority (None: the system's), whether it is verified at all, a token.

    `token` reads it anew; it raises OSError or ValueError when it cannot.
    """

    server: str
    authority: str | None
    verified: bool
    token: Callable[[], str | None]


def of_pod() -> Bearer:
    """The service account of the pod we run in. Raises OSError or KeyError when its files are missing."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    authority = (ACCOUNT / "ca.crt").read_text()
    return Bearer(server, authority, verified=True, token=lambda: _token_of(ACCOUNT / "token"))


def of_kubeconfig(path: Path) -> Bearer | None:
    """The credentials of a kubeconfig's current context; None unless they are as plain as this."""
    try:
        found = _read(path)
        authority = found.authority(path.parent)
        found.token(path.parent)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    verified = not found.cluster.insecure_skip_tls_verify
    return Bearer(
        found.cluster.server.rstrip("/"), authority, verified, lambda: _read(path).token(path.parent)
    )


class _Cluster(msgspec.Struct, rename="kebab", forbid_unknown_fields=True):
    server: str
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    insecure_skip_tls_verify: bool = False


class _User(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    token: str | None = None
    token_file: str | None = None


class _Context(msgspec.Struct):
    cluster: str
    user: str


class _NamedCluster(msgspec.Struct):
    name: str
    cluster: _Cluster


class _NamedUser(msgspec.Struct):
    name: str
    user: _User


class _NamedContext(msgspec.Struct):
    name: str
    context: _Context


class _Config(msgspec.Struct, rename="kebab"):
    current_context: str
    clusters: list[_NamedCluster]
    users: list[_NamedUser]
    contexts: list[_NamedContext]


class _Current(NamedTuple):
    cluster: _Cluster
    user: _User

    def authority(self, folder: Path) -> str | None:
        named, data = self.cluster.certificate_authority, self.cluster.certificate_authority_data
        if named and data:
            raise ValueError("two authorities")
        if named:
            return (folder / named).read_text()
        return base64.b64decode(data, validate=True).decode() if data else None

    def token(self, folder: Path) -> str | None:
        if self.user.token and self.user.token_file:
            raise ValueError("two tokens")
        return _token_of(folder / self.user.token_file) if self.user.token_file else self.user.token


def _read(path: Path) -> _Current:
    config = msgspec.convert(yaml.load(path.read_bytes(), _LOADER), _Config)  # noqa: S506 (a safe loader)
    context = _named(config.current_context, {one.name: one.context for one in config.contexts})
    return _Current(
        _named(context.cluster, {one.name: one.cluster for one in config.clusters}),
        _named(context.user, {one.name: one.user for one in config.users}),
    )


def _named(name: str, things: dict[str, T]) -> T:
    if name not in things:
        raise ValueError(f"there is no {name}")
    return things[name]


def _token_of(file: Path) -> str:
    token = file.read_text().strip()
    if not token:
        raise ValueError(f"{file} is empty")
    return token
