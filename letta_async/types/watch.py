"""Report of one scan of `client.watch`."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async._schema.record import Record
from letta_async.errors import LettaError

__all__ = ["Scan"]


@attrs.frozen(kw_only=True)
class Scan(Record):
    """Report of one scan of `client.watch`: what it saw and did, and what it left for later ones."""

    at: datetime
    """Time of the beginning, in UTC."""
    seconds: float
    """Duration in seconds."""
    agents: int = 0
    """Number of agents in scope."""
    changed: int = 0
    """Number of these whose memory, or another input of their prompts, is not the one that the state has; a new agent
    is one of them."""
    checked: int = 0
    """Number of conversations whose prompt was compared with the one that a recompile would store, agents' own prompts
    included."""
    recompiled: int = 0
    """Number of conversations that were recompiled."""
    failed: int = 0
    """Number of conversations that failed; a later scan tries them again, except those with isolated blocks."""
    busy: int = 0
    """Number of conversations that were not recompiled because a run was in progress; a later scan tries them again."""
    pending: int = 0
    """Number of conversations that are left to be compared, now or after a delay."""
    requests: int = 0
    """Number of requests that the scan sent, repetitions included, but not the lists of active runs."""
    error: LettaError | None = None
    """The error that ended the scan early, or that kept it from listing the conversations of an agent; `None` if there
    was none. A `WatchLockedError` is that of a standby, which sent nothing."""
