"""A request as it is sent, and the options of the call that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from letta_async._schema.json_values import is_object, json_problems
from letta_async._schema.unset import UNSET, Unset
from letta_async.config import Timeout, header_problems
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.operations._operation import Operation, Traffic

if TYPE_CHECKING:
    from letta_async._http.form import Form

__all__ = ["NO_OPTIONS", "REPEATABLE", "CallOptions", "RawMode", "Request", "option_problems"]


RawMode: TypeAlias = Literal["read", "stream"]
"""Form of a response that is returned as it was received: with its body read, or left for the user to read."""


@attrs.frozen(eq=False, kw_only=True)
class CallOptions:
    """Options that every method has besides its own parameters."""

    extra_headers: Mapping[str, str | None] | None = None
    """Headers to add to the client's or replace in them; `None` as a value removes one."""
    extra_query: Mapping[str, object] | None = None
    """Query parameters to add to the method's and the client's, or replace in them."""
    extra_body: Mapping[str, object] | None = None
    """Members to add to the body or replace in it, without validation."""
    timeout: float | Timeout | Unset | None = UNSET
    """Limit on one attempt in seconds, `None` for no limit, or a `Timeout`; `UNSET` for the client's."""
    raw: RawMode | None = None
    """Form in which the response is returned as it was received; `None` for its value alone."""


NO_OPTIONS: Final = CallOptions()
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
"""HTTP methods that are safe to repeat, unless an operation declares otherwise."""


@attrs.define(eq=False, kw_only=True)
class Request:
    """HTTP request; once it is built, it is not changed, but not frozen either, because that is slower."""

    method: str
    path: str
    """Path below the base URL, without the query; a secret in it is masked."""
    query: str = attrs.field(default="", repr=False)
    """Percent-encoded query; empty when there is none."""
    headers: Mapping[str, str]
    body: bytes | None = attrs.field(repr=False)
    """Body as JSON; `None` when there is none, or a form."""
    timeout: Timeout
    repeatable: bool
    answer: Any
    """Type of the response."""
    operation: Operation[Any] | None = None
    """Operation of the call; `None` for a path without a method of its own."""
    streams: bool = False
    """Whether the response is an event stream."""
    traffic: Traffic = "quick"
    """Class of traffic, whose requests share a limit."""
    conflict_patience: float = 0.0
    """Seconds for which it is repeated while the server is busy with another call (409)."""
    form: Form | None = None
    """Body with files; `None` when there is none."""
    sent_path: str | None = attrs.field(default=None, repr=False)
    """Path with the secret that is masked in `path`; `None` when none is."""
    raw: RawMode | None = None
    """Form in which the response is returned as it was received; `None` for its value alone."""

    @property
    def resendable(self) -> bool:
        """Whether the request can be sent again, because its body can be read again."""
        return self.form is None or self.form.resendable

    @property
    def leaves_open(self) -> bool:
        """Whether a successful raw response is returned before its body is read."""
        return self.raw == "stream" or self.streams

    @property
    def kind(self) -> object:
        """Kind of the request for the limiter, which compares response times only within a kind."""
        kind = type(self.operation) if self.operation is not None else self.method
        return kind if self.raw is None else (kind, self.raw)

    @property
    def target(self) -> str:
        """Path and query, below the base URL."""
        path = self.path if self.sent_path is None else self.sent_path
        return f"{path}?{self.query}" if self.query else path

    def hint(self, status: int) -> str | None:
        """Return a suggestion for the caller when the server responds with `status`; `None` without one."""
        if self.operation is not None and (hint := self.operation.hint(status)):
            return hint
        if status == 401 and "authorization" not in self.headers:
            return "no API key was sent: pass api_key, or set LETTA_API_KEY"
        return None


def option_problems(options: CallOptions) -> list[ArgumentProblem]:
    """Return the problems of the options of a call."""
    problems: list[ArgumentProblem] = []
    for name in ("extra_headers", "extra_query", "extra_body"):
        value: object = getattr(options, name)
        if value is None:
            continue
        if not is_object(value):
            problems.append(ArgumentProblem(name, "is not a mapping of names to values"))
        else:
            problems += header_problems(value, name) if name == "extra_headers" else json_problems(value, name)
    if options.timeout is not UNSET:
        try:
            Timeout.of(options.timeout)
        except InvalidArgumentError as error:
            problems += error.faults
    return problems
