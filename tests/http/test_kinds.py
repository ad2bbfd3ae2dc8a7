"""The service knows users of every kind of workload, custom ones among them."""

from tests.cluster import eventually
from tests.controller.kinds import create
from tests.http.cluster import MANAGED
from tests.http.support import problem

REFERENCE = "template.netpol-registry.dev/"


def used_by(service, name):
    return [(one["kind"], one["name"]) for one in service.call("GET", f"{name}/usage").get_json()["items"]]


def test_a_cron_job_is_among_the_users(service, api, make_namespace, name):
    service.create(name)
    create(api, make_namespace(MANAGED), "cronjobs", references={name: "true"})
    eventually(lambda: used_by(service, name) == [("CronJob", "db")])


def test_a_custom_workload_is_among_the_users(service, make_namespace, name, rollouts):
    service.create(name)
    rollouts.create(make_namespace(MANAGED), **{name: "true"})
    eventually(lambda: used_by(service, name) == [("Rollout", "db")])


def test_a_template_that_a_custom_workload_uses_is_not_deleted(service, make_namespace, name, rollouts):
    tag = service.create(name)
    rollouts.create(make_namespace(MANAGED), **{name: "true"})
    eventually(lambda: used_by(service, name))
    assert problem(service.call("DELETE", name, if_match=tag)) == (409, "template-in-use")


def test_a_template_is_attached_to_a_custom_workload(service, api, make_namespace, name, rollouts):
    service.create(name)
    namespace = make_namespace(MANAGED)
    rollouts.create(namespace)
    rollouts.report(namespace, "app=db")
    url = f"/api/v1/namespaces/{namespace}/workloads/{rollouts.name}/db/templates/{name}"

    def attached():
        answer = service.call("PUT", url, {})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    (policy,) = eventually(attached)["policies"]
    assert policy["after"]["podSelector"] == {"matchLabels": {"app": "db"}}
    assert api.get(rollouts.path(namespace, "db"))["metadata"]["labels"] == {REFERENCE + name: "true"}


def test_users_of_a_kind_that_went_are_users_no_more(service, make_namespace, name, rollouts):
    service.create(name)
    rollouts.create(make_namespace(MANAGED), **{name: "true"})
    eventually(lambda: used_by(service, name))
    rollouts.remove()
    eventually(lambda: service.call("GET", f"{name}/usage").get_json()["items"] == [] or None)
