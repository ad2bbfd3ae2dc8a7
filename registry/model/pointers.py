"""JSON pointers (RFC 6901): how every problem names its place."""


def child(pointer: str, token: str | int) -> str:
    """Return the pointer of the member or item `token` below `pointer`."""
    return f"{pointer}/{str(token).replace('~', '~0').replace('/', '~1')}"


def join(pointer: str, *tokens: str | int) -> str:
    """Return the pointer reached from `pointer` through all of `tokens`."""
    for token in tokens:
        pointer = child(pointer, token)
    return pointer


def split(pointer: str) -> list[str]:
    """Return the unescaped tokens of a pointer; none for the whole document."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
