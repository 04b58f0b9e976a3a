"""Active runs as the API lists them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from letta_async._http.request import CallOptions
from letta_async.batch.active_runs import ActiveRuns, Activity, read_activity
from letta_async.errors import NotFoundError
from letta_async.operations.runs import ListRuns
from letta_async.operations.steps import ListRunSteps
from letta_async.resources._resource import AsyncResource

__all__ = ["AsyncActiveRuns"]

_RUNS_PER_PAGE: Final = 1000


class AsyncActiveRuns(AsyncResource):
    """Base class of resources that wait for the end of runs."""

    def _active_runs(self, options: CallOptions) -> ActiveRuns:
        """Return a monitor of the server's active runs."""
        reads = CallOptions(extra_headers=options.extra_headers, timeout=options.timeout)

        async def fetch() -> Activity:
            newest_first = {"active": True, "order": "desc", "limit": _RUNS_PER_PAGE}
            return await read_activity(self._list(ListRuns, newest_first, reads), datetime.now(UTC))

        async def has_ended(run_id: str) -> bool:
            try:
                steps = await self._call(ListRunSteps, {"run_id": run_id, "order": "desc", "limit": 1}, reads)
            except NotFoundError:
                return True
            return any(step.stop_reason for step in steps)

        return ActiveRuns(fetch, has_ended)
