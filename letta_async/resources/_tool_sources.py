"""Methods that make tools of Python functions and classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from letta_async._schema.unset import Unset
from letta_async.config import Timeout
from letta_async.function_tools.server_tools import parameters_of_class, parameters_of_function
from letta_async.operations._tool_sources import AddTool, FunctionToolOperation
from letta_async.operations.tools import UpsertTool
from letta_async.resources._resource import AsyncResource, given, options_of
from letta_async.types.tool import Tool

__all__ = ["AsyncToolSources"]


class AsyncToolSources(AsyncResource):
    """Base class of the resource with methods that make tools."""

    async def _from_function(
        self,
        operation: type[FunctionToolOperation],
        parameters: Mapping[str, Any],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Tool:
        """Create a tool of the function among the parameters."""
        further = dict(parameters)
        own = parameters_of_function(
            further.pop("func"),
            **{
                name: further.pop(name) for name in ("name", "args_schema", "description", "json_schema", "source_type")
            },
        )
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._call(operation.sends, given({**own, **further}), options)

    async def _from_class(
        self,
        operation: type[AddTool],
        parameters: Mapping[str, Any],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> Tool:
        """Create a tool of the class among the parameters."""
        del operation
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._call(UpsertTool, parameters_of_class(parameters["tool"]), options)
