"""Puts values in the place of placeholders: structure into structure, never text into YAML.

Three rules keep a policy from opening by accident. The API server stores `from: []` as "anyone", so:

- a rule whose `from`, `to` or `ports` list held a placeholder, or came with one, and is empty is
  dropped as a whole;
- an `except` list takes, from placeholders, only the entries of its block's own IP family (Kubernetes
  refuses the others), which lets one fact such as `cluster.private` serve both families;
- a rule in which such an `except` list is empty is dropped too, as it would except nothing.
"""

from collections.abc import Callable, Mapping
from typing import Final

from registry.model.addresses import family
from registry.model.placeholders import OPENING, PLACEHOLDER, whole

RULE_LISTS: Final = ("ingress", "egress")
_SIDES: Final = ("from", "to")
_EMPTY_DROPS: Final = ("from", "to", "ports")

Values = Mapping[str, object]


class NotText(Exception):
    """A list, mapping or null stands inside a longer string."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Dropped(Exception):
    """The rule being rendered goes."""


class Substitution:
    """Renders specs with one set of values.

    `drop=False` keeps the rules that would go: that is how validation sees them, as otherwise an
    empty default would hide an error beside it.
    """

    def __init__(self, values: Values, *, drop: bool = True) -> None:
        self._values = values
        self._drop = drop

    def spec(self, spec: Mapping[str, object]) -> dict[str, object]:
        """Return the spec with all placeholders filled in; raises NotText."""
        return {
            key: self._rules(item) if key in RULE_LISTS else self.value(item) for key, item in spec.items()
        }

    def value(self, node: object) -> object:
        """Return any part of a spec but its rules with the placeholders filled in."""
        if isinstance(node, str):
            return self._text(node) if OPENING in node else node
        if isinstance(node, Mapping):
            return {key: self.value(item) for key, item in node.items()}
        if isinstance(node, list):
            return [value for item in node for value in self.items(item)]
        return node

    def _text(self, text: str) -> object:
        name = whole(text)
        if name is not None:
            return self._values[name]  # normalising copies it
        return PLACEHOLDER.sub(lambda match: self._inline(match.group(1)), text)

    def _inline(self, name: str) -> str:
        value = self._values[name]
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        raise NotText(name)

    def items(self, item: object) -> list[object]:
        """Return what one item of a template's list becomes: several where a list is spliced in."""
        value = self.value(item)
        return value if isinstance(value, list) and whole(item) else [value]

    def _rules(self, node: object) -> object:
        if isinstance(node, list):
            return [rule for item in node for rule in self.rule_items(item)]
        value = self.value(node)
        return [rule for rule in value if self.keeps_rule(rule)] if isinstance(value, list) else value

    def rule_items(self, item: object) -> list[object]:
        """Return what one item of `ingress` or `egress` becomes: none when its rule is dropped."""
        if isinstance(item, Mapping):
            try:
                return [self._rule(item)]
            except _Dropped:
                return []
        return [rule for rule in self.items(item) if self.keeps_rule(rule)]

    def keeps_rule(self, rule: object) -> bool:
        """Tell whether a rule that a variable brought along stays."""
        if not self._drop or not isinstance(rule, Mapping):
            return True
        return not any(rule.get(name) == [] for name in _EMPTY_DROPS)

    def _rule(self, rule: Mapping[str, object]) -> dict[str, object]:
        rendered = {}
        for key, item in rule.items():
            value = self._peers(item) if key in _SIDES else self.value(item)
            if key in _EMPTY_DROPS:
                self._drop_when_emptied(item, value)
            rendered[key] = value
        return rendered

    def _drop_when_emptied(self, template: object, rendered: object) -> None:
        if self._drop and rendered == [] and template != []:
            raise _Dropped

    def _peers(self, node: object) -> object:
        if not isinstance(node, list):
            return self.value(node)
        return [peer for item in node for peer in self._peer_items(item)]

    def _peer_items(self, item: object) -> list[object]:
        if isinstance(item, Mapping):
            return [{key: self._peer_field(key, value) for key, value in item.items()}]
        return self.items(item)

    def _peer_field(self, key: str, node: object) -> object:
        if key != "ipBlock" or not isinstance(node, Mapping):
            return self.value(node)
        block = {name: self.value(item) for name, item in node.items() if name != "except"}
        if "except" in node:
            block["except"] = self._excepts(node)
        return block

    def _excepts(self, block: Mapping[str, object]) -> object:
        template = block["except"]
        if not isinstance(template, list) and not whole(template):
            return self.value(template)
        keeps = self.keeps_except(block)
        rendered: list[object] = []
        for item in template if isinstance(template, list) else [template]:
            rendered += filter(keeps, self.items(item)) if whole(item) else self.items(item)
        self._drop_when_emptied(template, rendered)
        return rendered

    def keeps_except(self, block: Mapping[str, object]) -> Callable[[object], bool]:
        """Return the test for entries that a variable brings into the `except` of this ipBlock."""
        ours = family(self.value(block.get("cidr")))
        return lambda value: ours is None or family(value) in (ours, None)
