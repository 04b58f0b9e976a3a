"""Tools that are made of Python functions and classes: one call, whose source code and schema are read here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from letta_async._schema.placement import Local
from letta_async._schema.unset import UNSET
from letta_async.operations._operation import Endpoint, InBody, InClient, Operation, operation
from letta_async.operations.tools import CreateTool, ToolDetails, UpsertTool
from letta_async.types.tool import Tool

__all__ = ["AddTool", "CreateFromFunction", "FunctionToolOperation", "UpsertFromFunction"]


@operation
class FunctionToolOperation(ToolDetails, Operation[Tool]):
    """A tool of a function, which `resources/_tool_sources.py` sends.

    The server receives the source code of the function, and nothing of what stands around it. So the function imports
    what it needs within itself; what it uses of its module is an error. The JSON schema is made here of the signature
    and the docstring in Google style, as `client_tool` does it; a parameter is of one type, or of one and `None`. The
    parameters `agent_id` and `agent_state` are filled by the server, and not shown to models.

    Raises:
        InvalidArgumentError: An argument is invalid, or the function cannot be a tool: it is a lambda, a method or not
            in Python; its source code cannot be read, or uses names that it does not define; it has no docstring, or a
            parameter without an annotation. Nothing was sent.
        APIStatusError: The server responded with an error status.
        APIConnectionError: No response arrived.
        APIResponseValidationError: The response is not what the API promises.
        ClientClosedError: The client is closed.

    """

    made_by = "from_function"
    sends: ClassVar[type[Operation[Tool]]]
    """Call that is made."""

    func: Annotated[Callable[..., object], Local()]
    """Function, with `async` or without."""
    args_schema: InClient[type[Any] | None] = UNSET
    """Model class of pydantic whose fields are the parameters of the function. The function gets instances of its
    classes, and may use their names."""
    description: InBody[str | None] = UNSET
    """Description of the tool, for the model. Default: the docstring before its first section."""
    source_type: InBody[str | None] = UNSET
    """Language of the source code; only `python` is possible."""
    json_schema: InBody[Mapping[str, Any] | None] = UNSET
    """JSON schema to send instead of the one made here: `name`, `description` and `parameters`."""
    name: InClient[str | None] = UNSET
    """Name of the tool, under which its source code defines the function. Default: the function's own."""


@operation
class UpsertFromFunction(FunctionToolOperation, Operation[Tool]):
    """Create a tool of a Python function, or replace the one with its name, which keeps its ID and its agents."""

    http: ClassVar[Endpoint] = UpsertTool.http
    sends: ClassVar[type[Operation[Tool]]] = UpsertTool


@operation
class CreateFromFunction(FunctionToolOperation, Operation[Tool]):
    """Create a tool of a Python function. Letta 0.16.8 replaces a tool of the same name.

    The request is not sent again when the server may have received it; that of `upsert_from_function` is.
    """

    http: ClassVar[Endpoint] = CreateTool.http
    sends: ClassVar[type[Operation[Tool]]] = CreateTool


@operation
class AddTool(Operation[Tool]):
    """Create a tool of a class with a method `run`, or replace the one with its name.

    The server receives the source code of `run` as a function with the name of the tool and without `self`, which it
    must not use. Otherwise the method is as the function of `upsert_from_function`.

    Raises:
        InvalidArgumentError: It cannot be a tool: it has no `name` or no `run`, `run` uses `self`, or what
            `upsert_from_function` refuses. Nothing was sent.
        APIStatusError: The server responded with an error status.
        APIConnectionError: No response arrived.
        APIResponseValidationError: The response is not what the API promises.
        ClientClosedError: The client is closed.

    """

    made_by = "from_class"
    http: ClassVar[Endpoint] = UpsertTool.http

    tool: Annotated[object, Local()]
    """Subclass of `BaseTool`, or an instance: `name`, `run`, and what else a tool is made of."""
