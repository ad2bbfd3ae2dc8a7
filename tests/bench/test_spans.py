"""A change cut into stages by the audit log."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bench.audit import Request
from bench.spans import STAGES, Span, cut, of_the_slowest

ASKED = ("patch", "deployments", "shop", "db")
WRITTEN = ("create", "networkpolicies", "shop", "db-postgres")
SPAN = Span(100.0, 100.020, ASKED, WRITTEN)


def request(target: tuple[str, str, str, str], received: float, served: float, code: int = 200) -> Request:
    verb, resource, namespace, name = target
    event: dict[str, Any] = {
        "verb": verb,
        "user": {"username": "anybody"},
        "objectRef": {"resource": resource, "namespace": namespace, "name": name},
        "requestReceivedTimestamp": datetime.fromtimestamp(received, UTC).isoformat(),
        "stageTimestamp": datetime.fromtimestamp(served, UTC).isoformat(),
        "responseStatus": {"code": code},
    }
    return msgspec.convert(event, Request)


LOG = [request(ASKED, 100.001, 100.003), request(WRITTEN, 100.008, 100.012)]


def test_the_stages_of_a_change_add_up_to_the_whole():
    (found,) = cut([SPAN], LOG)
    assert [found[stage] for stage in STAGES] == [1, 2, 5, 4, 8]
    assert found["altogether"] == 20


def test_a_write_that_comes_before_the_change_is_answered_takes_less_than_nothing():
    early = request(WRITTEN, 100.002, 100.012)
    (found,) = cut([SPAN], [LOG[0], early])
    assert found["reaction"] == -1


@pytest.mark.parametrize("other", [request(WRITTEN, 90, 91), request(WRITTEN, 100.004, 100.005, 409)])
def test_requests_of_another_time_and_refused_ones_are_left_out(other: Request):
    assert cut([SPAN], [other, *LOG]) == cut([SPAN], LOG)


def test_a_log_that_does_not_tell_of_a_change_is_an_error():
    with pytest.raises(LookupError, match="create networkpolicies shop db-postgres"):
        cut([SPAN], LOG[:1])


def test_the_slowest_are_chosen_by_the_whole_time():
    changes = [{"sent": float(100 - number), "altogether": float(number)} for number in range(40)]
    assert of_the_slowest(changes, "sent") == 61.5
