"""What the objects that lead inside have in common, as Structs."""

import msgspec


class Struct(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """What all of these have in common."""


class Meta(Struct, frozen=True):
    """What counts of an object's metadata."""

    name: str
    namespace: str = ""
    annotations: dict[str, str] | None = None
