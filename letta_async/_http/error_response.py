"""Parsing of error responses; the only module that converts an HTTP status to an exception."""

from __future__ import annotations

import ast
import html
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from letta_async._schema.json_values import is_array, is_object
from letta_async.errors import STATUS_ERRORS, APIStatusError, InternalServerError

__all__ = ["MAX_REFUSAL", "describe_body", "excerpt", "is_provider_error", "printable", "retry_after", "status_error"]

MAX_REFUSAL: Final = 64 * 1024
"""Maximum number of bytes read of an error response's body."""
_EXCERPT: Final = 500
"""Maximum length of the text that is kept of a body that is not JSON, in characters."""
_SHORT: Final = 600
"""Maximum length of the server's text in an error's message, in characters."""

# A 404 for an unknown ID contains the record of the user who sent the request, which is not for a log.
# Patterns are strings: `re` compiles and caches them when the first error arrives, not when the module is imported.
_INTERNAL: Final = r"(?s),? access level in .*|,? for actor=.*|,? actor=.*"
_MARKUP: Final = r"(?i)[\s\ufeff]*<[!?a-z]"
_TITLE: Final = r"(?i)<(?:title|h1|message)\b[^<>]{0,200}>([^<]{1,300})"
_TAGS: Final = r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)|<[^<>]*>"
_TITLE_CHARS: Final = 120
_PIECE: Final = (
    r"""(?s)'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|(?P<open>['"].*)|[\[\](){},:]|[^\s\[\](){},:'"]+"""
)
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
_SECONDS: Final = r"\d{1,9}(\.\d{1,9})?"


def is_provider_error(body: object) -> bool:
    """Return whether a response passes on the error of a model's provider: Letta marks these as `llm_…`."""
    error = body.get("error") if is_object(body) else None
    return is_object(error) and str(error.get("type")).startswith("llm_")


def status_error(
    method: str,
    path: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    hint: str | None = None,
    base_url: str = "",
) -> APIStatusError:
    """Create the error for a response whose status is not a success.

    Args:
        method: HTTP method of the request.
        path: Path of the request, below `base_url`.
        status: HTTP status of the response.
        headers: Headers of the response.
        body: Body of the response, at most its first `MAX_REFUSAL` bytes.
        hint: Suggestion for the caller.
        base_url: URL of the server, which the message names if the server has no such path.

    """
    parsed = _parse(body)
    detail = _find_detail(parsed)
    if status == 404 and base_url and (not detail or str(detail).lower() == "not found"):
        hint = f"nothing is at {base_url}{path}; is base_url right, and without /v1 at its end?"
    if status == 401 and is_provider_error(parsed):
        hint = "the model's provider rejected the key that the server has for it; the key of this client is right"
    said = _detail_on_one_line(detail) or (describe_body(body)[:_SHORT] if isinstance(parsed, str) else "")
    words = f"{method} {path}: {status:03d} {_reason_phrase(status)}{': ' if said else ''}{said}"
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
    """Return the delay that the server asks for in seconds; `None` if the header is missing or malformed.

    Args:
        headers: Headers of the response.
        now: Current time in seconds since the epoch, for a header that is a date.

    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if re.fullmatch(_SECONDS, milliseconds):
        return float(milliseconds) / 1000
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(_SECONDS, text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def excerpt(body: bytes) -> str:
    """Return the beginning of a body as printable text."""
    text = printable(body[: 4 * _EXCERPT].decode("utf-8", "replace"))
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def describe_body(body: bytes) -> str:
    """Return a body for a message: the title or text of an HTML or XML page, the beginning of anything else."""
    text = body[: 16 * _EXCERPT].decode("utf-8", "replace")
    if not re.match(_MARKUP, text):
        return excerpt(body)
    title = re.search(_TITLE, text)
    words = " ".join(printable(html.unescape(title[1] if title else re.sub(_TAGS, " ", text))).split())[:_TITLE_CHARS]
    kind = "an XML page" if text.lstrip()[:5].lower() == "<?xml" else "an HTML page"
    return f"{kind} ({words})" if words else kind


def printable(text: str) -> str:
    """Return a text with characters replaced that are unsafe in a terminal or log."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "�" for char in text)


def _parse(body: bytes) -> Any:
    """Parse a body as JSON, even if its end is cut off; return an excerpt of other text, `None` for an empty body."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        pass
    if len(body) >= MAX_REFUSAL:
        try:
            return json.loads(_close_open_brackets(body.decode("utf-8", "ignore")))
        except (ValueError, RecursionError):
            pass
    return excerpt(body) or None


def _close_open_brackets(text: str) -> str:
    """Return truncated JSON, or a Python literal, with everything closed that is open; a cut string ends with `…`."""
    ends: list[str] = []
    before, kept, rest = "", 0, ""
    for token in re.finditer(_PIECE, text):
        word = token[0]
        if word in _CLOSING:
            ends.append(_CLOSING[word])
            kept = token.end()
        elif ends and word == ends[-1]:
            ends.pop()
            kept = token.end()
        elif word == ",":
            kept = token.start()
        elif word[0] in "'\"" and (before in (":", "[", "(") or (before == "," and ends and ends[-1] != "}")):
            if token["open"] is None:
                kept = token.end()
            else:
                kept, rest = token.start(), f"{_strip_partial_escape(word)}…{word[0]}"
        before = word
    return text[:kept] + rest + "".join(reversed(ends))


def _strip_partial_escape(text: str) -> str:
    escape = text.rfind("\\", max(1, len(text) - 12))  # the length of a surrogate pair
    return text if escape < 0 else text[:escape].rstrip("\\")


def _find_detail(parsed: object) -> Any:
    """Return the server's description of the error, from any of its formats; `None` if there is none."""
    if not is_object(parsed):
        return None
    error: Any = parsed.get("error")
    if is_object(error):
        error = ": ".join(str(error[key]) for key in ("message", "detail") if error.get(key))
    detail: Any = parsed.get("detail") or error or parsed.get("message")
    if isinstance(detail, str) and detail.startswith("["):
        try:  # a 422 can contain a Python list as text
            return ast.literal_eval(_close_open_brackets(detail[:-1]) if detail.endswith("…") else detail)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return detail
    return detail


def _detail_on_one_line(detail: object) -> str:
    """Return the detail on one line: each location and message of a list, or text without internal records."""
    if detail is None:
        return ""
    if is_object(detail):
        detail = detail.get("message") or detail
    if is_array(detail):
        detail = "; ".join(_describe_entry(entry) for entry in detail[:10])
    text = re.sub(_INTERNAL, "", printable(str(detail))).strip()
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _describe_entry(entry: object) -> str:
    if is_object(entry) and "msg" in entry and is_array(entry.get("loc")):
        return f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}"
    return str(entry)


def _reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(a status without a name)" if 100 <= status < 600 else "(not a status of HTTP)"
