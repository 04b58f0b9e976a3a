"""Calls under `/v1/steps`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

from letta_async._schema.fields import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import Listing
from letta_async.operations._message_listing import MessageListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    MessageId,
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
class ListSteps(Listing[Step]):
    """List steps. Letta 0.16.8 fails with a `BadRequestError` on every such call; `runs.steps.list` works."""

    http: ClassVar[Endpoint] = GET("/v1/steps/")

    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of steps per page. Server default: 50."""
    after: InQuery[StepId | None] = UNSET
    """Start after the step with this ID, in the order of the list."""
    before: InQuery[StepId | None] = UNSET
    """End before the step with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""
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
class ListStepMessages(MessageListing[Message]):
    """List the messages of a step.

    Letta 0.16.8 lists none for a step that does not exist, and an agent's text as a `ReasoningMessage`.
    """

    http: ClassVar[Endpoint] = GET("/v1/steps/{step_id}/messages")

    step_id: InPath[StepId]
    """`step-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of messages per page, as they are stored: one can be listed as several, or not at all. Server
    default: 100."""
    after: InQuery[MessageId | None] = UNSET
    """Start after the message with this ID, in the order of the list."""
    before: InQuery[MessageId | None] = UNSET
    """End before the message with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `asc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""

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
class ListRunSteps(Listing[Step]):
    """List the steps of a run.

    Raises:
        NotFoundError: There is no such run.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/steps")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of steps per page. Server default: 100."""
    after: InQuery[StepId | None] = UNSET
    """Start after the step with this ID, in the order of the list."""
    before: InQuery[StepId | None] = UNSET
    """End before the step with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""
