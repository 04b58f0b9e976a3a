"""Every call of the official client's own tests: the same request of both clients, the same attributes read."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from letta_async import AsyncLetta, Letta
from tests.conformance.calls import Call, read_calls
from tests.conformance.compare import request_differences, result_differences
from tests.conformance.exceptions import CHANGES, DECODED, rewritten
from tests.conformance.ours import is_missing, make_async, make_sync, parameters_of
from tests.conformance.server import Recorder
from tools.foreign.clients import PYTHON, SOURCE

OFFICIAL: Final = Path(__file__).with_name("official.py")
REQUIRED: Final = os.environ.get("LETTA_TEST_FOREIGN_REQUIRED", "")
"""Set to anything: a client that is not installed is a failure and no skip."""
CLIENTS: Final = ("async", "sync")
_OPTIONS: Final[dict[str, Any]] = {"api_key": "key", "max_retries": 0}


@dataclass
class Session:
    """What was sent and read in all calls."""

    calls: list[Call]
    recorder: Recorder
    version: str = ""
    """Version of the official client that made the calls."""
    parameters: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    """Names and kinds of the parameters of its methods."""
    official: dict[tuple[str, int], Any] = field(default_factory=dict[tuple[str, int], Any])
    """What the official client read, by the name of the call and the number of the response."""
    ours: dict[tuple[str, str, int], Any] = field(default_factory=dict[tuple[str, str, int], Any])
    """What letta_async read, by client, name and number; an exception if the call failed."""

    async def run(self) -> None:
        """Make all calls with all clients."""
        async with self.recorder.running():
            lines = await asyncio.to_thread(PYTHON.run_program, OFFICIAL, self.recorder.base_url)
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


def _named(client: str, call: Call, number: int) -> dict[str, Any]:
    return {"default_headers": {"x-call": f"{client} {number} {call.name}"}}


@pytest.fixture(scope="module")
def session() -> Session:
    for client in (PYTHON, SOURCE):
        if not client.ready:
            why = f"{client.name} is not there: `make foreign` installs it"
            (pytest.fail if REQUIRED else pytest.skip)(why)
    calls = read_calls()
    made = Session(calls, Recorder(calls))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # the tests pass all parameters
        asyncio.run(made.run())
    return made


def none_of(differences: list[tuple[Call, str]]) -> None:
    """Fail with the differences, each with the calls that show it."""
    calls: dict[str, list[str]] = {}
    for call, line in differences:
        calls.setdefault(line, []).append(call.name)
    shown = [f"{line} [{names[0]}, {len(names)} in all]" for line, names in calls.items()]
    if shown:
        pytest.fail("\n".join(shown), pytrace=False)


def test_the_calls_are_those_of_the_installed_client(session: Session) -> None:
    assert f"letta-client=={session.version} " in (SOURCE.folder / "source.txt").read_text(encoding="utf-8")
    assert len({call.method for call in session.calls}) == 129


def test_every_method_is_there(session: Session) -> None:
    none_of([(call, f"no {call.method}") for call in session.calls if is_missing(call.method)])


@pytest.mark.parametrize("client", [AsyncLetta, Letta])
def test_a_method_has_the_same_parameters(client: type[AsyncLetta | Letta], session: Session) -> None:
    found: list[tuple[Call, str]] = []
    for call in {call.method: call for call in session.calls}.values():
        theirs = [tuple(parameter) for parameter in session.parameters[call.method]]
        if not is_missing(call.method):
            ours = parameters_of(client, call.method)
            found += [(call, f"{call.method}: no {name}, {kind}") for name, kind in theirs if (name, kind) not in ours]
            positional = [parameter for parameter in theirs if "POSITIONAL" in parameter[1]]
            if ours[: len(positional)] != positional:
                found.append((call, f"{call.method}: {positional} of theirs, {ours} of ours"))
    none_of(found)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_call_sends_the_same_request(client: str, session: Session) -> None:
    found: list[tuple[Call, str]] = []
    for call, number in session.ours_to_make():
        result = session.ours[client, call.name, number]
        sent = session.recorder.requests.get((client, call.name), [])
        if not sent:
            found.append((call, f"{result!r:.1000}"))
        else:
            their = rewritten(call, session.recorder.requests["official", call.name][0])
            found += [(call, line) for line in request_differences(their, sent[0])]
    none_of(found)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_has_the_same_attributes(client: str, session: Session) -> None:
    found: list[tuple[Call, str]] = []
    for call, number in session.ours_to_make():
        ours = session.ours[client, call.name, number]
        theirs = session.official[call.name, number]
        if isinstance(ours, Exception):
            found.append((call, f"{ours!r:.1000}"))
        elif theirs is not None:
            theirs = json.loads(theirs) if call.method in DECODED else theirs
            found += [(call, line) for line in result_differences(theirs, ours)]
    none_of(found)


def test_every_exception_is_needed(session: Session) -> None:
    made = {(call.method, call.test.partition(",")[0]) for call in session.calls}
    assert CHANGES.keys() <= made
