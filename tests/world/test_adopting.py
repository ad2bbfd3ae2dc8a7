"""Which references take the place of unmanaged policies: worked out without a cluster."""

from typing import Any

import msgspec
import pytest

from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.names import policy_name
from registry.planning.objects import LivePolicy
from registry.world.adopting import Adoption, Scene, adoptions
from registry.world.offering import offers
from registry.world.standing import Standing
from tests.planning.build import ALLOW, CLOCK, DB, DENY, PRESET, catalogue, namespace, workload
from tests.world.simulated import unsettled

OPEN = {"ports": [{"port": 5432}]}


def unmanaged(name="by-hand", rules=(OPEN,), app="db", **fields: Any) -> LivePolicy:
    selector = {"matchLabels": {"app": app}} if app else {}
    spec = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": list(rules)}
    given = {"namespace": "shop", "uid": name, "resource_version": "1", **fields}
    return LivePolicy(name=name, spec=canonical(normalise_spec(spec)), **given)


def standing(templates, workloads, policies) -> Standing:
    here = namespace(managed=False)
    start = unsettled(templates, [one for one in workloads if one.references], [here])
    start = msgspec.structs.replace(start, policies=tuple(policies))
    return Standing(namespace=here, excluded=False, generated=(), unmanaged=tuple(policies), start=start)


def adopted(templates, policies, workloads=None, barred=()) -> dict[str, Adoption]:
    given = [workload({})] if workloads is None else workloads
    found = adoptions(Scene(standing(templates, given, policies), given, barred, CLOCK))
    return {one.policy.name: one for one in found.each}


def by(one: Adoption) -> tuple[str, dict[str, Any]] | str | None:
    """The template and its parameters, or the reason for none."""
    if one.reference:
        return one.reference.template, dict(one.reference.parameters)
    return one.reason.reason if one.reason else None


def opens(*rules) -> dict[str, Any]:
    """A template of these rules, without parameters."""
    return {"spec": {"policyTypes": ["Ingress"], "ingress": list(rules)}}


CLOSED = opens(OPEN)
ONE = {"ports": [{"port": 1}]}


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        (catalogue(web={}), ("web", {})),
        (catalogue(web=[CLOSED, {}]), ("web", {})),
        (catalogue(web=[{}, opens()]), "NoTemplate"),
        (catalogue(web={}, other=CLOSED), "Ambiguous"),
        (catalogue(web={}, by_hand={}), ("by-hand", {})),
        (catalogue(web={"allowedIn": {"matchLabels": {"a": "b"}}}), "TemplateNotAllowed"),
        (
            catalogue(web={"replacesDefaults": True, "spec": {**PRESET["spec"], "ingress": [OPEN]}}),
            "NoTemplate",
        ),
        (catalogue(), "NoTemplate"),
    ],
)
def test_the_reference_of_a_policy(templates, expected):
    assert by(adopted(templates, [unmanaged()])["by-hand"]) == expected


def test_a_template_that_changes_the_defaults_too_is_never_chosen():
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, **PRESET["spec"]}
    closed = msgspec.structs.replace(unmanaged(), spec=canonical(normalise_spec(spec)))
    plain = {"spec": PRESET["spec"]}
    assert by(adopted(catalogue(web=PRESET), [closed])["by-hand"]) == "NoTemplate"
    assert by(adopted(catalogue(web=plain), [closed])["by-hand"]) == ("web", {})


def test_fewer_parameters_go_first():
    templates = catalogue(
        web={}, other={"spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 81}]}]}}
    )
    rules = [{"ports": [{"port": 81}]}]
    assert by(adopted(templates, [unmanaged(rules=rules)])["by-hand"]) == ("other", {})


def test_a_template_of_the_namespace_renders_the_selector_too():
    templates = catalogue(all={**ALLOW, "defaultIn": {"matchLabels": {"a": "b"}}})
    rules = [{"from": [{"podSelector": {}}]}]
    found = adopted(templates, [unmanaged(rules=rules, app=""), unmanaged("some", rules=rules)])
    assert (by(found["by-hand"]), by(found["some"])) == (("all", {}), "NoTemplate")


def test_what_is_generated_anyway_needs_no_label():
    found = adopted(catalogue(deny=DENY), [unmanaged(rules=(), app="")])["by-hand"]
    assert (by(found), found.written) == (("deny", {}), False)


def test_a_second_choice_of_a_group_is_kept_and_the_first_stays():
    group = {"exclusiveGroup": "g"}
    templates = catalogue(first={**CLOSED, **group}, web={**opens(), **group})
    found = adopted(templates, [unmanaged(rules=())], [workload({"first": "true"})])["by-hand"]
    assert by(found) == "GroupTaken"


def test_a_policy_that_keeps_its_name_from_another_is_told():
    taken = unmanaged(policy_name(DB, "web"), rules=[ONE])
    templates = catalogue(web=CLOSED)
    assert by(adopted(templates, [unmanaged(), taken])["by-hand"]) == "NameTaken"


def test_a_name_that_is_given_up_in_the_same_go_is_free():
    taken = unmanaged(policy_name(DB, "web"), rules=[ONE])
    templates = catalogue(web=CLOSED, other=opens(ONE))
    found = adopted(templates, [unmanaged(), taken])
    assert (by(found["by-hand"]), by(found[taken.name])) == (("web", {}), ("other", {}))


def test_a_policy_of_the_generated_name_is_taken_over_in_place_without_a_label_too():
    left = unmanaged(policy_name(DB, "web"))
    found = adopted(catalogue(web={}), [left])[left.name]
    assert (by(found), found.in_place, found.written) == (("web", {}), True, True)


def test_a_policy_that_was_left_at_an_older_revision_is_offered_at_that():
    left = unmanaged(policy_name(DB, "web"))
    here = standing(
        catalogue(web=[{}, CLOSED, {"spec": {"policyTypes": ["Egress"]}}]),
        [workload({"web": "true"})],
        [left],
    )
    assert offers(here) == {left.name: "v2"}


def test_whom_the_caller_may_not_label_keeps_the_policy():
    assert by(adopted(catalogue(web={}), [unmanaged()], barred=[DB])["by-hand"]) == "Forbidden"


def test_a_label_that_says_false_is_not_overridden():
    found = adopted(catalogue(web={}), [unmanaged()], [workload({"web": "false"})])["by-hand"]
    assert by(found) == "ReferenceTaken"
