"""A Letta server for tests: it starts in milliseconds, needs nothing, and answers as the real one does.

`EmbeddedServer` serves it for as long as a `with` block lasts, `python -m letta_async.testing` until it is interrupted.
"""

from letta_async.testing.server import EmbeddedServer, RecordedRequest

__all__ = ["EmbeddedServer", "RecordedRequest"]
