"""Base class of the methods `get`, `post`, `put`, `patch` and `delete`, which send a request to any path."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypedDict

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import guess
from letta_async._schema.unset import Unset
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import Timeout
from letta_async.errors import LettaError
from letta_async.resources._resource import CallSender, options_of

__all__ = ["NoArguments", "RawSender"]

_PARAMETERS: Final = ("path", "body", "cast_to", "extra_headers", "extra_query", "extra_body", "timeout")


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
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
        misspelt: NoArguments,
    ) -> Awaitable[Any]:
        """Send a request; the parameters are those of the method."""
        for name in misspelt:
            raise TypeError(f"got an unexpected keyword argument {name!r}{guess(name, _PARAMETERS)}")
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        try:
            return self._send_raw(method, path, body, cast_to, options)
        except LettaError as error:
            drop_frames(error)
            raise
