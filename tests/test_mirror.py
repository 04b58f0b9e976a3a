"""The facade has what the async client has, derived from what is there: nobody keeps a list."""

from __future__ import annotations

import functools
import inspect
import pydoc
import typing
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from types import UnionType
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    AsyncPage,
    AsyncPaginator,
    AsyncPropagation,
    AsyncStream,
    CompactionSettings,
    Letta,
    Outcome,
    Page,
    Progress,
    Propagation,
    Recompile,
    RecompileCost,
    Scan,
    Staleness,
    Stream,
    UpdateAgent,
    UpdateAgentBlock,
    UpdateBlock,
)
from letta_async.instrumentation import Instrumentation
from letta_async.operations._tree import EARLIER_NAMES
from letta_async.resources._resource import Part

OWNERS = {"AgentMessages", "ConversationMessages", "Conversations", "FolderFiles", "Resources", "Runs", "Tools"}
"""Where the sync twins of methods are that a base class of the async ones has."""
OWN_WORDS = {"Letta.close"}
"""Methods that the facade explains in words of its own, besides those that stream, which send a request at once."""
LAZY_TYPES = {
    "Instrumentation": Instrumentation,
    **{lazy.__name__: lazy for lazy in (AsyncPropagation, Outcome, Progress, Propagation, Recompile, RecompileCost)},
    **{lazy.__name__: lazy for lazy in (CompactionSettings, Scan, Staleness)},
    **{lazy.__name__: lazy for lazy in (UpdateAgent, UpdateAgentBlock, UpdateBlock)},
}
"""Types in signatures that are imported by their users alone."""
LAZY = "Iterating with `async for` fetches the pages as they are needed; `await` returns the first one."
EAGER = "The first page is requested at once. Iterating it fetches the others as they are needed."
AWAITED = (
    "`await` the result for a `Propagation`, the outcomes with the object in `result`; or iterate it with `async for`, "
    "for each `Outcome` as it completes, failures too."
)
RETURNED = "a `Propagation` is returned when all is done: the outcomes, and the object in `result`."
SYNC = {AsyncGenerator: Iterator, AsyncPaginator: Page, AsyncStream: Stream}
"""Return types of the facade, by those of the async client."""


def pairs(asynchronous: Any, synchronous: Any, name: str = "Letta") -> Iterator[tuple[str, Any, Any]]:
    """Walk both clients side by side, from part to part."""
    yield name, asynchronous, synchronous
    for attribute in sorted(parts(asynchronous)):
        yield from pairs(getattr(asynchronous, attribute), getattr(synchronous, attribute, None), f"{name}.{attribute}")


def parts(thing: object) -> set[str]:
    return {name for name, member in inspect.getmembers_static(type(thing)) if isinstance(member, Part)}


def methods(thing: object) -> dict[str, Any]:
    return {
        name: member
        for name, member in inspect.getmembers_static(type(thing))
        if not name.startswith("_") and (callable(member) or isinstance(member, property | staticmethod | classmethod))
    }


def current_name(part: str) -> str:
    """Return the path of a resource on a client, which may have been reached by an earlier name."""
    path = part.removeprefix("Letta").removeprefix(".")
    return EARLIER_NAMES.get(path, path)


PARTS = list(pairs(AsyncLetta(api_key="k"), Letta(api_key="k")))
METHODS = [
    pytest.param(f"{part}.{name}", method, methods(synchronous).get(name), id=f"{part}.{name}")
    for part, asynchronous, synchronous in PARTS
    for name, method in methods(asynchronous).items()
    if f"{current_name(part)}.{name}" not in EARLIER_NAMES
]


@functools.cache
def hints_of(method: Any) -> dict[str, Any]:
    return typing.get_type_hints(method, localns=LAZY_TYPES)


def waited_for(given: Any) -> Any:
    """Return what the facade returns where the async client returns something of a type."""
    origin, arguments = typing.get_origin(given), typing.get_args(given)
    if origin in (UnionType, typing.Union):
        return typing.Union[tuple(map(waited_for, arguments))]  # noqa: UP007 - the members are known at run time only
    if origin is AsyncPropagation:
        return Propagation[arguments[0]]
    if origin is Coroutine:
        return arguments[2]
    return SYNC[origin][arguments[0]] if origin in SYNC else given


def streams(method: object) -> bool:
    """Return whether a method of the async client can return a stream."""
    return "AsyncStream[" in str(getattr(method, "__annotations__", {}).get("return", ""))


def test_the_walk_reaches_the_parts() -> None:
    names = {name for name, *_ in PARTS}
    assert {"Letta", "Letta.conversations", "Letta.conversations.messages", "Letta.blocks.agents"} <= names
    assert {"Letta.conversations.recompile", "Letta.post", "Letta.close"} <= {str(method.id) for method in METHODS}


