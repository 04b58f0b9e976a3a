"""Calls under `/v1/tools`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Annotated, Any, ClassVar

import attrs

from letta_async._schema.constraints import Range
from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET, Unset
from letta_async.errors import ArgumentProblem
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    PUT,
    Body,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    SecretText,
    ToolId,
    operation,
    parameters,
)
from letta_async.operations._searching import SearchParameters
from letta_async.types.message import ToolReturnMessage
from letta_async.types.tool import NpmRequirement, PipRequirement, Tool, ToolSearchResult, ToolType

__all__ = [
    "CountTools",
    "CreateTool",
    "DeleteTool",
    "ListTools",
    "RetrieveTool",
    "RunToolFromSource",
    "SearchTools",
    "ToolDetails",
    "UpdateTool",
    "UpsertBaseTools",
    "UpsertTool",
]

ReturnLimit = Annotated[int, Range(minimum=1, maximum=1_000_000)]
"""Maximum length of what a tool returns, in characters."""


@parameters
class ApprovalDefault:
    """What agents do about approvals, unless their rules say otherwise."""

    default_requires_approval: InBody[bool | None] = UNSET
    """Require that a person approves each run of the tool, by agents to which it is attached from now on."""


@parameters
class ToolRequirements:
    """What a tool needs where it runs."""

    pip_requirements: InBody[list[PipRequirement] | None] = UNSET
    """Python packages that the tool needs, as a class of this package or a mapping of the same fields."""
    npm_requirements: InBody[list[NpmRequirement] | None] = UNSET
    """JavaScript packages that the tool needs, as a class of this package or a mapping of the same fields."""


@parameters
class ToolCode:
    """Source code of a tool, with its schemas."""

    source_code: InBody[str]
    """Source code of the function. It runs on the server, where nothing else of its module exists. The last function in
    it is the tool."""
    json_schema: InBody[Mapping[str, Any] | None] = UNSET
    """JSON schema of the function, as models receive it: `name`, `description` and `parameters`. Server default:
    derived from `source_code`, for which every parameter must have an annotation and a description in the section
    `Args` of the docstring; TypeScript requires one."""
    args_json_schema: InBody[Mapping[str, Any] | None] = UNSET
    """JSON schema of the function's arguments; the server converts the arguments to its types, and derives
    `json_schema` from it if that is left out."""


@parameters
class ToolDetails(ApprovalDefault, ToolRequirements):
    """What a tool has besides source code and schema."""

    tags: InBody[list[str] | None] = UNSET
    """Tags to find the tool by."""
    return_char_limit: InBody[ReturnLimit] = UNSET
    """Maximum length of what the tool returns, in characters, 1 to 1,000,000. Server default: 50,000."""
    enable_parallel_execution: InBody[bool | None] = UNSET
    """Let the tool run at the same time as others. Server default: `False`."""


@parameters
class ToolFields(ToolCode, ToolDetails):
    """What a tool is made of."""

    description: InBody[str | None] = UNSET
    """Description of the tool, for lists; models receive that of `json_schema`. Server default: the docstring."""
    source_type: InBody[str] = UNSET
    """Language of the source code, `python` or `typescript`. Server default: `python`, which Letta 0.16.8 stores as
    `json`."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that no parameter has alone: TypeScript without a schema, which no server derives.

        Args:
            extra: Names of the members that `extra_body` adds.

        """
        if self.source_type == "typescript" and not self.json_schema and "json_schema" not in extra:
            yield ArgumentProblem("json_schema", "is required for source_type 'typescript'; none is derived from it")
        schema = self.json_schema
        if isinstance(schema, Mapping) and schema and not isinstance(schema.get("name"), str):
            yield ArgumentProblem("json_schema.name", "is required: a tool is called by the name in its schema")


@operation
class CreateTool(ToolFields, Operation[Tool]):
    """Create a tool from source code. Letta 0.16.8 replaces a tool of the same name, as `tools.upsert` does.

    `tools.create_from_function` takes schema and source from a Python function.

    Raises:
        BadRequestError: The server cannot derive a schema from the source code; the message says why.

    """

    http: ClassVar[Endpoint] = POST("/v1/tools/", body_required=True)


@operation
class UpsertTool(ToolFields, Operation[Tool]):
    """Create a tool from source code, or replace the one with its name, which keeps its ID and its agents.

    A parameter that is left out is reset to its default, but tags are kept: on Letta 0.16.8 only `tools.update` removes
    all tags. `tools.upsert_from_function` takes schema and source from a Python function.

    Raises:
        BadRequestError: The server cannot derive a schema from the source code; the message says why.

    """

    http: ClassVar[Endpoint] = PUT("/v1/tools/")


@operation
class RetrieveTool(Operation[Tool]):
    """Retrieve a tool.

    Raises:
        NotFoundError: There is no such tool.

    """

    http: ClassVar[Endpoint] = GET("/v1/tools/{tool_id}")

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""


@operation
class UpdateTool(ApprovalDefault, Operation[Tool]):
    """Update a tool. On Letta 0.16.8, what is left out or `None` is kept, except `enable_parallel_execution`.

    New source code must define a function with the name of the tool, and leaves the JSON schema as it is: pass both if
    the parameters change. A new name in `json_schema` renames the tool.

    Raises:
        NotFoundError: There is no such tool.
        BadRequestError: The source code has no function with the tool's name, or another tool has the new name.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/tools/{tool_id}")

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""
    description: InBody[str | None] = UNSET
    """Description of the tool, for lists; models receive that of `json_schema`."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to find the tool by; they replace those before."""
    source_code: InBody[str | None] = UNSET
    """Source code of the function."""
    source_type: InBody[str | None] = UNSET
    """Language of the source code, `python` or `typescript`."""
    json_schema: InBody[Mapping[str, Any] | None] = UNSET
    """JSON schema of the function, as models receive it: `name`, `description` and `parameters`."""
    args_json_schema: InBody[Mapping[str, Any] | None] = UNSET
    """JSON schema of the function's arguments; `json_schema` is derived from it if that is left out."""
    return_char_limit: InBody[ReturnLimit | None] = UNSET
    """Maximum length of what the tool returns, in characters, 1 to 1,000,000."""
    pip_requirements: InBody[list[PipRequirement] | None] = UNSET
    """Python packages that the tool needs; they replace those before."""
    npm_requirements: InBody[list[NpmRequirement] | None] = UNSET
    """JavaScript packages that the tool needs; they replace those before."""
    enable_parallel_execution: InBody[bool | None] = UNSET
    """Let the tool run at the same time as others; Letta 0.16.8 ends that with every update that leaves it out."""
    metadata: Annotated[Mapping[str, Any] | Unset | None, Body("metadata_")] = UNSET
    """JSON object to store with the tool; it replaces the one before."""


