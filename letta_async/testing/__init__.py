"""A Letta server for tests: it starts in milliseconds, needs nothing, and answers as the real one does.

It is an extra: `pip install 'letta-async[testing]'`.

`EmbeddedServer` serves it for as long as a `with` block lasts, `letta-async serve` and `python -m letta_async.testing`
until they are interrupted; pytest has it as the fixture `letta_server`. It covers health, agents, blocks,
conversations, messages, turns, runs and recompiling, as Letta 0.16.8 has them, and describes itself at `/openapi.json`.

Tests can write down what its model replies (`EmbeddedServer.model`), script what the next requests meet
(`EmbeddedServer.script`), see what arrived (`EmbeddedServer.requests`) and tell it the time (`SimulatedClock`). What it
knows is in memory, or in a file (`EmbeddedServer(path=…)`).

docs/testing.md lists what it leaves out, and tests/contract/test_differences shows it.
"""

from letta_async.testing._arrivals import RecordedRequest, RecordedRequests
from letta_async.testing._clock import SimulatedClock
from letta_async.testing._file import DataFileError
from letta_async.testing._model import Failure, Model, Reply, Rule, ToolCall
from letta_async.testing._scripts import Script
from letta_async.testing.server import EmbeddedServer

__all__ = [
    "DataFileError",
    "EmbeddedServer",
    "Failure",
    "Model",
    "RecordedRequest",
    "RecordedRequests",
    "Reply",
    "Rule",
    "Script",
    "SimulatedClock",
    "ToolCall",
]
