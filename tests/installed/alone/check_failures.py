"""What the client makes of a server that answers badly: with nothing but the runtime dependencies, in any version."""

from __future__ import annotations

import asyncio
import contextlib
import unittest
from collections.abc import AsyncGenerator

from letta_async import APIConnectionError, APITimeoutError, AsyncLetta, InternalServerError, RetryPolicy

AT_ONCE = RetryPolicy(max_retries=2, initial_delay=0)
NOWHERE = "conv-00000000-0000-4000-8000-000000000000"


@contextlib.asynccontextmanager
async def answering(*statuses: int | None) -> AsyncGenerator[tuple[str, list[bytes]], None]:
    """Serve these statuses in turn, on one connection or several, with a prompt as the body; `None` answers nothing."""
    asked: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                status = statuses[len(asked)]
                asked.append(head.split(b"\r\n")[0])
                if status is None:
                    await ended.wait()
                    break
                writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n" % status)
                writer.write(b'"P"')
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        ended.set()
        server.close()


class Failures(unittest.IsolatedAsyncioTestCase):
    """Calls to a server that answers badly."""

    async def test_what_may_pass_is_tried_again(self) -> None:
        async with answering(503, 500, 200) as (url, asked), AsyncLetta(base_url=url, retry=AT_ONCE) as client:
            self.assertEqual(await client.conversations.recompile(NOWHERE), "P")
        self.assertEqual(len(asked), 3)

    async def test_tries_come_to_an_end(self) -> None:
        async with answering(500, 502, 504) as (url, _), AsyncLetta(base_url=url, retry=AT_ONCE) as client:
            with self.assertRaises(InternalServerError) as caught:
                await client.conversations.recompile(NOWHERE)
        self.assertEqual((caught.exception.status_code, len(caught.exception.attempts)), (504, 3))

    async def test_a_server_that_says_nothing_is_not_waited_for(self) -> None:
        async with answering(None) as (url, _), AsyncLetta(base_url=url, timeout=0.2, max_retries=0) as client:
            with self.assertRaises(APITimeoutError):
                await client.conversations.recompile(NOWHERE)

    async def test_a_port_where_nobody_listens(self) -> None:
        async with answering() as (url, _):
            pass
        async with AsyncLetta(base_url=url, retry=AT_ONCE) as client:
            with self.assertRaises(APIConnectionError) as caught:
                await client.conversations.recompile(NOWHERE)
        self.assertEqual(len(caught.exception.attempts), 3)
