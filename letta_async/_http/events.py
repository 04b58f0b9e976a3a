"""Decode server-sent events from bytes, however these are split. No input or output happens here.

The format is that of the HTML Living Standard, section 9.2. `retry` is ignored: reconnecting is left to the caller.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["EventDecoder", "ServerSentEvent"]

_BOM: Final = b"\xef\xbb\xbf"
_END: Final = b"\n\n"
_COMMON: Final = "data: "
"""How nearly every event begins, and its only line."""


class ServerSentEvent(NamedTuple):
    """One event, not interpreted."""

    data: str
    """Data; several lines are joined by `\\n`."""
    name: str = "message"
    """Name of the event's type."""
    id: str = ""
    """The last event ID that was received; empty when there was none."""


class EventDecoder:
    """Turn the bytes of an event stream into events.

    Call `feed` with each chunk as it arrives. Lines end with LF, CR or CRLF. Comments and unknown fields are ignored.
    """

    __slots__ = ("_after_cr", "_id", "_limit", "_pieces", "_size", "_start", "fault")

    def __init__(self, limit: int) -> None:
        """Begin a stream.

        Args:
            limit: Maximum size of one event, in bytes.

        """
        self.fault: str | None = None
        """Why the stream cannot be decoded any further; events before that were returned."""
        self._limit = limit
        self._start: bytes | None = b""
        """The first bytes of the stream, as long as they may be a byte order mark; `None` after that."""
        self._after_cr = False
        self._pieces: list[bytes] = []
        """Bytes received of an event that is not complete."""
        self._size = 0
        self._id = ""

    @property
    def incomplete(self) -> bool:
        """Whether the bytes so far end within an event, which is then dropped if no more bytes follow."""
        return any(piece.strip(b"\n") for piece in self._pieces) or bool(self._start)

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that are complete with these bytes; after a fault, none."""
        if self.fault is not None:
            return []
        if self._start is not None or self._after_cr or b"\r" in chunk:
            chunk = self._normalized(chunk)
        if not chunk:
            return []
        pieces = self._pieces
        if _END not in chunk and not (pieces and pieces[-1].endswith(b"\n") and chunk.startswith(b"\n")):
            pieces.append(chunk)
            self._size += len(chunk)
            if self._size > self._limit + 1:  # one byte may be the line feed that ends its last line
                self._fail(f"an event is larger than {self._limit} bytes")
            return []
        if pieces:
            chunk = b"".join([*pieces, chunk])
        end = chunk.rindex(_END)
        rest = chunk[end + 2 :]
        self._pieces, self._size = [rest] if rest else [], len(rest)
        events = self._decoded(chunk[:end])
        if self._size > self._limit + 1 and self.fault is None:
            self._fail(f"an event is larger than {self._limit} bytes")
        return events

    def _normalized(self, chunk: bytes) -> bytes:
        """Return the chunk with LF as the only end of a line, and without a byte order mark."""
        if self._start is not None:
            chunk = self._start + chunk
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._start = chunk
                return b""
            self._start = None
            chunk = chunk.removeprefix(_BOM)
        if not chunk:
            return chunk
        ends_with_cr = chunk.endswith(b"\r")
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = ends_with_cr
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _decoded(self, complete: bytes) -> list[ServerSentEvent]:
        """Decode events that are complete: mostly all at once, else one by one up to the fault."""
        if len(complete) <= self._limit:
            try:
                blocks = complete.decode().split("\n\n")
            except UnicodeDecodeError:
                pass
            else:
                return [event for block in blocks if (event := self._event(block)) is not None]
        events: list[ServerSentEvent] = []
        for block in complete.split(_END):
            if len(block) > self._limit:
                self._fail(f"an event is larger than {self._limit} bytes")
                break
            try:
                text = block.decode()
            except UnicodeDecodeError:
                self._fail("an event is not valid UTF-8")
                break
            if (event := self._event(text)) is not None:
                events.append(event)
        return events

    def _event(self, block: str) -> ServerSentEvent | None:
        if block.startswith(_COMMON) and "\n" not in block:
            return ServerSentEvent(block[len(_COMMON) :], "message", self._id)
        data: list[str] = []
        name = ""
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "event":
                name = value
            elif field == "id" and "\0" not in value:
                self._id = value
        return ServerSentEvent("\n".join(data), name or "message", self._id) if data else None

    def _fail(self, fault: str) -> None:
        self.fault = fault
        self._pieces.clear()
