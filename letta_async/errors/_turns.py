"""Exceptions of turns and what they need: tools, runs, files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from letta_async.errors._base import LettaError
from letta_async.errors._details import shortened_repr

__all__ = ["FileProcessingError", "FileTimeoutError", "RunTimeoutError", "ToolArgumentsError", "ToolLoopError"]


class ToolArgumentsError(LettaError, ValueError):
    """A model wrote arguments of a tool call that are not a JSON object."""

    tool_name: str | None
    """Name of the tool."""
    arguments: str | None
    """The arguments as the model wrote them."""

    def __init__(self, tool_name: str | None, arguments: str | None, reason: str) -> None:
        words = f"the arguments of a call of {tool_name!r} are not a JSON object: {reason}"
        super().__init__(f"{words}: {shortened_repr(arguments)}")
        self.tool_name = tool_name
        self.arguments = arguments


class ToolLoopError(LettaError):
    """An agent still called tools after the maximum number of responses, or `approve` did not decide about a call.

    The agent accepts no other message until the calls are answered by an `ApprovalCreate`, or its run is cancelled.
    """

    responses: Sequence[Any]
    """The responses until then, as `LettaResponse`, the oldest first."""

    def __init__(self, message: str, *, responses: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.responses = tuple(responses)


class RunTimeoutError(LettaError, TimeoutError):
    """A run did not end within the deadline for waiting. It goes on; waiting for it again is possible."""

    run: Any
    """The run as it was last retrieved, a `Run`; `None` if it was not."""

    def __init__(self, message: str, *, run: Any = None) -> None:
        super().__init__(message)
        self.run = run


class FileProcessingError(LettaError):
    """The server could not process a file that was uploaded: its `processing_status` is `error`."""

    file: Any
    """The file as it was last retrieved, a `FileMetadata`; `None` if it was not."""

    def __init__(self, message: str, *, file: Any = None) -> None:
        super().__init__(message)
        self.file = file


class FileTimeoutError(FileProcessingError, TimeoutError):
    """A file was not processed within the deadline for waiting. The server goes on; waiting again is possible."""
