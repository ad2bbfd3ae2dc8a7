"""The table on the terminal and the file in `bench/results/`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from rich import box
from rich.table import Table

from bench.results import Measured, Result

FOLDER: Final = Path(__file__).parent / "results"
_VERDICTS: Final = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}
_WHOLE_FROM: Final = 100


def table(results: list[Result]) -> Table:
    """All rows: medians, of counts the worst run."""
    shown = Table("measurement", box=box.SIMPLE)
    for heading in ("product", "baseline", "ratio", "goal"):
        shown.add_column(heading, justify="right")
    shown.add_column("")
    for row in results:
        shown.add_row(
            f"{row.name} ({row.unit})" if row.unit else row.name,
            _number(row.figure),
            _number(row.baseline_figure),
            _number(row.ratio),
            row.asked,
            _VERDICTS[row.met],
        )
    return shown


def save(conditions: dict[str, Any], measured: dict[str, Measured]) -> Path:
    """Write everything to a file named by the time, and return its path."""
    now = datetime.now(UTC)
    content = {
        "date": now.isoformat(timespec="seconds"),
        **conditions,
        "measurements": {
            name: {"results": [result.summary() for result in one.results], **one.details}
            for name, one in measured.items()
        },
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))
    return path


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) or value >= _WHOLE_FROM else f"{value:.2f}"
