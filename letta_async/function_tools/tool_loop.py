"""Loop that runs an agent's tool calls in this program, and sends their returns, until the turn ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import attrs

from letta_async._schema.json_values import show
from letta_async._schema.record import Record
from letta_async.errors import ToolLoopError
from letta_async.function_tools.local_tools import LocalTool, call_function
from letta_async.types.message import ApprovalRequestMessage, ApprovalReturn, Message, ToolCall, ToolReturn
from letta_async.types.turn_input import ApprovalCreate
from letta_async.types.turn_response import LettaResponse

__all__ = ["Approval", "ToolLoop", "ToolRun"]

Approval = bool | tuple[bool, str]
"""Decision about a tool call: whether it may run, or that and the reason, which the agent reads."""


@attrs.frozen(kw_only=True)
class ToolRun(Record):
    """What an agent did in response to messages, while this program ran its tools."""

    responses: Sequence[LettaResponse]
    """The responses, the oldest first: one per message that was sent and per round of tool calls."""

    @property
    def response(self) -> LettaResponse:
        """The last response."""
        return self.responses[-1]

    @property
    def text(self) -> str:
        """The text of the assistant's messages in the last response; between two messages a line feed."""
        return self.response.text

    @property
    def messages(self) -> list[Message]:
        """The messages of all responses, the oldest first."""
        return [message for response in self.responses for message in response.messages]

    @property
    def requires_approval(self) -> bool:
        """Whether the agent waits for an approval that nobody decided about."""
        return self.response.requires_approval


@attrs.frozen
class ToolLoop:
    """Loop of responses and tool calls."""

    send: Callable[[Mapping[str, object]], Awaitable[LettaResponse]]
    """Function that sends messages, as the parameters `messages` and `input`, and returns the response."""
    tools: Mapping[str, LocalTool]
    """Tools that run in this program, by name."""
    approve: Callable[[ToolCall], Approval | Awaitable[Approval]] | None
    """Function that decides about calls of other tools; `None` ends the loop with the first one."""
    max_turns: int
    """Maximum number of responses."""

    async def run(self, first: Mapping[str, object]) -> ToolRun:
        """Send messages, then the returns of tools, until the agent calls no more tools that this program answers for.

        Raises:
            ToolLoopError: The agent still calls tools after `max_turns` responses, or `approve` did not decide.

        """
        responses: list[LettaResponse] = []
        parameters = first
        while True:
            responses.append(await self.send(parameters))
            calls = self._answerable_calls(responses[-1])
            if not calls:
                return ToolRun(responses=tuple(responses))
            if len(responses) >= self.max_turns:
                names = ", ".join(f"{call.name}" for call in calls)
                words = f"after max_turns={self.max_turns} responses the agent still waits for tools: {names}"
                raise ToolLoopError(words, responses=responses)
            try:
                approvals = await self._answer_calls(calls)
            except ToolLoopError as error:
                error.responses = tuple(responses)
                raise
            parameters = {"messages": [ApprovalCreate(approvals=approvals)]}

    def _answerable_calls(self, response: LettaResponse) -> list[ToolCall]:
        """Return the calls that the agent waits for, if this program has an answer to all of them."""
        requests = [message for message in response.messages if isinstance(message, ApprovalRequestMessage)]
        if not response.requires_approval or not requests:
            return []
        calls = requests[-1].calls
        known = (
            _is_well_formed(call) and call.tool_call_id and (self.approve is not None or call.name in self.tools)
            for call in calls
        )
        return calls if all(known) else []

    async def _answer_calls(self, calls: Sequence[ToolCall]) -> list[ApprovalReturn | ToolReturn]:
        """Decide about calls of the server's tools one after the other, then run those of this program at once."""
        decisions = {i: await self._decide_about(call) for i, call in enumerate(calls) if call.name not in self.tools}
        local = [call for call in calls if call.name in self.tools]
        if len(local) == 1:
            returns = [await self.tools[f"{local[0].name}"].run(local[0])]
        else:
            returns = await _gather_or_cancel([self.tools[f"{call.name}"].run(call) for call in local])
        left = iter(returns)
        return [decisions[i] if i in decisions else next(left) for i in range(len(calls))]

    async def _decide_about(self, call: ToolCall) -> ApprovalReturn:
        assert self.approve is not None  # noqa: S101 - else the loop has ended
        decision: Any = await call_function(self.approve, call)
        match decision:
            case bool(approved):
                reason = None
            case (bool(approved), str(reason)):
                pass
            case _:
                words = (
                    f"approve returned {show(decision)} for {call.name}, not True, False, or one of them and a reason"
                )
                raise ToolLoopError(words)
        return ApprovalReturn(tool_call_id=call.tool_call_id or "", approve=approved, reason=reason)


def _is_well_formed(call: object) -> bool:
    """Return whether a call is one whose fields have their types: a server may send anything in their place."""
    if not isinstance(call, ToolCall):
        return False
    texts: tuple[object, ...] = call.tool_call_id, call.name, call.arguments
    return all(text is None or isinstance(text, str) for text in texts)


async def _gather_or_cancel(coroutines: Sequence[Coroutine[Any, Any, ToolReturn]]) -> list[ToolReturn]:
    """Run coroutines at once and return their results; if one raises, cancel the others and raise its own exception.

    A `TaskGroup` would raise a group, and leave the caller's task marked as cancelled on Python 3.11 and 3.12.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
