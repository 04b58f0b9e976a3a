"""Live progress bar on standard error, with rate and time left, if that is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["Advance", "progress_bar"]

Advance = Callable[[bool], None]
"""Advances the bar by one item; the argument is whether the item failed."""


@contextmanager
def progress_bar(words: str, total: int, *, hidden: bool = False) -> Generator[Advance, None, None]:
    """Show a progress bar on standard error, if that is a terminal that can show one and has no log on it.

    Args:
        words: Text before the bar.
        total: Number of items.
        hidden: Whether to show no bar. Default: `False`.

    Yields:
        A function to call once per item.

    """
    if hidden or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb" or os.environ.get("LETTA_LOG"):
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is shown
    from rich.progress import (  # noqa: PLC0415 - only where it is shown
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text  # noqa: PLC0415 - only where it is shown

    class Rate(ProgressColumn):
        """Column with the recent number of items per second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.{0 if speed >= 10 else 1}f}/s")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[red]{task.fields[failures]}"),
        Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    failed = 0
    console = Console(stderr=True)
    with _running_progress(Progress(*columns, console=console, transient=True, redirect_stdout=False)) as progress:
        task = progress.add_task(words, total=total, failures="")

        def advance(has_failed: bool) -> None:
            nonlocal failed
            failed += has_failed
            with suppress(OSError):
                progress.update(task, advance=1, failures=f"{failed} failed" if failed else "")

        yield advance


@contextmanager
def _running_progress(progress: Any) -> Generator[Any, None, None]:
    """Show a progress bar; ignore the error if the terminal is closed before the work is done."""
    progress.start()
    try:
        yield progress
    finally:
        with suppress(OSError):
            progress.stop()
