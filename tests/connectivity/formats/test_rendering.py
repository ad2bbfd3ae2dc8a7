"""Names that mean something to a format are shown as they are."""

import csv
import io

import pytest

from registry.connectivity.formats.comma_separated import comma_separated
from registry.connectivity.formats.dot import quoted
from registry.connectivity.formats.markdown import markdown
from registry.connectivity.formats.mermaid import escaped
from registry.connectivity.formats.tables import Table


def table(*cells):
    return Table("T", tuple("ABC"[: len(cells)]), [cells])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("a|b", r"a\|b"),
        ("a\nb", "a b"),
        ("<b>", r"\<b\>"),
        ("*", r"\*"),
        ("a_b`c", r"a\_b\`c"),
        ("back\\slash", r"back\\slash"),
        ("[x](y)", r"\[x\](y)"),
    ],
)
def test_markdown_shows_a_text_as_it_is(cell, shown):
    assert markdown([table(cell)]).splitlines()[-1] == f"| {shown} |"


def test_a_table_without_rows_says_so():
    assert markdown([Table("Changes", ("A",), [])]) == "## Changes\n\nNone.\n"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(cell):
    [_, [shown]] = csv.reader(io.StringIO(comma_separated([table(cell)])))
    assert shown == f"'{cell}"


@pytest.mark.parametrize("cell", ['say "x"', "a,b", "a\nb", "plain", ""])
def test_csv_is_read_back_as_it_was(cell):
    [_, row] = csv.reader(io.StringIO(comma_separated([table(cell, "b")]), newline=""))
    assert row == [cell, "b"]


@pytest.mark.parametrize(
    ("text", "shown"), [('a"b', r'"a\"b"'), ("a\\b", r'"a\\b"'), ("a\\", r'"a\\"'), ("a\nb", r'"a\nb"')]
)
def test_dot_shows_a_text_as_it_is(text, shown):
    assert quoted(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [('a"b', "a#34;b"), ("<x>", "#60;x#62;"), ("a#b;c", "a#35;b#59;c"), ("a|b", "a#124;b"), ("a\nb", "a b")],
)
def test_mermaid_shows_a_text_as_it_is(text, shown):
    assert escaped(text) == shown
