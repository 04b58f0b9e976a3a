"""Hypothesis strategies for every valid setting, derived from the annotations of the classes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import attrs
from hypothesis import strategies as st

from letta_async import UNSET, CompactionSettings, ModelSettings, UnknownModelSettings
from letta_async._schema.annotations import is_list, is_mapping, is_union, is_wire_class
from letta_async._schema.constraints import NulAllowed, Range
from letta_async._schema.placement import Hidden
from letta_async._schema.unset import Unset

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_DAY = 23 * 60
OBJECTS = st.dictionaries(st.text(), JSON, max_size=3)
KNOWN_PROVIDERS = [cls for cls in get_args(ModelSettings) if cls is not UnknownModelSettings]


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values that an annotation allows, including `UNSET`."""
    if annotation is Unset:
        return st.just(UNSET)
    if annotation is NoneType:
        return st.none()
    if is_union(annotation):
        return st.one_of(*(values(member) for member in get_args(annotation) if member is not UnknownModelSettings))
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) is Annotated:
        base, bounds = get_args(annotation)
        if isinstance(bounds, Hidden):
            return values(base)
        if isinstance(bounds, NulAllowed):
            return st.text(max_size=20)
        assert isinstance(bounds, Range)
        if base is int:
            return st.integers(int(bounds.minimum or 0), 2**31)
        return st.floats(bounds.minimum, bounds.maximum)
    if is_mapping(annotation):
        return OBJECTS
    if is_list(annotation):
        return st.lists(values(get_args(annotation)[0]), max_size=2)
    if annotation is datetime:
        return st.datetimes(
            timezones=st.integers(-_DAY, _DAY).map(lambda minutes: timezone(timedelta(minutes=minutes)))
        )
    if is_wire_class(annotation):
        return instances(annotation)
    plain: dict[Any, st.SearchStrategy[Any]] = {bool: st.booleans(), float: st.floats(0, 2), int: _INTEGERS}
    plain |= {
        str: st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        Any: st.none() | _INTEGERS,
    }
    return plain[annotation]


@cache
def instances(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for instances of a wire class, with any combination of fields."""
    fields = attrs.fields(attrs.resolve_types(cls))
    return st.builds(cls, **{field.name: values(field.type) for field in fields if field.name != "extra_fields"})


SETTINGS: st.SearchStrategy[CompactionSettings] = instances(CompactionSettings)
