"""Types of the methods that return responses as they were received; for type checkers alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from letta_async.resources._api_response import APIResponse
from letta_async.resources._paging import AsyncPage, AsyncPaginator
from letta_async.resources._raw_call import RawCall
from letta_async.resources._stream import AsyncStream

__all__ = ["AsyncRawMethod", "RawMethod", "async_raw", "raw"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Item = TypeVar("Item")
Event = TypeVar("Event")


class AsyncRawMethod(Generic[P, R_co]):
    """Type of a method of an async resource, with the parameters of the method that it stands for."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> RawCall[R_co]:
        raise NotImplementedError


class RawMethod(Generic[P, R_co]):
    """Type of a method of a sync resource, with the parameters of the method that it stands for."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> APIResponse[R_co]:
        raise NotImplementedError


@overload
def async_raw(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> AsyncRawMethod[P, R]: ...
@overload
def async_raw(method: Callable[Concatenate[Any, P], AsyncPaginator[Item]]) -> AsyncRawMethod[P, AsyncPage[Item]]: ...
@overload
def async_raw(method: Callable[Concatenate[Any, P], AsyncStream[Event]]) -> AsyncRawMethod[P, AsyncStream[Event]]: ...
def async_raw(method: Any) -> Any:
    """Declare a method of an async resource with its response as it was received; for type checkers alone."""
    raise NotImplementedError


def raw(method: Callable[Concatenate[Any, P], R]) -> RawMethod[P, R]:
    """Declare a method of a sync resource with its response as it was received; for type checkers alone."""
    raise NotImplementedError
