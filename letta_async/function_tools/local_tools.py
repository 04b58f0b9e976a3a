"""Tools that this program runs: the description of each for the model, and the return of a call."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from letta_async._schema.json_values import is_array, is_object, join, show
from letta_async._utils.logging_setup import log
from letta_async.errors import ArgumentProblem, InvalidArgumentError, ToolArgumentsError
from letta_async.function_tools.function_descriptions import client_tool, describe_function
from letta_async.function_tools.tool_returns import content_of
from letta_async.function_tools.user_code_errors import describe_exception, examining
from letta_async.types.content import Content
from letta_async.types.message import ToolCall, ToolReturn
from letta_async.types.turn_input import ClientTool

__all__ = ["LocalTool", "ToolSource", "call_function", "read_tools"]

ToolSource = Callable[..., object] | tuple[ClientTool | Mapping[str, Any], Callable[..., object]]
"""A tool as `run_tools` accepts it: a function, or a pair of the tool's description and a function."""


@attrs.frozen
class LocalTool:
    """A tool that this program runs."""

    tool: ClientTool
    """Description for the model."""
    function: Callable[..., object]
    """Function that runs."""
    bind: Callable[[Mapping[str, Any]], inspect.BoundArguments]
    """Function that makes the function's arguments of those that the model wrote."""

    async def run(self, call: ToolCall) -> ToolReturn:
        """Run the tool and return what the agent is to read: what the function returned, or its exception as an error.

        Only exceptions such as `KeyboardInterrupt` and `CancelledError`, which are no subclass of `Exception`, are
        raised.
        """
        content: Content
        try:
            bound = self.bind(call.parsed_arguments)
        except ToolArgumentsError as error:
            return _make_tool_return(call, str(error), failed=True)
        except InvalidArgumentError as error:
            text = f"{error}" if len(error.faults) > 1 else f"invalid argument: {error}"
            return _make_tool_return(call, text, failed=True)
        except Exception as error:  # a type of the program's own failed, or the arguments are nested too deeply
            return _make_tool_return(call, f"invalid argument: {describe_exception(error)}", failed=True)
        try:
            content = content_of(await call_function(self.function, *bound.args, **bound.kwargs))
        except Exception as error:
            log.warning("the tool %s failed; the agent is told so", self.tool.name, exc_info=error)
            return _make_tool_return(call, describe_exception(error), failed=True)
        return _make_tool_return(call, content)


async def call_function(function: Callable[..., object], *args: Any, **kwargs: Any) -> Any:
    """Call a function and return its result: on the event loop if it is async, else on another thread."""
    if _is_async(function):
        result: Any = function(*args, **kwargs)
    else:
        result, error = await asyncio.to_thread(_call_and_catch, function, args, kwargs)
        if error is not None:
            raise error
    return await result if inspect.isawaitable(result) else result


def read_tools(tools: object) -> dict[str, LocalTool]:
    """Return tools by name.

    Raises:
        InvalidArgumentError: A tool cannot be described, or two have one name; one error lists all problems.

    """
    if not is_array(tools):
        raise InvalidArgumentError([ArgumentProblem("tools", f"{show(tools)} is not a list of functions")])
    problems: list[ArgumentProblem] = []
    found: dict[str, LocalTool] = {}
    for i, source in enumerate(tools):
        try:
            with examining(""):
                made = _read_tool(source)
        except InvalidArgumentError as error:
            problems += [ArgumentProblem(join(f"tools[{i}]", each.path), each.problem) for each in error.faults]
            continue
        if made.tool.name in found:
            problems.append(ArgumentProblem(f"tools[{i}]", f"has the name {made.tool.name!r} of another tool"))
        found[made.tool.name] = made
    if problems:
        raise InvalidArgumentError(problems)
    return found


def _read_tool(source: Any) -> LocalTool:
    match source:
        case (ClientTool() as tool, function) if callable(function):
            return LocalTool(tool, function, functools.partial(_bind_unconverted, function))
        case (members, function) if is_object(members) and callable(function):
            return _read_tool((ClientTool.from_dict(members), function))
        case _ if callable(source):
            described = describe_function(source)
            return LocalTool(client_tool(source), source, described.bind)
        case _:
            words = f"{show(source)} is neither a function nor a pair of a ClientTool and a function"
            raise InvalidArgumentError([ArgumentProblem("", words)])


def _bind_unconverted(function: Callable[..., object], arguments: Mapping[str, Any]) -> inspect.BoundArguments:
    """Return the arguments of a function that has a description of its own, as the model wrote them.

    Raises:
        InvalidArgumentError: The function does not take them.

    """
    try:
        return inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise InvalidArgumentError([ArgumentProblem(getattr(function, "__name__", "tool"), str(error))]) from None


def _make_tool_return(call: ToolCall, content: Content, *, failed: bool = False) -> ToolReturn:
    """Return what the agent is to read; what cannot be sent or stored of a text is replaced, as the tool has run."""
    if isinstance(content, str):
        content = content.encode(errors="replace").decode().replace("\0", "\ufffd")
    return ToolReturn(
        tool_call_id=call.tool_call_id or "", tool_return=content, status="error" if failed else "success"
    )


def _call_and_catch(
    function: Callable[..., object], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[object, Exception | None]:
    """Call a function and return its result or its exception: a future cannot hold a `StopIteration`."""
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error


def _is_async(function: Any) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
