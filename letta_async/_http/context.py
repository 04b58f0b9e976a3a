"""State shared by the calls of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakSet

import aiohttp
import attrs

from letta_async._http.limiter import ServerLimiters
from letta_async._http.session import ConnectionOptions
from letta_async._http.timeouts import TimeoutScheduler
from letta_async.config import ClientConfig
from letta_async.retry import Retries

if TYPE_CHECKING:
    from letta_async._http.open_body import OpenBody

__all__ = ["CLOSED", "CallContext"]

CLOSED: Final = "the client was closed while this call was under way"


@attrs.frozen(eq=False)
class CallContext:
    """State shared by the calls of a client that run on one loop with the same options."""

    session: aiohttp.ClientSession
    connection: ConnectionOptions
    watch: TimeoutScheduler
    config: ClientConfig
    limiters: ServerLimiters
    retries: Retries
    """Retry budget, jitter and waiting, shared by all calls of the client."""
    open_bodies: WeakSet[OpenBody]
    """Bodies that are read while they arrive: event streams, and responses that the user reads."""
