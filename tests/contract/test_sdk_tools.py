"""Contract tests of the client for tools: what is stored, listed, changed and attached."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import (
    APIStatusError,
    AsyncLetta,
    BadRequestError,
    InvalidArgumentError,
    NotFoundError,
    NpmRequirement,
    PipRequirement,
    Tool,
)
from letta_async.testing import _facts
from tests.contract.conftest import REAL
from tests.contract.wire import Http

Create = Callable[..., Awaitable[Tool]]

SOURCE = '''
def {name}(text: str, times: int = 2, loud: bool = False, tags: list[str] = []) -> str:
    """Repeat a text.

    It is joined by spaces.

    Args:
        text: The text
            to repeat.
        times (int): How often.
        loud: In capitals.
        tags: Tags.

    Returns:
        What was joined.
    """
    return text
'''
UNKNOWN = "tool-00000000-0000-4000-8000-000000000000"


def named(name: str = "") -> str:
    """Return a name that no other test has."""
    return f"t_{name}_{uuid.uuid4().hex[:12]}"


def source(name: str, *parameters: str, doc: str = "Do it.", args: str = "") -> str:
    """Return the source of a function with these parameters."""
    section = f"\n\n    Args:\n        {args}\n    " if args else ""
    return f'def {name}({", ".join(parameters)}):\n    """{doc}{section}"""\n'


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create tools with the client; they are deleted after the test."""
    made: list[Tool] = []

    async def create(source_code: str = "", **parameters: Any) -> Tool:
        made.append(await sdk.tools.create(source_code=source_code or SOURCE.format(name=named()), **parameters))
        return made[-1]

    yield create
    for tool in made:
        await http.delete(f"/v1/tools/{tool.id}")


# --- creating ---------------------------------------------------------------------------------------------------------


async def test_a_tool_has_the_schema_of_its_source(sdk: AsyncLetta, create: Create) -> None:
    name = named()
    code = SOURCE.format(name=name)
    tool = await create(code)
    assert type(tool) is Tool
    assert (tool.name, tool.tool_type, tool.source_code) == (name, "custom", code)
    assert tool.description == "Repeat a text.\n\nIt is joined by spaces."
    schema = tool.json_schema or {}
    assert (schema["name"], schema["description"]) == (name, tool.description)
    parameters = schema["parameters"]
    assert parameters["required"] == ["text"]
    assert [(each, parameters["properties"][each]["type"]) for each in parameters["properties"]] == [
        ("text", "string"),
        ("times", "integer"),
        ("loud", "boolean"),
        ("tags", "array"),
    ]
    assert parameters["properties"]["times"]["description"] == "How often."
    assert parameters["properties"]["tags"]["items"] == {"type": "string"}
    assert (tool.tags, tool.return_char_limit, tool.source_type) == ([], 50_000, "json")
    assert (tool.args_json_schema, tool.enable_parallel_execution, tool.default_requires_approval) == ({}, False, None)
    shown = await sdk.tools.retrieve(tool.id)
    assert (shown.json_schema, shown.metadata) == (schema, tool.metadata)


async def test_a_tool_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    schema = {"name": named(), "description": "D", "parameters": {"type": "object", "properties": {}}}
    tool = await create(
        source(schema["name"], "undescribed"),
        description="Described",
        tags=["a", "b"],
        source_type="python",
        json_schema=schema,
        args_json_schema={"type": "object", "properties": {}},
        return_char_limit=7,
        pip_requirements=[PipRequirement(name="six", version="1.16.0"), {"name": "attrs"}],
        npm_requirements=[NpmRequirement(name="left-pad")],
        default_requires_approval=True,
        enable_parallel_execution=True,
    )
    shown = await sdk.tools.retrieve(tool.id)
    for each in (tool, shown):
        assert (each.name, each.description, each.json_schema) == (schema["name"], "Described", schema)
        assert (each.tags, each.source_type, each.return_char_limit) == (["a", "b"], "python", 7)
        assert each.args_json_schema == {"type": "object", "properties": {}}
        assert each.pip_requirements == [PipRequirement(name="six", version="1.16.0"), PipRequirement(name="attrs")]
        assert each.npm_requirements == [NpmRequirement(name="left-pad")]
        assert (each.default_requires_approval, each.enable_parallel_execution) == (True, True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1", "No functions found"),
        ("async def f():\n    '''D.'''", "No functions found"),
        ("def f(:", "Failed to parse source code"),
        ("def f():\n    return 1", "Function f missing docstring"),
        (source("f", "a", args="a: A"), "Parameter 'a' in function 'f' lacks a type annotation"),
        (source("f", "a: str"), "Parameter 'a' in function 'f' lacks a description in the docstring"),
        (source("f", "a: datetime", args="a: A"), "has no corresponding JSON schema type"),
        (source("f", "a: dict[str, int]", args="a: A"), "nested type arguments are not supported"),
        (source("f", "a: int | None", args="a: A"), "has no corresponding JSON schema type"),
    ],
)
async def test_a_source_without_a_schema_is_refused(sdk: AsyncLetta, code: str, said: str) -> None:
    with pytest.raises(BadRequestError, match="Failed to derive json schema") as caught:
        await sdk.tools.create(source_code=code)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("str", {"type": "string"}),
        ("float", {"type": "number"}),
        ("dict", {"type": "object"}),
        ("list", {"type": "array", "items": {"type": "string"}}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("Optional[int]", {"type": "integer"}),
    ],
)
async def test_annotations_become_types(create: Create, annotation: str, schema: dict[str, Any]) -> None:
    tool = await create(source(named(), f"a: {annotation}", args="a: A"))
    assert (tool.json_schema or {})["parameters"]["properties"]["a"] == {**schema, "description": "A"}


