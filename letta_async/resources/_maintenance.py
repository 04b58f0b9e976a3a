"""Keeping prompts up to date: which conversations there are, which are stale, and recompiling many of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from os import PathLike
from typing import Any, Unpack

import attrs

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import exact, show
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.validation import check
from letta_async.batch.journal import Journal
from letta_async.batch.outcome import Outcome, Progress
from letta_async.batch.prompt_alignment import align_stored_prompt
from letta_async.batch.runner import Batch
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import digest, make_key_function, target_problems
from letta_async.config import deadline_problems
from letta_async.errors import ArgumentProblem, Attempt, InvalidArgumentError, UnexpectedPromptError
from letta_async.operations.agents import RetrieveAgent
from letta_async.operations.blocks import ListBlockAgents, RetrieveBlock
from letta_async.operations.conversations import ListConversations, Recompile
from letta_async.operations.messages import ListMessages
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources._resource import AsyncResource, RequestOptions, split_arguments
from letta_async.types.agent import AgentState
from letta_async.types.compaction import CompactionSettings
from letta_async.types.conversation import Conversation
from letta_async.types.message import SystemMessage

__all__ = ["AsyncMaintenance"]


class AsyncMaintenance(AsyncResource):
    """What keeps the prompts of conversations up to date."""

    async def staleness(
        self, conversation_id: str, *, agent_id: str | Unset | None = UNSET, **options: Unpack[RequestOptions]
    ) -> Staleness:
        """Tell whether a conversation's system prompt is stale, and what a recompile would change.

        Two requests: a dry run of `recompile`, and the stored system message. The lines that each compilation writes
        anew (when, for which conversation, how many earlier messages) count for nothing, nor does the order of the
        agent's blocks, which Letta 0.16.8 takes as the database gives them.

        Args:
            conversation_id: As for `recompile`.
            agent_id: As for `recompile`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them; the body
                goes with the dry run.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            NotFoundError: there is no such conversation.
            UnexpectedPromptError: the conversation has no system message, or the compiled prompt is not of the form
                that this version knows.
            APIError: no answer came, or one that is no success.

        """
        return await self._staleness(*split_arguments(Recompile, locals()), [])

    def targets(
        self,
        *,
        agent_id: str | Unset | None = UNSET,
        block_id: str | Unset | None = UNSET,
        all: bool = False,
        **options: Unpack[RequestOptions],
    ) -> AsyncGenerator[str, None]:
        """Give the ids of conversations, to recompile them for instance. Exactly one of the parameters says whose.

        The ids come as they are asked for, newest conversations first, a page of them at a time. Archived conversations
        are left out; Letta 0.16.8 knows of no archiving.

        Args:
            agent_id: `agent-<uuid4>`: those of this agent.
            block_id: `block-<uuid4>`: those of every agent that this block is attached to.
            all: Every conversation that the API key may see. Default: `False`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: none, or more than one, was given, or it is wrong; nothing was sent.
            NotFoundError: there is no such agent or block; raised when the first id is asked for.

        """
        ways = {"agent_id": agent_id, "block_id": block_id, "all": all}
        chosen = [f"{name}={value!r}" for name, value in ways.items() if value not in (UNSET, None, False)]
        if len(chosen) != 1 or not isinstance(all, bool):
            words = " and ".join(chosen) or "none of them"
            raise InvalidArgumentError(
                [ArgumentProblem("targets", f"takes agent_id, block_id or all=True, not {words}")]
            )
        if block_id is not None and block_id is not UNSET:
            agents = self._pages(ListBlockAgents, {"block_id": block_id}, **options)
            return self._of_block(agents, block_id, options)
        return self._of_agent(self._conversations(agent_id, options), agent_id, options)

    def _conversations(self, agent_id: str | Unset | None, options: RequestOptions) -> AsyncPaginator[Conversation]:
        given = {"agent_id": agent_id, "archive_status": "unarchived"}
        return self._pages(ListConversations, given, **options)

    async def _of_agent(
        self, conversations: AsyncPaginator[Conversation], agent_id: str | Unset | None, options: RequestOptions
    ) -> AsyncGenerator[str, None]:
        empty = True
        async for conversation in conversations:
            empty = False
            if not conversation.archived:
                yield conversation.id
        if empty and agent_id:  # the server lists nothing for an agent that does not exist, but says so here
            await self._send(RetrieveAgent, {"agent_id": agent_id}, **options)

    async def _of_block(
        self, agents: AsyncPaginator[AgentState], block_id: str, options: RequestOptions
    ) -> AsyncGenerator[str, None]:
        empty = True
        async for agent in agents:
            empty = False
            async for conversation in self._conversations(agent.id, options):
                if not conversation.archived:
                    yield conversation.id
        if empty:
            await self._send(RetrieveBlock, {"block_id": block_id}, **options)

    def recompile_many(
        self,
        targets: Iterable[str | Recompile] | AsyncIterable[str | Recompile],
        *,
        agent_id: str | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
        compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
        only_stale: bool = False,
        deadline: float | None = None,
        stop_on_error: bool = False,
        on_progress: Callable[[Progress], object] | None = None,
        journal: str | PathLike[str] | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncGenerator[Outcome, None]:
        """Recompile any number of conversations, as many at once as the server takes.

        The outcomes come as they complete, one for each target, in whichever order. A failure is an outcome, too, and
        leaves the others alone. Leaving the loop, or cancelling it, ends what is in flight.

        Args:
            targets: Ids of conversations, or `Recompile` objects with parameters of their own; any iterable or async
                iterable, of any length, taken from as the work goes on, by one task, which also closes a generator.
                What comes again with the same agent, dry run and settings is answered again, but recompiled once.
            agent_id: For every target that names none; see `recompile`.
            dry_run: For every target that does not say.
            compaction_settings: For every target that has none.
            only_stale: Recompile only those whose prompt would change; see `staleness`. The others are `unchanged`, and
                keep their bytes. With `dry_run`, nothing is stored: the outcomes say what would be. Default: `False`.
            deadline: Bound on the whole batch in seconds; what is not done by then has an outcome that says so.
                Default: `None`, no bound.
            stop_on_error: After a failure, take no further target; what is in flight still has its outcome.
            on_progress: Called with a `Progress` for each outcome; what it returns is awaited if it can be. With
                `Letta`, on the thread of its event loop.
            journal: File to which each outcome is appended, as a line of JSON without prompts. A run with the same
                journal skips what an earlier one has done; what failed is tried again. With `only_stale`, nothing that
                a complete run did is skipped: one that came to its end without a failure. Where all was skipped, a
                warning says that nothing was checked. Written on a thread of its own.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Yields:
            An `Outcome` for each target.

        Raises:
            InvalidArgumentError: a parameter for all targets is wrong, or the journal is, or it cannot be written or
                locked; nothing was sent. A target that is wrong has a failed outcome instead.
            JournalError: the journal could not be written any more. No further target was taken; what was in flight
                had its outcome before this was raised.
            BaseException: whatever `targets` or `on_progress` raises; what was taken had its outcome before an error of
                `targets` is raised. Any other exception is the outcome of the target that met it.

        """
        return self._batch(locals()).run()

    def _batch(self, given: Mapping[str, Any]) -> Batch:
        """Make the batch that `recompile_many` runs, here or elsewhere, of what it was given: its `locals()`."""
        targets, deadline, only_stale = given["targets"], given["deadline"], bool(given["only_stale"])
        common, options = split_arguments(Recompile, given)
        checked = check(Recompile, {"conversation_id": "default", **common})
        faults = [*target_problems(targets), *deadline_problems(deadline)]
        if (on_progress := given["on_progress"]) is not None and not callable(on_progress):
            faults.append(ArgumentProblem("on_progress", f"{show(on_progress)} cannot be called with a Progress"))
        if faults:
            raise InvalidArgumentError(faults)
        common = {name: getattr(checked, name) for name in common}  # no mapping, which would be read for each target

        def parameters(target: str | Recompile) -> dict[str, object]:
            return {**common, **(target.given() if isinstance(target, Recompile) else {"conversation_id": target})}

        async def call(target: str | Recompile, attempts: list[Attempt]) -> str:
            return await self._client._call(Recompile, parameters(target), options, attempts)  # pyright: ignore[reportPrivateUsage] - not for users

        async def compare(target: str | Recompile, attempts: list[Attempt]) -> Staleness:
            return await self._staleness(parameters(target), options, attempts)

        def open_journal() -> Journal:
            content = {"query": options.extra_query or {}, "body": options.extra_body or {}}
            return Journal(
                exact(given["journal"]),
                {
                    "base_url": self._client.base_url,
                    "agent_id": checked.agent_id or None,
                    "dry_run": bool(checked.dry_run),
                    "only_stale": only_stale,
                    "settings": digest(checked.compaction_settings),
                    "options": digest(content) if any(content.values()) else None,
                },
            )

        return Batch(
            targets=targets,
            key_of=make_key_function(checked),
            call=call,
            compare=compare if only_stale else None,
            concurrency=lambda: self._client.stats.limit,
            dry_run=bool(checked.dry_run),
            deadline=deadline,
            stop_on_error=given["stop_on_error"],
            on_progress=on_progress,
            open_journal=None if given["journal"] is None else open_journal,
        )

    async def _staleness(self, given: Mapping[str, object], options: CallOptions, attempts: list[Attempt]) -> Staleness:
        """Compare the stored prompt with a dry run.

        The dry run comes first: of a conversation that does not exist it is refused, whereas the list is empty.
        """
        call = self._client._call  # pyright: ignore[reportPrivateUsage] - not for users
        compiled = await call(Recompile, {**given, "dry_run": True}, options, attempts)
        first = {name: value for name, value in given.items() if name in {"conversation_id", "agent_id"}}
        first_page = {**first, "order": "asc", "limit": 1}
        messages = await call(ListMessages, first_page, attrs.evolve(options, extra_body=None), attempts)
        conversation_id = str(exact(given["conversation_id"]))
        if not messages or not isinstance(messages[0], SystemMessage):
            raise UnexpectedPromptError(f"{conversation_id} does not begin with a system message")
        stored = messages[0].content
        aligned = align_stored_prompt(stored, compiled, datetime.now(UTC))
        return Staleness(conversation_id=conversation_id, stored=stored, compiled=compiled, aligned=aligned)
