"""Credentials of any kind, by the official client's loaders: plugins, client certificates, several files."""

import ssl
from pathlib import Path

import yaml
from kubernetes import config
from kubernetes.client import Configuration

from registry.cluster.connection import Connection, ConnectionProblem, Header, trusting


def connect(path: str | None) -> Connection:
    """Credentials of a kubeconfig, or of the usual one. Raises ConnectionProblem."""
    configuration = Configuration()
    _load(configuration, path)
    header = Header(
        lambda: configuration.get_api_key_with_prefix("BearerToken", alias="authorization"),
        lambda: _load(configuration, path),
    )
    return Connection(
        url=configuration.host.rstrip("/"),
        tls=_tls(configuration),
        authorization=header.value,
        callers_tls=_trust(configuration),
        renew=header.renew,
    )


def _load(configuration: Configuration, path: str | None) -> None:
    try:
        config.load_kube_config(config_file=path, client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ConnectionProblem(
            f"No usable Kubernetes credentials in {path or '~/.kube/config'}: {reason}. "
            "Set KUBECONFIG to a kubeconfig that `kubectl get namespaces` works with."
        ) from error


def _tls(configuration: Configuration) -> ssl.SSLContext | None:
    context = _trust(configuration)
    if context and configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


def _trust(configuration: Configuration) -> ssl.SSLContext | None:
    if not configuration.host.startswith("https"):
        return None
    file = configuration.ssl_ca_cert
    if file and not Path(file).is_file():
        raise ConnectionProblem(f"The certificate authority file {file} of the kubeconfig is missing.")
    return trusting(Path(file).read_text() if file else None, verified=configuration.verify_ssl)
