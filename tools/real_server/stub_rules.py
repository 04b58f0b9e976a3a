"""Rules by which the stub model answers: what a chat completion request says decides the reply.

A last user message that does not begin with `!` is echoed, or summed up if it asks for a summary. One that does is a
script of directives, one per line. Each call of the model within the turn plays the next section of it; when none is
left, the reply repeats what the tools have returned.

| directive | effect |
|---|---|
| `!say TEXT` | this text |
| `!words COUNT` | a text of so many words, each counted as a token |
| `!think TEXT` | reasoning before the text |
| `!call NAME JSON` | a tool call; two of them are made at once |
| `!then` | the end of a section |
| `!usage PROMPT COMPLETION [CACHED [REASONING]]` | numbers of tokens reported, instead of those counted |
| `!finish REASON` | finish reason, `stop` or `tool_calls` by default |
| `!wait SECONDS` | a pause before the first byte |
| `!pace SECONDS` | a pause between the pieces of a stream |
| `!status CODE [TIMES]` | an HTTP error, always or the first times that this message comes |
| `!error COUNT` | an error event after so many pieces of a stream |
| `!break COUNT` | a connection that breaks off after so many pieces of a stream |

A reply that is not streamed has no pieces: `!error` is status 500 then, and `!break` ends the connection at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

_LENGTH = 4000
_PIECE = 12
_FIELDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "!say": ("text", str),
    "!think": ("reasoning", str),
    "!finish": ("finish", str),
    "!wait": ("wait", float),
    "!pace": ("pace", float),
    "!error": ("error_after", int),
    "!break": ("break_after", int),
}


@dataclass
class Reply:
    """What the model does about a request."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    usage: list[int] = field(default_factory=list[int])
    finish: str = ""
    wait: float = 0.0
    pace: float = 0.0
    status: int = 200
    times: int | None = None
    error_after: int | None = None
    break_after: int | None = None

    @property
    def finish_reason(self) -> str:
        """The reason for the end of the reply."""
        return self.finish or ("tool_calls" if self.calls else "stop")


def last_user_text(messages: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Return the text of the last user message, and the messages after it."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == "user":
            return _text_of(messages[index]), messages[index + 1 :]
    return "", messages


def reply_to(request: dict[str, Any]) -> Reply:
    """Return the reply to a chat completion request."""
    text, later = last_user_text(request["messages"])
    step = sum(message["role"] == "assistant" for message in later)
    sections = sections_of(text) if text.startswith("!") else []
    if step < len(sections):
        return _played(sections[step])
    if later:
        returned = [_text_of(message) for message in later if message["role"] == "tool"]
        return Reply(text="Returned: " + " | ".join(returned)[:_LENGTH])
    if _asks_for_summary(text):
        return Reply(text=f"Summary of {len(text.split())} words in {len(request['messages'])} messages.")
    return Reply(text=f"Echo: {text}"[:_LENGTH])


def completion(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a reply that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    return {**_head(request, "chat.completion"), "choices": [choice], "usage": _usage(reply, request)}


def chunks(reply: Reply, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of a streamed reply: a role, the pieces, a finish reason, and the usage."""
    head = _head(request, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield chunk({"role": "assistant", "content": ""})
    for word in re.findall(r"\s*\S+\s*$|\s*\S+", reply.reasoning):
        yield chunk({"reasoning_content": word})
    for word in re.findall(r"\s*\S+\s*$|\s*\S+", reply.text):
        yield chunk({"content": word})
    for number, call in enumerate(reply.calls):
        whole = _call(call)
        arguments = call[1]
        yield chunk({"tool_calls": [{**whole, "index": number, "function": {"name": call[0], "arguments": ""}}]})
        for start in range(0, len(arguments), _PIECE):
            piece = {"index": number, "function": {"arguments": arguments[start : start + _PIECE]}}
            yield chunk({"tool_calls": [piece]})
    yield chunk({}, reply.finish_reason)
    yield {**head, "choices": [], "usage": _usage(reply, request)}


def sections_of(script: str) -> list[list[str]]:
    """Return the directives of each reply in a script."""
    sections: list[list[str]] = [[]]
    for line in script.splitlines():
        if line.strip() == "!then":
            sections.append([])
        elif line.strip():
            sections[-1].append(line.strip())
    return sections


def _played(section: list[str]) -> Reply:
    reply = Reply()
    for line in section:
        name, _, rest = line.partition(" ")
        if name in _FIELDS:
            attribute, kind = _FIELDS[name]
            setattr(reply, attribute, kind(rest))
        elif name == "!words":
            reply.text = " ".join(f"word{number}" for number in range(1, int(rest) + 1))
        elif name == "!call":
            tool, _, arguments = rest.partition(" ")
            reply.calls.append((tool, arguments or "{}"))
        elif name == "!usage":
            reply.usage = [int(number) for number in rest.split()]
        elif name == "!status":
            code, *times = rest.split()
            reply.status, reply.times = int(code), int(times[0]) if times else None
        else:
            reply.text = f"There is no directive {line!r}"
    return reply


def _asks_for_summary(text: str) -> bool:
    # A transcript to sum up, or what the server asks for at the end of a conversation.
    return "<start_transcript>" in text or "detailed summary" in text or text.lower().startswith("sum up")


def _text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or f"[{part['type']}]" for part in content)


def _head(request: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-stub", "object": kind, "created": 0, "model": request["model"]}


def _call(call: tuple[str, str]) -> dict[str, Any]:
    return {"id": f"call_{uuid4().hex[:24]}", "type": "function", "function": {"name": call[0], "arguments": call[1]}}


def _usage(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    said = [reply.text, reply.reasoning, *(f"{name} {arguments}" for name, arguments in reply.calls)]
    prompt = len(json.dumps(request["messages"]).split())
    completed = sum(len(text.split()) for text in said)
    prompt, completed, cached, reasoning, *_ = [*reply.usage, *[prompt, completed, 0, 0][len(reply.usage) :]]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completed,
        "total_tokens": prompt + completed,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
