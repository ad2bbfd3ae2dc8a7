"""What an import's body holds, and what it would do; without a cluster."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.http.transfer.documents import Found, LeftOut, load_documents, things_in
from registry.http.transfer.plan import plan
from registry.http.transfer.texts import documents, manifest, values_of
from registry.model.documents import dump_yaml
from registry.model.from_policy import template_document
from registry.model.problems import Invalid
from registry.model.template import parse_template
from registry.planning.catalogue import Catalogue, Entry, Revision
from tests.model.strategies import specs
from tests.store.support import document, template, text

SHOWN = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], include_characters="\t\n")


def catalogue(templates):
    """A catalogue in which each template is at revision 1."""

    def revision(one):
        return Revision(
            name=one.name, number=1, author="ann", time="", message="", digest=one.digest, template=one
        )

    return Catalogue(
        {one.name: Entry(name=one.name, head=1, revisions={1: revision(one)}) for one in templates}
    )


def things(body):
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return list(things_in(load_documents(raw), "all"))


def steps(body, templates=()):
    return plan(catalogue(templates), things(body)).steps


def problems(body):
    return [(problem.pointer, problem.reason) for step in steps(body) for problem in step.problems]


def holding(values):
    return {"kind": "ConfigMap", "apiVersion": "v1", "data": values}


LIST = {"kind": "List", "apiVersion": "v1"}


def policy(spec, name):
    return {"metadata": {"name": name}, "spec": spec}


@st.composite
def catalogues(draw):
    names = draw(st.lists(st.sampled_from(["a", "b-1", "yes", "null", "1e3"]), max_size=4, unique=True))
    made = [template_document(policy(draw(specs), name)).document for name in sorted(names)]
    notes = st.text(SHOWN, min_size=1, max_size=50)
    return [parse_template({**one, "description": draw(notes)}) for one in made]


@given(catalogues())
def test_an_export_of_documents_comes_back_equal(templates):
    exported = documents(templates)
    found = plan(Catalogue(), things(exported)).steps
    assert [step.action for step in found] == ["create"] * len(templates)
    assert documents(step.template for step in found) == exported
    assert [step.action for step in steps(exported, templates)] == ["unchanged"] * len(templates)


@given(catalogues().filter(bool))
def test_an_export_as_a_configmap_comes_back_equal(templates):
    values = values_of(templates, {})
    exported = manifest("ns", "s", values)
    found = plan(Catalogue(), things(exported)).steps
    assert {f"{step.name}.yaml": step.text for step in found} == values
    assert [step.action for step in steps(exported, templates)] == ["unchanged"] * len(templates)


def test_a_comment_in_a_configmap_s_text_is_kept():
    value = "# why\n" + text("web")
    [step] = steps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"web.yaml": value}})
    assert step.text == value


def test_a_line_of_dashes_inside_a_text_ends_no_document():
    described = document("web", description="a\n---\nb --- c")
    [found] = things(dump_yaml(described))
    assert found.document == described


def test_a_key_that_begins_with_dashes_begins_no_document():
    assert load_documents(b"a: 1\n---b: 2\n") == [{"a": 1, "---b": 2}]


@pytest.mark.parametrize(
    "body",
    [
        "---\n{}---\n{}",
        "# first\n---\n{}---\n\n---\n{}",
        "{}--- # second\n{}...\n",
        "\ufeff{}---\r\n{}",
    ],
)
def test_documents_begin_with_dashes(body):
    assert [one.name for one in things(body.format(text("a"), text("b")))] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ("1", "/0"),
        ("- 1\n- x", "/0"),
        ({"kind": "Secret", "apiVersion": "v1"}, "/0/kind"),
        ({"kind": "NetworkPolicy", "apiVersion": "extensions/v1beta1"}, "/0/kind"),
        ({"kind": "List"}, "/0/kind"),
        (LIST, "/0/items"),
        ({**LIST, "items": [LIST]}, "/0/items/0/kind"),
        ({"kind": "ConfigMap", "apiVersion": "v1"}, "/0/data"),
        (holding({"a": "x"}), "/0/data"),
        (holding({"a.yaml": 1}), "/0/data/a.yaml"),
        (holding({"a.yaml": "1"}), "/0/data/a.yaml"),
        (holding({"a.yaml": "{"}), "/0/data/a.yaml"),
        (holding({"a.yaml": text("b")}), "/0/data/a.yaml/name"),
        (holding({"a.yaml": text("a") + "x: 1"}), "/0/data/a.yaml/x"),
        ({"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1"}, "/0/metadata/name"),
        ({"name": 1}, "/0"),
    ],
)  # fmt: skip
def test_the_pointer_of_a_problem_leads_into_the_body(body, pointer):
    assert problems(body)[0][0] == pointer


def test_a_document_that_cannot_be_read_is_told_by_its_index():
    with pytest.raises(Invalid) as caught:
        load_documents(b"a: 1\n---\nb: {\n")
    assert [problem.pointer for problem in caught.value.problems] == ["/1"]


def test_a_list_of_objects_holds_each_of_them():
    item = {"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1", **policy({"podSelector": {}}, "a")}
    listed = {"kind": "List", "apiVersion": "v1", "items": [item, document("b")]}
    assert [(one.pointer, one.name) for one in things(listed)] == [("/0/items/0", "a"), ("/0/items/1", "b")]


def test_a_key_that_is_no_template_is_left_out():
    body = {"kind": "ConfigMap", "apiVersion": "v1", "data": {"a.yaml": text("a"), "README": "x"}}
    assert [(type(one), one.name) for one in things(body)] == [(Found, "a"), (LeftOut, "README")]


def test_the_second_of_a_name_is_the_wrong_one():
    assert [step.action for step in steps([document("a"), document("a")])] == ["create", "invalid"]


def test_what_is_as_it_is_now_is_unchanged_in_any_order_of_keys():
    turned = dict(reversed(document("web").items()))
    assert [step.action for step in steps(turned, [template("web")])] == ["unchanged"]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_do_anything_but_be_read_or_refused(raw):
    with contextlib.suppress(Invalid):
        plan(Catalogue(), things_in(load_documents(raw), "all"))
