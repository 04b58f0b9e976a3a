"""Generator of the types of `with_raw_response` and `with_streaming_response`: a class per resource and client."""

from __future__ import annotations

from collections.abc import Iterator

from letta_async.operations._tree import COMPOSED, RESOURCES

from .annotations import Rendering
from .declarations import Call, read_call
from .modules import (
    calls_of,
    class_name,
    earlier_names,
    is_alias,
    module_name,
    other_answer,
    parts_of,
    signature_of,
    write_module,
)
from .overloads import Kind, Switch, switch_of, write_overloads
from .raw import RAW_METHODS

__all__ = ["raw_types_module"]


def raw_types_module() -> str:
    """Write the module of the types, which type checkers alone import."""
    rendering = Rendering()
    classes = [_class(path, rendering, waits=waits) for path in ["", *RESOURCES] for waits in (False, True)]
    names = [_name(path, waits=waits) for path in ["", *RESOURCES] for waits in (False, True)]
    about = '"""Types of the methods that return responses as they were received; for type checkers alone."""'
    return write_module(about, names, classes, rendering)


def _name(path: str, *, waits: bool) -> str:
    return f"{_resource(path, waits=waits)}WithRawResponse"


def _resource(path: str, *, waits: bool) -> str:
    return ("" if waits else "Async") + (class_name(path) if path else "Resources")


def _class(path: str, rendering: Rendering, *, waits: bool) -> str:
    of = f"client.{path}" if path else "client"
    lines = [f'    """Methods of `{of}` that return responses as they were received."""', ""]
    lines += [f"    {name}: {_name(child, waits=waits)}" for name, child in parts_of(path)]
    lines += _methods(path, rendering, waits=waits)
    return f"class {_name(path, waits=waits)}:\n" + "\n".join(lines)


def _methods(path: str, rendering: Rendering, *, waits: bool) -> Iterator[str]:
    resource, kind = _resource(path, waits=waits), "raw" if waits else "async_raw"
    home = f"letta_async.resources.{module_name(path) if path else '_client'}"
    calls = {name: cls for name, cls in calls_of(path) if cls not in COMPOSED.values()}
    earlier = {old: new.rpartition(".")[2] for old, new in earlier_names(path) if is_alias(new, path)}
    names = [*calls, *(() if path else RAW_METHODS), *earlier]
    for name in names:
        call = read_call(calls[name]) if name in calls else None
        if call is not None and (switch := switch_of(call)):
            yield _switched(name, call, switch, rendering, waits=waits)
            continue
        rendering.need(home, resource)
        rendering.need("letta_async.resources._raw_typing", kind)
        rendering.need("typing", "Final")
        yield f"    {name}: Final = {earlier.get(name) or f'{kind}({resource}.{name})'}"


def _switched(name: str, call: Call, switch: Switch, rendering: Rendering, *, waits: bool) -> str:
    """Write a call with a parameter that selects the kind of result, which `raw` would not carry."""
    kind = "APIResponse" if waits else "RawCall"
    rendering.need("letta_async.resources._api_response" if waits else "letta_async.resources._raw_call", kind)
    whole = rendering.returned(call.answer, call.module)
    signature = signature_of(call, rendering)
    if call.propagates:  # which is not one response
        form = next(form for form, returned in switch.forms.items() if returned == "whole")
        rendering.need("typing", "Literal")
        signature = signature.replace(switch.parameter, form)
        return f"\n    def {name}({signature}) -> {kind}[{whole}]:\n        raise NotImplementedError\n"
    other = other_answer(call, whole, rendering, waits=waits)
    either = f"{kind}[{whole} | {other}]" if waits else f"{kind}[{whole}] | {kind}[{other}]"
    returns: dict[Kind, str] = {"whole": f"{kind}[{whole}]", "other": f"{kind}[{other}]", "either": either}
    rendering.need("typing", "Any")
    overloads = write_overloads(name, signature, switch, returns, rendering)
    return f"\n{overloads}    def {name}(self, *args: Any, **kwargs: Any) -> Any: ...\n"
