"""Declarations of API calls, one attrs class per call: its endpoint, a field per parameter, the type of the response.

The class is the only place where a parameter is named, typed, placed and described: the string below a field is its
description. `make api` writes the methods of both clients and their reference pages from these classes; the checks, the
request and the embedded server read them at run time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    Self,
    TypeAlias,
    TypeVar,
    dataclass_transform,
    get_args,
)

import attrs

from letta_async._schema.placement import (
    Body,
    Form,
    Header,
    Hidden,
    Local,
    Path,
    Pattern,
    Placement,
    Query,
    WholeBody,
)
from letta_async._schema.record import Record
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.upload import Upload
from letta_async.errors import ArgumentProblem

__all__ = [
    "DELETE",
    "GET",
    "PATCH",
    "POST",
    "PUT",
    "SEGMENT",
    "AgentId",
    "ArchiveId",
    "BlockId",
    "Body",
    "ConversationId",
    "Endpoint",
    "File",
    "FileId",
    "FolderId",
    "Form",
    "GroupId",
    "Header",
    "IdentityId",
    "InBody",
    "InClient",
    "InForm",
    "InPath",
    "InQuery",
    "McpServerId",
    "MessageId",
    "Operation",
    "OwnConversationId",
    "PassageId",
    "Path",
    "Pattern",
    "Placement",
    "ProviderId",
    "Query",
    "RunId",
    "SecretText",
    "Segment",
    "StepId",
    "ToolId",
    "Traffic",
    "WholeBody",
    "operation",
    "parameters",
]

T = TypeVar("T")
Answer = TypeVar("Answer")
Class = TypeVar("Class", bound=type)


# --- where a parameter goes -------------------------------------------------------------------------------------------


InPath: TypeAlias = Annotated[T, Path()]
"""A required segment of the path."""
InQuery: TypeAlias = Annotated[T | Unset, Query()]
"""A query parameter; `UNSET` leaves it out."""
InBody: TypeAlias = Annotated[T | Unset, Body()]
"""A member of the body; `UNSET` leaves it out."""
InClient: TypeAlias = Annotated[T | Unset, Local()]
"""A parameter that is not sent; `UNSET` stands for its default."""
InForm: TypeAlias = Annotated[T | Unset, Form()]
"""A field of a body that is a form, `multipart/form-data`; `UNSET` leaves it out."""
File: TypeAlias = Annotated[Upload, Form()]
"""A required file in such a body."""


# --- forms of identifiers ---------------------------------------------------------------------------------------------


_UUID4: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

ConversationId = Annotated[
    str, Pattern(rf"default|(conv|agent)-{_UUID4}", "'conv-' and a lower-case UUID4, or 'default' with agent_id")
]
"""ID of a conversation, or `default` for an agent's own messages."""
OwnConversationId = Annotated[str, Pattern(rf"conv-{_UUID4}", "'conv-' and a lower-case UUID4")]
"""ID of a conversation; `default` is excluded."""
AgentId = Annotated[str, Pattern(rf"agent-{_UUID4}", "'agent-' and a lower-case UUID4")]
BlockId = Annotated[str, Pattern(rf"block-{_UUID4}", "'block-' and a lower-case UUID4")]
MessageId = Annotated[str, Pattern(rf"message-{_UUID4}", "'message-' and a lower-case UUID4")]
RunId = Annotated[str, Pattern(rf"run-{_UUID4}", "'run-' and a lower-case UUID4")]
ToolId = Annotated[str, Pattern(rf"tool-{_UUID4}", "'tool-' and a lower-case UUID4")]
FolderId = Annotated[str, Pattern(rf"source-{_UUID4}", "'source-' and a lower-case UUID4")]
FileId = Annotated[str, Pattern(rf"file-{_UUID4}", "'file-' and a lower-case UUID4")]
IdentityId = Annotated[str, Pattern(rf"identity-{_UUID4}", "'identity-' and a lower-case UUID4")]
ArchiveId = Annotated[str, Pattern(rf"archive-{_UUID4}", "'archive-' and a lower-case UUID4")]
PassageId = Annotated[str, Pattern(rf"passage-{_UUID4}", "'passage-' and a lower-case UUID4")]
GroupId = Annotated[str, Pattern(rf"group-{_UUID4}", "'group-' and a lower-case UUID4")]
StepId = Annotated[str, Pattern(rf"step-{_UUID4}", "'step-' and a lower-case UUID4")]
McpServerId = Annotated[str, Pattern(rf"mcp_server-{_UUID4}", "'mcp_server-' and a lower-case UUID4")]
ProviderId = Annotated[str, Pattern(rf"provider-{_UUID4}", "'provider-' and a lower-case UUID4")]
SecretText = Annotated[str, Hidden()]
"""A text that no error message shows."""
SEGMENT: Final = Pattern(
    r"(?!\.{1,2}$)[^\x00-\x1f\x7f\ud800-\udfff]+", "a name that is not '.' or '..', without control characters"
)
Segment = Annotated[str, SEGMENT]
"""Any text that can fill one segment of a path; it is percent-encoded."""


# --- endpoints and operations -----------------------------------------------------------------------------------------


Traffic: TypeAlias = Literal["quick", "model", "stream"]
"""Class of traffic, by how long a request occupies the server; requests only wait for others of their class. A `quick`
one takes about as long as others of its kind unless the server is busy; a `model` one runs a model, for seconds or
minutes; the response of a `stream` lasts until its last event."""


@attrs.frozen(eq=False, kw_only=True)
class Endpoint:
    """The HTTP side of an operation: method, path, and what may be done with its request."""

    method: str
    path: str
    """Path template with a `{name}` per path parameter."""
    repeatable: bool
    """Whether sending the request twice does no harm, so that it can be retried when its fate is unknown."""
    body_required: bool = False
    """Whether a JSON object is sent even when it has no member."""
    traffic: Traffic = "quick"
    """Class of traffic, whose requests share a limit; only that of `quick` requests adapts to latency."""


