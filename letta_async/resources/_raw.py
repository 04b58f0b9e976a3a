"""Calls to paths that have no method of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypedDict, Unpack

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import guess
from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.resources._resource import options_of

__all__ = ["AsyncRawCalls", "NoArguments"]

_PARAMETERS: Final = ("path", "body", "cast_to", "extra_headers", "extra_query", "extra_body", "timeout")


class NoArguments(TypedDict):
    """No keyword argument at all."""


def _refuse(misspelt: NoArguments) -> None:
    for name in misspelt:
        raise TypeError(f"got an unexpected keyword argument {name!r}{guess(name, _PARAMETERS)}")


class AsyncRawCalls:
    """`get`, `post`, `put`, `patch` and `delete` of an async client."""

    def _send_raw(self, method: str, path: str, body: object, cast_to: Any, options: CallOptions) -> Awaitable[Any]:
        raise NotImplementedError

    async def get(
        self,
        path: str,
        *,
        cast_to: Any = object,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
        **misspelt: Unpack[NoArguments],
    ) -> Any:
        """Send a `GET` request to a path that has no method of its own.

        Safe to repeat: retried after transient failures.

        Args:
            path: Path below the base URL, such as `/v1/agents/`, without a query.
            cast_to: Type of the result: `object` for any JSON value, `str`, `dict` or `list` for exactly that, a
                class of this package such as `Block`, or `list[Block]`. Default: `object`.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters of this request.
            extra_body: Members to add to `body`, or to replace in it.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.
            **misspelt: No other argument is accepted; the `TypeError` says which parameter is meant.

        Returns:
            The decoded response, converted to `cast_to`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.
            APIResponseValidationError: The response is not JSON, or not a `cast_to`.
            ClientClosedError: The client is closed.

        """
        _refuse(misspelt)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._send_raw("GET", path, UNSET, cast_to, options)

    async def post(
        self,
        path: str,
        *,
        body: object = UNSET,
        cast_to: Any = object,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
        **misspelt: Unpack[NoArguments],
    ) -> Any:
        """Send a `POST` request to a path that has no method of its own.

        Not safe to repeat: retried only when the server cannot have processed the request.

        Args:
            path: Path below the base URL, such as `/v1/agents/`, without a query.
            body: JSON value to send. Default: no body.
            cast_to: Type of the result: `object` for any JSON value, `str`, `dict` or `list` for exactly that, a
                class of this package such as `Block`, or `list[Block]`. Default: `object`.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters of this request.
            extra_body: Members to add to `body`, or to replace in it.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.
            **misspelt: No other argument is accepted; the `TypeError` says which parameter is meant.

        Returns:
            The decoded response, converted to `cast_to`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.
            APIResponseValidationError: The response is not JSON, or not a `cast_to`.
            ClientClosedError: The client is closed.

        """
        _refuse(misspelt)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._send_raw("POST", path, body, cast_to, options)

    async def put(
        self,
        path: str,
        *,
        body: object = UNSET,
        cast_to: Any = object,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
        **misspelt: Unpack[NoArguments],
    ) -> Any:
        """Send a `PUT` request to a path that has no method of its own.

        Safe to repeat: retried after transient failures.

        Args:
            path: Path below the base URL, such as `/v1/agents/`, without a query.
            body: JSON value to send. Default: no body.
            cast_to: Type of the result: `object` for any JSON value, `str`, `dict` or `list` for exactly that, a
                class of this package such as `Block`, or `list[Block]`. Default: `object`.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters of this request.
            extra_body: Members to add to `body`, or to replace in it.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.
            **misspelt: No other argument is accepted; the `TypeError` says which parameter is meant.

        Returns:
            The decoded response, converted to `cast_to`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.
            APIResponseValidationError: The response is not JSON, or not a `cast_to`.
            ClientClosedError: The client is closed.

        """
        _refuse(misspelt)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._send_raw("PUT", path, body, cast_to, options)

    async def patch(
        self,
        path: str,
        *,
        body: object = UNSET,
        cast_to: Any = object,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
        **misspelt: Unpack[NoArguments],
    ) -> Any:
        """Send a `PATCH` request to a path that has no method of its own.

        Not safe to repeat: retried only when the server cannot have processed the request.

        Args:
            path: Path below the base URL, such as `/v1/agents/`, without a query.
            body: JSON value to send. Default: no body.
            cast_to: Type of the result: `object` for any JSON value, `str`, `dict` or `list` for exactly that, a
                class of this package such as `Block`, or `list[Block]`. Default: `object`.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters of this request.
            extra_body: Members to add to `body`, or to replace in it.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.
            **misspelt: No other argument is accepted; the `TypeError` says which parameter is meant.

        Returns:
            The decoded response, converted to `cast_to`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.
            APIResponseValidationError: The response is not JSON, or not a `cast_to`.
            ClientClosedError: The client is closed.

        """
        _refuse(misspelt)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._send_raw("PATCH", path, body, cast_to, options)

    async def delete(
        self,
        path: str,
        *,
        body: object = UNSET,
        cast_to: Any = object,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
        **misspelt: Unpack[NoArguments],
    ) -> Any:
        """Send a `DELETE` request to a path that has no method of its own.

        Safe to repeat: retried after transient failures.

        Args:
            path: Path below the base URL, such as `/v1/agents/`, without a query.
            body: JSON value to send. Default: no body.
            cast_to: Type of the result: `object` for any JSON value, `str`, `dict` or `list` for exactly that, a
                class of this package such as `Block`, or `list[Block]`. Default: `object`.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters of this request.
            extra_body: Members to add to `body`, or to replace in it.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.
            **misspelt: No other argument is accepted; the `TypeError` says which parameter is meant.

        Returns:
            The decoded response, converted to `cast_to`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.
            APIResponseValidationError: The response is not JSON, or not a `cast_to`.
            ClientClosedError: The client is closed.

        """
        _refuse(misspelt)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._send_raw("DELETE", path, body, cast_to, options)
