"""Base class of the methods `get`, `post`, `put`, `patch` and `delete`, which send a request to any path."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypedDict

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import guess, is_object, show
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import Timeout
from letta_async.errors import ArgumentProblem, InvalidArgumentError, LettaError
from letta_async.resources._resource import CallSender, options_of

__all__ = ["NoArguments", "RawSender"]

_PARAMETERS: Final = ("path", "body", "cast_to", "options", "extra_headers", "extra_query", "extra_body", "timeout")
_OPTIONS: Final = {
    "headers": "extra_headers",
    "params": "extra_query",
    "extra_json": "extra_body",
    "timeout": "timeout",
}
"""Parameter that each of the `options` of the official client stands for."""


class NoArguments(TypedDict):
    """No keyword argument at all."""


class RawSender(CallSender):
    """Sender of requests that no operation describes."""

    def _send_raw(self, method: str, path: str, body: object, cast_to: Any, options: CallOptions) -> Awaitable[Any]:
        raise NotImplementedError

    def _request(
        self,
        method: str,
        path: str,
        body: object,
        cast_to: Any,
        options: Mapping[str, object] | None,
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
        misspelt: NoArguments,
    ) -> Awaitable[Any]:
        """Send a request; the parameters are those of the method."""
        for name in misspelt:
            raise TypeError(f"got an unexpected keyword argument {name!r}{guess(name, _PARAMETERS)}")
        given = {
            "extra_headers": extra_headers,
            "extra_query": extra_query,
            "extra_body": extra_body,
            "timeout": timeout,
        }
        try:
            chosen = options_of(**_with_options(given, options))
            return self._send_raw(method, path, body, cast_to, chosen)
        except LettaError as error:
            drop_frames(error)
            raise


def _with_options(given: dict[str, Any], options: object) -> dict[str, Any]:
    """Return the parameters of a method with those that `options` names, which do not replace others.

    Raises:
        InvalidArgumentError: `options` is not a mapping of the official client's options, or one is given twice.

    """
    if options is None:
        return given
    if not is_object(options):
        raise InvalidArgumentError([ArgumentProblem("options", f"{show(options)} is not a mapping")])
    problems: list[ArgumentProblem] = []
    for name, value in options.items():
        parameter = _OPTIONS.get(str(name))
        if parameter is None:
            problem = f"is not an option of a request; allowed: {', '.join(_OPTIONS)}"
            problems.append(ArgumentProblem(f"options.{name}", problem))
        elif given[parameter] is not (UNSET if parameter == "timeout" else None):
            problems.append(ArgumentProblem(f"options.{name}", f"excludes {parameter}"))
        else:
            given[parameter] = value
    if problems:
        raise InvalidArgumentError(problems)
    return given
