"""Edit that is propagated: awaited as a whole, or iterated as its outcomes complete."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Generator
from typing import Any, Generic, TypeVar, cast

from letta_async._utils.tracebacks import drop_frames
from letta_async.batch.outcome import Outcome
from letta_async.errors import LettaError, PropagationError
from letta_async.propagation.propagator import Propagator
from letta_async.propagation.result import Propagation

__all__ = ["AsyncPropagation"]

Result = TypeVar("Result")


class AsyncPropagation(Coroutine[Any, Any, Propagation[Result]], Generic[Result]):
    """Edit that is propagated: `await` it, or iterate it with `async for`; before that, nothing is sent.

    `await` returns the `Propagation` when all is done, and raises a `PropagationError` if a conversation could not be
    brought up to date. `async for` yields each `Outcome` as it completes; a failure is an outcome, too.
    """

    def __init__(self, propagator: Propagator) -> None:
        self._propagator = propagator
        self._outcomes = propagator.run()
        self._whole = self._run()  # so that Python warns of an edit that is neither awaited nor iterated

    @property
    def result(self) -> Result | None:
        """The block or the agent after the edit; `None` before it."""
        results = self._propagator.results
        return cast("Result", results[0]) if results else None

    def __aiter__(self) -> AsyncGenerator[Outcome, None]:
        self._whole.close()
        return self._outcomes

    def __await__(self) -> Generator[Any, Any, Propagation[Result]]:
        return self._whole.__await__()

    async def aclose(self) -> None:
        """End the iteration: cancel the requests in flight, and close the journal."""
        self._whole.close()
        await self._outcomes.aclose()

    async def _run(self) -> Propagation[Result]:
        """Make the edit, and bring every conversation up to date.

        Raises:
            PropagationError: Some could not be; the edit was made.

        """
        try:
            outcomes = tuple([outcome async for outcome in self._outcomes])
        except LettaError as error:
            drop_frames(error)
            raise
        result: Any = self.result
        if left := [outcome for outcome in outcomes if not outcome.ok]:
            edited = f"{result.id} {'would be' if self._propagator.dry_run else 'was'} edited"
            why = next((f": {each.error}" for each in left if each.error is not None), "")
            words = f"{edited}, but {len(left)} of {len(outcomes)} prompts were not brought up to date{why}"
            raise PropagationError(words, result=result, outcomes=outcomes, failed=left)
        return Propagation(result=result, outcomes=outcomes)

    # A task can be made of it, as of any coroutine.

    def send(self, value: Any) -> Any:
        """Continue the edit."""
        return self._whole.send(value)

    def throw(self, *error: Any) -> Any:
        """Continue the edit with an error."""
        return self._whole.throw(*error)

    def close(self) -> None:
        """End the edit."""
        self._whole.close()
