"""Decode server-sent events from bytes, however these are split. No input or output happens here.

The format is that of the HTML Living Standard, section 9.2. Only `data` is read: an event of the API says itself of
what type it is, and has its own number.
"""

from __future__ import annotations

from typing import Final

__all__ = ["EventDecoder"]

_BOM: Final = b"\xef\xbb\xbf"
_END: Final = b"\n\n"
_COMMON: Final = "data: "
"""Beginning of nearly every event, and of its only line."""
_NEXT: Final = f"\n\n{_COMMON}"


class EventDecoder:
    """Turn the bytes of an event stream into the data of its events, several lines of which a line feed joins.

    Call `feed` with each chunk as it arrives. Lines end with LF, CR or CRLF. Comments and other fields are ignored.
    """

    __slots__ = ("_after_cr", "_limit", "_pieces", "_size", "_start", "fault")

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

    @property
    def incomplete(self) -> bool:
        """Whether the bytes so far end within an event, which is then dropped if no more bytes follow."""
        return any(piece.strip(b"\n") for piece in self._pieces) or bool(self._start)

    def feed(self, chunk: bytes) -> list[str]:
        """Return the data of the events that are complete with these bytes; after a fault, none."""
        if self.fault is not None:
            return []
        if self._start is not None or self._after_cr or b"\r" in chunk:
            chunk = self._normalize_line_ends(chunk)
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
        events = self._decode_events(chunk[:end])
        if self._size > self._limit + 1 and self.fault is None:
            self._fail(f"an event is larger than {self._limit} bytes")
        return events

    def _normalize_line_ends(self, chunk: bytes) -> bytes:
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

    def _decode_events(self, complete: bytes) -> list[str]:
        """Decode events that are complete: mostly all at once, else one by one up to the fault."""
        if len(complete) <= self._limit:
            try:
                return _data_of_events(complete.decode())
            except UnicodeDecodeError:
                pass
        events: list[str] = []
        for block in complete.split(_END):
            if len(block) > self._limit:
                self._fail(f"an event is larger than {self._limit} bytes")
                break
            try:
                events += _data_of_events(block.decode())
            except UnicodeDecodeError:
                self._fail("an event is not valid UTF-8")
                break
        return events

    def _fail(self, fault: str) -> None:
        self.fault = fault
        self._pieces.clear()


def _data_of_events(text: str) -> list[str]:
    """Return the data of events that empty lines separate."""
    events = text.split(_NEXT)
    if text.startswith(_COMMON) and text.count("\n") == 2 * (len(events) - 1):  # each has one line
        events[0] = events[0].removeprefix(_COMMON)
        return events
    return [data for block in text.split("\n\n") if (data := _data_of_event(block)) is not None]


def _data_of_event(block: str) -> str | None:
    """Return the data of an event; `None` if it has none, and is ignored."""
    lines = (line.partition(":") for line in block.split("\n"))
    data = [value.removeprefix(" ") for field, _, value in lines if field == "data"]
    return "\n".join(data) if data else None
