"""All checks of a template, in one call: the same for the API, the command line and the previews."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from registry.lint.blocks import broad_cidr, ipv4_only, metadata_service, pod_ip
from registry.lint.dns import dns_forgotten
from registry.lint.findings import SEVERITIES, Finding, Surroundings
from registry.lint.live import LIVE_CHECKS
from registry.lint.rules import (
    and_or_split,
    empty_from,
    empty_rule,
    policy_types_missing,
    rules_ignored,
    shadowed,
)
from registry.lint.view import View, view
from registry.lint.widened import always_widened
from registry.model.template import Template

_CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    always_widened,
    and_or_split,
    broad_cidr,
    dns_forgotten,
    empty_from,
    empty_rule,
    ipv4_only,
    metadata_service,
    pod_ip,
    policy_types_missing,
    rules_ignored,
    shadowed,
    *LIVE_CHECKS,
)


def lint(
    template: Template,
    parameters: Mapping[str, object] | None = None,
    surroundings: Surroundings | None = None,
) -> list[Finding]:
    """Return what is worth a look in a template, the most severe first.

    It is seen with `parameters`, or with its defaults, where an example of a required parameter gives no
    finding by its address. Raises Invalid when the parameters do not fit.
    """
    seen = view(template, parameters, surroundings or Surroundings())
    return in_order(finding for check in _CHECKS for finding in check(seen))


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Return findings without doubles, the most severe first."""
    return sorted(set(found), key=lambda one: (SEVERITIES.index(one.severity), one.pointer, one.code))
