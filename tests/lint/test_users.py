"""Lint of a template that many use."""

import pytest

from registry.lint import users as lint_of_users
from registry.lint.findings import Surroundings
from registry.lint.place import place_of
from registry.lint.users import SHOWN, User, lint_users
from registry.model.problems import Invalid
from registry.model.template import parse_template
from registry.planning.objects import Key
from registry.planning.pods import Pods, Port

TEMPLATE = parse_template(
    {
        "name": "web",
        "description": "Opens a port.",
        "scope": "workload",
        "parameters": {"properties": {"port": {"type": "integer", "default": 80}}},
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [], "ports": [{"port": "${port}"}]}],
        },
    }
)
OF_ITS_OWN_NAMESPACE = parse_template(
    {
        "name": "own",
        "description": "Opens the namespace that is named.",
        "scope": "workload",
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [
                        {
                            "namespaceSelector": {
                                "matchLabels": {"kubernetes.io/metadata.name": "${namespace}"}
                            }
                        }
                    ]
                }
            ],
        },
    }
)
FROM_WEB = parse_template(
    {
        "name": "from-web",
        "description": "Opens the clients.",
        "scope": "workload",
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}],
        },
    }
)
SERVES_80 = Pods(ports=frozenset({Port("TCP", 80)}))
SERVES_8080 = Pods(ports=frozenset({Port("TCP", 8080)}))


def key(number, namespace="shop"):
    return Key("apps", "Deployment", namespace, f"web-{number:04}")


def report(pods, template=TEMPLATE, parameters=None):
    """Lint for one user for each of `pods`, all with the same parameters."""
    keys = {key(number): one for number, one in enumerate(pods)}
    place = place_of({"shop": {}}, keys.items())
    users = [User(key, parameters or {}, place.target(key)) for key in keys]
    return lint_users(template, users, Surroundings(place=place))


def codes(found):
    return [(one.finding.code, one.total) for one in found.live]


def test_the_template_alone_is_linted_once():
    found = report([SERVES_80, SERVES_8080])
    assert [one.code for one in found.findings] == ["EmptyFromAllowsAll"]


def test_a_live_finding_names_the_users_that_it_concerns():
    [found] = report([SERVES_80, SERVES_8080, SERVES_8080]).live
    assert (found.finding.code, found.users, found.total) == ("PortNotServed", (key(1), key(2)), 2)


def test_many_users_are_counted_and_the_first_of_them_named():
    [found] = report([SERVES_8080] * (SHOWN + 5)).live
    assert (found.users, found.total) == (tuple(map(key, range(SHOWN))), SHOWN + 5)


def test_the_parameters_are_those_of_the_user():
    assert codes(report([SERVES_80], parameters={"port": 8080})) == [("PortNotServed", 1)]
    assert codes(report([SERVES_8080], parameters={"port": 8080})) == []


def test_users_of_other_parameters_are_told_apart():
    place = place_of({"shop": {}}, [(key(1), SERVES_80), (key(2), SERVES_80)])
    users = [User(key(at), {"port": port}, place.target(key(at))) for at, port in ((1, 80), (2, 8080))]
    [found] = lint_users(TEMPLATE, users, Surroundings(place=place)).live
    assert found.users == (key(2),)


def test_users_of_equal_pods_in_other_namespaces_are_told_apart():
    keys = [key(1, "shop"), key(1, "tools")]
    peer = Pods(labels=(("app", "web"),))
    client = Key("apps", "Deployment", "shop", "client")
    place = place_of({"shop": {}, "tools": {}}, [(one, SERVES_80) for one in keys] + [(client, peer)])
    users = [User(one, {}, place.target(one)) for one in keys]
    [found] = lint_users(FROM_WEB, users, Surroundings(place=place)).live
    assert found.users == (key(1, "tools"),)


def test_users_whose_parameters_do_not_fit_are_counted_apart():
    found = report([SERVES_8080] * 3, parameters={"port": "http"})
    assert (found.live, found.looked_at, found.unfit) == ([], 0, 3)


def test_parameters_for_the_template_alone_have_to_fit():
    with pytest.raises(Invalid):
        lint_users(TEMPLATE, [], Surroundings(), {"port": "http"})


def test_the_namespace_is_that_of_the_user():
    place = place_of({"tools": {}}, [(key(1, "tools"), SERVES_80)])
    users = [User(key(1, "tools"), {}, place.target(key(1, "tools")))]
    assert codes(lint_users(OF_ITS_OWN_NAMESPACE, users, Surroundings(place=place))) == []


def test_equal_users_are_looked_at_once(monkeypatch):
    looked_at = []
    once = lint_of_users.LIVE_CHECKS[0]
    monkeypatch.setattr(lint_of_users, "LIVE_CHECKS", [lambda seen: looked_at.append(seen) or once(seen)])
    assert report([SERVES_80, SERVES_8080] * 100).looked_at == 200
    assert len(looked_at) == 2
