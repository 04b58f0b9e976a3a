"""Rows of the catalogue beyond single faults on the wire; a test of this folder checks each promise."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CONNECTIONS", "PROGRAM", "Promise"]


class Promise(NamedTuple):
    rows: tuple[int, ...]
    """Numbers in the catalogue."""
    happens: str
    sees: str


CONNECTIONS: Final = [
    Promise(
        (4,),
        "All slots are taken",
        "The call waits. Only its `deadline` bounds that; a try's `timeout` begins after it.",
    ),
    Promise(
        (6,),
        "No file descriptor is left",
        "The right answer, once one is free: the call waits some 12 s for it, whatever `max_retries`, and fewer go out "
        "at once. Then `APIConnectionError` that names `max_concurrency` and `ulimit -n`.",
    ),
    Promise(
        (29,),
        "The server closes or resets an idle connection just as it is used again",
        "The right answer, and no retry is spent; a call that must not be done twice gets `APIConnectionError`. Idle"
        " connections are given up after 4 s, before a Letta server closes them.",
    ),
    Promise(
        (61,),
        "The server sends something on an idle connection, or more than its answer",
        "The right answer to the next call: the connection is not used again. It is the same in a session of your own, "
        "unless that waits between taking a connection and using it, as for a trace.",
    ),
    Promise((30,), "The server is restarted between two calls", "The right answer."),
    Promise(
        (40,),
        "Every request of 5,000 fails",
        "Each call gets its error. The retries of all calls share a budget: 35 in a row, and no more until calls "
        "succeed.",
    ),
    Promise(
        (48,),
        "2,000 calls are gathered, far more than go out at once",
        "All are answered: queueing does not count against a try's `timeout`.",
    ),
    Promise(
        (54,),
        "The server closes the connection after each answer",
        "The right answer, and no descriptor is left.",
    ),
    Promise(
        (55,),
        "The server takes ten connections, or ten requests, and turns away the rest",
        "All calls are answered: fewer go out at once.",
    ),
    Promise(
        (56,),
        "The server's capacity collapses in the middle of a batch",
        "All calls are answered: fewer go out at once.",
    ),
    Promise((57,), "One answer in a hundred takes a hundred times as long", "The others are not held up."),
]

PROGRAM: Final = [
    Promise(
        (7,),
        "A base URL with a user name, password, query, fragment, no host, another scheme",
        "`InvalidArgumentError`, also a `ValueError`, when the client is made.",
    ),
    Promise(
        (43,),
        "A task is cancelled: while it waits for a slot, resolves, connects, writes, reads, backs off",
        "`CancelledError`, unchanged. The connection is cut, and nothing is sent any more.",
    ),
    Promise(
        (44,),
        "Your own timeout fires at the moment of the client's",
        "Both come through, each to where it belongs.",
    ),
    Promise(
        (45,),
        "The client is closed while calls are under way, or wait for a slot",
        "`ClientClosedError` in each of them.",
    ),
    Promise(
        (46,),
        "An `AsyncLetta` is used in a second event loop",
        "It works when the first loop is closed, with a `ResourceWarning` if the client was not; else "
        "`ClientClosedError` that says what to do.",
    ),
    Promise(
        (47,),
        "A client is never closed",
        "A `ResourceWarning` from `AsyncLetta`; `Letta` closes itself. A clean exit.",
    ),
    Promise(
        (62,),
        "A session that you hand in has credentials, headers, timeouts, `raise_for_status` … of its own",
        "The request, the retries and the errors are the same; the client's key wins, and without one the session's "
        "credentials go. Its connections, cookies, proxy, tracing and middlewares are used.",
    ),
    Promise(
        (63,),
        "aiohttp, a connector, a middleware or a trace raises what nobody foresaw",
        "`APIConnectionError` that names it and has it as `__cause__`; not tried again.",
    ),
    Promise(
        (64,),
        "The environment names a proxy for SOCKS, or what is no URL, and the client or its session trusts it",
        "`InvalidArgumentError` that names the variable, when the client is made. A connector of another library is "
        "left to find its way.",
    ),
    Promise((49,), "One call of a gather fails", "The others finish."),
    Promise(
        (51, 52),
        "An id is `..`, is empty, holds a slash, `?`, `#`, a line break; a header value holds a line break",
        "`InvalidArgumentError`, before anything is sent.",
    ),
    Promise(
        (53,),
        "The key has white space at an end, letters beyond ASCII, or is empty",
        "`InvalidArgumentError`, when the client is made; the key is not shown.",
    ),
    Promise(
        (58,),
        "The system's clock is set back during a call",
        "Nothing: waits and deadlines are on the monotonic clock.",
    ),
    Promise(
        (59,),
        "Your code blocks the event loop while the answer arrives",
        "The answer: time in which the loop did not run is given back.",
    ),
    Promise((60,), "The interpreter runs with `-W error -X dev`", "Not one warning."),
]
