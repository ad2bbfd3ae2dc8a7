"""Answers about cluster facts as the OpenAPI document shows them, and an example."""

from typing import Any, Final, get_args

from marshmallow import Schema, fields, validate

from registry.http.described import string
from registry.model.facts import FACT_NAMES
from registry.world.facts.known import How

_POD: Final = {
    "app.kubernetes.io/component": "controller",
    "app.kubernetes.io/instance": "ingress-nginx",
    "app.kubernetes.io/name": "ingress-nginx",
}

FACTS: Final[dict[str, Any]] = {
    "facts": [
        {
            "name": "cluster.ingressControllers",
            "known": "detected",
            "value": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
                    "podSelector": {"matchLabels": _POD},
                }
            ],
            "sources": [
                {
                    "group": "apps",
                    "kind": "Deployment",
                    "namespace": "ingress-nginx",
                    "name": "ingress-nginx-controller",
                }
            ],
            "remarks": [
                {
                    "message": "IngressClass alb names ingress.k8s.aws/alb: its traffic comes from load "
                    "balancers with addresses in subnets of the VPC. If it is to be let in, give "
                    "`cluster.ingressControllers` by the setting FACTS.",
                    "about": {
                        "group": "networking.k8s.io",
                        "kind": "IngressClass",
                        "namespace": "",
                        "name": "alb",
                    },
                }
            ],
        },
        {
            "name": "cluster.apiServer",
            "known": "unknown",
            "value": None,
            "sources": [],
            "remarks": [
                {
                    "message": "Nothing that may be read tells it. Give it by the setting FACTS.",
                    "about": None,
                }
            ],
        },
    ],
    "podRanges": ["10.244.0.0/16"],
}


class TellingObject(Schema):
    """An object that tells a fact; `namespace` is empty for one of the cluster."""

    group = fields.String(required=True)
    kind = fields.String(required=True)
    namespace = fields.String(required=True)
    name = fields.String(required=True)


class FactRemark(Schema):
    """Something to know or to do."""

    message = string("A sentence.", required=True)
    about = fields.Nested(
        TellingObject,
        required=True,
        allow_none=True,
        metadata={"description": "The object that it is about, if it is about one."},
    )


class FactDocument(Schema):
    """One fact of the cluster."""

    name = string(
        "As placeholders name it, without `${}`.", required=True, validate=validate.OneOf(FACT_NAMES)
    )
    known = string(
        "How: given by a setting, detected, the default since nothing was detected, or not at all; then "
        "references whose templates use it wait, and their policies stay as they are.",
        required=True,
        validate=validate.OneOf(get_args(How)),
    )
    value = fields.List(
        fields.Raw(),
        required=True,
        allow_none=True,
        metadata={"description": "NetworkPolicyPeers, of `cluster.private` CIDRs; null when it is unknown."},
    )
    sources = fields.List(
        fields.Nested(TellingObject),
        required=True,
        metadata={"description": "The objects that it was detected from, those that the caller may list."},
    )
    remarks = fields.List(
        fields.Nested(FactRemark),
        required=True,
        metadata={"description": "What to know or to do, without what is about objects not to be listed."},
    )


class Facts(Schema):
    """All facts of the cluster."""

    facts = fields.List(fields.Nested(FactDocument), required=True)
    pod_ranges = fields.List(
        fields.String(),
        required=True,
        data_key="podRanges",
        metadata={"description": "The ranges of Pods, as the settings or the Nodes tell; empty: not known."},
    )
