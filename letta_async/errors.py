"""Every error that the package raises; the names are those of the official client.

The tree::

    LettaError
    ├── InvalidArgumentError (also a ValueError)   refused before anything was sent
    ├── ClientClosedError (also a RuntimeError)    the client was closed
    ├── UnexpectedPromptError                      a prompt is not of the form that is known
    ├── JournalError                               a batch's journal could not be written any more
    ├── ClusterError                               a cluster lost its scheduler, or the workers that did the work
    └── APIError                                   a request was made, or tried
        ├── StreamError                            a stream reported that the turn failed
        ├── APIKeyError                            there was no API key to send with it
        ├── APIConnectionError                     no answer came
        │   └── APITimeoutError                    … in time
        ├── APIResponseValidationError             an answer came that is none
        └── APIStatusError                         the answer is a refusal
            ├── BadRequestError             400
            ├── AuthenticationError         401
            ├── PermissionDeniedError       403
            ├── NotFoundError               404
            ├── ConflictError               409
            ├── UnprocessableEntityError    422
            ├── RateLimitError              429
            └── InternalServerError         500 and above

All of them can be pickled and copied, and none carries the API key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from multidict import CIMultiDict

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
    "Fault",
    "InternalServerError",
    "InvalidArgumentError",
    "JournalError",
    "LettaError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "StreamError",
    "UnexpectedPromptError",
    "UnprocessableEntityError",
]


@attrs.frozen
class ArgumentProblem:
    """One problem with an argument."""

    path: str
    """Where: a dotted path such as `compaction_settings.model_settings.temperature`."""
    problem: str
    """What is wrong, with the value, and what would be right."""

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


Fault = ArgumentProblem
"""The former name of `ArgumentProblem`."""


@attrs.frozen
class Attempt:
    """One try of a call that failed."""

    error: str
    """What the try met, in a line."""
    seconds: float
    """How long the try took."""
    waited: float = 0.0
    """How long the call then waited before its next try, in seconds; 0 after the last one."""


class LettaError(Exception):
    """The family of every error here; catch it to catch them all."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[LettaError], args: tuple[Any, ...], state: dict[str, Any]) -> LettaError:
    """Rebuild a pickled error without its constructor, whose parameters differ from class to class."""
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class InvalidArgumentError(LettaError, ValueError):
    """What was handed in is wrong; nothing was sent.

    All faults of one call are in one error, in `faults`.
    """

    faults: tuple[ArgumentProblem, ...]
    """Each thing that is wrong."""

    def __init__(self, faults: Sequence[ArgumentProblem]) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in self.faults]
        super().__init__(lines[0] if len(lines) == 1 else "\n  ".join([f"{len(lines)} invalid arguments:", *lines]))


class ClientClosedError(LettaError, RuntimeError):
    """The client was closed before or during the call, or cannot be used where it was called."""


class UnexpectedPromptError(LettaError):
    """A system prompt is not of the form that this version knows, so that staleness cannot be told."""

    prompt: str | None
    """The prompt; `None` when there is none."""

    def __init__(self, message: str, *, prompt: str | None = None) -> None:
        super().__init__(message)
        self.prompt = prompt


class JournalError(LettaError):
    """The journal of a batch could not be written any more, as when its disk is full; the reason is in `__cause__`.

    It is raised once every outcome that was in flight was handed on. The journal stays valid: a run with it goes on.
    """


class ClusterError(LettaError):
    """A cluster could not do its work: the scheduler is gone, workers died of it, or they lack this package."""


