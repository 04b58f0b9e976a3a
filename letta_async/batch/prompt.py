"""What in a compiled prompt differs each time that it is compiled, whatever happens to the agent's memory.

A prompt ends its memory with a section of this form (seen on Letta 0.16.8, whose system prompt may go on after it, or
have `{CORE_MEMORY}` twice and so two of them)::

    <memory_metadata>
    - AGENT_ID: agent-…
    - CONVERSATION_ID: default
    - System prompt last recompiled: 2026-11-22 03:44:28 PM UTC+0000
    - 1 previous messages between you and the user are stored in recall memory
    - 3 total memories you created are stored in archival memory (use tools to access them)
    - Available archival memory tags: a, b
    </memory_metadata>

The second, third and fourth line are volatile; the last two are there only sometimes. So is the order of the memory's
blocks (`_blocks`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from letta_async.batch.prompt_blocks import in_order_of
from letta_async.errors import UnexpectedPromptError

__all__ = ["align"]

_METADATA: Final = re.compile(
    r"""
    ^<memory_metadata>\n
    -\ AGENT_ID:\ [^\n]+\n
    (?P<volatile>
        -\ CONVERSATION_ID:\ [^\n]+\n
        -\ System\ prompt\ last\ recompiled:\ (?P<time>[^\n]+)\n
        -\ \d+\ previous\ messages\ between\ you\ and\ the\ user\ are\ stored\ in\ recall\ memory[^\n]*\n
    )
    (?:-\ \d+\ total\ memories\ you\ created\ are\ stored\ in\ archival\ memory[^\n]*\n)?
    (?:-\ Available\ archival\ memory\ tags:\ [^\n]*\n)?
    </memory_metadata>
    """,
    re.MULTILINE | re.VERBOSE,
)
_AHEAD: Final = timedelta(days=1)
"""How far ahead of the clock here the server's may be."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d)(:\d\d:\d\d) ([AP])M .*?([+-]\d{4})")


def align(stored: str, compiled: str, now: datetime) -> str:
    """Give a stored prompt as it would be were it compiled just now, of the same memory: what still differs is stale.

    Its blocks come in the order of the one that was compiled just now, and its volatile lines are that one's.

    Memory and system prompt may hold text that looks like the section, copied from a prompt perhaps. The server's own
    is the newest one, since it was written just now; what is dated later than that is none of the server's. Whatever
    else looks like it is compared as the text that it is.

    Args:
        stored: The prompt as it is stored.
        compiled: The prompt as it was compiled just now.
        now: The time here; the server's may be a day ahead.

    Raises:
        UnexpectedPromptError: the compiled prompt has no such section.

    """
    fresh = list(_METADATA.finditer(compiled))
    if not fresh:
        raise UnexpectedPromptError(
            "the compiled prompt has no <memory_metadata> of the form that this version knows: what in it is volatile "
            "cannot be told",
            prompt=compiled,
        )
    stored = in_order_of(compiled, stored)
    pairs = list(zip(reversed(list(_METADATA.finditer(stored))), reversed(fresh), strict=False))
    dated = [(_moment(new["time"]), old, new) for old, new in pairs]
    possible = [each for each in dated if each[0] <= now + _AHEAD] or dated
    own = max(possible, key=lambda each: each[0], default=None)
    for old, new in pairs:
        if own is not None and (old[0], new[0]) == (own[1][0], own[2][0]):
            stored = stored[: old.start("volatile")] + new["volatile"] + stored[old.end("volatile") :]
    return stored


def _moment(text: str) -> datetime:
    """Read the time of a prompt; one of another form counts as the oldest."""
    if found := _TIME.fullmatch(text):
        date, hour, rest, half, offset = found.groups()
        try:
            return datetime.fromisoformat(f"{date}T{int(hour) % 12 + 12 * (half == 'P'):02}{rest}{offset}")
        except ValueError:
            pass
    return datetime.min.replace(tzinfo=UTC)
