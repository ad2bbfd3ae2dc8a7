"""The tests that the docs name exist, and no event of the contract is without one."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.MULTILINE)


def _page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


PAGE = _page("guarantees")
CONTRACT = (ROOT / "docs" / "contract.md").read_text().split("## What happens when")[1].split("\n## ")[0]


def rows(text: str) -> dict[str, str]:
    """The cells of tables by the first in their row, but for the heads."""
    return {first: rest for first, rest in ROW.findall(text) if first not in {"event", "promise", "---"}}


def test_the_patterns_find_something():
    assert len(rows(CONTRACT)) > 30
    assert len(NAMED.findall(PAGE)) > 60


@pytest.mark.parametrize("event", rows(CONTRACT))
def test_every_event_of_the_contract_has_its_row(event: str):
    assert event in rows(PAGE)


@pytest.mark.parametrize("promise", rows(PAGE))
def test_every_promise_names_a_test(promise: str):
    assert NAMED.search(rows(PAGE)[promise])


@pytest.mark.parametrize(
    ("file", "name"),
    sorted(
        {found for page in ("guarantees", "faults") for found in NAMED.findall(_page(page))}
        | {*NAMED.findall((ROOT / "README.md").read_text())}
    ),
)
def test_every_test_that_is_named_exists(file: str, name: str):
    assert re.search(rf"^ *(async )?def {name}\(", (TESTS / file).read_text(), re.MULTILINE)
