"""Lists that come in pages, as one list that fetches them when it is gone through."""

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
    """A list on the server: `async for` goes through all of it, page by page; nothing is fetched before.

    `await` gives one page, the first one, as a list; so does `page()`. Each use asks the server anew.
    """

    def __init__(
        self,
        fetch: Callable[[Listing[Item]], Awaitable[list[Item]]],
        listing: type[Listing[Item]],
        parameters: Mapping[str, object],
    ) -> None:
        """Take what to list.

        Args:
            fetch: Makes the call.
            listing: The call.
            parameters: Its parameters, as a user gave them.

        Raises:
            InvalidArgumentError: a parameter is wrong.

        """
        given = {name: value for name, value in parameters.items() if value is not UNSET}
        self._listing = check(listing, given)
        self._fetch = fetch

    async def page(self) -> list[Item]:
        """Fetch one page: the first that the parameters ask for.

        Raises:
            APIError: No response came, or it is not a list of what was asked for.
            ClientClosedError: The client is closed.

        """
        return await self._page(self._listing)

    def __await__(self) -> Generator[Any, Any, list[Item]]:
        return self.page().__await__()

    async def __aiter__(self) -> AsyncGenerator[Item, None]:
        """Go through the pages, and give each item once.

        Where the list moves meanwhile, a page can begin with items that were given already; they are left out. A page
        that ends with one goes the wrong way, or nowhere. Then the other cursor is tried, if this is the first step and
        the user set no cursor: servers differ in what `before` and `after` mean. Else it is an error.
        """
        listing = self._with_room()
        given, turned, steps = _Marks(), False, 0
        page = await self._page(listing)
        while True:
            following = listing.following(page)
            if None in following.values():
                raise self._lost(following)
            for item in page:
                if listing.mark(item) not in given:
                    yield item
            if not following:
                return
            given.add(filter(None, map(listing.mark, page)))
            steps += 1
            listing = listing.changed(listing.turned(following) if turned else following)
            page = await self._page(listing)
            if listing.is_astray(page, following, given):
                if steps > 1 or not self._may_turn(page, given):
                    raise self._lost(following)
                turned = True
                listing = listing.changed(listing.turned(following))
                page = await self._page(listing)
                if listing.is_astray(page, following, given):
                    raise self._lost(following)

    def _may_turn(self, page: list[Item], given: _Marks) -> bool:
        """Tell whether the other cursor may lead on: where there is one, none was set, and nothing new came."""
        first = self._listing
        return (
            first.turns
            and all(hasattr(first, name) for name in _CURSORS)
            and not any(getattr(first, name) for name in _CURSORS)
            and all(first.mark(item) in given for item in page)
        )

    def _with_room(self) -> Listing[Item]:
        """Ask for two items a page where it was one: a page of one that goes the wrong way would look like the end."""
        changes: dict[str, Any] = {"limit": 2} if getattr(self._listing, "limit", None) == 1 else {}
        return self._listing.changed(changes)

    def _lost(self, following: Mapping[str, Any]) -> APIError:
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


class _Marks:
    """A set of whole numbers of 64 bits that takes 8 bytes for each: sorted runs, each longer than the next."""

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
    """A list on the server: iterating fetches it page by page; nothing is fetched before.

    `page()` returns one page, the first one, as a list. Each use requests it again.
    """

    def __init__(self, pages: AsyncPaginator[Item], portal: Portal, call_site: CallSite) -> None:
        self._pages = pages
        self._portal = portal
        self._call_site = call_site

    def __iter__(self) -> Iterator[Item]:
        return Iteration(aiter(self._pages), self._portal, self._call_site)

    def page(self) -> list[Item]:
        """Fetch one page: the first that the parameters ask for.

        Raises:
            APIError: No response came, or it is not a list of what was asked for.
            ClientClosedError: The client is closed.

        """
        return self._portal.run(self._pages.page, context_with_call_site(self._call_site))

    def __repr__(self) -> str:
        listing = self._pages._listing  # pyright: ignore[reportPrivateUsage] - of its own core
        return f"<{type(self).__name__} of {listing!r}: iterate it, or call page() for one page>"
