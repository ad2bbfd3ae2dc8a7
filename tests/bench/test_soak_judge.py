"""What the soak's judge holds against what was seen."""

import json

import msgspec
import pytest

from bench.soak import judge
from bench.soak.audit import Write, writes
from bench.soak.book import PRESET, Book, Gap, Pair, Thing
from bench.soak.judge import Span
from bench.soak.model import spec
from devcluster.users import USERS
from registry.planning.objects import Key

DB = Key("apps", "Deployment", "shop", "db")
PAIR = Pair(DB, "soak-a")
SELECTOR = {"matchLabels": {"app": "db"}}
MARKERS = {("soak-a", 1): 9001, ("soak-a", 2): 9002}
CONTROLLER = USERS["controller"].name
COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector"


def workload(value: str | None = "true", uid: str = "u1") -> Thing:
    labels = {"template.netpol-registry.dev/soak-a": value} if value else {}
    return Thing(name="db", namespace="shop", uid=uid, labels=labels, spec=SELECTOR)


def policy(revision: int = 1, owner: str = "u1", port: int = 5000) -> Thing:
    return Thing(
        name=PAIR.place[1],
        namespace="shop",
        uid="p1",
        labels={"netpol-registry.dev/revision": str(revision), "netpol-registry.dev/template": "soak-a"},
        annotations={"netpol-registry.dev/parameters": "{}"},
        owners=frozenset({owner}),
        spec=spec(MARKERS["soak-a", revision], json.dumps({"port": port}), SELECTOR),
    )


def collections_of(book: Book, count: int) -> list[Write]:
    """The garbage collector removes so many policies of one owner."""
    made = []
    for number in range(count):
        book.on_policy(PAIR.place, msgspec.structs.replace(policy(), uid=f"p{number}"), number)
        book.on_policy(PAIR.place, None, number)
        made.append(Write(PAIR.place, "delete", COLLECTOR, 200, uid=f"p{number}"))
    return made


def write(verb: str, user: str = CONTROLLER, code: int = 200, *, changed: bool = True) -> Write:
    return Write(PAIR.place, verb, user, code, uid="p1", changed=changed)


@pytest.fixture
def book() -> Book:
    """A managed namespace with one reference in force, quiet."""
    made = Book(["soak-a", PRESET])
    for template in made.templates:
        made.on_head(template, 1, 0)
    labels = {"netpol-registry.dev/managed": "true"}
    labels |= dict.fromkeys((f"template.netpol-registry.dev/{name}" for name in judge.DEFAULTS), "false")
    made.on_namespace("shop", Thing(name="shop", labels=labels), 0)
    made.on_workload(DB, workload(), 0)
    made.on_policy(PAIR.place, policy(), 0)
    made.settle(judge.found(made))
    made.gaps.clear()
    return made


def told(violations: list[judge.Violation]) -> str:
    return "\n".join(map(str, violations))


def test_nothing_is_held_against_a_policy_as_it_should_be(book: Book):
    assert judge.differences(book, MARKERS) == []


def test_a_pinned_policy_that_moved_with_its_template_is_told(book: Book):
    book.on_head("soak-a", 2, 1)
    book.on_policy(PAIR.place, policy(2), 2)
    assert "revision 2 with {} is in force; may be revision 1" in told(judge.differences(book, MARKERS))


def test_a_policy_that_opens_something_else_is_told(book: Book):
    book.on_policy(PAIR.place, policy(port=1), 1)
    assert '"port": 1}' in told(judge.differences(book, MARKERS))


def test_a_policy_of_an_earlier_owner_is_told(book: Book):
    book.on_policy(PAIR.place, policy(owner="u0"), 1)
    assert "other owners" in told(judge.differences(book, MARKERS))


def test_an_annotation_of_somebody_else_that_is_gone_is_told(book: Book):
    noted = msgspec.structs.replace(policy(), annotations={**policy().annotations, "example.com/note": "x"})
    book.on_policy(PAIR.place, noted, 1)
    assert judge.differences(book, MARKERS) == []
    book.on_policy(PAIR.place, policy(), 2)
    assert "somebody else" in told(judge.differences(book, MARKERS))


def test_a_policy_that_is_missing_is_told(book: Book):
    book.on_policy(PAIR.place, None, 1)
    assert "missing" in told(judge.differences(book, MARKERS))


def test_a_policy_that_nobody_asks_for_is_told(book: Book):
    book.on_policy(("shop", "other"), policy(), 1)
    assert "nobody asks for other" in told(judge.differences(book, MARKERS))


def test_a_policy_is_timed_from_its_loss_to_its_return(book: Book):
    book.on_policy(PAIR.place, None, 10)
    book.on_policy(PAIR.place, policy(), 12)
    assert book.gaps == [Gap(PAIR, 10, 12)]


