"""The first table of an answer as CSV (RFC 4180); a spreadsheet does not take its texts for formulas."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from registry.connectivity.formats.tables import Table

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that spreadsheets calculate: https://owasp.org/www-community/attacks/CSV_Injection."""


def comma_separated(found: Sequence[Table]) -> str:
    """A line of headings, then a line for each row of the first table."""
    table = found[0]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.headings)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
