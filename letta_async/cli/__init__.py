"""The command line: `letta-async`, or `python -m letta_async`.

It needs the extra `cli`. Nothing else in the package imports it, and it imports click and rich only when it is run.

A command passes through these modules: `commands` parses the arguments, `selection` finds the conversations, `checking`
finds which are stale, `plan` shows the plan and asks, `recompiling` does the work, `report` writes the results. The
client and the event loop are in `command_runner`; `stopping` handles signals.

`watch` parses its arguments in `watch_command` and does its work in `watching`, with `watch_state`, `watch_counts`,
`watch_metrics` and `health_file`.

`chat` has modules of its own: `chat_target` finds the agent and calls the API, `line_reader` reads what is typed, and
`chat_view` writes events.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from letta_async.cli.exits import Exit

__all__ = ["main"]

_NEEDED: Final = ("click", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code.

    Args:
        arguments: Arguments after the program's name. Default: those of the process.

    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        words = f"letta-async needs {' and '.join(missing)}: pip install 'letta-async[cli]'"
        sys.stderr.write(f"error: {words}\n")
        return Exit.EXTRA
    try:
        from letta_async.cli.commands import run  # noqa: PLC0415 - only now is it known that click is there

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt as interrupt:
        sys.stderr.write("Interrupted.\n")
        return getattr(interrupt, "code", Exit.INTERRUPTED)
