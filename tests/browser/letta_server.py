"""A Letta server whose turns wait for the test: one piece of text is sent when the test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

__all__ = ["CONVERSATION", "LettaServer"]

CONVERSATION: Final = "conv-00000000-0000-4000-8000-000000000000"
_FIELDS: Final = {"id": "message-00000000-0000-4000-8000-000000000000", "run_id": "run-1"}
_END: Final = object()


class LettaServer:
    """One conversation. Put what the turn under way sends next into `send`, `fail` and `end`."""

    def __init__(self) -> None:
        self.base_url = ""
        self.texts: list[str] = []
        """Messages that were received, the oldest first."""
        self.running = asyncio.Event()
        """Set while a turn is under way."""
        self.left = asyncio.Event()
        """Set when the connection of a turn was closed before its end."""
        self.cancelled = 0
        """Number of requests to cancel."""
        self._said: list[dict[str, Any]] = []
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[LettaServer]:
        """Serve on a port of loopback."""
        app = web.Application()
        path = f"/v1/conversations/{CONVERSATION}"
        app.router.add_post("/v1/conversations/", self._create)
        app.router.add_get(f"{path}/messages", self._list)
        app.router.add_post(f"{path}/messages", self._turn)
        app.router.add_post(f"{path}/cancel", self._cancel)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base_url = "http://{}:{}".format(*runner.addresses[0])
        try:
            yield self
        finally:
            await runner.cleanup()

    def send(self, *pieces: str) -> None:
        """Send pieces of text."""
        for piece in pieces:
            self._events.put_nowait({**_FIELDS, "message_type": "assistant_message", "content": piece})

    def fail(self) -> None:
        """Fail the turn, as when the model's provider breaks."""
        self._events.put_nowait({"message_type": "stop_reason", "stop_reason": "llm_api_error"})
        self._events.put_nowait({"message_type": "error_message", "error_type": "llm_error", "message": "secret"})
        self._events.put_nowait(_END)

    def end(self, reason: str = "end_turn") -> None:
        """End the turn."""
        self._events.put_nowait({"message_type": "stop_reason", "stop_reason": reason})
        self._events.put_nowait(_END)

    # --- routes -------------------------------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"id": CONVERSATION, "agent_id": request.query["agent_id"], "created_at": "2026-01-01T12:00:00Z"}
        )

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response([] if "after" in request.query else self._said)

    async def _cancel(self, request: web.Request) -> web.Response:
        self.cancelled += 1
        if not self.running.is_set():
            return web.json_response({"detail": "CONFLICT: No active runs to cancel"}, status=409)
        self.end("cancelled")
        return web.json_response({"run-1": "cancelled"})

    async def _turn(self, request: web.Request) -> web.StreamResponse:
        text: str = (await request.json())["input"]
        self.texts.append(text)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.running.set()
        try:
            await self._follow(response)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        finally:
            self.running.clear()
        return response

    async def _follow(self, response: web.StreamResponse) -> None:
        """Send events as they are put in, and keep what a list has of them."""
        whole = ""
        await response.write(_event({"message_type": "ping", "id": "ping-1", "run_id": "run-1"}))
        while (event := await self._events.get()) is not _END:
            whole += event.get("content", "")
            await response.write(_event(event))
        said = (("user_message", self.texts[-1]), ("assistant_message", whole))
        self._said += [{"id": f"message-{uuid4()}", "message_type": kind, "content": text} for kind, text in said]
        await response.write(b"data: [DONE]\n\n")


def _event(event: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()
