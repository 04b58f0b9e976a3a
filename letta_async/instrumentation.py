"""Notifications of what a client does, for logging, tracing and metrics."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.record import Record
from letta_async._utils.secret_strings import MASK, mask_url_passwords, names_secret_member
from letta_async.config import INSTALLED
from letta_async.errors import APIError, ArgumentProblem, InvalidArgumentError
from letta_async.operations._operation import Operation, Traffic

if TYPE_CHECKING:
    from letta_async.batch.outcome import Outcome
    from letta_async.types.batch import UploadOutcome

__all__ = ["Call", "Instrumentation", "Load", "install", "uninstall", "with_installed"]


class Load(Protocol):
    """Load of one class of traffic to one server: current numbers, which change while calls are made.

    One object per client, class of traffic and server; it can be referenced weakly, and read on any thread.
    """

    in_flight: int
    """Number of requests in flight, open event streams included."""
    waiting: int
    """Number of attempts that wait for a slot of the limiter."""

    @property
    def maximum(self) -> int:
        """Maximum number of requests in flight at this moment."""
        ...


class _Reference:
    """Reference to an operation, whose secrets neither `repr` nor `attrs.asdict` shows, since they do not follow it."""

    __slots__ = ("get",)

    def __init__(self, operation: Operation[Any] | None) -> None:
        self.get: Final[Callable[[], Operation[Any] | None]] = lambda: operation


@attrs.define(eq=False, kw_only=True)
class Call:
    """A call that is under way: one method of a client, with all attempts that it takes."""

    method: str
    """HTTP method."""
    path: str
    """Path below the base URL, without the query."""
    base_url: str
    """URL of the server."""
    traffic: Traffic
    """Class of traffic, whose requests share a limit."""
    streams: bool
    """Whether the response is an event stream; the call then ends when the stream is closed."""
    load: Load = attrs.field(repr=False)
    """Load of the class of traffic, shared with other calls."""
    _operation: _Reference = attrs.field(default=None, converter=_Reference, repr=False, alias="operation")
    attempt: int = 0
    """Number of the current attempt, from 1; 0 before the first."""
    queued_for: float = 0.0
    """Seconds that the attempts so far waited for a slot of the limiter."""
    data: dict[Any, Any] = attrs.field(factory=dict[Any, Any], repr=False)
    """Data of the instrumentation, such as a span; the client does not use it."""

    @property
    def name(self) -> str:
        """Name of the method on the client, such as `agents.messages.create`; for raw calls such as `get`."""
        operation = self._operation.get()
        if operation is None:
            return self.method.lower()
        kind = type(operation)
        return _names().get(kind, kind.__name__)

    @property
    def path_template(self) -> str:
        """Path with a `{name}` per parameter, such as `/v1/agents/{agent_id}`; of raw calls the path itself."""
        operation = self._operation.get()
        return self.path if operation is None else operation.http.path

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Arguments that were passed, by parameter name, objects as dictionaries; secrets are masked."""
        operation = self._operation.get()
        if operation is None:
            return {}
        secret = {field.name for field in attrs.fields(type(operation)) if field.metadata.get("secret")}
        given = operation.given()
        return {
            name: MASK if name in secret and value is not None else _mask_member(name, value)
            for name, value in given.items()
        }


