"""Methods of `client.conversations` that keep system prompts up to date, such as `staleness` and `recompile_many`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from os import PathLike
from typing import Any

import attrs

from letta_async._http.request import CallOptions, option_problems
from letta_async._schema.json_values import to_builtin_scalar
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.validation import check
from letta_async._utils.tracebacks import drop_frames
from letta_async.batch.active_runs import SlotRelease, wait_problems
from letta_async.batch.bookkeeping import progress_problems
from letta_async.batch.journal import Journal
from letta_async.batch.outcome import Outcome
from letta_async.batch.prompt_normalization import normalize_stored_prompt
from letta_async.batch.runner import Batch
from letta_async.batch.staleness import RecompileCost, Staleness
from letta_async.batch.targets import digest, make_key_function, parameters_of, target_problems
from letta_async.config import Timeout, deadline_problems, flag_problems
from letta_async.errors import ArgumentProblem, Attempt, InvalidArgumentError, LettaError, UnexpectedPromptError
from letta_async.operations.blocks import ListBlockAgents
from letta_async.operations.conversation_messages import ListMessages
from letta_async.operations.conversations import Recompile
from letta_async.resources._active_runs import AsyncActiveRuns
from letta_async.resources._context_size import count_message_tokens
from letta_async.resources._conversation_targets import AsyncConversationTargets, choice_problems, chosen_agents
from letta_async.resources._resource import given, options_of
from letta_async.types.batch import Progress
from letta_async.types.compaction import CompactionSettings
from letta_async.types.message import SystemMessage

__all__ = ["AsyncPromptMaintenance"]


class AsyncPromptMaintenance(AsyncActiveRuns, AsyncConversationTargets):
    """Base class of `client.conversations` with the methods that keep system prompts up to date."""

    async def staleness(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Staleness:
        """Check whether a conversation's system prompt is stale, and what a recompile would change.

        Two requests are sent: a dry run of `recompile`, and one for the stored system message. The comparison ignores
        the lines that differ in each compilation (its time, the conversation's ID, the number of earlier messages) and
        the order of the agent's blocks, which on Letta 0.16.8 is that of its database.

        Args:
            conversation_id: `conv-<uuid4>`; or `default` for the agent-direct mode, with `agent_id`.
            agent_id: `agent-<uuid4>`, with `conversation_id="default"`; beside another ID it has no effect.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each dry run, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Returns:
            The `Staleness`, with the stored prompt, the compiled one and their difference.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            NotFoundError: There is no such conversation.
            UnexpectedPromptError: The conversation has no system message, or the compiled prompt does not have the form
                that this version knows.
            APIError: No response arrived, or it is not a success.

        """
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        try:
            return await self._staleness(given({"conversation_id": conversation_id, "agent_id": agent_id}), options, [])
        except LettaError as error:
            drop_frames(error)
            raise

    async def recompile_cost(
        self,
        conversation_id: str,
        *,
        agent_id: str | Unset | None = UNSET,
        staleness: Staleness | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> RecompileCost:
        """Estimate how many tokens the model would read again after a recompile of a conversation.

        A provider's prompt cache is of no use from the first character on that a recompile changes. The estimate is the
        number of characters of the compiled prompt after those that it has in common with the stored one, byte for
        byte, and of those of the messages in context, each divided by 4 and rounded up. Images, definitions of tools
        and what the server adds to messages are not counted.

        Up to two requests are sent for the messages in context, three if the conversation was compacted; and two more
        for the prompts, unless `staleness` is passed.

        Args:
            conversation_id: `conv-<uuid4>`; or `default` for the agent-direct mode, with `agent_id`.
            agent_id: `agent-<uuid4>`, with `conversation_id="default"`; beside another ID it has no effect.
            staleness: Result of `staleness` for the same conversation. Default: `None`, request it.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of the dry run, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Returns:
            The `RecompileCost`, with the tokens of the prompt, those of the messages and their sum.

        Raises:
            InvalidArgumentError: An argument is invalid, or `staleness` is that of another conversation; nothing was
                sent.
            NotFoundError: There is no such conversation.
            UnexpectedPromptError: The conversation has no system message, or the compiled prompt does not have the form
                that this version knows.
            APIError: No response arrived, or it is not a success.

        """
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        parameters = given({"conversation_id": conversation_id, "agent_id": agent_id})
        try:
            check(Recompile, parameters)
            if staleness is None:
                staleness = await self._staleness(parameters, options, [])
            elif staleness.conversation_id != str(to_builtin_scalar(conversation_id)):
                problem = f"is that of {staleness.conversation_id}, not of {conversation_id}"
                raise InvalidArgumentError([ArgumentProblem("staleness", problem)])
            without_body = attrs.evolve(options, extra_body=None)
            message_tokens = await count_message_tokens(self._client, parameters, without_body)
        except LettaError as error:
            drop_frames(error)
            raise
        return RecompileCost(
            conversation_id=staleness.conversation_id,
            prompt_tokens=staleness.uncached_tokens,
            message_tokens=message_tokens,
        )

    def targets(
        self,
        *,
        agent_id: str | Unset | None = UNSET,
        block_id: str | Unset | None = UNSET,
        all: bool = False,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[str, None]:
        """Iterate over the IDs of conversations, for example as targets of `recompile_many`.

        Exactly one of `agent_id`, `block_id` and `all` selects the conversations. Their IDs are fetched page by page
        during iteration, newest conversations first. Archived conversations are left out; Letta 0.16.8 does not support
        archiving.

        Args:
            agent_id: `agent-<uuid4>`; select the conversations of this agent.
            block_id: `block-<uuid4>`; select the conversations of every agent that this block is attached to.
            all: Select every conversation that the API key has access to. Default: `False`.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each request, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Raises:
            InvalidArgumentError: None or more than one of the three was passed, or it is invalid; nothing was sent.
            NotFoundError: There is no such agent or block; raised when the first ID is requested.

        """
        if problems := list(choice_problems("targets", chosen_agents(agent_id, block_id, all), all)):
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        if block_id is not None and block_id is not UNSET:
            agents = self._list(ListBlockAgents, {"block_id": block_id}, options)
            return self._conversations_of_block(agents, block_id, options)
        return self._conversations_of_agent(self._conversations(agent_id, options), agent_id, options)

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
        wait_if_busy: float | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        journal: str | PathLike[str] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[Outcome, None]:
        """Recompile any number of conversations concurrently, as many at once as the limiter allows.

        Outcomes are yielded as they complete, one per target, in any order. A failure is an outcome, too, and does not
        affect other targets. Leaving the loop, or cancelling it, cancels the requests in flight.

        Args:
            targets: IDs of conversations, or `Recompile` objects with parameters of their own; any iterable or async
                iterable, of any length. One task iterates over it as the batch proceeds, and closes a generator. A
                target that is repeated with the same agent, dry run and settings has the same outcome again, but is
                recompiled once.
            agent_id: `agent-<uuid4>`, for each target that is `default` and has no agent of its own.
            dry_run: Compile and return the prompts, but store nothing; for each target that does not define it. Server
                default: `False`.
            compaction_settings: Compaction settings of the targets that have none.
            only_stale: Recompile only conversations whose prompt would change; see `staleness`. The others are
                `unchanged`, and keep their prompt to the byte. With `dry_run` nothing is stored, and the outcomes are
                those of a real run. Default: `False`.
            deadline: Limit on the whole batch in seconds; a target not done by then has a failed outcome. Default:
                `None`, no limit.
            stop_on_error: Start no further target after a failure; targets in flight still have their outcomes.
                A target that is busy is no failure. Default: `False`.
            wait_if_busy: Seconds to wait until a conversation, or the agent of `default`, has no active run, before it
                is recompiled; if it still has one then, and with 0 at once, its outcome is `busy`. Default: `None`;
                active runs are not looked at.
            on_progress: Function that is called with a `Progress` for each outcome; an awaitable result is awaited.
                With `Letta` it runs on the thread of the private event loop.
            journal: File to which each outcome is appended, as a line of JSON without prompts, on another thread. A run
                with the same journal skips the targets that an earlier run has done, and retries those that failed.
                With `only_stale`, the targets of a complete run, without failed and busy ones, are not skipped. If all
                targets are skipped, a warning says that nothing was checked. Default: `None`, no journal.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each recompile, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Yields:
            An `Outcome` per target.

        Raises:
            InvalidArgumentError: A parameter for all targets is invalid, or the journal is, or it cannot be written or
                locked; nothing was sent. An invalid target has a failed outcome instead.
            JournalError: The journal cannot be written any more. No further target was started; targets in flight had
                their outcomes before.
            BaseException: Any exception that `targets` or `on_progress` raises; one of `targets` is raised after the
                outcomes of the targets in flight. Any other exception is the outcome of its target.

        """
        parameters = given({"agent_id": agent_id, "dry_run": dry_run, "compaction_settings": compaction_settings})
        return self._batch(
            targets,
            parameters,
            options_of(extra_headers, extra_query, extra_body, timeout),
            only_stale=only_stale,
            deadline=deadline,
            stop_on_error=stop_on_error,
            wait_if_busy=wait_if_busy,
            on_progress=on_progress,
            journal=journal,
        ).run()

    def _batch(
        self,
        targets: Iterable[str | Recompile] | AsyncIterable[str | Recompile],
        common: Mapping[str, object],
        options: CallOptions,
        *,
        only_stale: bool,
        deadline: float | None,
        stop_on_error: bool,
        wait_if_busy: float | None,
        on_progress: Callable[[Progress], object] | None,
        journal: str | PathLike[str] | None,
        changes: object = None,
    ) -> Batch:
        """Create the batch that `recompile_many` runs, here or on a cluster.

        Args:
            changes: The changes that are propagated, to which the journal belongs; `None` for none.

        Raises:
            InvalidArgumentError: A parameter is invalid.

        """
        checked = check(Recompile, {"conversation_id": "default", **common})
        problems = [*target_problems(targets), *deadline_problems(deadline), *progress_problems(on_progress)]
        problems += [*wait_problems(wait_if_busy), *flag_problems(only_stale=only_stale, stop_on_error=stop_on_error)]
        if problems := [*problems, *option_problems(options)]:
            raise InvalidArgumentError(problems)
        common = {name: getattr(checked, name) for name in common}  # validated once, not per target

        def parameters(target: str | Recompile) -> dict[str, object]:
            return {**common, **parameters_of(target)}

        async def call(target: str | Recompile, attempts: list[Attempt]) -> str:
            return await self._call(Recompile, parameters(target), options, attempts)

        async def compare(target: str | Recompile, attempts: list[Attempt]) -> Staleness:
            return await self._staleness(parameters(target), options, attempts)

        runs = self._active_runs(options)

        async def becomes_idle(target: str | Recompile, without_slot: SlotRelease) -> bool:
            named = parameters(target)
            conversation_id = str(to_builtin_scalar(named["conversation_id"]))
            name = named.get("agent_id") if conversation_id == "default" else conversation_id
            return await runs.becomes_idle(str(to_builtin_scalar(name)), wait_if_busy or 0, without_slot)

        def open_journal() -> Journal:
            content = {"query": options.extra_query or {}, "body": options.extra_body or {}}
            return Journal(
                to_builtin_scalar(journal),
                {
                    "base_url": self._client.base_url,
                    "agent_id": checked.agent_id or None,
                    "dry_run": bool(checked.dry_run),
                    "only_stale": bool(only_stale),
                    "settings": digest(checked.compaction_settings),
                    "options": digest(content) if any(content.values()) else None,
                    **({} if changes is None else {"changes": digest(changes)}),
                },
            )

        return Batch(
            targets=targets,
            key_of=make_key_function(checked),
            call=call,
            compare=compare if only_stale else None,
            becomes_idle=None if wait_if_busy is None else becomes_idle,
            concurrency=lambda: self._client.stats.limit,
            dry_run=bool(checked.dry_run),
            deadline=deadline,
            stop_on_error=stop_on_error,
            on_progress=on_progress,
            instrumentation=self._client.instrumentation,
            open_journal=None if journal is None else open_journal,
        )

    async def _staleness(
        self, parameters: Mapping[str, object], options: CallOptions, attempts: list[Attempt]
    ) -> Staleness:
        """Compare the stored prompt with a dry run.

        The dry run is first: it fails for a conversation that does not exist, whereas the list would be empty.
        """
        compiled = await self._compile(parameters, options, attempts)
        return await self._compare(parameters, compiled, options, attempts)

    def _compile(
        self, parameters: Mapping[str, object], options: CallOptions, attempts: list[Attempt]
    ) -> Awaitable[str]:
        """Return the prompt that a recompile would store."""
        return self._call(Recompile, {**parameters, "dry_run": True}, options, attempts)

    async def _compare(
        self, parameters: Mapping[str, object], compiled: str, options: CallOptions, attempts: list[Attempt]
    ) -> Staleness:
        """Compare the stored prompt with a compiled one."""
        first = {name: value for name, value in parameters.items() if name in {"conversation_id", "agent_id"}}
        first_page = {**first, "order": "asc", "limit": 1}
        messages = await self._call(ListMessages, first_page, attrs.evolve(options, extra_body=None), attempts)
        conversation_id = str(to_builtin_scalar(parameters["conversation_id"]))
        if not messages or not isinstance(messages[0], SystemMessage):
            raise UnexpectedPromptError(f"{conversation_id} does not begin with a system message")
        stored = messages[0].content
        aligned = normalize_stored_prompt(stored, compiled, datetime.now(UTC))
        return Staleness(conversation_id=conversation_id, stored=stored, compiled=compiled, aligned=aligned)
