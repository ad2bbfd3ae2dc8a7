"""Answers about connectivity in other formats than JSON."""

import pytest

from tests.http.cluster import MANAGED
from tests.http.connectivity import Connections

GRAPHVIZ, CSV, MARKDOWN = "text/vnd.graphviz", "text/csv", "text/markdown"
BEGINS = {"dot": "digraph", "mermaid": "flowchart", "csv": "from,to,ports", "markdown": "|"}


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    made.deploy("web")
    peers = [{"podSelector": {"matchLabels": {"app": "web"}}}]
    made.policy("db", {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"from": peers}]})
    return made


def accepting(team, media_type, path="graph", **query):
    team.service.catch_up()
    token = team.service.control_plane.token("admin")
    return team.service.app.test_client().get(
        f"/api/v1/connectivity/{path}",
        query_string={"namespace": team.namespace, **query},
        headers={"Authorization": f"Bearer {token}", "Accept": media_type},
    )


@pytest.mark.parametrize("wanted", ["dot", "mermaid", "csv", "markdown"])
def test_a_graph_is_drawn_in_the_format_that_is_asked_for(team, wanted):
    answer = team.ask("graph", namespace=team.namespace, format=wanted)
    assert answer.status_code == 200
    assert BEGINS[wanted] in answer.text.lower()
    assert "web" in answer.text


@pytest.mark.parametrize("media_type", [GRAPHVIZ, CSV, MARKDOWN, "application/json"])
def test_a_graph_is_drawn_in_the_format_that_is_accepted(team, media_type):
    answer = accepting(team, media_type)
    assert (answer.mimetype, answer.headers["Vary"]) == (media_type, "Accept")


@pytest.mark.parametrize("media_type", ["image/png", "*/*", ""])
def test_else_it_is_json(team, media_type):
    assert accepting(team, media_type).mimetype == "application/json"


def test_what_is_asked_for_goes_before_what_is_accepted(team):
    assert accepting(team, CSV, format="json").mimetype == "application/json"


def test_each_format_has_an_etag_of_its_own(team):
    assert accepting(team, CSV).headers["ETag"] != accepting(team, GRAPHVIZ).headers["ETag"]


@pytest.mark.parametrize("wanted", ["csv", "markdown"])
def test_an_explanation_is_written_in_the_format_that_is_asked_for(team, wanted):
    answer = team.ask("explain", **team.between(), format=wanted)
    assert answer.status_code == 200
    assert f"{team.namespace}/db" in answer.text


def test_a_format_that_the_answer_does_not_have_is_refused_with_those_that_it_has(team):
    answer = team.ask("explain", **team.between(), format="dot")
    assert answer.status_code == 400
    assert "markdown" in answer.get_json()["errors"][0]["reason"]


@pytest.mark.parametrize("wanted", ["dot", "mermaid", "csv", "markdown"])
def test_a_diff_is_drawn_in_the_format_that_is_asked_for(team, wanted):
    removed = [{"namespace": team.namespace, "name": "db"}]
    answer = team.ask("diff", {"removed": removed}, format=wanted)
    assert answer.status_code == 200
    assert team.namespace in answer.text


@pytest.mark.parametrize("wanted", ["json", "dot", "mermaid", "csv", "markdown"])
def test_each_format_says_how_complete_it_is(team, wanted):
    answer = team.ask("graph", namespace=team.namespace, format=wanted)
    told = answer.headers["Netpol-Registry-Completeness"]
    assert told.startswith("enforced=unknown; seen=all; left-out=PodAddresses")
