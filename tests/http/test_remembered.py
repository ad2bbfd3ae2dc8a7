"""Answers are kept while the catalogue stays the same."""

from flask import Response

from registry.http import remembered
from registry.http.remembered import Remembered
from registry.planning.catalogue import Catalogue


def test_an_answer_is_made_once_for_a_catalogue():
    kept, catalogue = Remembered(), Catalogue()
    assert kept.answer(catalogue, "a", Response) is kept.answer(catalogue, "a", Response)


def test_another_catalogue_has_answers_of_its_own():
    kept = Remembered()
    assert kept.answer(Catalogue(), "a", Response) is not kept.answer(Catalogue(), "a", Response)


def test_what_is_kept_has_a_bound(monkeypatch):
    monkeypatch.setattr(remembered, "LIMIT", 3)
    kept, catalogue = Remembered(), Catalogue()
    first = kept.answer(catalogue, "a", lambda: Response("xx"))
    kept.answer(catalogue, "b", lambda: Response("xx"))
    assert kept.answer(catalogue, "a", lambda: Response("xx")) is not first


def test_a_list_shows_a_save_at_once(service, name):
    service.call("GET", "?limit=500")
    service.create(name)
    assert name in {item["name"] for item in service.call("GET", "?limit=500").get_json()["items"]}


def test_methods_that_callers_invent_are_counted_as_one(service):
    for method in ("AAA", "BBB"):
        service.call(method, "x")
    counted = service.call("GET", "/metrics", user=None).text
    assert 'method="other"' in counted
    assert "AAA" not in counted
