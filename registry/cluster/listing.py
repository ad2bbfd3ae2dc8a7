"""Objects of one kind as they are now, in pages, each still raw."""

from collections.abc import AsyncIterator

from registry.cluster import watch
from registry.cluster.client import Requests
from registry.cluster.informer import PAGE


async def listed(client: Requests, path: str, selector: str = "") -> AsyncIterator[bytes]:
    """The JSON of every object at `path` that has the labels. Raises ApiError."""
    query: dict[str, str | int] = {"limit": PAGE}
    if selector:
        query["labelSelector"] = selector
    while True:
        page = watch.decode_page(await client.get(path, query))
        for item in page.items:
            yield bytes(item)
        if not page.metadata.continue_:
            return
        query["continue"] = page.metadata.continue_