class Instrumentation:
    """Base class of what is notified of the calls of a client; override the methods that you need.

    Pass an instance as `instrumentation` to `AsyncLetta` or `Letta`. The methods are called in the event loop, on
    `Letta` that of its thread, with the context variables of the call; they must return at once. An exception in one is
    logged and does not disturb the call.
    """

    def on_call_started(self, call: Call) -> None:
        """Handle the begin of a call, whose arguments are valid; nothing was sent yet."""

    def on_call_queued(self, call: Call) -> None:
        """Handle that an attempt has to wait for a slot of the limiter."""

    def on_attempt_started(self, call: Call, headers: MutableMapping[str, str]) -> None:
        """Handle that an attempt is about to be sent; `call.attempt` is its number.

        Args:
            call: The call.
            headers: Empty mapping; what is added to it is sent as headers of this attempt.

        """

    def on_response_started(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        """Handle the status and the headers of a response, of which secrets such as cookies are masked."""

    def on_retry_scheduled(self, call: Call, error: APIError, delay: float) -> None:
        """Handle that an attempt failed and another one follows after a delay in seconds."""

    def on_events_received(self, call: Call, events: Sequence[Any]) -> None:
        """Handle events of a stream, those that arrived together."""

    def on_call_finished(self, call: Call, value: Any, error: BaseException | None) -> None:
        """Handle the end of a call, by a value or an exception; for a stream, when it was read or closed.

        Args:
            call: The call.
            value: What the method returns; of a list the items of one page. `None` for a stream, on an error, and
                after `with_streaming_response` unless the body was read as a whole, as by `parse()`.
            error: `None` on success; `asyncio.CancelledError` if the call was cancelled.

        """

    def on_target_finished(self, outcome: Outcome | UploadOutcome) -> None:
        """Handle the outcome of one target of `recompile_many`, or of one file of `upload_many`."""


_HOOKS: Final = tuple(name for name in vars(Instrumentation) if name.startswith("on_"))


def install(instrumentation: Instrumentation) -> None:
    """Notify an instrumentation of the calls of all clients that are made from now on, besides their own.

    Raises:
        InvalidArgumentError: The value is no instrumentation, or has coroutine functions, which nothing would await.

    """
    if problems := list(_problems(instrumentation)):
        raise InvalidArgumentError(problems)
    if instrumentation not in INSTALLED:
        INSTALLED.append(instrumentation)


def uninstall(instrumentation: Instrumentation) -> None:
    """Undo `install` for clients that are made from now on."""
    if instrumentation in INSTALLED:
        INSTALLED.remove(instrumentation)


def with_installed(given: Instrumentation | Iterable[Instrumentation] | None) -> tuple[Instrumentation, ...] | None:
    """Return what a new client notifies, equal ones once; `None` for nothing.

    Raises:
        InvalidArgumentError: A value is no instrumentation, or has coroutine functions, which nothing would await.

    """
    own = tuple(given) if isinstance(given, Iterable) else () if given is None else (given,)
    if problems := [problem for value in own for problem in _problems(value)]:
        raise InvalidArgumentError(problems)
    distinct: list[Instrumentation] = []
    for each in (*own, *INSTALLED):
        if each not in distinct:
            distinct.append(each)
    return tuple(distinct) or None


def _problems(value: object) -> Iterable[ArgumentProblem]:
    if not isinstance(value, Instrumentation):
        yield ArgumentProblem("instrumentation", f"{value!r} is not an instance of a subclass of Instrumentation")
        return
    for name in _HOOKS:
        if inspect.iscoroutinefunction(getattr(value, name)):
            yield ArgumentProblem("instrumentation", f"{type(value).__name__}.{name} must not be a coroutine function")


def _mask_member(name: object, value: object) -> Any:
    """Return the value of a member, masked if it is a secret by its name, and else with what is secret in it masked.

    A number is no secret, such as the maximum number of tokens.
    """
    if isinstance(name, str) and names_secret_member(name) and not isinstance(value, int | float | None):
        return MASK
    if isinstance(value, Record):
        value = value.to_dict()
    if is_object(value):
        return {member: _mask_member(member, each) for member, each in value.items()}
    if is_array(value):
        return [_mask_member(None, item) for item in value]
    return mask_url_passwords(value) if isinstance(value, str) else value


@cache
def _names() -> Mapping[type[Operation[Any]], str]:
    """Return the name of each operation's method; the map of the API is imported by those alone who ask for a name."""
    from letta_async.operations._tree import TREE  # noqa: PLC0415 - as above

    streamed = {streamed: name for name, kind in TREE.items() if (streamed := getattr(kind, "streamed_by", None))}
    return {**streamed, **{kind: name for name, kind in reversed(TREE.items())}}
