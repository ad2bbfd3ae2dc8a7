"""Rollouts that the cluster refuses, or holds up."""

from collections.abc import Callable, Iterator

import pytest

from devcluster.api import Api, ApiError
from tests.cluster import AuditLog, eventually, unique_name
from tests.controller.rolling import Rolling, deployment, pinned_to_the_first, revisions
from tests.controller.shop import Shop
from tests.controller.store import Catalogue

pytestmark = pytest.mark.usefixtures("controller")

POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = POLICIES.replace("policies", "policybindings")
UPDATES = {
    "apiGroups": ["networking.k8s.io"],
    "apiVersions": ["v1"],
    "operations": ["UPDATE"],
    "resources": ["networkpolicies"],
}
WORDS = "this one stays"
DEFAULT = "allow-namespace-communication"
EVERYTHING = {"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}


@pytest.fixture
def rolling(catalogue: Catalogue) -> Rolling:
    return Rolling(catalogue)


@pytest.fixture
def name() -> str:
    return unique_name("refused")


@pytest.fixture
def refuse(api: Api, name: str) -> Iterator[Callable[[Shop, str], None]]:
    """Have an admission policy refuse updates of a template's policies in a namespace."""

    def make(shop: Shop, template: str) -> None:
        label = 'object.metadata.?labels["netpol-registry.dev/template"].orValue("")'
        check = f'request.namespace != "{shop.name}" || {label} != "{template}"'
        spec = {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [UPDATES]},
            "validations": [{"expression": check, "message": WORDS}],
        }
        api.create(POLICIES, {"metadata": {"name": name}, "spec": spec})
        binding = {"policyName": name, "validationActions": ["Deny"]}
        api.create(BINDINGS, {"metadata": {"name": name}, "spec": binding})
        eventually(lambda: is_refused(shop, template))

    yield make
    api.delete(f"{BINDINGS}/{name}")
    api.delete(f"{POLICIES}/{name}")


def is_refused(shop: Shop, template: str) -> bool:
    """Whether the admission policy is in force by now."""
    policy = shop.policy(template)
    try:
        shop.api.replace(shop.policy_path(policy), policy, dryRun="All")
    except ApiError as error:
        return WORDS in str(error)
    return False


def test_a_refused_write_is_told_in_the_servers_words_and_tried_once(
    refuse: Callable[[Shop, str], None],
    shop: Shop,
    catalogue: Catalogue,
    rolling: Rolling,
    audit: AuditLog,
):
    name = unique_name("refused")
    users = pinned_to_the_first(catalogue, name, shop, "db")
    refuse(shop, name)
    audit.restart()
    rolling.begin(name, users)
    failures = rolling.await_state(name, "done")["failures"]
    reason, message = failures[shop.name]["Deployment.apps/db"]
    assert (reason, WORDS in message, revisions(shop)) == ("PolicyRefused", True, {"db": "1"})
    writes = [one.code for one in audit.writes("controller", "networkpolicies", shop.name)]
    assert writes == [422]


def test_a_batch_that_is_held_up_from_outside_is_given_up_after_a_stop(
    refuse: Callable[[Shop, str], None],
    make_shop: Callable[..., Shop],
    catalogue: Catalogue,
    rolling: Rolling,
    name: str,
):
    shop = make_shop(defaults=True)
    catalogue.put(name, replacesDefaults=True, spec=EVERYTHING)
    shop.run("db", {name: "true"})
    eventually(lambda: shop.policy(name) and shop.policy(DEFAULT)["spec"]["podSelector"])
    before = shop.policy(name)
    catalogue.put(name, spec=EVERYTHING)
    refuse(shop, DEFAULT)
    rolling.begin(name, [deployment(shop)])
    shop.await_event("PolicyRefused")
    rolling.stop(name)
    assert rolling.await_state(name, "stopped", timeout=30)["failures"] == {}
    assert shop.policy(name) == before
