"""The language of the stub model, for the embedded server: a user message that begins with `!` says what to reply.

A section of directives is a reply; `!then` begins the next one. What the directives mean is written down in
tools/real_server/stub_rules.py, whose model the real server asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from letta_async.testing import Failure, Reply, ToolCall
from tools.real_server.stub_rules import sections_of

__all__ = ["reply_to", "summary_of"]

_LONGEST = 4000


def reply_to(prompt: Sequence[Mapping[str, Any]]) -> Reply:
    """Reply as the stub does."""
    last = max((place for place, each in enumerate(prompt) if each["role"] == "user"), default=-1)
    text, later = _text_of(prompt[last]) if last >= 0 else "", prompt[last + 1 :]
    step = sum(message["role"] == "assistant" for message in later)
    sections = sections_of(text) if text.startswith("!") else []
    if step < len(sections):
        return _played(sections[step])
    if later:
        returned = [_text_of(message) for message in later if message["role"] == "tool"]
        return Reply(text="Returned: " + " | ".join(returned)[:_LONGEST])
    return Reply(text=f"Echo: {text}"[:_LONGEST])


def summary_of(prompt: Sequence[Mapping[str, Any]]) -> str:
    """Sum up as the stub does, but for the numbers."""
    return f"Summary of {len(prompt)} words in 2 messages."


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or f"[{part['type']}_url]" for part in content)


def _played(section: list[str]) -> Reply:
    reply = Reply()
    for line in section:
        name, _, rest = line.partition(" ")
        reply = attrs.evolve(reply, **_effect(name, rest, reply))
    return reply


def _effect(name: str, rest: str, reply: Reply) -> dict[str, Any]:
    match name:
        case "!say":
            return {"text": rest}
        case "!words":
            return {"text": " ".join(f"word{number}" for number in range(1, int(rest) + 1))}
        case "!think":
            return {"reasoning": rest}
        case "!call":
            tool, _, arguments = rest.partition(" ")
            return {"calls": (*reply.calls, ToolCall(name=tool, arguments=arguments or "{}"))}
        case "!usage":
            return {"usage": tuple(int(number) for number in rest.split())}
        case "!finish":
            return {"finish": rest}
        case "!wait":
            return {"wait": float(rest)}
        case "!pace":
            return {"delay": float(rest)}
        case "!status":
            return {
                "failure": Failure(
                    status=int(rest.split(maxsplit=1)[0]), message="as the message asks", error_type="stub_error"
                )
            }
        case "!error":  # the stub counts an event before the first token
            return {"failure": Failure(status=500, message="as the message asks", after=int(rest) - 1)}
        case "!break":
            return {"failure": Failure(status=None, message="", after=int(rest) - 1)}
        case _:
            return {"text": f"There is no directive {name!r}"}
