"""What lint finds, and what it may be told about the place a template is used in."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from registry.lint.other_ends import KnownPolicies
from registry.lint.place import Place, Target
from registry.model.template import Template

Severity = Literal["error", "warning", "info"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""`error`: it does the opposite of how it reads. `warning`: hardly meant. `info`: may well be meant."""


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at: `pointer` (RFC 6901) leads into the template's document."""

    code: str
    severity: Severity
    pointer: str
    message: str
    fix: str


class Surroundings(msgspec.Struct, frozen=True):
    """What is known beside the document; what is not given makes its codes silent.

    `facts` are cluster facts by full name, and the names of the target where they are known; `pod_ranges`
    the cluster's pod CIDRs, `defaults` the templates that apply to namespaces by themselves. `place` is the
    cluster as it is now, `target` what the template is used on in it; `policies` are those known, where
    nothing but NetworkPolicies decides.
    """

    facts: Mapping[str, object] = {}
    pod_ranges: tuple[str, ...] = ()
    defaults: tuple[Template, ...] = ()
    place: Place | None = None
    target: Target | None = None
    policies: KnownPolicies = KnownPolicies()
