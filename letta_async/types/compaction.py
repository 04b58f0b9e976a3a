"""Settings for compacting (summarizing) a conversation that exceeds its context window, and the result of it."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async import types
from letta_async._schema.constraints import Count, Fraction, TextWithNul
from letta_async._schema.record import shortened
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = ["CompactResponse", "CompactionSettings"]


@attrs.frozen(kw_only=True)
class CompactionSettings(WireObject):
    """Settings for compacting (summarizing) a conversation.

    A field that is left out has the server's default; `None` is sent as `null`. The values are validated when they are
    sent, and an `InvalidArgumentError` lists all problems. Source: the API reference of `conversations.recompile`;
    defaults are those of Letta 0.16.8.
    """

    mode: Literal["all", "sliding_window", "self_compact_all", "self_compact_sliding_window"] | Unset = UNSET
    """Summarization technique. Server default: `sliding_window`."""
    model: str | Unset | None = UNSET
    """Handle of the summarizing model, `provider/model-name`; `None` for a lightweight model of the agent's provider.
    Server default: `None`."""
    model_settings: types.ModelSettings | Unset | None = UNSET
    """Settings of the summarizing model, with one class per provider. Server default: `None`."""
    prompt: TextWithNul | Unset | None = attrs.field(default=UNSET, repr=shortened)
    """Summarization prompt; `None` for the prompt that belongs to `mode`. Server default: `None`."""
    prompt_acknowledgement: bool | Unset = UNSET
    """Whether an acknowledgement follows the prompt, which helps to avoid responses that are not summaries. Server
    default: `False`."""
    clip_chars: Count | Unset | None = UNSET
    """Maximum length of the summary, in characters; `None` for no maximum. Server default: 50000."""
    sliding_window_percentage: Fraction | Unset = UNSET
    """Share of the context window, 0 to 1. The API reference calls it the part that is kept; the server's guide and
    code treat it as the part that is evicted. Server default: 0.3."""

    @property
    def api_model_settings(self) -> types.ModelSettings | Unset | None:
        """Name of `model_settings` in the official client."""
        return self.model_settings


@attrs.frozen(kw_only=True)
class CompactResponse(WireObject):
    """Result of compacting a conversation."""

    summary: str
    """Summary that replaces the messages that were summarized."""
    num_messages_before: int
    """Number of messages in the context before compaction."""
    num_messages_after: int
    """Number of messages in the context after compaction."""
