"""Lists that come in pages, as one list that fetches them when it is gone through."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Generic, TypeVar

from letta_async._check import check
from letta_async._facade.iteration import Iteration, caller_context
from letta_async._portal import Portal
from letta_async._unset import UNSET
from letta_async._warnings import Place
from letta_async.errors import APIError
from letta_async.operations._listing import Listing

__all__ = ["AsyncPaginator", "Paginator"]

Item = TypeVar("Item")


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
        listing = self._listing
        seen: set[tuple[tuple[str, Any], ...]] = set()
        while True:
            page = await self._page(listing)
            following = listing.following(page)
            mark = tuple(following.items())
            if mark in seen or None in following.values():
                raise APIError(
                    f"{listing.http.method} {listing.http.path}: the server does not lead on from {mark[0][1]!r}, "
                    f"although that is not the end of the list",
                    request_method=listing.http.method,
                    request_path=listing.http.path,
                )
            for item in page:
                yield item
            if not following:
                return
            seen.add(mark)
            listing = listing.changed(following)

    async def _page(self, listing: Listing[Item]) -> list[Item]:
        return listing.arranged(await self._fetch(listing))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._listing!r}: await it for one page, or iterate it with async for>"


class Paginator(Generic[Item]):
    """A list on the server: iterating fetches it page by page; nothing is fetched before.

    `page()` returns one page, the first one, as a list. Each use requests it again.
    """

    def __init__(self, pages: AsyncPaginator[Item], portal: Portal, caller: Place) -> None:
        self._pages = pages
        self._portal = portal
        self._caller = caller

    def __iter__(self) -> Iterator[Item]:
        return Iteration(aiter(self._pages), self._portal, self._caller)

    def page(self) -> list[Item]:
        """Fetch one page: the first that the parameters ask for.

        Raises:
            APIError: No response came, or it is not a list of what was asked for.
            ClientClosedError: The client is closed.

        """
        return self._portal.run(self._pages.page, caller_context(self._caller))

    def __repr__(self) -> str:
        listing = self._pages._listing  # pyright: ignore[reportPrivateUsage] - of its own core
        return f"<{type(self).__name__} of {listing!r}: iterate it, or call page() for one page>"
