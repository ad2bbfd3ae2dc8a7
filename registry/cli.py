"""The command line: starts the processes of the product, and looks at files."""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry import __version__
from registry.cluster.connection import Connection, ConnectionProblem
from registry.cluster.credentials import connect
from registry.model.addresses import parse_cidr
from registry.offline.commands import connectivity
from registry.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from registry.lint.report import FailOn
    from registry.lint.sources import Found

MAX_FILE = 64 * 1024 * 1024
"""Bytes of one file that `lint` reads."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="netpol-registry")
def main() -> None:
    """NetworkPolicy templates, applied to workloads by one label.

    Settings come from NETPOL_REGISTRY_* variables, credentials from KUBECONFIG or the pod's
    service account.
    """


main.add_command(connectivity)


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


def _checked_ranges(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for text in given:
        if parse_cidr(text) is None:
            raise click.BadParameter(f"{text!r} is no CIDR block. Write one such as 10.244.0.0/16.")
    return given


@main.command("lint", short_help="Tell what templates say that nobody meant.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--output", "-o", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--pod-range",
    "pod_ranges",
    multiple=True,
    metavar="CIDR",
    callback=_checked_ranges,
    help="The cluster's pod range, for PodIpInIpBlock; may be given again.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="warning",
    show_default=True,
    help="The least severity that makes the command fail.",
)
def lint_files(files: tuple[str, ...], output: str, pod_ranges: tuple[str, ...], fail_on: "FailOn") -> None:
    """Tell what templates say that nobody meant, without a cluster.

    A FILE holds template documents, several with --- in between, the ConfigMap of a catalogue, or
    NetworkPolicies; - is the standard input. Exits with 0 when nothing was found, 1 when something was (see
    --fail-on), and 2 when something could not be read.
    """
    from registry.lint.report import (  # noqa: PLC0415 (each process loads what it runs)
        as_json,
        as_text,
        exit_code,
        lint_found,
    )

    report = lint_found([one for file in files for one in _read(file)], pod_ranges)
    click.echo(as_json(report) if output == "json" else as_text(report))
    sys.exit(exit_code(report, fail_on))


def _read(file: str) -> list["Found"]:
    from registry.lint.sources import Source, Unread, read_templates  # noqa: PLC0415 (as above)
    from registry.model.problems import Problem  # noqa: PLC0415 (as above)

    try:
        with click.open_file(file, "rb") if file == "-" else Path(file).open("rb") as stream:
            content = stream.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return [Unread(Source(file), Problem("", f"{why}.", "Give the path of a file that can be read."))]
    if len(content) > MAX_FILE:
        reason = f"The file is longer than {MAX_FILE:,} bytes."
        return [Unread(Source(file), Problem("", reason, "Give its parts as several files."))]
    return read_templates(file, content)


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
