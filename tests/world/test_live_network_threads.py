"""The live network answers many threads at once while the cluster changes."""

import threading

import msgspec

from registry.connectivity.graph import View, graph
from registry.connectivity.objects import PodKey
from registry.connectivity.verdict import verdict
from registry.model.documents import canonical
from registry.planning.objects import Key, LivePolicy
from registry.world.live_network import LiveNetwork
from tests.planning.build import DB, workload

WEB = DB._replace(name="web")
SPEC = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}
CLOSED = LivePolicy(namespace="shop", name="p", uid="p", resource_version="1", spec=canonical(SPEC))
OPEN = msgspec.structs.replace(CLOSED, spec=canonical({**SPEC, "ingress": [{}]}))


def asking(live, work, stop, failures):
    def run():
        try:
            while not stop.is_set():
                work(live)
        except Exception as error:  # noqa: BLE001 (told below)
            failures.append(error)

    return threading.Thread(target=run)


def short(live):
    live.ask(lambda network, _: verdict(network, _pods(network, WEB), _pods(network, DB), "TCP", 80))


def long(live):
    def draw(survey):
        drawn = graph(survey.network, survey.flows, View(level="workload"))
        assert {node.kind for node in drawn.nodes} <= {"workload", "unrestricted", "unprotected", "addresses"}

    live.survey(draw)


def _pods(network, key):
    return network.pods(PodKey(key))


def test_answers_hold_while_objects_come_change_and_go():
    live, stop, failures = LiveNetwork(), threading.Event(), []
    for key in (DB, WEB):
        live.feed.take(None, workload({}, key))
    live.feed.take(None, CLOSED)
    threads = [asking(live, work, stop, failures) for work in (short, short, long, long)]
    for thread in threads:
        thread.start()
    for number in range(300):
        live.feed.take(CLOSED, OPEN)
        one = workload({}, Key("apps", "Deployment", "shop", f"w{number % 7}"))
        live.feed.take(None, one)
        live.feed.take(OPEN, CLOSED)
        live.feed.take(one, None)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert live.ask(lambda network, _: len(network.namespaces["shop"].index.places)) == 2
