"""Which keys a change touches."""

import msgspec
import pytest

from registry.cluster.cache import Cache
from registry.planning.names import policy_name
from registry.planning.objects import Key, namespace_key
from registry.world.triggers import Triggers
from tests.planning.build import DB, PRESET, Cluster, catalogue, namespace, workload


def test_once_a_kind_is_known_whoever_reaches_its_pods_is_looked_at():
    touched: list[Key] = []
    triggers = Triggers(touched.append, ())
    world = triggers.world
    world.workloads["apps", "Deployment"] = Cache(triggers.on_workload)
    world.workloads["apps", "Deployment"].put(workload({"plain": "true"}))
    rollouts = Cache(triggers.on_workload)
    labels = {"app": DB.name, "role": "replica"}
    rollouts.put(workload({}, Key("argoproj.io", "Rollout", "shop", "r"), selector={"matchLabels": labels}))
    touched.clear()
    world.workloads["argoproj.io", "Rollout"] = rollouts
    triggers.of_kind("argoproj.io", "Rollout")
    assert touched == [DB]


@pytest.mark.parametrize("template", ["preset", "plain"])
def test_the_defaults_are_looked_at_once_a_presets_write_is_answered_even_if_the_watch_was_first(
    template: str,
):
    touched: list[Key] = []
    triggers, cluster = Triggers(touched.append, ()), Cluster(catalogue(preset=PRESET, plain={}))
    one = workload({template: "true"})
    cluster.run(one)
    world = triggers.world
    world.catalogue = cluster.catalogue
    world.namespaces.put(namespace())
    world.workloads["apps", "Deployment"] = Cache(triggers.on_workload)
    world.workloads["apps", "Deployment"].put(one)
    written = cluster.policies[policy_name(DB, template)]
    with triggers.writing("shop", written.name):
        world.policies.put(msgspec.structs.replace(written))
        touched.clear()
        triggers.wrote(written)
    assert touched == ([namespace_key("shop")] if template == "preset" else [])


def test_that_policies_are_to_be_left_behind_is_news_by_itself():
    touched: list[Key] = []
    triggers = Triggers(touched.append, ())
    before = namespace(managed=False)
    triggers.world.namespaces.put(before)
    touched.clear()
    triggers.world.namespaces.put(msgspec.structs.replace(before, leaving=True, resource_version="2"))
    assert touched == [namespace_key("shop")]
