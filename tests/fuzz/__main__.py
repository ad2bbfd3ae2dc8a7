"""`python -m tests.fuzz`: generated calls to every operation of a service on a control plane of its own."""

import logging

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from devcluster.cluster import ControlPlane
from devcluster.product import bind_store_namespace, bind_users, install
from registry.settings import Settings
from tests.cluster import create_namespace
from tests.fuzz.fuzzing import Fuzzer
from tests.http.support import running

STORE = "fuzz"


@click.command()
@click.option("--calls", envvar="CALLS", default=20_000, type=click.IntRange(1), help="At least so many.")
def main(calls: int) -> None:
    """Call every operation until one fails, answers what is not documented, or all calls are made."""
    console = Console()
    logging.getLogger("registry").setLevel(logging.CRITICAL)
    columns = (TextColumn("{task.description:60}"), MofNCompleteColumn(), TimeElapsedColumn())
    with ControlPlane(audit=False) as plane, Progress(*columns, console=console) as progress:
        api = plane.api()
        install(api)
        bind_users(api)
        create_namespace(api, STORE)
        bind_store_namespace(api, STORE)
        api.close()
        bar = progress.add_task("", total=calls)
        with running(plane, Settings(store_namespace=STORE)) as service:
            fuzzer = Fuzzer(service, lambda label: progress.update(bar, advance=1, description=label))
            fuzzer.run(calls)
    console.print(f"{fuzzer.calls} calls, none failed; by status: {dict(sorted(fuzzer.statuses.items()))}")


if __name__ == "__main__":
    main()
