"""Prediction of the prompt that a server would compile after edits that are not made, for a dry run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from letta_async._schema.unset import UNSET
from letta_async.batch.prompt_block_order import block_sections
from letta_async.errors import UnexpectedPromptError
from letta_async.types.block import Block

__all__ = ["BlockEdit", "SystemEdit", "predict_prompt"]

_MEMORY: Final = "{CORE_MEMORY}"
_WARNING: Final = "<warning>\n"
_SHOWN: Final = ("value", "label", "description", "limit", "read_only")
"""Fields of a block that prompts show."""
_SILENT: Final = frozenset(
    {
        "name",
        "description",
        "tags",
        "metadata",
        "hidden",
        "project_id",
        "timezone",
        "message_buffer_autoclear",
        "context_window_limit",
        "embedding",
        "embedding_config",
        "identity_ids",
        "secrets",
    }
)
"""Fields of an agent that prompts do not show."""


@attrs.frozen
class BlockEdit:
    """Edit of a block, as it is now, by the fields to change."""

    block: Block
    fields: Mapping[str, Any]


@attrs.frozen
class SystemEdit:
    """Edit of an agent whose system prompt is `system` now, by the fields to change."""

    system: str
    fields: Mapping[str, Any]


def predict_prompt(compiled: str, edits: Iterable[BlockEdit | SystemEdit]) -> str:
    """Return the prompt that would be compiled after edits.

    Args:
        compiled: The prompt that the server compiles now.
        edits: The edits of what the prompt shows, in their order.

    Raises:
        UnexpectedPromptError: The prompt does not have the known form, or an edit changes what cannot be predicted.

    """
    for edit in edits:
        compiled = _with_block(compiled, edit) if isinstance(edit, BlockEdit) else _with_system(compiled, edit)
    return compiled


def _with_system(compiled: str, edit: SystemEdit) -> str:
    for name in edit.fields:
        if name != "system" and name not in _SILENT:
            raise UnexpectedPromptError(f"what the prompt would be with another {name} is not known before the edit")
    system = edit.fields.get("system")
    if not isinstance(system, str) or system == edit.system:
        return compiled
    if _MEMORY in system + edit.system or not compiled.startswith(f"{edit.system}\n\n"):
        raise UnexpectedPromptError("the system prompt is not found where it would be replaced", prompt=compiled)
    return system + compiled[len(edit.system) :]


def _with_block(compiled: str, edit: BlockEdit) -> str:
    changed = {name: value for name, value in edit.fields.items() if name in _SHOWN and value not in (None, UNSET)}
    after = attrs.evolve(edit.block, **changed)
    found = False
    for section in reversed(list(block_sections(compiled))):  # from the end, so that earlier positions stay valid
        text = section.blocks.get(str(edit.block.label))
        if text is None:
            continue
        warning = _warning_of(text)
        if text != _render(edit.block, warning):
            raise UnexpectedPromptError(f"the block {edit.block.id} does not have the known form", prompt=compiled)
        start = section.start_of(str(edit.block.label))
        compiled = compiled[:start] + _render(after, warning) + compiled[start + len(text) :]
        found = True
    if not found:
        raise UnexpectedPromptError(f"the block {edit.block.id} is not found in the prompt", prompt=compiled)
    return compiled


def _warning_of(text: str) -> str | None:
    """Return the warning that precedes a value whose lines are numbered; `None` without one."""
    head = text.partition("\n</metadata>\n")[2]
    return head.removeprefix(_WARNING).partition("\n</warning>\n")[0] if head.startswith(_WARNING) else None


def _render(block: Block, warning: str | None) -> str:
    """Return a block as Letta 0.16.8 writes it into a prompt."""
    value = block.value or ""
    lines = [
        f"<{block.label}>",
        "<description>",
        block.description or "",
        "</description>",
        "<metadata>",
        *(["- read_only=true"] if block.read_only else []),
        f"- chars_current={len(value)}",
        f"- chars_limit={block.limit or 0}",
        "</metadata>",
    ]
    if warning is None:
        lines += ["<value>", value]
    else:
        numbered = [f"{number}→ {line}" for number, line in enumerate(value.split("\n"), 1)] if value else []
        lines += ["<warning>", warning, "</warning>", "<value>", *numbered]
    return "\n".join([*lines, "</value>", f"</{block.label}>", ""])
