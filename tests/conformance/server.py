"""Server that records requests, and serves the responses it was given."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.conformance.calls import Call
from tests.conformance.exceptions import JSON_TEXTS, RAISED

__all__ = ["Recorder", "Request"]


@dataclass(frozen=True)
class Request:
    """A request, as far as clients must agree on it."""

    method: str
    path: str
    """Path as it was sent, percent-encoded."""
    query: dict[str, list[str]]
    content_type: str
    """Media type of the body, without parameters; empty if there is no body."""
    body: Any
    """Body of JSON, or the parts of a form in the order of their names: name, file name, media type and content."""


@dataclass
class Recorder:
    """Server of the calls: both clients get their responses from it."""

    calls: Sequence[Call]
    base_url: str = ""
    responses: dict[str, tuple[str, list[Any]]] = field(default_factory=dict[str, tuple[str, list[Any]]])
    """Form of each call's response, `json` or `events`, and the responses."""
    requests: dict[tuple[str, str, int], list[Request]] = field(
        default_factory=dict[tuple[str, str, int], list[Request]]
    )
    """Requests, by client, name of the call, and number of the response."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve on a free port of the loopback interface."""
        app = web.Application(client_max_size=2**24)
        app.router.add_get("/calls", self._send_calls)
        app.router.add_put("/responses", self._take_responses)
        app.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            self.base_url = f"http://{host}:{port}"
            yield
        finally:
            await runner.cleanup()

    async def _send_calls(self, _: web.Request) -> web.Response:
        return web.json_response([[call.name, call.method, call.expression] for call in self.calls])

    async def _take_responses(self, request: web.Request) -> web.Response:
        self.responses = await request.json()
        for call in self.calls:
            if call.method in JSON_TEXTS:
                form, responses = self.responses[call.name]
                self.responses[call.name] = form, [JSON_TEXTS[call.method] for _ in responses]
        return web.Response()

    async def _serve(self, request: web.Request) -> web.Response:
        client, number, name = request.headers["x-call"].split(" ", 2)
        self.requests.setdefault((client, name, int(number)), []).append(await _recorded(request))
        form, responses = self.responses[name]
        response = responses[int(number)]
        if form == "json":
            return web.json_response(response)
        events = [*(json.dumps(event) for event in response if event["message_type"] != RAISED), "[DONE]"]
        return web.Response(
            text="".join(f"data: {event}\n\n" for event in events),
            content_type="text/event-stream",
        )


async def _recorded(request: web.Request) -> Request:
    query: dict[str, list[str]] = {}
    for name, value in request.query.items():
        query.setdefault(name, []).append(value)
    body: Any = None
    if request.content_type == "multipart/form-data":
        parts = [await _part(part) async for part in await request.multipart() if isinstance(part, BodyPartReader)]
        body = sorted(parts, key=lambda part: part[0])
    elif text := await request.text():
        body = json.loads(text)
    has_body = body is not None
    path = request.raw_path.partition("?")[0]
    return Request(request.method, path, query, request.content_type if has_body else "", body)


async def _part(part: BodyPartReader) -> tuple[str, str, str, str]:
    """Return what clients must agree on of a part; one without a file name is text, with or without the word."""
    name, filename = part.name or "", part.filename or ""
    media_type = part.headers.get("Content-Type", "") if filename else ""
    return name, filename, media_type, bytes(await part.read()).decode()
