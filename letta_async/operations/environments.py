"""Calls under `/v1/environments`, of the hosted API."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Annotated, ClassVar, Literal

from letta_async._schema.unset import UNSET, Unset
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import (
    GET,
    POST,
    Body,
    Endpoint,
    InPath,
    InQuery,
    Operation,
    Query,
    Segment,
    operation,
)
from letta_async.types.environment import (
    Environment,
    EnvironmentListResponse,
    EnvironmentMessage,
    EnvironmentSendMessageResponse,
)

__all__ = ["ListEnvironments", "RetrieveEnvironment", "SendEnvironmentMessage"]


@operation
class RetrieveEnvironment(Operation[Environment]):
    """Retrieve an environment; hosted API."""

    http: ClassVar[Endpoint] = GET("/v1/environments/{device_id}")

    device_id: InPath[Segment]
    """ID of the computer."""


@operation
class ListEnvironments(Operation[EnvironmentListResponse]):
    """List a page of the environments of the organization; hosted API."""

    http: ClassVar[Endpoint] = GET("/v1/environments")

    limit: InQuery[str | int] = UNSET
    """Maximum number of environments."""
    after: InQuery[str] = UNSET
    """Start after the environment with this ID."""
    online_only: Annotated[str | bool | Unset, Query("onlineOnly")] = UNSET
    """List only environments that are connected, if it is `True` or `"true"`."""
    source: InQuery[Literal["local", "remote"]] = UNSET
    """List only environments on users' computers (`local`), or only others (`remote`)."""
    user_id: Annotated[str | Unset, Query("userId")] = UNSET
    """List environments of this user."""


@operation
class SendEnvironmentMessage(Operation[EnvironmentSendMessageResponse]):
    """Send messages to an environment that is connected; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/environments/{connection_id}/messages")

    connection_id: InPath[Segment]
    """ID of the environment's connection."""
    messages: Annotated[list[EnvironmentMessage], Body()]
    """Messages to send, as `EnvironmentMessage` or mappings of the same fields."""
    agent_id: Annotated[str | Unset, Body("agentId")] = UNSET
    """ID of the agent, `agent-<uuid4>`."""
    conversation_id: Annotated[str | Unset | None, Body("conversationId")] = UNSET
    """ID of the conversation, `conv-<uuid4>`; `None` for the agent's own messages."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems with messages that are neither a user's nor decisions."""
        del extra
        for index, message in enumerate(self.messages):
            kinds = {"content": message.content, "approvals": message.approvals}
            if sum(value is not UNSET for value in kinds.values()) != 1:
                yield ArgumentProblem(f"messages[{index}]", "has to have content or approvals, and not both")
