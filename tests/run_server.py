"""Server with one background run, whose streams break where a test wants, and the events of that run."""

from __future__ import annotations

import json
from typing import Any

import attrs

from letta_async import AssistantMessage, AsyncLetta, LettaPing, LettaStopReason, LettaUsageStatistics, RetryPolicy
from tests.faults.scripts import answer
from tests.faults.server import Arrived, Peer

AGENT = "agent-00000000-0000-4000-8000-000000000000"
CONVERSATION = "conv-00000000-0000-4000-8000-000000000000"
RUN = "run-00000000-0000-4000-8000-000000000000"
TYPE = "Content-Type: text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"
AT_ONCE = RetryPolicy(initial_delay=0, max_retries=3)


def event(**fields: Any) -> bytes:
    return b"data: %b\n\n" % json.dumps(fields).encode()


def piece(number: int, text: str) -> bytes:
    return event(message_type="assistant_message", id="message-1", run_id=RUN, seq_id=number, content=text)


NUMBERED = [
    event(message_type="ping", id="ping-1", run_id=RUN, seq_id=1),
    *(piece(number, f"{number} ") for number in range(2, 7)),
]
END = [
    event(message_type="stop_reason", stop_reason="end_turn"),
    event(message_type="usage_statistics", total_tokens=7),
    DONE,
]
WHOLE = [LettaPing, *[AssistantMessage] * 5, LettaStopReason, LettaUsageStatistics]


@attrs.define
class RunServer:
    """Script of a server with one background run, each of whose streams is cut where `cuts` says, or not at all."""

    cuts: list[int] = attrs.field(factory=list[int])
    """Number of bytes after which each stream is cut, in turn; streams beyond the list are whole."""
    heads: int = 0
    """Number of requests that are answered by closing the connection, before any of this."""
    is_known: bool = True
    """Whether the run is found by its `otid`."""
    events: list[bytes] = attrs.field(factory=lambda: [*NUMBERED, *END])
    turns: int = 0
    """Number of turns that were sent."""

    async def __call__(self, peer: Peer) -> None:
        """Respond to the requests of one connection."""
        while True:
            request = await peer.request()
            self.turns += "/messages" in request.target
            if self.heads:
                self.heads -= 1
                await peer.close()
                return
            await peer.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}" if self._is_lost(request) else b"")
            if self._is_lost(request):
                continue
            body = b"".join(self._events_for(request))
            cut = self.cuts.pop(0) if self.cuts else len(body)
            await peer.send(answer(200, body[:cut], TYPE, length=len(body)))
            if cut < len(body):
                await peer.close()
                return

    def _is_lost(self, request: Arrived) -> bool:
        return not self.is_known and request.target.startswith("/v1/conversations/")

    def _events_for(self, request: Arrived) -> list[bytes]:
        after = json.loads(request.body).get("starting_after", 0)
        return self.events[after:]


async def streamed(client: AsyncLetta, **options: Any) -> list[Any]:
    made = client.agents.messages.stream(AGENT, input="x", background=True, stream_tokens=True, **options)
    return [event async for event in made]
