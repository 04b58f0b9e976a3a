"""Classes that become tools of the server: `run` as a function, without `self`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from letta_async import BaseTool, InvalidArgumentError, PipRequirement
from letta_async.function_tools.server_tools import parameters_of_class
from tests.test_tool_sources import Entry, Item

FACTOR = 3


class Greeter(BaseTool):
    name: str = "greet"
    tags: list[str] = ["polite"]  # noqa: RUF012 - as programs write it
    pip_requirements = [PipRequirement(name="six")]  # noqa: RUF012 - as above
    default_requires_approval = True

    def run(self, who: str, *, loud: bool = False) -> str:
        """Greet somebody.

        Args:
            who: Whom.
            loud: How.
        """
        return f"Hi {who}{'!' if loud else ''}"


class Spread(BaseTool):
    name: str = "spread"
    description: str = "Spread."
    args_schema: type[BaseModel] = Entry

    def run(
        self,  # the object
        item: Item,
        count: int = 1,
        kind: str = "in",
    ) -> str:
        return f"{item}{count}{kind}"


class Alone(BaseTool):
    name: str = "alone"

    async def run(self) -> str:
        """Be alone."""
        return "I"


class Static(BaseTool):
    name: str = "static"

    @staticmethod
    def run(a: int) -> int:
        """Be static."""
        return a


class Selfish(BaseTool):
    name: str = "selfish"

    def run(self, a: int) -> str:
        """Use it."""
        return f"{self.name} {a}"


class Nameless(BaseTool):
    def run(self) -> None:
        """Run."""


class FactorTool(BaseTool):
    name: str = "factor"

    def run(self) -> int:
        """Run."""
        return FACTOR


def test_a_class_is_sent_as_a_function() -> None:
    sent = parameters_of_class(Greeter)
    code = f"{sent['source_code']}"
    assert code.startswith("def greet(who: str, *, loud: bool = False) -> str:\n")
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    assert namespace["greet"]("Ada", loud=True) == "Hi Ada!"
    assert sent["tags"] == ["polite"]
    assert sent["pip_requirements"] in ([PipRequirement(name="six")], [{"name": "six", "version": None}])
    assert sent["default_requires_approval"] is True
    schema: Any = sent["json_schema"]
    assert (schema["name"], schema["parameters"]["required"]) == ("greet", ["who"])
    other = parameters_of_class(Greeter(name="hail", description="Hail."))
    assert f"{other['source_code']}".startswith("def hail(who: str,")
    assert other["description"] == "Hail."


@pytest.mark.parametrize(
    ("tool", "head"),
    [
        (Spread, "def spread( # the object item: Item, count: int = 1, kind: str"),
        (Alone, "async def alone() -> str:"),
        (Static, "def static(a: int) -> int:"),
    ],
)
def test_self_is_left_out(tool: type[BaseTool], head: str) -> None:
    code = f"{parameters_of_class(tool)['source_code']}"
    assert " ".join(code.split()).startswith(head)
    compile(code, "<tool>", "exec")


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        (Selfish, "tool.run: uses self"),
        (Nameless, "tool.name: is required"),
        (FactorTool, "uses 'FACTOR'"),
        (BaseTool(name="bare"), "defines no method run"),
        (object(), "defines no method run"),
    ],
)
def test_a_class_that_cannot_be_a_tool_is_refused(tool: object, said: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        parameters_of_class(tool)
    assert said in str(caught.value)


def test_a_tool_of_pydantic_is_one_too() -> None:
    class Requirement(BaseModel):
        name: str
        version: str | None = None

    class Model(BaseModel):
        name: str = "modelled"
        description: str | None = None
        tags: list[str] | None = None
        args_schema: type[BaseModel] | None = None
        pip_requirements: list[Requirement] | None = None
        return_char_limit: int | None = None

        def run(self, text: str) -> str:
            """Echo a text."""
            return text

    sent = parameters_of_class(Model(pip_requirements=[Requirement(name="six")], return_char_limit=9))
    assert f"{sent['source_code']}".startswith("def modelled(text: str) -> str:")
    assert sent["pip_requirements"] == [{"name": "six", "version": None}]
    assert sent["return_char_limit"] == 9
    assert sent.keys() == {"source_code", "source_type", "json_schema", "pip_requirements", "return_char_limit"}
    assert parameters_of_class(Model).keys() == {"source_code", "source_type", "json_schema"}


def test_an_id_is_not_sent() -> None:
    assert parameters_of_class(Greeter(id="tool-placeholder")) == parameters_of_class(Greeter())


def test_a_field_that_no_tool_has_is_refused() -> None:
    with pytest.raises(TypeError, match="has no field 'nmae'"):
        Greeter(nmae="x")
