"""What every resource has: a way to send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from letta_async._protocol import CallOptions
from letta_async._transport import ClientStats
from letta_async.errors import Attempt
from letta_async.models._operation import Operation

__all__ = ["Resource", "Sender"]

Answer = TypeVar("Answer")


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

    async def _call(
        self, operation: type[Operation[Answer]], parameters: Mapping[str, object], **options: Any
    ) -> Answer:
        return await self._client._call(operation, parameters, CallOptions(**options))  # pyright: ignore[reportPrivateUsage]
