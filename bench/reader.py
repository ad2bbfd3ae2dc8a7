"""`python -m bench.reader URL CA TOKEN`: the least that has to be read at a start, as a process of its own.

It reads all Deployments, ReplicaSets and NetworkPolicies by watches that begin with what there is, keeps name
and version of each, and then prints a line. The baseline of a restart: time from its start to that line, and
memory.
"""

import asyncio
import ssl
import sys
from typing import Final

import aiohttp
import msgspec

_PATHS: Final = (
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets",
    "/apis/networking.k8s.io/v1/networkpolicies",
)
_QUERY: Final = "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"


class _Meta(msgspec.Struct, rename="camel", gc=False):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Object(msgspec.Struct, gc=False):
    metadata: _Meta


class _Event(msgspec.Struct, gc=False):
    type: str
    object: _Object


_decode: Final = msgspec.json.Decoder(_Event).decode


async def _read(session: aiohttp.ClientSession, path: str) -> list[_Meta]:
    found: list[_Meta] = []
    rest = b""
    async with session.get(path + _QUERY) as answer:
        async for chunk in answer.content.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            for event in map(_decode, lines):
                if event.type == "BOOKMARK":
                    return found
                found.append(event.object.metadata)
    return found


async def _main(url: str, authority: str, token: str) -> None:
    tls = ssl.create_default_context(cafile=authority)
    async with aiohttp.ClientSession(
        base_url=url,
        headers={"Authorization": f"Bearer {token}", "User-Agent": "netpol-registry-bench"},
        connector=aiohttp.TCPConnector(ssl=tls),
    ) as session:
        found = await asyncio.gather(*(_read(session, path) for path in _PATHS))
        print(*map(len, found), flush=True)  # noqa: T201 (it is what the bench waits for)
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:4]))
