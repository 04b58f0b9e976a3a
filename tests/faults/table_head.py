"""Faults up to the response's headers: rows 8 to 17 of the catalogue."""

from __future__ import annotations

from typing import Final

from letta_async import APIConnectionError, APIStatusError, APITimeoutError

from .fault import Again, Fault
from .scripts import answer, closes, drips, endless, ok, resets, says, stalls

__all__ = ["HEAD"]

_NOT_HTTP: Final = ("not HTTP/1.1 that can be read", "https")
_QUICK: Final = {"timeout": 0.3}
_CUT_OFF: Final = {"again": Again.REPEATABLE, "says": ("the connection broke",)}
"""Changes for the parser in Python, which waits for the end of a line or of the headers before it fails."""

HEAD: Final = [
    Fault(
        row=8,
        name="closed-instead-of-answer",
        happens="The connection is closed after the request, without an answer",
        script=closes("after the request"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke",),
    ),
    Fault(
        row=8,
        name="reset-instead-of-answer",
        happens="The connection is reset after the request",
        script=resets("after the request"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke",),
    ),
    Fault(
        row=9,
        name="closed-in-status-line",
        happens="The connection is closed within the status line",
        script=says(b"HTTP/1.1 20", then="fin"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke",),
    ),
    Fault(
        row=9,
        name="closed-in-headers",
        happens="The connection is closed within the headers",
        script=says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Le", then="fin"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke",),
    ),
    Fault(
        row=9,
        name="reset-in-headers",
        happens="The connection is reset within the headers",
        script=says(b"HTTP/1.1 200 OK\r\nContent-Type: app", then="rst"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("the connection broke",),
    ),
    Fault(
        row=10,
        name="not-http",
        happens="Another protocol answers, such as SSH",
        script=says(b"SSH-2.0-OpenSSH_9.6\r\n", b"Invalid SSH identification string.\r\n", then="fin"),
        sees=APIConnectionError,
        says=_NOT_HTTP,
        pure=_CUT_OFF,
    ),
    Fault(
        row=10,
        name="text-after-the-request",
        happens="The answer is text without a status line",
        script=says(b"I am not a web server.\r\n\r\n", then="fin"),
        sees=APIConnectionError,
        says=_NOT_HTTP,
    ),
    Fault(
        row=10,
        name="http2",
        happens="The server speaks HTTP/2 without having been asked to",
        script=says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00"),
        sees=APIConnectionError,
        says=_NOT_HTTP,
        pure={"sees": APITimeoutError, "again": Again.REPEATABLE, "says": (), "client": _QUICK},
    ),
    Fault(
        row=10,
        name="tls-alert",
        happens="A port that expects TLS answers plain HTTP with a TLS alert",
        script=says(b"\x15\x03\x01\x00\x02\x02\x16", then="fin"),
        sees=APIConnectionError,
        says=_NOT_HTTP,
        pure=_CUT_OFF,
    ),
    Fault(
        row=11,
        name="long-status-line",
        happens="The status line is longer than 8 KiB",
        script=says(b"HTTP/1.1 200 " + b"O" * 20_000 + b"\r\n\r\n"),
        sees=APIConnectionError,
        says=("a header of the answer is longer than the 8190 bytes",),
    ),
    Fault(
        row=11,
        name="long-header",
        happens="A header is longer than 8 KiB",
        script=says(ok(b"{}", f"X-Long: {'x' * 20_000}")),
        sees=APIConnectionError,
        says=("a header of the answer is longer than the 8190 bytes",),
    ),
    Fault(
        row=11,
        name="long-header-of-a-refusal",
        happens="A header of a refusal is longer than 8 KiB, such as that of a security policy",
        script=says(answer("503", b"{}", f"Content-Security-Policy: {'x' * 9_000}")),
        sees=APIConnectionError,
        says=("a header of the answer is longer than the 8190 bytes",),
    ),
    Fault(
        row=11,
        name="many-headers",
        happens="There are more than 128 headers",
        script=says(ok(b"{}", *(f"X-{n}: {n}" for n in range(500)))),
        sees=APIConnectionError,
        says=("the answer has more headers than the 128",),
    ),
    Fault(
        row=12,
        name="header-without-colon",
        happens="A header line has no colon",
        script=says(ok(b"{}", "This is no header")),
        sees=APIConnectionError,
        says=_NOT_HTTP,
    ),
    Fault(
        row=13,
        name="status-000",
        happens="The status is 000",
        script=says(answer("000")),
        sees=APIStatusError,
        status=0,
        says=("000 (not a status of HTTP)",),
    ),
    Fault(
        row=13,
        name="status-999",
        happens="The status is 999",
        script=says(answer("999")),
        sees=APIStatusError,
        status=999,
        says=("999 (not a status of HTTP)",),
    ),
    Fault(
        row=14,
        name="dripped-headers",
        happens="The headers come so slowly that the time runs out",
        script=drips(ok()),
        sees=APITimeoutError,
        again=Again.REPEATABLE,
        client=_QUICK,
    ),
    Fault(
        row=14,
        name="silence",
        happens="The request is taken and nothing is said",
        script=stalls,
        sees=APITimeoutError,
        again=Again.REPEATABLE,
        client=_QUICK,
    ),
    Fault(
        row=14,
        name="silence-over-tls",
        happens="The request is taken and nothing is said",
        script=stalls,
        tls="good",
        sees=APITimeoutError,
        again=Again.REPEATABLE,
        client=_QUICK,
    ),
    Fault(
        row=15,
        name="100-first",
        happens="A 100 Continue comes before the answer",
        script=says(b"HTTP/1.1 100 Continue\r\n\r\n", ok()),
    ),
    Fault(
        row=15,
        name="103-first",
        happens="A 103 Early Hints comes before the answer",
        script=says(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n", ok()),
    ),
    Fault(
        row=16,
        name="endless-102",
        happens="One 102 Processing follows another, without end",
        script=endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, every=0.002),
        sees=APITimeoutError,
        again=Again.REPEATABLE,
        client=_QUICK,
    ),
    Fault(
        row=17,
        name="switching-protocols",
        happens="The server switches to another protocol",
        script=says(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05Hello"
        ),
        sees=APIConnectionError,
        says=("switched to another protocol",),
    ),
]
