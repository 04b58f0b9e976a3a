"""Contract test that the server accepts all settings that the client accepts, in any combination."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from letta_async import (
    CompactionSettings,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    UnknownModelSettings,
    UnprocessableEntityError,
)
from letta_async.testing._facts import FIELDS
from tests.ids import CONVERSATION
from tests.settings_strategies import KNOWN_PROVIDERS, SETTINGS

HOSTED_ONLY = tuple(cls for cls in KNOWN_PROVIDERS if cls not in FIELDS)


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[Letta]:
    with Letta(base_url=base_url) as letta:
        yield letta


def known_to_this_server(given_settings: CompactionSettings) -> bool:
    inner: Any = given_settings.model_settings
    return not isinstance(inner, HOSTED_ONLY) and getattr(inner, "effort", None) != "xhigh"


def is_accepted(client: Letta, given_settings: Any) -> bool:
    """Return whether the server accepts settings, with an unknown conversation: it validates the settings first."""
    try:
        client.conversations.recompile(CONVERSATION, compaction_settings=given_settings)
    except NotFoundError:
        return True
    except UnprocessableEntityError:
        return False
    raise AssertionError("there is no such conversation")


@given(SETTINGS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_client_accepts_the_server_accepts(client: Letta, given_settings: CompactionSettings) -> None:
    assert is_accepted(client, given_settings) is known_to_this_server(given_settings)


@pytest.mark.parametrize(
    ("wrong", "refused_by_the_server"),
    [
        ({"clip_char": 5}, False),
        ({"clip_chars": -5}, False),
        ({"clip_chars": True}, False),
        ({"clip_chars": "5"}, False),
        ({"sliding_window_percentage": 3.0}, False),
        ({"mode": "nope"}, True),
        ({"model_settings": {}}, True),
        ({"model_settings": {"provider_type": "nope"}}, True),
        ({"model_settings": {"provider_type": "anthropic", "reasoning": {}}}, False),
    ],
)
def test_the_client_refuses_what_the_server_refuses_or_silently_passes_over(
    client: Letta, wrong: Any, refused_by_the_server: bool
) -> None:
    with pytest.raises(InvalidArgumentError):
        client.conversations.recompile(CONVERSATION, compaction_settings=wrong)
    past_the_checks = {"extra_body": {"compaction_settings": wrong}}
    error = UnprocessableEntityError if refused_by_the_server else NotFoundError
    with pytest.raises(error):
        client.conversations.recompile(CONVERSATION, **past_the_checks)


def test_what_this_version_does_not_know_can_be_sent_on_purpose(client: Letta) -> None:
    assert is_accepted(client, CompactionSettings(extra_fields={"new": [1, {"deep": None}]}))
    openai = UnknownModelSettings(provider_type="openai", extra_fields={"temperature": 0.5, "new": 1})
    assert is_accepted(client, CompactionSettings(model_settings=openai))
    assert not is_accepted(client, CompactionSettings(model_settings=UnknownModelSettings(provider_type="new")))
