"""Options of an edit that is propagated."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

import attrs

from letta_async._schema.constraints import Seconds
from letta_async._schema.record import Record
from letta_async.types.batch import Progress

__all__ = ["PropagateOptions"]


@attrs.frozen(kw_only=True)
class PropagateOptions(Record):
    """Options of an edit by `blocks.update`, `agents.blocks.update` or `agents.update` that is propagated.

    They are those of `client.propagate`.
    """

    dry_run: bool = False
    """Edit and store nothing; the outcomes are `compiled` where the edit would change a prompt, with the `diff`, and
    `unchanged` elsewhere. Default: `False`."""
    deadline: Seconds | None = None
    """Limit on the recompiles in seconds; a target not done by then has a failed outcome. Default: `None`, no limit."""
    stop_on_error: bool = False
    """Start no further target after a failure. Default: `False`."""
    wait_if_busy: Seconds | None = 60.0
    """Seconds to wait until a conversation has no active run, before it is recompiled; if it still has one then, and
    with 0 at once, its outcome is `busy`. `None`: active runs are not looked at. Default: 60 seconds."""
    on_progress: Callable[[Progress], object] | None = None
    """Function that is called with a `Progress` for each outcome of a pass; an awaitable result is awaited. With
    `Letta` it runs on the thread of the private event loop. Default: `None`."""
    journal: str | PathLike[str] | None = None
    """File to which each outcome is appended, as a line of JSON without prompts. It is a record: nothing is skipped
    because of it. Default: `None`, no journal."""
