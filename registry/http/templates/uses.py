"""The users of a template as lists show them."""

from collections import Counter
from collections.abc import Collection
from typing import Any, Final

import msgspec

from registry.http.paging import Order
from registry.planning.catalogue import Entry
from registry.world.usage import Use

BY_PLACE: Final = Order[Use]("place", lambda use: (use.namespace, use.kind, use.group, use.name))


def shown(use: Use) -> dict[str, Any]:
    """A user as lists show it."""
    return msgspec.structs.asdict(use)


def usage_counts(entry: Entry, uses: Collection[Use], *, complete: bool) -> dict[str, Any]:
    """How many users are on which revision, beside their list."""
    counts = Counter(use.revision for use in uses if use.revision is not None)
    return {
        "name": entry.name,
        "revision": entry.head,
        "revisions": [{"revision": number, "users": users} for number, users in sorted(counts.items())],
        "outdated": sum(use.outdated for use in uses),
        "withoutPolicy": sum(use.revision is None for use in uses),
        "complete": complete,
    }
