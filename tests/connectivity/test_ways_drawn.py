"""Ways from outside in graphs and exposures."""

import pytest

from registry.connectivity.entrances.drawing import with_entrances
from registry.connectivity.exposure import exposure
from registry.connectivity.flows import Flows
from registry.connectivity.formats.analyses import exposure_document
from registry.connectivity.formats.ends import Ends
from registry.connectivity.formats.render import render
from registry.connectivity.graph import TooManyEdges, View, graph
from tests.connectivity.formats.answers import check
from tests.connectivity.made import cluster, policy
from tests.connectivity.ways_in import CLASS, DENY, INGRESS, NGINX, SERVICE, WEB, arrival


def drawn_with(network, view, one):
    found = with_entrances(graph(network, Flows(network), view), network, [one], view)
    return {
        (edge.source, edge.target, edge.ports) for edge in found.edges if edge.source.startswith("entrance")
    }


@pytest.mark.parametrize(
    ("level", "target"), [("namespace", "namespace:shop"), ("workload", "workload:shop/Deployment.apps/web")]
)
def test_a_graph_shows_ways_in_by_name(level, target):
    network = cluster(WEB, NGINX)
    one = arrival(SERVICE, INGRESS, CLASS, network=network)
    assert drawn_with(network, View(level=level), one) == {
        ("entrance:shop.example.com", target, ("TCP 8080",))
    }


def test_a_way_that_policies_deny_is_not_drawn():
    network = cluster(WEB, NGINX, policy("shop/deny", DENY))
    assert drawn_with(network, View(), arrival(SERVICE, INGRESS, CLASS, network=network)) == set()


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (View(focus={"shop": 1}), True),
        (View(focus={"ingress-nginx": 1}), False),
        (View(seen={"ingress-nginx": 1}), False),
        (View(ports=((8080, 8080),)), True),
        (View(ports=((80, 80),)), False),
    ],
)
def test_ways_are_drawn_as_far_as_the_view_goes(view, shown):
    network = cluster(WEB, NGINX)
    assert bool(drawn_with(network, view, arrival(SERVICE, INGRESS, CLASS, network=network))) == shown


def test_more_edges_than_asked_for_are_refused():
    network = cluster(WEB, NGINX)
    with pytest.raises(TooManyEdges):
        drawn_with(network, View(most=0), arrival(SERVICE, INGRESS, CLASS, network=network))


def exposed(network, asked):
    one = arrival(SERVICE, INGRESS, CLASS, network=network)
    return exposure(network, Flows(network), asked, [one])


@pytest.mark.parametrize(("asked", "shown"), [(None, 1), ({"shop": 1}, 1), ({"ingress-nginx": 1}, 0)])
def test_an_exposure_tells_the_ways_in_to_what_is_asked_about(asked, shown):
    assert len(exposed(cluster(WEB, NGINX), asked).entrances) == shown


def test_a_way_in_is_a_document_as_its_schema_says():
    network = cluster(WEB, NGINX, policy("shop/deny", DENY))
    found = exposure_document(exposed(network, None), Ends([network]))
    check("exposure", found)
    (entrance,) = found["entrances"]
    assert (entrance["hosts"], entrance["allowed"]) == (["shop.example.com"], "no")
    assert [one["ports"] for one in entrance["behind"]] == [["TCP 8080"]]


def test_ways_in_are_a_table_of_their_own():
    network = cluster(WEB, NGINX)
    text = render("exposure", exposure_document(exposed(network, None), Ends([network])), "markdown")
    row = "| shop.example.com | Ingress shop/shop | shop: Deployment.apps/web | TCP 8080 | yes |  |"
    assert row in text
