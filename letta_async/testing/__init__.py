"""Embedded Letta server for tests: it starts in milliseconds, needs no model or database, and responds as the real one.

It is an extra: `pip install 'letta-async[testing]'`.

`EmbeddedServer` serves it for as long as a `with` block lasts, `letta-async serve` and `python -m letta_async.testing`
until they are interrupted; pytest has it as the fixture `letta_server`. It covers health, agents, blocks,
conversations, messages, turns, runs and recompiling, as Letta 0.16.8 has them, and describes itself at `/openapi.json`.

Tests can script what its model replies (`EmbeddedServer.model`) and the responses to the next requests
(`EmbeddedServer.script`), read the requests that it received (`EmbeddedServer.requests`) and set its time
(`SimulatedClock`). Data is in memory, or in a file (`EmbeddedServer(path=…)`). `record_calls` records the calls
of clients, whatever their server is.

docs/testing.md lists the differences to the real server, and tests/contract/test_differences shows them.
"""

from letta_async.testing._clock import SimulatedClock
from letta_async.testing._data_file import DataFileError
from letta_async.testing._model import Failure, Model, ModelTool, Reply, Rule, ToolCall
from letta_async.testing._recorded_calls import RecordedCall, RecordedCalls, record_calls
from letta_async.testing._recorded_requests import RecordedRequest, RecordedRequests
from letta_async.testing._scripts import Script
from letta_async.testing.server import EmbeddedServer

__all__ = [
    "DataFileError",
    "EmbeddedServer",
    "Failure",
    "Model",
    "ModelTool",
    "RecordedCall",
    "RecordedCalls",
    "RecordedRequest",
    "RecordedRequests",
    "Reply",
    "Rule",
    "Script",
    "SimulatedClock",
    "ToolCall",
    "record_calls",
]
