"""The method `watch` of a client, which brings stale system prompts up to date as memory is edited."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, cast

from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.resources._resource import CallSender, options_of

if TYPE_CHECKING:
    from letta_async.batch.outcome import Outcome
    from letta_async.client import AsyncLetta
    from letta_async.types.watch import Scan
    from letta_async.watching.clock import Clock

__all__ = ["AsyncWatching"]


class AsyncWatching(CallSender):
    """Base class of a client with the method `watch`."""

    _watch_clock: Clock | None = None
    """Clock of the watches; `None` for the computer's."""

    def watch(
        self,
        *,
        agent_id: str | Unset | None = UNSET,
        block_id: str | Unset | None = UNSET,
        all: bool = False,
        every: float = 30.0,
        once: bool = False,
        state: str | PathLike[str] | None = None,
        max_rate: int | None = None,
        wait_if_busy: float | None = None,
        lease: float = 60.0,
        standby: bool = False,
        on_scan: Callable[[Scan], object] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[Outcome, None]:
        """Watch over agents, and bring their conversations' system prompts up to date when their memory is edited.

        Each interval the agents in scope are listed, page by page. The conversations of an agent whose memory is not
        the one that the state has, and the agent's own prompt, are compared as `staleness` does and recompiled if they
        are stale. At first, everything is compared once. An outcome is yielded for each conversation that was
        recompiled, that was busy or that failed; none for those that were not stale. Exactly one of `agent_id`,
        `block_id` and `all` selects the agents.

        A target that is busy or fails is tried again, after delays that double up to an hour, up to five minutes if it
        is busy. A conversation with isolated blocks fails once per change with an `IsolatedBlocksError`. While the
        server cannot be reached, the scans fail, at delays that double up to five minutes, and the watch goes on.

        Args:
            agent_id: `agent-<uuid4>`; watch this agent.
            block_id: `block-<uuid4>`; watch every agent that this block is attached to.
            all: Watch every agent that the API key has access to, without hidden ones. Default: `False`.
            every: Interval between the beginnings of two scans, in seconds. Default: 30 seconds.
            once: End after one scan in which everything pending was tried; raise its error if it has one. Default:
                `False`.
            state: SQLite file with what was seen of each agent and which conversations are pending, so that a watch
                that was killed goes on where it was. It is created if it does not exist, belongs to one server and
                scope, and has a lock, so that only one watcher at a time uses it. It is written on another thread, and
                has no text of memory or prompts. Default: `None`, in memory.
            max_rate: Maximum number of recompiles within a minute. Default: `None`, as many as the limiter allows.
            wait_if_busy: Seconds to wait for the end of a conversation's active runs before it is recompiled; then, and
                with 0 at once, its outcome is `busy`. Default: `None`; active runs are not looked at.
            lease: Seconds after which another watcher may take over the state's lock if this one stopped renewing it,
                because it was killed or suspended, at most a week. Default: 60 seconds.
            standby: Wait for the lock while another watcher has it, instead of raising an error. Default: `False`.
            on_scan: Function that is called with a `Scan` after each scan, and in a standby after each attempt to get
                the lock; an awaitable result is awaited. With `Letta` it runs on the thread of the private event loop.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each recompile, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Yields:
            An `Outcome` per attempt at a conversation, unless it was not stale. The target of an agent's own prompt is
            a `Recompile` of `default` with the `agent_id`.

        Raises:
            InvalidArgumentError: An argument is invalid, or the state belongs to another server or scope, or is not a
                state; nothing was sent.
            WatchLockedError: Another watcher has the state's lock, or took it after the lease had expired.
            WatchStateError: The state cannot be read or written any more.
            NotFoundError: There is no such agent or block, or not any more.
            AuthenticationError: The API key is missing or wrong.
            BaseException: Any exception that `on_scan` raises.

        """
        from letta_async.resources._watched_server import (  # noqa: PLC0415 - imported by those that watch
            WatchParameters,
            make_watcher,
        )

        parameters = WatchParameters(
            agent_id=agent_id,
            block_id=block_id,
            all=all,
            every=every,
            once=once,
            state=state,
            max_rate=max_rate,
            wait_if_busy=wait_if_busy,
            lease=lease,
            standby=standby,
            on_scan=on_scan,
        )
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return make_watcher(cast("AsyncLetta", self), parameters, options, self._watch_clock).run()
