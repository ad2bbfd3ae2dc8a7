"""PATCH of a template by a JSON merge patch."""

import json

import pytest

from registry.store.store import Store
from tests.http.support import problem
from tests.store.support import document
from tests.store.support import edit as edit_of


def patch(service, name, body, query="", **headers):
    headers.setdefault("content_type", "application/merge-patch+json")
    return service.call("PATCH", f"{name}{query}", body, **headers)


def test_a_patch_changes_its_members_and_no_others(service, name):
    tag = service.create(name, title="Old", category="web")
    answer = patch(service, name, {"title": "New"}, if_match=tag)
    assert (answer.status_code, answer.get_json()["revision"]) == (200, 2)
    read = service.call("GET", name)
    assert read.get_json() == document(name, title="New", category="web")
    assert read.headers["ETag"] == answer.headers["ETag"]


def test_null_removes_a_member(service, name):
    tag = service.create(name, title="Old")
    patch(service, name, {"title": None}, if_match=tag)
    assert service.call("GET", name).get_json() == document(name)


def test_a_patch_is_recorded_with_author_and_message(service, name):
    tag = service.create(name)
    patch(service, name, {"title": "New"}, "?message=a+better+title", if_match=tag)
    newest = service.call("GET", f"{name}/revisions").get_json()["items"][0]
    assert (newest["author"], newest["message"]) == ("admin", "a better title")


def test_a_patch_that_changes_nothing_makes_no_revision_and_says_so(service, name):
    tag = service.create(name)
    answer = patch(service, name, {"scope": "workload"}, if_match=tag).get_json()
    assert (answer["revision"], answer["changed"]) == (1, False)


def test_a_dry_run_of_a_patch_writes_nothing(service, name):
    tag = service.create(name)
    answer = patch(service, name, {"title": "New"}, "?dryRun=true", if_match=tag).get_json()
    assert (answer["changed"], answer["dryRun"]) == (True, True)
    assert service.call("GET", name).headers["ETag"] == tag


def test_the_result_of_a_patch_is_checked_with_pointers_into_it(service, name):
    tag = service.create(name)
    answer = patch(service, name, {"spec": {"ingress": [{"ports": [{"port": 0}]}]}}, if_match=tag)
    assert problem(answer) == (422, "invalid-template")
    assert answer.get_json()["errors"][0]["pointer"].startswith("/spec/ingress/0/ports/0")


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "7", "{}x", ""])
def test_a_body_that_is_no_patch_of_a_template_is_refused(service, name, body):
    status, _ = problem(patch(service, name, body, if_match=service.create(name)))
    assert status in (400, 422)


def test_a_patch_cannot_rename(service, name):
    tag = service.create(name)
    assert problem(patch(service, name, {"name": "other"}, if_match=tag)) == (422, "invalid-template")


def test_a_patch_cannot_change_the_scope(service, name):
    tag = service.create(name)
    assert problem(patch(service, name, {"scope": "namespace"}, if_match=tag)) == (422, "scope-changed")


def test_a_patch_that_widens_a_default_has_to_be_forced(service, name):
    tag = service.create(name, scope="namespace")
    wide = {"defaultIn": {"matchLabels": {"team": "nobody"}}}
    assert problem(patch(service, name, wide, if_match=tag)) == (409, "default-widened")
    assert patch(service, name, wide, "?force=true", if_match=tag).status_code == 200


def test_a_patch_needs_if_match(service, name):
    service.create(name)
    assert problem(patch(service, name, {})) == (428, "precondition-required")


def test_a_patch_of_what_was_changed_meanwhile_is_refused_with_the_current_etag(service, name):
    stale = service.create(name)
    current = service.call("PUT", name, document(name, 81), if_match=stale).headers["ETag"]
    answer = patch(service, name, {"title": "New"}, if_match=stale)
    assert problem(answer) == (412, "precondition-failed")
    assert answer.headers["ETag"] == current


def test_a_patch_of_what_is_not_there_is_refused(service, name):
    assert problem(patch(service, name, {}, if_match="*")) == (404, "template-not-found")


@pytest.mark.parametrize("media_type", ["application/json", "application/json-patch+json", ""])
def test_a_patch_of_another_type_is_refused_naming_the_right_one(service, name, media_type):
    answer = patch(service, name, {}, if_match=service.create(name), content_type=media_type)
    assert problem(answer) == (415, "unsupported-media-type")
    assert answer.headers["Accept-Patch"] == "application/merge-patch+json"


def test_a_patch_of_whatever_there_is_keeps_what_somebody_saved_in_between(service, name, monkeypatch):
    service.create(name)
    preview = Store.preview

    async def after_another(store, edit):
        monkeypatch.setattr(Store, "preview", preview)
        await store.save(edit_of(name, 81, expected=("*",)))
        return await preview(store, edit)

    monkeypatch.setattr(Store, "preview", after_another)
    assert patch(service, name, {"title": "New"}, if_match="*").get_json()["revision"] == 3
    assert service.call("GET", name).get_json() == document(name, 81, title="New")


def test_a_template_that_could_not_be_read_again_as_yaml_is_refused(service, name):
    rule = {"ports": [{"port": port} for port in range(1, 60)]}
    tag, spec = service.create(name), {"policyTypes": ["Ingress"], "ingress": [rule] * 80}
    body = json.dumps({"spec": spec}, separators=(",", ":"))
    answer = patch(service, name, body, if_match=tag)
    assert problem(answer) == (422, "invalid-template")
    assert "as YAML" in answer.get_json()["detail"]
