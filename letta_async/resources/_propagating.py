"""The method `propagate` of a client, which edits memory and brings every conversation that shows it up to date."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from contextlib import aclosing
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs

from letta_async._http.request import CallOptions
from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.operations._operation import Operation
from letta_async.resources._resource import CallSender, options_of

if TYPE_CHECKING:
    from letta_async.batch.outcome import Outcome
    from letta_async.client import AsyncLetta
    from letta_async.operations.agent_blocks import UpdateAgentBlock
    from letta_async.operations.agents import UpdateAgent
    from letta_async.operations.blocks import UpdateBlock
    from letta_async.resources._propagation import AsyncPropagation
    from letta_async.types.batch import Progress

__all__ = ["AsyncPropagating"]

Result = TypeVar("Result")


class AsyncPropagating(CallSender):
    """Base class of a client with the method `propagate`."""

    def propagate(
        self,
        changes: Iterable[UpdateBlock | UpdateAgentBlock | UpdateAgent]
        | AsyncIterable[UpdateBlock | UpdateAgentBlock | UpdateAgent],
        *,
        dry_run: bool = False,
        deadline: float | None = None,
        stop_on_error: bool = False,
        wait_if_busy: float | None = 60.0,
        on_progress: Callable[[Progress], object] | None = None,
        journal: str | PathLike[str] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[Outcome, None]:
        """Edit memory blocks and agents, and bring every conversation that shows them up to date.

        The edits are made in their order. Then the own prompts and the conversations of the agents of an edited block,
        and of edited agents, are compared as `conversations.staleness` does, and those that are stale are recompiled,
        each once. What is stale is read from the server: after a kill at any point, the same call finishes the work.
        When all have an outcome, the edited blocks and agents are retrieved again; if somebody else edited one
        meanwhile, another pass follows, which yields the outcomes of what it had to recompile again; so it goes on as
        long as others edit, within the `deadline`.

        Args:
            changes: `UpdateBlock`, `UpdateAgentBlock` and `UpdateAgent` objects, such as
                `UpdateBlock(block_id=…, value="…")`. One without a field to change edits nothing: edits that were made
                before are propagated. An async iterable is read to its end first.
            dry_run: Edit and store nothing; the outcomes are `compiled` where the edits would change a prompt, with the
                `diff`, and `unchanged` elsewhere. Default: `False`.
            deadline: Limit on the recompiles in seconds; a target not done by then has a failed outcome. Default:
                `None`, no limit.
            stop_on_error: Start no further target after a failure. Default: `False`.
            wait_if_busy: Seconds to wait until a conversation has no active run, before it is recompiled; if it still
                has one then, and with 0 at once, its outcome is `busy`. `None`: active runs are not looked at. Default:
                60 seconds, since on Letta 0.16.8 a run that compacts its conversation undoes an edit of `system`.
            on_progress: Function that is called with a `Progress` for each outcome of a pass; an awaitable result is
                awaited. With `Letta` it runs on the thread of the private event loop.
            journal: File to which each outcome is appended, as a line of JSON without prompts. It is a record: nothing
                is skipped because of it. Default: `None`, no journal.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each dry run and recompile.
            extra_body: Members to add or replace in the JSON body of each dry run and recompile, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Yields:
            An `Outcome` per conversation, and per agent for its own prompt, whose target is a `Recompile` of `default`
            with the `agent_id`. A conversation with isolated blocks that is stale fails with an `IsolatedBlocksError`.

        Raises:
            InvalidArgumentError: A change or another argument is invalid; nothing was sent.
            NotFoundError: There is no such block or agent. Of an error of an edit, `__notes__` says which one it was
                and which ones were made before it; nothing was recompiled.
            JournalError: The journal cannot be written any more.
            BaseException: Any exception that `on_progress` raises.

        """
        from letta_async.resources._propagation_server import make_propagator  # noqa: PLC0415 - by those that propagate

        options = options_of(extra_headers, extra_query, extra_body, timeout)
        given: dict[str, Any] = {
            "dry_run": dry_run,
            "deadline": deadline,
            "stop_on_error": stop_on_error,
            "wait_if_busy": wait_if_busy,
            "on_progress": on_progress,
            "journal": journal,
        }
        client = cast("AsyncLetta", self)
        if not isinstance(changes, AsyncIterable):
            return make_propagator(client, changes, options, **given).run()

        async def run() -> AsyncGenerator[Outcome, None]:
            collected = [change async for change in changes]
            async with aclosing(make_propagator(client, collected, options, **given).run()) as outcomes:
                async for outcome in outcomes:
                    yield outcome

        return run()

    def _edit_and_propagate(
        self, operation: type[Operation[Result]], parameters: Mapping[str, object], options: CallOptions
    ) -> AsyncPropagation[Result]:
        """Prepare one edit that is propagated as its parameter `propagate` says.

        Raises:
            InvalidArgumentError: An argument is invalid.

        """
        from letta_async._schema.validation import check  # noqa: PLC0415 - imported by those that propagate
        from letta_async.resources._propagation import AsyncPropagation  # noqa: PLC0415 - as above
        from letta_async.resources._propagation_server import make_propagator  # noqa: PLC0415 - as above
        from letta_async.types.propagation import PropagateOptions  # noqa: PLC0415 - as above

        change: Any = check(operation, parameters)
        how = PropagateOptions() if change.propagate is True else change.propagate
        others = options_of(options.extra_headers, None, None, options.timeout)
        given: dict[str, Any] = attrs.asdict(how, recurse=False)
        propagator = make_propagator(cast("AsyncLetta", self), [change], others, edit_options=options, **given)
        return AsyncPropagation(propagator)
