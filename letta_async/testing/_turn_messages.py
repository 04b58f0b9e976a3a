"""What messages to an agent look like: their content, which is text or parts, and the three kinds that they are of.

Messages are told apart as the server does it, by reading them as each kind; what is wrong with one that is none of them
is told three times.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import attrs

from letta_async.testing._validation import Choices, Enum, Tagged

__all__ = ["Content", "TurnMessage"]


# --- content --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class TextPart:
    """Text."""

    type: Literal["text"] = "text"
    text: str
    signature: str | None = None


@attrs.frozen(kw_only=True)
class UrlSource:
    """Image at a URL."""

    type: Literal["url"] = "url"
    url: str


@attrs.frozen(kw_only=True)
class Base64Source:
    """Image in the request."""

    type: Literal["base64"] = "base64"
    media_type: str
    data: str
    detail: str | None = None


@attrs.frozen(kw_only=True)
class LettaSource:
    """Image that the server has."""

    type: Literal["letta"] = "letta"
    file_id: str
    media_type: str | None = None
    data: str | None = None
    detail: str | None = None


@attrs.frozen(kw_only=True)
class ImagePart:
    """Image."""

    type: Literal["image"] = "image"
    source: Annotated[
        Any, Tagged("type", "ImageSourceType", (("url", UrlSource), ("base64", Base64Source), ("letta", LettaSource)))
    ]


@attrs.frozen(kw_only=True)
class ToolCallPart:
    """Tool call."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    input: dict[str, Any]
    signature: str | None = None


@attrs.frozen(kw_only=True)
class ToolReturnPart:
    """Return of a tool."""

    type: Literal["tool_return"] = "tool_return"
    tool_call_id: str
    content: str
    is_error: bool


@attrs.frozen(kw_only=True)
class ReasoningPart:
    """Reasoning."""

    type: Literal["reasoning"] = "reasoning"
    is_native: bool
    reasoning: str
    signature: str | None = None


@attrs.frozen(kw_only=True)
class RedactedPart:
    """Reasoning that the provider conceals."""

    type: Literal["redacted_reasoning"] = "redacted_reasoning"
    data: str


@attrs.frozen(kw_only=True)
class OmittedPart:
    """Reasoning that the provider does not return."""

    type: Literal["omitted_reasoning"] = "omitted_reasoning"
    signature: str | None = None


@attrs.frozen(kw_only=True)
class SummaryPart:
    """Summary of reasoning."""

    type: Literal["summarized_reasoning"] = "summarized_reasoning"
    id: str
    summary: list[dict[str, Any]]
    encrypted_content: str | None = None


_PARTS = (
    ("text", TextPart),
    ("image", ImagePart),
    ("tool_call", ToolCallPart),
    ("tool_return", ToolReturnPart),
    ("reasoning", ReasoningPart),
    ("redacted_reasoning", RedactedPart),
    ("omitted_reasoning", OmittedPart),
    ("summarized_reasoning", SummaryPart),
)
_PARTS_LABEL = (
    "list[tagged-union[TextContent,ImageContent,ToolCallContent,ToolReturnContent,ReasoningContent,"
    "RedactedReasoningContent,OmittedReasoningContent,SummarizedReasoningContent]]"
)
_Parts = list[Annotated[Any, Tagged("type", "MessageContentType", _PARTS)]]
Content = Annotated[Any, Choices((("str", str), (_PARTS_LABEL, _Parts)))]


# --- messages -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class MessageCreate:
    """A message to an agent."""

    type: Annotated[str, Enum("MessageCreateType", ("message",))] | None = "message"
    otid: str | None = None
    group_id: str | None = None
    role: Annotated[str, Enum("MessageRole", ("user", "system", "assistant"))]
    content: Content
    name: str | None = None
    sender_id: str | None = None
    batch_item_id: str | None = None


@attrs.frozen(kw_only=True)
class Approval:
    """Decision about a tool call."""

    type: Literal["approval"] = "approval"
    tool_call_id: str
    approve: bool
    reason: str | None = None


_RETURN_LABEL = "list[tagged-union[TextContent,ImageContent]]"
_ReturnParts = list[Annotated[Any, Tagged("type", "MessageContentType", _PARTS[:2])]]


@attrs.frozen(kw_only=True)
class ToolReturn:
    """Return of a tool that the client ran."""

    type: Literal["tool"] = "tool"
    tool_return: Annotated[Any, Choices(((_RETURN_LABEL, _ReturnParts), ("str", str)))]
    status: Literal["success", "error"]
    tool_call_id: str
    stdout: list[str] | None = None
    stderr: list[str] | None = None


@attrs.frozen(kw_only=True)
class ApprovalCreate:
    """Decisions about tool calls, or what the client's tools returned."""

    type: Annotated[str, Enum("MessageCreateType", ("approval",))] = "approval"
    otid: str | None = None
    group_id: str | None = None
    approvals: list[Annotated[Any, Tagged("type", None, (("approval", Approval), ("tool", ToolReturn)))]] | None = None
    approve: bool | None = None
    approval_request_id: str | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class ToolReturnCreate:
    """What the client's tools returned."""

    type: Annotated[str, Enum("MessageCreateType", ("tool_return",))] = "tool_return"
    otid: str | None = None
    group_id: str | None = None
    tool_returns: list[ToolReturn]


def _named(kind: str) -> str:
    return f"function-after[generate_otid_if_missing(), {kind}]"


TurnMessage = Annotated[
    Any,
    Choices(
        (
            (_named("MessageCreate"), MessageCreate),
            (f"function-after[migrate_deprecated_fields(), {_named('ApprovalCreate')}]", ApprovalCreate),
            (_named("ToolReturnCreate"), ToolReturnCreate),
        )
    ),
]
