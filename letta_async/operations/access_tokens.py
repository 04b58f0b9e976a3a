"""Calls under `/v1/client-side-access-tokens`, of the hosted API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import attrs

from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET, Unset
from letta_async.operations._operation import (
    DELETE,
    GET,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    Query,
    Segment,
    WholeBody,
    operation,
)
from letta_async.types.access_token import AccessToken, AccessTokenListResponse, AgentPolicy

__all__ = ["CreateAccessToken", "DeleteAccessToken", "ListAccessTokens"]


@operation
class CreateAccessToken(Operation[AccessToken]):
    """Create a token for a program in browsers; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/client-side-access-tokens")

    hostname: InBody[str]
    """URL of the program, with `http` or `https`."""
    policy: InBody[list[AgentPolicy]]
    """What the token may do with each agent, as `AgentPolicy` or mappings of the same fields."""
    expires_at: InBody[str] = UNSET
    """Time at which the token expires. Server default: in 5 minutes."""


@operation
class ListAccessTokens(Operation[AccessTokenListResponse]):
    """List a page of the tokens; hosted API."""

    http: ClassVar[Endpoint] = GET("/v1/client-side-access-tokens")

    agent_id: Annotated[AgentId | Unset, Query("agentId")] = UNSET
    """List tokens for this agent, `agent-<uuid4>`."""
    limit: InQuery[float] = UNSET
    """Maximum number of tokens."""
    offset: InQuery[float] = UNSET
    """Number of tokens to leave out at the beginning."""


@operation
class DeleteAccessToken(Operation[None]):
    """Delete a token, which is then no longer valid; hosted API."""

    http: ClassVar[Endpoint] = DELETE("/v1/client-side-access-tokens/{token}")
    masked_segment: ClassVar[str | None] = "token"

    token: InPath[Segment] = attrs.field(repr=False, metadata=SECRET)
    """The token."""
    body: Annotated[Mapping[str, Any] | Unset, WholeBody()] = UNSET
    """JSON object to send; the API reads none of it."""
