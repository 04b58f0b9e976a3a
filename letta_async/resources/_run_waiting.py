"""Waiting for the end of a run, by retrieving it again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from letta_async._schema.unset import Unset
from letta_async.config import Timeout
from letta_async.errors import InvalidArgumentError, RunTimeoutError
from letta_async.operations._polling import WaitForRun
from letta_async.operations.runs import RetrieveRun
from letta_async.resources._polling import Polling, polling_problems
from letta_async.resources._resource import AsyncResource, options_of
from letta_async.types.run import Run

__all__ = ["AsyncRunWaiting"]

_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


class AsyncRunWaiting(AsyncResource):
    """Base class of `client.runs` with the method `wait`."""

    _polling: Polling = Polling()

    async def _wait_for_run(
        self,
        operation: type[WaitForRun],
        parameters: Mapping[str, Any],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Run:
        """Return a run when it has ended."""
        del operation
        run_id, deadline, poll = (parameters[name] for name in ("run_id", "deadline", "poll"))
        if problems := list(polling_problems(deadline, poll)):
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        polled = await self._polling.until(
            _has_ended,
            lambda: self._call(RetrieveRun, {"run_id": run_id}, options),
            deadline=deadline,
            poll=poll,
        )
        run = polled.value
        if run is not None and polled.done:
            return run
        state = "its state is unknown" if run is None else f"it is {run.status}"
        raise RunTimeoutError(f"{run_id} did not end within {deadline:g} s: {state}", run=run)


def _has_ended(run: Run) -> bool:
    return run.status in _ENDED or run.completed_at is not None
