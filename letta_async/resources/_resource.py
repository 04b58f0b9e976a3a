"""What every resource has: a way to send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypedDict, TypeVar

import attrs

from letta_async._protocol import CallOptions
from letta_async._transport import ClientStats
from letta_async._unset import Unset
from letta_async.config import Timeout
from letta_async.errors import Attempt
from letta_async.models._listing import Listing
from letta_async.models._operation import Operation
from letta_async.resources._paging import AsyncPaginator

__all__ = ["RequestOptions", "Resource", "Sender", "parted"]

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class RequestOptions(TypedDict, total=False):
    """What every method takes beside its own parameters."""

    extra_headers: Mapping[str, str | None] | None
    """Headers that go over the client's; `None` as a value takes one away."""
    extra_query: Mapping[str, object] | None
    """Query parameters that go over the method's."""
    extra_body: Mapping[str, object] | None
    """Fields of the body that go over the method's, unchecked."""
    timeout: float | Timeout | Unset | None
    """Seconds for one try, `None` for no bound, or a `Timeout`; left out, the client's."""


class Sender(Protocol):
    """What a resource needs of a client."""

    async def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Answer: ...

    @property
    def base_url(self) -> str:
        """Where the server is."""
        ...

    @property
    def stats(self) -> ClientStats:
        """How things stand with it."""
        ...


class Resource:
    """A part of the API, as an attribute of a client."""

    def __init__(self, client: Sender) -> None:
        self._client = client

    async def _send(self, operation: type[Operation[Answer]], given: Mapping[str, Any]) -> Answer:
        """Make the call that a method is for.

        Args:
            operation: The call; its fields are the method's parameters.
            given: What the method was given: its `locals()`, before it makes any of its own.

        """
        parameters, options = parted(operation, given)
        return await self._client._call(operation, parameters, options)  # pyright: ignore[reportPrivateUsage]

    def _pages(self, listing: type[Listing[Item]], given: Mapping[str, Any]) -> AsyncPaginator[Item]:
        """Make the list that a method is for; as `_send`."""
        parameters, options = parted(listing, given)

        async def fetch(page: Listing[Item]) -> list[Item]:
            return await self._client._call(listing, page.given(), options)  # pyright: ignore[reportPrivateUsage]

        return AsyncPaginator(fetch, listing, parameters)


def parted(operation: type[Operation[Any]], given: Mapping[str, Any]) -> tuple[dict[str, object], CallOptions]:
    """Part what a method was given: the call's parameters, and the options that every method takes.

    Raises:
        TypeError: something is neither.

    """
    rest = {**given, **given.get("options", {})}
    options = {name: rest.pop(name) for name in _OPTIONS if name in rest}
    parameters = {field.name: rest.pop(field.name) for field in attrs.fields(operation) if field.name in rest}
    for name in rest.keys() - {"self", "options"}:
        raise TypeError(f"got an unexpected keyword argument {name!r}")
    return parameters, CallOptions(**options)


_OPTIONS: Final = tuple(RequestOptions.__annotations__)
