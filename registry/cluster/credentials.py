"""Whose credentials we use: those of a kubeconfig, or of the pod that we run in."""

import os
from pathlib import Path

from registry.cluster import bearer
from registry.cluster.bearer import Bearer
from registry.cluster.connection import Connection, ConnectionProblem, Header, trusting


def connect(kubeconfig: str | None = None) -> Connection:
    """Credentials of `kubeconfig`, else of $KUBECONFIG, else of the pod we run in.

    Raises ConnectionProblem when none of them can be used.
    """
    path = kubeconfig or os.environ.get("KUBECONFIG")
    found = bearer.of_kubeconfig(Path(path)) if path else _of_pod()
    if found:
        return _with_token(found)
    from registry.cluster import official  # noqa: PLC0415 (18 MiB that most processes never need)

    return official.connect(path)


def _of_pod() -> Bearer | None:
    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        return None
    try:
        found = bearer.of_pod()
        found.token()
    except (OSError, KeyError, ValueError) as error:
        raise ConnectionProblem(
            f"No usable Kubernetes credentials of this pod: {error}. "
            "Mount its service account's token, or set KUBECONFIG."
        ) from error
    return found


def _with_token(found: Bearer) -> Connection:
    def authorization() -> str | None:
        token = found.token()
        return token and f"Bearer {token}"

    header, tls = Header(authorization), None
    if found.server.startswith("https"):
        tls = trusting(found.authority, verified=found.verified)
    return Connection(found.server, tls, header.value, tls, header.renew)
