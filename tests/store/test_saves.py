"""Plans of batches, without a cluster."""

import msgspec

from registry.store.adoption import adoptable, author_of
from registry.store.catalogue import View
from registry.store.errors import (
    PreconditionFailed,
    ScopeChanged,
    StoreUnreadable,
    TemplateExists,
    TemplateNotFound,
    TooLarge,
)
from registry.store.saves import LIMIT, Done, Edit, Proposal, Step, Unchanged, etag, plan
from tests.store.support import by_name, deletion, edit, main, record, template, text

ONE = View(main({"web": 1}, web=text()), by_name([record(1)]))
TAG = etag(record(1).revision)


def planned(view, *edits):
    return plan(view, [Proposal(one) for one in edits], "2026-01-01T00:00:00Z")


def result(view, one):
    return planned(view, one).results[0]


def test_an_edit_becomes_the_next_revision_on_the_current_one():
    step = result(ONE, edit(port=81, expected=(TAG,)))
    assert (step.revision.number, step.parent) == (2, 1)


def test_edits_of_one_template_are_each_a_revision_in_their_order():
    found = planned(ONE, edit(port=81, expected=("*",)), edit(port=82, expected=("*",)))
    assert [(step.revision.number, step.parent) for step in found.results] == [(2, 1), (3, 2)]
    assert (found.texts, found.heads) == ({"web.yaml": text(port=82)}, {"web": 3})


def test_of_two_edits_on_one_etag_the_second_is_refused():
    first, second = planned(ONE, edit(port=81, expected=(TAG,)), edit(port=82, expected=(TAG,))).results
    assert isinstance(second, PreconditionFailed)
    assert second.current == first.revision


def test_a_refused_edit_leaves_no_trace_in_the_plan():
    found = planned(ONE, edit(port=81, expected=('9-0"',)), edit("db", 5432))
    assert (list(found.texts), found.heads) == (["db.yaml"], {"db": 1, "web": 1})


def test_what_changes_nothing_writes_nothing():
    found = planned(ONE, edit(expected=(TAG,)))
    assert isinstance(found.results[0], Unchanged)
    assert not found.writes


def test_what_changes_nothing_mends_a_broken_entry():
    broken = View(main({"web": 1}, web="name: ["), by_name([record(1)]))
    found = planned(broken, edit(expected=(TAG,)))
    assert isinstance(found.results[0], Unchanged)
    assert found.texts == {"web.yaml": text()}


def test_refusals():
    empty = View(main({}), {})
    lost = View(main({"web": 2}, web=text()), by_name([record(1)]))
    assert isinstance(result(ONE, edit()), TemplateExists)
    assert isinstance(result(empty, edit(expected=("*",))), TemplateNotFound)
    assert isinstance(result(ONE, edit(expected=(TAG,), scope="namespace")), ScopeChanged)
    assert isinstance(result(View(None, {}), edit()), StoreUnreadable)
    assert isinstance(result(lost, edit(expected=("*",))), StoreUnreadable)


def test_nothing_is_built_on_a_store_that_lost_its_history():
    lost = View(main({"db": 7}, db=text("db")), {})
    for one in (edit(), default(), *adoptable(lost, ["db"])):
        assert isinstance(result(lost, one), StoreUnreadable)


def test_a_deleted_template_takes_no_edit_but_a_new_one():
    view = View(main({"web": 2}), by_name([record(1), record(2, deleted=True)]))
    assert isinstance(result(view, edit(expected=("*",))), TemplateNotFound)
    assert isinstance(result(view, deletion("web", "*")), TemplateNotFound)
    assert result(view, edit()).revision.number == 3


def test_a_number_that_was_taken_is_passed_over():
    view = View(main({"web": 1}, web=text()), by_name([record(1), record(2, port=99)]))
    step = result(view, edit(port=81, expected=(TAG,)))
    assert (step.revision.number, step.parent) == (3, 1)


def test_after_a_conflict_about_another_template_the_record_made_is_used():
    mine = record(2, port=81)
    view = View(main({"web": 1, "db": 1}, web=text()), by_name([record(1), mine, record(1, name="db")]))
    step = plan(view, [Proposal(edit(port=81, expected=(TAG,)), mine)], "").results[0]
    assert step == Step(mine.revision, 1, mine)


def test_an_edit_whose_answer_was_lost_is_done():
    mine = record(2, port=81)
    view = View(main({"web": 2}, web=text(port=81)), by_name([record(1), mine]))
    assert plan(view, [Proposal(edit(port=81, expected=(TAG,)), mine)], "").results[0] == Done(mine.revision)


def test_an_edit_that_others_built_on_already_is_done():
    mine = record(2, port=81)
    view = View(main({"web": 3}, web=text(port=82)), by_name([record(1), mine, record(3, port=82)]))
    assert plan(view, [Proposal(edit(port=81, expected=(TAG,)), mine)], "").results[0] == Done(mine.revision)


def default(**fields):
    made = template(**fields)
    return Edit(name="web", template=made, text=text(**fields), author="ann", origin="default")


def test_two_processes_share_the_record_of_a_default():
    view = View(None, by_name([record(1)]))
    assert result(view, default()).record == record(1)


def test_an_abandoned_record_is_never_shared():
    view = View(None, by_name([record(1, abandoned=True)]))
    assert result(view, default()).revision.number == 2


def test_what_does_not_fit_is_refused_with_the_largest():
    view = View(main({}, big="x" * (LIMIT - 100), small="y"), by_name([record(1, name="small")]))
    refused = result(view, edit())
    assert isinstance(refused, TooLarge)
    assert refused.largest[0] == ("big", LIMIT - 100)
    assert refused.size == LIMIT - 100 + 1 + len(text())


def test_what_shrinks_is_taken_also_when_the_rest_does_not_fit():
    view = View(main({"web": 1}, web=text(description="x" * 900), big="x" * LIMIT), by_name([record(1)]))
    assert isinstance(result(view, edit(port=81, expected=(TAG,))), Step)


def test_only_valid_edits_are_adopted():
    view = View(main({"web": 1}, web=text(port=81), db="name: ["), by_name([record(1)]))
    assert [one.template for one in adoptable(view, view.names())] == [template(port=81)]


def test_the_author_of_an_edit_is_the_latest_manager_of_its_key_but_us():
    wrote = [
        ("netpol-registry", "2026-01-03T00:00:00Z", "web.yaml"),
        ("kubectl-edit", "2026-01-02T00:00:00Z", "web.yaml"),
        ("kubectl-apply", "2026-01-01T00:00:00Z", "web.yaml"),
        ("argocd", "2026-01-04T00:00:00Z", "db.yaml"),
    ]
    managed = msgspec.json.encode(
        [
            {"manager": manager, "time": time, "fieldsV1": {"f:data": {f"f:{key}": {}}}}
            for manager, time, key in wrote
        ]
    )
    assert author_of(managed, "web.yaml") == "kubectl-edit"
    assert author_of(b"[]", "web.yaml") == "unknown"
