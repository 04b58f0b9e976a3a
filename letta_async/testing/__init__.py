"""A Letta server for tests: it starts in milliseconds, needs nothing, and answers as the real one does.

`EmbeddedServer` serves it for as long as a `with` block lasts, `python -m letta_async.testing` until it is interrupted.

It covers health, agents, blocks, conversations, their messages, and recompiling, as Letta 0.16.8 has them. What it
leaves out, it leaves out for want of a model or of a meaning here:

- There is one model, `letta/letta-free`, and nothing ever runs: messages cannot be sent, cancelling always meets 409
  and compacting the error of a model that cannot be reached.
- Agents have no tools, folders, identities or groups. Those asked for are ignored, the usual tools included.
- The long texts that the real server fills in (an agent's system prompt, the prompts of summarizing) are others. Agents
  of older types begin with their system message alone, and every agent without a name has the same one.
- The real server keeps the blocks of an agent in no particular order; here those changed last come last.
- A 404's text names a user that was made at another time, and a 409's text ends before the SQL that the real one adds.
- There are no CORS headers, no `/docs` and no `/openapi.json`; the other paths of the real server are not found.
"""

from letta_async.testing._arrivals import RecordedRequest, RecordedRequests
from letta_async.testing._clock import SimulatedClock
from letta_async.testing._file import DataFileError
from letta_async.testing._scripts import Script
from letta_async.testing.server import EmbeddedServer

__all__ = ["DataFileError", "EmbeddedServer", "RecordedRequest", "RecordedRequests", "Script", "SimulatedClock"]