async def test_the_schema_can_come_from_that_of_the_arguments(create: Create) -> None:
    name = named()
    arguments = {
        "type": "object",
        "title": "Arguments",
        "properties": {"a": {"type": "string", "description": "Q"}, "n": {"type": "integer"}},
        "required": ["a"],
    }
    tool = await create(f"def {name}(a: str, n: int = 1):\n    return a\n", args_json_schema=arguments)
    assert tool.json_schema == {
        "name": name,
        "description": f"The {name} tool",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "string", "description": "Q"}, "n": {"type": "integer", "description": ""}},
            "required": ["a"],
        },
    }
    assert tool.args_json_schema == arguments


async def test_invalid_arguments_are_not_sent(sdk: AsyncLetta) -> None:
    for problem, parameters in {
        "return_char_limit": {"return_char_limit": 0},
        "json_schema": {"source_type": "typescript"},
        "json_schema.name": {"json_schema": {"description": "D"}},
        "pip_requirements[0].name": {"pip_requirements": [{"version": "1"}]},
    }.items():
        with pytest.raises(InvalidArgumentError) as caught:
            await sdk.tools.create(source_code="x", **parameters)
        assert [each.path for each in caught.value.faults] == [problem]


# --- changing ---------------------------------------------------------------------------------------------------------


async def test_an_upsert_replaces_the_tool_of_the_same_name(sdk: AsyncLetta, create: Create) -> None:
    name = named()
    first = await create(source(name), tags=["a"], default_requires_approval=True, pip_requirements=[{"name": "six"}])
    for method in (sdk.tools.upsert, sdk.tools.create):
        second = await method(source_code=source(name, "n: int", args="n: N"), description="New")
        assert (second.id, second.name, second.description) == (first.id, name, "New")
        assert (second.json_schema or {})["parameters"]["required"] == ["n"]
        assert (second.default_requires_approval, second.pip_requirements) == (None, None)
        assert second.tags == ["a"]
    assert (await sdk.tools.upsert(source_code=source(name), tags=[])).tags == ["a"]
    assert (await sdk.tools.upsert(source_code=source(name), tags=["b"])).tags == ["b"]


async def test_an_update_changes_what_it_names(sdk: AsyncLetta, create: Create) -> None:
    name = named()
    tool = await create(source(name), tags=["a"])
    changed = await sdk.tools.update(
        tool.id,
        description="New",
        tags=[],
        return_char_limit=5,
        default_requires_approval=True,
        pip_requirements=[PipRequirement(name="six")],
        metadata={"k": [1]},
    )
    assert (changed.id, changed.name, changed.description, changed.tags) == (tool.id, name, "New", [])
    assert (changed.return_char_limit, changed.default_requires_approval) == (5, True)
    assert changed.metadata == {"k": [1]}
    assert changed.json_schema == tool.json_schema
    assert (await sdk.tools.update(tool.id, description=None)).description == "New"


async def test_new_source_keeps_the_schema_and_the_name(sdk: AsyncLetta, create: Create) -> None:
    name = named()
    tool = await create(source(name))
    code = source(name, "n: int", args="n: N")
    changed = await sdk.tools.update(tool.id, source_code=code)
    assert (changed.source_code, changed.json_schema) == (code, tool.json_schema)
    with pytest.raises(BadRequestError, match="does not match the name"):
        await sdk.tools.update(tool.id, source_code=source("another"))
    other = named("renamed")
    schema = {"name": other, "description": "D", "parameters": {"type": "object", "properties": {}, "required": []}}
    renamed = await sdk.tools.update(tool.id, source_code=source(other), json_schema=schema)
    assert (renamed.id, renamed.name, renamed.json_schema) == (tool.id, other, schema)
    with pytest.raises(BadRequestError, match="already exists"):
        await sdk.tools.update(tool.id, json_schema={**schema, "name": "send_message"})


