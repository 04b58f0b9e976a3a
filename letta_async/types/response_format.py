"""Formats that a model's response must have: plain text, any JSON object, or JSON of a given schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from letta_async._schema.wire_object import WireObject

__all__ = ["JsonObjectResponseFormat", "JsonSchemaResponseFormat", "ResponseFormat", "TextResponseFormat"]


@attrs.frozen(kw_only=True)
class TextResponseFormat(WireObject):
    """Response format: plain text."""

    type: Literal["text"] = "text"


@attrs.frozen(kw_only=True)
class JsonSchemaResponseFormat(WireObject):
    """Response format: JSON that follows a schema."""

    type: Literal["json_schema"] = "json_schema"
    json_schema: Mapping[str, Any] = attrs.field(hash=False)
    """The schema, in the form that the model's provider expects. Required."""


@attrs.frozen(kw_only=True)
class JsonObjectResponseFormat(WireObject):
    """Response format: any JSON object."""

    type: Literal["json_object"] = "json_object"


ResponseFormat = TextResponseFormat | JsonSchemaResponseFormat | JsonObjectResponseFormat
"""Format that a model's response must have, distinguished by `type`."""
