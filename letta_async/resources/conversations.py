"""Conversations: an agent's threads of messages, each with a system prompt of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from os import PathLike
from typing import Any

from letta_async._check import check
from letta_async._converter import write
from letta_async._journal import Journal
from letta_async._protocol import CallOptions
from letta_async._unset import UNSET, Unset
from letta_async.config import Timeout, deadline_faults
from letta_async.errors import Attempt, InvalidArgumentError
from letta_async.fleet import Batch, target_faults
from letta_async.models.compaction import CompactionSettings
from letta_async.models.conversation import Recompile
from letta_async.models.outcome import Outcome, Progress
from letta_async.resources._resource import Resource

__all__ = ["AsyncConversations"]


class AsyncConversations(Resource):
    """The calls under `/v1/conversations`."""

    async def recompile(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> str:
        """Compile a conversation's system prompt anew, so that edits to memory blocks reach it.

        `POST /v1/conversations/{conversation_id}/recompile`. Safe to repeat, hence tried again after failures that may
        pass. Everything is checked before anything is sent.

        Args:
            conversation_id: `conv-<uuid4>`; or `default`, the agent-direct mode, with `agent_id`; or, deprecated by the
                API, `agent-<uuid4>`.
            agent_id: `agent-<uuid4>`, with `conversation_id="default"`; beside another id it has no effect.
            dry_run: Compile and return, but store nothing. Server default: `False`.
            compaction_settings: How the conversation is to be compacted, as a `CompactionSettings` or a mapping of the
                same fields, checked alike. Letta 0.16.8 validates them here but uses them only when it compacts.
            extra_headers: Headers that go over the client's; `None` as a value takes one away.
            extra_query: Query parameters that go over this method's.
            extra_body: Fields of the body that go over this method's, unchecked: the way to send what this version does
                not know.
            timeout: Seconds for one try, `None` for no bound, or a `Timeout`; left out, the client's.

        Returns:
            The compiled system prompt, decoded. For `default` without `dry_run`, Letta 0.16.8 stores the new prompt but
            answers with the previous one.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            APIStatusError: the server refuses, for example with a 404 for an unknown conversation.
            APIConnectionError: no answer came.
            APIResponseValidationError: what came is not a JSON string.
            ClientClosedError: the client is closed.

        """
        return await self._call(
            Recompile,
            {
                "conversation_id": conversation_id,
                "agent_id": agent_id,
                "dry_run": dry_run,
                "compaction_settings": compaction_settings,
            },
            extra_headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )

    def recompile_many(
        self,
        targets: Iterable[str | Recompile] | AsyncIterable[str | Recompile],
        *,
        agent_id: str | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        deadline: float | None = None,
        stop_on_error: bool = False,
        on_progress: Callable[[Progress], object] | None = None,
        journal: str | PathLike[str] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[Outcome, None]:
        """Recompile any number of conversations, as many at once as the server takes.

        The outcomes come as they complete, one for each target, in whichever order. A failure is an outcome, too, and
        leaves the others alone. Leaving the loop, or cancelling it, ends what is in flight.

        Args:
            targets: Ids of conversations, or `Recompile` objects with parameters of their own; any iterable or async
                iterable, of any length, taken from as the work goes on. An id that comes again is answered again, but
                recompiled once.
            agent_id: For every target that names none; see `recompile`.
            dry_run: For every target that does not say.
            compaction_settings: For every target that has none.
            deadline: Bound on the whole batch in seconds; what is not done by then has an outcome that says so.
                Default: `None`, no bound.
            stop_on_error: After a failure, take no further target; what is in flight still has its outcome.
            on_progress: Called with a `Progress` for each outcome; with `Letta`, on the thread of its event loop.
            journal: File to which each outcome is appended, as a line of JSON without prompts. A run with the same
                journal skips what an earlier one has done; what failed is tried again.
            extra_headers: As for `recompile`.
            extra_query: As for `recompile`.
            extra_body: As for `recompile`.
            timeout: As for `recompile`.

        Yields:
            An `Outcome` for each target.

        Raises:
            InvalidArgumentError: a parameter for all targets is wrong, or the journal is; nothing was sent. A target
                that is wrong has a failed outcome instead.

        """
        common = {"agent_id": agent_id, "dry_run": dry_run, "compaction_settings": compaction_settings}
        given = {name: value for name, value in common.items() if value is not UNSET}
        checked = check(Recompile, {"conversation_id": "default", **given})
        if faults := [*target_faults(targets), *deadline_faults(deadline)]:
            raise InvalidArgumentError(faults)
        options = CallOptions(
            extra_headers=extra_headers, extra_query=extra_query, extra_body=extra_body, timeout=timeout
        )

        async def call(target: str | Recompile, attempts: list[Attempt]) -> str:
            own = target.given() if isinstance(target, Recompile) else {"conversation_id": target}
            return await self._client._call(Recompile, {**common, **own}, options, attempts)  # pyright: ignore[reportPrivateUsage]

        def open_journal() -> Journal:
            assert journal is not None  # noqa: S101 - for the type checker
            settings = json.dumps(write(checked.compaction_settings), default=repr, sort_keys=True)
            return Journal(
                journal,
                {
                    "base_url": self._client.base_url,
                    "dry_run": bool(checked.dry_run),
                    "settings": hashlib.sha256(settings.encode()).hexdigest()[:16],
                },
            )

        return Batch(
            targets=targets,
            call=call,
            concurrency=lambda: self._client.stats.limit,
            dry_run=bool(checked.dry_run),
            deadline=deadline,
            stop_on_error=stop_on_error,
            on_progress=on_progress,
            journal=None if journal is None else open_journal,
        ).run()
