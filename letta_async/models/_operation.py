"""What a call of the API is made of, as data: one attrs class a call, a field a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

import attrs

from letta_async._unset import UNSET
from letta_async.models._record import Record

__all__ = [
    "PATH",
    "QUERY",
    "AgentId",
    "BlockId",
    "ConversationId",
    "MessageId",
    "Operation",
    "OwnConversationId",
    "Pattern",
]

Answer = TypeVar("Answer")

PATH: Final = {"in": "path"}
"""Metadata of a field that fills a segment of the path."""
QUERY: Final = {"in": "query"}
"""Metadata of a field that goes in the query; without metadata a field goes in the body."""


@attrs.frozen
class Pattern:
    """A regular expression that a whole string must match, and the words for it."""

    regex: str
    words: str


_UUID4: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

ConversationId = Annotated[
    str, Pattern(rf"default|(conv|agent)-{_UUID4}", "'conv-' and a lower-case UUID4, or 'default' with agent_id")
]
"""A conversation, or an agent's own messages."""
OwnConversationId = Annotated[str, Pattern(rf"conv-{_UUID4}", "'conv-' and a lower-case UUID4")]
"""A conversation and nothing else."""
AgentId = Annotated[str, Pattern(rf"agent-{_UUID4}", "'agent-' and a lower-case UUID4")]
BlockId = Annotated[str, Pattern(rf"block-{_UUID4}", "'block-' and a lower-case UUID4")]
MessageId = Annotated[str, Pattern(rf"message-{_UUID4}", "'message-' and a lower-case UUID4")]


@attrs.frozen(kw_only=True)
class Operation(Record, Generic[Answer]):
    """A call of the API. A subclass names the method, the path and the parameters; the rest follows from that."""

    method: ClassVar[str]
    path: ClassVar[str]
    """Path with a `{name}` for each field that is in it."""
    repeatable: ClassVar[bool]
    """Whether sending the call twice does no harm, so that it can be tried again when its fate is unknown."""
    answer: ClassVar[Any]
    """Type of the answer."""
    body_required: ClassVar[bool] = False
    """Whether there is a body even when nothing is in it."""
    places: ClassVar[Mapping[str, str]]
    """Where each parameter goes: `path`, `query` or `body`."""

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        super().__attrs_init_subclass__()
        cls.places = {field.name: field.metadata.get("in", "body") for field in attrs.fields(cls)}

    def given(self) -> dict[str, object]:
        """Give the parameters that were not left out."""
        values = ((field.name, getattr(self, field.name)) for field in attrs.fields(type(self)))
        return {name: value for name, value in values if value is not UNSET}

    def advice(self) -> Iterable[tuple[str, type[Warning]]]:
        """Give warnings about what is allowed but hardly meant."""
        return ()

    def hint(self, status: int) -> str | None:
        """Say what to try when the server answers with `status`."""
        del status
        return None
