"""Templates out of files, and what is said of all else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lint.sources import Read, Unread, read_templates
from registry.model.documents import dump_yaml

WEB = "name: web\ndescription: d\nscope: workload\nspec: {policyTypes: [Ingress]}\n"


def config_map(**data):
    return dump_yaml({"apiVersion": "v1", "kind": "ConfigMap", "data": data})


def policy(name="web", **members):
    whole = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}}
    return dump_yaml({**whole, "spec": {"podSelector": {}}, **members})


def found(text):
    """The names of the templates with their places, and the places of problems."""
    return [
        f"{one.source} {one.template.name if isinstance(one, Read) else one.problem.pointer}"
        for one in read_templates("f", text.encode())
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WEB, ["f:1 web"]),
        ("\ufeff" + WEB, ["f:1 web"]),
        (WEB.replace("\n", "\r\n"), ["f:1 web"]),
        (f"---\n{WEB}---\n{WEB}...\n", ["f:1 web", "f:6 web"]),
        (f"# first\n---\n---\n{WEB}", ["f:3 web"]),
        ("--- {name: web, description: d, scope: workload, spec: {policyTypes: [Ingress]}}\n", ["f:1 web"]),
        ('{"name": "web", "description": "d", "scope": "workload", "spec": {}}', ["f:1 web"]),
        (WEB.replace("description: d\n", "description: |\n  ---\n  text\n"), ["f:1 web"]),
        (policy("web.internal"), ["f:1 web-internal"]),
        (policy(None), ["f:1 policy"]),
        (config_map(**{"web.yaml": WEB}), ["f:1 (web.yaml) web"]),
        (
            dump_yaml({"kind": "List", "items": [{"kind": "ConfigMap", "data": {"web.yaml": WEB}}]}),
            ["f:1 (web.yaml) web"],
        ),
    ],
)
def test_templates_are_found(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["f:1 "]),
        ("---\n# nothing\n", ["f:1 "]),
        ("- 1\n", ["f:1 "]),
        (f"{WEB}---\nname: [\n", ["f:1 web", "f:5 "]),
        ("kind: Deployment\n", ["f:1 /kind"]),
        ("kind: NetworkPolicy\n", ["f:1 /apiVersion"]),
        (policy(spec={"podSelector": {"app": "web"}}), ["f:1 /spec/podSelector/app"]),
        (policy(apiVersion="projectcalico.org/v3"), ["f:1 /apiVersion"]),
        ("kind: List\nitems: []\n", ["f:1 "]),
        ("kind: ConfigMap\n", ["f:1 /data"]),
        (config_map(notes="x"), ["f:1 (notes) /data/notes"]),
        (config_map(**{"other.yaml": WEB}), ["f:1 (other.yaml) /name"]),
        (config_map(**{"web.yaml": "name: ["}), ["f:1 (web.yaml) "]),
        (WEB.replace("workload", "cluster"), ["f:1 /scope"]),
        (WEB + "#" * 70_000, ["f:1 "]),
    ],
)
def test_what_is_no_template_is_told(text, expected):
    assert found(text) == expected


def test_a_sentence_about_yaml_names_the_line_of_the_file():
    [_, problem] = read_templates("f", f"{WEB}---\nname: web\nname: web\n".encode())
    assert "line 7" in problem.problem.reason


def test_bytes_that_are_no_text_are_told():
    [problem] = read_templates("f", b"\xff\xfe")
    assert problem.problem.reason == "The text is not valid UTF-8."


def test_a_large_catalogue_is_read():
    data = {f"web-{number}.yaml": WEB.replace("web", f"web-{number}") + "#" * 3000 for number in range(250)}
    for text in (config_map(**data), json.dumps({"kind": "ConfigMap", "data": data})):
        assert len(found(text)) == 250


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["---\n", WEB, "kind: List\n", "a: [\n", "...\n"])).map("".join)
)
def test_any_text_gives_an_answer(text):
    answers = read_templates("f", text.encode("utf-8", "surrogatepass"))
    assert answers
    assert all(one.problem.reason and one.problem.fix for one in answers if isinstance(one, Unread))
