"""Every operation of the OpenAPI document stands generated calls; `make fuzz` makes many more of them."""

import pytest

from tests.fuzz.fuzzing import Fuzzer
from tests.http.conftest import start_service

__all__ = ["start_service"]

CALLS = 1500


@pytest.fixture
def fuzzer(start_service):
    return Fuzzer(start_service())


def test_no_call_fails_and_every_answer_is_as_documented(fuzzer):
    fuzzer.run(CALLS)
    assert not [status for status in fuzzer.statuses if status >= 500]
