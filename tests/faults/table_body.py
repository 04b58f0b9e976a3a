"""Faults of the response's body: rows 18 to 28 of the catalogue."""

from __future__ import annotations

from typing import Final

from letta_async import APIConnectionError, APIError, APIResponseValidationError, APITimeoutError, InternalServerError

from .fault import Again, Fault
from .scripts import answer, bomb, drips, endless, gzipped, ok, says

__all__ = ["BODY"]

_MIB: Final = 2**20
_HTML: Final = b"<!DOCTYPE html><html><body>\x1b[31mPlease log in</body></html>"


def _shows_little(error: APIError) -> None:
    assert isinstance(error.body, str)
    assert error.body.isprintable()
    assert len(error.body) < 1000
    assert len(str(error)) < 1000


def _chunked(*chunks: bytes) -> bytes:
    return ok(b"", "Transfer-Encoding: chunked", length=None) + b"".join(chunks)


BODY: Final = [
    Fault(
        row=18,
        name="closed-in-body",
        happens="The connection is closed before the promised length",
        script=says(ok(length=100), then="fin"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke before the answer was complete",),
    ),
    Fault(
        row=18,
        name="reset-in-body",
        happens="The connection is reset before the promised length",
        script=says(ok(length=100), then="rst"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke before the answer was complete",),
    ),
    Fault(
        row=19,
        name="closed-in-chunks",
        happens="The connection is closed before the last chunk",
        script=says(_chunked(b'5\r\n"You \r\n'), then="fin"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke before the answer was complete",),
    ),
    Fault(
        row=19,
        name="closed-within-a-chunk",
        happens="The connection is closed within a chunk",
        script=says(_chunked(b'50\r\n"You '), then="fin"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke before the answer was complete",),
    ),
    Fault(
        row=19,
        name="bad-chunk-size",
        happens="A chunk's size is no number",
        script=says(_chunked(b'5\r\n"You \r\n', b"five\r\nfive.\r\n0\r\n\r\n")),
        sees=APIConnectionError,
        says=("not HTTP/1.1 that can be read",),
    ),
    Fault(
        row=19,
        name="wrong-chunk-size",
        happens="A chunk is longer than its size",
        script=says(_chunked(b'3\r\n"You are Sam."\r\n0\r\n\r\n')),
        sees=APIConnectionError,
        says=("not HTTP/1.1 that can be read",),
    ),
    Fault(
        row=20,
        name="length-abc",
        happens="The Content-Length is no number",
        script=says(ok(length="abc")),
        sees=APIConnectionError,
        says=("not HTTP/1.1 that can be read",),
    ),
    Fault(
        row=20,
        name="length-negative",
        happens="The Content-Length is negative",
        script=says(ok(length=-4)),
        sees=APIConnectionError,
        says=("not HTTP/1.1 that can be read",),
    ),
    *(
        Fault(
            row=20,
            name=f"lengths-{name}",
            happens=happens,
            script=says(ok(b'"You are Sam."', *headers, length=length)),
            sees=APIConnectionError,
            says=("not HTTP/1.1 that can be read",),
        )
        for name, length, headers, happens in (
            ("differ", 14, ["Content-Length: 13"], "There are two Content-Length headers, alike or not"),
            ("agree", 14, ["content-length: 14"], "There are two Content-Length headers, alike or not"),
            ("listed", "14, 13", [], "The Content-Length is a list"),
            ("listed-alike", "14, 14", [], "The Content-Length is a list"),
        )
    ),
    Fault(
        row=20,
        name="length-and-chunks",
        happens="There are both a Content-Length and a Transfer-Encoding",
        script=says(ok(b'e\r\n"You are Sam."\r\n0\r\n\r\n', "Transfer-Encoding: chunked")),
        sees=APIConnectionError,
        says=("not HTTP/1.1 that can be read",),
    ),
    Fault(
        row=21,
        name="cut-without-length",
        happens="There is no length, and the connection is closed within the body",
        script=says(ok(b'"You ar', length=None), then="fin"),
        sees=APIResponseValidationError,
        says=("malformed JSON", '"You ar'),
    ),
    Fault(
        row=21,
        name="without-length",
        happens="There is no length, and the connection is closed after the body",
        script=says(ok(length=None), then="fin"),
    ),
    Fault(
        row=22,
        name="dripped-body",
        happens="The body comes so slowly that the time runs out",
        script=drips(ok(), head=len(ok()) - 12),
        sees=APITimeoutError,
        again=Again.REPEATABLE,
        client={"timeout": 0.3},
    ),
    Fault(
        row=23,
        name="one-byte-segments",
        happens="The answer comes in segments of one byte, promptly",
        script=drips(ok(), every=0.0),
    ),
    Fault(
        row=24,
        name="gzip-checksum",
        happens="The body is gzip with a wrong checksum",
        script=says(ok(gzipped(b'"You are Sam."')[:-8] + bytes(8), "Content-Encoding: gzip")),
        sees=APIResponseValidationError,
        says=("not valid gzip",),
        check=_shows_little,
    ),
    Fault(
        row=24,
        name="gzip-cut",
        happens="The body is gzip that ends too early",
        script=says(ok(gzipped(b'"You are Sam."')[:-12], "Content-Encoding: gzip")),
        sees=APIResponseValidationError,
        says=("not valid gzip",),
    ),
    Fault(
        row=24,
        name="unknown-encoding",
        happens="The content encoding was not asked for",
        script=says(ok(b"....", "Content-Encoding: br")),
        sees=APIResponseValidationError,
        says=("'br'",),
    ),
    Fault(
        row=24,
        name="gzip-twice",
        happens="The body is gzip within gzip",
        script=says(ok(gzipped(gzipped(b'"You are Sam."')), "Content-Encoding: gzip, gzip")),
        sees=APIResponseValidationError,
        says=("'gzip, gzip'",),
    ),
    Fault(
        row=24,
        name="gzip",
        happens="The body is gzip",
        script=says(ok(gzipped(b'"You are Sam."'), "Content-Encoding: gzip")),
    ),
    Fault(
        row=25,
        name="gzip-bomb",
        happens="260 KB of gzip unpack to 256 MiB",
        script=says(ok(bomb(256 * _MIB), "Content-Encoding: gzip")),
        sees=APIResponseValidationError,
        says=(f"more than {_MIB} bytes",),
        client={"max_response_bytes": _MIB},
        check=_shows_little,
    ),
    Fault(
        row=26,
        name="too-large-honest",
        happens="The body's length is larger than `max_response_bytes`",
        script=says(ok(b"[", length=10**12)),
        sees=APIResponseValidationError,
        says=(f"larger than {_MIB} bytes",),
        client={"max_response_bytes": _MIB},
    ),
    Fault(
        row=26,
        name="too-large-endless",
        happens="The body never ends",
        script=endless(ok(b"[", "Connection: close", length=None), b"1," * 20_000),
        sees=APIResponseValidationError,
        says=(f"larger than {_MIB} bytes",),
        client={"max_response_bytes": _MIB},
    ),
    Fault(
        row=26,
        name="too-large-endless-over-tls",
        happens="The body never ends",
        script=endless(ok(b"[", "Connection: close", length=None), b"1," * 20_000),
        tls="good",
        sees=APIResponseValidationError,
        says=(f"larger than {_MIB} bytes",),
        client={"max_response_bytes": _MIB},
    ),
    Fault(
        row=27,
        name="endless-refusal",
        happens="An error status comes with a body that never ends",
        script=endless(answer(500, b"", length=10**12), b"\x00\x1b" * 20_000),
        sees=InternalServerError,
        again=Again.REPEATABLE,
        status=500,
        check=_shows_little,
    ),
    Fault(
        row=27,
        name="binary-refusal",
        happens="An error status comes with a body of binary data",
        script=says(answer(500, bytes(range(256)) * 10)),
        sees=InternalServerError,
        again=Again.REPEATABLE,
        status=500,
        check=_shows_little,
    ),
    Fault(
        row=28,
        name="html",
        happens="The answer is a web page, with a 200",
        script=says(ok(_HTML, "Content-Type: text/html; charset=utf-8")),
        sees=APIResponseValidationError,
        says=("(200, text/html; charset=utf-8)", "Please log in", "not JSON"),
        status=200,
        check=_shows_little,
    ),
    Fault(
        row=28,
        name="empty",
        happens="The answer is empty, with a 200",
        script=says(ok(b"")),
        sees=APIResponseValidationError,
        says=("(200, application/json)", "empty"),
        status=200,
    ),
    Fault(
        row=28,
        name="malformed-json",
        happens="The answer is malformed JSON",
        script=says(ok(b'{"prompt": "You')),
        sees=APIResponseValidationError,
        says=("(200, application/json)", "malformed JSON", '{"prompt": "You'),
        status=200,
    ),
    Fault(
        row=28,
        name="deep-json",
        happens="The answer is JSON nested a hundred thousand deep",
        script=says(ok(b"[" * 100_000 + b"]" * 100_000)),
        sees=APIResponseValidationError,
        says=("malformed JSON",),
        check=_shows_little,
    ),
    Fault(
        row=28,
        name="wrong-type",
        happens="The answer is JSON of another type than promised",
        script=says(ok(b'{"prompt": "You are Sam."}')),
        sees=APIResponseValidationError,
        says=("(200, application/json)", "a JSON string was promised, not an object"),
        status=200,
    ),
]
