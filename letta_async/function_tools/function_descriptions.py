"""Python functions described for a model: name, description and parameters, from signature and docstring."""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_type_hints

import attrs

from letta_async._schema.annotations import is_annotated
from letta_async._schema.json_values import guess, show
from letta_async._schema.unset import UNSET
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.function_tools.docstrings import parse_docstring
from letta_async.function_tools.parameter_types import ParameterType, TypeReader, UnknownTypeError, object_schema
from letta_async.function_tools.user_code_errors import examining
from letta_async.types.turn_input import ClientTool

__all__ = ["FunctionDescription", "client_tool", "describe_function"]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Names of tools that all model providers accept."""
_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@attrs.frozen
class FunctionDescription:
    """Description of a function, from which a model can tell when and how to call it."""

    name: str
    """Name of the function."""
    description: str
    """Text of its docstring before the first section; empty if there is none."""
    schema: Mapping[str, Any]
    """JSON Schema of its arguments, an object."""
    types: Mapping[str, ParameterType]
    """Type of each parameter."""
    signature: inspect.Signature
    """Signature, with the described parameters alone."""

    def bind(self, arguments: Mapping[str, Any]) -> inspect.BoundArguments:
        """Return the arguments of a call, converted to what the annotations promise.

        Raises:
            InvalidArgumentError: An argument is unknown, missing, or not of its type.

        """
        problems = [
            ArgumentProblem(name, f"is unknown{guess(name, self.types)}")
            for name in arguments
            if name not in self.types
        ]
        given: dict[str, Any] = {}
        for name, parameter in self.signature.parameters.items():
            if name in arguments:
                given[name] = self.types[name].convert(arguments[name], name, problems)
            elif parameter.default is inspect.Parameter.empty:
                problems.append(ArgumentProblem(name, "is required"))
        if problems:
            raise InvalidArgumentError(problems)
        bound = self.signature.bind_partial()
        bound.arguments.update(given)
        bound.apply_defaults()  # since a positional argument cannot follow one that is left out
        return bound


def client_tool(
    function: Callable[..., object], *, name: str | None = None, description: str | None = None
) -> ClientTool:
    """Describe a Python function as a tool that this program runs.

    The JSON Schema of the arguments follows from the annotations: `str`, `int`, `float`, `bool`, `None`, `list`,
    `tuple`, `set`, `dict`, `Literal`, unions, `datetime`, `date`, `UUID`, `Decimal`, `Path`, enumerations, `TypedDict`,
    dataclasses, attrs classes, pydantic models, and `Annotated[…, "description"]`. A parameter with a default is not
    required. Other descriptions of parameters are those in the section `Args` of a docstring in Google style.

    Args:
        function: A function, a bound method, a `functools.partial` without the arguments that it fixes, or another
            callable object; with `async` or without.
        name: Name of the tool. Default: that of the function, or of the object's class.
        description: Description of the tool, for the model. Default: the docstring before its first section.

    Raises:
        InvalidArgumentError: The function cannot be described: a parameter has no annotation, or one without a JSON
            Schema; or it takes `*args` or `**kwargs`; or its name is none that a model could use.

    """
    described = describe_function(function, name=name, description=description)
    return ClientTool(
        name=described.name, description=described.description or UNSET, parameters=dict(described.schema)
    )


@examining("function")
def describe_function(
    function: Callable[..., object], *, name: str | None = None, description: str | None = None
) -> FunctionDescription:
    """Describe a function by its signature and docstring.

    Args:
        function: The function, or another callable object.
        name: Name of the tool. Default: that of the function, or of the object's class.
        description: Description for the model. Default: the docstring before its first section.

    Raises:
        InvalidArgumentError: The function cannot be described; one error lists all problems.

    """
    if not callable(function):
        raise InvalidArgumentError([ArgumentProblem("function", f"{show(function)} cannot be called")])
    source = _without_partial(function)
    if name is None:
        name = getattr(source, "__name__", type(source).__name__)
    problems: list[ArgumentProblem] = []
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        problems.append(ArgumentProblem("name", f"{show(name)} is not a name of 1 to 64 letters, digits, _ and -"))
    docstring = parse_docstring(_docstring(source))
    reader = TypeReader()
    found: dict[str, ParameterType] = {}
    parameters = list(_passed_parameters(function, f"{name}", problems))
    for parameter in parameters:
        place, text = f"{name}.{parameter.name}", docstring.parameters.get(parameter.name)
        with examining(place):
            try:
                found[parameter.name] = _read_parameter(parameter, source, reader, text)
            except UnknownTypeError as error:
                problems.append(ArgumentProblem(place, str(error)))
    if problems:
        raise InvalidArgumentError(problems)
    required = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    schema = object_schema({each: described.schema for each, described in found.items()}, required)
    if reader.definitions:
        schema["$defs"] = reader.definitions
    description = docstring.description if description is None else description
    return FunctionDescription(f"{name}", description, schema, found, inspect.Signature(parameters))


def _passed_parameters(
    function: Callable[..., object], name: str, problems: list[ArgumentProblem]
) -> Iterator[inspect.Parameter]:
    """Yield the parameters that a model passes: all but those that a `partial` fixes."""
    fixed: set[str] = set()
    inner = function
    while isinstance(inner, functools.partial):
        fixed |= inner.keywords.keys()
        inner = inner.func
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        problems.append(ArgumentProblem(name, f"has no signature: {error}"))
        return
    for parameter in parameters:
        if parameter.kind in _VARIADIC:
            problems.append(ArgumentProblem(f"{name}.{parameter.name}", f"{parameter} cannot be described to a model"))
        elif parameter.name not in fixed:
            yield parameter


def _read_parameter(parameter: inspect.Parameter, source: Any, reader: TypeReader, text: str | None) -> ParameterType:
    """Describe a parameter; what `Annotated` says of it comes before what the docstring says."""
    if parameter.annotation is inspect.Parameter.empty:
        raise UnknownTypeError("has no annotation; without its type a model does not know what to pass")
    annotation = _resolve_annotation(parameter, source)
    described = reader.read(annotation)
    if text and not (is_annotated(annotation) and "description" in described.schema):
        return attrs.evolve(described, schema={**described.schema, "description": text})
    return described


def _resolve_annotation(parameter: inspect.Parameter, source: Any) -> Any:
    """Return the annotation of a parameter, evaluated where the function was defined if it is a string."""
    body = inspect.unwrap(source)
    if not isinstance(body, types.FunctionType | types.MethodType):
        body = getattr(body, "__init__" if isinstance(body, type) else "__call__")
    names: dict[str, Any] = getattr(body, "__globals__", {})
    local: dict[str, Any] = {}
    if isinstance(body, types.FunctionType):
        local |= inspect.getclosurevars(body).nonlocals
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(holder, names, local, include_extras=True)[parameter.name]
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise UnknownTypeError(f"has the annotation {parameter.annotation!r}, which is not known: {error}") from None


def _without_partial(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _docstring(source: Any) -> str | None:
    """Return the docstring of a function, or that of what an object does when it is called, else of its class."""
    if inspect.isroutine(source) or isinstance(source, type):
        return inspect.getdoc(source)
    return type(source).__call__.__doc__ or inspect.getdoc(source)
