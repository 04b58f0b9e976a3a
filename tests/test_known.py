"""Weak cache by identity: values are kept for one object, and no longer than it lives."""

from __future__ import annotations

import gc
import json

import pytest

from letta_async import CompactionSettings, InvalidArgumentError, OpenAIModelSettings
from letta_async._http.request import NO_OPTIONS
from letta_async._http.request_building import build
from letta_async._schema.weak_cache import WeakIdCache
from letta_async.operations.conversations import Recompile
from tests.ids import CONVERSATION
from tests.test_build import config


class Thing:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


def body(settings: object) -> object:
    parameters = {"conversation_id": CONVERSATION, "compaction_settings": settings}
    made = build(Recompile, parameters, NO_OPTIONS, config())
    assert made.body is not None
    return json.loads(made.body)["compaction_settings"]


def test_it_goes_by_identity() -> None:
    known, one, twin = WeakIdCache[str](), Thing(), Thing()
    known.put(one, "one")
    assert known.get(one) == "one"
    assert known.get(twin) is None


def test_nothing_is_remembered_of_what_is_gone() -> None:
    known = WeakIdCache[str]()
    for _ in range(1000):
        known.put(Thing(), "gone")
        assert known.get(Thing()) is None
    gc.collect()
    assert not known._entries


def test_settings_are_the_same_each_time() -> None:
    settings = CompactionSettings(clip_chars=5, model_settings=OpenAIModelSettings(temperature=0.5))
    first = body(settings)
    assert first == {"clip_chars": 5, "model_settings": {"provider_type": "openai", "temperature": 0.5}}
    assert body(settings) == body(settings) == first


def test_settings_that_equal_others_are_checked_themselves() -> None:
    right = CompactionSettings(clip_chars=1)
    body(right)
    wrong = CompactionSettings(clip_chars=True)
    assert wrong == right
    with pytest.raises(InvalidArgumentError, match="clip_chars"):
        body(wrong)


@pytest.mark.parametrize("where", ["extra_fields", "json_schema"])
def test_settings_that_can_change_are_looked_at_each_time(where: str) -> None:
    inner: dict[str, object] = {"a": 1}
    if where == "extra_fields":
        settings = CompactionSettings(model_settings=OpenAIModelSettings(extra_fields=inner))
    else:
        form = {"type": "json_schema", "json_schema": inner}
        settings = CompactionSettings(model_settings=OpenAIModelSettings(response_format=form))  # type: ignore[arg-type]
    before = body(settings)
    inner["a"] = 2
    assert body(settings) != before
    inner["a"] = object()
    with pytest.raises(InvalidArgumentError):
        body(settings)
