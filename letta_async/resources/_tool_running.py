"""Turns in which this program runs the tools that the agent calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import is_array, show
from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.function_tools.local_tools import ToolSource, read_tools
from letta_async.function_tools.tool_loop import Approval, ToolLoop, ToolRun
from letta_async.operations._operation import Operation
from letta_async.operations.agent_messages import CreateAgentMessages
from letta_async.operations.conversation_messages import CreateMessages
from letta_async.resources._resource import AsyncResource, given, options_of
from letta_async.types.content import ContentPart
from letta_async.types.message import ToolCall
from letta_async.types.turn import ClientSkill, LettaResponse, MessageType, TurnMessage

__all__ = ["AsyncAgentTools", "AsyncConversationTools"]


class _ToolRunning(AsyncResource):
    async def _run_tools(
        self,
        operation: type[Operation[LettaResponse]],
        parameters: Mapping[str, Any],
        options: CallOptions,
        *,
        tools: Sequence[ToolSource],
        approve: Callable[[ToolCall], Approval | Awaitable[Approval]] | None,
        max_turns: int,
    ) -> ToolRun:
        """Run the loop with a call that sends messages; `messages` and `input` of the parameters are sent first."""
        problems: list[ArgumentProblem] = []
        try:
            local = read_tools(tools)
        except InvalidArgumentError as error:
            problems += error.faults
            local = {}
        if approve is not None and not callable(approve):
            problems.append(ArgumentProblem("approve", f"{show(approve)} cannot be called with a ToolCall"))
        if isinstance(max_turns, bool) or not isinstance(max_turns, int) or max_turns < 1:
            problems.append(ArgumentProblem("max_turns", f"{show(max_turns)} is not a positive whole number"))
        if problems:
            raise InvalidArgumentError(problems)
        common = given(parameters)
        first: dict[str, object] = {name: common.pop(name) for name in ("messages", "input") if name in common}
        if local:
            common["client_tools"] = [each.tool for each in local.values()]
        types = common.get("include_return_message_types")
        if is_array(types) and "approval_request_message" not in types:
            common["include_return_message_types"] = [*types, "approval_request_message"]

        async def send(messages: Mapping[str, object]) -> LettaResponse:
            return await self._call(operation, {**common, **messages}, options)

        return await ToolLoop(send, local, approve, max_turns).run(first)


class AsyncAgentTools(_ToolRunning):
    """Method that runs the tools which an agent calls."""

    async def run_tools(
        self,
        agent_id: str,
        *,
        tools: Sequence[ToolSource],
        messages: Sequence[TurnMessage | Mapping[str, Any]] | Unset | None = UNSET,
        input: str | Sequence[ContentPart | Mapping[str, Any]] | Unset | None = UNSET,
        approve: Callable[[ToolCall], Approval | Awaitable[Approval]] | None = None,
        max_turns: int = 10,
        max_steps: int | Unset = UNSET,
        include_return_message_types: Sequence[MessageType] | Unset | None = UNSET,
        client_skills: Sequence[ClientSkill | Mapping[str, Any]] | Unset | None = UNSET,
        override_model: str | Unset | None = UNSET,
        include_compaction_messages: bool | Unset = UNSET,
        return_logprobs: bool | Unset = UNSET,
        top_logprobs: int | Unset | None = UNSET,
        return_token_ids: bool | Unset = UNSET,
        override_system: str | Unset | None = UNSET,
        wait_if_busy: float | Unset = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> ToolRun:
        """Send messages to an agent and run the tools that it calls in this program, until its turn ends.

        Each response in which the agent calls tools of this program is followed by a request with what they returned.
        Calls of one response run at the same time: an `async` function on the event loop, any other on a thread. With
        `Letta`, that is the private event loop, and never the caller's thread.

        The agent reads as an error: the type and text of an exception that a tool raises, without its traceback, and
        arguments that are not what the annotations promise. The logger `letta_async` gets such an exception as a
        warning. A string is returned as it is, `None` as `None`, `TextContent` and `ImageContent` as parts, and
        anything else as JSON, objects by their fields. When the call is cancelled, tools on threads run to their end.

        Args:
            agent_id: `agent-<uuid4>`.
            tools: Functions; or pairs of a `ClientTool`, which describes the tool, and a function, which gets the
                arguments as the model wrote them. `client_tool` says which annotations are understood, and how
                docstrings are read. A tool of the agent's own with the same name is hidden for these turns.
            messages: Messages to send, as classes or mappings. Exactly one of `input` and `messages` is required.
            input: Content of one message by the user: text, or parts such as `TextContent` and `ImageContent`.
            approve: Function that decides about each call of the agent's other tools that need approval: it gets the
                `ToolCall` and returns whether the tool may run, or a tuple of that and a reason, which the agent reads.
                It is called and awaited as a tool is, one call after the other, before the tools run. Default: `None`;
                the response with the first such call is the last one, and none of its tools has run.
            max_turns: Maximum number of responses. Default: 10.
            max_steps: Maximum number of steps the agent takes, for each response. Server default: 50.
            include_return_message_types: Return messages of these types alone, and `approval_request_message`. Default:
                all.
            client_skills: Skills of this program's environment, as `ClientSkill` or mappings; rendered into the system
                prompt.
            override_model: Handle of the model for these turns, `provider/model-name`, instead of the agent's.
            include_compaction_messages: Return what happens in a compaction as `SummaryMessage` and `EventMessage`.
                Server default: `False`.
            return_logprobs: Return log probabilities of the output tokens; providers compatible with OpenAI. Server
                default: `False`.
            top_logprobs: Number of most likely tokens to return at each position, 0 to 20; with `return_logprobs=True`.
            return_token_ids: Return token IDs and log probabilities of all generations of each turn; SGLang. Server
                default: `False`.
            override_system: System prompt for these turns, instead of the compiled one.
            wait_if_busy: Seconds to wait while the agent is busy with another turn (409), during which each request is
                repeated. Default: 0, no longer than the retry policy says.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each request, without validation.
            timeout: Limit on one attempt of a request in seconds, `None` for no limit, or a `Timeout`. Default: the
                client's.

        Returns:
            The responses: the last one as `response`, its text as `text`.

        Raises:
            InvalidArgumentError: An argument is invalid, or a tool cannot be described; nothing was sent.
            NotFoundError: There is no such agent.
            ConflictError: The agent is busy with another turn, or waits for an approval.
            RateLimitError: The model's provider refused, or the server did.
            ToolLoopError: The agent still calls tools after `max_turns` responses, or `approve` returned neither a
                boolean nor a tuple of one and a reason.
            APIError: No response arrived, or it was not a success.
            BaseException: Whatever `approve` raises.

        """
        parameters: dict[str, Any] = {
            "agent_id": agent_id,
            "messages": messages,
            "input": input,
            "max_steps": max_steps,
            "include_return_message_types": include_return_message_types,
            "client_skills": client_skills,
            "override_model": override_model,
            "include_compaction_messages": include_compaction_messages,
            "return_logprobs": return_logprobs,
            "top_logprobs": top_logprobs,
            "return_token_ids": return_token_ids,
            "override_system": override_system,
            "wait_if_busy": wait_if_busy,
            "streaming": False,
        }
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._run_tools(
            CreateAgentMessages, parameters, options, tools=tools, approve=approve, max_turns=max_turns
        )


class AsyncConversationTools(_ToolRunning):
    """Method that runs the tools which the agent of a conversation calls."""

    async def run_tools(
        self,
        conversation_id: str,
        *,
        tools: Sequence[ToolSource],
        messages: Sequence[TurnMessage | Mapping[str, Any]] | Unset | None = UNSET,
        input: str | Sequence[ContentPart | Mapping[str, Any]] | Unset | None = UNSET,
        approve: Callable[[ToolCall], Approval | Awaitable[Approval]] | None = None,
        max_turns: int = 10,
        agent_id: str | Unset | None = UNSET,
        max_steps: int | Unset = UNSET,
        include_return_message_types: Sequence[MessageType] | Unset | None = UNSET,
        client_skills: Sequence[ClientSkill | Mapping[str, Any]] | Unset | None = UNSET,
        override_model: str | Unset | None = UNSET,
        include_compaction_messages: bool | Unset = UNSET,
        return_logprobs: bool | Unset = UNSET,
        top_logprobs: int | Unset | None = UNSET,
        return_token_ids: bool | Unset = UNSET,
        override_system: str | Unset | None = UNSET,
        wait_if_busy: float | Unset = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> ToolRun:
        """Send messages to a conversation and run the tools that the agent calls in this program, until its turn ends.

        Each response in which the agent calls tools of this program is followed by a request with what they returned.
        Calls of one response run at the same time: an `async` function on the event loop, any other on a thread. With
        `Letta`, that is the private event loop, and never the caller's thread.

        The agent reads as an error: the type and text of an exception that a tool raises, without its traceback, and
        arguments that are not what the annotations promise. The logger `letta_async` gets such an exception as a
        warning. A string is returned as it is, `None` as `None`, `TextContent` and `ImageContent` as parts, and
        anything else as JSON, objects by their fields. When the call is cancelled, tools on threads run to their end.

        Args:
            conversation_id: `conv-<uuid4>`; or `default` for the agent-direct mode, with `agent_id`.
            tools: Functions; or pairs of a `ClientTool`, which describes the tool, and a function, which gets the
                arguments as the model wrote them. `client_tool` says which annotations are understood, and how
                docstrings are read. A tool of the agent's own with the same name is hidden for these turns.
            messages: Messages to send, as classes or mappings. Exactly one of `input` and `messages` is required.
            input: Content of one message by the user: text, or parts such as `TextContent` and `ImageContent`.
            approve: Function that decides about each call of the agent's other tools that need approval: it gets the
                `ToolCall` and returns whether the tool may run, or a tuple of that and a reason, which the agent reads.
                It is called and awaited as a tool is, one call after the other, before the tools run. Default: `None`;
                the response with the first such call is the last one, and none of its tools has run.
            max_turns: Maximum number of responses. Default: 10.
            agent_id: `agent-<uuid4>`, with `conversation_id="default"`; beside another ID it has no effect.
            max_steps: Maximum number of steps the agent takes, for each response. Server default: 50.
            include_return_message_types: Return messages of these types alone, and `approval_request_message`. Default:
                all.
            client_skills: Skills of this program's environment, as `ClientSkill` or mappings; rendered into the system
                prompt.
            override_model: Handle of the model for these turns, `provider/model-name`, instead of the agent's.
            include_compaction_messages: Return what happens in a compaction as `SummaryMessage` and `EventMessage`.
                Server default: `False`.
            return_logprobs: Return log probabilities of the output tokens; providers compatible with OpenAI. Server
                default: `False`.
            top_logprobs: Number of most likely tokens to return at each position, 0 to 20; with `return_logprobs=True`.
            return_token_ids: Return token IDs and log probabilities of all generations of each turn; SGLang. Server
                default: `False`.
            override_system: System prompt for these turns, instead of the compiled one.
            wait_if_busy: Seconds to wait while the conversation is busy with another turn (409), during which each
                request is repeated. Default: 0, no longer than the retry policy says.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each request, without validation.
            timeout: Limit on one attempt of a request in seconds, `None` for no limit, or a `Timeout`. Default: the
                client's.

        Returns:
            The responses: the last one as `response`, its text as `text`.

        Raises:
            InvalidArgumentError: An argument is invalid, or a tool cannot be described; nothing was sent.
            NotFoundError: There is no such conversation.
            ConflictError: The conversation is busy with another turn, or waits for an approval.
            RateLimitError: The model's provider refused, or the server did.
            ToolLoopError: The agent still calls tools after `max_turns` responses, or `approve` returned neither a
                boolean nor a tuple of one and a reason.
            APIError: No response arrived, or it was not a success.
            BaseException: Whatever `approve` raises.

        """
        parameters: dict[str, Any] = {
            "conversation_id": conversation_id,
            "messages": messages,
            "input": input,
            "agent_id": agent_id,
            "max_steps": max_steps,
            "include_return_message_types": include_return_message_types,
            "client_skills": client_skills,
            "override_model": override_model,
            "include_compaction_messages": include_compaction_messages,
            "return_logprobs": return_logprobs,
            "top_logprobs": top_logprobs,
            "return_token_ids": return_token_ids,
            "override_system": override_system,
            "wait_if_busy": wait_if_busy,
            "streaming": False,
        }
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._run_tools(
            CreateMessages, parameters, options, tools=tools, approve=approve, max_turns=max_turns
        )
