"""What a turn begins with: new messages, or the response to a request for an approval."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from letta_async.testing._context import is_array
from letta_async.testing._rows import Message
from letta_async.testing._turn_errors import TurnError, pending_approval, rejected

__all__ = ["Decision", "Input", "decide_calls", "denial", "input_of"]

_KEEP_ALIVE: Final = (
    "<system-alert>Automated keep-alive ping. Ignore this message and continue from where you stopped.</system-alert>"
)
_NOTHING_WAITS: Final = (
    "Cannot process approval response: No tool call is currently awaiting approval. "
    "Please send a regular message to interact with the agent."
)
_EMPTY: Final = "Message content is empty or invalid"


@attrs.frozen
class Input:
    """What a turn begins with."""

    messages: list[Mapping[str, Any]]
    """New messages, as the fields of their rows; after an approval, those that follow it."""
    decision: dict[str, Any] | None = None
    """Response to the request for an approval that the agent waits for."""


@attrs.frozen
class Decision:
    """What becomes of the tool calls of a request."""

    approved: tuple[dict[str, Any], ...]
    """Calls that the server makes now."""
    returns: tuple[dict[str, Any], ...]
    """What the client's tools returned, and denials."""


def input_of(context: Sequence[Message], inputs: Sequence[Mapping[str, Any]], *, of_agent: bool) -> Input:
    """Return what a turn begins with.

    Raises:
        TurnError: The agent waits for an approval and gets none, or gets one that it does not wait for.

    """
    if not inputs:
        raise TurnError(500, {"detail": "An unknown error occurred"}, detail="list index out of range")
    first = inputs[0]
    last = context[-1] if context else None
    if first["type"] == "message":
        if last is not None and last.is_approval_request:
            raise pending_approval(last.id, of_agent=of_agent)
        return Input(_message_rows(inputs))
    answers: Sequence[Mapping[str, Any]] = first.get("tool_returns") or first.get("approvals") or ()
    given = [dict(each) for each in answers]
    if not given and first["type"] == "approval" and first["approve"] is not None and first["approval_request_id"]:
        legacy = {"type": "approval", "tool_call_id": first["approval_request_id"], "approve": first["approve"]}
        given = [{**legacy, "reason": first["reason"]}]
    further = _message_rows([each for each in inputs[1:] if each["type"] == "message"])
    if last is None or not last.is_approval_request:
        if last is None or not _already_processed(context, given):
            raise rejected(_NOTHING_WAITS)
        return Input(further or _message_rows([{"type": "message", "role": "user", "content": _KEEP_ALIVE}]))
    _check(last, given)
    return Input(further, _decision(given))


def _already_processed(context: Sequence[Message], given: Sequence[Mapping[str, Any]]) -> bool:
    ids = {each["tool_call_id"] for each in given}
    return any(
        row.role == "tool" and ids and ids == {each["tool_call_id"] for each in row.returns} for row in context[-10:]
    )


def _check(request: Message, given: Sequence[Mapping[str, Any]]) -> None:
    if not given:
        raise rejected("Invalid approval response. Approval response message does not contain any approvals.")
    expected, received = [call["tool_call_id"] for call in request.calls], [each["tool_call_id"] for each in given]
    legacy = len(expected) == 1 and received[0] == request.id
    if set(expected) != set(received) and not legacy:
        raise rejected(f"Invalid tool call IDs. Expected '{expected}', but received '{received}'.")


def _decision(given: list[dict[str, Any]]) -> dict[str, Any]:
    first: Mapping[str, Any] = given[0] if given[0]["type"] == "approval" else {}
    return {
        "approvals": given,
        "approve": first.get("approve"),
        "approval_request_id": first.get("tool_call_id"),
        "reason": first.get("reason"),
    }


def decide_calls(request: Message, decision: Mapping[str, Any]) -> Decision:
    """Return what becomes of the tool calls of a request. A denial in the old form, of the message, is of no effect."""
    given: list[dict[str, Any]] = decision["approvals"]
    first = request.calls[0]["tool_call_id"]
    answers = [each for each in given if each["type"] == "approval"]
    approved = {
        first if each["tool_call_id"].startswith("message-") else each["tool_call_id"]
        for each in answers
        if each["approve"]
    }
    denied = {each["tool_call_id"]: each for each in answers if not each["approve"]}
    returns = [each for each in given if each["type"] == "tool"]
    denials = [
        denial(call["tool_call_id"], denied[call["tool_call_id"]].get("reason"))
        for call in request.calls
        if call["tool_call_id"] in denied
    ]
    calls = tuple(call for call in request.calls if call["tool_call_id"] in approved)
    return Decision(calls, (*returns, *denials))


def denial(tool_call_id: str, reason: str | None) -> dict[str, Any]:
    """Return what stands for the return of a tool whose call was denied."""
    text = f"Error: request to call tool denied. User reason: {reason}"
    return {"tool_call_id": tool_call_id, "status": "error", "tool_return": text}


def _message_rows(inputs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [_message_row(each) for each in inputs]


def _message_row(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content: Any = message["content"]
    if not content:
        raise rejected(_EMPTY)
    fields: dict[str, Any] = {
        "role": message["role"],
        "otid": message.get("otid") or str(uuid.uuid4()),
        "name": message.get("name"),
        "sender_id": message.get("sender_id"),
    }
    if not is_array(content):
        return {**fields, "text": content}
    if len(content) == 1 and content[0]["type"] == "text":
        return {**fields, "text": content[0]["text"]}
    parts = tuple(_stored_part(part) for part in content)
    return {**fields, "text": "\n".join(part.get("text", "") for part in parts), "parts": parts}


def _stored_part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part as it is kept: an image becomes a file."""
    if part["type"] != "image" or part["source"]["type"] != "base64":
        return dict(part)
    source = part["source"]
    kept = {"type": "letta", "file_id": f"file-{uuid.uuid4()}", "media_type": source["media_type"]}
    return {"type": "image", "source": {**kept, "data": source["data"], "detail": source.get("detail")}}
