"""Turns as the documents take them for granted, of calls that the embedded server has no code for."""

from __future__ import annotations

import json
from typing import Any, Final

from letta_async.testing import EmbeddedServer, RecordedRequest

__all__ = ["PICTURE", "script_turns"]

PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
"""A PNG file of one pixel."""
_RUN: Final = "run-00000000-0000-4000-8000-000000000000"
_TOKENS: Final = ("Ada", " lives", " in", " London.")
_STOP: Final = {"message_type": "stop_reason", "stop_reason": "end_turn"}
_USAGE: Final = {"message_type": "usage_statistics", "completion_tokens": 4, "total_tokens": 70, "step_count": 1}
_CALL: Final = {"name": "delete", "arguments": "{}", "tool_call_id": "call_1"}


def script_turns(server: EmbeddedServer) -> None:
    """Script what turns of agents and conversations return, and cancelling one."""
    reply = _message("assistant_message", content="".join(_TOKENS))
    request = _message("approval_request_message", tool_call=_CALL, tool_calls=[_CALL])
    waiting = {"message_type": "stop_reason", "stop_reason": "requires_approval"}
    for path in ("/v1/agents/*/messages", "/v1/conversations/*/messages"):
        server.script("POST", path, when=_needs_approval, times=None, body=_whole(request, waiting))
        server.script("POST", path, when=lambda request: not _streams(request), times=None, body=_whole(reply, _STOP))
    pieces = [_message("assistant_message", content=token, seq_id=seq_id) for seq_id, token in enumerate(_TOKENS, 2)]
    events = [_message("ping", seq_id=1), *pieces, _STOP, _USAGE]
    for path in ("/v1/conversations/*/messages", "/v1/runs/*/stream"):
        server.script(
            "POST", path, times=None, body=_event_stream(events), headers={"Content-Type": "text/event-stream"}
        )
    server.script("POST", "/v1/conversations/*/cancel", times=None, body={_RUN: "cancelled"})


def _streams(request: RecordedRequest) -> bool:
    return "/conversations/" in request.path and request.json().get("streaming") is not False


def _needs_approval(request: RecordedRequest) -> bool:
    return "Delete" in str(request.json().get("input"))


def _message(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": "message-00000000-0000-4000-8000-000000000000", "message_type": kind, "run_id": _RUN, **fields}


def _whole(message: dict[str, Any], stop: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [message], "stop_reason": stop, "usage": _USAGE}


def _event_stream(events: list[dict[str, Any]]) -> bytes:
    return "".join(f"data: {data}\n\n" for data in [*map(json.dumps, events), "[DONE]"]).encode()
