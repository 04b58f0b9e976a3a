"""What shape a model's answer must have: plain text, any JSON, or JSON of a given schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from letta_async._schema.fields import WireObject

__all__ = ["JsonObjectResponseFormat", "JsonSchemaResponseFormat", "ResponseFormat", "TextResponseFormat"]


@attrs.frozen(kw_only=True)
class TextResponseFormat(WireObject):
    """Ask for plain text."""

    type: Literal["text"] = "text"


@attrs.frozen(kw_only=True)
class JsonSchemaResponseFormat(WireObject):
    """Ask for JSON that follows a schema."""

    type: Literal["json_schema"] = "json_schema"
    json_schema: Mapping[str, Any] = attrs.field(hash=False)
    """The schema, as the model's provider expects it. Required."""


@attrs.frozen(kw_only=True)
class JsonObjectResponseFormat(WireObject):
    """Ask for any JSON object."""

    type: Literal["json_object"] = "json_object"


ResponseFormat = TextResponseFormat | JsonSchemaResponseFormat | JsonObjectResponseFormat
"""Told apart by `type`."""
