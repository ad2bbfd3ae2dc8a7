"""Label selectors as a text, into the form that policies take."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cluster.selectors import NoLabelSelector, parse_selector, selector_text


def expression(key, operator, *values):
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


@pytest.mark.parametrize(
    ("text", "labels", "expressions"),
    [
        ("app=db", {"app": "db"}, []),
        ("app==db", {"app": "db"}, []),
        (" app = db , example.com/tier=back ", {"app": "db", "example.com/tier": "back"}, []),
        ("app=", {"app": ""}, []),
        ("app!=db", {}, [expression("app", "NotIn", "db")]),
        ("app in (web, db)", {}, [expression("app", "In", "db", "web")]),
        ("app in (db)", {"app": "db"}, []),
        ("app in (db,)", {}, [expression("app", "In", "", "db")]),
        ("app notin (db,web)", {}, [expression("app", "NotIn", "db", "web")]),
        ("app", {}, [expression("app", "Exists")]),
        ("!app", {}, [expression("app", "DoesNotExist")]),
        ("! app,in", {}, [expression("app", "DoesNotExist"), expression("in", "Exists")]),
        ("app=a,app=b", {"app": "a"}, [expression("app", "In", "b")]),
        ("", {}, []),
        ("  ", {}, []),
    ],
)
def test_a_text_becomes_a_label_selector(text, labels, expressions):
    parts = {"matchLabels": labels, "matchExpressions": expressions}
    assert parse_selector(text) == {name: part for name, part in parts.items() if part}


@pytest.mark.parametrize(
    "text",
    [
        "a>1",
        "a<1",
        "a=b=c",
        "a b",
        "a,",
        ",a",
        "a,,b",
        "a in b",
        "a in (b",
        "a (b)",
        "-a=b",
        "a=b!",
        "!",
        "a=(b)",
        "a=-b",
    ],
)
def test_what_a_label_selector_cannot_say_is_refused(text):
    with pytest.raises(NoLabelSelector):
        parse_selector(text)


NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9_.]{0,8}[a-z0-9])?", fullmatch=True)
REQUIREMENTS = st.one_of(
    NAMES.map(lambda key: (key, "Exists", ())),
    NAMES.map(lambda key: (key, "DoesNotExist", ())),
    st.tuples(NAMES, st.sampled_from(["In", "NotIn"]), st.lists(NAMES, min_size=2, unique=True)),
)
FORMS = {"In": "{0} in ({1})", "NotIn": "{0} notin ({1})", "Exists": "{0}", "DoesNotExist": "!{0}"}


@given(st.lists(REQUIREMENTS, min_size=1, unique_by=lambda one: one[0]))
def test_every_requirement_comes_through(requirements):
    texts = [FORMS[operator].format(key, ",".join(values)) for key, operator, values in requirements]
    found = parse_selector(",".join(texts))["matchExpressions"]
    wanted = [expression(key, operator, *sorted(values)) for key, operator, values in sorted(requirements)]
    assert sorted(found, key=lambda one: one["key"]) == wanted


@given(st.permutations(["app=db", "tier in (b,a)", "!old", "x notin (c,d)", "y"]))
def test_the_order_of_requirements_makes_no_difference(parts):
    assert parse_selector(",".join(parts)) == parse_selector("y,x notin (d,c),!old,tier in (a,b),app=db")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(NoLabelSelector):
        parse_selector(text)


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"matchLabels": {"a": "b", "c": ""}},
        {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x", "y"]}]},
        {"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}]},
    ],
)
def test_a_selector_written_and_read_again_is_the_same(selector):
    assert parse_selector(selector_text(selector)) == selector
