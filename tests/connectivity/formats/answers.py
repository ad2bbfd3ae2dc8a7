"""A small cluster, and whether an answer is as its schema says."""

import json
from functools import cache

from jsonschema import Draft202012Validator

from registry.connectivity.network import Network
from registry.connectivity.objects import Origin, PodGroup, PodKey, Policy
from registry.model.documents import canonical
from registry.planning.objects import Key
from registry.planning.pods import Port
from registry.resources import resource_dir

WEB = Key("apps", "Deployment", "shop", "web")
DB = Key("apps", "StatefulSet", "shop", "db")
CRON = Key("batch", "CronJob", "ops", "backup")


def network():
    made = Network()
    made.put_namespace("shop", {})
    made.put_namespace("ops", {"team": "ops"})
    for key in (WEB, DB, CRON):
        ports = frozenset([Port("TCP", 5432, "postgres")]) if key == DB else frozenset()
        made.put_pods(PodGroup(key=PodKey(key), labels=(("app", key.name),), ports=ports))
    made.put_policy(into_db())
    return made


def into_db(*more):
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "postgres"}]}
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [rule, *more]}
    return Policy(namespace="shop", name="db", spec=canonical(spec), origin=Origin("postgres", 3, DB))


@cache
def _schema():
    return json.loads((resource_dir("schemas") / "connectivity.schema.json").read_text())


def check(answer, document):
    """Raises what is wrong with it."""
    schema = {**_schema(), "oneOf": [{"$ref": f"#/$defs/{answer}"}]}
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(canonical(document)))
