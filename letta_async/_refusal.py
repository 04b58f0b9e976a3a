"""What a server's refusal says: the one place where a status becomes an exception."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from letta_async._json import is_array, is_object
from letta_async.errors import STATUS_ERRORS, APIStatusError, InternalServerError

__all__ = ["excerpt", "printable", "refusal", "retry_after"]

_EXCERPT: Final = 500
"""How much of a body is kept when it is not JSON, in characters."""
_SHORT: Final = 300
"""How much of the server's own words goes in a message, in characters."""
_MAX_LIST: Final = 100_000
"""Longest 422 detail that is parsed, in characters."""

# An unknown id is answered with the record of the user who asked: nothing for a log line.
_INTERNAL: Final = re.compile(r",? access level in .*|,? for actor=.*|,? actor=.*", re.DOTALL)
_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")


def refusal(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes, *, hint: str | None = None
) -> APIStatusError:
    """Make the error that an answer with a status other than a success stands for."""
    parsed = _parse(body)
    detail = _detail(parsed)
    said = _short(detail) or (printable(parsed)[:_SHORT] if isinstance(parsed, str) else "")
    words = f"{method} {path}: {status:03d} {_phrase(status)}{': ' if said else ''}{said}"
    cls = STATUS_ERRORS.get(status, InternalServerError if status >= 500 else APIStatusError)
    return cls(
        f"{words} [{hint}]" if hint else words,
        status_code=status,
        headers=headers,
        body=parsed,
        detail=detail,
        retry_after=retry_after(headers, time.time()),
        request_method=method,
        request_path=path,
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read how many seconds the server asks to wait; text that is neither a number nor a date is passed over.

    Args:
        headers: Headers of the answer.
        now: Seconds since the epoch, by which a date is read.

    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def excerpt(body: bytes) -> str:
    """Show the beginning of a body, whatever it is."""
    text = printable(body[: 4 * _EXCERPT].decode("utf-8", "replace"))
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def printable(text: str) -> str:
    """Replace what could upset a terminal or a log."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "�" for char in text)


def _parse(body: bytes) -> Any:
    """Read a body as JSON, else as text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return excerpt(body) or None


def _detail(parsed: object) -> Any:
    """Find what the server says went wrong, in whichever of its shapes."""
    if not is_object(parsed):
        return None
    error: Any = parsed.get("error")
    if is_object(error):
        error = ": ".join(str(error[key]) for key in ("message", "detail") if error.get(key))
    detail: Any = parsed.get("detail") or error or parsed.get("message")
    if isinstance(detail, str) and detail.startswith("[") and len(detail) <= _MAX_LIST:
        try:
            return ast.literal_eval(detail)  # a 422 carries the text of a Python list
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return detail
    return detail


def _short(detail: object) -> str:
    """Put the detail in a line: of a list each place and message, of a text what is meant for the caller."""
    if detail is None:
        return ""
    if is_array(detail):
        detail = "; ".join(_entry(entry) for entry in detail[:10])
    text = _INTERNAL.sub("", printable(str(detail))).strip()
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _entry(entry: object) -> str:
    if is_object(entry) and "msg" in entry and is_array(entry.get("loc")):
        return f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}"
    return str(entry)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(not a status of HTTP)"
