"""All calls made with all clients at one server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from letta_async import AsyncLetta, Letta
from tests.conformance.calls import Call
from tests.conformance.ours import is_missing, make_async, make_sync
from tests.conformance.server import Recorder, Request
from tools.foreign.clients import PYTHON

__all__ = ["Session"]

_OFFICIAL: Final = Path(__file__).with_name("official.py")
_OPTIONS: Final[dict[str, Any]] = {"api_key": "key", "max_retries": 0}


@dataclass
class Session:
    """What was sent and read in all calls."""

    calls: list[Call]
    version: str = ""
    """Version of the official client that made the calls."""
    parameters: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    """Names and kinds of the parameters of its methods."""
    official: dict[tuple[str, int], Any] = field(default_factory=dict[tuple[str, int], Any])
    """What the official client read, by the name of the call and the number of the response."""
    ours: dict[tuple[str, str, int], Any] = field(default_factory=dict[tuple[str, str, int], Any])
    """What letta_async read, by client, name and number; an exception if the call failed."""

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.calls)

    async def run(self) -> None:
        """Make all calls with all clients."""
        async with self.recorder.running():
            lines = await asyncio.to_thread(PYTHON.run_program, _OFFICIAL, self.recorder.base_url)
            self.version, self.parameters, *others = map(json.loads, lines.splitlines())
            self.official = {(name, number): result for name, number, result in others}
            async with AsyncLetta(base_url=self.recorder.base_url, **_OPTIONS) as client:
                for call, number in self.ours_to_make():
                    try:
                        result = await make_async(client.with_options(**_named("async", call, number)), call)
                    except Exception as error:
                        result = error
                    self.ours["async", call.name, number] = result
            await asyncio.to_thread(self._run_sync)

    def _run_sync(self) -> None:
        with Letta(base_url=self.recorder.base_url, **_OPTIONS) as client:
            for call, number in self.ours_to_make():
                try:
                    result = make_sync(client.with_options(**_named("sync", call, number)), call)
                except Exception as error:
                    result = error
                self.ours["sync", call.name, number] = result

    def ours_to_make(self) -> Iterator[tuple[Call, int]]:
        """Yield the calls whose method letta_async has, with the number of each response."""
        for call in self.calls:
            if not is_missing(call.method):
                for number in range(len(self.recorder.responses[call.name][1])):
                    yield call, number

    def requests(self, client: str, call: Call, number: int) -> list[Request]:
        """Return the requests that a client sent in a call."""
        return self.recorder.requests.get((client, call.name, number), [])


def _named(client: str, call: Call, number: int) -> dict[str, Any]:
    return {"default_headers": {"x-call": f"{client} {number} {call.name}"}}
