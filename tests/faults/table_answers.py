"""Error responses: rows 37 to 42 of the catalogue."""

from __future__ import annotations

import datetime
import re
from email.utils import format_datetime
from typing import Final

from letta_async import (
    APIError,
    APIStatusError,
    InternalServerError,
    RateLimitError,
    UnprocessableEntityError,
)
from letta_async.errors import STATUS_ERRORS

from .fault import Again, Fault
from .scripts import answer, answers, says

__all__ = ["ANSWERS"]

_OWN: Final = (0.0, 1.0)
"""Bounds of the waits that the client chooses: at most half a second, then a second."""


def _class_of(status: int) -> type[APIStatusError]:
    return STATUS_ERRORS.get(status, InternalServerError if status >= 500 else APIStatusError)


def _in(seconds: float) -> str:
    return format_datetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds), usegmt=True)


def _asks_for(seconds: float) -> object:
    def check(error: APIError) -> None:
        assert isinstance(error, APIStatusError)
        assert error.retry_after == seconds

    return check


def _kept(name: str, header: str, waits: tuple[float, float], happens: str, status: int = 429) -> Fault:
    return Fault(
        row=37,
        name=f"{status}-{name}",
        happens=f"A {status} with {happens}, which is waited for",
        script=answers(lambda: answer(status, b'{"detail": "later"}', header.format(soon=_in(20), past=_in(-20)))),
        sees=_class_of(status),
        again=Again.ALL,
        status=status,
        waits=waits,
    )


def _status(row: int, status: int, again: Again, detail: str = "", header: str = "X-None: x", words: str = "") -> Fault:
    return Fault(
        row=row,
        name=re.sub(r"\W+", "-", f"{status} {words}").strip("-"),
        happens=f"A {status} {words}".strip(),
        script=says(answer(status, f'{{"detail": "{detail or "no"}"}}'.encode(), header)),
        sees=_class_of(status),
        again=again,
        status=status,
        says=(detail or "no",),
        waits=None if again is Again.NO else _OWN,
    )


_PAGE: Final = b"<!DOCTYPE html>\n<html><head><title>api.letta.com | 521: Web server is down</title></head>"
_ECHO: Final = (
    b"{\"detail\":\"[{'loc': ('body', 'limit'), 'msg': 'Input should be a valid integer', 'input': '%s'}]\"}"
    % (b"x" * 200_000)
)

ANSWERS: Final = [
    _kept("seconds", "Retry-After: 7", (7, 8), "`Retry-After` in seconds"),
    _kept("seconds", "Retry-After: 7", (7, 8), "`Retry-After` in seconds", status=503),
    _kept("seconds", "Retry-After: 7", (7, 8), "`Retry-After` in seconds", status=409),
    _kept("date", "Retry-After: {soon}", (18, 21.1), "`Retry-After` as a date"),
    _kept("milliseconds", "Retry-After-Ms: 1500", (1.5, 1.7), "`Retry-After-Ms`"),
    _kept("past", "Retry-After: {past}", (0, 0.05), "`Retry-After` as a date that has passed"),
    _kept("zero", "Retry-After: 0", (0, 0.05), "`Retry-After: 0`"),
    Fault(
        row=38,
        name="a-day",
        happens="A 429 with a `Retry-After` beyond the policy's `max_retry_after` (the error has it as `retry_after`)",
        script=says(answer(429, b'{"detail": "tomorrow"}', "Retry-After: 86400")),
        sees=RateLimitError,
        check=_asks_for(86400),
    ),
    Fault(
        row=38,
        name="past-the-deadline",
        happens="A 503 with a `Retry-After` beyond the call's `deadline` (likewise)",
        script=says(answer(503, b'{"detail": "later"}', "Retry-After: 30")),
        sees=InternalServerError,
        client={"deadline": 5.0},
        check=_asks_for(30),
    ),
    *(
        Fault(
            row=39,
            name=f"retry-after-{text or 'empty'}".replace(" ", ""),
            happens="A 429 with a `Retry-After` that is neither a number of seconds nor a date, and is ignored",
            script=says(answer(429, b"{}", f"Retry-After: {text}")),
            sees=RateLimitError,
            again=Again.REPEATABLE,
            waits=_OWN,
            check=_asks_for(None),
        )
        for text in ("-1", "soon", "5, 10", "1e3", "99999999999999999999", "")
    ),
    *(_status(40, status, Again.REPEATABLE) for status in (408, 425, 429, 500, 502, 503, 504, 507, 520, 522, 524)),
    *(_status(40, status, Again.REPEATABLE) for status in (529, 530)),
    Fault(
        row=40,
        name="page-of-a-proxy",
        happens="A 5xx, 501 and 505 aside, with a page of HTML, of which the message has the title",
        script=says(answer(521, _PAGE, "Content-Type: text/html")),
        sees=InternalServerError,
        again=Again.REPEATABLE,
        status=521,
        says=("an HTML page (api.letta.com | 521: Web server is down)",),
        waits=_OWN,
    ),
    *(_status(41, status, Again.NO) for status in (400, 401, 402, 403, 404, 410, 422, 501, 505)),
    Fault(
        row=41,
        name="422-with-a-long-echo",
        happens="A 422 that repeats more than 64 KiB of the input; `detail` has what is wrong",
        script=says(answer(422, _ECHO)),
        sees=UnprocessableEntityError,
        status=422,
        says=("body.limit: Input should be a valid integer",),
    ),
    _status(41, 409, Again.NO, "waiting for approval", words="because an approval is pending"),
    _status(41, 409, Again.NO, "unique constraint violated", words="because something exists already"),
    _status(41, 409, Again.REPEATABLE, "conversation is locked", words="because something is locked or busy"),
    _status(
        41,
        409,
        Again.REPEATABLE,
        "CONFLICT: Block with id 'block-1' was updated by another transaction. Please retry your request.",
        words="because something was updated at the same time",
    ),
    _status(42, 503, Again.NO, header="x-should-retry: false", words="with `x-should-retry: false`"),
    _status(42, 400, Again.REPEATABLE, header="x-should-retry: true", words="with `x-should-retry: true`"),
]
