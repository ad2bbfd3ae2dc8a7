"""The store on a real API server: first start, saves, races, and what a crash leaves behind."""

import asyncio
import json

import pytest

from registry import contract
from registry.cluster.errors import Unreachable
from registry.planning.catalogue import Revision
from registry.store import bodies
from registry.store.errors import PreconditionFailed, StoreUnreadable, TemplateExists
from registry.store.saves import etag
from tests.store.support import deletion, edit, opened, seen, template

MAPS = "/api/v1/namespaces/{}/configmaps"


async def test_first_start_records_every_default_as_revision_1(control_plane, api, make_store_namespace):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        assert await one.store.ensure([template("web"), template("db", 5432)]) == ["web", "db"]
        assert {name: entry.head for name, entry in one.watch.catalogue().entries.items()} == {
            "db": 1,
            "web": 1,
        }
    main = api.get(f"{MAPS.format(namespace)}/netpol-templates")
    assert json.loads(main["metadata"]["annotations"][contract.HEADS_ANNOTATION]) == {"db": 1, "web": 1}
    assert main["data"]["db.yaml"].startswith("name: db\n")


async def test_first_start_of_two_processes_at_once_makes_one_revision_of_each(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    defaults = [template(f"t{number}") for number in range(20)]
    async with opened(control_plane, namespace) as one, opened(control_plane, namespace) as two:
        await asyncio.gather(one.store.ensure(defaults), two.store.ensure(defaults))
        for process in (one, two):
            entries = process.watch.catalogue().entries.values()
            assert sorted(entry.head for entry in entries) == [1] * 20
    assert len(api.list(MAPS.format(namespace), labelSelector=f"{contract.COMPONENT_LABEL}=revision")) == 20


async def test_a_first_start_that_crashed_is_begun_again(control_plane, api, make_store_namespace):
    namespace = make_store_namespace()
    defaults = [template("db"), template()]
    async with opened(control_plane, namespace) as one:
        await one.store.ensure(defaults)
    api.delete(f"{MAPS.format(namespace)}/netpol-templates")
    api.delete(f"{MAPS.format(namespace)}/netpol-templates.web.v1")
    async with opened(control_plane, namespace) as one:
        await one.store.ensure(defaults)
        assert [entry.head for entry in one.watch.catalogue().entries.values()] == [1, 1]


async def test_a_first_start_is_never_seen_half_done(control_plane, make_store_namespace):
    namespace = make_store_namespace()
    defaults = [template(f"t{number}") for number in range(20)]
    async with opened(control_plane, namespace) as one, opened(control_plane, namespace) as two:
        first = asyncio.create_task(one.store.ensure(defaults))
        await seen(two, lambda: two.watch.view.records)
        await two.store.ensure(defaults)
        assert len(two.watch.catalogue().entries) == 20
        await first
        assert all(len(process.watch.catalogue().entries) == 20 for process in (one, two))


async def test_a_start_without_news_writes_nothing(control_plane, audit, make_store_namespace):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template()])
        await one.store.adopt_edits()
    async with opened(control_plane, namespace) as one:
        audit.restart()
        assert await one.store.ensure([template()]) == []
        assert await one.store.adopt_edits() == []
    assert not [
        write for write in audit.writes(namespace=namespace) if "netpol-registry-server" in write.user
    ]


