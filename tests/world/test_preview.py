"""What a change would come to, for a cluster in memory."""

import msgspec

from registry.planning.objects import Key
from registry.world.preview import Hit, counted, give, move, preview, revise
from tests.planning.build import ALLOW, CLOCK, DB, DENY, PRESET, catalogue, namespace, workload
from tests.world.simulated import WEB, hits, keys, made, ports, settled, unsettled

PORT_80 = {"spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"protocol": "TCP", "port": 80}]}]}}
STRICT = {
    "parameters": {
        "properties": {"port": {"type": "integer", "minimum": 9000, "maximum": 9999, "default": 9000}}
    }
}


def only(found: dict[str, Hit]) -> Hit:
    [hit] = found.values()
    return hit


def test_a_new_revision_changes_the_policy_of_one_that_follows_it():
    start = settled(catalogue(db={}), [workload({"db": "latest"})])
    [change] = only(hits(start, "db", revise("db", made("db", **PORT_80)))).policies
    assert (change.action, ports(change.before), ports(change.after)) == ("update", [5432], [80])


def test_a_new_revision_does_not_hit_a_pinned_one():
    start = settled(catalogue(db={}), [workload({"db": "true"}), workload({"db": "v1"}, WEB)])
    found = preview(start, "db", keys(start), revise("db", made("db", **PORT_80)), CLOCK)
    assert (found.hits, found.staying) == ([], [DB, WEB])


def test_a_deletion_takes_the_policies_and_says_why():
    start = settled(catalogue(db={}), [workload({"db": "true"})])
    hit = only(hits(start, "db", revise("db", None)))
    assert [change.action for change in hit.policies] == ["delete"]
    assert hit.after.reason == "TemplateUnknown"


def test_a_new_template_hits_those_that_wait_for_it():
    start = settled(catalogue(), [workload({"db": "true"})])
    hit = only(hits(start, "db", revise("db", made("db"))))
    assert hit.before.reason == "TemplateUnknown"
    assert [change.action for change in hit.policies] == ["create"]


def test_a_new_default_hits_every_managed_namespace():
    start = settled(catalogue(), [], [namespace(), namespace(managed=False)])
    start = msgspec.structs.replace(start, namespaces=(namespace(),))
    hit = only(hits(start, "deny", revise("deny", made("deny", **DENY))))
    assert (hit.key.kind, hit.key.name) == ("Namespace", "shop")


def test_a_namespace_that_is_not_managed_is_not_hit_by_a_new_default():
    start = settled(catalogue(), [], [namespace(managed=False)])
    assert hits(start, "deny", revise("deny", made("deny", **DENY))) == {}


def test_parameters_that_no_longer_fit_leave_the_policy_and_say_why():
    start = settled(catalogue(db={}), [workload({"db": "latest"}, parameters={"db": "port: 5433"})])
    hit = only(hits(start, "db", revise("db", made("db", **STRICT))))
    assert (hit.policies, hit.after.reason, hit.after.revision) == ((), "InvalidParameters", 1)


def test_a_move_takes_pinned_ones_to_the_revision():
    start = settled(catalogue(db=[{}]), [workload({"db": "true"}), workload({"db": "v1"}, WEB)])
    start = msgspec.structs.replace(start, catalogue=catalogue(db=[{}, PORT_80]))
    found = hits(start, "db", move("db", 2, [DB, WEB]))
    assert list(found) == ["db"]
    assert (found["db"].before.revision, found["db"].after.revision) == (1, 2)


def test_a_move_that_the_parameters_do_not_fit_leaves_the_policy():
    start = settled(catalogue(db=[{}]), [workload({"db": "true"}, parameters={"db": "port: 5433"})])
    start = msgspec.structs.replace(start, catalogue=catalogue(db=[{}, STRICT]))
    hit = only(hits(start, "db", move("db", 2, [DB])))
    assert (hit.policies, hit.after.reason, hit.after.revision) == ((), "InvalidParameters", 1)


def test_other_parameters_change_the_policy_in_place():
    one = workload({"db": "true"})
    start = settled(catalogue(db={}), [one])
    [change] = only(hits(start, "db", give(one, "db", {"port": 6000}))).policies
    assert (change.action, ports(change.after)) == ("update", [6000])


def test_a_template_that_becomes_a_preset_changes_the_default_that_leaves_its_users_out():
    templates = catalogue(cut={"spec": PRESET["spec"]}, allow=ALLOW)
    start = settled(templates, [workload({"cut": "latest"})])
    found = hits(start, "cut", revise("cut", made("cut", **PRESET)))
    [change] = found["shop"].policies
    assert msgspec.json.decode(change.before)["podSelector"] == {}
    assert msgspec.json.decode(change.after)["podSelector"] == {
        "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]
    }


def test_what_the_controller_has_still_to_do_anyway_is_not_counted():
    start = unsettled(catalogue(db={}, other={}), [workload({"db": "latest", "other": "true"})])
    assert [
        one.template for one in only(hits(start, "db", revise("db", made("db", **PORT_80)))).policies
    ] == ["db"]


def test_the_same_document_again_hits_nobody_s_rules():
    start = settled(catalogue(db={}), [workload({"db": "latest"})])
    [change] = only(hits(start, "db", revise("db", made("db")))).policies
    assert change.before == change.after  # only its revision moves on


def test_counts_tell_creations_updates_and_deletions():
    start = settled(catalogue(db={}), [workload({"db": "true"}), workload({"db": "true"}, WEB)])
    assert counted(hits(start, "db", revise("db", None)).values()) == {"create": 0, "update": 0, "delete": 2}


def crowding(number, template):
    """One of those of which a default can leave out three, by two labels each."""
    selector = {"matchLabels": {f"a{number}": "1", f"b{number}": "1"}}
    return workload({template: "latest"}, Key("apps", "Deployment", "shop", f"w{number}"), selector=selector)


def test_a_preset_that_found_no_room_gets_it_when_others_go():
    templates = catalogue(cut=PRESET, late=PRESET, allow=ALLOW)
    users = [crowding(number, "cut") for number in range(3)] + [crowding(3, "late")]
    start = settled(templates, users)
    found = hits(start, "cut", revise("cut", None))
    assert [change.action for change in found["w3"].policies] == ["create"]
