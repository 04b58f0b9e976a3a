"""The decoder of server-sent events, beside a plain reading of the standard over the whole text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async._http.events import EventDecoder

LIMIT = 2**20


def decoded(*chunks: bytes, limit: int = LIMIT) -> tuple[list[str], EventDecoder]:
    decoder = EventDecoder(limit)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events, decoder


def reference(stream: bytes) -> list[str]:
    """Parse a stream line by line, as the standard describes it, up to the first byte that is not UTF-8."""
    events: list[str] = []
    data: list[str] = []
    stream = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    *lines, _ = stream.split(b"\n")
    pending: list[bytes] = []
    for raw in lines:
        if raw:
            pending.append(raw)
            continue
        try:
            block, pending = [line.decode() for line in pending], []
        except UnicodeDecodeError:
            break
        data = []
        for line in block:
            field, colon, value = line.partition(":")
            if colon and value.startswith(" "):
                value = value[1:]
            if field == "data":
                data.append(value)
        if data:
            events.append("\n".join(data))
    return events


LINES = st.sampled_from(
    [
        b"data: {}",
        b"data: x",
        b"data:y",
        b"data:  two spaces",
        b"data",
        b"data:",
        b": comment",
        b":",
        b"event: error",
        b"event",
        b"id: 7",
        b"id: a\0b",
        b"id",
        b"retry: 100",
        b"retry: soon",
        b"unknown: z",
        b" data: no",
        "data: ünïcödé 🦉 \u2028 \x85 \x0b".encode(),
        b"data: \xff",
        b"data: \xe2\x82",
        b"",
        b"",
        b"",
        b"\xef\xbb\xbfdata: marked",
    ]
)
STREAMS = st.tuples(
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=20),
    st.sampled_from([b"", b"data: cut off", b"\xef", b"\r"]),
).map(lambda parts: parts[0] + b"".join(line + end for line, end in parts[1]) + parts[2])


@given(stream=STREAMS | st.binary(max_size=50), data=st.data())
def test_any_split_of_a_stream_gives_the_events_of_the_whole(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = reference(stream)
    assert decoded(*chunks)[0] == expected
    assert decoded(*(stream[i : i + 1] for i in range(len(stream))))[0] == expected


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_it_reads_what_a_letta_server_sends(end: bytes) -> None:
    lines = [b'data: {"message_type":"ping"}', b"", b"event: error", b"data: {}", b"", b"data: [DONE]", b"", b""]
    assert decoded(end.join(lines))[0] == ['{"message_type":"ping"}', "{}", "[DONE]"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_an_event_above_the_limit_is_refused_however_it_comes_and_those_before_it_are_kept(size: int) -> None:
    for extra in (0, 1):
        stream = b"data: a\n\n" + b"data: " + b"x" * (44 + extra) + b"\n\n" + b"data: b\n\n"
        chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
        events, decoder = decoded(*chunks, limit=50)
        assert [event[:1] for event in events] == (["a", "x", "b"] if not extra else ["a"])
        assert decoder.fault == (f"an event is larger than {50} bytes" if extra else None)


def test_an_event_that_never_ends_is_refused_before_it_is_held() -> None:
    decoder = EventDecoder(1000)
    for _ in range(101):
        assert decoder.feed(b"x" * 10) == []
    assert decoder.fault == "an event is larger than 1000 bytes"
    assert decoder.feed(b"\n\ndata: more\n\n") == []


def test_what_is_not_utf_8_is_a_fault_after_the_events_before_it() -> None:
    events, decoder = decoded(b"data: a\n\ndata: \xff\n\ndata: b\n\n")
    assert events == ["a"]
    assert decoder.fault == "an event is not valid UTF-8"


@pytest.mark.parametrize(
    ("stream", "incomplete"),
    [(b"", False), (b"data: a\n\n", False), (b"data: a\n", True), (b"data: a\n\nd", True), (b"data: a\n\n\n", False)],
)
def test_it_says_whether_an_event_is_incomplete(stream: bytes, incomplete: bool) -> None:
    assert decoded(stream)[1].incomplete is incomplete


def test_a_large_event_in_small_pieces_takes_time_in_proportion() -> None:
    def seconds(pieces: int) -> float:
        decoder = EventDecoder(2**30)
        began = time.process_time()
        for _ in range(pieces):
            decoder.feed(b"x" * 4096)
        decoder.feed(b"\n\n")
        return time.process_time() - began

    seconds(100)
    assert min(seconds(8000) for _ in range(3)) < 4 * 8 * max(min(seconds(1000) for _ in range(3)), 0.001)
