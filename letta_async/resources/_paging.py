"""Paginators: lists on the server that are iterated as one and fetched page by page."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from heapq import merge
from typing import Any, Final, Generic, TypeVar

from letta_async._facade.iteration import Iteration, context_with_call_site
from letta_async._facade.portal import Portal
from letta_async._schema.unset import UNSET
from letta_async._schema.validation import check
from letta_async._utils.caller_warnings import CallSite
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import APIError, LettaError
from letta_async.operations._listing import Listing

__all__ = ["AsyncPaginator", "Paginator"]

Item = TypeVar("Item")


_CURSORS: Final = ("after", "before")


class AsyncPaginator(Generic[Item]):
    """List on the server: `async for` iterates over all items, and fetches each page when it is reached.

    `await` returns the first page as a list, as does `page()`. Each use requests the list again.
    """

    def __init__(
        self,
        fetch: Callable[[Listing[Item]], Awaitable[list[Item]]],
        listing: type[Listing[Item]],
        parameters: Mapping[str, object],
    ) -> None:
        """Create a paginator; nothing is fetched.

        Args:
            fetch: Function that requests a page and returns its items.
            listing: Operation that lists.
            parameters: Parameters of the operation, not yet validated.

        Raises:
            InvalidArgumentError: A parameter is invalid.

        """
        passed = {name: value for name, value in parameters.items() if value is not UNSET}
        self._listing = check(listing, passed)
        self._fetch = fetch

    async def page(self) -> list[Item]:
        """Fetch the first page.

        Raises:
            APIError: No response arrived, or it is not a list of the expected items.
            ClientClosedError: The client is closed.

        """
        return await self._page(self._listing)

    def __await__(self) -> Generator[Any, Any, list[Item]]:
        return self.page().__await__()

    async def __aiter__(self) -> AsyncGenerator[Item, None]:
        """Iterate over all pages, and yield each item once.

        If the list changes during iteration, a page can begin with items that were yielded before; they are skipped. A
        page that ends with one leads in the wrong direction, or nowhere. Then the other cursor is used, if this is the
        second page and the user set no cursor: servers differ in the meaning of `before` and `after`. Otherwise an
        `APIError` is raised.
        """
        listing = self._with_two_items_per_page()
        yielded, switched, steps = _Int64Set(), False, 0
        page = await self._page(listing)
        while True:
            following = listing.following(page)
            if None in following.values():
                raise self._no_progress_error(following)
            for item in page:
                if listing.mark(item) not in yielded:
                    yield item
            if not following:
                return
            yielded.add(filter(None, map(listing.mark, page)))
            steps += 1
            listing = listing.changed(listing.turned(following) if switched else following)
            page = await self._page(listing)
            if listing.is_astray(page, following, yielded):
                if steps > 1 or not self._can_switch_cursor(page, yielded):
                    raise self._no_progress_error(following)
                switched = True
                listing = listing.changed(listing.turned(following))
                page = await self._page(listing)
                if listing.is_astray(page, following, yielded):
                    raise self._no_progress_error(following)

    def _can_switch_cursor(self, page: list[Item], yielded: _Int64Set) -> bool:
        """Return whether to use the other cursor: if there is one, the user set none, and the page has no new item."""
        first = self._listing
        return (
            first.turns
            and all(hasattr(first, name) for name in _CURSORS)
            and not any(getattr(first, name) for name in _CURSORS)
            and all(first.mark(item) in yielded for item in page)
        )

    def _with_two_items_per_page(self) -> Listing[Item]:
        """Return the operation with at least two items per page: one item in the wrong direction looks like the end."""
        changes: dict[str, Any] = {"limit": 2} if getattr(self._listing, "limit", None) == 1 else {}
        return self._listing.changed(changes)

    def _no_progress_error(self, following: Mapping[str, Any]) -> APIError:
        (after,) = following.values()
        listing = self._listing
        return APIError(
            f"{listing.http.method} {listing.http.path}: the server does not lead on from {after!r}, although "
            f"that is not the end of the list",
            request_method=listing.http.method,
            request_path=listing.http.path,
        )

    async def _page(self, listing: Listing[Item]) -> list[Item]:
        try:
            return listing.arranged(await self._fetch(listing))
        except LettaError as error:
            drop_frames(error)
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._listing!r}: await it for one page, or iterate it with async for>"


class _Int64Set:
    """Set of 64-bit integers that uses 8 bytes per number: sorted runs, each longer than the next."""

    def __init__(self) -> None:
        self._runs: list[array[int]] = []

    def add(self, marks: Iterable[int]) -> None:
        run = array("q", sorted(marks))
        while self._runs and len(self._runs[-1]) <= len(run):
            run = array("q", merge(self._runs.pop(), run))
        self._runs.append(run)

    def __contains__(self, mark: object) -> bool:
        if not isinstance(mark, int):
            return False
        places = ((run, bisect_left(run, mark)) for run in self._runs)
        return any(place < len(run) and run[place] == mark for run, place in places)


class Paginator(Generic[Item]):
    """List on the server: iteration yields all items, and fetches each page when it is reached.

    `page()` returns the first page as a list. Each use requests the list again.
    """

    def __init__(self, pages: AsyncPaginator[Item], portal: Portal, call_site: CallSite) -> None:
        self._pages = pages
        self._portal = portal
        self._call_site = call_site

    def __iter__(self) -> Iterator[Item]:
        return Iteration(aiter(self._pages), self._portal, self._call_site)

    def page(self) -> list[Item]:
        """Fetch the first page.

        Raises:
            APIError: No response arrived, or it is not a list of the expected items.
            ClientClosedError: The client is closed.

        """
        return self._portal.run(self._pages.page, context_with_call_site(self._call_site))

    def __repr__(self) -> str:
        listing = self._pages._listing  # pyright: ignore[reportPrivateUsage] - of its own core
        return f"<{type(self).__name__} of {listing!r}: iterate it, or call page() for one page>"
