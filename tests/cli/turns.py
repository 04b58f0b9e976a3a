"""Embedded server whose agents' turns are written down by a test, event by event."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from letta_async.testing import EmbeddedServer
from tests.waiting import PATIENCE

__all__ = ["RUN", "Event", "TurnServer", "asked", "called", "failed", "returned", "said", "stopped", "thought"]

Event = dict[str, Any]
RUN = "run-00000000-0000-4000-8000-00000000000a"


def said(text: str, number: int = 1) -> Event:
    return {"message_type": "assistant_message", "content": text, **_common(number)}


def thought(text: str, number: int = 1) -> Event:
    return {"message_type": "reasoning_message", "reasoning": text, "source": "reasoner_model", **_common(number)}


def called(name: str | None, arguments: str | None, call_id: str = "call_1", number: int = 1) -> Event:
    """Return a piece of a tool call."""
    return {"message_type": "tool_call_message", **_call(name, arguments, call_id), **_common(number)}


def asked(name: str | None, arguments: str | None, call_id: str = "call_1", number: int = 1) -> Event:
    """Return a piece of a request for an approval."""
    return {"message_type": "approval_request_message", **_call(name, arguments, call_id), **_common(number)}


def returned(text: str, status: str = "success", call_id: str = "call_1", number: int = 2) -> Event:
    result = {"tool_return": text, "status": status, "tool_call_id": call_id}
    return {"message_type": "tool_return_message", "tool_returns": [result], **_common(number)}


def stopped(reason: str = "end_turn") -> Event:
    return {"message_type": "stop_reason", "stop_reason": reason}


def failed(message: str, detail: str = "") -> list[Event]:
    error = {"message_type": "error_message", "run_id": RUN, "error_type": "llm_error", "message": message}
    return [stopped("llm_api_error"), {**error, "detail": detail, "seq_id": None}]


def _common(number: int) -> Event:
    return {"id": f"message-00000000-0000-4000-8000-{number:012x}", "run_id": RUN, "seq_id": None}


def _call(name: str | None, arguments: str | None, call_id: str) -> Event:
    call = {"name": name, "arguments": arguments, "tool_call_id": call_id}
    return {"tool_call": call, "tool_calls": call}


class TurnServer(EmbeddedServer):
    """Embedded server that replies to messages with the events that a test wrote down, in the order of the turns."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        """Path and body of each request for a turn."""
        self.cancelled: list[Any] = []
        """Body of each request to cancel."""
        self.latest: list[Event] = []
        """The latest messages, as lists of messages return them."""
        self.is_list_held = False
        """Whether lists of messages get no response."""
        self.cancel_status: int | None = 200
        """Status of the response to a request to cancel; `None`: there is no response."""
        self._turns: deque[tuple[Sequence[Event], bool]] = deque()
        self._holding = threading.Event()
        self._gate: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add_turn(self, *events: Event | list[Event], is_held: bool = False) -> None:
        """Reply to the next messages with these events; `is_held`: then keep the stream open."""
        flat = [one for each in events for one in (each if isinstance(each, list) else [each])]
        self._turns.append((flat, is_held))

    def wait_until_holding(self) -> None:
        assert self._holding.wait(PATIENCE), "no turn came to be held"
        self._holding.clear()

    def release(self) -> None:
        if self._loop is not None and self._gate is not None:
            self._loop.call_soon_threadsafe(self._gate.set)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/cancel"):
            self.cancelled.append(await request.json())
            if self.cancel_status is None:
                await self._hold()
            return web.json_response({RUN: "cancelled"}, status=self.cancel_status or 200)
        is_turn = request.method == "POST" and request.path.endswith(("/messages/stream", "/messages"))
        if is_turn and self._turns:
            return await self._stream(request, *self._turns.popleft())
        if request.method == "GET" and request.path.endswith("/messages") and self.latest:
            if self.is_list_held:
                await self._hold()
            return web.json_response(self.latest)
        return await super()._respond(request)

    async def _stream(self, request: web.BaseRequest, events: Sequence[Event], is_held: bool) -> web.StreamResponse:
        self.sent.append((request.path, await request.json()))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            name = "event: error\n" if event["message_type"] == "error_message" else ""
            await response.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        if is_held:
            await self._hold()
        else:
            await response.write(b"data: [DONE]\n\n")
        return response

    async def _hold(self) -> None:
        if self._gate is None:
            self._loop, self._gate = asyncio.get_running_loop(), asyncio.Event()
        self._holding.set()
        await self._gate.wait()
