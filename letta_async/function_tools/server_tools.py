"""Tools that run on a server, described by Python functions and classes of this program."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from letta_async._schema.json_values import guess, is_array, is_object, show
from letta_async._schema.unset import UNSET
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.function_tools.docstrings import parse_docstring
from letta_async.function_tools.function_descriptions import describe_function
from letta_async.function_tools.source_code import function_source, method_source
from letta_async.function_tools.user_code_errors import examining

__all__ = ["parameters_of_class", "parameters_of_function"]

_INJECTED: Final = ("agent_id", "agent_state")
"""Parameters that the server fills itself, so that a model knows nothing of them."""
_MAX_NAME: Final = 48
"""Maximum length of a name; longer ones cannot be updated. Source: `MAX_TOOL_NAME_LENGTH` of Letta 0.16.8."""
_TYPES: Final = frozenset({"array", "boolean", "integer", "number", "object", "string"})
"""Types of parameters. Source: `convert_param_to_str_value` of Letta 0.16.8, which fails with others."""
_FIELDS: Final = (
    "tags",
    "return_char_limit",
    "pip_requirements",
    "npm_requirements",
    "default_requires_approval",
    "enable_parallel_execution",
)
"""Attributes of a class of tools that are sent as they are."""


@examining("func")
def parameters_of_function(
    function: object,
    *,
    name: object,
    args_schema: object,
    description: object,
    json_schema: object,
    source_type: object,
) -> dict[str, object]:
    """Return the parameters of `tools.upsert` that follow from a function; those that are `UNSET` or `None` are unset.

    Args:
        function: The function.
        name: Name of the tool.
        args_schema: Class with a JSON schema of the arguments.
        description: Description for the model.
        json_schema: JSON schema of the function, instead of the one made here.
        source_type: Language; only `python` is possible.

    Raises:
        InvalidArgumentError: The function cannot be a tool.

    """
    arguments, wanted = _arguments_schema(args_schema), _text("name", name)
    own = function_source(function, name=wanted, known=_known(arguments))
    called = wanted or f"{getattr(function, '__name__', '')}"
    return _parameters(function, own, called, arguments, description, json_schema, source_type, place="func")


@examining("tool")
def parameters_of_class(tool: object) -> dict[str, object]:
    """Return the parameters of `tools.upsert` that follow from a class of tools, or from an instance.

    Raises:
        InvalidArgumentError: It cannot be a tool.

    """
    made: Any = tool() if isinstance(tool, type) else tool
    run: Any = getattr(made.__class__, "run", None)
    if run is None:
        raise InvalidArgumentError([ArgumentProblem("tool", f"{show(tool)} defines no method run")])
    name = _text("tool.name", getattr(made, "name", None))
    if not name:
        raise InvalidArgumentError([ArgumentProblem("tool.name", "is required")])
    given: dict[str, Any] = {}
    for each in ("args_schema", "description", "json_schema", "source_type"):
        with examining(f"tool.{each}"):
            given[each] = getattr(made, each, None)
    arguments = _arguments_schema(given.pop("args_schema"))
    own = method_source(run, name=name, known=_known(arguments))
    function = getattr(made, "run")  # noqa: B009 - bound, so that its signature has no self
    parameters = _parameters(function, own, name, arguments, **given, place="tool.run")
    for each in _FIELDS:
        value: Any = getattr(made, each, None)
        if value:
            parameters[each] = [_plain(item) for item in value] if is_array(value) else value
    return parameters


def _parameters(
    function: Any,
    source_code: str,
    name: str,
    arguments: Mapping[str, Any] | None,
    description: object,
    json_schema: object,
    source_type: object,
    *,
    place: str,
) -> dict[str, object]:
    problems: list[ArgumentProblem] = []
    if len(name) > _MAX_NAME:
        problems.append(ArgumentProblem("name", f"{show(name)} is longer than {_MAX_NAME} characters"))
    if source_type not in (UNSET, None, "python"):
        problems.append(
            ArgumentProblem("source_type", f"{show(source_type)} is not 'python', which the function is in")
        )
    text = _text("description", description)
    _check_signature(function, place, arguments, problems)
    if problems:
        raise InvalidArgumentError(problems)
    parameters: dict[str, object] = {"source_code": source_code, "source_type": "python"}
    if json_schema in (UNSET, None):
        parameters["json_schema"] = _json_schema(function, name, text, arguments, place)
    else:
        parameters["json_schema"] = json_schema
        if is_object(json_schema) and json_schema.get("name") != name:
            words = f"{show(json_schema.get('name'))} is not the name of the tool, {name!r}"
            raise InvalidArgumentError([ArgumentProblem("json_schema.name", words)])
    if arguments is not None:
        parameters["args_json_schema"] = arguments
    if text:
        parameters["description"] = text
    return parameters


def _json_schema(
    function: Callable[..., object], name: str, text: str | None, arguments: Mapping[str, Any] | None, place: str
) -> dict[str, Any]:
    """Return the schema of a function as models receive it."""
    if arguments is not None:
        documented = parse_docstring(inspect.getdoc(function)).description or arguments.get("description")
        return {"name": name, "description": text or documented or f"The {name} tool", "parameters": dict(arguments)}
    injected = {each: None for each in _INJECTED if each in inspect.signature(function).parameters}
    described = describe_function(functools.partial(function, **injected), name=name, description=text)
    if not described.description:
        words = "has no docstring: a model would not know when to call the tool. Write one, or pass description"
        raise InvalidArgumentError([ArgumentProblem(place, words)])
    problems: list[ArgumentProblem] = []
    schemas = {
        each: _single_type(schema, f"{place}.{each}", problems)
        for each, schema in described.schema["properties"].items()
    }
    if problems:
        raise InvalidArgumentError(problems)
    parameters: dict[str, Any] = {"required": [], **described.schema, "properties": schemas}
    return {"name": name, "description": described.description, "parameters": parameters}


def _single_type(schema: Mapping[str, Any], place: str, problems: list[ArgumentProblem]) -> dict[str, Any]:
    """Return the schema of a parameter with one type; the server passes no argument that can be of several."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    single = {**options[0], **rest} if len(options) == 1 else dict(schema)
    if single.get("type") not in _TYPES:
        words = "is not of one type, as a parameter of a tool on the server must be, or of one and None"
        problems.append(ArgumentProblem(place, words))
    return single


