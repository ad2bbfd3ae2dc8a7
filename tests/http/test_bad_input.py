"""Whatever comes in, the answer is a problem document, never a failure of the service."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.support import problem
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
}


@pytest.mark.parametrize("media_type", ["application/json", "application/yaml"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_is_refused(service, body, media_type):
    status, _ = problem(service.call("POST", body=body, content_type=media_type))
    assert status in (400, 422)


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
