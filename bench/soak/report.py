"""What the soak shows on the terminal."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from bench.soak.judge import Violation
from bench.soak.result import Figures, Result

Tell = Callable[[Figures], None]
_SHOWN: Final = 40


def line(seconds: float, figures: Figures) -> str:
    """One round, as progress."""
    verdict = f"[red]{len(figures.violations)} violations[/]" if figures.violations else "[green]kept[/]"
    return (
        f"{seconds:4.0f} s  {figures.name:18} {verdict}  "
        f"hit {figures.fired}, changes {figures.changes}, writes {figures.writes}, "
        f"missing at most {figures.worst_gap:.2f} s, quiet after {figures.settled:.1f} s"
    )


def table(rounds: Iterable[Figures]) -> Table:
    """A row for each fault, over all its rounds."""
    shown = Table("fault", box=box.SIMPLE)
    headings = ("hit", "actions", "changes", "writes", "idle", "refused", "missing", "back", "quiet", "slow")
    for heading in (*headings, "broken"):
        shown.add_column(heading, justify="right")
    for one in merged(rounds):
        shown.add_row(
            one.name,
            *map(str, (one.fired, one.actions, one.changes, one.writes, one.idle, one.turned_down)),
            f"{one.worst_gap:.2f} s",
            f"{one.recovered:.1f} s",
            f"{one.settled:.1f} s",
            f"{one.stood_still:.1f} s",
            str(len(one.violations) or ""),
        )
    return shown


def merged(rounds: Iterable[Figures]) -> list[Figures]:
    """The rounds of each fault in one: sums of counts, and the worst of the times."""
    found: dict[str, Figures] = {}
    for one in rounds:
        whole = found.setdefault(one.name, Figures(one.name))
        for field in ("fired", "actions", "changes", "writes", "idle", "turned_down"):
            setattr(whole, field, getattr(whole, field) + getattr(one, field))
        for field in ("worst_gap", "longest_gap", "recovered", "settled", "stood_still"):
            setattr(whole, field, max(getattr(whole, field), getattr(one, field)))
        whole.violations = [*whole.violations, *one.violations]
    return list(found.values())


def show(console: Console, result: Result) -> int:
    """Print all of it; returns the number of violations."""
    console.print(table(result.rounds))
    for points in result.memory.values():
        shown = " ".join(f"{one:.0f}" for one in points)
        console.print(f"memory of a controller at its quiet points, MiB: {shown}")
    if result.relists:
        console.print(
            f"The observer listed anew {result.relists} times; what came right before is not judged."
        )
    return violations(console, result.rounds, result.grown())


def stuck(error: BaseException) -> Violation:
    """What is told of a run that did not go on."""
    return Violation("the run goes on", f"something waited for too long: {error!r}; see the logs")


def violations(console: Console, rounds: Iterable[Figures], others: Sequence[Violation]) -> int:
    """Print what was broken, by fault; returns how much that is."""
    told = [f"{one.name}: {violation}" for one in rounds for violation in one.violations]
    told += [str(violation) for violation in others]
    for text in told[:_SHOWN]:
        console.print(text, style="red", markup=False, highlight=False)
    if len(told) > _SHOWN:
        console.print(f"and {len(told) - _SHOWN} more")
    return len(told)
