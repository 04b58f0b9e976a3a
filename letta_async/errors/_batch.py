"""Exceptions of batches and watches, and of the prompts that they compare."""

from __future__ import annotations

from datetime import datetime

from letta_async.errors._base import LettaError

__all__ = [
    "ClusterError",
    "IsolatedBlocksError",
    "JournalError",
    "UnexpectedPromptError",
    "WatchLockedError",
    "WatchStateError",
]


class UnexpectedPromptError(LettaError):
    """A system prompt does not have the form that this version knows, so that its staleness cannot be determined."""

    prompt: str | None
    """The prompt; `None` when the server has none."""

    def __init__(self, message: str, *, prompt: str | None = None) -> None:
        super().__init__(message)
        self.prompt = prompt


class IsolatedBlocksError(LettaError):
    """A conversation has copies of blocks for itself, in `isolated_block_ids`; it was not recompiled.

    Letta 0.16.8 would replace their text by that of the agent's blocks.
    """


class JournalError(LettaError):
    """The journal of a batch cannot be written, for example because the disk is full; the reason is in `__cause__`.

    It is raised after all outcomes in flight were yielded. The journal stays valid: another run can resume from it.
    """


class WatchStateError(LettaError):
    """The state of a watch cannot be read or written, for example because the disk is full.

    The reason is in `__cause__`. The state stays valid: another watch can go on with it.
    """


class WatchLockedError(WatchStateError):
    """Another watcher has the lock of the state: it came first, or took over after this one's lease had expired."""

    owner: str
    """Watcher that has the lock: its host, process and a random part."""
    until: datetime
    """Time at which its lease expires if it does not renew it, in UTC."""

    def __init__(self, message: str, *, owner: str, until: datetime) -> None:
        super().__init__(message)
        self.owner, self.until = owner, until


class ClusterError(LettaError):
    """A cluster could not run a batch: the scheduler is gone, workers died of it, or they lack this package."""
