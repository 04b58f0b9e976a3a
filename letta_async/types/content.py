"""Parts of a message's content: text, images, and what a model leaves between them.

Source: `LettaMessageContentUnion` in the OpenAPI description of Letta 0.16.8. A part of a type not known here is an
`UnknownContent`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = [
    "Base64Image",
    "Content",
    "ContentPart",
    "ImageContent",
    "LettaImage",
    "OmittedReasoningContent",
    "ReasoningContent",
    "RedactedReasoningContent",
    "SummarizedReasoningContent",
    "SummarizedReasoningContentPart",
    "TextContent",
    "ToolCallContent",
    "ToolReturnContent",
    "UnknownContent",
    "UrlImage",
]

_SIGNATURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
)
"""Offset and bytes by which the formats are recognized that model providers accept."""


def _size_text(data: object) -> str:
    """Show how long encoded data is, instead of the data."""
    return f"<{len(data)} characters>" if isinstance(data, str) else repr(data)


@attrs.frozen(kw_only=True)
class TextContent(WireObject):
    """Text."""

    type: Literal["text"] = "text"
    text: str
    """The text."""
    signature: str | None = None
    """Identifier of the reasoning that belongs to the text."""


@attrs.frozen(kw_only=True)
class UrlImage(WireObject):
    """An image that the server fetches from a URL."""

    type: Literal["url"] = "url"
    url: str
    """URL of the image."""


@attrs.frozen(kw_only=True)
class Base64Image(WireObject):
    """An image that is part of the message."""

    type: Literal["base64"] = "base64"
    media_type: str
    """Media type, such as `image/png`."""
    data: str = attrs.field(repr=_size_text)
    """The image's bytes in Base64."""
    detail: str | Unset | None = UNSET
    """Level of detail at which the model looks: `low`, `high` or `auto`."""


@attrs.frozen(kw_only=True)
class LettaImage(WireObject):
    """An image that the server stores."""

    type: Literal["letta"] = "letta"
    file_id: str
    """ID of the image on the server."""
    media_type: str | Unset | None = UNSET
    """Media type, such as `image/png`."""
    data: str | Unset | None = attrs.field(default=UNSET, repr=_size_text)
    """The image's bytes in Base64."""
    detail: str | Unset | None = UNSET
    """Level of detail at which the model looks: `low`, `high` or `auto`."""


