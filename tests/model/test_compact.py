"""Templates kept as text."""

import msgspec
import pytest

from registry.model.compact import CompactTemplate
from registry.model.defaults import default_templates
from registry.model.template import Template, parse_template

TEMPLATES = default_templates()


def compact(template: Template) -> CompactTemplate:
    return CompactTemplate(msgspec.json.encode(template.document).decode())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_what_is_read_again_is_what_was_kept(template: Template):
    kept = compact(template)
    assert kept.template == template
    assert (kept.name, kept.digest) == (template.name, template.digest)
    assert (kept.variables, kept.replaces_defaults) == (template.variables, template.replaces_defaults)


def test_text_in_any_script_is_kept():
    document = {**TEMPLATES[0].document, "description": "Öffnet für 支付 einen Port."}
    assert compact(parse_template(document)).template.document == document


def test_a_template_in_use_is_read_once():
    kept = compact(TEMPLATES[0])
    assert kept.template is kept.template


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": "a"}', '{"name": "a", "spec": []}'])
def test_what_never_was_a_template_is_refused(text: str):
    with pytest.raises((msgspec.MsgspecError, KeyError, TypeError, AttributeError)):
        CompactTemplate(text)
