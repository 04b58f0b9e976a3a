"""JSON of messages as the server stores them, in the form of requests to models."""

from __future__ import annotations

from typing import Any

from letta_async.testing._rows import Message

__all__ = ["internal_message"]


def internal_message(row: Message) -> dict[str, Any]:
    """Return the JSON of a message as it is stored."""
    content: list[Any] = list(row.parts) or [{"type": "text", "text": row.text, "signature": None}]
    if row.reasoning:
        content.insert(0, {"type": "reasoning", "is_native": True, "reasoning": row.reasoning, "signature": None})
    decision = row.decision or {}
    calls = [
        {"id": call["tool_call_id"], "function": {"arguments": call["arguments"], "name": call["name"]}}
        for call in row.calls
    ]
    return {
        "created_by_id": None,
        "last_updated_by_id": None,
        "created_at": row.created_at,
        "updated_at": row.created_at,
        "id": row.id,
        "agent_id": row.agent_id,
        "model": None,
        "role": row.role,
        "content": content,
        "name": row.name,
        "tool_calls": [{**call, "type": "function"} for call in calls] or None,
        "tool_call_id": None,
        "step_id": row.step_id,
        "run_id": row.run_id,
        "otid": row.otid,
        "tool_returns": [_returned(each) for each in row.returns],
        "group_id": None,
        "sender_id": row.sender_id,
        "batch_item_id": None,
        "conversation_id": row.conversation_id,
        "is_err": None,
        "approval_request_id": decision.get("approval_request_id"),
        "approve": decision.get("approve"),
        "denial_reason": decision.get("reason"),
        "approvals": decision.get("approvals"),
    }


def _returned(each: dict[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in each.items() if name not in {"tool_return", "type"}}
    return {"stdout": None, "stderr": None, **others, "func_response": each["tool_return"]}
