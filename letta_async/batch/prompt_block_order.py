"""Order of the memory blocks in a compiled prompt, which is the database's and may change without an edit.

The blocks are in a section of this form (seen on Letta 0.16.8, whose system prompt may have two sections)::

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

Nothing in it is escaped, and a value may contain text that looks like the rest; `chars_current` is the length of the
value. For some models there is a warning before the value, and the value's lines are numbered, as in `1→ Ada`; the
numbers are not part of the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import Final

import attrs

__all__ = ["BlockSection", "block_sections", "with_block_order_of"]

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
_MAX_SECTIONS: Final = 50
"""Number of sections that are parsed. A server writes one or two; to parse thousands would take long."""


@attrs.frozen
class BlockSection:
    """Position of a section of blocks in a prompt, and its blocks."""

    start: int
    end: int
    blocks: Mapping[str, str]
    """Text of each block by its label, in their order."""

    def start_of(self, label: str) -> int:
        """Return the position in the prompt where a block begins; one line feed is between two blocks."""
        before = takewhile(lambda other: other != label, self.blocks)
        return self.start + sum(len(self.blocks[other]) + 1 for other in before)


def with_block_order_of(compiled: str, stored: str) -> str:
    """Return the stored prompt with its blocks in the order of the compiled prompt.

    Only the order of whole blocks changes; different texts stay different. A section that does not have the known form
    is left as it is.
    """
    # From the end, so that the positions of earlier sections stay valid.
    for old, new in zip(reversed(list(block_sections(stored))), reversed(list(block_sections(compiled))), strict=False):
        labels = [label for label in {**new.blocks, **old.blocks} if label in old.blocks]
        stored = stored[: old.start] + "\n".join(old.blocks[label] for label in labels) + stored[old.end :]
    return stored


def block_sections(prompt: str) -> Iterator[BlockSection]:
    """Yield the sections of blocks in a prompt, in order."""
    past = 0
    for begin in islice(_BEGIN.finditer(prompt), _MAX_SECTIONS):
        if begin.start() >= past and (
            section := _parse_section(prompt, begin.end())
        ):  # not inside another section's block
            past = section.end
            yield section


def _parse_section(prompt: str, start: int) -> BlockSection | None:
    """Parse the blocks of a section that begins at `start`; return `None` if its form differs or a label repeats."""
    blocks: dict[str, str] = {}
    at = start
    while (head := _HEAD.match(prompt, at)) and head["label"] not in blocks:
        end = _find_block_end(head)
        if end is None:
            break
        blocks[head["label"]] = prompt[at:end]
        if prompt.startswith(_END, end):
            return BlockSection(start, end, blocks)
        if not prompt.startswith("\n", end):
            break
        at = end + 1
    return None


def _find_block_end(head: re.Match[str]) -> int | None:
    """Return the position where a block ends, by the size of its value; `None` if it does not end there."""
    prompt, at, size = head.string, head.end(), int(head["size"])
    tail = f"</value>\n</{head['label']}>\n"
    if prompt.startswith(f"\n{tail}", at + size):
        return at + size + 1 + len(tail)
    left = size + 1 if size else 0  # each line includes its line break, and an empty value has no line
    number = 1
    while left:
        mark = f"{number}→ "
        begin = at + len(mark)
        end = prompt.find("\n", begin, begin + left) + 1
        if not end or not prompt.startswith(mark, at):
            return None
        at, left, number = end, left - (end - begin), number + 1
    return at + len(tail) if prompt.startswith(tail, at) else None