class APIError(LettaError):
    """A request was made, or tried, and did not end with an answer to return."""

    message: str
    """What happened, in a sentence or two."""
    request_method: str | None
    """HTTP method, such as `POST`."""
    request_path: str | None
    """Path of the request, without the query."""
    body: object | None
    """Body of the answer: decoded if it is JSON, else text (bounded); `None` when there was no answer."""
    attempts: tuple[Attempt, ...]
    """Each try that the call made, the last one included."""

    def __init__(
        self,
        message: str,
        *,
        request_method: str | None = None,
        request_path: str | None = None,
        body: object | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request_method = request_method
        self.request_path = request_path
        self.body = body
        self.attempts = ()

    def __str__(self) -> str:
        if len(self.attempts) < 2:
            return self.message
        seconds = sum(attempt.seconds + attempt.waited for attempt in self.attempts)
        took = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        return f"{self.message} (after {len(self.attempts)} attempts in {took} s)"


class StreamError(APIError):
    """An event stream reported that the turn failed, after the events that came before were returned."""

    run_id: str | None
    """ID of the run; `None` when the server does not name it."""
    error_type: str | None
    """Kind of the failure in the server's terms, such as `llm_error`."""
    detail: object | None
    """What the server says besides; `None` when it says nothing."""
    seq_id: int | None
    """Number of the last event in the run; `None` unless it is a background run."""

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
        self.error_type = error_type
        self.detail = detail
        self.seq_id = seq_id


class APIKeyError(APIError):
    """No API key could be had for an attempt, so that it was not sent: the callable raised, or returned none."""


class APIConnectionError(APIError):
    """No usable answer came: the server was not reached, or the exchange broke off. The reason is in `__cause__`."""

    unprocessed: bool = False
    """Whether the server cannot have acted on the request, because it never got it."""
    transient: bool = False
    """Whether the same request may well succeed later."""
    exhausted: bool = False
    """Whether this program had no file descriptor left, so that nothing was sent; waited for, whatever the policy."""


class APITimeoutError(APIConnectionError):
    """No answer came in time: a try's `timeout`, or the call's `deadline`, ran out."""

    transient = True


class _AnswerError(APIError):
    """What errors about an answer have in common."""

    status_code: int
    """HTTP status of the answer."""
    headers: Mapping[str, str]
    """Headers of the answer, by case-insensitive name."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        headers: Mapping[str, str],
        body: object | None = None,
        request_method: str | None = None,
        request_path: str | None = None,
    ) -> None:
        super().__init__(message, request_method=request_method, request_path=request_path, body=body)
        self.status_code = status_code
        self.headers = CIMultiDict(headers)  # a copy, since what the HTTP library hands out does not pickle


class APIResponseValidationError(_AnswerError):
    """An answer came with a good status, but it is not what the API promises: not JSON, cut short, too large."""


class APIStatusError(_AnswerError):
    """The answer's status is not a success."""

    detail: object | None
    """What the server says went wrong: text, or for a 422 the list of `{type, loc, msg, …}`; `None` when it says
    nothing that can be read."""
    retry_after: float | None
    """Seconds that the server asks to wait before the next request; `None` when it does not."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        headers: Mapping[str, str],
        body: object | None = None,
        detail: object | None = None,
        retry_after: float | None = None,
        request_method: str | None = None,
        request_path: str | None = None,
    ) -> None:
        super().__init__(
            message,
            status_code=status_code,
            headers=headers,
            body=body,
            request_method=request_method,
            request_path=request_path,
        )
        self.detail = detail
        self.retry_after = retry_after


class BadRequestError(APIStatusError):
    """400: the server could not make sense of the request."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing or wrong."""


class PermissionDeniedError(APIStatusError):
    """403: the API key does not allow this."""


class NotFoundError(APIStatusError):
    """404: there is no such conversation, agent, block or path."""


class ConflictError(APIStatusError):
    """409: the state of things does not allow this now; some conflicts pass, others do not."""


class UnprocessableEntityError(APIStatusError):
    """422: a field of the request is wrong; `detail` lists which."""


class RateLimitError(APIStatusError):
    """429: too many requests; `retry_after` says how long to wait."""


class InternalServerError(APIStatusError):
    """500 and above: the server, a proxy before it or a model provider behind it failed."""


STATUS_ERRORS: Final[Mapping[int, type[APIStatusError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}
"""The error class of a status; 500 and above are `InternalServerError`, the rest plain `APIStatusError`."""
