"""The attempts of a call whose API key can change."""

from __future__ import annotations

from typing import Any

import attrs
from multidict import CIMultiDict

from letta_async._http.attempts import CallAttempts
from letta_async._http.context import CallContext
from letta_async._http.request import Request
from letta_async._http.timeouts import Timer
from letta_async._utils.api_keys import KEY_PLACEHOLDER, IssuedKey, KeySource
from letta_async._utils.logging_setup import log
from letta_async._utils.secret_strings import Secret
from letta_async.errors import APIKeyError, Attempt, AuthenticationError

__all__ = ["KeyedCallAttempts"]


class KeyedCallAttempts(CallAttempts):
    """Send each try with the key of its moment, and one more if that is refused and there is another key by then.

    A request whose `Authorization` the caller set, or took away, is none of this.
    """

    __slots__ = ("_renewed", "_ticket", "_unkeyed")

    def __init__(self, lane: CallContext, request: Request, attempts: list[Attempt]) -> None:
        super().__init__(lane, request, attempts)
        self._unkeyed = request
        self._ticket: IssuedKey | None = None
        self._renewed = False

    async def _try(self) -> Any:
        keys = self._lane.config.keys
        if keys is None or self._unkeyed.headers.get("Authorization") != KEY_PLACEHOLDER:
            return await super()._try()
        with Timer(self._lane.watch, None):  # closing the client ends it
            self._take(await keys.get())
        try:
            return await super()._try()
        except AuthenticationError as refused:
            if self._renewed or not self._request.resendable or not await self._renew(keys, refused):
                raise
        return await super()._try()

    def _waited(self) -> None:
        keys, ticket = self._lane.config.keys, self._ticket
        if keys is not None and ticket is not None and (newer := keys.replacement_of(ticket)) is not None:
            self._take(newer)

    async def _renew(self, keys: KeySource, refused: AuthenticationError) -> bool:
        """Take another key than the one that was refused; the error says why there is none."""
        self._renewed = True
        assert self._ticket is not None  # noqa: S101 - it was sent
        try:
            with Timer(self._lane.watch, None):
                newer = await keys.renew(self._ticket)
        except APIKeyError as error:
            refused.message += f" [{error}]"
            refused.__cause__ = error
            return False
        if newer is None:
            refused.message += f" [{keys!r} has no other key]"
            return False
        log.info("%s %s: the key was refused; trying again with another", self._request.method, self._request.path)
        self._take(newer)
        self._count_retry()
        return True

    def _take(self, ticket: IssuedKey) -> None:
        headers = CIMultiDict(self._unkeyed.headers)
        headers["Authorization"] = Secret(f"Bearer {ticket.key}")
        self._ticket, self._request = ticket, attrs.evolve(self._unkeyed, headers=headers)
