"""How stored messages look in responses and in events: one that is stored can be several there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from letta_async.testing._context import is_array, is_object
from letta_async.testing._rows import Message

__all__ = ["chat", "date_of", "messages_of", "otid_of", "part", "text_of", "tool_return_fields"]


def date_of(moment: datetime) -> str:
    """Return the date of a message; it has whole seconds and an offset, unlike all other times."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def otid_of(message_id: str, index: int) -> str:
    """Return the offline threading ID of a part of a message: its own ID, with the index in the last seven bits."""
    number = uuid.UUID(message_id.removeprefix("message-")).int
    return str(uuid.UUID(int=number & ~0x7F | index))


def part(
    kind: str,
    message_id: str,
    fields: Mapping[str, Any],
    *,
    date: str,
    otid: str | None,
    run_id: str | None = None,
    step_id: str | None = None,
    name: str | None = None,
    sender_id: str | None = None,
) -> dict[str, Any]:
    """Return a message with the fields that all have, in the server's order."""
    return {
        "id": message_id,
        "date": date,
        "name": name,
        "message_type": kind,
        "otid": otid,
        "sender_id": sender_id,
        "step_id": step_id,
        "is_err": None,
        "seq_id": None,
        "run_id": run_id,
        **fields,
    }


def messages_of(row: Message, *, with_text: bool = True, text_is_reasoning: bool = False) -> list[dict[str, Any]]:
    """Return what is made of a stored message: reasoning, text and tool calls are messages of their own.

    `with_text=False` leaves out a text beside tool calls, as the server does in the response to a turn;
    `text_is_reasoning` shows the text as reasoning, as it does where a message is retrieved.
    """
    date = date_of(row.created_at)

    def made(kind: str, fields: Mapping[str, Any], otid: str | None) -> dict[str, Any]:
        own = {"run_id": row.run_id, "step_id": row.step_id, "name": row.name, "sender_id": row.sender_id}
        return part(kind, row.id, fields, date=date, otid=otid, **own)

    if row.role == "tool":
        returns = row.returns or ({"tool_return": "None", "status": "success", "tool_call_id": row.text},)
        return [made("tool_return_message", tool_return_fields(returns), otid_of(row.id, 0))]
    if row.decision is not None:
        return [made("approval_response_message", row.decision, None)]
    if row.role in {"system", "user"}:
        content = [dict(each) for each in row.parts] if row.parts else row.text
        return [made(f"{row.role}_message", {"content": content}, row.otid)]
    shown: list[dict[str, Any]] = []
    if row.reasoning:
        fields = {"source": "reasoner_model", "reasoning": row.reasoning, "signature": None}
        shown.append(made("reasoning_message", fields, otid_of(row.id, 0)))
    if row.text and (with_text or not row.calls or row.role == "approval"):
        otid = otid_of(row.id, len(shown))
        if text_is_reasoning:
            fields = {"source": "non_reasoner_model", "reasoning": row.text, "signature": None}
            shown.append(made("reasoning_message", fields, otid))
        else:
            shown.append(made("assistant_message", {"content": row.text}, otid))
    if row.calls:
        calls = [dict(call) for call in row.calls]
        request = row.role == "approval"
        kind = "approval_request_message" if request else "tool_call_message"
        otid = row.id if request else otid_of(row.id, len(shown))
        shown.append(made(kind, {"tool_call": calls[0], "tool_calls": calls}, otid))
    return shown


def tool_return_fields(returns: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """Return the fields of a message of tools' returns: the first one, and the list of all.

    A return in parts is always a success, as the server sees it.
    """
    every = [
        {
            "type": "tool",
            "tool_return": each["tool_return"],
            "status": "success" if is_array(each["tool_return"]) else each["status"],
            "tool_call_id": each["tool_call_id"],
            "stdout": each.get("stdout"),
            "stderr": each.get("stderr"),
        }
        for each in returns
    ]
    first = {name: value for name, value in every[0].items() if name != "type"}
    return {**first, "tool_return": text_of(first["tool_return"]), "tool_returns": every}


def text_of(content: Any) -> str:
    """Return the text of content that is a text or a list of parts."""
    if is_array(content):
        return "\n".join(str(each.get("text", "")) for each in content if is_object(each) and "text" in each)
    return str(content)


def chat(rows: list[Message]) -> list[dict[str, Any]]:
    """Return messages as the model gets them."""
    prompt: list[dict[str, Any]] = []
    for row in rows:
        if row.role == "tool":
            prompt += [
                {"role": "tool", "tool_call_id": each["tool_call_id"], "content": text_of(each["tool_return"])}
                for each in row.returns
            ]
        elif row.role in {"system", "user"}:
            prompt.append({"role": row.role, "content": [dict(each) for each in row.parts] or row.text})
        elif row.decision is None:
            calls = [
                {"id": each["tool_call_id"], "name": each["name"], "arguments": each["arguments"]} for each in row.calls
            ]
            prompt.append({"role": "assistant", "content": row.text, **({"tool_calls": calls} if calls else {})})
    return prompt
