"""Waiting for a state on the server: methods of several calls that request it again and again."""

from __future__ import annotations

from typing import Annotated, ClassVar

from letta_async._schema.placement import Local
from letta_async.operations._operation import Endpoint, InPath, Operation, RunId, operation, parameters
from letta_async.operations.runs import RetrieveRun
from letta_async.types.run import Run

__all__ = ["PollingParameters", "WaitForRun"]


@parameters
class PollingParameters:
    """Parameters that say how long and how often to ask."""

    deadline: Annotated[float | None, Local()] = None
    """Limit on the whole wait in seconds. Default: `None`, no limit."""
    poll: Annotated[float, Local()] = 5.0
    """Maximum delay between two requests for the state, in seconds. Default: 5."""


@operation
class WaitForRun(PollingParameters, Operation[Run]):
    """Wait until a run has ended: `completed`, `failed` or `cancelled`. A failed run is returned, not raised.

    The run is retrieved at once, then after 0.25 seconds, then after delays that grow by half up to `poll`; each is
    shortened at random, by up to a quarter. Cancelling the call ends the waiting, not the run.

    Returns:
        The run after its end.

    Raises:
        InvalidArgumentError: An argument is invalid; nothing was sent.
        NotFoundError: There is no such run.
        RunTimeoutError: The run did not end within the deadline; its state is in the message and in `run`.
        APIError: No response arrived, or it was not a success.

    """

    made_by = "wait_for_run"
    http: ClassVar[Endpoint] = RetrieveRun.http

    run_id: InPath[RunId]
    """`run-<uuid4>`."""
    deadline: Annotated[float | None, Local()] = None
    """Limit on the whole wait in seconds. Default: `None`, no limit; then a run that the server lost, as when it was
    restarted, is waited for without end."""
