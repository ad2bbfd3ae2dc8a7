"""What goes wrong when: every fault once in an order of its own, then the crashes, and again. Pure."""

import random
from collections.abc import Iterator, Sequence
from typing import Final

ROUNDS_OF_CRASHES: Final = 10


def schedule(seed: int, faults: Sequence[str], crashes: str) -> Iterator[str]:
    """Names without end, the same for the same seed; `crashes` is among `faults` when it is wanted."""
    dice = random.Random(seed)  # noqa: S311 (to be repeatable)
    others = [name for name in faults if name != crashes]
    while True:
        yield from dice.sample(others, len(others))
        if crashes in faults:
            yield from [crashes] * ROUNDS_OF_CRASHES
