"""What ends a turn before its time: as a status where nothing is streamed, as an event where something is.

TurnError(status, body, …)
├── rejected             400   messages that no turn begins with
├── pending_approval     409   a message to an agent that waits for an approval
└── provider_failed      401, 402, 429, 500, …   a failure of the model's provider
"""

from __future__ import annotations

from typing import Any, Final

from letta_async.testing._errors import Refusal
from letta_async.testing._model import Failure

__all__ = ["TurnError", "broken_in_the_middle", "empty_response", "pending_approval", "provider_failed", "rejected"]

_STREAM_FAILED: Final = "An unknown error occurred with the LLM streaming request."
_STEP_FAILED: Final = "An error occurred during agent execution."
_LLM_ERROR: Final = "An error occurred with the LLM request."
_RATE_LIMIT: Final = "Rate limit exceeded for LLM model provider. Please wait before making another request."
_UNAUTHENTICATED: Final = "Authentication failed with the LLM model provider."
_WAITING: Final = (
    "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. "
    "Please approve or deny the pending request before continuing."
)
_DISCONNECTED: Final = "INTERNAL_SERVER_ERROR: Failed to connect to OpenAI: Connection error."
_CUT_OFF: Final = (
    "INTERNAL_SERVER_ERROR: Connection error during OpenAI streaming: peer closed connection without sending complete "
    "message body (incomplete chunked read)"
)


class TurnError(Exception):
    """The end of a turn that failed."""

    def __init__(
        self,
        status: int,
        body: Any,
        *,
        detail: str,
        error_type: str = "internal_error",
        message: str = _STREAM_FAILED,
        stop_reason: str = "error",
        in_the_middle: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = body
        self.detail = detail
        self.error_type = error_type
        self.message = message
        self.stop_reason = stop_reason
        self.in_the_middle = in_the_middle
        """Whether tokens had been streamed already: the server says so in other words then."""

    def refusal(self) -> Refusal:
        """Return the response where nothing is streamed."""
        return Refusal(self.status, self.body)

    def event(self, run_id: str) -> dict[str, Any]:
        """Return the event where something is streamed."""
        return {
            "message_type": "error_message",
            "run_id": run_id,
            "error_type": self.error_type,
            "message": self.message,
            "detail": self.detail,
            "seq_id": None,
        }


def rejected(reason: str) -> TurnError:
    """Reject messages that no turn begins with."""
    return TurnError(400, {"detail": reason}, detail=reason)


def pending_approval(request_id: str, *, of_agent: bool) -> TurnError:
    """Reject a message to an agent that waits for an approval; only the agents' calls name the request."""
    named = {"code": "PENDING_APPROVAL", "message": _WAITING, "pending_request_id": request_id}
    return TurnError(409, {"detail": named if of_agent else _WAITING}, detail=_WAITING, message=_WAITING)


def empty_response(model: str) -> TurnError:
    """Return the error of a response without any content."""
    detail = (
        "INTERNAL_SERVER_ERROR: LLM provider returned empty content in response "
        f"(ID: chatcmpl-embedded, model: {model}, finish_reason: stop)"
    )
    return TurnError(
        500,
        _llm_body("llm_error", _LLM_ERROR, detail),
        detail=detail,
        error_type="llm_empty_response",
        message="LLM returned an empty response.",
        stop_reason="invalid_llm_response",
    )


def provider_failed(failure: Failure) -> TurnError:
    """Return the error of a provider that failed before its response began."""
    if failure.status is None:
        return _llm_error(500, "llm_error", _LLM_ERROR, _DISCONNECTED)
    shown = {
        "error": {"message": failure.message, "type": failure.error_type, "param": None, "code": str(failure.status)}
    }
    said = f"Error code: {failure.status} - {shown}"
    match failure.status:
        case 429:
            return _llm_error(
                429, "llm_rate_limit", _RATE_LIMIT, f"RATE_LIMIT_EXCEEDED: Rate limited by OpenAI: {said}"
            )
        case 401:
            detail = f"UNAUTHENTICATED: Authentication failed with OpenAI: {said}"
            return _llm_error(401, "llm_authentication", _UNAUTHENTICATED, detail)
        case 400:
            detail = f"INVALID_ARGUMENT: Bad request to OpenAI-compatible endpoint: {said}"
            message = "The request to the LLM model provider was invalid."
            return _llm_error(400, "llm_bad_request", message, detail, streamed="llm_error")
        case 402:
            message = "Insufficient credits for LLM request. Please check your account."
            detail = f"PAYMENT_REQUIRED: Insufficient credits: {said}"
            return _llm_error(402, "llm_insufficient_credits", message, detail, streamed="llm_error")
        case 404:
            return _llm_error(500, "llm_error", _LLM_ERROR, f"NOT_FOUND: Resource not found in OpenAI: {said}")
        case _:
            return _llm_error(500, "llm_error", _LLM_ERROR, f"INTERNAL_SERVER_ERROR: OpenAI API error: {said}")


def broken_in_the_middle(failure: Failure) -> TurnError:
    """Return the error of a provider that failed after the first tokens of its response."""
    detail = _CUT_OFF if failure.status is None else f"INVALID_ARGUMENT: OpenAI API error: {failure.message}"
    return TurnError(
        500,
        _llm_body("llm_error", _LLM_ERROR, detail),
        detail=detail,
        message=_STEP_FAILED,
        stop_reason="llm_api_error",
        in_the_middle=True,
    )


def _llm_body(error_type: str, message: str, detail: str) -> dict[str, Any]:
    return {"error": {"type": error_type, "message": message, "detail": detail}}


def _llm_error(status: int, error_type: str, message: str, detail: str, *, streamed: str | None = None) -> TurnError:
    return TurnError(
        status,
        _llm_body(error_type, message, detail),
        detail=detail,
        error_type=streamed or error_type,
        message=message if streamed is None else _LLM_ERROR,
        stop_reason="llm_api_error",
    )
