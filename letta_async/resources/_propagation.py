"""Edit that is propagated: awaited as a whole, or iterated as its outcomes complete."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Generator, Iterable, Sequence
from typing import Any, Generic, Self, TypeVar, cast

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
    brought up to date. `async for` yields each `Outcome` as it completes; a failure is an outcome, too. A loop that may
    be left early belongs into `async with`, so that what is in flight ends with it.
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

    async def __aenter__(self) -> Self:
        self._whole.close()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the iteration: cancel the requests in flight, and close the journal."""
        self._whole.close()
        await self._outcomes.aclose()

    async def _run(self) -> Propagation[Result]:
        """Make the edit, and bring every conversation up to date.

        Raises:
            PropagationError: Some could not be; the edit was made.

        """
        outcomes: list[Outcome] = []
        try:
            async for outcome in self._outcomes:
                outcomes.append(outcome)
        except LettaError as error:
            drop_frames(error)
            if self.result is None or self._propagator.dry_run:
                raise
            raise self._error(f"and the rest was not looked at: {error}", outcomes, _left(outcomes)) from error
        if left := _left(outcomes):
            why = next((str(each.error) for each in left if each.error), "each is in the middle of a run")
            how_many = f"{len(left)} of {len({outcome.target for outcome in outcomes})}"
            raise self._error(f"but {how_many} prompts were not brought up to date: {why}", outcomes, left)
        return Propagation(result=cast("Result", self.result), outcomes=tuple(outcomes))

    def _error(self, problem: str, outcomes: Sequence[Outcome], left: Sequence[Outcome]) -> PropagationError:
        """Create the error of a propagation that did not reach every prompt."""
        result: Any = self.result
        edited = "would be" if self._propagator.dry_run else "was"
        return PropagationError(
            f"{result.id} {edited} edited, {problem}", result=result, outcomes=outcomes, failed=left
        )

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


def _left(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the last outcomes of targets that are not up to date: what failed in one pass may be done in the next."""
    last = {outcome.target: outcome for outcome in outcomes}
    return [outcome for outcome in last.values() if not outcome.ok]
