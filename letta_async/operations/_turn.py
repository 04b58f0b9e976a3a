"""Parameters that all calls share which send messages to an agent: a turn."""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable
from typing import Annotated, Generic, Self, TypeVar

import attrs

from letta_async._schema.constraints import Range, Seconds
from letta_async._schema.unset import UNSET, Unset
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import InBody, InClient, Operation, operation
from letta_async.operations._streaming import ResumableOperation
from letta_async.types.content import ContentPart
from letta_async.types.turn_input import ClientSkill, ClientTool, MessageCreate, MessageType, TurnMessage

__all__ = ["StreamingTurn", "TurnOperation", "TurnParameters"]

Answer = TypeVar("Answer")
StepCount = Annotated[int, Range(minimum=1)]
"""Number of steps: without one, the server sends nothing to the model."""
TopLogprobs = Annotated[int, Range(minimum=0, maximum=20)]
"""Number of tokens that are reported at each position."""

_DEPRECATED = (
    "use_assistant_message",
    "assistant_message_tool_name",
    "assistant_message_tool_kwarg",
    "enable_thinking",
)


@operation
class TurnParameters(Operation[Answer], Generic[Answer]):
    """Parameters of a turn, however many calls make it. Exactly one of `input` and `messages` is required."""

    messages: InBody[list[TurnMessage] | None] = UNSET
    """Messages to send, as classes or mappings, such as `MessageCreate` or `{"role": "user", "content": …}`, and
    `ApprovalCreate` or `{"type": "approval", "approvals": …}`."""
    input: InBody[str | list[ContentPart] | None] = UNSET
    """Content of one message by the user: text, or parts such as `TextContent` and `ImageContent`."""
    max_steps: InBody[StepCount] = UNSET
    """Maximum number of steps the agent takes, at least 1. Server default: 50."""
    include_return_message_types: InBody[list[MessageType] | None] = UNSET
    """Return messages of these types alone, such as `assistant_message`. Default: all."""
    client_skills: InBody[list[ClientSkill] | None] = UNSET
    """Skills of this program's environment, as `ClientSkill` or mappings; rendered into the system prompt."""
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
    wait_if_busy: InClient[Seconds] = UNSET
    """Seconds to wait while the agent or the conversation is busy with another turn (409), during which the request is
    repeated. Default: 0, no longer than the retry policy says."""


@operation
class TurnOperation(TurnParameters[Answer], Generic[Answer]):
    """A call that sends messages to an agent."""

    client_tools: InBody[list[ClientTool] | None] = UNSET
    """Tools that this program runs, as `ClientTool` or mappings with `name`, `description` and `parameters`. A call of
    one ends the turn; the next call's `messages` carries the tool's return."""
    use_assistant_message: InBody[bool] = UNSET
    """Return calls of the message tool as `AssistantMessage`; deprecated by the API. Server default: `True`."""
    assistant_message_tool_name: InBody[str] = UNSET
    """Name of the message tool; deprecated by the API. Server default: `send_message`."""
    assistant_message_tool_kwarg: InBody[str] = UNSET
    """Name of the message tool's argument; deprecated by the API. Server default: `message`."""
    enable_thinking: InBody[str] = UNSET
    """Enable reasoning before responses and tool calls; deprecated by the API."""

    @property
    def conflict_patience(self) -> float:
        """Seconds for which the call is repeated while the server is busy with another turn (409)."""
        return 0.0 if isinstance(self.wait_if_busy, Unset) else self.wait_if_busy

    def parameter_warnings(self) -> Iterable[tuple[str, type[Warning]]]:
        """Warn of parameters that the API's description marks as deprecated."""
        yield from super().parameter_warnings()
        for name in _DEPRECATED:
            if getattr(self, name) is not UNSET:
                yield f"{name} is deprecated by the API", DeprecationWarning

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that no parameter has alone: `input` and `messages` exclude each other."""
        given = [name for name in ("input", "messages") if getattr(self, name) not in (UNSET, None)]
        if len(given) == 2:
            yield ArgumentProblem("input", "excludes messages; give one of them")
        elif not given and "input" not in extra and "messages" not in extra:
            yield ArgumentProblem("input", "is required, or messages")
        for name in given:
            if not getattr(self, name):
                yield ArgumentProblem(name, "is empty")


@operation
class StreamingTurn(TurnOperation[Answer], ResumableOperation[Answer], Generic[Answer]):
    """A turn whose response is, or can be, an event stream."""

    streaming: InBody[bool] = UNSET
    """Return an event stream instead of the whole response."""
    stream_tokens: InBody[bool] = UNSET
    """In a stream, return messages in pieces as the model generates them, with one `id`, instead of whole. Server
    default: `False`."""
    include_pings: InBody[bool] = UNSET
    """In a stream, return a `LettaPing` at the beginning and every 20 s. Server default: `True`."""
    background: InBody[bool] = UNSET
    """Run a streamed turn in the background, so that it goes on when the connection breaks; the server needs Redis.
    Server default: `False`."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that no parameter has alone: some have a meaning in a stream only."""
        yield from super().argument_problems(extra)
        if not self.streams:
            for name, value in (("stream_tokens", True), ("background", True), ("include_pings", False)):
                if getattr(self, name) is value:
                    yield ArgumentProblem(name, f"{value} goes with a stream; pass streaming=True")

    @property
    def is_resumable(self) -> bool:
        """Whether a stream that broke is continued."""
        return self.streams and self.background is True and self.resume is not False

    def prepared(self) -> Self:
        """Return the call with an offline threading ID on each message, by which its run is found again.

        The server keeps the ID with a background run; seen on Letta 0.16.8.
        """
        messages = self.messages or []
        if not isinstance(self.input, Unset) and self.input is not None:
            messages = [MessageCreate(role="user", content=self.input)]
        if not messages or not self.is_resumable:
            return self
        marked = [message if message.otid else attrs.evolve(message, otid=str(uuid.uuid4())) for message in messages]
        return self.changed({"input": UNSET, "messages": marked})

    @property
    def otid(self) -> str | None:
        """Offline threading ID of the first message."""
        return (self.messages[0].otid or None) if self.messages else None
