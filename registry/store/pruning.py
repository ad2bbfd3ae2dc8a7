"""Which recorded revisions may go: neither among the last ones nor in use. Pure."""

from collections.abc import Set

from registry.store.catalogue import Holding, committed
from registry.store.objects import Record


def prunable(holding: Holding, limit: int, in_use: Set[int]) -> list[Record]:
    """The records of one template that are neither among the last `limit` committed ones nor in use.

    Records that never came into force go as well, once they are older than those last ones. The oldest
    come first. As long as such a record bears no mark yet nothing goes: behind a gap the marks alone tell
    what was in force (`committed`).
    """
    in_force = committed(holding)
    last = sorted(in_force)[-limit:]
    if not last or holding.head != last[-1] or _unmarked(holding, set(in_force)):
        return []
    kept = {*last, *in_use}
    older = sorted(number for number in holding.records if number < last[0] and number not in kept)
    return [holding.records[number] for number in older]


def _unmarked(holding: Holding, in_force: Set[int]) -> bool:
    return any(
        number < holding.head and number not in in_force and not record.abandoned
        for number, record in holding.records.items()
    )
