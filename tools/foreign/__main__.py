"""Command that installs the missing clients; the exit code is 1 if a step failed."""

from __future__ import annotations

import sys

from .clients import NODE, PYTHON, SOURCE, Failure


def main() -> int:
    """Install what is missing, except a client that lacks a program, whose tests are then skipped."""
    failed = False
    for client in (PYTHON, SOURCE, NODE):
        if client.missing:
            _say(f"the {client.name} client is left out: not found on the PATH: {client.missing}")
        elif not client.ready:
            _say(f"installing the {client.name} client into {client.folder}")
            try:
                client.install()
            except (Failure, OSError) as failure:
                _say(str(failure))
                failed = True
    return 1 if failed else 0


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
