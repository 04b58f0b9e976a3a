"""Pages of lists under the names of the official client.

Both clients have one class of pages each, `Page` and `AsyncPage`, whatever is listed.
"""

from __future__ import annotations

from letta_async.resources._paging import AsyncPage as AsyncArrayPage
from letta_async.resources._paging import AsyncPage as AsyncNextFilesPage
from letta_async.resources._paging import AsyncPage as AsyncObjectPage
from letta_async.resources._paging import Page as SyncArrayPage
from letta_async.resources._paging import Page as SyncNextFilesPage
from letta_async.resources._paging import Page as SyncObjectPage

__all__ = [
    "AsyncArrayPage",
    "AsyncNextFilesPage",
    "AsyncObjectPage",
    "SyncArrayPage",
    "SyncNextFilesPage",
    "SyncObjectPage",
]
