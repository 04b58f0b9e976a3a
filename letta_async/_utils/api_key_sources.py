"""Sources of API keys that change during the life of a client: a callable, or a file."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from contextvars import ContextVar
from copy import copy
from typing import Final, NamedTuple, TypeVar

from letta_async._utils.secret_strings import Secret, mask
from letta_async._utils.text_files import UnreadableTextError, read_text
from letta_async._utils.threads import iterate_in_thread
from letta_async.errors import APIKeyError, ArgumentProblem, InvalidArgumentError

__all__ = ["KEY_PLACEHOLDER", "CallableKeySource", "FileKeySource", "IssuedKey", "KeySource", "api_key_problems"]

T = TypeVar("T")

KEY_PLACEHOLDER: Final = Secret("Bearer \0")
"""Placeholder in the `Authorization` header of a request whose key is inserted when it is sent; never a valid value."""


def api_key_problems(key: object, path: str = "api_key") -> Iterable[ArgumentProblem]:
    """Yield the problem of a key that cannot be sent, without showing the key."""
    if key is None:
        return
    if not isinstance(key, str) or not key.strip():
        yield ArgumentProblem(path, "empty, or not a string; leave it out to send none")
    elif not all("!" <= char <= "~" for char in key):
        problem = "white space at an end" if key != key.strip() else "a character that is not printable ASCII"
        yield ArgumentProblem(path, f"has {problem}; keys are printable ASCII without spaces")


class IssuedKey(NamedTuple):
    """An API key with the number of renewals before it was issued."""

    key: Secret
    renewals: int


class KeySource:
    """Base class of sources of API keys; renews a refused key once for all calls of a client."""

    def __init__(self) -> None:
        self._renewals = 0
        self._renewed: tuple[Secret, Secret | APIKeyError] | None = None
        """The key that was refused last, and its replacement."""
        self._lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    @property
    def current(self) -> Secret | None:
        """The current key; `None` if keys are only issued per attempt."""
        return None

    async def get(self) -> IssuedKey:
        """Return the key for an attempt.

        Raises:
            APIKeyError: The source has no key that can be sent.

        """
        raise NotImplementedError

    async def _fetch(self) -> Secret:
        """Return the key that is valid now, from its source."""
        raise NotImplementedError

    def replacement_of(self, ticket: IssuedKey) -> IssuedKey | None:
        """Return the key that has replaced this one since it was issued; `None` if it was not replaced."""
        if self._renewals == ticket.renewals or self._renewed is None or self._renewed[0] != ticket.key:
            return None
        new = self._renewed[1]
        return None if isinstance(new, APIKeyError) or new == ticket.key else IssuedKey(new, self._renewals)

    async def renew(self, refused: IssuedKey) -> IssuedKey | None:
        """Return another key after a server refused one; `None` when the source has no other.

        The source is asked once for all calls that were refused with the same key.

        Raises:
            APIKeyError: The source has no key that can be sent.

        """
        async with self._lock_of_running_loop():
            if self._renewals == refused.renewals or self._renewed is None or self._renewed[0] != refused.key:
                try:
                    new: Secret | APIKeyError = await self._fetch()
                except APIKeyError as error:
                    new = error
                self._renewed = (refused.key, new)
                self._renewals += 1
            new = self._renewed[1]
            if isinstance(new, APIKeyError):
                raise copy(new) from new.__cause__
            return None if new == refused.key else IssuedKey(new, self._renewals)

    def _lock_of_running_loop(self) -> asyncio.Lock:
        """Return the lock that belongs to the running loop; create it for a new loop, as in a forked child."""
        loop = asyncio.get_running_loop()
        if self._lock is None or self._lock[0] is not loop:
            self._lock = (loop, asyncio.Lock())
        return self._lock[1]


class FileKeySource(KeySource):
    """Source that reads the key from a file when it is created, and again after a server refused the key."""

    def __init__(self, path: str | os.PathLike[str], argument: str = "api_key_file") -> None:
        """Read the key from the file.

        Args:
            path: Path of the file.
            argument: Name of the argument or environment variable with the path, for errors.

        Raises:
            InvalidArgumentError: The file cannot be read, or contains no key.

        """
        super().__init__()
        try:
            self._path = os.fsdecode(path)
        except TypeError:
            raise InvalidArgumentError([ArgumentProblem(argument, f"{path!r} is not a path")]) from None
        self._key, problem = self._read_file()
        if problem:
            raise InvalidArgumentError([ArgumentProblem(argument, problem)])

    def __repr__(self) -> str:
        return f"the key file {self._path!r}"

    @property
    def current(self) -> Secret:
        return self._key

    async def get(self) -> IssuedKey:
        return IssuedKey(self._key, self._renewals)

    async def _fetch(self) -> Secret:
        key, problem = await _run_in_thread(self._read_file)
        if problem:
            raise APIKeyError(f"the key file {problem}")
        self._key = key
        return key

    def _read_file(self) -> tuple[Secret, str]:
        """Return the key in the file and a description of what is wrong with the file; one of both is empty."""
        try:
            key = mask(read_text(self._path).strip())
        except UnreadableTextError as error:
            return Secret(), f"{self._path!r} cannot be read: {error}"
        if not key:
            return Secret(), f"{self._path!r} is empty"
        problem = next((f"{self._path!r} {fault.problem}" for fault in api_key_problems(key)), "")
        return Secret() if problem else key, problem


class CallableKeySource(KeySource):
    """Source that calls a function for the key of each attempt, one call at a time."""

    def __init__(self, function: Callable[[], str | Awaitable[str]], *, on_thread: bool) -> None:
        """Create a source from a callable.

        Args:
            function: Returns a key, or an awaitable of one.
            on_thread: Call the function on its own thread, where it may block.

        """
        super().__init__()
        self._function = function
        self._on_thread = on_thread

    def __repr__(self) -> str:
        name = getattr(self._function, "__qualname__", type(self._function).__qualname__)
        return f"the callable {name} given as api_key"

    async def get(self) -> IssuedKey:
        async with self._lock_of_running_loop():
            return IssuedKey(await self._fetch(), self._renewals)

    def _lock_of_running_loop(self) -> asyncio.Lock:
        if self in _active_sources.get():
            raise APIKeyError(f"{self!r} makes a call on the client that waits for the key; let it use another one")
        return super()._lock_of_running_loop()

    async def _fetch(self) -> Secret:
        token = _active_sources.set((*_active_sources.get(), self))
        try:
            key: object = await _run_in_thread(self._function) if self._on_thread else self._function()
            key = mask(await key if inspect.isawaitable(key) else key)
        except Exception as error:
            raise APIKeyError(f"{self!r} raised {type(error).__name__}: {error}") from error
        finally:
            _active_sources.reset(token)
        problem = "it is None" if key is None else "".join(fault.problem for fault in api_key_problems(key))
        if problem or not isinstance(key, Secret):
            del key  # it may be a real key, and a traceback may show locals
            raise APIKeyError(f"what {self!r} returned cannot be sent: {problem}")
        return key


_active_sources: Final[ContextVar[tuple[KeySource, ...]]] = ContextVar("letta_async_active_key_sources", default=())
"""Sources whose callables are running in this context."""


async def _run_in_thread(function: Callable[[], T]) -> T:
    """Call a function on a new thread, where it may block, even on this event loop or on a full thread pool."""

    def call() -> Iterable[T]:
        yield function()

    async with aclosing(iterate_in_thread(iter(call()))) as results:
        return await anext(results)