@attrs.frozen(kw_only=True)
class ImageContent(WireObject):
    """An image: `ImageContent.from_url(…)`, `ImageContent.from_file(…)` or `ImageContent.from_bytes(…)`."""

    type: Literal["image"] = "image"
    source: UrlImage | Base64Image | LettaImage
    """Where the image is."""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Create an image that the server fetches from a URL."""
        return cls(source=UrlImage(url=url))

    @classmethod
    def from_bytes(cls, data: bytes, media_type: str | None = None, *, detail: str | Unset = UNSET) -> Self:
        """Create an image from its bytes.

        Args:
            data: Content of an image file.
            media_type: Its media type. Default: recognized from the bytes of a PNG, JPEG, GIF or WebP file.
            detail: Level of detail at which the model looks: `low`, `high` or `auto`. Default: the provider's.

        Raises:
            InvalidArgumentError: The bytes are not of a format that is recognized, and `media_type` is not given.

        """
        if media_type is None:
            found = (kind for at, mark, kind in _SIGNATURES if data[at : at + len(mark)] == mark)
            media_type = next(found, None)
        if media_type is None:
            problem = "is not recognized as PNG, JPEG, GIF or WebP; pass media_type"
            raise InvalidArgumentError([ArgumentProblem("data", problem)])
        encoded = base64.b64encode(data).decode("ascii")
        return cls(source=Base64Image(media_type=media_type, data=encoded, detail=detail))

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], media_type: str | None = None, *, detail: str | Unset = UNSET
    ) -> Self:
        """Create an image from a file, which is read at once.

        Args:
            path: Path of the file.
            media_type: Its media type. Default: recognized from the bytes of a PNG, JPEG, GIF or WebP file.
            detail: Level of detail at which the model looks: `low`, `high` or `auto`. Default: the provider's.

        Raises:
            InvalidArgumentError: The file cannot be read, or is not of a format that is recognized.

        """
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            problem = f"{os.fspath(path)!r} cannot be read: {error.strerror or error}"
            raise InvalidArgumentError([ArgumentProblem("path", problem)]) from None
        return cls.from_bytes(data, media_type, detail=detail)


@attrs.frozen(kw_only=True)
class ToolCallContent(WireObject):
    """A call of a tool by the model."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    """ID of the call."""
    name: str
    """Name of the tool."""
    input: Mapping[str, Any] = attrs.field(hash=False)
    """Arguments of the call."""
    signature: str | None = None
    """Identifier of the reasoning that belongs to the call."""


@attrs.frozen(kw_only=True)
class ToolReturnContent(WireObject):
    """Return of a tool."""

    type: Literal["tool_return"] = "tool_return"
    tool_call_id: str
    """ID of the call."""
    content: str
    """What the tool returned."""
    is_error: bool
    """Whether the tool failed."""


@attrs.frozen(kw_only=True)
class ReasoningContent(WireObject):
    """Reasoning of the model."""

    type: Literal["reasoning"] = "reasoning"
    is_native: bool
    """Whether a reasoning model wrote it."""
    reasoning: str
    """Text of the reasoning."""
    signature: str | None = None
    """The provider's signature of the reasoning."""


@attrs.frozen(kw_only=True)
class RedactedReasoningContent(WireObject):
    """Reasoning that the provider redacted."""

    type: Literal["redacted_reasoning"] = "redacted_reasoning"
    data: str
    """The reasoning, encrypted or filtered."""


@attrs.frozen(kw_only=True)
class OmittedReasoningContent(WireObject):
    """Reasoning that the provider does not return."""

    type: Literal["omitted_reasoning"] = "omitted_reasoning"
    signature: str | None = None
    """Identifier of the reasoning."""


@attrs.frozen(kw_only=True)
class SummarizedReasoningContentPart(WireObject):
    """A part of a summary of reasoning."""

    index: int
    """Place of the part in the summary."""
    text: str
    """Text of the part."""


@attrs.frozen(kw_only=True)
class SummarizedReasoningContent(WireObject):
    """Reasoning that the provider summarized."""

    type: Literal["summarized_reasoning"] = "summarized_reasoning"
    id: str
    """ID of the reasoning."""
    summary: list[SummarizedReasoningContentPart] = attrs.field(hash=False)
    """Parts of the summary."""
    encrypted_content: str | None = None
    """The reasoning, encrypted."""


@attrs.frozen(kw_only=True)
class UnknownContent(WireObject):
    """A part of a type that this version has no class for; its fields are in `extra_fields`."""

    type: str
    """Type of the part."""


ContentPart = (
    TextContent
    | ImageContent
    | ToolCallContent
    | ToolReturnContent
    | ReasoningContent
    | RedactedReasoningContent
    | OmittedReasoningContent
    | SummarizedReasoningContent
    | UnknownContent
)
"""A part of a message's content, told apart by `type`."""
Content = str | list[ContentPart]
"""Content of a message: text, or parts."""


def text_of(content: object) -> str:
    """Return the text in a message's content, the texts of its parts joined."""
    if isinstance(content, str):
        return content
    parts: list[object] = content if isinstance(content, list) else []  # pyright: ignore[reportUnknownVariableType] - parts of any kind
    return "".join(part.text for part in parts if isinstance(part, TextContent) and _is_text(part.text))


def _is_text(value: object) -> bool:
    """Return whether a value is text: a server may send anything in its place."""
    return isinstance(value, str)
