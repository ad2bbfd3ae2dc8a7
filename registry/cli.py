"""The command line: starts the processes of the product."""

import asyncio
import logging
import os
import sys

import click

from registry import __version__
from registry.cluster.connection import Connection, ConnectionProblem, connect
from registry.settings import Settings, SettingsError, read_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="netpol-registry")
def main() -> None:
    """NetworkPolicy templates, applied to workloads by one label.

    Settings come from NETPOL_REGISTRY_* variables, credentials from KUBECONFIG or the pod's
    service account.
    """


@main.command()
def controller() -> None:
    """Run the controller: turns labels into NetworkPolicies."""
    settings, connection = _prepare()
    from registry.controller.process import run  # noqa: PLC0415 (each process loads what it runs)

    asyncio.run(run(settings, connection))


@main.command()
def serve() -> None:
    """Run the HTTP service: the template catalogue."""
    settings, _ = _prepare()
    from registry.http.server import serve as serve_http  # noqa: PLC0415 (each process loads what it runs)

    serve_http(settings)


def _prepare() -> tuple[Settings, Connection]:
    """Settings and credentials, checked before anything starts."""
    try:
        settings = read_settings(os.environ)
        connection = connect()
    except (SettingsError, ConnectionProblem) as problem:
        click.echo(f"netpol-registry: {problem}", err=True)
        sys.exit(2)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return settings, connection
