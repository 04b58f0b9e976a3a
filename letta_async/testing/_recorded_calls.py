"""Record of the calls that clients made, for tests to inspect."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, Final, overload

import attrs

from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.record import Record
from letta_async.instrumentation import Call, Instrumentation, install, uninstall

__all__ = ["RecordedCall", "RecordedCalls", "record_calls"]

_LONG: Final = 80
"""Maximum length of an argument or a result in the `repr` of a call, in characters."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RecordedCall:
    """A call that has ended: one method of a client, with all attempts that it took."""

    name: str
    """Name of the method on the client, such as `agents.messages.create`; for raw calls such as `get`."""
    method: str
    """HTTP method."""
    path: str
    """Path below the base URL, without the query."""
    arguments: Mapping[str, Any]
    """Arguments by parameter name, objects as dictionaries; secrets are masked. Empty for raw calls."""
    value: Any = None
    """Value that the method returned; of a list the items of one page. `None` for a stream, and after an error."""
    error: BaseException | None = None
    """Exception that the method raised; `None` on success."""
    events: Sequence[Any] = ()
    """Events of a stream that were received."""
    attempts: int = 0
    """Number of attempts; 0 if none was sent."""

    @property
    def ok(self) -> bool:
        """Whether the method raised no exception."""
        return self.error is None

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={_shortened(value)}" for name, value in self.arguments.items())
        shown = f"{self.name}({given})" if "." in self.name or given else f"{self.name} {self.path}"
        attempts = "" if self.attempts == 1 else f" [{self.attempts} attempts]"
        if self.error is not None:
            return f"{shown} raised {_shortened(self.error)}{attempts}"
        result = f"{len(self.events)} events" if self.events else _shortened(self.value)
        return f"{shown} -> {result}{attempts}"


class RecordedCalls(Sequence[RecordedCall]):
    """Sequence of the calls that have ended, in the order in which they ended.

    It can be read while clients call on other threads.
    """

    def __init__(self) -> None:
        self._calls: list[RecordedCall] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return (
            "\n".join(["<RecordedCalls", *(f"  {call!r}" for call in self), ">"]) if self else "<RecordedCalls: none>"
        )

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[RecordedCall]:
        with self._lock:
            return iter(list(self._calls))

    @overload
    def __getitem__(self, index: int) -> RecordedCall: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedCall]: ...
    def __getitem__(self, index: int | slice) -> RecordedCall | list[RecordedCall]:
        return list(self)[index]

    @property
    def names(self) -> list[str]:
        """Names of the calls, in their order."""
        return [call.name for call in self]

    def find(self, pattern: str, /, **arguments: Any) -> list[RecordedCall]:
        """Return the calls of a method that were passed these arguments, and perhaps others.

        Args:
            pattern: Name of the method, such as `agents.create`; `*` stands for any characters, as in `agents.*`.
            arguments: Arguments, by parameter name; objects or dictionaries, of which members left out may be anything.

        """
        expected = {name: _plain(value) for name, value in arguments.items()}
        return [call for call in self if fnmatchcase(call.name, pattern) and _fits(_plain(call.arguments), expected)]

    def assert_called(self, pattern: str, /, **arguments: Any) -> RecordedCall:
        """Return the latest of the calls that `find` returns.

        Raises:
            AssertionError: There is none; the message lists all calls.

        """
        found = self.find(pattern, **arguments)
        if not found:
            raise AssertionError(f"no call of {_described(pattern, arguments)} in {self!r}")
        return found[-1]

    def assert_called_once(self, pattern: str, /, **arguments: Any) -> RecordedCall:
        """Return the only call that `find` returns.

        Raises:
            AssertionError: There is none, or more than one; the message lists all calls.

        """
        found = self.find(pattern, **arguments)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} calls of {_described(pattern, arguments)} in {self!r}")
        return found[0]

    def assert_not_called(self, pattern: str = "*", /, **arguments: Any) -> None:
        """Check that `find` returns no call.

        Raises:
            AssertionError: It returns one; the message lists all calls.

        """
        if self.find(pattern, **arguments):
            raise AssertionError(f"a call of {_described(pattern, arguments)} in {self!r}")

    def clear(self) -> None:
        """Remove all calls."""
        with self._lock:
            self._calls.clear()

    def add(self, call: RecordedCall) -> None:
        """Append a call."""
        with self._lock:
            self._calls.append(call)


class _Recorder(Instrumentation):
    """Instrumentation that appends calls to a record when they end."""

    def __init__(self) -> None:
        self.calls: RecordedCalls | None = RecordedCalls()

    def on_call_started(self, call: Call) -> None:
        call.data[self] = []

    def on_events_received(self, call: Call, events: Sequence[Any]) -> None:
        call.data[self].extend(events)

    def on_call_finished(self, call: Call, value: Any, error: BaseException | None) -> None:
        if self.calls is not None:
            self.calls.add(
                RecordedCall(
                    name=call.name,
                    method=call.method,
                    path=call.path,
                    arguments=call.arguments,
                    value=value,
                    error=error,
                    events=call.data[self],
                    attempts=call.attempt,
                )
            )


@contextmanager
def record_calls() -> Generator[RecordedCalls, None, None]:
    """Record the calls of all clients that are made within the block, until it ends."""
    recorder = _Recorder()
    calls = recorder.calls
    assert calls is not None  # noqa: S101 - until the end
    install(recorder)
    try:
        yield calls
    finally:
        uninstall(recorder)
        recorder.calls = None  # clients that live on still notify it


def _described(pattern: str, arguments: Mapping[str, Any]) -> str:
    return f"{pattern}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _fits(actual: Any, expected: Any) -> bool:
    """Return whether a plain value equals another one, apart from members of dictionaries that this one lacks."""
    if is_object(expected) and is_object(actual):
        return all(name in actual and _fits(actual[name], value) for name, value in expected.items())
    if is_array(expected) and is_array(actual):
        return len(actual) == len(expected) and all(map(_fits, actual, expected))
    return bool(actual == expected)


def _plain(value: Any) -> Any:
    """Return a value with objects as dictionaries, and sequences as lists, at any depth."""
    if isinstance(value, Record):
        value = value.to_dict()
    if is_object(value):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if is_array(value) else value
