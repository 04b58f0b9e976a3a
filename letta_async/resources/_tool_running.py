"""Turns in which this program runs the tools that the agent calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from letta_async._schema.json_values import is_array, is_positive_integer, show
from letta_async._schema.unset import Unset
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import Timeout
from letta_async.errors import ArgumentProblem, InvalidArgumentError, LettaError
from letta_async.function_tools.local_tools import ToolSource, read_tools
from letta_async.function_tools.tool_loop import Approval, ToolLoop, ToolRun
from letta_async.operations._tool_loop import ToolLoopOperation
from letta_async.resources._resource import AsyncResource, given, options_of
from letta_async.types.message import ToolCall
from letta_async.types.turn_response import LettaResponse

__all__ = ["AsyncToolRunning"]


class AsyncToolRunning(AsyncResource):
    """Base class of the resources with the method `run_tools`."""

    async def _run_tools(
        self,
        loop: type[ToolLoopOperation],
        parameters: Mapping[str, Any],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> ToolRun:
        """Run the tools that the agent calls; `messages` and `input` of the parameters are sent first."""
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        common: dict[str, Any] = {**given(parameters), "streaming": False}
        tools: Sequence[ToolSource] = common.pop("tools")
        approve: Callable[[ToolCall], Approval | Awaitable[Approval]] | None = common.pop("approve")
        max_turns: int = common.pop("max_turns")
        problems: list[ArgumentProblem] = []
        try:
            local = read_tools(tools)
        except InvalidArgumentError as error:
            problems += error.faults
            local = {}
        if approve is not None and not callable(approve):
            problems.append(ArgumentProblem("approve", f"{show(approve)} cannot be called with a ToolCall"))
        if not is_positive_integer(max_turns):
            problems.append(ArgumentProblem("max_turns", f"{show(max_turns)} is not a positive whole number"))
        if problems:
            raise InvalidArgumentError(problems)
        first: dict[str, object] = {name: common.pop(name) for name in ("messages", "input") if name in common}
        if local:
            common["client_tools"] = [each.tool for each in local.values()]
        types = common.get("include_return_message_types")
        if is_array(types) and "approval_request_message" not in types:
            common["include_return_message_types"] = [*types, "approval_request_message"]

        async def send(messages: Mapping[str, object]) -> LettaResponse:
            return await self._call(loop.sends, {**common, **messages}, options)

        try:
            return await ToolLoop(send, local, approve, max_turns).run(first)
        except LettaError as error:
            drop_frames(error)
            raise