def GET(path: str) -> Endpoint:  # noqa: N802 - the verbs as HTTP writes them
    """Create the endpoint of a read: repeatable, without a body."""
    return Endpoint(method="GET", path=path, repeatable=True)


def POST(  # noqa: N802 - as above
    path: str, *, repeatable: bool = False, body_required: bool = False, traffic: Traffic = "quick"
) -> Endpoint:
    """Create the endpoint of a `POST`, which is not repeatable unless the server's behavior makes it so."""
    return Endpoint(method="POST", path=path, repeatable=repeatable, body_required=body_required, traffic=traffic)


def PUT(path: str, *, body_required: bool = True) -> Endpoint:  # noqa: N802 - as above
    """Create the endpoint of a replacement: repeatable."""
    return Endpoint(method="PUT", path=path, repeatable=True, body_required=body_required)


def PATCH(path: str, *, repeatable: bool = True, body_required: bool = True) -> Endpoint:  # noqa: N802 - as above
    """Create the endpoint of a partial update, which sets values and is therefore repeatable."""
    return Endpoint(method="PATCH", path=path, repeatable=repeatable, body_required=body_required)


def DELETE(path: str) -> Endpoint:  # noqa: N802 - as above
    """Create the endpoint of a deletion: repeatable, although the second attempt may meet a 404."""
    return Endpoint(method="DELETE", path=path, repeatable=True)


def _order_fields(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Return the fields as an operation has them: one that is declared again keeps its place."""
    named = {field.name: field for field in fields}
    bases = [base for base in reversed(cls.__mro__[1:]) if attrs.has(base)]
    names = dict.fromkeys([*(field.name for base in bases for field in attrs.fields(base)), *named])
    return [named[name] for name in names]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def operation(cls: Class) -> Class:
    """Make a subclass of `Operation` a frozen attrs class with keyword-only fields.

    It has no slots, so that it can have several bases with fields.
    """
    return attrs.frozen(cls, kw_only=True, slots=False, field_transformer=_order_fields)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def parameters(cls: Class) -> Class:
    """Make a class of parameters that operations share a frozen attrs class, as `operation` does; it is their base."""
    return attrs.frozen(cls, kw_only=True, slots=False, eq=False, repr=False)


@operation
class Operation(Record, Generic[Answer]):
    """One call of the API. The type argument is the type of the response.

    A subclass sets `http` and declares its parameters as fields annotated `InPath`, `InQuery` or `InBody`.
    """

    http: ClassVar[Endpoint]
    """The endpoint."""
    answer: ClassVar[Any]
    """Type of the response, taken from the type argument."""
    answer_is_text: ClassVar[bool] = False
    """Whether the result is the text of the response, JSON that is not parsed."""
    event: ClassVar[Any] = None
    """Type of an event, where the response is or can be an event stream; see `operations._streaming`."""
    made_by: ClassVar[str | None] = None
    """Name of the method that a base class of the resource makes of several calls; `None` for a single call."""
    masked_segment: ClassVar[str | None] = None
    """Name of the path parameter that is a secret, which no message, log or hook shows; `None` if none is."""
    path_is_positional: ClassVar[bool] = False
    """Whether the method takes all parameters of the path by position, in their order, instead of the last one."""
    yields: ClassVar[bool] = False
    """Whether that method is a generator, whose items are of the type of the response."""
    __attrs_attrs__: ClassVar[Any]

    def __hash__(self) -> int:
        """Return the hash of the path parameters alone: others may be lists and mappings."""
        path = self.http.path
        return hash((path, *(value for name, value in vars(self).items() if f"{{{name}}}" in path)))

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        for base in cls.__dict__.get("__orig_bases__", ()):
            arguments = get_args(base)
            if arguments and not isinstance(arguments[0], TypeVar):
                cls.answer = cls.answer_of(arguments[0])

    @classmethod
    def answer_of(cls, argument: Any) -> Any:
        """Return the type of the response for the type argument of the class."""
        return argument

    def given(self) -> dict[str, object]:
        """Return the parameters that were not left out, by field name."""
        values = ((field.name, getattr(self, field.name)) for field in attrs.fields(type(self)))
        return {name: value for name, value in values if value is not UNSET}

    def changed(self, changes: Mapping[str, object]) -> Self:
        """Return the operation with other values for some parameters."""
        instance: Any = self
        changed: Self = attrs.evolve(instance, **changes)
        return changed

    @property
    def streams(self) -> bool:
        """Whether the response is an event stream."""
        return False

    @property
    def is_repeatable(self) -> bool:
        """Whether sending the request twice does no harm, so that it can be retried when its fate is unknown."""
        return self.http.repeatable

    @property
    def conflict_patience(self) -> float:
        """Seconds for which the call is repeated while the server is busy with another one (409)."""
        return 0.0

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that the annotations of the parameters do not tell.

        Args:
            extra: Names of the members that `extra_body` adds.

        """
        del extra
        return ()

    def raw_problems(self) -> Iterable[ArgumentProblem]:
        """Return problems of a call whose response is to be returned as it was received."""
        return ()

    def prepared(self) -> Self:
        """Return the call as it is sent, with what the client adds by itself."""
        return self

    def parameter_warnings(self) -> Iterable[tuple[str, type[Warning]]]:
        """Return warnings about parameters that are valid but hardly intended."""
        return ()

    def hint(self, status: int) -> str | None:
        """Return a suggestion for the caller when the server responds with `status`."""
        del status
        return None
