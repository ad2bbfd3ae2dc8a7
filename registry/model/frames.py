"""The one JSON text of a NetworkPolicySpec, put around its podSelector.

Thousands of policies differ in their podSelector alone. What they have in common is normalised and encoded
once, and the text of each is three pieces laid end to end.
"""

from collections.abc import Mapping
from typing import NamedTuple

from registry.model.documents import canonical

_SELECTOR = "podSelector"


class Frame(NamedTuple):
    """A spec's canonical JSON but for its podSelector: what stands before it, and what after it."""

    before: bytes
    after: bytes

    def text(self, selector: object) -> bytes:
        """The canonical JSON of the spec with that normalised podSelector."""
        return b"%b%b%b" % (self.before, canonical(selector), self.after)


def frame(spec: Mapping[str, object]) -> Frame:
    """The frame of a normalised spec; a podSelector of its own is left out."""
    before = {name: value for name, value in spec.items() if name < _SELECTOR}
    after = {name: value for name, value in spec.items() if name > _SELECTOR}
    opening, closing = canonical(before)[:-1], canonical(after)[1:]
    return Frame(
        opening + (b"," if before else b"") + b'"podSelector":',
        (b"," if after else b"") + closing,
    )
