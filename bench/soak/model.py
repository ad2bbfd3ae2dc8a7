"""What may be in force for one reference, by the contract alone: a planner that shares no code with ours.

What a user did between two looks of the controller it need not see: equal keys coalesce. So a reference has
a set of states in which it may be. Each change of the world adds what would follow from it; when all is quiet
only what follows from the world as it is may remain.

The templates of the soak take one parameter, `port`, and each revision opens one more port of its own
(`marker`), so that a policy shows which revision and which parameters it was made from.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import yaml

DEFAULT_PORT: Final = 5000
_MAX_PORT: Final = 65535
_EXACT: Final = re.compile(r"v([1-9][0-9]{0,8})")


class Force(NamedTuple):
    """A policy is in force: at this revision, with these parameters as given (canonical JSON)."""

    revision: int
    parameters: str


class Absent(NamedTuple):
    """No policy is; `pin` is what may come back, where the contract remembers it."""

    pin: Force | None = None


State = Force | Absent
States = frozenset[State]
NOTHING: Final[States] = frozenset({Absent()})


class Ask(NamedTuple):
    """What the world says of one reference: the label's value and the parameters' annotation, as they are."""

    there: bool = False
    managed: bool = False
    value: str | None = None
    parameters: str | None = None
    selectable: bool = True
    deleting: bool = False


class Heads(NamedTuple):
    """Current revisions: those that the controller may go by now, and all since the last quiet point."""

    now: frozenset[int]
    since: frozenset[int]


def outcomes(states: States, ask: Ask, heads: Heads) -> States:
    """Where a controller that sees `ask` may lead from `states`."""
    if any(isinstance(state, Absent) and state.pin for state in states):
        # What is remembered is recorded only where a pinned template has moved on.
        states |= NOTHING
    return frozenset(one for state in states for one in _outcomes(state, ask, heads))


def given(text: str) -> str | None:
    """Parameters as the product records them; None when they are not valid."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if not isinstance(found, dict) or found.keys() - {"port"}:
        return None
    port = found.get("port", DEFAULT_PORT)
    valid = isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= _MAX_PORT
    return json.dumps(found, separators=(",", ":"), sort_keys=True) if valid else None


def spec(marker: int, parameters: str, selector: dict[str, Any]) -> dict[str, Any]:
    """The NetworkPolicySpec of a revision with this marker."""
    port = json.loads(parameters).get("port", DEFAULT_PORT)
    ports = [{"protocol": "TCP", "port": number} for number in (port, marker)]
    peers = [{"podSelector": {"matchLabels": {"role": "client"}}}]
    return {
        "podSelector": selector,
        "policyTypes": ["Ingress"],
        "ingress": [{"from": peers, "ports": ports}],
    }


def preset_spec(marker: int, selector: dict[str, Any]) -> dict[str, Any]:
    """The same of the template that replaces the namespace's defaults; it takes no parameters."""
    rules = [{"ports": [{"protocol": "TCP", "port": marker}]}]
    return {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], "egress": rules}


def _outcomes(state: State, ask: Ask, heads: Heads) -> Iterable[State]:
    if ask.deleting:  # nothing is created or repaired, and nothing need go before its owner does
        return [state, Absent(_last(state))]
    if not ask.there or not ask.managed:
        return [Absent(_last(state))]
    if ask.value is None or ask.value == "false":
        return [Absent()]
    parameters = _parameters(state, ask)
    if not ask.selectable or parameters is None:
        return _held(state)
    return _by_value(state, ask.value, parameters, heads)


def _by_value(state: State, value: str, parameters: str, heads: Heads) -> list[State]:
    if value == "true":
        return _pinned(state, parameters, heads)
    if value == "latest":
        return [Force(head, parameters) for head in heads.now]
    if match := _EXACT.fullmatch(value):
        return _exact(state, Force(int(match[1]), parameters), heads)
    return _held(state)


def _last(state: State) -> Force | None:
    return state if isinstance(state, Force) else state.pin


def _parameters(state: State, ask: Ask) -> str | None:
    if ask.parameters is not None:
        return given(ask.parameters)
    last = _last(state)  # the annotation alone disappeared: what was in force stays
    return last.parameters if last else "{}"


def _held(state: State) -> list[State]:
    """A mistake changes nothing; what is remembered may come back as it was."""
    return [state, state.pin] if isinstance(state, Absent) and state.pin else [state]


def _pinned(state: State, parameters: str, heads: Heads) -> list[State]:
    if isinstance(state, Force):
        return [Force(state.revision, parameters)]
    fresh: list[State] = [Force(head, parameters) for head in heads.since]
    if state.pin is None:
        return fresh
    return [*fresh, Force(state.pin.revision, parameters)]


def _exact(state: State, wanted: Force, heads: Heads) -> list[State]:
    found: list[State] = []
    if wanted.revision <= max(heads.now):
        found.append(wanted)
    if wanted.revision > min(heads.now):
        found += _held(state)
    return found
