"""The sync client: the methods of the async one, waited for."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Sized
from contextvars import Context, copy_context
from types import TracebackType
from typing import Any, Concatenate, Final, Generic, ParamSpec, Self, TypeVar, cast, get_args, get_type_hints, overload

from letta_async._feeder import advance
from letta_async._options import ConfiguredClient
from letta_async._portal import Portal
from letta_async._warnings import CALLER, Place
from letta_async.client import AsyncLetta
from letta_async.errors import ClientClosedError, Fault, InvalidArgumentError
from letta_async.resources._paging import AsyncPaginator
from letta_async.resources.agents import AsyncAgents
from letta_async.resources.blocks import AsyncBlockAgents, AsyncBlocks
from letta_async.resources.conversations import AsyncConversationMessages, AsyncConversations

__all__ = ["Agents", "BlockAgents", "Blocks", "ConversationMessages", "Conversations", "Letta", "Paginator"]

P = ParamSpec("P")
R = TypeVar("R")


class _Waiting(Generic[P, R]):
    """How a method made by `waiting` looks to a type checker: the async one's parameters, but no promise as result."""

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[Any, P], R]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[P, R]: ...
    def __get__(self, instance: object, owner: type) -> Any:
        raise NotImplementedError


def waiting(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> _Waiting[P, R]:
    """Make a method that runs an async one on the private loop and waits for it: same parameters, same docstring."""

    @functools.wraps(method)
    def wait(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        core: object = self._core
        portal: Portal = self._portal
        return portal.run(lambda: method(core, *args, **kwargs), _context(Place.here()))

    wait.__module__, wait.__qualname__ = __name__, method.__qualname__.removeprefix("Async")
    return cast("_Waiting[P, R]", wait)


def iterating(method: Callable[Concatenate[Any, P], AsyncGenerator[R, None]]) -> _Waiting[P, Iterator[R]]:
    """Make a method that gives, as an ordinary iterator, what an async one yields on the private loop."""
    begin: Callable[..., AsyncGenerator[R, None]] = method

    @functools.wraps(method)
    def iterate(self: Any, /, *args: Any, **kwargs: Any) -> Iterator[R]:
        given = [_off_the_loop(value) for value in args]
        named = {name: _off_the_loop(value) for name, value in kwargs.items()}
        return _Iteration(begin(self._core, *given, **named), self._portal, Place.here())

    return cast("_Waiting[P, Iterator[R]]", _giving(Iterator, iterate, method))


def paging(method: Callable[Concatenate[Any, P], AsyncPaginator[R]]) -> _Waiting[P, Paginator[R]]:
    """Make a method that gives a list in pages for ordinary iteration, as an async one does on the private loop."""

    @functools.wraps(method)
    def paginate(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Paginator[R]:
        return Paginator(method(self._core, *args, **kwargs), self._portal, Place.here())

    return cast("_Waiting[P, Paginator[R]]", _giving(Paginator, paginate, method))


def _giving(kind: Any, made: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method made of another say that it gives `kind` of the same items."""
    returned = kind[get_args(get_type_hints(method)["return"])[0]]
    made.__annotations__ = method.__annotations__ | {"return": returned}
    made.__dict__["__signature__"] = inspect.signature(method).replace(return_annotation=returned)
    made.__module__, made.__qualname__ = __name__, method.__qualname__.removeprefix("Async")
    return made


def _off_the_loop(argument: object) -> object:
    """Have what is lazy advanced on a thread of its own: it may itself wait for the private loop, as `targets` does."""
    if isinstance(argument, Sized) or not isinstance(argument, Iterable):
        return argument
    return advance(iter(cast("Iterable[object]", argument)))


class _Iteration(Iterator[R]):
    """What an async generator yields, waited for item by item; dropped before its end, its loop ends the generator."""

    def __init__(self, items: AsyncGenerator[R, None], portal: Portal, caller: Place) -> None:
        self._items: AsyncGenerator[R, None] | None = items
        self._portal = portal
        self._caller = caller
        self._pid = os.getpid()

    def __next__(self) -> R:
        if self._pid != os.getpid():
            raise ClientClosedError("an iteration goes on only in the process that began it")
        items = self._items
        if items is None:
            raise StopIteration
        try:
            return self._portal.run(lambda: anext(items), _context(self._caller))
        except StopAsyncIteration:
            self._items = None
            raise StopIteration from None

    def close(self) -> None:
        """End the generator, and with it what it has under way."""
        items, self._items = self._items, None
        if items is not None and self._pid == os.getpid():
            with contextlib.suppress(ClientClosedError):  # the loop is gone, and the generator with it
                self._portal.run(items.aclose)


class Paginator(Generic[R]):
    """A list on the server: going through it fetches it page by page; nothing is fetched before.

    `page()` gives one page, the first one, as a list. Each use asks the server anew.
    """

    def __init__(self, pages: AsyncPaginator[R], portal: Portal, caller: Place) -> None:
        self._pages = pages
        self._portal = portal
        self._caller = caller

    def __iter__(self) -> Iterator[R]:
        return _Iteration(aiter(self._pages), self._portal, self._caller)

    def page(self) -> list[R]:
        """Fetch one page: the first that the parameters ask for.

        Raises:
            APIError: no answer came, or one that is no list of what was asked for.
            ClientClosedError: the client is closed.

        """
        return self._portal.run(self._pages.page, _context(self._caller))

    def __repr__(self) -> str:
        return repr(self._pages).replace("Async", "", 1)


def _context(caller: Place) -> Context:
    """Copy the caller's context for a call, with the line that it comes from."""
    context = copy_context()
    context.run(CALLER.set, caller)
    return context


class _SyncResource:
    """A part of the API, as an attribute of the sync client."""

    def __init__(self, core: object, portal: Portal) -> None:
        self._core = core
        self._portal = portal


class ConversationMessages(_SyncResource):
    """The messages of a conversation: `/v1/conversations/{conversation_id}/messages`."""

    list: Final = paging(AsyncConversationMessages.list)
    compact: Final = waiting(AsyncConversationMessages.compact)


class Conversations(_SyncResource):
    """The calls under `/v1/conversations`."""

    messages: ConversationMessages
    """The messages of a conversation."""

    create: Final = waiting(AsyncConversations.create)
    list: Final = paging(AsyncConversations.list)
    retrieve: Final = waiting(AsyncConversations.retrieve)
    update: Final = waiting(AsyncConversations.update)
    delete: Final = waiting(AsyncConversations.delete)
    fork: Final = waiting(AsyncConversations.fork)
    cancel: Final = waiting(AsyncConversations.cancel)
    compact: Final = waiting(AsyncConversations.compact)
    recompile: Final = waiting(AsyncConversations.recompile)
    recompile_many: Final = iterating(AsyncConversations.recompile_many)
    staleness: Final = waiting(AsyncConversations.staleness)
    targets: Final = iterating(AsyncConversations.targets)

    def __init__(self, core: AsyncConversations, portal: Portal) -> None:
        super().__init__(core, portal)
        self.messages = ConversationMessages(core.messages, portal)


class Agents(_SyncResource):
    """The calls under `/v1/agents`, as far as keeping prompts up to date needs them."""

    create: Final = waiting(AsyncAgents.create)
    list: Final = paging(AsyncAgents.list)
    retrieve: Final = waiting(AsyncAgents.retrieve)
    update: Final = waiting(AsyncAgents.update)
    delete: Final = waiting(AsyncAgents.delete)
    recompile: Final = waiting(AsyncAgents.recompile)


class BlockAgents(_SyncResource):
    """The agents that have a block: `/v1/blocks/{block_id}/agents`."""

    list: Final = paging(AsyncBlockAgents.list)


class Blocks(_SyncResource):
    """The calls under `/v1/blocks`."""

    agents: BlockAgents
    """The agents that have a block."""

    create: Final = waiting(AsyncBlocks.create)
    list: Final = paging(AsyncBlocks.list)
    retrieve: Final = waiting(AsyncBlocks.retrieve)
    update: Final = waiting(AsyncBlocks.update)
    delete: Final = waiting(AsyncBlocks.delete)

    def __init__(self, core: AsyncBlocks, portal: Portal) -> None:
        super().__init__(core, portal)
        self.agents = BlockAgents(core.agents, portal)


class Letta(ConfiguredClient):
    """A client of a Letta server, for code without asyncio.

    It runs `AsyncLetta` on a private event loop, on a thread of its own. Use it as a context manager, or call `close()`
    at the end; left open, it is closed when it is collected or the interpreter exits. One client serves any number of
    threads, works inside a running event loop (which it blocks meanwhile), and may be used again in a forked child.
    """

    conversations: Conversations
    """Threads of messages, and the recompiling of their system prompts."""
    agents: Agents
    """Agents, whose memory these are compiled from."""
    blocks: Blocks
    """Pieces of memory, which agents may share."""

    _asks_on_thread = True

    def _attach(self) -> None:
        if self._transport.wiring.session is not None:
            raise InvalidArgumentError(
                [Fault("session", "belongs to an event loop of yours, but Letta runs its own; use AsyncLetta")]
            )
        self._core = core = AsyncLetta._around(self._config, self._transport)  # pyright: ignore[reportPrivateUsage] - of its own core
        if self._parent is None:
            self._portal = Portal(self._transport.close)
        self.conversations = Conversations(core.conversations, self._portal)
        self.agents = Agents(core.agents, self._portal)
        self.blocks = Blocks(core.blocks, self._portal)

    get: Final = waiting(AsyncLetta.get)
    post: Final = waiting(AsyncLetta.post)
    put: Final = waiting(AsyncLetta.put)
    patch: Final = waiting(AsyncLetta.patch)
    delete: Final = waiting(AsyncLetta.delete)

    def close(self) -> None:
        """Close the client: calls under way end with `ClientClosedError`, connections are closed, the thread ends.

        Closing a copy made by `with_options` closes nothing but the copy.
        """
        self._closed = self._core._closed = True  # pyright: ignore[reportPrivateUsage] - of its own core
        if self._parent is None:
            self._transport.closed = True  # copies too, also where no loop was ever started to do this
            self._portal.close()

    def __enter__(self) -> Self:
        if self.is_closed:
            raise ClientClosedError("the client is closed; make a new one")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
