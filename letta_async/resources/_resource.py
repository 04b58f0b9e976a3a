"""Base class of the async resources, and the descriptor that makes a resource an attribute of a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from letta_async._http.request import NO_OPTIONS, CallOptions, RawMode, Request
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import Timeout
from letta_async.errors import Attempt, LettaError
from letta_async.operations._operation import Operation
from letta_async.resources._paging import AsyncPaginator

if TYPE_CHECKING:
    from letta_async._http.resumption import EventReader
    from letta_async._http.statistics import ClientStats
    from letta_async.instrumentation import Instrumentation
    from letta_async.operations._listing import Listing
    from letta_async.operations._streaming import EventOperation, OptionalStreamOperation
    from letta_async.resources._propagation import AsyncPropagation
    from letta_async.resources._stream import AsyncStream

__all__ = ["AsyncResource", "CallSender", "Part", "RawAccess", "Sender", "given", "options_of"]

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Made = TypeVar("Made")


class Sender(Protocol):
    """Protocol of the client that a resource sends calls with."""

    def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Awaitable[Answer]: ...

    def _edit_and_propagate(
        self, operation: type[Operation[Answer]], parameters: Mapping[str, object], options: CallOptions
    ) -> AsyncPropagation[Answer]: ...

    def _prepare_stream(
        self, operation: type[Operation[Any]], parameters: Mapping[str, object], options: CallOptions
    ) -> tuple[Request, Callable[[], Awaitable[EventReader]]]: ...

    @property
    def base_url(self) -> str:
        """URL of the server."""
        ...

    @property
    def instrumentation(self) -> tuple[Instrumentation, ...]:
        """Instrumentation that is notified of the calls."""
        ...

    @property
    def stats(self) -> ClientStats:
        """Statistics of the limiters and retries."""
        ...


class RawAccess:
    """Descriptor of `with_raw_response` and `with_streaming_response`, whose code is imported on first use.

    On the class, it returns the class itself, so that `unittest.mock.create_autospec` finds the methods.
    """

    def __init__(self, mode: RawMode) -> None:
        self._mode: RawMode = mode

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if instance is None:
            return owner
        from letta_async.resources._raw_methods import raw_methods  # noqa: PLC0415 - imported by those that ask for it

        return raw_methods(instance, self._mode)


class CallSender:
    """Base class of what has methods that send calls: the resources of an async client, and the client itself."""

    if not TYPE_CHECKING:  # each class declares a type of its own
        with_raw_response = RawAccess("read")
        with_streaming_response = RawAccess("stream")

    def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Awaitable[Answer]:
        raise NotImplementedError

    def _send(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Awaitable[Answer]:
        """Send a call; parameters that are `UNSET` are left out."""
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        try:
            return self._call(operation, given(parameters), options)
        except LettaError as error:
            drop_frames(error)
            raise


class AsyncResource(CallSender):
    """Base class of the resources of an async client, such as `client.agents`."""

    def __init__(self, client: Sender) -> None:
        self._client = client

    def _make_part(self, kind: Any, name: str) -> Any:
        del name
        return kind(self._client)

    def _stream(
        self,
        operation: type[EventOperation[Any]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncStream[Any]:
        """Create the stream of a call; parameters that are `UNSET` are left out."""
        from letta_async.resources._stream import AsyncStream  # noqa: PLC0415 - imported by those that stream

        options = options_of(extra_headers, extra_query, extra_body, timeout)
        try:
            request, connect = self._client._prepare_stream(operation, given(parameters), options)  # pyright: ignore[reportPrivateUsage] - not for users
        except LettaError as error:
            drop_frames(error)
            raise
        return AsyncStream(connect, f"{request.method} {request.path}")

    def _send_or_stream(
        self,
        operation: type[OptionalStreamOperation[Answer]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Coroutine[Any, Any, Answer] | AsyncStream[Any]:
        """Create the stream of a call, or a coroutine that sends the call, as its parameter `streaming` says."""
        if operation.streams_with(parameters["streaming"]):
            return self._stream(
                operation.streamed_by or operation, parameters, extra_headers, extra_query, extra_body, timeout
            )
        return self._begin(operation, parameters, extra_headers, extra_query, extra_body, timeout)

    def _send_or_propagate(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Coroutine[Any, Any, Answer] | AsyncPropagation[Answer]:
        """Create a coroutine that sends a call, or the propagation of the edit, as its parameter `propagate` says."""
        if parameters["propagate"] is UNSET or parameters["propagate"] is False:
            return self._begin(operation, parameters, extra_headers, extra_query, extra_body, timeout)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        try:
            return self._client._edit_and_propagate(operation, given(parameters), options)  # pyright: ignore[reportPrivateUsage] - not for users
        except LettaError as error:
            drop_frames(error)
            raise

    async def _begin(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Answer:
        """Send a call; parameters that are `UNSET` are left out."""
        try:
            return await self._send(operation, parameters, extra_headers, extra_query, extra_body, timeout)
        except LettaError as error:
            drop_frames(error)
            raise

    def _pages(
        self,
        listing: type[Listing[Item]],
        parameters: Mapping[str, object],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> AsyncPaginator[Item]:
        """Create the paginator of a call that lists; parameters that are `UNSET` are left out."""
        try:
            return self._list(listing, given(parameters), options_of(extra_headers, extra_query, extra_body, timeout))
        except LettaError as error:
            drop_frames(error)
            raise

    def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Awaitable[Answer]:
        return self._client._call(operation, parameters, options, attempts)  # pyright: ignore[reportPrivateUsage] - not for users

    def _list(
        self, listing: type[Listing[Item]], parameters: Mapping[str, object], options: CallOptions
    ) -> AsyncPaginator[Item]:
        async def fetch(page: Listing[Item]) -> list[Item]:
            return await self._client._call(listing, page.given(), options)  # pyright: ignore[reportPrivateUsage] - not for users

        return AsyncPaginator(fetch, listing, given(parameters))


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
    """Protocol of an object with `Part` attributes: a client, or a resource with resources of its own."""

    def _make_part(self, kind: Any, name: str) -> Any: ...


class Part(Generic[Made]):
    """Descriptor of a resource, which is imported and created on first use and stored in the instance's `__dict__`.

    On the class, it returns the resource's class, so that `unittest.mock.create_autospec` finds the methods.
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
