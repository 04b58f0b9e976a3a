"""Counts of a watch since its start."""

from __future__ import annotations

import attrs

from letta_async.errors import WatchLockedError
from letta_async.types.watch import Scan

__all__ = ["WatchCounts"]


@attrs.define(eq=False)
class WatchCounts:
    """Counts of all scans; a thread may read them while another adds to them."""

    scans: int = 0
    scan_errors: int = 0
    failures: int = 0
    """Number of scans that failed in a row."""
    recompiled: int = 0
    failed: int = 0
    busy: int = 0
    requests: int = 0
    agents: int = 0
    pending: int = 0
    lease: int = 0
    last_scan: float | None = None
    """Time of the end of the last scan that succeeded, in seconds since 1970."""

    def add(self, scan: Scan) -> None:
        """Add a scan; the attempt of a standby to get the lock is none."""
        if isinstance(scan.error, WatchLockedError):
            self.lease = 0
            return
        self.lease = 1
        self.scans += 1
        self.recompiled += scan.recompiled
        self.failed += scan.failed
        self.busy += scan.busy
        self.requests += scan.requests
        self.pending = scan.pending
        if scan.error is None:
            self.failures = 0
            self.agents = scan.agents
            self.last_scan = scan.at.timestamp() + scan.seconds
        else:
            self.failures += 1
            self.scan_errors += 1
