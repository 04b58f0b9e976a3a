"""What some requests meet instead of the server's own answer, or on top of it: `EmbeddedServer.script()`."""

from __future__ import annotations

import fnmatch
import json
import math
import threading
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs

from letta_async._schema.unset import UNSET
from letta_async.testing._app import Answer
from letta_async.testing._recorded_requests import RecordedRequest

__all__ = ["Script", "Scripts", "make_script"]

_DETAILS: Final = {500: "An unknown error occurred"}


@attrs.define(eq=False, kw_only=True)
class Script:
    """What the next matching requests meet; `EmbeddedServer.script()` makes it."""

    left: int | None
    """How many requests are still to meet it; `None`: all that come."""
    met: int = attrs.field(default=0, init=False)
    """How many requests met it so far."""
    matches: Callable[[RecordedRequest], bool] = attrs.field(repr=False)
    """Whether it is meant for a request."""
    delay: float
    """Seconds to wait before anything else."""
    status: int | None
    """Status to answer; `None`: the server's own."""
    body: Any = attrs.field(repr=False)
    """Body to answer, where there is a status: `bytes` as they are, anything else as JSON."""
    headers: Mapping[str, str]
    """Headers to add to the answer."""
    cut_off: int | None
    """How many bytes of the body are sent; `None`: all."""
    cut_after: int | None = None
    """How many events of a stream are sent; `None`: all."""
    hang_up: bool
    """Whether the connection is closed without an answer."""

    def cancel(self) -> None:
        """Let no further request meet it."""
        self.left = 0

    async def over(self, own: Callable[[], Awaitable[Answer]]) -> Answer:
        """Give the answer: the one written here, or else the server's own, which makes it do what was asked."""
        if self.status is None:
            answer = await own()
        else:
            body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
            answer = Answer(self.status, {"content-type": "application/json"}, body)
        added = {name.lower(): value for name, value in self.headers.items()}
        return attrs.evolve(answer, headers={**answer.headers, **added})


def make_script(
    method: str | None,
    path: str | None,
    *,
    when: Callable[[RecordedRequest], bool] | None,
    times: int | None,
    delay: float,
    status: int | None,
    body: Any,
    headers: Mapping[str, str] | None,
    retry_after: float | None,
    cut_off: int | None,
    cut_after: int | None,
    hang_up: bool,
) -> Script:
    """Make a script of what `EmbeddedServer.script()` was given, or say what is wrong with it."""
    if retry_after is not None:
        _at_least_0("retry_after", retry_after)
        headers = {"Retry-After": f"{retry_after:g}", **(headers or {})}
        status = 429 if status is None else status
    if status is None and body is not UNSET:
        status = 200
    if status is not None and not 200 <= status <= 599:
        raise ValueError(f"status={status} is none of an answer's: 200 to 599")
    if times is not None and times < 1:
        raise ValueError(f"times={times} is less than 1; None stands for all requests that come")
    _at_least_0("delay", delay)
    if cut_off is not None:
        _at_least_0("cut_off", cut_off)
    if cut_after is not None:
        _at_least_0("cut_after", cut_after)
    cut = cut_off is not None or cut_after is not None
    if hang_up and (status is not None or headers or cut):
        raise ValueError(
            "hang_up lets no answer through: it does not go with status, body, headers, cut_off or cut_after"
        )
    if not (delay or status or headers or cut or hang_up):
        raise ValueError(
            "a script must do something: delay, status, body, headers, retry_after, cut_off, cut_after or hang_up"
        )
    return Script(
        left=times,
        matches=_request_predicate(None if method is None else method.upper(), path, when),
        delay=delay,
        status=status,
        body=_usual_body(status) if body is UNSET else body,
        headers=headers or {},
        cut_off=cut_off,
        cut_after=cut_after,
        hang_up=hang_up,
    )


def _at_least_0(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name}={value} is not a finite number from 0 on")


def _usual_body(status: int | None) -> Any:
    if status is None:
        return None
    try:
        return {"detail": _DETAILS.get(status) or HTTPStatus(status).phrase}
    except ValueError:
        return {"detail": f"status {status}"}


def _request_predicate(
    method: str | None, path: str | None, when: Callable[[RecordedRequest], bool] | None
) -> Callable[[RecordedRequest], bool]:
    def matches(request: RecordedRequest) -> bool:
        return (
            method in {None, request.method}
            and (path is None or fnmatch.fnmatchcase(request.path, path))
            and (when is None or when(request))
        )

    return matches


class Scripts:
    """The scripts of a server. Of several that match a request, the one that was written first is met."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._lock = threading.RLock()

    def add(self, script: Script) -> None:
        """Wait for requests with one more."""
        with self._lock:
            self._scripts.append(script)

    def meet(self, request: RecordedRequest) -> Script | None:
        """Give the script that a request meets, if any."""
        if not self._scripts:
            return None
        with self._lock:
            self._scripts = [script for script in self._scripts if script.left != 0]
            for script in self._scripts:
                if script.matches(request):
                    script.met += 1
                    if script.left is not None:
                        script.left -= 1
                    return script
        return None
