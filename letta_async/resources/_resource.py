"""What every resource has: a way to send."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Protocol, TypedDict, TypeVar

from letta_async._frames import drop_frames
from letta_async._json import guess
from letta_async._protocol import NO_OPTIONS, CallOptions
from letta_async._transport import ClientStats
from letta_async._unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.errors import Attempt, LettaError
from letta_async.models._listing import Listing
from letta_async.models._operation import Operation
from letta_async.resources._paging import AsyncPaginator

__all__ = ["RequestOptions", "Resource", "Sender", "call_options", "parted"]

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

    def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Awaitable[Answer]: ...

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

    def _send(self, operation: type[Operation[Answer]], given: Mapping[str, Any]) -> Awaitable[Answer]:
        """Make the call that a method is for.

        Args:
            operation: The call; its fields are the method's parameters.
            given: What the method was given: its `locals()`, before it makes any of its own.

        """
        try:
            return self._client._call(operation, *parted(operation, given))  # pyright: ignore[reportPrivateUsage] - not for users
        except LettaError as error:
            drop_frames(error)
            raise

    def _pages(self, listing: type[Listing[Item]], given: Mapping[str, Any]) -> AsyncPaginator[Item]:
        """Make the list that a method is for; as `_send`."""
        parameters, options = parted(listing, given)

        async def fetch(page: Listing[Item]) -> list[Item]:
            return await self._client._call(listing, page.given(), options)  # pyright: ignore[reportPrivateUsage] - not for users

        try:
            return AsyncPaginator(fetch, listing, parameters)
        except LettaError as error:
            drop_frames(error)
            raise


def parted(operation: type[Operation[Any]], given: Mapping[str, Any]) -> tuple[dict[str, object], CallOptions]:
    """Part what a method was given: the call's parameters, without what is `UNSET`, and the options of every method.

    Raises:
        TypeError: something is neither.

    """
    parameters = {name: given[name] for name in operation.places if given.get(name, UNSET) is not UNSET}
    options = given.get("options")
    return parameters, call_options(options, given.keys() - {"self", "options"}) if options else NO_OPTIONS


def call_options(options: Mapping[str, Any], parameters: Iterable[str]) -> CallOptions:
    """Return the options of a call from what a method was given beside its parameters.

    Args:
        options: What it was given, by name.
        parameters: Names of its own parameters, for the message.

    Raises:
        TypeError: one is not known; the message names what it is like.

    """
    for name in options.keys() - RequestOptions.__annotations__.keys():
        known = [*RequestOptions.__annotations__, *parameters]
        raise TypeError(f"got an unexpected keyword argument {name!r}{guess(name, known)}")
    return CallOptions(**options)
