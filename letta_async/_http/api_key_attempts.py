"""Attempts of a call whose API key can change."""

from __future__ import annotations

from typing import Any

import attrs
from multidict import CIMultiDict

from letta_async._http.attempts import CallAttempts
from letta_async._http.context import CallContext
from letta_async._http.error_response import is_provider_error
from letta_async._http.request import Request
from letta_async._http.timeouts import Timer
from letta_async._utils.api_key_sources import KEY_PLACEHOLDER, IssuedKey, KeySource
from letta_async._utils.logging_setup import log
from letta_async._utils.secret_strings import Secret
from letta_async.errors import APIKeyError, Attempt, AuthenticationError

__all__ = ["ApiKeyCallAttempts"]


class ApiKeyCallAttempts(CallAttempts):
    """Attempts that each use the current API key, with one more attempt if the server rejects it and there is another.

    A request whose `Authorization` header the caller set or removed is sent unchanged.
    """

    __slots__ = ("_issued", "_renewed", "_unkeyed")

    def __init__(self, context: CallContext, request: Request, attempts: list[Attempt]) -> None:
        super().__init__(context, request, attempts)
        self._unkeyed = request
        self._issued: IssuedKey | None = None
        self._renewed = False

    async def _run_attempt(self) -> Any:
        keys = self._context.config.keys
        if keys is None or self._unkeyed.headers.get("Authorization") != KEY_PLACEHOLDER:
            return await super()._run_attempt()
        with Timer(self._context.watch, None):  # closing the client cancels the wait
            self._use_key(await keys.get())
        try:
            return await super()._run_attempt()
        except AuthenticationError as refused:
            if (
                self._renewed
                or is_provider_error(refused.body)
                or not self._request.resendable
                or not await self._renew(keys, refused)
            ):
                raise
        return await super()._run_attempt()

    def _refresh_api_key(self) -> None:
        keys, issued = self._context.config.keys, self._issued
        if keys is not None and issued is not None and (newer := keys.replacement_of(issued)) is not None:
            self._use_key(newer)

    async def _renew(self, keys: KeySource, refused: AuthenticationError) -> bool:
        """Use another key than the rejected one, and return whether there is one; `refused` gets the reason if not."""
        self._renewed = True
        assert self._issued is not None  # noqa: S101 - it was sent
        try:
            with Timer(self._context.watch, None):
                newer = await keys.renew(self._issued)
        except APIKeyError as error:
            refused.message += f" [{error}]"
            refused.__cause__ = error
            return False
        if newer is None:
            refused.message += f" [{keys!r} has no other key]"
            return False
        method, path = self._request.method, self._request.path
        extra = {"method": method, "path": path, "attempt": self._number}
        log.info("%s %s: the key was refused; trying again with another", method, path, extra=extra)
        self._use_key(newer)
        self._count_retry()
        return True

    def _use_key(self, issued: IssuedKey) -> None:
        headers = CIMultiDict(self._unkeyed.headers)
        headers["Authorization"] = Secret(f"Bearer {issued.key}")
        self._issued, self._request = issued, attrs.evolve(self._unkeyed, headers=headers)
