"""What the soak's own planner says of a reference, row by row of the label contract."""

import pytest

from bench.soak.model import NOTHING, Absent, Ask, Force, Heads, given, outcomes, preset_spec, spec
from registry.model.documents import canonical
from registry.model.parameters import fill
from registry.model.rendering import Context, render
from registry.model.template import Template
from tests.bench.templates import PLAIN, PRESET

AT_3 = Heads(frozenset({3}), frozenset({3}))
MOVED = Heads(frozenset({4}), frozenset({3, 4}))
AT_1 = Force(1, "{}")


def ask(value: str | None = "true", parameters: str | None = None, **others: bool) -> Ask:
    return Ask(**{"there": True, "managed": True, "value": value, "parameters": parameters, **others})


@pytest.mark.parametrize(
    ("state", "asked", "wanted"),
    [
        (Absent(), ask("true"), {Force(3, "{}")}),
        (AT_1, ask("true"), {AT_1}),
        (AT_1, ask("latest"), {Force(3, "{}")}),
        (AT_1, ask("v2"), {Force(2, "{}")}),
        (AT_1, ask("v9"), {AT_1}),
        (Absent(), ask("v9"), {Absent()}),
        (AT_1, ask("yes"), {AT_1}),
        (AT_1, ask(""), {AT_1}),
        (AT_1, ask("false"), {Absent()}),
        (AT_1, ask(None), {Absent()}),
        (AT_1, ask(parameters="port: 7"), {Force(1, '{"port":7}')}),
        (Force(1, '{"port":7}'), ask(), {Force(1, '{"port":7}')}),
        (Force(1, '{"port":7}'), ask(parameters="{}"), {AT_1}),
        (AT_1, ask(parameters="port: 0"), {AT_1}),
        (Absent(), ask(parameters="port: 0"), {Absent()}),
        (AT_1, ask(selectable=False), {AT_1}),
        (AT_1, ask(managed=False), {Absent(AT_1)}),
        (AT_1, ask(there=False), {Absent(AT_1)}),
        (Absent(AT_1), ask(), {AT_1, Force(3, "{}")}),
    ],
)
def test_each_row_of_the_label_contract(state, asked, wanted):
    assert outcomes(frozenset({state}), asked, AT_3) == wanted


def test_a_new_pin_may_be_at_any_revision_that_was_current_meanwhile():
    assert outcomes(NOTHING, ask(), MOVED) == {Force(3, "{}"), Force(4, "{}")}


def test_parameters_that_only_a_lost_policy_bore_may_be_lost_with_it():
    lost = frozenset({Absent(Force(1, '{"port":7}'))})
    assert outcomes(lost, ask("latest"), AT_3) == {Force(3, '{"port":7}'), Force(3, "{}")}


def test_latest_has_to_be_at_the_revision_that_is_current_now():
    assert outcomes(frozenset({Force(3, "{}")}), ask("latest"), MOVED) == {Force(4, "{}")}


@pytest.mark.parametrize("text", ["port: [", "[]", "prot: 80", "port: 65536", "port: true", "text"])
def test_parameters_that_no_template_of_the_soak_takes_are_invalid(text):
    assert given(text) is None


def test_a_policy_of_a_plain_template_is_what_the_product_renders_from_it():
    selector = {"matchLabels": {"app": "db"}}
    rendered = render(PLAIN, fill(PLAIN, {"port": 7}), Context("shop", "db", {}))
    assert canonical({**rendered, "podSelector": selector}) == canonical(spec(9000, '{"port":7}', selector))


def test_a_policy_of_the_preset_is_what_the_product_renders_from_it():
    selector = {"matchLabels": {"app": "db"}}
    assert PRESET.replaces_defaults
    assert canonical({**_rendered(PRESET), "podSelector": selector}) == canonical(preset_spec(9000, selector))


def _rendered(template: Template) -> dict[str, object]:
    return {name: part for name, part in render(template, {}, Context("shop", "db", {})).items() if part}
