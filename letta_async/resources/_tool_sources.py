"""Tools made of Python functions and classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout
from letta_async.function_tools.server_tools import parameters_of_class, parameters_of_function
from letta_async.operations.tools import CreateTool, UpsertTool
from letta_async.resources._resource import AsyncResource
from letta_async.types.tool import NpmRequirement, PipRequirement, Tool

__all__ = ["AsyncToolSources"]


class AsyncToolSources(AsyncResource):
    """Methods that make tools of Python functions and classes."""

    async def upsert_from_function(
        self,
        *,
        func: Callable[..., object],
        args_schema: type[Any] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        source_type: str | Unset | None = UNSET,
        json_schema: Mapping[str, Any] | Unset | None = UNSET,
        return_char_limit: int | Unset = UNSET,
        pip_requirements: Sequence[PipRequirement | Mapping[str, Any]] | Unset | None = UNSET,
        npm_requirements: Sequence[NpmRequirement | Mapping[str, Any]] | Unset | None = UNSET,
        default_requires_approval: bool | Unset | None = UNSET,
        enable_parallel_execution: bool | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Tool:
        """Create a tool of a Python function, or replace the one with its name, which keeps its ID and its agents.

        `PUT /v1/tools/`. Safe to repeat: retried after transient failures.

        The server receives the source code of the function and nothing else of its module. So the function imports what
        it needs within itself; what it uses of the code around it is an error. Its JSON schema is made here of the
        signature and the docstring in Google style, as `client_tool` does it. The parameters `agent_id` and
        `agent_state` are filled by the server, and not shown to models.

        Args:
            func: The function, with `async` or without.
            args_schema: Model class of pydantic whose fields are the parameters of the function. The server passes
                instances of its classes, whose names the function may use, and Python packages of the server.
            description: Description of the tool, for the model. Default: the docstring before its first section.
            tags: Tags to find the tool by.
            source_type: Language of the source code; only `python` is possible.
            json_schema: JSON schema to send instead of the one made here: `name`, `description` and `parameters`.
            return_char_limit: Maximum length of what the tool returns, in characters, 1 to 1,000,000. Server default:
                50,000.
            pip_requirements: Python packages that the tool needs, as a class of this package or a mapping of the same
                fields.
            npm_requirements: JavaScript packages that the tool needs, as a class of this package or a mapping of the
                same fields.
            default_requires_approval: Require that a person approves each run of the tool, by agents to which it is
                attached from now on.
            enable_parallel_execution: Let the tool run at the same time as others. Server default: `False`.
            name: Name of the tool, under which its source code defines the function. Default: the function's own.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in this request.
            extra_body: Members to add or replace in the JSON body of this request, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Raises:
            InvalidArgumentError: The function cannot be a tool: it is a lambda, a method or not in Python; its source
                code cannot be read; it uses names that its source code does not define; it has no docstring, or a
                parameter without an annotation. Nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.

        """
        own = parameters_of_function(
            func,
            name=name,
            args_schema=args_schema,
            description=description,
            json_schema=json_schema,
            source_type=source_type,
        )
        further = {
            "tags": tags,
            "return_char_limit": return_char_limit,
            "pip_requirements": pip_requirements,
            "npm_requirements": npm_requirements,
            "default_requires_approval": default_requires_approval,
            "enable_parallel_execution": enable_parallel_execution,
        }
        return await self._send(UpsertTool, {**own, **further}, extra_headers, extra_query, extra_body, timeout)

    async def create_from_function(
        self,
        *,
        func: Callable[..., object],
        args_schema: type[Any] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        source_type: str | Unset | None = UNSET,
        json_schema: Mapping[str, Any] | Unset | None = UNSET,
        return_char_limit: int | Unset = UNSET,
        pip_requirements: Sequence[PipRequirement | Mapping[str, Any]] | Unset | None = UNSET,
        npm_requirements: Sequence[NpmRequirement | Mapping[str, Any]] | Unset | None = UNSET,
        default_requires_approval: bool | Unset | None = UNSET,
        enable_parallel_execution: bool | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Tool:
        """Create a tool of a Python function. Letta 0.16.8 replaces a tool of the same name.

        `POST /v1/tools/`. Not retried when the server may have received it: `upsert_from_function` is.

        The server receives the source code of the function and nothing else of its module. So the function imports what
        it needs within itself; what it uses of the code around it is an error. Its JSON schema is made here of the
        signature and the docstring in Google style, as `client_tool` does it. The parameters `agent_id` and
        `agent_state` are filled by the server, and not shown to models.

        Args:
            func: The function, with `async` or without.
            args_schema: Model class of pydantic whose fields are the parameters of the function. The server passes
                instances of its classes, whose names the function may use, and Python packages of the server.
            description: Description of the tool, for the model. Default: the docstring before its first section.
            tags: Tags to find the tool by.
            source_type: Language of the source code; only `python` is possible.
            json_schema: JSON schema to send instead of the one made here: `name`, `description` and `parameters`.
            return_char_limit: Maximum length of what the tool returns, in characters, 1 to 1,000,000. Server default:
                50,000.
            pip_requirements: Python packages that the tool needs, as a class of this package or a mapping of the same
                fields.
            npm_requirements: JavaScript packages that the tool needs, as a class of this package or a mapping of the
                same fields.
            default_requires_approval: Require that a person approves each run of the tool, by agents to which it is
                attached from now on.
            enable_parallel_execution: Let the tool run at the same time as others. Server default: `False`.
            name: Name of the tool, under which its source code defines the function. Default: the function's own.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in this request.
            extra_body: Members to add or replace in the JSON body of this request, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Raises:
            InvalidArgumentError: The function cannot be a tool; see `upsert_from_function`. Nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.

        """
        own = parameters_of_function(
            func,
            name=name,
            args_schema=args_schema,
            description=description,
            json_schema=json_schema,
            source_type=source_type,
        )
        further = {
            "tags": tags,
            "return_char_limit": return_char_limit,
            "pip_requirements": pip_requirements,
            "npm_requirements": npm_requirements,
            "default_requires_approval": default_requires_approval,
            "enable_parallel_execution": enable_parallel_execution,
        }
        return await self._send(CreateTool, {**own, **further}, extra_headers, extra_query, extra_body, timeout)

    async def add(
        self,
        *,
        tool: object,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> Tool:
        """Create a tool of a class with a method `run`, or replace the one with its name.

        `PUT /v1/tools/`. Safe to repeat: retried after transient failures.

        The server receives the source code of `run` as a function with the name of the tool and without `self`, which
        it must not use. Otherwise the method is as the function of `upsert_from_function`.

        Args:
            tool: A subclass of `BaseTool`, or an instance: `name`, `run`, and what else a tool is made of.
            extra_headers: Headers to add or replace in this request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in this request.
            extra_body: Members to add or replace in the JSON body of this request, without validation.
            timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the client's.

        Raises:
            InvalidArgumentError: It cannot be a tool: it has no `name` or no `run`, `run` uses `self`, or what
                `upsert_from_function` refuses. Nothing was sent.
            APIStatusError: The server responded with an error status.
            APIConnectionError: No response arrived.

        """
        return await self._send(UpsertTool, parameters_of_class(tool), extra_headers, extra_query, extra_body, timeout)
