"""Lines that are typed on a terminal, with editing and a history where the interpreter has `readline`."""

from __future__ import annotations

import sys
from typing import Any

from letta_async.cli.error_messages import Refusal
from letta_async.cli.report import say
from letta_async.cli.stop_signals import Signalled

__all__ = ["LineInterrupted", "LineReader"]


class LineInterrupted(Exception):
    """Ctrl-C was typed instead of a line."""

    def __init__(self, *, was_empty: bool) -> None:
        """Create the exception.

        Args:
            was_empty: Whether nothing had been typed; `False` where that is not known.

        """
        super().__init__("interrupted")
        self.was_empty = was_empty


class LineReader:
    """Reader of lines from the terminal that standard input is."""

    def __init__(self) -> None:
        """Create a reader.

        Raises:
            Refusal: The prompt could not be seen: neither standard output nor standard error is a terminal.

        """
        self._is_editing = sys.stdout.isatty()
        if not self._is_editing and not sys.stderr.isatty():
            raise Refusal("neither standard output nor standard error is a terminal: pipe the message in")
        self._readline = _find_readline() if self._is_editing else None

    def tell(self, words: str) -> None:
        """Write a line to the terminal, whichever of standard error and standard output is one."""
        if sys.stderr.isatty():
            say(words)
        else:
            sys.stdout.write(f"{words}\n")

    def read(self, prompt: str, *, is_kept: bool = True) -> str:
        """Return a line without its end.

        Args:
            prompt: Text before the line.
            is_kept: Whether the line is part of the history. Default: `True`.

        Raises:
            EOFError: Ctrl-D was typed.
            LineInterrupted: Ctrl-C was typed.
            OSError: The terminal is gone.

        """
        try:
            line = input(prompt) if self._is_editing else self._read_plainly(prompt)
        except EOFError:
            say("")
            raise
        except Signalled:
            raise
        except KeyboardInterrupt:
            typed = None if self._readline is None else self._readline.get_line_buffer()
            say("")
            raise LineInterrupted(was_empty=typed == "") from None
        if self._readline is not None and is_kept and line.strip():
            self._readline.add_history(line)
        return line

    def _read_plainly(self, prompt: str) -> str:
        say(prompt, end="")
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.removesuffix("\n")


def _find_readline() -> Any:
    """Return the module `readline`, which `input` uses once it is imported; `None` where there is none."""
    try:
        import readline  # noqa: PLC0415 - it acts on the terminal as soon as it is imported
    except ImportError:  # pragma: no cover - Windows
        return None
    if hasattr(readline, "set_auto_history"):
        readline.set_auto_history(False)
    return readline
