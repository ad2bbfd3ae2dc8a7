"""What is in force, for each state that the store's ConfigMaps can be in."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.store.catalogue import View, superseded
from registry.store.errors import StoreUnreadable
from registry.store.objects import Decoder, Record
from tests.store.support import by_name, document, main, read_catalogue, record, template, text


def web(heads, records, **texts):
    return read_catalogue(main(heads, **texts), records).entries.get("web")


@pytest.mark.parametrize(
    ("found", "records", "reason"),
    [
        (None, [record(1)], "is missing"),
        (main({"web": 1}, web=text()), [], "no recorded revisions"),
        (main({"web": 1}), [record(1)], "was emptied"),
        (main({"web": 2}, web=text()), [record(1)], "record of revision 2 of template web is missing"),
    ],
)
def test_what_cannot_be_trusted_is_unreadable(found, records, reason):
    with pytest.raises(StoreUnreadable, match=reason):
        read_catalogue(found, records)


def test_the_annotation_names_the_head():
    entry = web({"web": 1}, [record(1), record(2, port=81)], web=text())
    assert (entry.head, list(entry.revisions)) == (1, [1])


def test_without_the_annotation_the_highest_that_was_not_abandoned_is_the_head():
    records = [record(1), record(2, port=81), record(3, port=82, abandoned=True)]
    assert web(None, records, web=text(port=81)).head == 2


@pytest.mark.parametrize("heads", [None, {}, {"web": 1, "db": 0}, {"web": 2, "gone": 3}])
def test_the_heads_of_all_names_are_those_of_each(heads):
    records = by_name([record(1), record(2, port=81, abandoned=True), record(1, "db")])
    view = View(main(heads, web=text(), new=text("new")), records)
    assert view.heads() == {name: head for name in view.names() if (head := view.head(name))}


def test_a_number_that_a_crash_left_between_two_revisions_was_never_in_force():
    entry = web({"web": 3}, [record(1), record(2, port=81), record(3, port=82, parent=1)], web=text(port=82))
    assert sorted(entry.revisions) == [1, 3]


def test_beyond_a_pruned_record_the_marks_decide():
    records = [record(1), record(2, abandoned=True), record(4), record(5)]
    assert sorted(web({"web": 5}, records, web=text()).revisions) == [1, 4, 5]


def test_the_head_is_in_force_even_when_it_is_marked_abandoned():
    assert web({"web": 1}, [record(1, abandoned=True)], web=text()).head == 1


def test_a_deletion_is_a_head_without_a_template():
    entry = web({"web": 2}, [record(1), record(2, deleted=True)])
    assert (entry.deleted, entry.flag, entry.template(1)) == (True, None, template())


def test_after_the_last_template_was_deleted_the_store_is_empty_and_readable():
    catalogue = read_catalogue(main({"web": 2}), [record(1), record(2, deleted=True)])
    assert list(catalogue.current()) == []


def test_a_name_without_a_committed_revision_is_not_in_the_catalogue():
    assert web({"db": 1}, [record(1), record(1, name="db")], db=text("db")) is None


@pytest.mark.parametrize(
    ("written", "flag", "pointers"),
    [
        (text(), None, []),
        ("# a comment\n" + text(), None, []),
        (text(port=81), None, []),
        (text("db"), "Invalid", ["/name"]),
        (text(scope="namespace"), "Invalid", ["/scope"]),
        (text("db", scope="namespace"), "Invalid", ["/name", "/scope"]),
        ("name: [", "Invalid", [""]),
        ("", "Invalid", [""]),
        (None, "Removed", []),
    ],
)
def test_an_edited_entry_is_flagged_unless_it_is_valid(written, flag, pointers):
    texts = {"web": written} if written is not None else {}
    entry = web({"web": 1, "db": 1}, [record(1), record(1, name="db")], db=text("db"), **texts)
    assert (entry.head, entry.flag, [problem.pointer for problem in entry.problems]) == (1, flag, pointers)


def test_the_scope_is_held_to_also_after_a_deletion():
    records = [record(1), record(2, deleted=True)]
    entry = web({"web": 2}, records, web=text(scope="namespace"))
    assert (entry.flag, entry.problems[0].pointer) == ("Invalid", "/scope")


def test_records_passed_by_a_later_one_are_superseded():
    records = [record(1), record(2, port=81), record(3, port=82, parent=1), record(4, port=83)]
    view = View(main({"web": 3}, web=text(port=82)), by_name(records))
    assert [one.revision.number for one in superseded(view, ["web"])] == [2]


HISTORIES = st.lists(st.booleans(), min_size=1, max_size=12).filter(any)


@given(HISTORIES)
def test_whatever_crashed_in_between_exactly_what_was_committed_is_in_force(committed):
    """Each save takes the next number; those that crashed (False) never became a parent."""
    records, head = [], 0
    for number, landed in enumerate(committed, 1):
        records.append(record(number, parent=head))
        head = number if landed else head
    expected = [number for number, landed in enumerate(committed, 1) if landed]
    assert sorted(web({"web": head}, records, web=text()).revisions) == expected


def config_map(document_text, **labels):
    annotations = {"netpol-registry.dev/digest": template().digest}
    meta = {
        "name": "s.web.v1",
        "namespace": "ns",
        "uid": "u",
        "resourceVersion": "1",
        "labels": {"netpol-registry.dev/template": "web", "netpol-registry.dev/revision": "1", **labels},
        "annotations": annotations,
    }
    return msgspec.json.encode({"metadata": meta, "data": {"document": document_text}})


def test_a_record_is_parsed_once():
    decode, raw = Decoder("s"), config_map(msgspec.json.encode(document()).decode())
    assert decode(raw).revision.template is decode(raw).revision.template


@pytest.mark.parametrize(
    "raw",
    [
        config_map("{"),
        config_map("{}"),
        config_map("[]"),
        config_map(msgspec.json.encode(document(port=81)).decode()),
        config_map(msgspec.json.encode(document()).decode(), **{"netpol-registry.dev/template": "db"}),
        config_map(msgspec.json.encode(document()).decode(), **{"netpol-registry.dev/revision": "01"}),
    ],
    ids=["no JSON", "no template", "no object", "another digest", "another name", "no number"],
)
def test_a_record_that_was_tampered_with_is_as_good_as_missing(raw):
    assert not isinstance(Decoder("s")(raw), Record)
