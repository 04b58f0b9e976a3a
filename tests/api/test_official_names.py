"""Every name of the official client's types is one here, in the same module."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any, Final

import pytest

import letta_async
from letta_async import types
from letta_async.types import _lazy_imports
from tools.api.exports import type_homes
from tools.api.official import PACKAGES, homes_of, missing_names, official_names


def test_no_name_is_missing() -> None:
    assert list(missing_names(type_homes())) == []


NAMES: Final = [
    (".".join(filter(None, ("types", module))), name) for module, names in official_names().items() for name in names
]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_where_the_official_client_has_it(module: str, name: str) -> None:
    found = getattr(import_module(f"letta_async.{module}"), name)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    assert getattr(import_module(f"letta_async.{module}.{words}"), name) is found
    if name.endswith("Params"):
        assert found(name="Ada") == {"name": "Ada"}
    elif name.endswith("Param") and name.removesuffix("Param") in dir(import_module(f"letta_async.{module}")):
        assert found is getattr(import_module(f"letta_async.{module}"), name.removesuffix("Param"))


def test_the_list_is_that_of_the_official_client() -> None:
    assert len(NAMES) == 265


def test_all_types_are_in_the_package() -> None:
    for name, home in type_homes().items():
        if homes_of("", type_homes())[name] == home:
            assert getattr(types, name) is getattr(letta_async, name)
    assert set(types.__all__) <= set(dir(types))
    for name in types.__all__:
        assert getattr(types, name) is not None
    for package in PACKAGES:
        module = import_module(f"letta_async.types.{package}")
        assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize(
    ("module", "name", "same"),
    [
        ("agent_state", "Memory", "Memory"),
        ("agent_state", "Source", "Folder"),
        ("agents.message_stream_params", "ClientTool", "ClientTool"),
        ("agents.image_content_param", "SourceBase64Image", "Base64Image"),
        ("agents.letta_response", "Usage", "LettaUsageStatistics"),
        ("letta_message_union", "LettaMessageUnion", "Message"),
        ("message_create", "MessageCreate", "MessageCreate"),
        ("create_block", "CreateBlock", "NewBlock"),
        ("identity_property_param", "IdentityPropertyParam", "IdentityProperty"),
        ("agents.letta_user_message_content_union_param", "LettaUserMessageContentUnionParam", "ContentPart"),
    ],
)
def test_a_module_of_one_name_has_the_names_beside_it(module: str, name: str, same: str) -> None:
    assert getattr(import_module(f"letta_async.types.{module}"), name) is getattr(letta_async, same)


def test_parameters_of_a_resource_that_the_official_client_lost_are_dictionaries() -> None:
    assert types.GroupCreateParams(description="Poets") == {"description": "Poets"}
    assert types.SleeptimeManagerParam(sleeptime_agent_frequency=5) == {"sleeptime_agent_frequency": 5}


@pytest.mark.parametrize("module", ["nonsense", "agents.nonsense", "agents.tool_call.deeper"])
def test_no_other_module_is_there(module: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=module.rpartition(".")[2]):
        import_module(f"letta_async.types.{module}")


@pytest.mark.parametrize("module", ["letta_async.types", "letta_async.types.agents", "letta_async.types.agent_state"])
def test_a_name_that_does_not_exist_is_an_error_that_names_it(module: str) -> None:
    found: Any = import_module(module)
    with pytest.raises(AttributeError, match="'Nonsense'"):
        _ = found.Nonsense


def test_the_finder_is_installed_once_and_last() -> None:
    _lazy_imports.install_finder()
    ours = [finder for finder in sys.meta_path if type(finder).__module__ == "letta_async.types._lazy_imports"]
    assert len(ours) == 1
