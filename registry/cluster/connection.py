"""Where the API server is and who we are to it, by the official client's loaders."""

import logging
import os
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import yaml
from kubernetes import config
from kubernetes.client import Configuration

log = logging.getLogger(__name__)

TOKEN_SECONDS: Final = 10.0
"""Tokens are renewed minutes before they expire, so one this old is still good."""

RENEW_SECONDS: Final = 0.2
"""Of many calls that are refused at once, one has the credentials read anew."""


class ConnectionProblem(RuntimeError):
    """No usable credentials; the message says which file or variable to mend."""


class Connection(msgspec.Struct, frozen=True):
    """An API server's base address, its TLS context and the source of the Authorization header.

    `authorization` is called for each request, because mounted and exec-plugin tokens rotate.
    `renew` has the credentials read anew, after they were refused.
    `callers_tls` trusts the same server without presenting a certificate of ours.
    """

    url: str
    tls: ssl.SSLContext | None
    authorization: Callable[[], str | None]
    callers_tls: ssl.SSLContext | None = None
    renew: Callable[[], None] = lambda: None


def connect(kubeconfig: str | None = None) -> Connection:
    """Credentials of `kubeconfig`, else of $KUBECONFIG, else of the pod we run in.

    Raises ConnectionProblem when none of them can be used.
    """
    configuration = Configuration()
    path = kubeconfig or os.environ.get("KUBECONFIG")
    _load(configuration, path)
    credentials = _Credentials(configuration, path)
    return Connection(
        url=configuration.host.rstrip("/"),
        tls=_tls(configuration),
        authorization=credentials.authorization,
        callers_tls=_trust(configuration),
        renew=credentials.renew,
    )


def _load(configuration: Configuration, path: str | None) -> None:
    try:
        if path or not _in_cluster():
            config.load_kube_config(config_file=path, client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ConnectionProblem(
            f"No usable Kubernetes credentials in {path or '~/.kube/config'}: {reason}. "
            "Set KUBECONFIG to a kubeconfig that `kubectl get namespaces` works with."
        ) from error


class _Credentials:
    """The Authorization header; looking it up reads files and the environment, so not for each request."""

    def __init__(self, configuration: Configuration, path: str | None) -> None:
        self._configuration = configuration
        self._path = path
        self._asked_at = self._renewed_at = -TOKEN_SECONDS
        self._answer: str | None = None

    def authorization(self) -> str | None:
        now = time.monotonic()
        if now - self._asked_at >= TOKEN_SECONDS:
            self._asked_at = now
            self._answer = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return self._answer

    def renew(self) -> None:
        """Read files anew and ask plugins again, which the official client does each minute, or never."""
        now = time.monotonic()
        if now - self._renewed_at < RENEW_SECONDS:
            return
        self._renewed_at, self._asked_at = now, -TOKEN_SECONDS
        try:
            _load(self._configuration, self._path)
        except ConnectionProblem as problem:
            log.warning("the API server refused our credentials, and there are no others: %s", problem)


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ


def _tls(configuration: Configuration) -> ssl.SSLContext | None:
    context = _trust(configuration)
    if context and configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


def _trust(configuration: Configuration) -> ssl.SSLContext | None:
    if not configuration.host.startswith("https"):
        return None
    authority = configuration.ssl_ca_cert
    if authority and not Path(authority).is_file():
        raise ConnectionProblem(f"The certificate authority file {authority} of the kubeconfig is missing.")
    context = ssl.create_default_context(cafile=authority)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
