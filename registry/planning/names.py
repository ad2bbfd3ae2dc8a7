"""Names of generated policies, and whether a live policy is ours."""

import functools
import hashlib
import sys
from collections.abc import Iterator

from registry import contract
from registry.planning.objects import Key, LivePolicy

MAX_NAME = 253
"""Length of a DNS subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""

HASH_DIGITS = 10


@functools.lru_cache(maxsize=4096)
def policy_name(key: Key, template: str, part: int = 0) -> str:
    """The derived name of the policy that `key`'s reference to `template` generates.

    A namespace default that leaves workloads out may need several policies; `part` counts them.
    """
    identity = "/".join((key.group, key.kind, key.name, template, *([str(part)] if part else [])))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:HASH_DIGITS]
    room = MAX_NAME - len(template) - HASH_DIGITS - 2
    # A cut name may end in "." or "-", after which no "-" may follow in a DNS subdomain.
    return f"{key.name[:room].rstrip('.-')}-{template}-{digest}"


def bears_mark(live: LivePolicy) -> bool:
    """Whether `live` carries any mark of ours: label, digest annotation or field manager."""
    return (
        live.labels.get(contract.MANAGED_BY_LABEL) == contract.MANAGER
        or contract.DIGEST_ANNOTATION in live.annotations
        or any(manager.name == contract.MANAGER for manager in live.managers)
    )


def template_of(live: LivePolicy) -> str:
    """The template that `live` says it was made from: by its label, else by its derived name; else empty."""
    label = live.labels.get(contract.TEMPLATE_LABEL)
    return _template_in_name(live) if label is None else label


def _template_in_name(live: LivePolicy) -> str:
    """Somebody took the label away: the name cannot be changed."""
    stem = live.name[: -HASH_DIGITS - 1]
    for key in _claimed(live):
        template = stem.removeprefix(f"{key.name}-")
        if template != stem and _derives(live.name, key, template):
            return template
    return ""


def owner_key(live: LivePolicy) -> Key | None:
    """The key that generated `live`, or None when it is not ours.

    The identity it claims (annotation, else ownerReferences) counts only when its name derives
    from it: labels that somebody copied onto another policy do not make that policy ours.
    """
    if not bears_mark(live):
        return None
    template = template_of(live)
    for key in _claimed(live):
        if template and _derives(live.name, key, template):
            return key
    return None


def _derives(name: str, key: Key, template: str) -> bool:
    # Nearly all are the first part of a template, or the only one.
    return policy_name(key, template) == name or any(
        policy_name(key, template, part) == name for part in range(1, 2 * MAX_PARTS)
    )


MAX_PARTS = 8
"""Policies that one namespace default may be split into."""


def _claimed(live: LivePolicy) -> Iterator[Key]:
    said = parse_kind_name(live.annotations.get(contract.WORKLOAD_ANNOTATION, ""), live.namespace)
    if said:
        yield said
    for owner in live.owners:
        group = owner.get("apiVersion", "").rpartition("/")[0]
        yield Key(group, owner.get("kind", ""), live.namespace, owner.get("name", ""))


def parse_kind_name(kind_name: str, namespace: str) -> Key | None:
    """The key that `kind_name` stands for; None when it is nothing of the kind."""
    qualified, slash, name = kind_name.partition("/")
    kind, _, group = qualified.partition(".")
    return Key(sys.intern(group), sys.intern(kind), namespace, name) if slash else None
