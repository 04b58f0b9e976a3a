"""Stale conversations, found and recompiled: what `letta-async demo` shows, on the embedded server."""

import sys

from letta_async.cli import main

if __name__ == "__main__":
    sys.exit(main(["demo"]))
