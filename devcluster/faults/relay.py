"""One client's connection: its requests one after another, each passed on unless a fault hits it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Final, NamedTuple

from devcluster.faults import http1
from devcluster.faults.actions import (
    Answer,
    CutBody,
    CutEvent,
    Drop,
    ErrorEvent,
    LoseAnswer,
    Slow,
    Stage,
    Stall,
)
from devcluster.faults.http1 import Head
from devcluster.faults.rules import Fault, Request, Rules, Seen

_CLOSING_SECONDS: Final = 1.0


class CutError(Exception):
    """The connection is to be cut."""


class End(NamedTuple):
    """One side of the way."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Relay:
    """Between `near`, a client, and the API server, to which `dial` opens a connection."""

    def __init__(self, near: End, dial: Callable[[], Awaitable[End]], rules: Rules) -> None:
        self._near = near
        self._dial = dial
        self._rules = rules
        self._far: End | None = None
        self._gone = asyncio.create_task(near.writer.wait_closed())

    async def run(self) -> None:
        """Serve until either side ends or a fault cuts the connection."""
        try:
            while await self._exchange():
                pass
        except (CutError, OSError, asyncio.IncompleteReadError, ValueError):
            pass  # one side went away amid a message: so goes the other
        finally:
            for end in (self._near, self._far):
                if end:
                    end.writer.transport.abort()
            await _ended(self._gone)

    async def _exchange(self) -> bool:
        """One request and its answer; whether another one may follow."""
        head = await http1.read_head(self._near.reader)
        if head is None:
            return False
        body = await http1.read_body(self._near.reader, head)
        request = head.request()
        if await self._refused(request):
            return True
        far = self._far = self._far or await self._dial()
        far.writer.write(http1.framed(head, body))
        await far.writer.drain()
        answer = await http1.read_head(far.reader)
        if answer is None:
            raise CutError
        if request.watch and answer.chunked and answer.code < 300:  # noqa: PLR2004 (HTTP's own boundary)
            await self._pass_watch(request, answer, far)
        else:
            await self._pass_answer(request, answer, await http1.read_body(far.reader, answer))
        return not (head.closes or answer.closes)

    async def _refused(self, request: Request) -> bool:
        """Whether a fault answered in the API server's stead."""
        fault = await self._held(request, Stage.REQUEST)
        match fault.action if fault else None:
            case Drop():
                self._saw(request, 0)
                raise CutError
            case Answer(code, reason, retry_after):
                await self._send(http1.refusal(code, reason, retry_after))
                self._saw(request, code)
                return True
        return False

    async def _pass_answer(self, request: Request, answer: Head, body: bytes) -> None:
        fault = await self._held(request, Stage.ANSWER)
        message = http1.framed(answer, body)
        match fault.action if fault else None:
            case LoseAnswer():
                self._saw(request, 0)
                raise CutError
            case CutBody():
                await self._send(message[: len(answer.raw) + (len(message) - len(answer.raw)) // 2])
                await self._cut()
        await self._send(message)
        self._saw(request, answer.code)

    async def _pass_watch(self, request: Request, answer: Head, far: End) -> None:
        latest = self._rules.latest
        await self._send(answer.raw)
        self._saw(request, answer.code)
        await self._spoil(await self._held(request, Stage.BEGUN), b"")
        async with contextlib.aclosing(self._lines(answer, far)) as lines:
            async for line in lines:
                if line is None:
                    fault = await self._held(request, Stage.NEWS, after=latest)
                    latest = self._rules.latest
                    await self._spoil(fault, b"")
                    continue
                await self._spoil(await self._held(request, Stage.LINE), line)
                await self._send(http1.chunk(line))
        await self._send(http1.LAST_CHUNK)

    async def _lines(self, answer: Head, far: End) -> AsyncGenerator[bytes | None, None]:
        """The lines of a watch as they come; None when a fault was injected meanwhile."""
        source = http1.lines(far.reader, answer)
        following: asyncio.Task[bytes | None] = asyncio.create_task(_next(source))
        news = asyncio.create_task(self._rules.news.wait())
        try:
            while True:
                await asyncio.wait({following, self._gone, news}, return_when=asyncio.FIRST_COMPLETED)
                if self._gone.done():
                    raise CutError
                if news.done():
                    news = asyncio.create_task(self._rules.news.wait())
                    yield None
                if following.done():
                    line = following.result()
                    if line is None:
                        return
                    following = asyncio.create_task(_next(source))
                    yield line
        finally:
            await _ended(following, news)

    async def _spoil(self, fault: Fault | None, line: bytes) -> None:
        """End a watch as a fault says, perhaps amid `line`."""
        match fault.action if fault else None:
            case Drop():
                raise CutError
            case ErrorEvent(code, reason):
                await self._send(http1.chunk(http1.error_line(code, reason)) + http1.LAST_CHUNK)
                await self._cut()
            case CutEvent():
                await self._send(http1.chunk(line[: len(line) // 2]))
                await self._cut()

    async def _held(self, request: Request, stage: Stage, *, after: int = 0) -> Fault | None:
        """The fault that hits, once none holds things up any more."""
        while fault := self._rules.pick(request, stage, after=after):
            match fault.action:
                case Stall():
                    await self._patiently(fault.over.wait())
                case Slow(seconds):
                    await self._patiently(asyncio.sleep(seconds))
                    return None
                case _:
                    return fault
        return None

    async def _patiently(self, what: Awaitable[Any]) -> None:
        """Wait, but not for a client that has left."""
        waited = asyncio.ensure_future(what)
        try:
            await asyncio.wait({waited, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            if self._gone.done():
                raise CutError
        finally:
            await _ended(waited)

    async def _send(self, data: bytes) -> None:
        self._near.writer.write(data)
        await self._near.writer.drain()

    async def _cut(self) -> None:
        """Cut after all that was sent: an abort would take it back."""
        self._near.writer.close()
        await asyncio.wait({self._gone}, timeout=_CLOSING_SECONDS)
        raise CutError

    def _saw(self, request: Request, code: int) -> None:
        self._rules.seen.append(Seen(time.monotonic(), request.method, request.path, request.watch, code))


async def _next(source: AsyncIterator[bytes]) -> bytes | None:
    return await anext(source, None)


async def _ended(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
