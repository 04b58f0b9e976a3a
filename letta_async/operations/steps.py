"""Calls under `/v1/steps`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._message_listing import MessageListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    RunId,
    StepId,
    operation,
)
from letta_async.types.message import Message
from letta_async.types.step import FeedbackType, ProviderTrace, Step, StepMetrics

__all__ = [
    "GiveStepFeedback",
    "ListRunSteps",
    "ListStepMessages",
    "ListSteps",
    "RetrieveStep",
    "RetrieveStepMetrics",
    "RetrieveStepTrace",
]


@operation
class ListSteps(CreationOrder, IdListing[Step]):
    """List steps. Letta 0.16.8 fails with a `BadRequestError` on every such call; `runs.steps.list` works."""

    http: ClassVar[Endpoint] = GET("/v1/steps/")
    item: ClassVar[str] = "step"

    after: InQuery[StepId | None] = UNSET
    before: InQuery[StepId | None] = UNSET
    agent_id: InQuery[AgentId | None] = UNSET
    """List steps of this agent, `agent-<uuid4>`."""
    model: InQuery[str | None] = UNSET
    """List steps of the model with this name."""
    start_date: InQuery[datetime | None] = UNSET
    """List steps after this time, a `datetime` with a time zone or a string in the form of ISO 8601."""
    end_date: InQuery[datetime | None] = UNSET
    """List steps before this time, a `datetime` with a time zone or a string in the form of ISO 8601."""
    feedback: InQuery[FeedbackType | None] = UNSET
    """List steps with this feedback."""
    has_feedback: InQuery[bool | None] = UNSET
    """List only steps with feedback, or only steps without."""
    tags: InQuery[list[str] | None] = UNSET
    """List steps with these tags."""
    trace_ids: InQuery[list[str] | None] = UNSET
    """List steps of these traces."""
    project_id: InQuery[str | None] = UNSET
    """List steps of this project; hosted API."""


@operation
class RetrieveStep(Operation[Step]):
    """Retrieve a step.

    Raises:
        NotFoundError: There is no such step.

    """

    http: ClassVar[Endpoint] = GET("/v1/steps/{step_id}")

    step_id: InPath[StepId]
    """`step-<uuid4>`."""


@operation
class GiveStepFeedback(Operation[Step]):
    """Store feedback on a step; it replaces earlier feedback.

    Raises:
        NotFoundError: There is no such step.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/steps/{step_id}/feedback")

    step_id: InPath[StepId]
    """`step-<uuid4>`."""
    feedback: InBody[FeedbackType | None] = UNSET
    """The feedback; without one, earlier feedback is removed."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to store with the step; without any, the earlier ones stay."""


@operation
class ListStepMessages(CreationOrder, MessageListing[Message]):
    """List the messages of a step.

    Letta 0.16.8 lists none for a step that does not exist, and an agent's text as a `ReasoningMessage`.
    """

    http: ClassVar[Endpoint] = GET("/v1/steps/{step_id}/messages")
    default_order: ClassVar[str] = "asc"

    step_id: InPath[StepId]
    """`step-<uuid4>`."""

    def arranged(self, page: list[Message]) -> list[Message]:
        """Return a page as it is: the server keeps to the order, which is by default the oldest first."""
        return page

    def following(self, page: list[Message]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `after` and `before` mean later and earlier, whatever the order."""
        return {"before" if self.order == "desc" else "after": page[-1].id} if page else {}


@operation
class RetrieveStepMetrics(Operation[StepMetrics]):
    """Retrieve the durations of a step.

    Raises:
        NotFoundError: There is no such step.

    """

    http: ClassVar[Endpoint] = GET("/v1/steps/{step_id}/metrics")

    step_id: InPath[StepId]
    """`step-<uuid4>`."""


@operation
class RetrieveStepTrace(Operation[ProviderTrace | None]):
    """Retrieve the request to the model and its response.

    Returns:
        The trace; `None` if the server recorded none, or there is no such step.

    """

    http: ClassVar[Endpoint] = GET("/v1/steps/{step_id}/trace")

    step_id: InPath[StepId]
    """`step-<uuid4>`."""


@operation
class ListRunSteps(CreationOrder, IdListing[Step]):
    """List the steps of a run.

    Raises:
        NotFoundError: There is no such run.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/steps")
    item: ClassVar[str] = "step"
    default_limit: ClassVar[int] = 100

    run_id: InPath[RunId]
    """`run-<uuid4>`."""
    after: InQuery[StepId | None] = UNSET
    before: InQuery[StepId | None] = UNSET
