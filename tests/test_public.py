"""The public face: what is exported, and that importing it brings nothing that is not needed."""

from __future__ import annotations

import inspect
import subprocess
import sys

import letta_async
from letta_async.models._fields import WireObject


def test_the_list_of_names_is_sorted_and_complete() -> None:
    assert letta_async.__all__ == sorted(letta_async.__all__, key=lambda n: (n.upper() != n or n.startswith("_"), n))
    public = {
        name for name, value in vars(letta_async).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public | {"__version__"} == set(letta_async.__all__)


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


def test_importing_the_package_leaves_the_testing_server_out() -> None:
    script = "import letta_async, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "letta_async.sync" in loaded
    assert not [name for name in loaded if name.startswith(("letta_async.testing", "rich", "uvloop"))]
