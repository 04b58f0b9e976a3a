"""Pages of lists on the server: each has its items, and leads to the pages that follow."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from contextlib import aclosing
from copy import copy
from heapq import merge
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from letta_async._facade.iteration import Iteration, context_with_call_site
from letta_async._facade.portal import Portal
from letta_async._schema.unset import UNSET
from letta_async._schema.validation import check
from letta_async._utils.caller_warnings import CallSite
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import APIError, LettaError

if TYPE_CHECKING:
    from letta_async.operations._listing import Listing

__all__ = ["AsyncPage", "AsyncPaginator", "Page", "Paginator"]

Item = TypeVar("Item")


_CURSORS: Final = ("after", "before")


class AsyncPage(list[Item]):
    """Page of a list on the server: a list of its items. `async for` iterates over those of all following pages, too.

    Each page is fetched when the iteration reaches it.
    """

    def __init__(
        self,
        items: Iterable[Item],
        fetched: list[Item],
        listing: Listing[Item],
        source: AsyncPaginator[Item],
        steps: int = 0,
        *,
        switched: bool = False,
    ) -> None:
        """Create a page.

        Args:
            items: Items that no earlier page has.
            fetched: Items as the server returned them.
            listing: Operation that returned them.
            source: Paginator that sent it.
            steps: Number of pages before this one.
            switched: Whether the other cursor leads on, as `AsyncPaginator.iter_pages` found out.

        """
        super().__init__(items)
        self._source = source
        self._place = (fetched, listing, steps, switched)
        vars(self).update(listing.fields_of(fetched))

    @property
    def items(self) -> list[Item]:
        """The items of this page."""
        return self

    def __reduce_ex__(self, protocol: object) -> tuple[type[list[Item]], tuple[list[Item]]]:
        """Pickle the items alone: other processes have no connection to fetch the following pages."""
        return list, (self[:],)

    def __copy__(self) -> AsyncPage[Item]:
        fetched, listing, steps, switched = self._place
        return AsyncPage(self[:], fetched, listing, self._source, steps, switched=switched)

    def __deepcopy__(self, memo: object) -> AsyncPage[Item]:
        return copy(self)  # what the items are made of does not change

    def has_next_page(self) -> bool:
        """Return whether a page may follow. It can be empty: a full page does not show whether it is the last one."""
        fetched, listing, _, _ = self._place
        return bool(listing.following(fetched))

    async def get_next_page(self) -> AsyncPage[Item]:
        """Fetch the page that follows, without items that this one has.

        Raises:
            LettaError: No page follows; see `has_next_page`.
            APIError: No response arrived, it is not a list of the expected items, or it does not lead on.
            ClientClosedError: The client is closed.

        """
        try:
            async with aclosing(self.iter_pages()) as pages:
                await anext(pages)
                async for page in pages:
                    return page
        except LettaError as error:
            drop_frames(error)
            raise
        raise LettaError("no page follows this one; has_next_page() says whether one does")

    def iter_pages(self) -> AsyncGenerator[AsyncPage[Item], None]:
        """Iterate over this page and all that follow, each item on one of them only."""
        return self._source._pages_from(self)  # pyright: ignore[reportPrivateUsage] - of its own paginator

    def __aiter__(self) -> AsyncGenerator[Item, None]:
        return _iterate_items(self.iter_pages())


class AsyncPaginator(Generic[Item]):
    """List on the server: `async for` iterates over all items, and fetches each page when it is reached.

    `await` returns the first page, an `AsyncPage`, as does `page()`. Each use requests the list again.
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

    async def page(self) -> AsyncPage[Item]:
        """Fetch the first page.

        Raises:
            APIError: No response arrived, or it is not a list of the expected items.
            ClientClosedError: The client is closed.

        """
        return self._first_page(self._listing, await self._fetch_items(self._listing))

    def __await__(self) -> Generator[Any, Any, AsyncPage[Item]]:
        return self.page().__await__()

    async def iter_pages(self) -> AsyncGenerator[AsyncPage[Item], None]:
        """Iterate over all pages, each item on one of them only. A page has at least two items, except the last one."""
        listing = _with_two_items_per_page(self._listing)
        async with aclosing(self._pages_from(self._first_page(listing, await self._fetch_items(listing)))) as pages:
            async for page in pages:
                yield page

    def __aiter__(self) -> AsyncGenerator[Item, None]:
        """Iterate over all pages, and yield each item once."""
        return _iterate_items(self.iter_pages())

    async def _pages_from(self, start: AsyncPage[Item]) -> AsyncGenerator[AsyncPage[Item], None]:
        """Iterate over a page and all that follow it.

        If the list changes meanwhile, a page can begin with items that were yielded before; they are left out. A page
        that ends with one leads in the wrong direction, or nowhere. Then the other cursor is used, if this is the
        second page and the user set no cursor: servers differ in the meaning of `before` and `after`. Otherwise an
        `APIError` is raised.
        """
        yielded, page = _Int64Set(), start
        while True:
            fetched, listing, steps, switched = page._place  # pyright: ignore[reportPrivateUsage] - of its own page
            following = listing.following(fetched)
            if None in following.values():
                raise self._no_progress_error(following)
            yield page
            if not following:
                return
            yielded.add(filter(None, map(listing.mark, fetched)))
            if page is start and getattr(listing, "limit", None) == 1:
                listing = _with_two_items_per_page(listing)
                fetched = await self._fetch_items(listing)
                page = self._following_page(fetched, listing, yielded, steps, switched=switched)
                continue
            steps += 1
            listing = listing.changed(listing.with_other_cursor(following) if switched else following)
            fetched = await self._fetch_items(listing)
            if listing.is_astray(fetched, following, yielded):
                if steps > 1 or not self._can_switch_cursor(fetched, yielded):
                    raise self._no_progress_error(following)
                switched = True
                listing = listing.changed(listing.with_other_cursor(following))
                fetched = await self._fetch_items(listing)
                if listing.is_astray(fetched, following, yielded):
                    raise self._no_progress_error(following)
            page = self._following_page(fetched, listing, yielded, steps, switched=switched)

    def _first_page(self, listing: Listing[Item], fetched: list[Item]) -> AsyncPage[Item]:
        return AsyncPage(fetched, fetched, listing, self)

    def _following_page(
        self, fetched: list[Item], listing: Listing[Item], yielded: _Int64Set, steps: int, *, switched: bool
    ) -> AsyncPage[Item]:
        items = [item for item in fetched if listing.mark(item) not in yielded]
        return AsyncPage(items, fetched, listing, self, steps, switched=switched)

    def _can_switch_cursor(self, page: list[Item], yielded: _Int64Set) -> bool:
        """Return whether to use the other cursor: if there is one, the user set none, and the page has no new item."""
        first = self._listing
        return (
            first.turns
            and all(hasattr(first, name) for name in _CURSORS)
            and not any(getattr(first, name) for name in _CURSORS)
            and all(first.mark(item) in yielded for item in page)
        )

    def _no_progress_error(self, following: Mapping[str, Any]) -> APIError:
        (after,) = following.values()
        listing = self._listing
        return APIError(
            f"{listing.http.method} {listing.http.path}: the server does not lead on from {after!r}, although "
            f"that is not the end of the list",
            request_method=listing.http.method,
            request_path=listing.http.path,
        )

    async def _fetch_items(self, listing: Listing[Item]) -> list[Item]:
        try:
            return listing.arranged(await self._fetch(listing))
        except LettaError as error:
            drop_frames(error)
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._listing!r}: await it for one page, or iterate it with async for>"


