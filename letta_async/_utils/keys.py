"""API keys that change while a client lives: a callable that is asked for them, or a file that is read again."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from contextvars import ContextVar
from copy import copy
from typing import Final, NamedTuple, TypeVar

from letta_async._utils.secrets import Secret, mask
from letta_async._utils.text import UnreadableTextError, read_text
from letta_async._utils.threads import iterate_in_thread
from letta_async.errors import APIKeyError, ArgumentProblem, InvalidArgumentError

__all__ = ["LATER", "CallableKeySource", "FileKeySource", "IssuedKey", "Keys", "key_faults"]

T = TypeVar("T")

LATER: Final = Secret("Bearer \0")
"""The `Authorization` of a request whose key is put in when it is sent; no caller can have set it to this."""


def key_faults(key: object, path: str = "api_key") -> Iterable[ArgumentProblem]:
    """Find why a key cannot be sent, without showing it."""
    if key is None:
        return
    if not isinstance(key, str) or not key.strip():
        yield ArgumentProblem(path, "empty, or not a string; leave it out to send none")
    elif not all("!" <= char <= "~" for char in key):
        problem = "white space at an end" if key != key.strip() else "a character that is not printable ASCII"
        yield ArgumentProblem(path, f"has {problem}; keys are printable ASCII without spaces")


class IssuedKey(NamedTuple):
    """A key, and how many renewals there had been when it was got."""

    key: Secret
    renewals: int


class Keys:
    """Where the keys of a client come from, one renewal at a time for all of its calls."""

    def __init__(self) -> None:
        self._renewals = 0
        self._renewed: tuple[Secret, Secret | APIKeyError] | None = None
        """The key that was refused last, and what took its place."""
        self._lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    @property
    def known(self) -> Secret | None:
        """The key to show of the client; `None` where there is none but for each attempt."""
        return None

    async def ask(self) -> IssuedKey:
        """Return the key for an attempt.

        Raises:
            APIKeyError: there is none that can be sent.

        """
        raise NotImplementedError

    async def _fetch(self) -> Secret:
        """Return the key that holds now, from its source."""
        raise NotImplementedError

    def newer(self, ticket: IssuedKey) -> IssuedKey | None:
        """Return the key that took the place of this one since it was got; `None` when none did."""
        if self._renewals == ticket.renewals or self._renewed is None or self._renewed[0] != ticket.key:
            return None
        new = self._renewed[1]
        return None if isinstance(new, APIKeyError) or new == ticket.key else IssuedKey(new, self._renewals)

    async def renew(self, refused: IssuedKey) -> IssuedKey | None:
        """Return another key after a server refused one; `None` when the source has no other.

        However many calls were refused with the same key, the source is asked once for all of them.

        Raises:
            APIKeyError: the source has none that can be sent.

        """
        async with self._one_at_a_time():
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

    def _one_at_a_time(self) -> asyncio.Lock:
        """Find the lock of the running loop, or make it: in a forked child, or a second loop, it is another."""
        loop = asyncio.get_running_loop()
        if self._lock is None or self._lock[0] is not loop:
            self._lock = (loop, asyncio.Lock())
        return self._lock[1]


class FileKeySource(Keys):
    """The key in a file, which is read when the client is made and again after a server refused what was in it."""

    def __init__(self, path: str | os.PathLike[str], argument: str = "api_key_file") -> None:
        """Read the file.

        Args:
            path: Where it is.
            argument: What the path was given as.

        Raises:
            InvalidArgumentError: the file cannot be read, or has no key in it.

        """
        super().__init__()
        try:
            self._path = os.fsdecode(path)
        except TypeError:
            raise InvalidArgumentError([ArgumentProblem(argument, f"{path!r} is not a path")]) from None
        self._key, problem = self._read()
        if problem:
            raise InvalidArgumentError([ArgumentProblem(argument, problem)])

    def __repr__(self) -> str:
        return f"the key file {self._path!r}"

    @property
    def known(self) -> Secret:
        return self._key

    async def ask(self) -> IssuedKey:
        return IssuedKey(self._key, self._renewals)

    async def _fetch(self) -> Secret:
        key, problem = await _on_a_thread(self._read)
        if problem:
            raise APIKeyError(f"the key file {problem}")
        self._key = key
        return key

    def _read(self) -> tuple[Secret, str]:
        """Read the key, or say what is wrong with the file; one of both is empty."""
        try:
            key = mask(read_text(self._path).strip())
        except UnreadableTextError as error:
            return Secret(), f"{self._path!r} cannot be read: {error}"
        if not key:
            return Secret(), f"{self._path!r} is empty"
        problem = next((f"{self._path!r} {fault.problem}" for fault in key_faults(key)), "")
        return Secret() if problem else key, problem


class CallableKeySource(Keys):
    """The keys that a callable returns, which is called for each attempt, though never twice at once."""

    def __init__(self, function: Callable[[], str | Awaitable[str]], *, on_thread: bool) -> None:
        """Take the callable.

        Args:
            function: Returns a key, or an awaitable of one.
            on_thread: Whether to call it on a thread of its own, where it may block.

        """
        super().__init__()
        self._function = function
        self._on_thread = on_thread

    def __repr__(self) -> str:
        name = getattr(self._function, "__qualname__", type(self._function).__qualname__)
        return f"the callable {name} given as api_key"

    async def ask(self) -> IssuedKey:
        async with self._one_at_a_time():
            return IssuedKey(await self._fetch(), self._renewals)

    def _one_at_a_time(self) -> asyncio.Lock:
        if self in _asked.get():
            raise APIKeyError(f"{self!r} makes a call on the client that waits for the key; let it use another one")
        return super()._one_at_a_time()

    async def _fetch(self) -> Secret:
        token = _asked.set((*_asked.get(), self))
        try:
            key: object = await _on_a_thread(self._function) if self._on_thread else self._function()
            key = mask(await key if inspect.isawaitable(key) else key)
        except Exception as error:
            raise APIKeyError(f"{self!r} raised {type(error).__name__}: {error}") from error
        finally:
            _asked.reset(token)
        problem = "it is None" if key is None else "".join(fault.problem for fault in key_faults(key))
        if problem or not isinstance(key, Secret):
            del key  # it may be a key all the same, and a traceback may show locals
            raise APIKeyError(f"what {self!r} returned cannot be sent: {problem}")
        return key


_asked: Final[ContextVar[tuple[Keys, ...]]] = ContextVar("letta_async_asked", default=())
"""Whose callables are at work in this context."""


async def _on_a_thread(function: Callable[[], T]) -> T:
    """Call something where it may block, also for this very loop, or for a pool's last thread."""

    def call() -> Iterable[T]:
        yield function()

    async with aclosing(iterate_in_thread(iter(call()))) as results:
        return await anext(results)
