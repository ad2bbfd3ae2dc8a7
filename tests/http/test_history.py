"""Differences between revisions, and rollback."""

import pytest

from tests.http.support import problem
from tests.store.support import document


@pytest.fixture
def three(service, name):
    """A template whose port was 80, 81, and is 82; the ETag of the third revision."""
    tag = service.create(name)
    for port in (81, 82):
        tag = service.call("PUT", name, document(name, port), if_match=tag).headers["ETag"]
    return tag


def diff(service, name, query):
    return service.call("GET", f"{name}/diff?{query}")


PORT = "/spec/ingress/0/ports/0/port"


@pytest.mark.usefixtures("three")
def test_two_revisions_are_compared_item_by_item(service, name):
    found = diff(service, name, "from=1&to=2").get_json()
    assert found["changes"] == [{"op": "change", "pointer": PORT, "before": 80, "after": 81}]


@pytest.mark.usefixtures("three")
def test_two_revisions_are_compared_as_yaml(service, name):
    lines = diff(service, name, "from=1&to=2").get_json()["text"].splitlines()
    assert lines[:2] == [f"--- {name}.yaml\trevision 1", f"+++ {name}.yaml\trevision 2"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-      port: 80", "+      port: 81"]


def test_a_comparison_ends_at_the_current_revision_unless_said_otherwise(service, name, three):
    found = diff(service, name, "from=1").get_json()
    assert (found["from"]["revision"], found["to"]["revision"], found["to"]["etag"]) == (1, 3, three)
    assert found["changes"][0]["after"] == 82


@pytest.mark.usefixtures("three")
def test_a_comparison_may_go_back_in_time(service, name):
    assert diff(service, name, "from=3&to=1").get_json()["changes"][0]["after"] == 80


@pytest.mark.usefixtures("three")
def test_a_revision_does_not_differ_from_itself(service, name):
    found = diff(service, name, "from=3").get_json()
    assert (found["text"], found["changes"]) == ("", [])


def test_a_deletion_differs_by_the_whole_document(service, name):
    service.call("DELETE", name, if_match=service.create(name))
    found = diff(service, name, "from=1").get_json()
    assert found["changes"] == [{"op": "change", "pointer": "", "before": document(name), "after": None}]
    assert all(line.startswith("-") for line in found["text"].splitlines()[3:])


@pytest.mark.parametrize("query", ["from=7", "from=1&to=7"])
@pytest.mark.usefixtures("three")
def test_a_revision_that_is_not_there_cannot_be_compared(service, name, query):
    assert problem(diff(service, name, query)) == (404, "revision-not-found")


def test_revisions_of_what_never_was_cannot_be_compared(service, name):
    assert problem(diff(service, name, "from=1")) == (404, "template-not-found")


@pytest.mark.parametrize("query", ["", "to=1", "from=0", "from=x", "from=1&to=-1", "from=1&too=2"])
def test_a_comparison_that_is_not_valid_is_refused(service, name, query):
    assert problem(diff(service, name, query)) == (400, "invalid-query")


def roll_back(service, name, revision, query="", **headers):
    return service.call("POST", f"{name}/rollback{query}", {"revision": revision}, **headers)


def test_a_rollback_is_a_new_revision_that_equals_the_old_one(service, name, three):
    answer = roll_back(service, name, 1, if_match=three)
    assert (answer.status_code, answer.get_json()["revision"], answer.get_json()["changed"]) == (200, 4, True)
    read = service.call("GET", name)
    assert (read.get_json(), read.headers["ETag"]) == (document(name), answer.headers["ETag"])


def test_a_rollback_says_so_in_the_history(service, name, three):
    roll_back(service, name, 1, if_match=three)
    newest = service.call("GET", f"{name}/revisions").get_json()["items"][0]
    assert (newest["author"], newest["message"]) == ("admin", "rollback to revision 1")


def test_a_rollback_can_have_a_message_of_its_own(service, name, three):
    answer = roll_back(service, name, 1, "?message=port+80+again", if_match=three)
    assert answer.get_json()["message"] == "port 80 again"


def test_a_rollback_to_what_is_current_makes_no_revision_and_says_so(service, name, three):
    answer = roll_back(service, name, 3, if_match=three).get_json()
    assert (answer["revision"], answer["changed"]) == (3, False)
    assert answer["detail"].startswith("Nothing changed")


def test_a_rollback_can_be_taken_back(service, name, three):
    tag = roll_back(service, name, 1, if_match=three).headers["ETag"]
    assert roll_back(service, name, 3, if_match=tag).get_json()["revision"] == 5
    assert service.call("GET", name).get_json() == document(name, 82)


def test_a_dry_run_of_a_rollback_writes_nothing(service, name, three):
    answer = roll_back(service, name, 1, "?dryRun=true", if_match=three).get_json()
    assert (answer["changed"], answer["dryRun"]) == (True, True)
    assert service.call("GET", name).headers["ETag"] == three


@pytest.mark.usefixtures("three")
def test_a_rollback_needs_if_match(service, name):
    assert problem(roll_back(service, name, 1)) == (428, "precondition-required")


def test_a_rollback_of_what_was_changed_meanwhile_is_refused(service, name, three):
    service.call("PUT", name, document(name, 83), if_match=three)
    assert problem(roll_back(service, name, 1, if_match=three)) == (412, "precondition-failed")


def test_a_rollback_to_a_revision_that_is_not_there_is_refused(service, name, three):
    assert problem(roll_back(service, name, 4, if_match=three)) == (404, "revision-not-found")


def test_a_deleted_template_is_not_brought_back_by_a_rollback(service, name, three):
    tag = service.call("DELETE", name, if_match=three).get_json()["etag"]
    assert problem(roll_back(service, name, 1, if_match=tag)) == (404, "template-not-found")


def test_a_rollback_to_a_deletion_is_refused(service, name):
    service.call("DELETE", name, if_match=service.create(name))
    tag = service.call("POST", body=document(name)).headers["ETag"]
    answer = roll_back(service, name, 2, if_match=tag)
    assert problem(answer) == (404, "revision-not-found")
    assert "DELETE" in answer.get_json()["detail"]


def test_a_rollback_that_widens_a_default_has_to_be_forced(service, name):
    fields = {"scope": "namespace", "defaultIn": {"matchLabels": {"team": "nobody"}}}
    tag = service.create(name, **fields)
    narrow = document(name, scope="namespace")
    tag = service.call("PUT", name, narrow, if_match=tag).headers["ETag"]
    assert problem(roll_back(service, name, 1, if_match=tag)) == (409, "default-widened")
    assert roll_back(service, name, 1, "?force=true", if_match=tag).status_code == 200


@pytest.mark.parametrize("body", [{}, {"revision": "1"}, {"revision": 1, "to": 2}, [1], {"revision": None}])
def test_a_rollback_to_nothing_in_particular_is_refused(service, name, three, body):
    answer = service.call("POST", f"{name}/rollback", body, if_match=three)
    assert problem(answer) == (422, "invalid-body")
