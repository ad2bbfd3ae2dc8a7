"""Which tool manages a policy, told by the marks that the tools themselves document. Pure.

A tool that manages an object writes it again from where it has it: what is deleted in the cluster comes back.
"""

import re
from collections.abc import Mapping
from typing import Final

from registry.planning.objects import LivePolicy

_LABELS: Final[Mapping[str, str]] = {
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}
"""https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ and
https://fluxcd.io/flux/components/kustomize/kustomizations/"""

_ANNOTATIONS: Final[Mapping[str, str]] = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "meta.helm.sh/release-name": "Helm",
}
"""https://helm.sh/docs/chart_best_practices/labels/ for Helm's."""

_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
_MANAGERS: Final[Mapping[str, re.Pattern[str]]] = {
    "Argo CD": re.compile(r"argo-?cd", re.IGNORECASE),
    "Flux": re.compile(r"(?:kustomize|helm)-controller|flux", re.IGNORECASE),
    "Helm": re.compile(r"helm", re.IGNORECASE),
}


def tools_of(live: LivePolicy) -> tuple[str, ...]:
    """The tools that manage `live`, by its labels, annotations and field managers; by name."""
    found = {tool for key, tool in _LABELS.items() if key in live.labels}
    found |= {tool for key, tool in _ANNOTATIONS.items() if key in live.annotations}
    if live.labels.get(_MANAGED_BY) == "Helm":
        found.add("Helm")
    for manager in live.managers:
        found |= set(_named(manager.name)[:1])
    return tuple(sorted(found))


def _named(manager: str) -> list[str]:
    return [tool for tool, pattern in _MANAGERS.items() if pattern.search(manager)]
