"""In which order policies go: what denies before what allows, so that no pod is cut off in between."""

import msgspec

from registry.planning.changes import Change, phased
from registry.planning.objects import LivePolicy


def denies_first(deletes: list[Change]) -> tuple[tuple[Change, ...], ...]:
    """The phases of these changes, which take policies away."""
    denies = [change for change in deletes if change.live and not _allows(change.live)]
    allows = [change for change in deletes if change.live and _allows(change.live)]
    return phased(denies, allows)


def _allows(live: LivePolicy) -> bool:
    spec = msgspec.json.decode(live.spec)
    return bool(spec.get("ingress") or spec.get("egress"))