@operation
class DeleteTool(Operation[None]):
    """Delete a tool, wherever it is attached.

    Raises:
        BadRequestError: There is no such tool, on Letta 0.16.8, or an earlier attempt of this call deleted it.
        NotFoundError: The same, where the server says so.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/tools/{tool_id}")

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""


@parameters
class ToolFilters:
    """Which tools a call is about."""

    name: InQuery[str | None] = UNSET
    """Take the tool with exactly this name."""
    names: InQuery[list[str] | None] = UNSET
    """Take tools with one of these names."""
    tool_ids: InQuery[list[ToolId] | None] = UNSET
    """Take tools with one of these IDs, `tool-<uuid4>`."""
    search: InQuery[str | None] = UNSET
    """Take tools whose name contains this text, in upper or lower case."""
    tool_types: InQuery[list[ToolType] | None] = UNSET
    """Take tools of these types, such as `custom`."""
    exclude_tool_types: InQuery[list[ToolType] | None] = UNSET
    """Leave out tools of these types."""
    return_only_letta_tools: InQuery[bool | None] = UNSET
    """Take only tools that come with the server. Server default: `False`."""


@operation
class ListTools(ToolFilters, CreationOrder, IdListing[Tool]):
    """List tools: those that come with the server, and those of `tools.create` and MCP servers."""

    http: ClassVar[Endpoint] = GET("/v1/tools/")

    item: ClassVar[str] = "tool"

    after: InQuery[ToolId | None] = UNSET
    before: InQuery[ToolId | None] = UNSET


@operation
class CountTools(ToolFilters, Operation[int]):
    """Return the number of tools."""

    http: ClassVar[Endpoint] = GET("/v1/tools/count")

    exclude_letta_tools: InQuery[bool | None] = UNSET
    """Leave out tools that come with the server. Server default: `False`."""


@operation
class SearchTools(SearchParameters, Operation[list[ToolSearchResult]]):
    """Search tools by meaning, by words, or both.

    Returns:
        The tools that were found, the best match first.

    Raises:
        BadRequestError: The server has no index of tools; a self-hosted Letta 0.16.8 has none by default.

    """

    http: ClassVar[Endpoint] = POST("/v1/tools/search", repeatable=True, body_required=True)

    query: InBody[str | None] = UNSET
    """Text to search for."""
    tool_types: InBody[list[ToolType] | None] = UNSET
    """Search tools of these types, such as `custom`."""
    tags: InBody[list[str] | None] = UNSET
    """Search tools with one of these tags."""


@operation
class UpsertBaseTools(Operation[list[Tool]]):
    """Create the tools that come with the server, or bring them up to date.

    Returns:
        All of these tools.

    """

    http: ClassVar[Endpoint] = POST("/v1/tools/add-base-tools", repeatable=True)


@operation
class RunToolFromSource(ToolCode, ToolRequirements, Operation[ToolReturnMessage]):
    """Run source code as a tool, once, without storing it.

    Returns:
        What it returned and printed. A function that failed is no error of the call: see `status` and `stderr`.

    Raises:
        BadRequestError: The server cannot derive a schema from the source code; the message says why.

    """

    http: ClassVar[Endpoint] = POST("/v1/tools/run", body_required=True, traffic="model")

    args: InBody[Mapping[str, Any]]
    """Arguments, by the names of the function's parameters."""
    env_vars: InBody[Mapping[str, SecretText]] = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Environment variables of the function; error messages and `repr` never show the values."""
    name: InBody[str | None] = UNSET
    """Name of the function, with a `json_schema`: Letta 0.16.8 derives none for a function that is named."""
    source_type: InBody[str | None] = UNSET
    """Language of the source code; `None` for Python."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that no parameter has alone: a name without the schema that it requires.

        Args:
            extra: Names of the members that `extra_body` adds.

        """
        if isinstance(self.name, str) and not self.json_schema and "json_schema" not in extra:
            yield ArgumentProblem("name", "requires json_schema: the server derives none for a function that is named")
