"""Normalization of a stored prompt: what differs each time that a prompt is compiled is taken from a compiled one.

The memory ends with a section of this form (seen on Letta 0.16.8, whose system prompt may continue after it, or have
`{CORE_MEMORY}` twice and so two sections)::

    <memory_metadata>
    - AGENT_ID: agent-…
    - CONVERSATION_ID: default
    - System prompt last recompiled: 2026-11-22 03:44:28 PM UTC+0000
    - 1 previous messages between you and the user are stored in recall memory
    - 3 total memories you created are stored in archival memory (use tools to access them)
    - Available archival memory tags: a, b
    </memory_metadata>

The second, third and fourth line are volatile; the last two are optional. The order of the memory blocks is volatile as
well (`prompt_block_order`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from letta_async.batch.prompt_block_order import with_block_order_of
from letta_async.errors import UnexpectedPromptError

__all__ = ["normalize_stored_prompt"]

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
_MAX_CLOCK_SKEW: Final = timedelta(days=1)
"""Largest difference by which the server's clock may be ahead of the local one."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d)(:\d\d:\d\d) ([AP])M .*?([+-]\d{4})")


def normalize_stored_prompt(stored: str, compiled: str, now: datetime) -> str:
    """Return the stored prompt with the block order and the volatile lines of the compiled one.

    What still differs between the two is stale.

    Memory and system prompt may contain text that looks like the metadata section, such as a copied prompt. The
    server's own section is the newest one, as it was written when the prompt was compiled; a section dated more than a
    day after `now` is not the server's. Every other section is compared as plain text.

    Args:
        stored: The prompt that the server has stored.
        compiled: The prompt that the server has just compiled.
        now: The local time; the server's may be a day ahead.

    Raises:
        UnexpectedPromptError: The compiled prompt has no metadata section.

    """
    fresh = list(_METADATA.finditer(compiled))
    if not fresh:
        raise UnexpectedPromptError(
            "the compiled prompt has no <memory_metadata> of the form that this version knows: what in it is volatile "
            "cannot be told",
            prompt=compiled,
        )
    stored = with_block_order_of(compiled, stored)
    pairs = list(zip(reversed(list(_METADATA.finditer(stored))), reversed(fresh), strict=False))
    dated = [(_parse_time(new["time"]), old, new) for old, new in pairs]
    possible = [entry for entry in dated if entry[0] <= now + _MAX_CLOCK_SKEW] or dated
    own = max(possible, key=lambda entry: entry[0], default=None)
    for old, new in pairs:
        if own is not None and (old[0], new[0]) == (own[1][0], own[2][0]):
            stored = stored[: old.start("volatile")] + new["volatile"] + stored[old.end("volatile") :]
    return stored


def _parse_time(text: str) -> datetime:
    """Parse the time in a metadata section; return the earliest time there is if it has another form."""
    if found := _TIME.fullmatch(text):
        date, hour, rest, half, offset = found.groups()
        try:
            return datetime.fromisoformat(f"{date}T{int(hour) % 12 + 12 * (half == 'P'):02}{rest}{offset}")
        except ValueError:
            pass
    return datetime.min.replace(tzinfo=UTC)
