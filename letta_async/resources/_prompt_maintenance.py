"""Methods of `client.conversations` that keep system prompts up to date, such as `staleness` and `recompile_many`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import Timeout
from letta_async.errors import LettaError
from letta_async.resources._resource import AsyncResource, given, options_of

if TYPE_CHECKING:
    from letta_async.batch.outcome import Outcome
    from letta_async.batch.staleness import RecompileCost, Staleness
    from letta_async.operations.conversations import Recompile
    from letta_async.resources._prompt_batches import PromptBatches
    from letta_async.types.batch import Progress
    from letta_async.types.compaction import CompactionSettings

__all__ = ["AsyncPromptMaintenance"]


class AsyncPromptMaintenance(AsyncResource):
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
            return await self._prompts.staleness(
                given({"conversation_id": conversation_id, "agent_id": agent_id}), options, []
            )
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
            return await self._prompts.recompile_cost(parameters, staleness, options)
        except LettaError as error:
            drop_frames(error)
            raise

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
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return self._prompts.targets(agent_id=agent_id, block_id=block_id, all=all, options=options)

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
        return self._prompts.batch(
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

    @property
    def _prompts(self) -> PromptBatches:
        """Sender of the requests of these methods, whose code is imported on first use."""
        from letta_async.resources._prompt_batches import PromptBatches  # noqa: PLC0415 - as it says

        return PromptBatches(self._client)
