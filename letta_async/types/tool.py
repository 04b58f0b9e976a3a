"""Tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

from letta_async._schema.wire_object import WireObject

__all__ = [
    "BaseTool",
    "NpmRequirement",
    "PipRequirement",
    "Tool",
    "ToolSearchResponse",
    "ToolSearchResult",
    "ToolType",
]

ToolType = Literal[
    "custom",
    "letta_core",
    "letta_memory_core",
    "letta_multi_agent_core",
    "letta_sleeptime_core",
    "letta_voice_sleeptime_core",
    "letta_builtin",
    "letta_files_core",
    "external_langchain",
    "external_composio",
    "external_mcp",
]
"""Type of a tool: made by a user, of the server itself, or of another system."""


@attrs.frozen(kw_only=True)
class PipRequirement(WireObject):
    """A Python package that a tool needs."""

    name: str
    """Name of the package on PyPI."""
    version: str | None = None
    """Version of the package; `None` for the latest."""


@attrs.frozen(kw_only=True)
class NpmRequirement(WireObject):
    """A JavaScript package that a tool needs."""

    name: str
    """Name of the package on npm."""
    version: str | None = None
    """Version of the package; `None` for the latest."""


@attrs.frozen(kw_only=True)
class Tool(WireObject):
    """A tool that agents can call. Source: `Tool` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`tool-<uuid4>`."""
    name: str | None = None
    """Name of the function that agents call."""
    tool_type: str | None = None
    """Kind of tool, such as `custom`, `letta_core` or `external_mcp`."""
    description: str | None = None
    """Description of the tool's purpose; agents read it."""
    source_type: str | None = None
    """Language of the source code, such as `python`."""
    source_code: str | None = None
    """Source code of the function."""
    json_schema: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON schema of the function, as models receive it."""
    args_json_schema: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON schema of the function's arguments."""
    return_char_limit: int | None = None
    """Maximum length of the function's result, in characters."""
    pip_requirements: list[PipRequirement] | None = attrs.field(default=None, hash=False)
    """Python packages that the function needs."""
    npm_requirements: list[NpmRequirement] | None = attrs.field(default=None, hash=False)
    """JavaScript packages that the function needs."""
    default_requires_approval: bool | None = None
    """Whether a person must approve each run of the tool, unless the agent's rules say otherwise."""
    enable_parallel_execution: bool | None = None
    """Whether the tool may run at the same time as others."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags to find the tool by."""
    metadata_: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the tool."""
    project_id: str | None = None
    """ID of the project that the tool belongs to; hosted API."""
    created_by_id: str | None = None
    """ID of the user who created the tool."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the tool last."""

    @property
    def metadata(self) -> Mapping[str, Any] | None:
        """JSON object that is stored with the tool: `metadata_` by the name that `tools.update` has for it."""
        return self.metadata_


class BaseTool:
    """Base class of tools that are written as a class: a subclass sets `name` and defines `run`; see `tools.add`.

    The fields are attributes of the class, or keywords of its constructor.
    """

    id: Any = None
    """ID of a tool; whatever it is, the server keeps that of the tool with this name, or gives a new one."""
    name: Any = None
    """Name of the tool, a string."""
    args_schema: Any = None
    """Model class of pydantic whose fields are the parameters of `run`; by default, these have what `run` says."""
    description: Any = None
    """Description of the tool, for the model. Default: the docstring of `run` before its first section."""
    tags: Any = None
    """Tags to find the tool by, a list of strings."""
    source_type: Any = None
    """Language of the source code; only `python` is possible."""
    json_schema: Any = None
    """JSON schema of the function, as models receive it, a mapping; by default it is made of `run`."""
    return_char_limit: Any = None
    """Maximum length of what the tool returns, in characters."""
    pip_requirements: Any = None
    """Python packages that the tool needs, a list of `PipRequirement`."""
    npm_requirements: Any = None
    """JavaScript packages that the tool needs, a list of `NpmRequirement`."""
    default_requires_approval: Any = None
    """Whether a person must approve each run of the tool."""
    enable_parallel_execution: Any = None
    """Whether the tool may run at the same time as others."""

    run: Any = None
    """Function that runs on the server: a method of the subclass, with the parameters that the tool has."""

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            if name not in BaseTool.__annotations__:
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
            setattr(self, name, value)


@attrs.frozen(kw_only=True)
class ToolSearchResult(WireObject):
    """A tool that a search found. Source: `ToolSearchResult` in the OpenAPI description of Letta 0.16.8."""

    tool: Tool
    """The tool."""
    combined_score: float | None = None
    """Score of the match; higher is better."""
    embedded_text: str | None = None
    """Text by which the tool was found."""
    fts_rank: int | None = None
    """Rank by words, beginning with 1."""
    vector_rank: int | None = None
    """Rank by meaning, beginning with 1."""


ToolSearchResponse: TypeAlias = list[ToolSearchResult]
"""Response of a search for tools."""
