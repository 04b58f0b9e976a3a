"""Collections: rows of one kind that are stored as they are sent, each resource by one declaration."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

import attrs

from letta_async.operations._operation import Operation
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, no_record
from letta_async.testing._route import Handler, Route, route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store, check_numbers, check_stored, checked_limit, new_id, page

__all__ = ["Collection", "Matches"]

Matches = Callable[[Store, StoredRow, Any], bool]
"""Function that returns whether a row is listed for the value of a query parameter."""

_PAGING: Final = frozenset({"limit", "after", "before", "order", "order_by", "ascending"})


def _unchanged(_store: Store, fields: dict[str, Any]) -> dict[str, Any]:
    return fields


def _nothing_else(_store: Store, _row: StoredRow) -> None:
    pass


@attrs.frozen(kw_only=True, slots=False)
class Collection:
    """Rows of one kind, with the routes of the client's operations that create, list, retrieve, update and delete them.

    An operation's verb and path say which of these it is. A request is read by the operation's own parameters.
    """

    name: str
    """Name of the collection, such as `archives`."""
    prefix: str
    """Beginning of the IDs, such as `archive`."""
    kind: str
    """Name of the rows in the server's error messages, such as `Archive`."""
    operations: Iterable[type[Operation[Any]]]
    """Operations of the client on the rows."""
    defaults: Mapping[str, Any]
    """Fields of a new row, in the order of the response, with the values of those that the request leaves out."""
    prepare: Callable[[Store, dict[str, Any]], dict[str, Any]] = _unchanged
    """Function that checks and completes the fields of a new or changed row; it may raise a `Refusal`."""
    show: Callable[[Store, StoredRow], dict[str, Any]] | None = None
    """Function that returns the JSON of a row. Default: its fields, ID, times and creator."""
    filters: Mapping[str, Matches] = attrs.field(factory=dict[str, Matches])
    """What query parameters of the list select; any other selects rows whose field of that name is equal."""
    ascending: bool = False
    """Whether the list begins with the oldest row by default."""
    page_size: int | None = 50
    """Maximum number of rows per page by default."""
    deleted: Callable[[Store, StoredRow], None] = _nothing_else
    """Function that is called when a row was deleted."""

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Routes of the operations."""
        return tuple(route_of(operation, self._handler(operation)) for operation in self.operations)

    def rows(self, store: Store) -> Iterator[StoredRow]:
        """Yield all rows, the oldest first."""
        return (row for row in store.rows.values() if row.collection == self.name)

    def existing(self, store: Store, row_id: str) -> StoredRow:
        """Return a row.

        Raises:
            Refusal: There is no such row.

        """
        row = store.rows.get(row_id)
        if row is None or row.collection != self.name:
            raise self.missing(row_id)
        return row

    def missing(self, row_id: str) -> Refusal:
        """Return the 404 of a row that does not exist."""
        return no_record(self.kind, row_id)

    def add(self, store: Store, fields: Mapping[str, Any]) -> StoredRow:
        """Store and return a new row with some fields; the others have their defaults."""
        check_stored(*fields.values())
        check_numbers(*fields.values())
        now = store.clock()
        made = self.prepare(store, {**copy.deepcopy(dict(self.defaults)), **fields})
        row_id = made.pop("id", None) or new_id(self.prefix)
        return store.put(
            StoredRow(
                id=row_id,
                sequence=store.next(),
                created_at=now,
                updated_at=now,
                collection=self.name,
                fields=made,
            )
        )

    def change(self, store: Store, row: StoredRow, changes: Mapping[str, Any]) -> StoredRow:
        """Store and return a row with some fields changed."""
        check_stored(*changes.values())
        check_numbers(*changes.values())
        fields = self.prepare(store, {**row.fields, **changes})
        return store.put(attrs.evolve(row, fields=fields, updated_at=store.clock()))

    def shown(self, store: Store, row: StoredRow) -> dict[str, Any]:
        """Return the JSON of a row."""
        if self.show is not None:
            return self.show(store, row)
        return {
            "created_by_id": _facts.USER_ID,
            "last_updated_by_id": _facts.USER_ID,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "id": row.id,
            **row.fields,
        }

    # --- handlers -----------------------------------------------------------------------------------------------------

    def _handler(self, operation: type[Operation[Any]]) -> Handler:
        """Return the handler of an operation: what its verb means, for the collection or for one row."""
        path, method = operation.http.path.rstrip("/"), operation.http.method
        if not path.endswith("}"):
            return {"GET": self.list, "POST": self.create}[method]
        parameter = path.rpartition("{")[2].removesuffix("}")
        change = {"GET": self.retrieve, "PATCH": self.update, "DELETE": self.delete}[method]
        return lambda store, call: change(store, call, call.path[parameter])

    def create(self, store: Store, call: Call) -> Any:
        """Create a row of the fields that the body has."""
        return self.shown(store, self.add(store, {name: call.body[name] for name in call.body.given}))

    def retrieve(self, store: Store, call: Call, row_id: str) -> Any:
        """Return a row."""
        del call
        return self.shown(store, self.existing(store, row_id))

    def update(self, store: Store, call: Call, row_id: str) -> Any:
        """Change the fields of a row that are in the body and not null."""
        row = self.existing(store, row_id)
        changes = {name: call.body[name] for name in call.body.given if call.body[name] is not None}
        return self.shown(store, self.change(store, row, changes) if changes else row)

    def delete(self, store: Store, call: Call, row_id: str) -> Any:
        """Delete a row."""
        del call
        row = self.existing(store, row_id)
        store.remove(row)
        self.deleted(store, row)

    def list(self, store: Store, call: Call) -> Any:
        """Return a page of rows; an unknown cursor is ignored."""
        wanted = {name: value for name, value in call.query.items() if name not in _PAGING and value is not None}
        rows = [row for row in self.rows(store) if all(self._matches(store, row, *each) for each in wanted.items())]
        return [self.shown(store, row) for row in self.page(store, rows, call)]

    def page(self, store: Store, rows: Iterable[StoredRow], call: Call) -> Iterable[StoredRow]:
        """Return the page of some rows that a query asks for."""
        query = call.query
        limit, order = query.get("limit"), query.get("order")
        return page(
            rows,
            lambda row: (row.created_at, row.sequence),
            ascending=self.ascending if order is None else order == "asc",
            limit=self.page_size if limit is None else checked_limit(limit),
            after=store.rows.get(query.get("after") or ""),
            before=store.rows.get(query.get("before") or ""),
        )

    def _matches(self, store: Store, row: StoredRow, name: str, value: Any) -> bool:
        matches = self.filters.get(name)
        return row.fields.get(name) == value if matches is None else matches(store, row, value)
