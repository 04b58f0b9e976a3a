"""Composer of docstrings of methods, each complete in itself."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import attrs

from .declarations import Call

__all__ = ["OPTIONS", "RAISES", "docstring", "fill", "parsed", "retries", "section", "summary"]

_WIDTH = 120

OPTIONS = {
    "extra_headers": "Headers to add or replace in this request; `None` as a value removes one.",
    "extra_query": "Query parameters to add or replace in this request.",
    "extra_body": "Members to add or replace in the JSON body of this request, without validation.",
    "timeout": "Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.",
}
"""Descriptions of the parameters that every method has."""

_SWITCHED_TIMEOUT = (
    "Limit on the whole response, in a stream on its head and on each wait for data, in seconds; `None` for no limit, "
    "or a `Timeout`. Default: the client's."
)

_STREAM_TIMEOUT = (
    "Limit on the response's head and on each wait for data in seconds, `None` for no limit, or a `Timeout`. Default: "
    "the client's."
)

RAISES = {
    "InvalidArgumentError": "An argument is invalid; nothing was sent.",
    "APIStatusError": "The server responded with an error status.",
    "APIConnectionError": "No response arrived.",
    "APIResponseValidationError": "The response is not what the API promises.",
    "ClientClosedError": "The client is closed.",
}
"""What every method raises."""

_STREAM_RAISES = {
    "StreamError": "The turn failed after the stream had begun; raised while iterating, as are the errors below.",
    "APIConnectionError": "No response arrived, or the connection broke before the last event.",
    "APITimeoutError": "Nothing arrived in time.",
}


_SWITCHED_RAISES = {
    "StreamError": "In a stream, the turn failed after it had begun; raised while iterating.",
    "APIConnectionError": "No response arrived, or the connection broke before its end; in a stream raised while "
    "iterating.",
    "APITimeoutError": "Nothing arrived in time; the turn may go on.",
}

_PROPAGATION_RAISES = "With `propagate`, a conversation could not be brought up to date; the edit was made."


def summary(cls: type[Any]) -> str:
    """Return the first line of a call's description."""
    return parsed(cls).summary


def docstring(call: Call, *, waits: bool) -> str:
    """Compose the docstring of the method for a call.

    Args:
        call: The call.
        waits: The method belongs to the sync client.

    """
    about = parsed(call.cls)
    paragraphs = [_endpoint(call), *about.paragraphs]
    if call.lists:
        paragraphs.append(
            "The first page is requested at once. Iterating it fetches the others as they are needed."
            if waits
            else "Iterating with `async for` fetches the pages as they are needed; `await` returns the first one."
        )
    if call.streams:
        paragraphs.append(
            "The request is sent at once; iterate the result, or use it in a `with` statement."
            if waits
            else "The request is sent when the result is used: iterate it, use it in an `async with` statement, or "
            "`await` it for the response's head."
        )
    if call.switches:
        paragraphs.append(
            "A stream is sent at once; iterate it, or use it in a `with` statement."
            if waits
            else "`await` the result, with or without `streaming`. The request of a stream is sent when it is used: "
            "iterate it, use it in an `async with` statement, or `await` it."
        )
    if call.propagates:
        paragraphs.append(
            "With `propagate`, a `Propagation` is returned when all is done: the outcomes, and the object in `result`."
            if waits
            else "With `propagate`, `await` the result for a `Propagation`, the outcomes with the object in `result`; "
            "or iterate it with `async for`, for each `Outcome` as it completes, failures too."
        )
    options = OPTIONS
    if call.streams or call.switches:
        options = OPTIONS | {"timeout": _STREAM_TIMEOUT if call.streams else _SWITCHED_TIMEOUT}
    arguments = [*((each.name, each.description) for each in call.parameters), *options.items()]
    blocks = [about.summary, *map(fill, paragraphs), section("Args", arguments)]
    if about.returns:
        blocks.append("Returns:\n" + fill(about.returns, "    "))
    own = about.raises
    if call.streams:
        own |= _STREAM_RAISES
    if call.switches:
        own |= _SWITCHED_RAISES
    if call.propagates:
        own |= {
            "PropagationError": "With `propagate`, a conversation could not be brought up to date; the edit was made."
        }
    raises = {"InvalidArgumentError": RAISES["InvalidArgumentError"]} | own | RAISES
    blocks.append(section("Raises", raises.items()))
    return "\n\n".join(blocks)


def _endpoint(call: Call) -> str:
    request = f"`{call.http.method} {call.http.path}`."
    if call.http.method == "GET":
        return request
    return f"{request} {retries(repeatable=call.http.repeatable)}"


def retries(*, repeatable: bool) -> str:
    """Return the sentences about what is done after a failure."""
    if repeatable:
        return "Safe to repeat: retried after transient failures."
    return "Not safe to repeat: retried only when the server cannot have processed the request."


@attrs.frozen
class Description:
    """Docstring of a declaration, in its parts."""

    summary: str
    paragraphs: list[str]
    returns: str
    raises: dict[str, str]


def parsed(cls: type[Any]) -> Description:
    """Split the docstring of a declaration into its parts."""
    head, *parts = re.split(r"^(Returns|Raises):$", inspect.getdoc(cls) or "", flags=re.MULTILINE)
    line, *paragraphs = [" ".join(part.split()) for part in head.strip().split("\n\n")]
    sections = {name: " ".join(body.split()) for name, body in zip(parts[::2], parts[1::2], strict=True)}
    first, stop, rest = line.partition(". ")
    if stop:
        line, paragraphs = f"{first}.", [rest, *paragraphs]
    raises = dict(re.findall(r"(\w+): (.+?)(?= \w+(?:Error|Exception): |$)", sections.get("Raises", "")))
    return Description(line, [each for each in paragraphs if each], sections.get("Returns", ""), raises)


def section(title: str, entries: Iterable[tuple[str, str]]) -> str:
    """Return a section of a docstring: a title, and one entry per name."""
    return f"{title}:\n" + "\n".join(fill(f"{name}: {text}", "    ", "        ") for name, text in entries)


def fill(text: str, first: str = "", rest: str | None = None) -> str:
    """Wrap a paragraph of a docstring that stands in a method."""
    indent = first if rest is None else rest
    return textwrap.fill(
        text,
        _WIDTH - 8,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
