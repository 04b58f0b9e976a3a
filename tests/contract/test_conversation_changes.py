"""Contract tests of changing and deleting conversations, and of the forms that a time may have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Make, Story
from tests.contract.values import OPENAI
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_CONVERSATION, Http


async def test_a_change_touches_what_it_names_and_is_not_null(
    http: Http, agent: dict[str, Any], make_conversation: Make
) -> None:
    made = await make_conversation(agent["id"])

    async def change(**fields: Any) -> dict[str, Any]:
        answer = await http.patch(f"/v1/conversations/{made['id']}", fields)
        assert answer.status == 200, answer
        return answer.json

    first = await change(summary="s", model="a/b", model_settings={"provider_type": "openai"})
    assert first == made | {
        "summary": "s",
        "model": "a/b",
        "model_settings": OPENAI,
        "updated_at": first["updated_at"],
    }
    assert first["updated_at"] > made["updated_at"]
    second = await change(summary=None, model=None, model_settings=None, last_message_at=None, agent_id=UNKNOWN_AGENT)
    assert second == first | {"updated_at": second["updated_at"]}
    third = await change(summary="", model="")
    assert (third["summary"], third["model"]) == ("", "")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.678901+02:00", "2026-01-02T01:04:05.678901Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02 03:04", "2026-01-02T03:04:00Z"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        (5, "1970-01-01T00:00:05Z"),
        ("5.5", "1970-01-01T00:00:05.500000Z"),
        (1767323045678, "2026-01-02T03:04:05.678000Z"),
    ],
)
async def test_a_time_can_be_told_in_many_ways(http: Http, story: Story, given: object, kept: str) -> None:
    answer = await http.patch(f"/v1/conversations/{story.conversation_id}", {"last_message_at": given})
    assert answer.json["last_message_at"] == kept


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        ("yesterday", "datetime_from_date_parsing", "input is too short"),
        ("next month", "datetime_from_date_parsing", "invalid character in year"),
        ("2026/01/02", "datetime_from_date_parsing", "invalid date separator, expected `-`"),
        ("2026-13-02", "datetime_from_date_parsing", "month value is outside expected range of 1-12"),
        ("2026-02-30", "datetime_from_date_parsing", "day value is outside expected range"),
        ("2026-01-02T25:00", "datetime_from_date_parsing", "unexpected extra characters at the end of the input"),
        ("2026-01-02T03:04+01:75", "datetime_from_date_parsing", "unexpected extra characters at the end of the input"),
        ("0000-01-02", "datetime_parsing", "year 0 is out of range"),
        (1e30, "datetime_parsing", "dates after 9999 are not supported as unix timestamps"),
        (-1e30, "datetime_parsing", "dates before 0000 are not supported as unix timestamps"),
    ],
)
async def test_what_is_no_time_is_refused_with_the_reason(http: Http, given: object, kind: str, reason: str) -> None:
    (problem,) = (await http.patch(f"/v1/conversations/{UNKNOWN_CONVERSATION}", {"last_message_at": given})).problems
    assert (problem["type"], problem["ctx"]) == (kind, {"error": reason})
    assert problem["msg"].endswith(f", {reason}")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("nan", "NaN values not permitted"),
        ("inf", "dates after 9999 are not supported as unix timestamps"),
        ("-inf", "dates before 0000 are not supported as unix timestamps"),
    ],
)
async def test_a_time_is_a_finite_number(http: Http, given: str, reason: str) -> None:
    answer = await http.patch(f"/v1/conversations/{UNKNOWN_CONVERSATION}", {"last_message_at": float(given)})
    assert answer.status == 422
    assert f"Input should be a valid datetime, {reason}" in answer.detail


async def test_half_a_surrogate_pair_is_no_time(http: Http) -> None:
    (problem,) = (await http.patch(f"/v1/conversations/{UNKNOWN_CONVERSATION}", {"last_message_at": "\ud800"})).problems
    assert problem["type"] == "string_unicode"


async def test_what_is_not_even_text_or_number_is_no_time(http: Http) -> None:
    wrong: tuple[Any, ...] = (True, [], {})
    for given in wrong:
        (problem,) = (
            await http.patch(f"/v1/conversations/{UNKNOWN_CONVERSATION}", {"last_message_at": given})
        ).problems
        assert (problem["type"], problem["msg"]) == ("datetime_type", "Input should be a valid datetime")


async def test_a_number_that_the_database_cannot_hold_is_a_database_error(http: Http, story: Story) -> None:
    settings = {"model_settings": {"provider_type": "openai", "temperature": float("inf")}}
    for answer in (
        await http.post(f"/v1/conversations/?agent_id={story.agent_id}", settings),
        await http.patch(f"/v1/conversations/{story.conversation_id}", settings),
    ):
        assert (answer.status, answer.detail) == (500, "A database error occurred.")


async def test_text_that_the_database_cannot_hold_is_a_database_error(http: Http, story: Story) -> None:
    for answer in (
        await http.post(f"/v1/conversations/?agent_id={story.agent_id}", {"summary": "\x00"}),
        await http.patch(f"/v1/conversations/{story.conversation_id}", {"summary": "\ud800"}),
        await http.get("/v1/conversations/?agent_id=%00"),
    ):
        assert (answer.status, answer.detail) == (500, "A database error occurred.")


async def test_a_deleted_conversation_is_gone(http: Http, story: Story) -> None:
    answer = await http.delete(f"/v1/conversations/{story.conversation_id}")
    assert (answer.status, answer.body) == (200, b"null")
    target = f"/v1/conversations/{story.conversation_id}"
    for again in (await http.get(target), await http.delete(target), await http.patch(target, {})):
        assert again.status == 404
    assert (await http.get(f"{target}/messages")).json == []
    assert (await http.get(f"/v1/conversations/?agent_id={story.agent_id}")).json == []
