"""Calls about an agent's messages, under `/v1/agents/{agent_id}/messages`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from letta_async._schema.fields import Count, Range
from letta_async._schema.unset import UNSET
from letta_async.operations._operation import (
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    operation,
)
from letta_async.operations._streaming import StreamOperation
from letta_async.types.stream import StreamEvent

__all__ = ["StreamAgentMessages"]

TopLogprobs = Annotated[int, Range(minimum=0, maximum=20)]
"""How many tokens are reported at each position."""


@operation
class StreamAgentMessages(StreamOperation[StreamEvent]):
    """Send messages to an agent and stream what it does: a turn. Exactly one of `input` and `messages` is required.

    Sent twice, it is two turns.

    Raises:
        NotFoundError: There is no such agent.
        ConflictError: The agent is at work on another turn, or waits for an approval.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/messages/stream", body_required=True, traffic="stream")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    messages: InBody[list[Mapping[str, Any]] | None] = UNSET
    """Messages to send, as mappings: `{"role": "user", "content": …}`, or `{"type": "approval", …}`."""
    # To do: parts too, and messages as classes, once the validation reads unions without a tag.
    input: InBody[str | None] = UNSET
    """Text of one message by the user; content parts go into `messages`."""
    max_steps: InBody[Count] = UNSET
    """Maximum number of steps the agent takes."""
    use_assistant_message: InBody[bool] = UNSET
    """Return calls of the message tool as `AssistantMessage`; deprecated by the API for agents of type
    `letta_v1_agent`."""
    assistant_message_tool_name: InBody[str] = UNSET
    """Name of the message tool; deprecated by the API for agents of type `letta_v1_agent`."""
    assistant_message_tool_kwarg: InBody[str] = UNSET
    """Name of the message tool's argument; deprecated by the API for agents of type `letta_v1_agent`."""
    include_return_message_types: InBody[list[str] | None] = UNSET
    """Return messages of these types alone, such as `assistant_message`. Default: all."""
    enable_thinking: InBody[str] = UNSET
    """Enable reasoning before responses and tool calls."""
    client_tools: InBody[list[Mapping[str, Any]] | None] = UNSET
    """Tools that this program runs, as mappings with `name`, `description` and `parameters`. A call of one ends the
    turn; the next call's `messages` carries the tool's return."""
    client_skills: InBody[list[Mapping[str, Any]] | None] = UNSET
    """Skills of this program's environment, as mappings; rendered into the system prompt."""
    override_model: InBody[str | None] = UNSET
    """Handle of the model for this turn, `provider/model-name`, instead of the agent's."""
    include_compaction_messages: InBody[bool] = UNSET
    """Return what happens in a compaction as `SummaryMessage` and `EventMessage`. Server default: `False`."""
    return_logprobs: InBody[bool] = UNSET
    """Return log probabilities of the output tokens; providers compatible with OpenAI. Server default: `False`."""
    top_logprobs: InBody[TopLogprobs | None] = UNSET
    """Number of most likely tokens to return at each position, 0 to 20; with `return_logprobs=True`."""
    return_token_ids: InBody[bool] = UNSET
    """Return token IDs and log probabilities of all generations of the turn; SGLang. Server default: `False`."""
    override_system: InBody[str | None] = UNSET
    """System prompt for this turn, instead of the compiled one."""
    streaming: InBody[bool] = UNSET
    """Has no effect on this call, which always streams."""
    stream_tokens: InBody[bool] = UNSET
    """Return messages in pieces as the model generates them, with one `id`, instead of whole. Server default:
    `False`."""
    include_pings: InBody[bool] = UNSET
    """Return a `LettaPing` at the beginning and every 20 s. Server default: `True`."""
    background: InBody[bool] = UNSET
    """Run the turn in the background, so that it goes on when the connection breaks. Server default: `False`."""

    def hint(self, status: int) -> str | None:
        """Return a suggestion for the caller when the server responds with `status`."""
        if status == 422 and (self.input in (UNSET, None)) == (self.messages in (UNSET, None)):
            return "give exactly one of input and messages"
        return None
