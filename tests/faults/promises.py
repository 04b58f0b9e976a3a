"""What does not happen on the wire, or to one request alone; each is kept by a test of this folder."""

from __future__ import annotations

from typing import Final

__all__ = ["CONNECTIONS", "PROGRAM"]

CONNECTIONS: Final = [
    ("All slots are taken (4)", "The call waits. Only its `deadline` bounds that; a try's `timeout` begins after it."),
    (
        "No file descriptor is left (6)",
        "`APIConnectionError` that names `max_concurrency` and `ulimit -n`; not tried again.",
    ),
    (
        "The server closes or resets an idle connection just as it is used again (29)",
        "The right answer, and no retry is spent; a call that must not be done twice gets `APIConnectionError`. Idle "
        "connections are given up after 4 s, before a Letta server closes them.",
    ),
    ("The server is restarted between two calls (30)", "The right answer."),
    (
        "Every request of 5,000 fails (40)",
        "Each call gets its error. The retries of all calls share a budget: 35 in a row, and no more until calls succeed.",
    ),
    (
        "2,000 calls are gathered, far more than go out at once (48)",
        "All are answered: queueing does not count against a try's `timeout`.",
    ),
    ("The server closes the connection after each answer (54)", "The right answer, and no descriptor is left."),
    (
        "The server takes ten connections, or ten requests, and turns away the rest (55)",
        "All calls are answered: fewer go out at once.",
    ),
    ("The server's capacity collapses in the middle of a batch (56)", "All calls are answered: fewer go out at once."),
    ("One answer in a hundred takes a hundred times as long (57)", "The others are not held up."),
]

PROGRAM: Final = [
    (
        "A base URL with a user name, password, query, fragment, no host, another scheme (7)",
        "`InvalidArgumentError`, also a `ValueError`, when the client is made.",
    ),
    (
        "A task is cancelled: while it waits for a slot, resolves, connects, writes, reads, backs off (43)",
        "`CancelledError`, unchanged. The connection is cut, and nothing is sent any more.",
    ),
    (
        "Your own timeout fires at the moment of the client's (44)",
        "Both come through, each to where it belongs.",
    ),
    ("The client is closed while calls are under way, or wait for a slot (45)", "`ClientClosedError` in each of them."),
    (
        "An `AsyncLetta` is used in a second event loop (46)",
        "It works when the first loop is closed, with a `ResourceWarning` if the client was not; else "
        "`ClientClosedError` that says what to do.",
    ),
    ("A client is never closed (47)", "A `ResourceWarning` from `AsyncLetta`; `Letta` closes itself. A clean exit."),
    ("One call of a gather fails (49)", "The others finish."),
    (
        "An id is `..`, is empty, holds a slash, `?`, `#`, a line break (51); a header value holds a line break (52)",
        "`InvalidArgumentError`, before anything is sent.",
    ),
    (
        "The key has white space at an end, letters beyond ASCII, or is empty (53)",
        "`InvalidArgumentError`, when the client is made; the key is not shown.",
    ),
    ("The system's clock is set back during a call (58)", "Nothing: waits and deadlines are on the monotonic clock."),
    (
        "Your code blocks the event loop while the answer arrives (59)",
        "The answer: time in which the loop did not run is given back.",
    ),
    ("The interpreter runs with `-W error -X dev` (60)", "Not one warning."),
]
