"""Label keys, label values and label selectors, as Kubernetes 1.36 accepts them.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from registry.model.checks import MAX_PROBLEMS, each, fields, listed, shown
from registry.model.pointers import child
from registry.model.problems import Problem

MAX_NAME: Final = 63
MAX_PREFIX: Final = 253
OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist")
_WITH_VALUES: Final = ("In", "NotIn")

_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")

_KEY_FIX: Final = (
    "Write at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit, "
    "with a DNS name and `/` before them if you like, such as `app` or `example.com/app`."
)
_VALUE_FIX: Final = (
    "Write at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit."
)


def is_label_key(key: str) -> bool:
    """Tell whether Kubernetes accepts `key` as a label key: a name, or DNS subdomain `/` name."""
    prefix, slash, name = key.rpartition("/")
    return _is_name(name) and (not slash or _is_subdomain(prefix))


def is_label_value(value: str) -> bool:
    """Tell whether Kubernetes accepts `value` as a label value; the empty one is valid."""
    return not value or _is_name(value)


def _is_name(text: str) -> bool:
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def _is_subdomain(text: str) -> bool:
    return len(text) <= MAX_PREFIX and _SUBDOMAIN.fullmatch(text) is not None


def check_selector(selector: object, pointer: str) -> list[Problem]:
    """Return what keeps Kubernetes from accepting a LabelSelector; `{}` selects everything."""
    return list(islice(_selector(selector, pointer), MAX_PROBLEMS))


def _match_labels(value: object, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(pointer, f"{shown(value)} is not a mapping.", "Write labels as `key: value`.")
        return
    for key, item in value.items():
        here = child(pointer, key)
        yield from _key(key, here)
        yield from _value(item, here)


def _key(value: object, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not is_label_key(value):
        yield Problem(pointer, f"{shown(value)} is not a label key.", _KEY_FIX)


def _value(value: object, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        fix = "Write text; put a number, true or false in quotes."
        yield Problem(pointer, f"{shown(value)} is not a label value.", fix)
    elif not is_label_value(value):
        yield Problem(pointer, f"{shown(value)} is not a label value.", _VALUE_FIX)


def _operator(value: object, pointer: str) -> Iterator[Problem]:
    if value not in OPERATORS:
        yield Problem(pointer, f"{shown(value)} is not a selector operator.", f"Write {listed(OPERATORS)}.")


def _requirement(value: object, pointer: str) -> Iterator[Problem]:
    yield from _requirement_fields(value, pointer)
    if isinstance(value, Mapping):
        missing = [name for name in ("key", "operator") if name not in value]
        for name in missing:
            yield Problem(pointer, f"`{name}` is missing.", f"Add `{name}` to this requirement.")
        yield from _value_count(value, pointer)


def _value_count(requirement: Mapping[str, object], pointer: str) -> Iterator[Problem]:
    operator, values = requirement.get("operator"), requirement.get("values")
    if operator in _WITH_VALUES and not values:
        yield Problem(pointer, f"`{operator}` has no values.", "List at least one value under `values`.")
    elif operator in OPERATORS and operator not in _WITH_VALUES and values:
        here = child(pointer, "values")
        yield Problem(here, f"`{operator}` takes no values.", "Remove `values`, or use `In` or `NotIn`.")


_requirement_fields = fields({"key": _key, "operator": _operator, "values": each(_value)})
_selector = fields({"matchLabels": _match_labels, "matchExpressions": each(_requirement)})
