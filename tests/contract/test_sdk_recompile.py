"""Contract tests of the client's recompile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    AuthenticationError,
    BadRequestError,
    CompactionSettings,
    InvalidArgumentError,
    NotFoundError,
    OpenAIModelSettings,
    UnknownModelSettings,
    UnprocessableEntityError,
)
from letta_async.testing import EmbeddedServer
from tests.contract.conftest import REAL, SecureServer, Story
from tests.contract.wire import (
    UNKNOWN_AGENT,
    UNKNOWN_CONVERSATION,
    Http,
    expected_prompt,
    human_block,
    timeless,
)


async def test_an_edit_reaches_the_conversation_and_the_prompt_is_decoded(
    sdk: AsyncLetta, http: Http, stale: Story
) -> None:
    assert human_block("Ada") in await http.prompt(stale.conversation_id)
    prompt = await sdk.conversations.recompile(stale.conversation_id)
    assert timeless(prompt) == expected_prompt(stale.agent_id, blocks=human_block("Grace"), previous=1)
    assert await http.prompt(stale.conversation_id) == prompt


async def test_a_dry_run_gives_the_new_prompt_and_stores_nothing(sdk: AsyncLetta, http: Http, stale: Story) -> None:
    before = await http.prompt(stale.conversation_id)
    assert human_block("Grace") in await sdk.conversations.recompile(stale.conversation_id, dry_run=True)
    assert await http.prompt(stale.conversation_id) == before


async def test_text_of_every_kind_arrives_as_it_is(sdk: AsyncLetta, story: Story) -> None:
    text = 'quote " backslash \\ slash / tab \t bell \x07 del \x7f Ä 漢字 😀 \u2028 {} null'
    await sdk.blocks.update(story.block_id, value=text)
    assert human_block(text) in await sdk.conversations.recompile(story.conversation_id)


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        CompactionSettings(),
        CompactionSettings(mode="all", clip_chars=None, model_settings=OpenAIModelSettings(temperature=0)),
        {"mode": "self_compact_all", "prompt": "Sum up.", "extra_fields_of_mine": 1},
    ],
)
async def test_settings_are_taken_and_change_nothing_in_the_prompt(
    sdk: AsyncLetta, story: Story, settings: Any
) -> None:
    if isinstance(settings, dict) and "extra_fields_of_mine" in settings:
        with pytest.raises(InvalidArgumentError, match="extra_fields_of_mine"):
            await sdk.conversations.recompile(story.conversation_id, compaction_settings=settings)
        del settings["extra_fields_of_mine"]
    prompt = await sdk.conversations.recompile(story.conversation_id, compaction_settings=settings)
    assert timeless(prompt) == expected_prompt(story.agent_id, blocks=human_block("Ada"), previous=1)


async def test_what_this_version_does_not_know_can_be_sent(sdk: AsyncLetta, story: Story) -> None:
    settings = CompactionSettings(mode="all", extra_fields={"newer": 1})
    await sdk.conversations.recompile(
        story.conversation_id, compaction_settings=settings, extra_body={"also_newer": [1]}, extra_query={"x": "y"}
    )
    with pytest.raises(UnprocessableEntityError) as caught:
        unknown = CompactionSettings(model_settings=UnknownModelSettings(provider_type="newer"))
        await sdk.conversations.recompile(story.conversation_id, compaction_settings=unknown)
    assert "Input tag 'newer' found using 'provider_type'" in str(caught.value)


async def test_what_the_server_finds_wrong_is_told_with_its_place(sdk: AsyncLetta, story: Story) -> None:
    with pytest.raises(UnprocessableEntityError, match=r"body\.compaction_settings\.mode: Input should be") as caught:
        await sdk.conversations.recompile(
            story.conversation_id, extra_body={"compaction_settings": {"mode": "sometimes"}}
        )
    ((problem),) = caught.value.detail  # type: ignore[misc]
    assert problem["loc"] == ("body", "compaction_settings", "mode")


async def test_what_the_client_finds_wrong_is_not_sent(sdk: AsyncLetta, http: Http, stale: Story) -> None:
    before = await http.prompt(stale.conversation_id)
    wrong: list[dict[str, Any]] = [
        {"dry_run": "yes"},
        {"agent_id": "malformed"},
        {"compaction_settings": {"clip_char": 5}},
        {"compaction_settings": {"sliding_window_percentage": 3.0}},
        {"compaction_settings": {"clip_chars": -5}},
        {"compaction_settings": {"model_settings": {"temperature": 1}}},
    ]
    for parameters in wrong:
        with pytest.raises(InvalidArgumentError):
            await sdk.conversations.recompile(stale.conversation_id, **parameters)
    for conversation_id in ("", "malformed", "Default", UNKNOWN_CONVERSATION.upper(), "../agents"):
        with pytest.raises(InvalidArgumentError):
            await sdk.conversations.recompile(conversation_id)
    assert await http.prompt(stale.conversation_id) == before


# --- agent-direct ---------------------------------------------------------------------------------------------------


async def test_agent_direct_stores_the_new_prompt_and_gives_the_one_before(
    sdk: AsyncLetta, http: Http, story: Story
) -> None:
    await sdk.agents.update(story.agent_id, system="CHANGED")
    before = await http.prompt("default", agent_id=story.agent_id)
    assert await sdk.conversations.recompile("default", agent_id=story.agent_id) == before
    assert (await http.prompt("default", agent_id=story.agent_id)).startswith("CHANGED\n")


async def test_agent_direct_on_a_dry_run_gives_the_new_prompt(sdk: AsyncLetta, http: Http, story: Story) -> None:
    await sdk.agents.update(story.agent_id, system="CHANGED")
    before = await http.prompt("default", agent_id=story.agent_id)
    dry = await sdk.conversations.recompile("default", agent_id=story.agent_id, dry_run=True)
    assert dry.startswith("CHANGED\n")
    assert await http.prompt("default", agent_id=story.agent_id) == before


async def test_an_agents_id_for_a_conversations_works_with_a_warning(sdk: AsyncLetta, story: Story) -> None:
    with pytest.warns(DeprecationWarning, match="use conversation_id='default' with agent_id"):
        prompt = await sdk.conversations.recompile(story.agent_id, dry_run=True)
    assert human_block("Ada") in prompt


async def test_an_agent_beside_a_conversation_has_no_effect_and_a_warning(sdk: AsyncLetta, story: Story) -> None:
    with pytest.warns(UserWarning, match="agent_id has no effect"):
        prompt = await sdk.conversations.recompile(story.conversation_id, agent_id=UNKNOWN_AGENT)
    assert human_block("Ada") in prompt


# --- what is refused ------------------------------------------------------------------------------------------------


async def test_what_does_not_exist_is_not_found(sdk: AsyncLetta) -> None:
    with pytest.raises(NotFoundError) as caught:
        await sdk.conversations.recompile(UNKNOWN_CONVERSATION)
    assert "actor" not in str(caught.value)
    assert "for actor=" in str(caught.value.detail)
    with pytest.raises(NotFoundError, match=f"Agent with ID {UNKNOWN_AGENT} not found"):
        await sdk.conversations.recompile("default", agent_id=UNKNOWN_AGENT)
    with pytest.raises(NotFoundError, match="agent_id is missing"):
        await sdk.conversations.recompile("default")


async def test_a_malformed_agent_that_is_sent_all_the_same_is_a_bad_request(sdk: AsyncLetta) -> None:
    with pytest.raises(BadRequestError, match="INVALID_ARGUMENT: Invalid agent ID format: x"):
        await sdk.conversations.recompile("default", extra_body={"agent_id": "x"})


async def test_a_conversation_without_messages_can_only_be_tried(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match="Block with label 'unknown' not found"):
        await sdk.conversations.create(agent_id=agent["id"], isolated_block_labels=["unknown"])
    (orphan,) = await sdk.conversations.list(agent_id=agent["id"])
    assert human_block("Ada") in await sdk.conversations.recompile(orphan.id, dry_run=True)
    with pytest.raises(BadRequestError, match="No in-context messages"):
        await sdk.conversations.recompile(orphan.id)


@pytest.fixture
async def locked(request: pytest.FixtureRequest) -> AsyncIterator[SecureServer]:
    """Return a server that requires a key which the client accepts."""
    if REAL:
        yield request.getfixturevalue("secure_server")
        return
    async with EmbeddedServer(password="a-key") as server:
        yield SecureServer(server.base_url, "a-key")


async def test_a_server_that_asks_for_a_key_wants_the_right_one(locked: SecureServer) -> None:
    async with AsyncLetta(base_url=locked.base_url) as client:
        with pytest.raises(AuthenticationError, match="no API key was sent"):
            await client.conversations.recompile(UNKNOWN_CONVERSATION)
    async with AsyncLetta(base_url=locked.base_url, api_key="wrong") as client:
        with pytest.raises(AuthenticationError, match="Unauthorized") as caught:
            await client.conversations.recompile(UNKNOWN_CONVERSATION)
        assert "wrong" not in str(caught.value)
    async with AsyncLetta(base_url=locked.base_url, api_key=locked.password) as client:
        with pytest.raises(NotFoundError):
            await client.conversations.recompile(UNKNOWN_CONVERSATION)
