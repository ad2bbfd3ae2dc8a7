"""`netpol-registry connectivity ...`: who can talk to whom, from manifests and without a cluster."""

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., None])

LEVELS: Final = ("namespace", "workload")
FOUND_AT: Final = ("error", "warning", "info", "never")
CHANGED_BY: Final = ("added", "removed", "any", "never")


def _format(*names: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--format",
        "-f",
        "format_",
        type=click.Choice(names),
        default="markdown",
        show_default=True,
        help="What to print.",
    )


_TABLES: Final = _format("markdown", "json", "csv")
_DRAWN: Final = _format("markdown", "json", "csv", "dot", "mermaid")

_FROM: Final = click.option(
    "--from",
    "paths",
    multiple=True,
    required=True,
    metavar="PATH",
    help="A file or folder of manifests, - for the standard input; may be given again.",
)
_NAMESPACES: Final = click.option(
    "--namespace", "-n", "namespaces", multiple=True, help="Only this one; may be given again."
)
_WORKLOADS: Final = click.option(
    "--workload",
    "-w",
    "workloads",
    multiple=True,
    metavar="NAMESPACE/KIND/NAME",
    help="Only this one; may be given again.",
)


def _reading(command: _Command) -> _Command:
    """The options of all commands."""
    for option in (
        click.option(
            "--blocks-match-pods",
            is_flag=True,
            help="Have an ipBlock also match pods by their addresses, as some network plugins do.",
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="PATTERN",
            help="Files to leave out, by name or path: values.yaml, '*/charts/*'; may be given again.",
        ),
        click.option(
            "--default-namespace",
            default="default",
            show_default=True,
            help="Where objects are that name no namespace.",
        ),
        _FROM,
    ):
        command = option(command)
    return command


@click.group()
def connectivity() -> None:
    """Tell who can talk to whom, and why, from manifests.

    Reads Namespaces, NetworkPolicies, workloads and Pods from files and folders, also what `kubectl get -A -o
    yaml` prints; no cluster is asked. Exits with 2 when something could not be read; what could be read is
    answered all the same.
    """


@connectivity.command("graph", short_help="Draw or list the connections.")
@_reading
@_NAMESPACES
@_WORKLOADS
@click.option("--port", metavar="PORT", help="Only this one: TCP/80, UDP/8000-8100, SCTP.")
@click.option(
    "--level", type=click.Choice(LEVELS), help="What the nodes are; workloads where some are asked about."
)
@_DRAWN
def graph_command(**given: Any) -> None:  # noqa: ANN401 (click's options, read by name)
    """Draw or list the connections that policies allow.

    What no policy isolates is one node at either end: what is between those two is everything, and not drawn.
    """
    _run("graph", given)


@connectivity.command("explain", short_help="Say why one connection is allowed or denied.")
@click.argument("source")
@click.argument("destination")
@click.argument("port", metavar="PROTOCOL/PORT")
@_reading
@click.option(
    "--expect", type=click.Choice(["allowed", "denied"]), help="Exit with 1 when it is not as expected."
)
@_TABLES
def explain_command(**given: Any) -> None:  # noqa: ANN401 (as above)
    """Say why one connection is allowed or denied: every policy and rule that has a say.

    SOURCE and DESTINATION are namespace/pod, namespace/workload, namespace/kind/workload or an IP address.
    """
    _run("explain", given)


@connectivity.command("diff", short_help="Tell which connections a change adds and removes.")
@_reading
@click.option(
    "--to",
    "after",
    multiple=True,
    required=True,
    metavar="PATH",
    help="The state after, as --from; may be given again.",
)
@click.option(
    "--fail-on",
    type=click.Choice(CHANGED_BY),
    default="never",
    show_default=True,
    help="Exit with 1 when connections were added, removed, or either.",
)
@_DRAWN
def diff_command(**given: Any) -> None:  # noqa: ANN401 (as above)
    """Tell which connections a change adds and removes, from manifests before (--from) and after (--to)."""
    _run("diff", given)


@connectivity.command("findings", short_help="Tell what looks wrong between policies.")
@_reading
@click.option(
    "--fail-on",
    type=click.Choice(FOUND_AT),
    default="info",
    show_default=True,
    help="The least severity that makes the command exit with 1.",
)
@click.option(
    "--whole-cluster",
    is_flag=True,
    help="The manifests are all of the cluster: tell also of namespaces that have no workloads in them.",
)
@_TABLES
def findings_command(**given: Any) -> None:  # noqa: ANN401 (as above)
    """Tell what looks wrong between policies that are each valid. Exits with 1 when there is any."""
    _run("findings", given)


@connectivity.command("exposure", short_help="Tell what strangers could reach.")
@_reading
@_NAMESPACES
@_WORKLOADS
@_TABLES
def exposure_command(**given: Any) -> None:  # noqa: ANN401 (as above)
    """Tell what addresses outside, and workloads that are not there yet, could reach."""
    _run("exposure", given)


@connectivity.command("coverage", short_help="Count the workloads that policies isolate.")
@_reading
@_NAMESPACES
@_TABLES
def coverage_command(**given: Any) -> None:  # noqa: ANN401 (as above)
    """Count the workloads that policies isolate, in each direction and by template."""
    _run("coverage", given)


@connectivity.command("verdicts", short_help="Answer lines of JSON on the standard input.")
@_reading
def verdicts_command(**given: Any) -> None:  # noqa: ANN401 (as above)
    """Answer each line of JSON on the standard input with a line that says whether it is allowed.

    A line is {"source": "shop/web", "destination": "shop/db", "protocol": "TCP", "port": 5432}. One that is
    no question is answered with "error", and makes the command exit with 2 at the end.
    """
    from registry.offline.asking import answer_standard_input  # noqa: PLC0415 (each process loads what it runs)

    sys.exit(answer_standard_input(given))


def _run(answer: str, given: dict[str, Any]) -> None:
    """Read what is given, ask, print, and exit."""
    from registry.offline.asking import run  # noqa: PLC0415 (each process loads what it runs)

    sys.exit(run(answer, given))
