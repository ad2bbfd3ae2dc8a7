"""Does an edit apply a template to namespaces that it was not applied to before? Pure."""

from collections.abc import Mapping
from typing import Any

from registry.model.documents import canonical
from registry.model.template import Template


def widens(old: Template | None, new: Template) -> bool:
    """Whether `new` is a default in namespaces in which `old` was none.

    It is not when each requirement of the old selector stands in the new one too.
    """
    if new.default_in is None:
        return False
    if old is None or old.default_in is None:
        return True
    return not requirements(old.default_in) <= requirements(new.default_in)


def requirements(selector: Mapping[str, Any]) -> frozenset[bytes]:
    """The requirements of a label selector, all of which must hold, in one form each."""
    labels = [
        {"key": key, "operator": "In", "values": [value]}
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    expressions = [
        {**expression, "values": sorted(expression.get("values") or [])}
        for expression in selector.get("matchExpressions") or []
    ]
    return frozenset(canonical(requirement) for requirement in (*labels, *expressions))
