"""Whatever comes in, the answer is a problem document, never a failure of the service."""

import io
import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.model.documents import MAX_BYTES
from tests.http.support import URL, problem
from tests.store.support import document

BODIES = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "not UTF-8": b"\xff\xfe{}",
    "NUL": b'{"name": "a\\u0000b"}',
    "a raw NUL": b"name: \x00",
    "half a character": b'{"name": "\\ud800"}',
    "deep": b"[" * 5000 + b"]" * 5000,
    "a huge integer": b'{"name": 1' + b"0" * 5000 + b"}",
    "not a number": b'{"name": NaN}',
    "an alias": b"a: &a [x]\nb: [*a, *a]\n",
    "a tag": b"!!python/object/apply:os.system ['true']",
    "two documents": b"a: 1\n---\nb: 2\n",
    "a name that only looks like ASCII": '{"name": "p\u03bfstgres"}'.encode(),
    "a bomb of aliases": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" * 1000,
    "deep YAML": b"".join(b" " * depth + b"a:\n" for depth in range(300)),
    "a float that is infinite": b'{"name": 1e400}',
    "an endless float": b"name: .inf",
    "a key twice": b'{"name": "a", "name": "b"}',
    "a key twice, escaped": b'{"name": "a", "n\\u0061me": "b"}',
    "a long text": b'{"name": "' + b"a" * 60_000 + b'"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "a lone surrogate": b'{"name": "\xed\xa0\x80"}',
}

HIDDEN = {
    "turned around": "a\u202eb",
    "isolated": "a\u2067b",
    "of no width": "a\u200bb",
    "a mark": "\ufeffa",
    "a control character": "a\x07b",
}

PLACES = {
    "name": lambda text: {"name": text},
    "title": lambda text: {"title": text},
    "description": lambda text: {"description": text},
    "category": lambda text: {"category": text},
    "label": lambda text: {"scope": "namespace", "defaultIn": {"matchLabels": {text: "x"}}},
    "value": lambda text: {"scope": "namespace", "defaultIn": {"matchLabels": {"x": text}}},
    "parameter": lambda text: {"parameters": {"properties": {text: {"default": 1}}}},
}
LOOK_ALIKE = "p\u03bfstgres"
PLAIN = ("name", "category", "label", "value", "parameter")
"""Where only ASCII may stand; titles and descriptions are in any script."""


