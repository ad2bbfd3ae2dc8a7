"""A template kept as text and read again when somebody needs it: most revisions are never looked at."""

import functools
from typing import Any, Final

import msgspec

from registry.model.template import Template, trusted_template

READ_AT_ONCE: Final = 2048
"""Templates that stay read: more than are in use in most clusters, and at 5 KB each no burden."""

_DOCUMENT: Final = msgspec.json.Decoder(dict[str, Any])
_shared: dict[frozenset[str], frozenset[str]] = {}


class CompactTemplate:
    """A recorded template. What is asked of all revisions at once is kept beside its text."""

    __slots__ = ("_text", "digest", "name", "replaces_defaults", "variables")

    def __init__(self, text: str) -> None:
        """From the JSON of a document that `parse_template` accepted before.

        Raises msgspec.MsgspecError, KeyError, TypeError or AttributeError when it is nothing of the kind.
        """
        self._text: Final = text.encode()
        template = self._read()
        self.name: Final = template.name
        self.digest: Final = template.digest
        self.replaces_defaults: Final = template.replaces_defaults
        self.variables: Final = _shared.setdefault(template.variables, template.variables)

    @property
    def template(self) -> Template:
        """The template itself."""
        return _template(self)

    def _read(self) -> Template:
        return trusted_template(_DOCUMENT.decode(self._text))


@functools.lru_cache(READ_AT_ONCE)
def _template(compact: CompactTemplate) -> Template:
    return compact._read()  # noqa: SLF001 (one module, one idea)
