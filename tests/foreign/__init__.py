"""Clients that nobody here wrote: the official ones for Python and TypeScript, which must see no difference.

Each runs the same stories, on the embedded server or, with `LETTA_TEST_BASE_URL`, on the real one there. What they see
must be what is recorded in `tests/recorded/foreign-*.jsonl`, line by line; `record.py` records it from a real server.
"""
