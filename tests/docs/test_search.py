"""The search of the built documentation finds a parameter, and leads to the calls that have it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

INDEX: Final = Path(__file__).parents[2] / "docs" / "_build" / "searchindex.js"
PAGES: Final = INDEX.parent


@pytest.fixture(scope="module")
def index() -> dict[str, Any]:
    if not INDEX.exists():
        pytest.skip("the documentation is not built: `make docs`")
    found: dict[str, Any] = json.loads(INDEX.read_text(encoding="utf-8").partition("(")[2].rpartition(")")[0])
    return found


def find(index: dict[str, Any], word: str) -> dict[str, tuple[str, str]]:
    """Return page and anchor of each object whose last name is this word, as the search prefers them."""
    return {
        f"{prefix}.{name}": (index["docnames"][page], anchor or f"{prefix}.{name}")
        for prefix, objects in index["objects"].items()
        for page, _, _, anchor, name in objects
        if name == word
    }


@pytest.mark.parametrize(
    ("word", "name", "page"),
    [
        ("isolated_block_ids", "letta_async.Conversation.isolated_block_ids", "reference/models"),
        ("isolated_block_labels", "client.conversations.create.isolated_block_labels", "reference/calls/conversations"),
        ("override_model", "client.agents.messages.create.override_model", "reference/calls/agents"),
        ("override_model", "client.conversations.messages.create.override_model", "reference/calls/conversations"),
        ("wait_if_busy", "client.conversations.recompile_many.wait_if_busy", "reference/calls/conversations"),
        ("on_scan", "client.watch.on_scan", "reference/client"),
        ("max_retry_after", "letta_async.RetryPolicy.max_retry_after", "reference/client"),
        ("trust_env", "AsyncLetta.trust_env", "reference/client"),
    ],
)
def test_a_parameter_leads_to_its_call(index: dict[str, Any], word: str, name: str, page: str) -> None:
    found = find(index, word)
    assert name in found
    led_to, anchor = found[name]
    assert led_to == page
    html = (PAGES / f"{led_to}.html").read_text(encoding="utf-8")
    assert f'id="{anchor}"' in html
    assert re.search(rf"\b{word}\b", html.partition(f'id="{anchor}"')[2])


def test_what_every_call_takes_and_earlier_names_are_left_out(index: dict[str, Any]) -> None:
    assert not any(name.startswith("client.agents.") for name in find(index, "extra_headers"))
    assert not any(".modify." in name for name in find(index, "name"))
