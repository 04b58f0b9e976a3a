"""Exceptions that the package raises; the names are those of the official client.

The tree::

    LettaError
    ├── InvalidArgumentError (also a ValueError)   an argument is invalid; nothing was sent
    │   └── InvalidRequestError (also an UnprocessableEntityError)   … of a call
    ├── ClientClosedError (also a RuntimeError)    the client is closed
    ├── ToolArgumentsError (also a ValueError)     a model wrote tool arguments that are not a JSON object
    ├── ToolLoopError                              an agent did not stop calling tools, or a call was not decided about
    ├── RunTimeoutError (also a TimeoutError)      a run did not end in time
    ├── FileProcessingError                        the server could not process a file that was uploaded
    │   └── FileTimeoutError (also a TimeoutError) … or not in time
    ├── UnexpectedPromptError                      a prompt does not have the known form
    ├── IsolatedBlocksError                        a conversation has copies of blocks, which a recompile would undo
    ├── PropagationError                           an edit was made, but did not reach every conversation
    ├── JournalError                               a batch's journal cannot be written
    ├── WatchStateError                            the state of a watch cannot be read or written
    │   └── WatchLockedError                       … because another watcher has it
    ├── ClusterError                               a cluster lost its scheduler, or the workers of the batch
    └── APIError                                   a request failed
        ├── StreamError                            an event stream reported that the turn failed
        ├── APIKeyError                            no API key could be obtained
        ├── APIConnectionError                     no response arrived
        │   └── APITimeoutError                    … in time
        ├── APIResponseValidationError             the response is not what the API promises
        └── APIStatusError                         the response has an error status
            ├── BadRequestError             400
            ├── AuthenticationError         401
            ├── PermissionDeniedError       403
            ├── NotFoundError               404
            ├── ConflictError               409
            ├── UnprocessableEntityError    422
            ├── RateLimitError              429
            └── InternalServerError         500 and above

All of them can be pickled and copied, and none contains the API key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from multidict import CIMultiDict

from letta_async.errors._base import LettaError
from letta_async.errors._batch import (
    ClusterError,
    IsolatedBlocksError,
    JournalError,
    PropagationError,
    UnexpectedPromptError,
    WatchLockedError,
    WatchStateError,
)
from letta_async.errors._details import (
    ArgumentProblem,
    Attempt,
    ErrorRequest,
    ErrorResponse,
    Fault,
    request_id_of,
    summary_of,
)
from letta_async.errors._turns import (
    FileProcessingError,
    FileTimeoutError,
    RunTimeoutError,
    ToolArgumentsError,
    ToolLoopError,
)

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIKeyError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "ArgumentProblem",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "ClientClosedError",
    "ClusterError",
    "ConflictError",
    "ErrorRequest",
    "ErrorResponse",
    "Fault",
    "FileProcessingError",
    "FileTimeoutError",
    "InternalServerError",
    "InvalidArgumentError",
    "InvalidRequestError",
    "IsolatedBlocksError",
    "JournalError",
    "LettaError",
    "NotFoundError",
    "PermissionDeniedError",
    "PropagationError",
    "RateLimitError",
    "RunTimeoutError",
    "StreamError",
    "ToolArgumentsError",
    "ToolLoopError",
    "UnexpectedPromptError",
    "UnprocessableEntityError",
    "WatchLockedError",
    "WatchStateError",
]


class InvalidArgumentError(LettaError, ValueError):
    """One or more arguments are invalid; nothing was sent. One error lists all problems of a call, in `faults`."""

    faults: tuple[ArgumentProblem, ...]
    """The problems, one per invalid value; none if the error was made of a message alone, as Celery does from JSON."""

    def __init__(self, faults: Sequence[ArgumentProblem] | str) -> None:
        self.faults = () if isinstance(faults, str) else tuple(faults)
        lines = [faults] if isinstance(faults, str) else [str(fault) for fault in self.faults]
        super().__init__(lines[0] if len(lines) == 1 else "\n  ".join([f"{len(lines)} invalid arguments:", *lines]))


class ClientClosedError(LettaError, RuntimeError):
    """The client was closed before or during the call, or cannot be used from where it was called."""


class APIError(LettaError):
    """A request failed: it could not be sent, got no usable response, or got one with an error status."""

    message: str
    """Description of the failure, without the number of attempts."""
    request_method: str | None
    """HTTP method, such as `POST`."""
    request_path: str | None
    """Path of the request, without the query."""
    body: object | None
    """Body of the response: decoded if it is JSON, else text, shortened; `None` when there was no response."""
    request: ErrorRequest | None = None
    """The request: `method`, `url` and `headers`, in which secrets are masked; `None` without one."""
    attempts: tuple[Attempt, ...]
    """The attempts that the call made, including the last one."""
    request_id: str | None = None
    """ID that the server gave the request, from the response's header `x-request-id`; `None` without one."""
    run_id: str | None = None
    """ID of the run, for an error within an event stream; `None` if no event named it."""
    seq_id: int | None = None
    """Number of the last event that was received of a background run; else `None`."""
    events: Sequence[Any] = ()
    """Events before an error within a stream, the last 10,000 of them; `accumulate` makes a `LettaResponse` of them."""
    _unsaid: ClassVar[str] = "The request failed."

    def __init__(
        self,
        message: str | None = None,
        request: Any = None,
        *,
        request_method: str | None = None,
        request_path: str | None = None,
        body: object | None = None,
    ) -> None:
        """Create an error. A `request` has a `method` and a `url`, as `httpx.Request` has, and stands for both."""
        self.message = self._unsaid if message is None else message
        super().__init__(self.message)
        self.request = request
        self.request_method = request_method if request is None else request.method
        self.request_path = request_path if request is None else urlsplit(str(request.url)).path
        self.body = body
        self.attempts = ()

    def __str__(self) -> str:
        return f"{self.message} ({summary_of(self.attempts)})" if len(self.attempts) > 1 else self.message


