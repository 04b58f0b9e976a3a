"""The memory blocks in a compiled prompt, in an order that is the database's: it may change without an edit.

They are in a section of this form (seen on Letta 0.16.8, whose system prompt may have two of them)::

    <memory_blocks>
    The following memory blocks are currently engaged in your core memory unit:

    <human>
    <description>
    About the user
    </description>
    <metadata>
    - chars_current=3
    - chars_limit=20000
    </metadata>
    <value>
    Ada
    </value>
    </human>

    </memory_blocks>

Nothing in it is escaped, and a value may hold whatever looks like the rest; `chars_current` tells where it ends. For
some models there is a warning before the value, and its lines are numbered, as in `1→ Ada`; the numbers do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import attrs

__all__ = ["in_order_of"]

_BEGIN: Final = re.compile(
    r"<memory_blocks>\nThe following memory blocks are currently engaged in your core memory unit:\n\n"
)
_END: Final = "\n</memory_blocks>"
_HEAD: Final = re.compile(
    r"<(?P<label>[^\n]+)>\n"
    r"<description>\n(?>.*?\n</description>\n)"
    r"<metadata>(?:\n- read_only=true)?\n- chars_current=(?P<size>\d+)\n- chars_limit=\d+\n</metadata>\n"
    r"(?:<warning>\n(?>.*?\n</warning>\n))?"
    r"<value>\n",
    re.DOTALL,
)
_MOST: Final = 50
"""How many sections are looked for. A server writes one or two; to look for the end of thousands would take long."""


@attrs.frozen
class _Section:
    start: int
    end: int
    blocks: Mapping[str, str]
    """The text of each block, by its label."""


def in_order_of(compiled: str, stored: str) -> str:
    """Give a stored prompt with its blocks in the order of one that was compiled just now.

    Nothing is changed but the order of whole blocks: what is another text still is one. Where a section is not of the
    known form, its order stays.
    """
    # From the end, so that what comes before stays in its place.
    for old, new in zip(reversed(list(_sections(stored))), reversed(list(_sections(compiled))), strict=False):
        labels = [label for label in {**new.blocks, **old.blocks} if label in old.blocks]
        stored = stored[: old.start] + "\n".join(old.blocks[label] for label in labels) + stored[old.end :]
    return stored


def _sections(prompt: str) -> Iterator[_Section]:
    past = 0
    for begin in islice(_BEGIN.finditer(prompt), _MOST):
        if begin.start() >= past and (section := _section(prompt, begin.end())):  # none within a block of another
            past = section.end
            yield section


def _section(prompt: str, start: int) -> _Section | None:
    """Read the blocks of a section from a place on; `None` if they are of another form, or two have one label."""
    blocks: dict[str, str] = {}
    at = start
    while (head := _HEAD.match(prompt, at)) and head["label"] not in blocks:
        end = _end_of(head)
        if end is None:
            break
        blocks[head["label"]] = prompt[at:end]
        if prompt.startswith(_END, end):
            return _Section(start, end, blocks)
        if not prompt.startswith("\n", end):
            break
        at = end + 1
    return None


def _end_of(head: re.Match[str]) -> int | None:
    """Find where a block ends, after its value of so many characters; `None` if it does not end there."""
    prompt, at, size = head.string, head.end(), int(head["size"])
    tail = f"</value>\n</{head['label']}>\n"
    if prompt.startswith(f"\n{tail}", at + size):
        return at + size + 1 + len(tail)
    left = size + 1 if size else 0  # each line counts with its end, and an empty value has none
    number = 1
    while left:
        mark = f"{number}→ "
        begin = at + len(mark)
        end = prompt.find("\n", begin, begin + left) + 1
        if not end or not prompt.startswith(mark, at):
            return None
        at, left, number = end, left - (end - begin), number + 1
    return at + len(tail) if prompt.startswith(tail, at) else None
