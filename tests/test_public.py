"""The public face: what is exported, and that importing it brings nothing that is not needed."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import letta_async
from letta_async._schema.wire_object import WireObject


def test_the_list_of_names_is_sorted_and_complete() -> None:
    assert letta_async.__all__ == sorted(letta_async.__all__, key=lambda n: (n.upper() != n or n.startswith("_"), n))
    assert sorted(imported()) == sorted(letta_async.__all__)


def imported() -> dict[str, str]:
    """Return the names that the package imports for type checkers, and the module of each."""
    source = inspect.getsource(letta_async)
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return {
        alias.name: node.module
        for node in imports
        for alias in node.names
        if node.module is not None and node.module.startswith("letta_async.")
    }


@pytest.mark.parametrize("name", letta_async.__all__)
def test_a_name_is_what_type_checkers_take_it_for(name: str) -> None:
    assert getattr(letta_async, name) is getattr(import_module(imported()[name]), name)


def test_what_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'AsyncLeta'"):
        letta_async.AsyncLeta  # type: ignore[attr-defined]  # noqa: B018
    assert {"AsyncLetta", "__version__"} < set(dir(letta_async))
    assert letta_async.errors.LettaError is letta_async.LettaError


def test_every_name_that_was_asked_for_is_there() -> None:
    providers = (
        "OpenAI SgLang Anthropic GoogleAI GoogleVertex Azure Xai Moonshot Zai MoonshotCoding Groq Deepseek Together "
        "Bedrock Baseten OpenRouter ChatGptOauth"
    )
    names = {f"{provider}ModelSettings" for provider in providers.split()}
    assert len(names) == 17
    assert names < set(letta_async.__all__)


def test_every_object_of_the_api_is_public() -> None:
    made: set[str] = set()
    pending: list[type[WireObject]] = [WireObject]
    while pending:
        below = pending.pop().__subclasses__()
        pending += below
        made |= {cls.__name__ for cls in below if cls.__module__.startswith("letta_async.models")}
    assert {name for name in made if not name.startswith("_")} <= set(letta_async.__all__)


def test_everything_public_is_described() -> None:
    for name in letta_async.__all__:
        value = getattr(letta_async, name)
        if inspect.isclass(value):
            assert value.__doc__, name
            for attribute, member in vars(value).items():
                if not attribute.startswith("_") and callable(member):
                    assert inspect.getdoc(member), f"{name}.{attribute}"


def test_the_modules_with_names_are_attributes_without_an_import_of_their_own() -> None:
    script = "import letta_async; print(letta_async.errors.__name__, letta_async.client.__name__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["letta_async.errors", "letta_async.client"]


@pytest.mark.parametrize(
    ("script", "absent"),
    [
        ("import letta_async", ("aiohttp", "attr", "letta_async.client")),
        ("from letta_async import CompactionSettings", ("aiohttp", "letta_async.client")),
        (
            "import letta_async.resources.conversations",
            ("letta_async.types.model_settings", "letta_async._http.form", "letta_async.batch"),
        ),
        ("from letta_async import AsyncLetta", ("letta_async.sync", "letta_async.cli", "letta_async.testing", "rich")),
        (
            "from letta_async import Letta",
            ("letta_async.cli", "letta_async.testing", "rich", "uvloop", "pytest", "dask"),
        ),
    ],
)
def test_nothing_is_imported_that_is_not_needed(script: str, absent: tuple[str, ...]) -> None:
    script += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "letta_async" in loaded
    assert not [name for name in loaded for no in absent if name == no or name.startswith(f"{no}.")]