def test_a_policy_that_is_no_longer_asked_for_is_not_missing(book: Book):
    book.on_workload(DB, workload("false"), 10)
    book.on_policy(PAIR.place, None, 11)
    assert (list(book.missing()), book.gaps) == ([], [])


def test_time_in_which_nobody_could_write_does_not_count():
    assert judge.able(10, 20, [Span(9, 12), Span(11, 15), Span(19.5, 30)]) == 4.5


def test_a_gap_of_more_than_a_second_is_told():
    gaps = [Gap(PAIR, 0, 1.5), Gap(PAIR, 5, 5.5)]
    assert told(judge.late(gaps, [])) == "none missing: soak-a of Deployment.apps/db in shop: for 1.50 s"


def test_a_deletion_while_the_reference_stands_is_told(book: Book):
    assert "the controller deleted" in told(judge.deletions(book, [write("delete")]))


def test_a_deletion_is_right_when_the_reference_was_away_for_a_moment(book: Book):
    book.on_workload(DB, workload(None), 1)
    book.on_workload(DB, workload(), 2)
    assert judge.deletions(book, [write("delete")]) == []


def test_a_refused_deletion_is_none(book: Book):
    assert judge.deletions(book, [write("delete", code=409)]) == []


def test_a_deletion_by_a_person_is_not_the_products(book: Book):
    assert judge.deletions(book, [write("delete", "admin")]) == []


def test_a_collection_of_what_has_an_owner_is_told(book: Book):
    assert "was collected" in told(judge.deletions(book, [write("delete", COLLECTOR)]))


def test_a_collection_after_the_owner_went_is_right(book: Book):
    book.on_workload(DB, None, 1)
    assert judge.deletions(book, [write("delete", COLLECTOR)]) == []


def test_a_write_that_left_the_object_as_it_was_is_told(book: Book):
    book.on_foreign_write(PAIR.place)
    assert "changed nothing" in told(judge.wasted(book, [write("update", changed=False)]))


def test_more_writes_than_changes_are_told(book: Book):
    book.on_foreign_write(PAIR.place)
    assert "2 writes of soak-a" in told(judge.wasted(book, [write("update"), write("update")]))


def test_one_write_for_each_change_is_right(book: Book):
    book.on_workload(DB, workload("latest"), 1)
    book.on_workload(DB, workload("true"), 1)
    assert judge.wasted(book, [write("update"), write("update")]) == []


def test_a_crash_may_lose_the_pin_of_a_policy_that_was_deleted_meanwhile(book: Book):
    book.forgetful = True
    book.on_head("soak-a", 2, 1)
    book.on_policy(PAIR.place, None, 2)
    book.on_policy(PAIR.place, policy(2), 3)
    assert judge.differences(book, MARKERS) == []


def test_nothing_is_asked_of_a_workload_that_is_being_deleted(book: Book):
    book.on_workload(DB, msgspec.structs.replace(workload(), deleting=True), 1)
    assert judge.differences(book, MARKERS) == []
    book.on_policy(PAIR.place, None, 2)
    assert judge.differences(book, MARKERS) == []
    assert list(book.missing()) == []


def test_what_is_heard_by_different_watches_is_heard_in_any_order(book: Book):
    book.on_workload(DB, workload("latest"), 1)
    book.on_workload(DB, workload("nonsense"), 2)
    book.on_head("soak-a", 2, 3)
    book.on_policy(PAIR.place, policy(2), 4)
    assert judge.differences(book, MARKERS) == []


def test_memory_that_goes_on_growing_is_told():
    assert judge.grown([60, 100, 120, 150])
    assert not judge.grown([60, 100, 150, 105])


def event(verb: str, sent: str, got: str) -> bytes:
    return json.dumps(
        {
            "stage": "ResponseComplete",
            "verb": verb,
            "user": {"username": CONTROLLER},
            "objectRef": {"namespace": "shop", "name": "one"},
            "responseStatus": {"code": 200},
            "requestObject": {"metadata": {"resourceVersion": sent}},
            "responseObject": {"metadata": {"resourceVersion": got, "uid": "p1"}},
        }
    ).encode()


def test_an_update_that_keeps_the_version_changed_nothing():
    lines = b"\n".join([event("update", "7", "7"), event("update", "7", "8")])
    assert [one.changed for one in writes(lines)] == [False, True]


def test_a_line_that_the_api_servers_end_cut_is_left_out():
    assert len(list(writes(event("update", "7", "8") + b"\n" + event("update", "7", "8")[:40]))) == 1


def test_a_policy_that_is_made_anew_again_and_again_for_an_owner_that_went_is_told(book: Book):
    assert "was collected 3 times" in told(judge.wasted(book, collections_of(book, 3)))


def test_a_policy_may_be_made_anew_once_for_an_owner_that_went(book: Book):
    assert judge.wasted(book, collections_of(book, 2)) == []
