"""Benchmark of decoding long lists, beside `json.loads` and the official client.

Ours decodes as a call does, from the bytes of the body to instances of the classes, nested ones too. The official
client's call is answered in the process, by httpx's own stand-in for a connection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs

from benchmarks import bodies, calls, has_speed, with_speed
from benchmarks.report import Figure, Section, Table, Target, at_most, command, without_official
from benchmarks.turns import Meter, settled, turns
from letta_async._http.request import NO_OPTIONS
from letta_async._http.request_building import build
from letta_async._http.response_decoding import Response, decode_response
from letta_async.config import ClientConfig
from letta_async.operations.agents import ListAgents
from letta_async.operations.conversation_messages import ListMessages

__all__ = ["AGENTS", "FAST", "JSON", "MESSAGES", "OFFICIAL", "OURS", "Kind", "decoder", "measure", "meter"]

JSON: Final = "json.loads"
OURS: Final = "letta_async"
FAST: Final = "letta_async with its extra `speed`"
OFFICIAL: Final = "letta-client"
_ALL: Final = (JSON, OURS, FAST, OFFICIAL)
_BESIDE_OFFICIAL: Final = 0.3
_HEADERS: Final = {"Content-Type": "application/json"}


@attrs.frozen
class Kind:
    """Kind of list that is decoded."""

    name: str
    rows: int
    most: float
    """Maximum ratio of our processor time to that of `json.loads`."""
    body: Callable[[int], bytes]
    operation: Any
    parameters: Mapping[str, Any]
    official: Callable[[Any], Any]
    """Call of the official client that returns a page of such a list."""


AGENTS: Final = Kind("agents", 1_000, 2.5, bodies.agents, ListAgents, {}, lambda client: client.agents.list())
MESSAGES: Final = Kind(
    "messages",
    10_000,
    3.5,
    bodies.messages,
    ListMessages,
    {"conversation_id": calls.CONVERSATION},
    lambda client: client.conversations.messages.list(calls.CONVERSATION),
)
_ROWS_A_TURN: Final = 300
_GROWTH: Final = (10, 100, 1_000, 10_000)
"""Numbers of rows of the plot."""


def decoder(kind: Kind, body: bytes) -> Callable[[], list[Any]]:
    """Return the function that decodes a body as a call does."""
    request = build(
        kind.operation, kind.parameters, NO_OPTIONS, ClientConfig(api_key="key", base_url="http://localhost")
    )
    response = Response(200, _HEADERS, body)
    return lambda: decode_response(request, response, limit=len(body))


@contextmanager
def _ways(kind: Kind, body: bytes) -> Generator[dict[str, Callable[[], Any]], None, None]:
    ours = decoder(kind, body)
    if any(row.extra_fields for row in ours()):
        raise AssertionError("the body has fields for which there are none in the classes")
    ways: dict[str, Callable[[], Any]] = {JSON: lambda: json.loads(body), OURS: ours}
    if has_speed():

        def fast() -> list[Any]:
            with with_speed():
                return ours()

        if fast() != ours():
            raise AssertionError("the extra `speed` changes what is decoded")
        ways[FAST] = fast
    if not calls.has("letta_client"):
        yield ways
        return
    import httpx  # noqa: PLC0415 - the official client brings it

    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=_HEADERS, content=body))
    with calls.official().Letta(
        base_url="http://localhost", api_key="key", http_client=httpx.Client(transport=transport)
    ) as client:
        ways[OFFICIAL] = lambda: kind.official(client)
        rows, theirs = ours(), list(ways[OFFICIAL]().items)
        if [row.id for row in theirs] != [row.id for row in rows]:
            raise AssertionError("the official client decodes other rows")
        del rows, theirs
        yield ways


def meter(kind: Kind, rows: int, rounds: int, names: tuple[str, ...] = _ALL) -> Meter:
    """Measure the ways in turn, a body of so many rows a turn."""
    body = kind.body(rows)
    times = max(1, _ROWS_A_TURN // rows)
    with _ways(kind, body) as ways:
        chosen = {name: way for name, way in ways.items() if name in names}
        measured = Meter(samples={name: [] for name in chosen})
        with settled():
            for name in turns(list(chosen), rounds):
                decode = chosen[name]
                with measured.turn(name, times):
                    for _ in range(times):
                        decode()
    return measured


def measure(*, short: bool = False) -> Section:
    """Measure both lists, and how the cost grows with the number of rows."""
    rounds = 3 if short else 15
    kinds = [attrs.evolve(kind, rows=kind.rows // 10) if short else kind for kind in (AGENTS, MESSAGES)]
    meters = {kind.name: meter(kind, kind.rows, rounds) for kind in kinds}
    growth = {rows: meter(MESSAGES, rows, rounds) for rows in (_GROWTH[:-1] if short else _GROWTH)}
    return Section(
        "Decoding",
        f"Bodies of {kinds[0].rows:,} agents, each with blocks, memory, tools, rules, configurations, a folder and a"
        f" secret, and of {kinds[1].rows:,} messages of eleven kinds, nine of ten those of a turn with a tool"
        f" ({len(AGENTS.body(100)) // 100:,} and {len(MESSAGES.body(1_000)) // 1_000:,} bytes a row);"
        f" {rounds} rounds, in turn. The extra `speed` parses JSON by msgspec. `json.loads` parses the same bytes; the"
        " others give out instances of their classes. The official client's time is that of its call, which httpx"
        " answers in the process. Garbage is collected as in any program. Tried and left out: orjson in place of"
        " msgspec, which took from 9 % less to 8 % more of the whole where msgspec takes 18 % less, and makes floats of"
        " integers beyond 64 bits. Nested objects are made at once, since the goals are met so.",
        [target for kind in kinds for target in _targets(kind, meters[kind.name])],
        [
            _table("Lists", "list", {f"{kind.rows:,} {kind.name}": meters[kind.name] for kind in kinds}),
            _table("Messages, by their number", "messages", {f"{rows:,}": each for rows, each in growth.items()}),
        ],
        [
            Figure(
                "growth-rows",
                "CPU of decoding a list of messages",
                "CPU, ms",
                {
                    name: {rows: each.median(name, "cpu") for rows, each in growth.items()}
                    for name in next(iter(growth.values())).samples
                },
                "messages",
            )
        ],
    )


def _targets(kind: Kind, measured: Meter) -> list[Target]:
    name = f"decoding {kind.rows:,} {kind.name}: CPU"
    beside = f"{name}, to {OFFICIAL}"
    return [
        at_most(f"{name}, to {JSON}", kind.most, measured.ratio(OURS, JSON, "cpu")),
        at_most(beside, _BESIDE_OFFICIAL, measured.ratio(OURS, OFFICIAL, "cpu"))
        if OFFICIAL in measured.samples
        else without_official(beside),
    ]


def _table(caption: str, over: str, meters: Mapping[str, Meter]) -> Table:
    names = list(next(iter(meters.values())).samples)
    rows = [
        [
            value,
            *(f"{each.median(name, 'cpu'):.3f}" for name in names),
            *(each.ratio(name, JSON, "cpu").show() for name in names if name != JSON),
        ]
        for value, each in meters.items()
    ]
    columns = (over, *(f"{name}: ms" for name in names), *(f"{name}: ratio" for name in names if name != JSON))
    return Table(f"{caption}; CPU", columns, rows)


if __name__ == "__main__":
    command(__doc__, measure)