def _check_signature(
    function: Callable[..., object],
    place: str,
    arguments: Mapping[str, Any] | None,
    problems: list[ArgumentProblem],
) -> None:
    """Check that the server, which passes arguments by name, can call the function."""
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            problems.append(
                ArgumentProblem(f"{place}.{parameter.name}", "is positional only; tools are called by names")
            )
        if parameter.name in _INJECTED:
            continue
        names.append(parameter.name)
        if (
            arguments is not None
            and parameter.default is inspect.Parameter.empty
            and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
            and parameter.name not in arguments["properties"]
        ):
            words = f"has no field for the parameter {parameter.name!r} of the function"
            problems.append(ArgumentProblem("args_schema", words))
    if arguments is None or any(each.kind is inspect.Parameter.VAR_KEYWORD for each in _all(function)):
        return
    problems += [
        ArgumentProblem("args_schema", f"has a field {each!r}, which the function does not take{guess(each, names)}")
        for each in arguments["properties"]
        if each not in names
    ]


def _all(function: Callable[..., object]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


@examining("args_schema")
def _arguments_schema(args_schema: Any) -> dict[str, Any] | None:
    """Return the JSON schema of a model of pydantic, or of what has its methods; `None` for none."""
    if args_schema in (UNSET, None):
        return None
    for method in ("model_json_schema", "schema"):
        describe: Any = getattr(args_schema, method, None)
        if isinstance(args_schema, type) and callable(describe):
            schema: Any = describe()
            if is_object(schema) and is_object(schema.get("properties", {})):
                return {**schema, "properties": schema.get("properties", {})}
    words = f"{show(args_schema)} is not a model class with fields, such as a subclass of pydantic.BaseModel"
    raise InvalidArgumentError([ArgumentProblem("args_schema", words)])


def _known(arguments: Mapping[str, Any] | None) -> set[str]:
    """Return the names of the classes that the server makes of a schema."""
    if arguments is None:
        return set()
    definitions: Mapping[str, Any] = arguments.get("$defs") or arguments.get("definitions") or {}
    return {f"{arguments.get('title', 'DynamicModel')}", *definitions}


def _text(place: str, value: object) -> str | None:
    if value in (UNSET, None):
        return None
    if not isinstance(value, str):
        raise InvalidArgumentError([ArgumentProblem(place, f"{show(value)} is not a string")])
    return value


def _plain(value: Any) -> Any:
    """Return an object of pydantic as a mapping, and anything else as it is."""
    dump: Any = getattr(value, "model_dump", None)
    return dump() if callable(dump) and not is_object(value) else value