@pytest.mark.parametrize(("name", "asynchronous", "synchronous"), PARTS)
def test_both_clients_have_the_same_members(name: str, asynchronous: object, synchronous: object) -> None:
    assert methods(synchronous).keys() == methods(asynchronous).keys()
    assert parts(synchronous) == parts(asynchronous)
    assert type(synchronous).__name__ == type(asynchronous).__name__.removeprefix("Async")


@pytest.mark.parametrize(("name", "asynchronous", "synchronous"), PARTS)
def test_both_clients_make_the_same_parts(name: str, asynchronous: object, synchronous: object) -> None:
    for part in parts(asynchronous):
        kinds = [getattr(type(client), part) for client in (asynchronous, synchronous)]
        assert kinds[1].__name__ == kinds[0].__name__.removeprefix("Async")
        assert [type(getattr(client, part)) for client in (asynchronous, synchronous)] == kinds


@pytest.mark.parametrize(("name", "asynchronous", "synchronous"), METHODS)
def test_every_method_takes_the_same(
    name: str, asynchronous: Callable[..., Any], synchronous: Callable[..., Any]
) -> None:
    if isinstance(asynchronous, property):
        assert synchronous is asynchronous
    else:
        parameters = inspect.signature(asynchronous).parameters
        assert inspect.signature(synchronous).parameters == parameters
        assert list(inspect.signature(synchronous).parameters) == list(parameters)
        hints, own_hints = hints_of(asynchronous), hints_of(synchronous)
        assert {**own_hints, "return": None} == {**hints, "return": None}


@pytest.mark.parametrize(("name", "asynchronous", "synchronous"), METHODS)
def test_every_method_gives_the_same(
    name: str, asynchronous: Callable[..., Any], synchronous: Callable[..., Any]
) -> None:
    if isinstance(asynchronous, property):
        assert synchronous is asynchronous
    else:
        given, own = (hints_of(method)["return"] for method in (asynchronous, synchronous))
        assert own == waited_for(given)


@pytest.mark.parametrize(("name", "asynchronous", "synchronous"), METHODS)
def test_every_method_has_the_same_docstring(name: str, asynchronous: object, synchronous: object) -> None:
    assert synchronous.__doc__
    if name not in OWN_WORDS and not streams(asynchronous):
        words = " ".join((asynchronous.__doc__ or "").split())
        assert " ".join(synchronous.__doc__.split()) == words.replace(LAZY, EAGER).replace(AWAITED, RETURNED)


@pytest.mark.parametrize(("name", "asynchronous", "synchronous"), METHODS)
def test_every_method_is_a_plain_one_and_the_facades_own(
    name: str, asynchronous: Callable[..., Any], synchronous: Callable[..., Any]
) -> None:
    assert not inspect.iscoroutinefunction(synchronous)
    assert not inspect.isasyncgenfunction(synchronous)
    if synchronous is not asynchronous:
        owner, _, own_name = synchronous.__qualname__.partition(".")
        assert own_name == asynchronous.__name__
        assert owner in {asynchronous.__qualname__.partition(".")[0].removeprefix("Async"), *OWNERS}


def test_a_method_that_only_one_client_has_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    client = AsyncLetta(api_key="k")
    monkeypatch.setattr(type(client.conversations), "added", lambda self: None, raising=False)
    parts = {name: (one, other) for name, one, other in pairs(client, Letta(api_key="k"))}
    one, other = parts["Letta.conversations"]
    assert methods(one).keys() - methods(other).keys() == {"added"}


@pytest.mark.parametrize("name", ["has_next_page", "get_next_page", "iter_pages"])
def test_pages_have_the_same_methods(name: str) -> None:
    asynchronous, synchronous = getattr(AsyncPage, name), getattr(Page, name)
    assert inspect.signature(synchronous).parameters == inspect.signature(asynchronous).parameters
    assert synchronous.__doc__ == asynchronous.__doc__


def test_the_constructors_are_the_same() -> None:
    assert inspect.signature(Letta) == inspect.signature(AsyncLetta)


def test_context_managers_correspond() -> None:
    for name in ("enter", "exit"):
        entering = inspect.signature(getattr(Letta, f"__{name}__"))
        assert entering == inspect.signature(getattr(AsyncLetta, f"__a{name}__"))


def test_help_shows_signature_and_docstring() -> None:
    shown = " ".join(pydoc.plain(pydoc.render_doc(Letta(api_key="k").conversations.recompile)).split())
    assert "conversation_id: 'str', *, agent_id: 'str | Unset | None' = UNSET" in shown
    assert "Recompile a conversation's system prompt" in shown
    assert "async def" not in shown
    assert "letta_async.resources.conversations.Conversations" in shown


def test_the_bound_signature_leaves_self_out() -> None:
    signature = inspect.signature(Letta(api_key="k").conversations.recompile)
    assert next(iter(signature.parameters)) == "conversation_id"
    assert signature.return_annotation == "str"
