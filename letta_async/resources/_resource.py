"""What every resource has: a way to send."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Generic, Protocol, TypedDict, TypeVar, overload

from letta_async._protocol import NO_OPTIONS, CallOptions
from letta_async._transport import ClientStats
from letta_async._unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.errors import Attempt
from letta_async.models._listing import Listing
from letta_async.models._operation import Operation
from letta_async.resources._paging import AsyncPaginator

__all__ = ["Part", "RequestOptions", "Resource", "Sender", "forget_parts", "parted"]

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Made = TypeVar("Made")


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


class Whole(Protocol):
    """What has parts: a client, or a resource with resources below it."""

    def _make_part(self, kind: Any, name: str) -> Any: ...


class Part(Generic[Made]):
    """A resource as an attribute: made when it is first asked for, from then on in the instance's `__dict__`.

    Asked of the class, it is the resource's class, in which `unittest.mock.create_autospec` finds the methods.
    """

    def __init__(self, kind: type[Made]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> type[Made]: ...
    @overload
    def __get__(self, instance: Whole, owner: type[Any]) -> Made: ...
    def __get__(self, instance: Whole | None, owner: type[Any]) -> Any:
        if instance is None:
            return self._kind
        made = vars(instance)[self._name] = instance._make_part(self._kind, self._name)  # pyright: ignore[reportPrivateUsage] - not for users
        return made


def forget_parts(whole: object) -> None:
    """Drop the parts made so far: those of a copied `__dict__` belong to the original."""
    for cls in type(whole).__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, Part):
                vars(whole).pop(name, None)


class Resource:
    """A part of the API, as an attribute of a client."""

    def __init__(self, client: Sender) -> None:
        self._client = client

    def _make_part(self, kind: Any, name: str) -> Any:
        del name
        return kind(self._client)

    def _send(self, operation: type[Operation[Answer]], given: Mapping[str, Any]) -> Awaitable[Answer]:
        """Make the call that a method is for.

        Args:
            operation: The call; its fields are the method's parameters.
            given: What the method was given: its `locals()`, before it makes any of its own.

        """
        return self._client._call(operation, *parted(operation, given))  # pyright: ignore[reportPrivateUsage] - not for users

    def _pages(self, listing: type[Listing[Item]], given: Mapping[str, Any]) -> AsyncPaginator[Item]:
        """Make the list that a method is for; as `_send`."""
        parameters, options = parted(listing, given)

        async def fetch(page: Listing[Item]) -> list[Item]:
            return await self._client._call(listing, page.given(), options)  # pyright: ignore[reportPrivateUsage] - not for users

        return AsyncPaginator(fetch, listing, parameters)


def parted(operation: type[Operation[Any]], given: Mapping[str, Any]) -> tuple[dict[str, object], CallOptions]:
    """Part what a method was given: the call's parameters, without what is `UNSET`, and the options of every method.

    Raises:
        TypeError: something is neither.

    """
    parameters = {name: given[name] for name in operation.places if given.get(name, UNSET) is not UNSET}
    options = given.get("options")
    if not options:
        return parameters, NO_OPTIONS
    for name in options.keys() - RequestOptions.__annotations__.keys():
        raise TypeError(f"got an unexpected keyword argument {name!r}")
    return parameters, CallOptions(**options)
