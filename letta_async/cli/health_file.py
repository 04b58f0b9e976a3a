"""Health file of a watch: a JSON document that is replaced after each scan."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import attrs

from letta_async.cli.error_messages import Refusal, one_line
from letta_async.cli.report import say
from letta_async.types.watch import Scan

__all__ = ["HealthFile", "format_time"]


@attrs.define(eq=False)
class HealthFile:
    """Health file, for monitors that look at its age and its content."""

    path: Path

    _broken: bool = attrs.field(default=False, init=False)
    """Whether it was last reported that the file cannot be written."""

    def check(self) -> None:
        """Check that the file can be written.

        Raises:
            Refusal: Its folder is not there, nothing can be written to it, or the path is that of a device or a folder.

        """
        if (self.path.exists() and not self.path.is_file()) or not os.access(self.path.absolute().parent, os.W_OK):
            raise Refusal(f"--health-file: {str(self.path)!r} cannot be written")

    def write(self, scan: Scan, at: datetime, next_scan: datetime | None) -> None:
        """Replace the file by the report of a scan, in one step; a failure is reported, and the watch goes on.

        Args:
            scan: The report.
            at: Time of the scan's end.
            next_scan: Time at which the next scan is due; `None` if no other one follows.

        """
        error = scan.error
        content = {
            "time": format_time(at),
            "ok": error is None,
            "error": None if error is None else {"type": type(error).__name__, "message": one_line(error)},
            "pending": scan.pending,
            "next_scan": None if next_scan is None else format_time(next_scan),
        }
        try:
            _replace(self.path, json.dumps(content) + "\n")
        except OSError as failure:
            if not self._broken:
                say(f"warning: the health file cannot be written: {failure.strerror or failure}")
            self._broken = True
        else:
            self._broken = False


def format_time(at: datetime) -> str:
    """Return a time in UTC as text, to the second."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)  # monitors may run as other users; it has no secrets
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
