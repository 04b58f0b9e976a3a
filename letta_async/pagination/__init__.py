"""Pages of lists under the names of the official client.

Both clients have one class of pages each, `Page` and `AsyncPage`, whatever is listed.
"""

from __future__ import annotations

from letta_async.resources._paging import AsyncPage, Page

__all__ = [
    "AsyncArrayPage",
    "AsyncNextFilesPage",
    "AsyncObjectPage",
    "SyncArrayPage",
    "SyncNextFilesPage",
    "SyncObjectPage",
]

SyncArrayPage = SyncNextFilesPage = SyncObjectPage = Page
AsyncArrayPage = AsyncNextFilesPage = AsyncObjectPage = AsyncPage
