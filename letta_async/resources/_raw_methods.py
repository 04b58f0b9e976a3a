"""Objects behind `with_raw_response` and `with_streaming_response`: methods that return responses as received."""

from __future__ import annotations

import functools
from inspect import getattr_static
from types import FunctionType
from typing import Any, Final

from letta_async._facade.iteration import context_with_call_site
from letta_async._http.request import RawMode
from letta_async._utils.caller_warnings import CallSite
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import LettaError
from letta_async.resources._api_response import APIResponse
from letta_async.resources._raw_call import Capture, RawCall
from letta_async.resources._resource import AsyncResource, CallSender, Part

__all__ = ["AsyncRawMethods", "RawMethods", "raw_methods"]

_SENDING: Final = frozenset({"_send", "_pages", "_stream", "_send_or_stream", "_send_or_propagate", "_request"})
"""Methods of the base classes that send one call; a method that uses none of them makes several."""


def raw_methods(owner: Any, mode: RawMode) -> AsyncRawMethods | RawMethods:
    """Return the methods of a resource or client that return responses as they were received."""
    return AsyncRawMethods(owner, mode) if isinstance(owner, CallSender) else RawMethods(owner, mode)


class AsyncRawMethods:
    """Methods of an async resource or client, each returning a `RawCall`."""

    def __init__(self, owner: Any, mode: RawMode, name: str = "") -> None:
        """Wrap a resource or client.

        Args:
            owner: The resource or client.
            mode: How the responses are returned.
            name: Name of its class in errors. Default: its own.

        """
        self._owner = owner
        self._kind: Any = type(owner)
        self._name = name or self._kind.__name__
        self._mode: RawMode = mode

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        owner = self._owner
        if _is_part(self._kind, name):
            return AsyncRawMethods(getattr(owner, name), self._mode)
        if not _sends_one_request(self._kind, name):
            raise AttributeError(self._describe_lack(name))

        @functools.wraps(getattr(owner, name))
        def call(*args: Any, **kwargs: Any) -> RawCall[Any]:
            client = owner._client if isinstance(owner, AsyncResource) else owner  # pyright: ignore[reportPrivateUsage] - of a neighbour
            capture = Capture(client, self._mode)
            return RawCall(capture, getattr(self._owner_with(capture), name)(*args, **kwargs))

        return call

    def _owner_with(self, capture: Capture) -> Any:
        """Return a copy of the resource or client that sends its calls through `capture`."""
        copy: Any = object.__new__(self._kind)
        copy.__dict__.update(vars(self._owner))
        if isinstance(self._owner, AsyncResource):
            copy._client = capture
        else:
            copy._parent = self._owner  # which has the connections: the copy leaves them open
            copy._call, copy._prepare_stream, copy._send_raw = capture._call, capture._prepare_stream, capture._send_raw  # pyright: ignore[reportPrivateUsage] - it stands in for the client
        return copy

    def _describe_lack(self, name: str) -> str:
        """Describe that a name has no raw form, and which have."""
        kind = self._kind
        is_method = callable(getattr_static(kind, name, None))
        problem = f"{self._name}.{name} is not one request" if is_method else f"{self._name} has no {name}"
        return f"{problem}, so that there is no raw response; there are those of {', '.join(dir(self))}"

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._kind) if _is_part(self._kind, name) or _sends_one_request(self._kind, name)]

    def __repr__(self) -> str:
        return f"<the methods of {self._owner!r}, with responses as they were received>"


@functools.cache
def _is_part(kind: type[Any], name: str) -> bool:
    """Return whether an attribute is a resource."""
    return isinstance(getattr_static(kind, name, None), Part)


@functools.cache
def _sends_one_request(kind: type[Any], name: str) -> bool:
    """Return whether a method sends one request, so that there is one response."""
    methods = (vars(cls).get(name) for cls in kind.__mro__)
    return name[0] != "_" and any(
        isinstance(method, FunctionType) and not _SENDING.isdisjoint(method.__code__.co_names) for method in methods
    )


class RawMethods:
    """Methods of a sync resource or client, each returning an `APIResponse`."""

    def __init__(self, owner: Any, mode: RawMode) -> None:
        self._owner = owner
        self._mode: RawMode = mode
        self._methods = AsyncRawMethods(owner._core, mode, type(owner).__name__)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._methods, name)
        owner, portal = self._owner, self._owner._portal
        if isinstance(found, AsyncRawMethods):
            return RawMethods(getattr(owner, name), self._mode)

        @functools.wraps(getattr(owner, name))
        def call(*args: Any, **kwargs: Any) -> APIResponse[Any]:
            call_site = CallSite.current()
            try:
                response = portal.run(lambda: found(*args, **kwargs), context_with_call_site(call_site))
            except LettaError as error:
                drop_frames(error)
                raise
            except TypeError as error:
                method = f".{name}() "
                there, _, words = str(error).partition(method)
                if there != type(owner._core).__name__:
                    raise
                raise TypeError(f"{type(owner).__name__}{method}{words}") from None
            return APIResponse(response, portal, call_site)

        return call

    def __dir__(self) -> list[str]:
        return dir(self._methods)

    def __repr__(self) -> str:
        return f"<the methods of {self._owner!r}, with responses as they were received>"