async def _iterate_items(pages: AsyncGenerator[AsyncPage[Item], None]) -> AsyncGenerator[Item, None]:
    """Yield the items of pages; the pages are closed with the iteration."""
    try:
        async with aclosing(pages):
            async for page in pages:
                for item in page.items:
                    yield item
    except LettaError as error:
        drop_frames(error)
        raise


def _with_two_items_per_page(listing: Listing[Item]) -> Listing[Item]:
    """Return the operation with at least two items per page: one item in the wrong direction looks like the end."""
    if listing.limit_is_total or getattr(listing, "limit", None) != 1:
        return listing
    return listing.changed({"limit": 2})


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


class Page(Generic[Item]):
    """Page of a list on the server: `items`, `len` and `[0]` are about this page, iteration about all following, too.

    Each page is fetched when the iteration reaches it.
    """

    def __init__(self, page: AsyncPage[Item], portal: Portal, call_site: CallSite) -> None:
        self._page = page
        self._portal = portal
        self._call_site = call_site
        self.items: list[Item] = list(page)
        """The items of this page."""
        fetched, listing, _, _ = page._place  # pyright: ignore[reportPrivateUsage] - of its own page
        vars(self).update(listing.fields_of(fetched))

    def __reduce_ex__(self, protocol: object) -> tuple[type[list[Item]], tuple[list[Item]]]:
        """Pickle the items alone: other processes have no connection to fetch the following pages."""
        return list, (self.items,)

    def __copy__(self) -> Page[Item]:
        return Page(self._page, self._portal, self._call_site)

    def __deepcopy__(self, memo: object) -> Page[Item]:
        return copy(self)  # what the items are made of does not change

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        return self.items[index]

    def __iter__(self) -> Iterator[Item]:
        for page in self.iter_pages():
            yield from page.items

    def page(self) -> list[Item]:
        """Return the items of this page."""
        return self.items

    def has_next_page(self) -> bool:
        """Return whether a page may follow. It can be empty: a full page does not show whether it is the last one."""
        return self._page.has_next_page()

    def get_next_page(self) -> Page[Item]:
        """Fetch the page that follows, without items that this one has.

        Raises:
            LettaError: No page follows; see `has_next_page`.
            APIError: No response arrived, it is not a list of the expected items, or it does not lead on.
            ClientClosedError: The client is closed.

        """
        try:
            page = self._portal.run(self._page.get_next_page, context_with_call_site(self._call_site))
        except LettaError as error:
            drop_frames(error)
            raise
        return Page(page, self._portal, self._call_site)

    def iter_pages(self) -> Iterator[Page[Item]]:
        """Iterate over this page and all that follow, each item on one of them only."""
        if not self.has_next_page():
            yield self
            return
        pages = Iteration(self._page.iter_pages(), self._portal, self._call_site)
        try:
            next(pages)
            yield self
            for page in pages:
                yield Page(page, self._portal, self._call_site)
        finally:
            pages.close()

    def __repr__(self) -> str:
        more = ", and more pages" if self.has_next_page() else ""
        return f"<{type(self).__name__} of {len(self)} items{more}: {self.items!r}>"


Paginator = Page
"""Earlier name of `Page`."""
