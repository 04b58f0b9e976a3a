"""Operations that return a list page by page, in which the last item of a page is the cursor of the next one."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar

from letta_async._schema.constraints import PageSize
from letta_async._schema.pages import CursorPage, ObjectPage
from letta_async._schema.unset import UNSET
from letta_async.operations._operation import InQuery, Operation, operation, parameters

__all__ = ["CreationOrder", "CursorListing", "GrowingListing", "IdListing", "Listing"]

Item = TypeVar("Item")

_SURELY_FULL: Final = 50
"""A page of fewer items than this, and than were asked for, is the last one. It is the page size of Letta 0.16.8; the
hosted API cuts larger pages, so that one may be shorter than a larger `limit` and yet not the last."""


class Listing(Operation[list[Item]], Generic[Item]):
    """A call that returns a list. The type argument is the type of an item.

    A subclass has the parameters `limit`, `after` and `order`, and an `id` in each item, unless the items are IDs.
    """

    turns: ClassVar[bool] = True
    """Whether `before` is used if `after` leads to no new items; servers differ in their meaning."""
    limit_is_total: ClassVar[bool] = False
    """Whether `limit` is the maximum number of items of all pages together, where the official client has no pages."""
    continues: ClassVar[bool] = False
    """Whether the operation requests a page that follows another; set on the instance by `changed`."""

    @classmethod
    def answer_of(cls, argument: Any) -> Any:
        """Return the type of a page."""
        return list[argument]

    def fields_of(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the fields of a page that is an object, by their names in the response; none if it is a list."""
        del page
        return {}

    def arranged(self, page: list[Item]) -> list[Item]:
        """Return a page in the requested order, for servers that ignore it."""
        return page

    def mark(self, item: Item) -> int | None:
        """Return a 64-bit integer that identifies an item in the list; `None` for an item without an ID."""
        identifier = _id_of(item)
        return None if identifier is None else hash(identifier)

    def is_astray(self, page: list[Item], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return whether a page ends with an item that was returned before, and so leads to no new items.

        The last page may end with the item that is its own cursor.

        Args:
            page: Page to check.
            following: Parameters that requested the page.
            known: Results of `mark` for the items returned before.

        """
        if not page or self.mark(page[-1]) not in known:
            return False
        return _id_of(page[-1]) not in following.values() or bool(self.following(page))

    def with_other_cursor(self, following: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters that continue from the same item with the other cursor."""
        others = {"after": "before", "before": "after"}
        return {
            key: value for name, item_id in following.items() for key, value in ((others[name], item_id), (name, UNSET))
        }

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the parameters that request the next page; none if the page is the last one."""
        return {"after": _id_of(page[-1])} if self.is_full(page) else {}

    def is_full(self, page: list[Item]) -> bool:
        """Return whether a page has as many items as it may have, so that another one may follow."""
        limit: int | None = self.given().get("limit")  # type: ignore[assignment]  # a field of every subclass
        if limit and self.limit_is_total and not self.continues:
            return False
        return len(page) >= min(limit or _SURELY_FULL, _SURELY_FULL) and not (limit and len(page) > limit)

    def changed(self, changes: Mapping[str, object]) -> Self:
        """Return the operation that requests another page."""
        changed = super().changed(changes)
        object.__setattr__(changed, "continues", True)
        return changed


def _id_of(item: Any) -> Any:
    """Return the ID of an item, which may be an ID itself; `None` for an item without one."""
    return item if isinstance(item, str) else getattr(item, "id", None)


@operation
class IdListing(Listing[Item], Generic[Item]):
    """A call whose pages begin after the item with an ID, or end before it, as most lists of the API do.

    A subclass sets `item`, and the defaults where its own differ; they replace the words in braces in the descriptions.
    It declares `after` and `before` again, without a description, to say which form the IDs have.
    """

    item: ClassVar[str]
    """Singular noun for an item."""
    default_limit: ClassVar[int] = 50
    """Page size of the server where a call has no `limit`."""
    default_order: ClassVar[str] = "desc"
    """Order of the server where a call has no `order`."""

    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of {items} per page. Server default: {default_limit}."""
    after: InQuery[str | None] = UNSET
    """Start after the {item} with this ID, in the order of the list."""
    before: InQuery[str | None] = UNSET
    """End before the {item} with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `{default_order}`."""


class GrowingListing(IdListing[Item], Generic[Item]):
    """A call whose cursors leave items out, because the server compares them with another field than it sorts by.

    An iteration asks for larger and larger first pages.
    """

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Return a larger limit, unless the page is smaller than its own."""
        limit: int = self.given().get("limit") or self.default_limit  # type: ignore[assignment]  # an int, as declared
        return {"limit": 2 * limit} if len(page) >= limit else {}

    def is_astray(self, page: list[Item], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return `False`: a larger page begins with what is known, and leads on by its size."""
        del page, following, known
        return False


@parameters
class CreationOrder:
    """Parameter of a list that the server sorts by the time of creation alone."""

    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""


class CursorListing(Listing[Item], Generic[Item]):
    """A call whose pages are objects with the items in one field and the cursor of the next page in another.

    A subclass has the parameters `limit` and `cursor`, and an `id` in each item.
    """

    turns = False
    items_in: ClassVar[str]
    """Name of the field with the items."""
    cursor_in: ClassVar[str]
    """Name of the field with the cursor."""
    more_in: ClassVar[str | None] = None
    """Name of the boolean field that is true if a next page exists; `None` if a cursor shows it."""

    @classmethod
    def answer_of(cls, argument: Any) -> Any:
        """Return the type of a page."""
        return ObjectPage(list[argument], cls.items_in, cls.cursor_in, cls.more_in)

    def fields_of(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the fields of a page by their names in the response, such as `files`, `next_cursor` and `has_more`."""
        if not isinstance(page, CursorPage):
            return {}
        more = {self.more_in: page.more} if self.more_in else {}
        return {self.items_in: list(page), self.cursor_in: page.cursor, **more}

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the parameter that requests the next page; none if the page is the last one.

        It is `after` if the caller set that: Letta 0.16.8 ignores `cursor` beside it.
        """
        if not isinstance(page, CursorPage) or not page.more:
            return {}
        return {"after" if self.given().get("after") else "cursor": page.cursor}

    def is_astray(self, page: list[Item], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return whether a page leads to no new items, because it ends with a known one or its cursor is its own."""
        return self.following(page) == following or super().is_astray(page, following, known)