class StreamError(APIError):
    """An event stream reported that the turn failed, after the events that came before were returned.

    A stream whose connection breaks raises an `APIConnectionError` instead, one that is silent an `APITimeoutError`.
    """

    error_type: str | None
    """Kind of the failure in the server's terms, such as `llm_error`."""
    detail: object | None
    """What the server says besides; `None` when it says nothing."""

    def __init__(
        self,
        message: str,
        *,
        run_id: str | None = None,
        error_type: str | None = None,
        detail: object | None = None,
        seq_id: int | None = None,
        request_method: str | None = None,
        request_path: str | None = None,
        body: object | None = None,
    ) -> None:
        super().__init__(message, request_method=request_method, request_path=request_path, body=body)
        self.run_id = run_id
        self.seq_id = seq_id
        self.error_type, self.detail = error_type, detail


class APIKeyError(APIError):
    """No API key could be obtained for an attempt, so that it was not sent: the callable raised, or returned none."""


class APIConnectionError(APIError):
    """No usable response: the server was not reached, or the connection broke. The reason is in `__cause__`."""

    unprocessed: bool = False
    """Whether the server cannot have acted on the request, because it never received it."""
    transient: bool = False
    """Whether the same request may succeed later."""
    exhausted: bool = False
    """Whether the process had no file descriptor left, so that nothing was sent; retried whatever the retry policy."""
    _unsaid = "Connection error."


class APITimeoutError(APIConnectionError):
    """No response in time: the `timeout` of an attempt, or the `deadline` of the call, expired."""

    transient = True
    _unsaid = "Request timed out."


class _ResponseError(APIError):
    """Base class of errors about a response that was received."""

    status_code: int
    """HTTP status code of the response."""
    headers: Mapping[str, str]
    """Headers of the response, by case-insensitive name."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        headers: Mapping[str, str] | None = None,
        body: object | None = None,
        request_method: str | None = None,
        request_path: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(message, request_method=request_method, request_path=request_path, body=body)
        self.status_code = status_code if response is None else response.status_code
        self.headers = CIMultiDict((headers if response is None else response.headers) or {})  # a copy, for pickle
        self.request_id: str | None = request_id_of(self.headers)

    @property
    def response(self) -> ErrorResponse:
        """The response: `status_code`, `headers`, `text` and `json()`."""
        return ErrorResponse(self.status_code, self.headers, self.body)


class APIResponseValidationError(_ResponseError):
    """The response has a success status, but is not what the API promises: not JSON, cut short, too large."""


class APIStatusError(_ResponseError):
    """The response has a status that is not a success."""

    detail: object | None
    """The server's description of the error: text, or for a 422 the list of `{type, loc, msg, …}`; `None` when there is
    none that can be parsed."""
    retry_after: float | None
    """Delay that the server asks for before the next request, in seconds; `None` when it asks for none."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        headers: Mapping[str, str] | None = None,
        body: object | None = None,
        detail: object | None = None,
        retry_after: float | None = None,
        request_method: str | None = None,
        request_path: str | None = None,
        response: Any = None,
    ) -> None:
        """Create an error; a test can pass a `response` with `status_code` and `headers` instead of these two."""
        super().__init__(
            message,
            status_code=status_code,
            headers=headers,
            body=body,
            request_method=request_method,
            request_path=request_path,
            response=response,
        )
        self.detail = detail
        self.retry_after = retry_after


class BadRequestError(APIStatusError):
    """400: the server could not process the request."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing or wrong."""


class PermissionDeniedError(APIStatusError):
    """403: the API key does not allow this."""


class NotFoundError(APIStatusError):
    """404: there is no such conversation, agent, block or path."""


class ConflictError(APIStatusError):
    """409: the state of the resource does not allow the request; some conflicts are temporary, others are not."""


class UnprocessableEntityError(APIStatusError):
    """422: a field of the request is invalid; `detail` lists which."""


class InvalidRequestError(InvalidArgumentError, UnprocessableEntityError):
    """One or more arguments of a call of the API are invalid; nothing was sent.

    It is an `UnprocessableEntityError`, too, so that what handles the server's 422 handles this: `status_code` is 422,
    and `detail`, `body` and `response` have the problems in the form of the server's. `request` is `None`, and
    `attempts` is empty.
    """

    def __init__(self, faults: Sequence[ArgumentProblem] | str) -> None:
        super().__init__(faults)
        self.status_code = 422
        problems = [{"type": "value_error", "loc": [fault.path], "msg": fault.problem} for fault in self.faults]
        self.detail: object | None = problems
        self.body: object | None = {"detail": problems}


class RateLimitError(APIStatusError):
    """429: too many requests; `retry_after` is the delay that the server asks for, in seconds."""


class InternalServerError(APIStatusError):
    """500 and above: the server, a proxy in front of it or a model provider behind it failed."""


STATUS_ERRORS: Final[Mapping[int, type[APIStatusError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}
"""Error class by status code; 500 and above are `InternalServerError`, the rest plain `APIStatusError`."""
