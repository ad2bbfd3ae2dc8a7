"""Every default template, rendered, is accepted by a real API server and stored as we rendered it."""

import pytest

from devcluster.api import Api
from registry.model.defaults import default_templates
from registry.model.facts import SAMPLE_FACTS
from registry.model.parameter_schema import sample
from registry.model.parameters import fill
from registry.model.rendering import Context, render
from registry.model.template import Template
from tests.model.other_parameters import OTHER_PARAMETERS

TEMPLATES = {template.name: template for template in default_templates()}
POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
CONTEXT = Context("default", "checkout", SAMPLE_FACTS)


def assert_accepted(api: Api, template: Template, given: dict[str, object]) -> None:
    selector = {"podSelector": {"matchLabels": {"app": "checkout"}}} if template.scope == "workload" else {}
    spec = selector | render(template, fill(template, given), CONTEXT)
    policy = {"metadata": {"name": "x"}, "spec": spec}
    assert api.create(POLICIES, policy, dryRun="All", fieldValidation="Strict")["spec"] == spec


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_default_template_is_accepted_as_it_is(api: Api, name: str):
    assert_accepted(api, TEMPLATES[name], sample(TEMPLATES[name].parameters))


@pytest.mark.parametrize("name", OTHER_PARAMETERS)
def test_a_default_template_is_accepted_with_other_parameters(api: Api, name: str):
    assert_accepted(api, TEMPLATES[name], OTHER_PARAMETERS[name])


def test_every_template_with_parameters_is_tried_with_others():
    assert {name for name, template in TEMPLATES.items() if template.parameters.get("properties")} == set(
        OTHER_PARAMETERS
    )
