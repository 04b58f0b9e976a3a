"""How a conversation that outgrows its context window is summarized."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.fields import Count, Fraction, WireObject
from letta_async._schema.unset import UNSET, Unset
from letta_async.types.providers import ModelSettings

__all__ = ["CompactionSettings"]


@attrs.frozen(kw_only=True)
class CompactionSettings(WireObject):
    """How a conversation is compacted (summarized).

    A field left out takes the server's default, `None` is sent as `null` and means what it says. The values are
    checked where they are sent, all at once: see `InvalidArgumentError`. Source: the API reference of
    `conversations.recompile`; defaults are those of Letta 0.16.8.
    """

    mode: Literal["all", "sliding_window", "self_compact_all", "self_compact_sliding_window"] | Unset = UNSET
    """Technique of summarization. Server default: `sliding_window`."""
    model: str | Unset | None = UNSET
    """Handle of the summarizing model, `provider/model-name`; `None`: a light default of the agent's provider, which is
    also the server's default."""
    model_settings: ModelSettings | Unset | None = UNSET
    """Overrides for the summarizing model, one class a provider. Server default: `None`."""
    prompt: str | Unset | None = UNSET
    """Prompt of the summarization; `None`, the server's default: the one that belongs to `mode`."""
    prompt_acknowledgement: bool | Unset = UNSET
    """Whether an acknowledgement follows the prompt, which helps against answers that are no summaries. Server
    default: `False`."""
    clip_chars: Count | Unset | None = UNSET
    """Longest summary, in characters; `None` clips nothing, whereas left out means the server's default, 50000."""
    sliding_window_percentage: Fraction | Unset = UNSET
    """Share of the context window, 0 to 1. The API reference calls it the part that is kept; the server's guide and
    code treat it as the part that is evicted. Server default: 0.3."""
