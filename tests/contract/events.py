"""Event streams in the contract tests: read whole, or an event at a time while the server writes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import aiohttp

from tests.contract.wire import Answer, Http

__all__ = ["DONE", "OFFICIAL", "Stream", "events", "kinds", "streamed", "texts"]

DONE: Final = "[DONE]"
OFFICIAL: Final = {"User-Agent": "letta-client/1.12.1"}
"""Headers of a client that may ask the agents' call for a stream."""


def events(body: bytes) -> list[Any]:
    """Return the events of a stream that was read whole; an `event: error` carries its name as `event`."""
    assert body.endswith(b"\n\n"), body
    return [_event(block) for block in body.removesuffix(b"\n\n").split(b"\n\n")]


def _event(block: bytes) -> Any:
    *named, data = block.split(b"\n")
    assert data.startswith(b"data: "), block
    text = data.removeprefix(b"data: ").decode()
    event = text if text == DONE else json.loads(text)
    if named:
        assert named == [b"event: error"]
        event["event"] = "error"
    return event


def kinds(found: list[Any]) -> list[str]:
    """Return the types of events, with the reason where it is one for the end."""
    return [event if isinstance(event, str) else event.get("stop_reason", event["message_type"]) for event in found]


def texts(found: list[Any], kind: str = "assistant_message", field: str = "content") -> list[str]:
    """Return the texts of the events of a type."""
    return [event[field] for event in found if isinstance(event, dict) and event["message_type"] == kind]


async def streamed(http: Http, target: str, body: Any, **options: Any) -> list[Any]:
    """Return the events of a stream, read whole."""
    answer: Answer = await http.post(target, body, **options)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8"), answer
    return events(answer.body)


class Stream:
    """A stream that is read an event at a time."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> Any:
        """Return the next event; `None` at the end."""
        block = b""
        async with asyncio.timeout(20):
            async for line in self.response.content:
                if line == b"\n" and block:
                    return _event(block.removesuffix(b"\n"))
                block += line
        assert not block, block
        return None

    async def rest(self) -> list[Any]:
        """Return all further events."""
        found: list[Any] = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(
        http: Http, target: str, body: Any, *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Stream]:
        """Open a stream; leaving the block leaves the stream."""
        async with http.session.post(http.base_url + target, json=body, headers=headers) as response:
            assert response.status == 200, (response.status, await response.read())
            yield Stream(response)
