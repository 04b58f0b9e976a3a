"""The base of every resource: how it sends a call, and how it becomes an attribute of a client."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from importlib import import_module
from typing import Any, Generic, Protocol, TypedDict, TypeVar, overload

import attrs

from letta_async._http.request import NO_OPTIONS, CallOptions
from letta_async._http.transport import ClientStats
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import Timeout
from letta_async.errors import Attempt, LettaError
from letta_async.operations._listing import Listing
from letta_async.operations._operation import Operation
from letta_async.resources._paging import AsyncPaginator

__all__ = ["AsyncResource", "Part", "Sender", "given", "options_of"]

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Made = TypeVar("Made")


class Sender(Protocol):
    """What a resource needs of a client."""

    def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Awaitable[Answer]: ...

    @property
    def base_url(self) -> str:
        """URL of the server."""
        ...

    @property
    def stats(self) -> ClientStats:
        """State of the limiter and the retries."""
        ...


class AsyncResource:
    """A part of the API, as an attribute of an async client."""

    def __init__(self, client: Sender) -> None:
        self._client = client

    def _make_part(self, kind: Any, name: str) -> Any:
        del name
        return kind(self._client)

    def _send(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Awaitable[Answer]:
        """Send a call; parameters that are `UNSET` are left out."""
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        try:
            return self._client._call(operation, given(parameters), options)  # pyright: ignore[reportPrivateUsage] - not for users
        except LettaError as error:
            drop_frames(error)
            raise

    def _pages(
        self,
        listing: type[Listing[Item]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncPaginator[Item]:
        """Create the paginator of a call that lists."""
        options = options_of(extra_headers, extra_query, extra_body, timeout)

        async def fetch(page: Listing[Item]) -> list[Item]:
            return await self._client._call(listing, page.given(), options)  # pyright: ignore[reportPrivateUsage] - not for users

        try:
            return AsyncPaginator(fetch, listing, given(parameters))
        except LettaError as error:
            drop_frames(error)
            raise


def given(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that are not `UNSET`."""
    return {name: value for name, value in parameters.items() if value is not UNSET}


def options_of(
    extra_headers: Mapping[str, str | None] | None,
    extra_query: Mapping[str, object] | None,
    extra_body: Mapping[str, object] | None,
    timeout: float | Timeout | Unset | None,
) -> CallOptions:
    """Return the options of a call; one shared object when none was given."""
    if extra_headers is None and extra_query is None and extra_body is None and timeout is UNSET:
        return NO_OPTIONS
    return CallOptions(extra_headers=extra_headers, extra_query=extra_query, extra_body=extra_body, timeout=timeout)


class PartOwner(Protocol):
    """What has parts: a client, or a resource with resources below it."""

    def _make_part(self, kind: Any, name: str) -> Any: ...


class Part(Generic[Made]):
    """A resource as an attribute: imported and created on first use, from then on in the instance's `__dict__`.

    On the class it is the resource's class, in which `unittest.mock.create_autospec` finds the methods.
    """

    def __init__(self, module: str, kind: str) -> None:
        self._module = module
        self._kind = kind

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> type[Made]: ...
    @overload
    def __get__(self, instance: PartOwner, owner: type[Any]) -> Made: ...
    def __get__(self, instance: PartOwner | None, owner: type[Any]) -> Any:
        kind = getattr(import_module(self._module), self._kind)
        if instance is None:
            return kind
        made = vars(instance)[self._name] = instance._make_part(kind, self._name)  # pyright: ignore[reportPrivateUsage] - not for users
        return made


class RequestOptions(TypedDict, total=False):
    """What every method takes beside its own parameters."""

    extra_headers: Mapping[str, str | None] | None
    """Headers to add or replace in the request; `None` as a value removes one."""
    extra_query: Mapping[str, object] | None
    """Query parameters to add or replace in the request."""
    extra_body: Mapping[str, object] | None
    """Members to add or replace in the JSON body of the request, without validation."""
    timeout: float | Timeout | Unset | None
    """Limit on one attempt in seconds, `None` for no limit, or a `Timeout`; left out, the client's."""


def split_arguments(
    operation: type[Operation[Any]], arguments: Mapping[str, Any]
) -> tuple[dict[str, object], CallOptions]:
    """Part what a method was given: the call's parameters, without what is `UNSET`, and the options of every method.

    Raises:
        TypeError: something is neither.

    """
    names = [field.name for field in attrs.fields(operation)]
    parameters = {name: arguments[name] for name in names if arguments.get(name, UNSET) is not UNSET}
    options = arguments.get("options")
    if not options:
        return parameters, NO_OPTIONS
    for name in options.keys() - RequestOptions.__annotations__.keys():
        raise TypeError(f"got an unexpected keyword argument {name!r}")
    return parameters, CallOptions(**options)
