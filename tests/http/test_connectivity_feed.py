"""The service's network is at all times what it would be if it were made anew."""

import pytest

from registry.planning.objects import Key
from tests.cluster import eventually, until_passes
from tests.http.networks import POLICIES, Changes, described, made_anew


def now(service, names):
    return service.backend.network.ask(lambda network, _: described(network, names))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_random_changes_it_is_as_if_made_anew(service, api, make_namespace, seed):
    names = [make_namespace({"team": "a"}), make_namespace(), make_namespace()]
    changes = Changes(api, names, seed)
    for _ in range(4):
        changes.make(12)
        expected = described(made_anew(api, names), names)

        def is_so(expected=expected):
            assert now(service, names) == expected

        until_passes(is_so)
    assert expected[names[0]]["policies"]


def test_a_namespace_that_goes_takes_its_pods_and_policies_along(service, api, make_namespace):
    name = make_namespace()
    Changes(api, [name], 4).make(8)
    eventually(lambda: now(service, [name])[name]["policies"])
    api.delete(f"/api/v1/namespaces/{name}")
    eventually(lambda: not now(service, [name]), timeout=60)


def test_a_custom_kind_that_comes_and_goes_is_told_meanwhile(service, make_namespace, rollouts):
    name = make_namespace()
    rollouts.create(name)
    key = Key(rollouts.group, "Rollout", name, "db")

    def is_told():
        return service.backend.network.ask(lambda _, unevaluated: key in unevaluated.workloads)

    eventually(is_told, timeout=60)
    rollouts.remove()
    eventually(lambda: not is_told(), timeout=60)


def test_a_policy_that_is_made_and_deleted_by_hand_is_followed(service, api, make_namespace):
    name = make_namespace()
    path = POLICIES.format(name)
    api.create(path, {"metadata": {"name": "p"}, "spec": {"podSelector": {}}})
    eventually(lambda: "p" in now(service, [name])[name]["policies"])
    api.delete(f"{path}/p")
    eventually(lambda: not now(service, [name])[name]["policies"])