async def test_a_deleted_default_stays_deleted(control_plane, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await one.store.save(deletion("web", "*"))
        assert await one.store.ensure([template()]) == []
        assert one.watch.catalogue().get("web") is None


async def test_an_edited_default_is_never_overwritten(control_plane, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await one.store.save(edit(port=81, expected=("*",)))
        await one.store.ensure([template(port=82)])
        assert one.watch.catalogue().entries["web"].current.template == template(port=81)


async def test_a_new_default_of_a_later_version_is_added(control_plane, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        assert await one.store.ensure([template(), template("db")]) == ["db"]


async def test_a_save_is_readable_once_answered(control_plane, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        outcome = await one.store.save(edit(port=81, expected=("*",)))
        assert (outcome.revision.number, outcome.changed) == (2, True)
        assert one.watch.catalogue().entries["web"].current.template == template(port=81)


async def test_a_save_that_changes_nothing_makes_no_revision(control_plane, audit, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        audit.restart()
        outcome = await one.store.save(edit(expected=("*",)))
        assert (outcome.revision.number, outcome.changed) == (1, False)
        assert not audit.writes(namespace=one.settings.store_namespace)


async def test_numbering_goes_on_after_a_deletion(control_plane, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        assert (await one.store.save(deletion("web", "*"))).revision.number == 2
        assert (await one.store.save(edit())).revision.number == 3


async def test_sixteen_saves_of_different_templates_by_two_processes_all_land(
    control_plane, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one, opened(control_plane, namespace) as two:
        await one.store.ensure([template(f"t{number}") for number in range(16)])
        saves = [
            (one if number % 2 else two).store.save(edit(f"t{number}", 81, expected=("*",)))
            for number in range(16)
        ]
        assert [outcome.revision.number for outcome in await asyncio.gather(*saves)] == [2] * 16
    async with opened(control_plane, namespace) as later:
        assert {entry.head for entry in later.watch.catalogue().entries.values()} == {2}


async def test_a_save_that_is_announced_shares_the_write_of_another(
    control_plane, audit, make_store_namespace
):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template("a"), template("b")])
        audit.restart()
        with one.store.announced(), one.store.announced():
            first = asyncio.create_task(one.store.save(edit("a", 81, expected=("*",))))
            await asyncio.sleep(0.005)
            await asyncio.gather(first, one.store.save(edit("b", 81, expected=("*",))))
    writes = audit.writes(namespace=one.settings.store_namespace)
    assert [write.verb for write in writes if write.name == one.settings.store_name] == ["patch"]


async def test_a_save_that_is_announced_and_never_comes_holds_up_no_other(
    control_plane, make_store_namespace
):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        with one.store.announced(), one.store.announced():
            outcome = await asyncio.wait_for(one.store.save(edit(port=81, expected=("*",))), 10)
    assert outcome.changed


async def test_of_sixteen_saves_of_one_template_exactly_one_wins(control_plane, make_store_namespace):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one, opened(control_plane, namespace) as two:
        await one.store.ensure([template()])
        first = etag(one.watch.catalogue().entries["web"].current)
        saves = [
            (one if number % 2 else two).store.save(edit("web", 8000 + number, expected=(first,)))
            for number in range(16)
        ]
        answers = await asyncio.gather(*saves, return_exceptions=True)
    lost = [answer for answer in answers if isinstance(answer, PreconditionFailed)]
    [won] = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(lost) == 15
    assert all(error.current == won.revision for error in lost)


async def test_a_new_template_of_a_taken_name_is_refused(control_plane, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        with pytest.raises(TemplateExists):
            await one.store.save(edit(port=81))


async def test_a_save_that_lost_its_race_leaves_its_record_marked_abandoned(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one, opened(control_plane, namespace) as two:
        await one.store.ensure([template()])
        saves = [
            process.store.save(edit(port=port, expected=("*",))) for process, port in ((one, 81), (two, 82))
        ]
        await asyncio.gather(*saves)
        await one.store.adopt_edits()
    records = api.list(MAPS.format(namespace), labelSelector=f"{contract.TEMPLATE_LABEL}=web")
    states = {
        record["metadata"]["labels"][contract.REVISION_LABEL]: record["metadata"]["annotations"].get(
            contract.STATE_ANNOTATION
        )
        for record in records
    }
    async with opened(control_plane, namespace) as later:
        in_force = later.watch.catalogue().entries["web"].revisions
    assert {number for number, state in states.items() if state is None} == {
        str(number) for number in in_force
    }


def crashed_record(api, namespace, number, time):
    """Write a record as a process does that is killed before it changes the ConfigMap."""
    made = template(port=9000 + number)
    revision = Revision(
        name="web", number=number, author="eve", time=time, message="", digest=made.digest, template=made
    )
    api.create(MAPS.format(namespace), bodies.record_body("netpol-templates", revision, number - 1))


async def test_a_record_that_never_reached_the_config_map_is_not_in_force(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template()])
    crashed_record(api, namespace, 2, bodies.now())
    async with opened(control_plane, namespace) as one:
        entry = one.watch.catalogue().entries["web"]
        assert (entry.head, list(entry.revisions)) == (1, [1])


async def test_the_next_save_after_a_crash_takes_the_next_number_and_marks_the_lost_one(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template()])
        crashed_record(api, namespace, 2, bodies.now())
        assert (await one.store.save(edit(port=81, expected=("*",)))).revision.number == 3
        await one.store.close()
        assert sorted(one.watch.catalogue().entries["web"].revisions) == [1, 3]
    lost = api.get(f"{MAPS.format(namespace)}/netpol-templates.web.v2")
    assert lost["metadata"]["annotations"][contract.STATE_ANNOTATION] == "abandoned"


async def test_an_old_record_that_never_reached_the_config_map_is_marked_abandoned(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template()])
    crashed_record(api, namespace, 2, "2020-01-01T00:00:00Z")
    async with opened(control_plane, namespace) as one:
        await one.store.adopt_edits()
    lost = api.get(f"{MAPS.format(namespace)}/netpol-templates.web.v2")
    assert lost["metadata"]["annotations"][contract.STATE_ANNOTATION] == "abandoned"


async def test_a_write_whose_answer_was_lost_is_answered_as_saved(
    control_plane, make_store_namespace, monkeypatch
):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        patch, calls = one.client.merge_patch, []

        async def lose_the_first_answer(*arguments):
            answer = await patch(*arguments)
            calls.append(answer)
            if len(calls) == 1:
                raise Unreachable.because(TimeoutError("lost"))
            return answer

        monkeypatch.setattr(one.client, "merge_patch", lose_the_first_answer)
        outcome = await one.store.save(edit(port=81, expected=("*",)))
        assert (outcome.revision.number, outcome.changed, len(calls)) == (2, True, 1)


async def test_a_store_without_records_is_unreadable(control_plane, api, make_store_namespace):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template()])
    api.delete(f"{MAPS.format(namespace)}/netpol-templates.web.v1")
    async with opened(control_plane, namespace) as one:
        assert await one.store.adopt_edits() == []
        with pytest.raises(StoreUnreadable, match="no recorded revisions"):
            one.watch.catalogue()


async def test_nothing_is_refused_because_the_watch_runs_behind(control_plane, make_store_namespace):
    namespace = make_store_namespace()
    async with (
        opened(control_plane, namespace) as one,
        opened(control_plane, namespace, watching=False) as two,
    ):
        await one.store.ensure([template()])
        saved = await one.store.save(edit(port=81, expected=("*",)))
        outcome = await two.store.save(edit(port=82, expected=(etag(saved.revision),)))
        assert outcome.revision.number == 3
