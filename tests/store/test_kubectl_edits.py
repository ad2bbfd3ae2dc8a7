"""Editing the ConfigMap itself is a way in: what becomes of each kind of edit."""

from registry import contract
from registry.store.adoption import Finding
from tests.cluster import eventually
from tests.store.support import deletion, edit, opened, seen, template, text


def main_path(namespace):
    return f"/api/v1/namespaces/{namespace}/configmaps/netpol-templates"


def kubectl_edit(api, namespace, data):
    api.request(
        "PATCH",
        main_path(namespace),
        {"data": data},
        "application/merge-patch+json",
        fieldManager="kubectl-edit",
    )


async def edited(one, api, data):
    namespace = one.settings.store_namespace
    kubectl_edit(api, namespace, data)
    current = api.get(main_path(namespace)).get("data", {})
    await seen(one, lambda: one.watch.view.main and dict(one.watch.view.main.texts) == current)


async def test_a_valid_edit_becomes_a_revision_of_its_field_manager(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": text(port=81)})
        assert await one.store.adopt_edits() == [
            Finding(kind="adopted", name="web", revision=2, author="kubectl-edit")
        ]
        assert one.watch.catalogue().entries["web"].current.template == template(port=81)


async def test_until_it_is_recorded_the_last_revision_is_in_force(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": text(port=81)})
        entry = one.watch.catalogue().entries["web"]
        assert (entry.head, entry.flag) == (1, None)


async def test_a_new_key_becomes_revision_1(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"db.yaml": text("db")})
        await one.store.adopt_edits()
        assert one.watch.catalogue().entries["db"].head == 1


async def test_a_comment_alone_makes_no_revision(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": "# a comment\n" + text()})
        assert await one.store.adopt_edits() == []


async def test_a_broken_entry_is_flagged_and_the_last_revision_stays(
    control_plane, api, make_store_namespace
):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": "name: web\nscope: [\n"})
        [finding] = await one.store.adopt_edits()
        entry = one.watch.catalogue().entries["web"]
        assert (finding.kind, entry.flag, entry.head) == ("invalid", "Invalid", 1)
        assert "line 3" in entry.problems[0].reason


async def test_a_change_of_scope_is_flagged(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": text(scope="namespace")})
        await one.store.adopt_edits()
        assert [problem.pointer for problem in one.watch.catalogue().entries["web"].problems] == ["/scope"]


async def test_a_name_other_than_the_key_is_flagged(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": text("shop")})
        await one.store.adopt_edits()
        assert [problem.pointer for problem in one.watch.catalogue().entries["web"].problems] == ["/name"]


async def test_a_key_of_no_template_is_told(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"README": "hello"})
        [finding] = await one.store.adopt_edits()
        assert (finding.kind, finding.name) == ("invalid", "README")


async def test_a_removed_key_is_flagged_and_its_revision_stays(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template(), template("db")])
        await edited(one, api, {"web.yaml": None})
        assert await one.store.adopt_edits() == [Finding(kind="removed", name="web", revision=1)]
        entry = one.watch.catalogue().entries["web"]
        assert (entry.flag, entry.current.template) == ("Removed", template())


async def test_saving_a_flagged_template_as_it_is_mends_the_config_map(
    control_plane, api, make_store_namespace
):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template(), template("db")])
        await edited(one, api, {"web.yaml": None})
        assert not (await one.store.save(edit(expected=("*",)))).changed
        assert one.watch.catalogue().entries["web"].flag is None


async def test_an_edit_by_kubectl_is_never_overwritten_silently(control_plane, api, make_store_namespace):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template()])
        await edited(one, api, {"web.yaml": text(port=81)})
        await one.store.save(edit(port=82, expected=("*",)))
        authors = {
            number: revision.author
            for number, revision in one.watch.catalogue().entries["web"].revisions.items()
        }
        assert authors == {1: "netpol-registry", 2: "kubectl-edit", 3: "ann"}


async def test_a_deleted_template_written_by_kubectl_again_goes_on_numbering(
    control_plane, api, make_store_namespace
):
    async with opened(control_plane, make_store_namespace()) as one:
        await one.store.ensure([template(), template("db")])
        await one.store.save(deletion("web", "*"))
        await edited(one, api, {"web.yaml": text(port=81)})
        await one.store.adopt_edits()
        assert one.watch.catalogue().entries["web"].head == 3


async def test_a_deleted_config_map_is_restored_from_the_records(control_plane, api, make_store_namespace):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template(), template("db")])
        await one.store.save(edit(port=81, expected=("*",)))
        await one.store.save(deletion("db", "*"))
        before = api.get(main_path(namespace))
        api.delete(main_path(namespace))
        await seen(one, lambda: one.watch.view.main is None)
        [finding] = await one.store.adopt_edits()
        assert (finding.kind, finding.name) == ("restored", "netpol-templates")
    after = api.get(main_path(namespace))
    assert after["data"] == before["data"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]


async def test_a_config_map_replaced_without_labels_and_annotations_gets_them_back(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template()])
        stored = api.get(main_path(namespace))
        bare = {"metadata": {"name": "netpol-templates"}, "data": {"web.yaml": text(port=81)}}
        api.replace(main_path(namespace), bare, fieldManager="kubectl-replace")
        await seen(one, lambda: one.watch.view.main is None)
        [finding] = await one.store.adopt_edits()
        assert (finding.kind, finding.author, finding.revision) == ("adopted", "kubectl-replace", 2)
    labels = eventually(lambda: api.get(main_path(namespace))["metadata"]["labels"])
    assert labels == stored["metadata"]["labels"]


async def test_a_config_map_of_the_users_own_is_the_first_revision(control_plane, api, make_store_namespace):
    namespace = make_store_namespace()
    body = {"metadata": {"name": "netpol-templates"}, "data": {"web.yaml": text()}}
    api.create(main_path(namespace).rpartition("/")[0], body, fieldManager="kubectl-create")
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template("db")])
        await one.store.adopt_edits()
        revisions = {name: entry.current.author for name, entry in one.watch.catalogue().entries.items()}
    assert revisions == {"db": contract.MANAGER, "web": "kubectl-create"}


async def test_a_lost_record_of_a_head_is_recorded_again_under_a_new_number(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template(), template("db")])
        api.delete(f"{main_path(namespace)}.web.v1")
        await seen(one, lambda: "web" not in one.watch.view.records)
        await one.store.adopt_edits()
        assert one.watch.catalogue().entries["web"].head == 2


async def test_a_broken_entry_of_the_users_own_is_not_overwritten_by_a_default(
    control_plane, api, make_store_namespace
):
    namespace = make_store_namespace()
    body = {"metadata": {"name": "netpol-templates"}, "data": {"web.yaml": "name: ["}}
    api.create(main_path(namespace).rpartition("/")[0], body)
    async with opened(control_plane, namespace) as one:
        await one.store.ensure([template(), template("db")])
    assert api.get(main_path(namespace))["data"]["web.yaml"] == "name: ["
