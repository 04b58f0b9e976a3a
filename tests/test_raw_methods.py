"""Which methods return responses as they were received: every one that is a request, on both clients, in both modes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest

import letta_async.resources
from letta_async import AsyncLetta, Letta
from letta_async.operations._tree import COMPOSED, EARLIER_NAMES, RESOURCES, TREE

VERBS = ("get", "post", "put", "patch", "delete")
FORMS = ("with_raw_response", "with_streaming_response")
CLIENTS = [AsyncLetta(api_key="k"), Letta(api_key="k")]
BY_HAND = ("runs.wait", "conversations.recompile_many", "folders.files.upload_many", "close", "with_options")


def reach(thing: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        thing = getattr(thing, name)
    return thing


def is_property(path: str) -> bool:
    """Return whether an attribute looks up a method that has another name now."""
    parent, _, name = path.rpartition(".")
    return isinstance(inspect.getattr_static(reach(CLIENTS[0], parent), name), property)


EARLIER = [old for old in EARLIER_NAMES if not is_property(old)]
PATHS = [*TREE, *VERBS, *(old for old in EARLIER if EARLIER_NAMES[old] in TREE)]


def expected(path: str) -> set[str]:
    """Return the names that there are below a resource, `""` for a client."""
    names = [*PATHS, *RESOURCES, *EARLIER]
    return {name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == path}


@pytest.fixture(params=CLIENTS, ids=["async", "sync"])
def client(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("form", FORMS)
def test_every_call_has_its_raw_form_with_the_same_parameters(client: Any, form: str) -> None:
    for path in PATHS:
        parent, _, name = path.rpartition(".")
        method = reach(client, path)
        below_the_resource = getattr(getattr(reach(client, parent), form), name)
        below_the_client = reach(getattr(client, form), path)
        for raw in (below_the_resource, below_the_client):
            assert inspect.signature(raw) == inspect.signature(method), path
            assert (raw.__name__, raw.__doc__) == (method.__name__, method.__doc__)


def test_there_is_nothing_else(client: Any) -> None:
    for path in ["", *RESOURCES]:
        assert set(dir(reach(client, path).with_raw_response)) == expected(path)
    for path in [*COMPOSED, *BY_HAND]:
        parent, _, name = path.rpartition(".")
        raw = reach(client, parent).with_raw_response
        assert not hasattr(raw, name)
        assert hasattr(reach(client, parent), name)
        with pytest.raises(AttributeError, match=rf"\.{name} is not one request, so .* there are those of .*"):
            getattr(raw, name)
    with pytest.raises(AttributeError, match="has no retreive, so .* retrieve"):
        client.agents.with_raw_response.retreive  # noqa: B018 - it is the access that fails
    assert "with responses as they were received" in repr(client.agents.with_raw_response)


def classes() -> Iterator[tuple[str, set[str]]]:
    """Yield each class of the types, with the names in it."""
    path = Path(letta_async.resources.__file__).parent / "_raw_types.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            targets = [
                target
                for each in node.body
                for target in (each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)])
            ]
            assigned = {target.id for target in targets if isinstance(target, ast.Name)}
            yield node.name, assigned | {each.name for each in node.body if isinstance(each, ast.FunctionDef)}


def test_the_types_have_the_same_names(client: Any) -> None:
    typed = dict(classes())
    assert len(typed) == 2 * (1 + len(RESOURCES))
    for path in ["", *RESOURCES]:
        owner = type(reach(client, path))
        cls = next(base for base in owner.__mro__ if "with_raw_response" in base.__annotations__)
        assert {cls.__annotations__[form] for form in FORMS} == {f"{cls.__name__}WithRawResponse"}
        assert typed[f"{cls.__name__}WithRawResponse"] == expected(path)


def test_a_subclass_keeps_the_raw_forms() -> None:
    class Own(AsyncLetta):
        async def health(self, **options: Any) -> Any:
            return await super().health(**options)

    assert hasattr(Own(api_key="k").with_raw_response, "health")


def test_a_stand_in_has_the_raw_methods() -> None:
    stand_in = create_autospec(AsyncLetta, instance=True)
    stand_in.agents.with_raw_response.retrieve.return_value = "response"
    with pytest.raises(TypeError):
        stand_in.agents.with_raw_response.retrieve(wrong=1)
