"""Content of messages as attributes of spans, in the form of the conventions for generative AI."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.record import Record
from letta_async.types.message import (
    ApprovalRequestMessage,
    AssistantMessage,
    ReasoningMessage,
    ToolCall,
    ToolCallMessage,
    ToolReturnMessage,
)

__all__ = ["input_messages", "output_messages"]


def input_messages(arguments: Mapping[str, Any]) -> str | None:
    """Return the messages that a call sends, as JSON; `None` if there are none."""
    if arguments.get("input") is not None:
        sent: list[Any] = [{"role": "user", "content": arguments["input"]}]
    else:
        sent = list(arguments.get("messages") or ())
    return _json([_sent_message(message) for message in sent]) if sent else None


def output_messages(messages: Iterable[object], stop_reason: str | None) -> str | None:
    """Return the messages of a turn, as JSON; `None` if there are none."""
    shown: list[dict[str, Any]] = [
        {"role": "tool" if isinstance(message, ToolReturnMessage) else "assistant", "parts": parts}
        for message in messages
        if (parts := _parts(message))
    ]
    if shown:
        shown[-1]["finish_reason"] = stop_reason
    return _json(shown) if shown else None


def _parts(message: object) -> list[dict[str, Any]]:
    match message:
        case ToolCallMessage() | ApprovalRequestMessage():
            return [_call(call) for call in message.calls]
        case ToolReturnMessage():
            return [_answer(_plain(each)) for each in message.tool_returns or (message,)]
        case ReasoningMessage():
            return [{"type": "reasoning", "content": message.reasoning}]
        case AssistantMessage():
            return _content_parts(_plain(message.content))
        case _:
            return []


def _call(call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_call", "id": call.tool_call_id, "name": call.name, "arguments": call.arguments}


def _sent_message(message: object) -> dict[str, Any]:
    """Return a message that is sent; what is none of a user or the system answers tool calls."""
    value = _plain(message)
    given: Mapping[str, Any] = value if is_object(value) else {}
    if "content" in given:
        return {"role": str(given.get("role", "user")), "parts": _content_parts(given["content"])}
    answers = given.get("approvals") or [given]
    return {"role": "tool", "parts": [_answer(answer) for answer in answers if is_object(answer)]}


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    response = answer.get("tool_return", answer.get("approve"))
    return {"type": "tool_call_response", "id": answer.get("tool_call_id"), "response": response}


def _content_parts(content: Any) -> list[dict[str, Any]]:
    """Return the parts of a content; of images and files only the type, because they are large."""
    if not is_array(content):
        return [_text(str(content))]
    return [_text(str(part["text"])) if "text" in part else {"type": str(part.get("type"))} for part in content]


def _text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def _plain(value: object) -> Any:
    """Return objects of the API, also in a list, as mappings."""
    if is_array(value):
        return [_plain(item) for item in value]
    return value.to_dict() if isinstance(value, Record) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
