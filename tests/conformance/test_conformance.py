"""Every call of the official client's own tests: the same request of both clients, the same attributes read."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from typing import Final

import pytest

from letta_async import AsyncLetta, Letta
from tests.conformance.calls import Call, read_calls
from tests.conformance.compare import request_differences, result_differences
from tests.conformance.exceptions import CHANGES, DECODED, VALUES, rewritten
from tests.conformance.ours import is_missing, parameters_of
from tests.conformance.session import Session
from tools.foreign.clients import PYTHON, SOURCE

REQUIRED: Final = os.environ.get("LETTA_TEST_FOREIGN_REQUIRED", "")
"""Set to anything: a client that is not installed is a failure and no skip."""
CLIENTS: Final = ("async", "sync")


@pytest.fixture(scope="module")
def session() -> Session:
    for client in (PYTHON, SOURCE):
        if not client.ready:
            why = f"{client.name} is not there: `make foreign` installs it"
            (pytest.fail if REQUIRED else pytest.skip)(why)
    made = Session(read_calls())
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
        sent = session.requests(client, call, number)
        if not sent:
            found.append((call, f"{result!r:.1000}"))
        else:
            (theirs,) = session.requests("official", call, number)
            found += [(call, line) for line in request_differences(rewritten(call, theirs), sent[0])]
            found += [(call, f"sent {len(sent)} times")] if len(sent) > 1 else []
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
    for name, _, valid, _ in VALUES:
        needed = any(name in call.expression and repr(valid) in call.expression for call in session.calls)
        assert needed, f"no call has {name}={valid!r}"
