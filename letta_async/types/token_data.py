"""Tokens that a model generated in a turn, and their log probabilities."""

from __future__ import annotations

from typing import Any

import attrs

from letta_async._schema.wire_object import WireObject

__all__ = ["Logprobs", "LogprobsContent", "LogprobsContentTopLogprob", "TurnTokenData"]


@attrs.frozen(kw_only=True)
class LogprobsContentTopLogprob(WireObject):
    """A token that the model considered in a place."""

    token: str
    """Text of the token."""
    logprob: float
    """Natural logarithm of the token's probability."""
    bytes: list[int] | None = attrs.field(default=None, hash=False)
    """The token in UTF-8, where it may be part of a character."""


@attrs.frozen(kw_only=True)
class LogprobsContent(LogprobsContentTopLogprob):
    """A token that the model generated."""

    top_logprobs: list[LogprobsContentTopLogprob] | None = attrs.field(default=None, hash=False)
    """The most probable tokens in its place, as many as `top_logprobs` requested."""


@attrs.frozen(kw_only=True)
class Logprobs(WireObject):
    """The tokens of a model's response and their log probabilities."""

    content: list[LogprobsContent] | None = attrs.field(default=None, hash=False)
    """Tokens of the text."""
    refusal: list[LogprobsContent] | None = attrs.field(default=None, hash=False)
    """Tokens of the text in which the model refuses."""


@attrs.frozen(kw_only=True)
class TurnTokenData(WireObject):
    """A part of a turn as training needs it: what a model generated, or what a tool returned.

    Source: `TurnTokenData` in the OpenAPI description of Letta 0.16.8.
    """

    role: str
    """`assistant` for what a model generated, `tool` for what a tool returned."""
    content: str | None = None
    """Text of the part."""
    tool_name: str | None = None
    """Name of the tool; `None` for what a model generated."""
    output_ids: list[int] | None = attrs.field(default=None, hash=False)
    """IDs of the generated tokens, from providers that return them, such as SGLang."""
    output_token_logprobs: list[list[Any]] | None = attrs.field(default=None, hash=False)
    """A list per token: its log probability, its ID, and the most probable tokens in its place or `None`."""