@pytest.mark.parametrize("media_type", ["application/json", "application/yaml"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_is_refused(service, body, media_type):
    status, _ = problem(service.call("POST", body=body, content_type=media_type))
    assert status in (400, 422)


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("place", PLACES)
def test_characters_that_people_do_not_see_are_refused_where_they_stand(service, place, text):
    answer = service.call("POST", "?force=true", {**document("hidden"), **PLACES[place](text)})
    assert problem(answer) == (422, "invalid-template")
    assert all(error["pointer"] and error["fix"] for error in answer.get_json()["errors"])


@pytest.mark.parametrize("place", PLAIN)
def test_letters_that_only_look_like_ascii_are_refused(service, place):
    answer = service.call("POST", "?force=true", {**document("hidden"), **PLACES[place](LOOK_ALIKE)})
    assert problem(answer) == (422, "invalid-template")


@pytest.mark.parametrize(
    "title", ["PostgreSQL \u2013 Zugriff f\u00fcr Clients", "\u30dd\u30b9\u30c8\u30b0\u30ec\u30b9"]
)
def test_titles_may_be_in_any_script(service, name, title):
    service.create(name, title=title)
    assert service.call("GET", name).get_json()["title"] == title


TYPES = {
    "none": {"content_type": ""},
    "a form": {"content_type": "application/x-www-form-urlencoded"},
    "files": {"content_type": "multipart/form-data; boundary=x"},
    "text": {"content_type": "text/plain"},
    "compressed": {"content_encoding": "gzip"},
    "nonsense": {"content_type": "application/json/yaml"},
}


@pytest.mark.parametrize("headers", TYPES.values(), ids=TYPES.keys())
def test_a_body_of_another_type_is_not_read(service, headers):
    answer = service.call("POST", body=document("typed"), **headers)
    assert problem(answer) == (415, "unsupported-media-type")
    assert "application/json" in answer.headers["Accept"]


class Endless(io.BytesIO):
    """A body that never ends, and how much of it was read."""

    taken = 0

    def readinto(self, buffer):
        buffer[:] = b" " * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def test_of_a_body_without_a_length_no_more_is_read_than_may_be(service):
    body = Endless()
    answer = service.app.test_client().post(
        URL,
        headers={"Authorization": f"Bearer {service.control_plane.token('admin')}"},
        content_type="application/json",
        input_stream=body,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert problem(answer) == (413, "body-too-large")
    assert body.taken <= 2 * MAX_BYTES


def test_a_body_without_a_length_is_read_to_its_end(service, name):
    text = json.dumps(document(name)).encode()
    answer = service.app.test_client().post(
        f"{URL}?dryRun=true",
        headers={"Authorization": f"Bearer {service.control_plane.token('admin')}"},
        content_type="application/json",
        input_stream=io.BytesIO(text + b" " * (MAX_BYTES - len(text))),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 200


CHUNKS = st.sampled_from([b"{", b"}", b"[", b"]", b'"', b":", b",", b"\n", b" ", b"- "])
MARKS = st.sampled_from([b"&a ", b"*a", b"!!x ", b"---\n", b"#", b"|\n", b"? "])
TEXTS = st.text(max_size=4).map(lambda text: text.encode("utf-8", "replace"))
BYTES = st.lists(CHUNKS | MARKS | TEXTS | st.binary(max_size=6))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=BYTES, media_type=st.sampled_from(["application/json", "application/yaml"]))
def test_no_bytes_make_the_service_fail(service, chunks, media_type):
    answer = service.call("POST", "?dryRun=true", b"".join(chunks), content_type=media_type)
    assert problem(answer)[0] in (400, 422)


def test_refused_bodies_change_nothing(service, api):
    def versions():
        found = api.list(f"/api/v1/namespaces/{service.settings.store_namespace}/configmaps")
        return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in found}

    before = versions()
    for body in BODIES.values():
        service.call("POST", body=body, content_type="application/yaml")
        service.call("PUT", "default-one", body, if_match="*", content_type="application/yaml")
        service.call("PATCH", "default-one", body, if_match="*", content_type="application/merge-patch+json")
    assert versions() == before


@pytest.mark.parametrize("name", ["UPPER", "a%00b", "%ff", "x" * 3000, "a b", "%F0%9F%92%A9"])
def test_a_name_that_cannot_be_is_not_found(service, name):
    assert problem(service.call("GET", name)) == (404, "template-not-found")


@pytest.mark.parametrize("header", ["", '""', "x", '"', ",", '"1-2"x', "W/", '"\xff"'])
def test_an_if_match_that_is_no_etag_never_matches(service, name, header):
    service.create(name)
    status, _ = problem(service.call("PUT", name, document(name, 81), if_match=header))
    assert status in (412, 428)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("name", "title", "description", "scope", "parameters", "spec", "defaultIn", "allowedIn", "category")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1))
def test_no_document_makes_the_service_fail(service, changes):
    answer = service.call("POST", "?dryRun=true", json.dumps({**document("fuzzed"), **changes}))
    assert answer.status_code < 500


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patch=st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES)
def test_no_patch_makes_the_service_fail(service, patch):
    headers = {"if_match": "*", "content_type": "application/merge-patch+json"}
    answer = service.call("PATCH", "default-one?dryRun=true", json.dumps(patch), **headers)
    assert answer.status_code < 500


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.fixed_dictionaries({"revision": VALUES}) | VALUES)
def test_no_rollback_makes_the_service_fail(service, body):
    answer = service.call("POST", "default-one/rollback?dryRun=true", json.dumps(body), if_match="*")
    assert answer.status_code < 500


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.text(), st.text(), max_size=4))
def test_no_query_makes_the_service_fail(service, query):

    encoded = urlencode(
        {key.encode("utf-8", "replace"): value.encode("utf-8", "replace") for key, value in query.items()}
    )
    assert service.call("GET", f"?{encoded}").status_code in (200, 400)
