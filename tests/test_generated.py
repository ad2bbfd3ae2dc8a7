"""What is made from the code is committed as the code makes it."""

import pytest

from tests.generated import ROOT, generated

GENERATED = dict(generated())


@pytest.mark.parametrize("name", GENERATED)
def test_the_file_is_up_to_date(name: str):
    assert (ROOT / name).read_text("utf-8") == GENERATED[name], "run `make generate`"
