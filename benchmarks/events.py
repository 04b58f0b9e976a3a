"""Event stream that a stub sends: the tokens of an assistant message, framed as Letta 0.16.8 sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

import attrs

__all__ = ["Events"]

_TOKEN: Final[dict[str, Any]] = {
    "id": "message-05dcf2a4-3d7e-4f0f-9c51-7f6a0d1c2b3e",
    "date": "2026-11-26T11:50:06+00:00",
    "name": None,
    "message_type": "assistant_message",
    "otid": "05dcf2a4-3d7e-4f0f-9c51-7f6a0d1c2b80",
    "sender_id": None,
    "step_id": "step-296a7c1e-8b0d-4c43-a1de-5f0e6b7c8d9a",
    "is_err": None,
    "seq_id": None,
    "run_id": "run-672f1d0b-2c3a-4e5f-8a9b-0c1d2e3f4a5b",
    "content": " word",
}
"""One of the events of a turn whose tokens are streamed, as recorded from a server, with IDs of full length."""
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
_END: Final = b"data: [DONE]\n\n"
_LAST: Final = b"0\r\n\r\n"


@attrs.frozen
class Events:
    """A response of so many token events, then the end of the stream."""

    count: int
    per_chunk: int = 1
    """Number of events per chunk of the body: 1 from Letta, more behind a proxy that buffers."""
    pace: float = 0.0
    """Seconds from one chunk to the next; 0 for as fast as the client reads."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the response, its head with the first chunk."""
        event = _data(json.dumps(_TOKEN, separators=(",", ":")))
        whole = _chunk(event * self.per_chunk)
        full, rest = divmod(self.count, self.per_chunk)
        body = chain((whole for _ in range(full)), [_chunk(event * rest)] if rest else [])
        yield _HEAD + b"".join(islice(body, 1))
        yield from body
        yield _chunk(_END) + _LAST


def _data(text: str) -> bytes:
    return f"data: {text}\n\n".encode()


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
