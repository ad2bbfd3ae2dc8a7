"""Checks of the rules as they are written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from registry.lint.codes import (
    AND_OR_SPLIT,
    EMPTY_FROM_ALLOWS_ALL,
    EMPTY_RULE_ALLOWS_ALL,
    POLICY_TYPES_MISSING,
    RULES_IGNORED,
    SHADOWED_RULE,
)
from registry.lint.coverage import covers_rule
from registry.lint.findings import Finding
from registry.lint.view import SIDES, Rule, View, placeholders
from registry.model.normalise import normalise_selector
from registry.model.pointers import join

_DNS_PODS: Final = {"kube-dns", "coredns"}
"""Values of the labels that the cluster's DNS bears, in a namespace that is never managed."""


def policy_types_missing(view: View) -> Iterator[Finding]:
    """Find a spec that does not say what it isolates."""
    spec = view.template.document["spec"]
    if spec.get("policyTypes"):
        return
    if spec.get("egress") and not spec.get("ingress"):
        yield POLICY_TYPES_MISSING.at(
            "/spec", "Only egress rules stand here, yet all ingress is cut as well."
        )
    else:
        isolated = " and ".join(name.capitalize() for name in view.rules)
        message = f"Kubernetes guesses {isolated} from the rules."
        yield POLICY_TYPES_MISSING.at("/spec", message, "info")


def rules_ignored(view: View) -> Iterator[Finding]:
    """Find rules without effect."""
    for direction in SIDES:
        if view.template.spec.get(direction) and direction not in view.rules:
            message = f"policyTypes leaves out {direction.capitalize()}, so these rules have no effect."
            yield RULES_IGNORED.at(join("/spec", direction), message)


def empty_from(view: View) -> Iterator[Finding]:
    """Find rules that read as if nobody was allowed."""
    for direction, rules in view.rules.items():
        side = SIDES[direction]
        for rule in rules:
            if isinstance(rule.written, Mapping) and rule.written.get(side) == []:
                message = f"`{side}: []` allows everyone{_on_ports(rule)}, not nobody."
                yield EMPTY_FROM_ALLOWS_ALL.at(join(rule.pointer, side), message)


def _on_ports(rule: Rule) -> str:
    return " on these ports" if rule.value.get("ports") else ""


def empty_rule(view: View) -> Iterator[Finding]:
    """Find `{}` where it undoes the rules beside it, or all that the template does."""
    nothing_cut = all(_is_open(rules) for rules in view.rules.values())
    for direction, rules in view.rules.items():
        for rule in rules:
            if rule.written == {} and (nothing_cut or len(rules) > 1):
                message = f"This rule allows all {direction}: anyone, on any port."
                yield EMPTY_RULE_ALLOWS_ALL.at(rule.pointer, message)


def _is_open(rules: Sequence[Rule]) -> bool:
    return any(not rule.value for rule in rules)


def shadowed(view: View) -> Iterator[Finding]:
    """Find rules that change nothing."""
    for direction, rules in view.rules.items():
        for index, rule in enumerate(rules):
            wider = _covering(rules, index, SIDES[direction])
            if wider:
                message = f"All that this rule allows, {wider.pointer} allows already."
                yield SHADOWED_RULE.at(rule.pointer, message)


def _covering(rules: Sequence[Rule], index: int, side: str) -> Rule | None:
    """Return a rule that covers the one at `index`; of two that are alike the first is kept."""
    narrow = rules[index]
    for at, wide in enumerate(rules):
        if at != index and _covers(wide, narrow, side) and (at < index or not _covers(narrow, wide, side)):
            return wide
    return None


def _covers(wide: Rule, narrow: Rule, side: str) -> bool:
    if not isinstance(wide.written, Mapping) or not isinstance(narrow.written, Mapping):
        return False
    if placeholders(wide.written):  # what it covers depends on values, even whether it is there at all
        return wide.written == narrow.written
    return covers_rule(wide.written, narrow.written, side)


def and_or_split(view: View) -> Iterator[Finding]:
    """Find lists of a namespaceSelector and then a podSelector, each an item of its own."""
    for direction, rules in view.rules.items():
        for rule in rules:
            written = rule.written.get(SIDES[direction]) if isinstance(rule.written, Mapping) else None
            if isinstance(written, list) and len(written) == len(_PARTS):
                yield from _split(written, join(rule.pointer, SIDES[direction]))


def _split(peers: list[Any], pointer: str) -> Iterator[Finding]:
    namespaces, pods = (_only(peer, name) for peer, name in zip(peers, _PARTS, strict=True))
    if namespaces is None or not pods:
        return
    if namespaces == {}:
        message = "The first item allows every pod of every namespace, so the second one adds nothing."
        yield AND_OR_SPLIT.at(pointer, message)
    elif _is_dns(pods):
        message = "The first item allows every pod of those namespaces, not the cluster's DNS alone."
        yield AND_OR_SPLIT.at(pointer, message)
    elif not placeholders(peers):
        message = (
            "All pods of those namespaces are allowed, and besides them these pods of the own namespace."
        )
        yield AND_OR_SPLIT.at(pointer, message, "info")


_PARTS: Final = ("namespaceSelector", "podSelector")


def _only(peer: object, part: str) -> Any:  # noqa: ANN401 (a selector, or a placeholder for one)
    return normalise_selector(peer[part]) if isinstance(peer, Mapping) and list(peer) == [part] else None


def _is_dns(selector: object) -> bool:
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    return isinstance(labels, Mapping) and labels.get("k8s-app") in _DNS_PODS
