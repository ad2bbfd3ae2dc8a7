"""Which revisions are in use, from the watched copies and from memory."""

from collections.abc import Mapping

import pytest

from registry import contract
from registry.cluster.cache import Cache
from registry.planning.names import policy_name
from registry.planning.resolve import Applied
from registry.world.revisions import revisions_in_use
from registry.world.triggers import Triggers
from registry.world.world import World
from tests.planning.build import DB, Cluster, catalogue, namespace, workload

NAME = policy_name(DB, "postgres")


def world(value: str = "true", labels: Mapping[str, str | None] | None = None) -> World:
    """A workload with a policy of revision 1, whose labels may be spoiled."""
    cluster, triggers = Cluster(catalogue(postgres=[{}, {}])), Triggers(lambda _: None, ())
    one = workload({"postgres": value})
    cluster.run(workload({"postgres": "v1"}))
    made = triggers.world
    made.catalogue = cluster.catalogue
    made.workloads["apps", "Deployment"] = Cache(triggers.on_workload)
    made.workloads["apps", "Deployment"].put(one)
    made.namespaces.put(namespace())
    made.index.expect(DB, one.references)
    spoiled = {**cluster.policies[NAME].labels, **(labels or {})}
    cluster.edit(NAME, labels={key: text for key, text in spoiled.items() if text is not None})
    made.policies.put(cluster.policies[NAME])
    return made


def test_a_policy_keeps_the_revision_that_it_bears():
    assert revisions_in_use(world(), {"postgres"}) == {"postgres": {1}}


def test_a_label_keeps_the_revision_that_it_names():
    assert revisions_in_use(world("v2"), {"postgres"}) == {"postgres": {1, 2}}


def test_what_was_applied_is_kept_whatever_the_policy_says():
    made = world()
    made.applied[DB] = {"postgres": Applied(2, {})}
    assert revisions_in_use(made, {"postgres"}) == {"postgres": {1, 2}}


def test_a_target_is_kept():
    made = world()
    made.aim(DB, "postgres", 2)
    assert revisions_in_use(made, {"postgres"}) == {"postgres": {1, 2}}


@pytest.mark.parametrize("text", [None, "", "one", "0"])
def test_a_policy_that_does_not_say_its_revision_keeps_all(text: str | None):
    assert revisions_in_use(world(labels={contract.REVISION_LABEL: text}), {"postgres", "other"}) == {
        "other": set()
    }


def test_a_policy_whose_template_label_is_spoiled_keeps_all_of_all():
    assert revisions_in_use(world(labels={contract.TEMPLATE_LABEL: "nonsense"}), {"postgres", "other"}) == {}


def test_a_policy_without_template_label_says_its_template_by_its_name():
    spoiled = world(labels={contract.TEMPLATE_LABEL: None})
    assert revisions_in_use(spoiled, {"postgres", "other"}) == {"postgres": {1}, "other": set()}
