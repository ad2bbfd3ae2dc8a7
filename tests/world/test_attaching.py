"""What attaching comes to: worked out without a cluster."""

import msgspec
import pytest

from registry.http.workloads.refusals import REFUSED, check_outcome
from registry.model.facts import API_SERVER
from registry.planning.pins import Pin
from registry.world.attaching import Outcome, outcome
from tests.planning.build import CLOCK, DB, catalogue, namespace, workload
from tests.world.simulated import settled

FACT = {"policyTypes": ["Egress"], "egress": [{"to": f"${{{API_SERVER}}}"}]}


def attached(start, value="true", parameters=None, **fields) -> Outcome:
    before = workload({}, **fields)
    given = {"web": parameters} if parameters is not None else {}
    after = workload({"web": value}, parameters=given, **fields)
    return outcome(start, before, after, "web", CLOCK)


def test_a_new_reference_creates_one_policy():
    [hit] = attached(settled(catalogue(web={}), [])).hits
    assert [(hit.key, change.action) for change in hit.policies] == [(DB, "create")]


def test_how_the_workload_then_stands_is_told():
    use = attached(settled(catalogue(web=[{}, {}]), [])).use
    assert use is not None
    assert (use.revision, use.tracking, use.reason) == (2, "pinned", None)


def test_false_comes_to_nothing():
    found = attached(settled(catalogue(web={}), []), "false")
    assert (found.use, found.hits) == (None, [])


def test_what_is_behind_in_the_watched_copy_is_taken_as_it_was_read():
    choices = catalogue(web={"exclusiveGroup": "g"}, other={"exclusiveGroup": "g"})
    start = settled(choices, [workload({})])
    found = outcome(
        start, workload({"other": "true"}), workload({"other": "true", "web": "true"}), "web", CLOCK
    )
    assert found.use is not None
    assert found.use.reason == "GroupTaken"


def test_parameters_that_do_not_fit_are_pointed_at():
    found = attached(settled(catalogue(web={}), []), parameters="port: 0")
    assert [one.pointer for one in found.problems] == ["/port"]


def test_the_pinned_revision_decides_which_parameters_fit():
    strict = {"parameters": {"properties": {"port": {"type": "integer", "minimum": 6000, "default": 6000}}}}
    pinned = workload({"web": "true"})
    start = msgspec.structs.replace(
        settled(catalogue(web={}), [pinned]), catalogue=catalogue(web=[{}, strict])
    )
    found = outcome(start, pinned, workload({"web": "true"}, parameters={"web": "port: 80"}), "web", CLOCK)
    assert found.problems == ()


def test_a_fact_that_is_not_known_yet_is_told_and_not_refused():
    templates = catalogue(web={"spec": FACT})
    start = msgspec.structs.replace(settled(templates, []), facts={})
    found = attached(start)
    assert found.use is not None
    assert found.use.reason == "FactUnknown"
    check_outcome(found, workload({"web": "true"}), "web", templates)


def test_pods_in_the_hosts_network_are_noted():
    found = attached(settled(catalogue(web={}), []), host_network=True)
    assert [note.reason for note in found.notes] == ["NoEffect"]


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (settled(catalogue(), []), "TemplateUnknown"),
        (settled(catalogue(web={"scope": "namespace"}), []), "WrongScope"),
        (settled(catalogue(web={"allowedIn": {"matchLabels": {"a": "b"}}}), []), "TemplateNotAllowed"),
        (settled(catalogue(web={}), [], [namespace(managed=False)]), "NamespaceNotManaged"),
    ],
)
def test_what_would_wait_is_told_by_the_controllers_reason_and_refused(start, reason):
    use = attached(start).use
    assert use is not None
    assert use.reason == reason
    assert reason in REFUSED


def test_no_selector_is_refused():
    use = attached(settled(catalogue(web={}), []), selector=None).use
    assert use is not None
    assert use.reason == "NoSelector"


def test_a_recorded_pin_decides_which_parameters_fit():
    strict = {"parameters": {"properties": {"port": {"type": "integer", "minimum": 6000, "default": 6000}}}}
    pin = Pin(1, {"port": 80})
    start = msgspec.structs.replace(settled(catalogue(web=[{}, strict]), []), pin=lambda *_: pin)
    assert attached(start, parameters="port: 80").problems == ()