async def test_a_deleted_tool_is_gone(sdk: AsyncLetta, create: Create) -> None:
    tool = await create()
    assert await sdk.tools.delete(tool.id) is None  # type: ignore[func-returns-value]
    for call in (sdk.tools.retrieve, sdk.tools.update):
        with pytest.raises(NotFoundError):
            await call(tool.id)
    with pytest.raises(BadRequestError, match="not found"):
        await sdk.tools.delete(tool.id)


# --- listing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, create: Create, limit: int) -> None:
    prefix = named()
    ids = [(await create(source(f"{prefix}_{n}"))).id for n in range(3)]

    async def found(**parameters: Any) -> list[str]:
        return [tool.id async for tool in sdk.tools.list(limit=limit, search=prefix, **parameters)]

    assert await found() == ids[::-1]
    assert await found(order="asc") == ids
    assert await found(order="asc", after=ids[0]) == ids[1:]
    assert await found(before=ids[0]) == ids[:0:-1]


async def test_tools_are_filtered(sdk: AsyncLetta, create: Create) -> None:
    one, two = await create(source(named("One"))), await create(source(named("Two")))

    async def found(**parameters: Any) -> set[str | None]:
        return {tool.name async for tool in sdk.tools.list(**parameters)}

    assert one.name is not None
    assert two.name is not None
    assert await found(name=one.name) == {one.name}
    assert await found(names=[one.name, two.name, "nobody"]) == {one.name, two.name}
    assert await found(tool_ids=[two.id]) == {two.name}
    assert await found(search=one.name.upper()) == {one.name}
    assert await found(names=[one.name, "memory"], tool_types=["custom"]) == {one.name}
    assert await found(names=[one.name, "memory"], exclude_tool_types=["custom", "external_mcp"]) == {"memory"}
    assert await found(names=[one.name, "memory"], return_only_letta_tools=True) == {"memory"}
    assert await found(name="nobody") == set()
    assert await sdk.tools.count(names=[one.name, "memory"]) == 2
    assert await sdk.tools.count(names=[one.name, "memory"], exclude_letta_tools=True) == 1
    assert await sdk.tools.count(search=one.name, tool_types=["letta_core"]) == 0


async def test_the_servers_own_tools_are_there(sdk: AsyncLetta) -> None:
    tools = await sdk.tools.upsert_base_tools()
    assert {tool.name: tool.tool_type for tool in tools} == dict(_facts.BASE_TOOLS)
    listed = [tool async for tool in sdk.tools.list(return_only_letta_tools=True)]
    assert {tool.id for tool in listed} == {tool.id for tool in tools}
    for tool in listed:
        schema = tool.json_schema or {}
        assert (schema["name"], schema["parameters"]["type"]) == (tool.name, "object")
        assert tool.source_code is None
        assert tool.tags == [tool.tool_type]


async def test_a_search_needs_an_index(sdk: AsyncLetta) -> None:
    with pytest.raises(BadRequestError, match="requires tool embedding"):
        await sdk.tools.search(query="x", search_mode="fts", tool_types=["custom"], tags=["a"], limit=3)


async def test_source_code_runs_without_being_stored(sdk: AsyncLetta) -> None:
    name = named()
    code = f"def {name}(a: str):\n    import os\n    print('ran')\n    return a + os.environ['WORD']\n"
    schema: dict[str, Any] = {
        "name": name,
        "description": "D",
        "parameters": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    }
    arguments: dict[str, Any] = {"source_code": code, "args": {"a": "x"}, "env_vars": {"WORD": "w"}}
    with pytest.raises(InvalidArgumentError, match="requires json_schema"):
        await sdk.tools.run_tool_from_source(**arguments, name=name)
    if not REAL:
        with pytest.raises(APIStatusError, match=r"script\("):
            await sdk.tools.run_tool_from_source(**arguments, json_schema=schema)
        return
    result = await sdk.tools.run_tool_from_source(**arguments, name=name, json_schema=schema)
    assert (result.status, result.tool_return, result.stdout) == ("success", "xw", ["ran\n"])
    assert await sdk.tools.count(name=name) == 0
