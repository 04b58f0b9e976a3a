"""Waiting for the end of a run, by retrieving it again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.errors import InvalidArgumentError, RunTimeoutError
from letta_async.operations.runs import RetrieveRun
from letta_async.resources._polling import Polling, polling_problems
from letta_async.resources._resource import AsyncResource, options_of
from letta_async.types.run import Run

__all__ = ["AsyncRunWaiting"]

_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


class AsyncRunWaiting(AsyncResource):
    """Method that waits for the end of a run."""

    _polling: Polling = Polling()

    async def wait(
        self,
        run_id: str,
        *,
        deadline: float | None = None,
        poll: float = 5.0,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Run:
        """Wait until a run has ended: `completed`, `failed` or `cancelled`. A failed run is returned, not raised.

        The run is retrieved at once, then after 0.25 seconds, then after delays that grow by half up to `poll`; each is
        shortened at random, by up to a quarter. Cancelling the call ends the waiting, not the run.

        Args:
            run_id: `run-<uuid4>`.
            deadline: Limit on the whole wait in seconds. Default: `None`, no limit; then a run that the server lost, as
                when it was restarted, is waited for without end.
            poll: Maximum delay between two requests, in seconds. Default: 5.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each request, without validation.
            timeout: Limit on one attempt of a request in seconds, `None` for no limit, or a `Timeout`. Default: the
                client's.

        Returns:
            The run after its end.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            NotFoundError: There is no such run.
            RunTimeoutError: The run did not end within the deadline; its state is in the message and in `run`.
            APIError: No response arrived, or it was not a success.

        """
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
