"""Contract tests of the compaction settings that the server accepts, and of its refusals, by recompile requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.wire import UNKNOWN_CONVERSATION, Answer, Http

MODES = "'all', 'sliding_window', 'self_compact_all' or 'self_compact_sliding_window'"


async def check(http: Http, settings: Any) -> Answer:
    """Send settings for a conversation that does not exist; valid ones are answered by a 404."""
    return await http.recompile(UNKNOWN_CONVERSATION, {"compaction_settings": settings})


async def problems_of(http: Http, settings: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the problems of settings, with locations relative to `path`."""
    start = ("body", "compaction_settings", *path)
    problems = (await check(http, settings)).problems
    assert all(problem["loc"][: len(start)] == start for problem in problems), problems
    return [problem | {"loc": problem["loc"][len(start) :]} for problem in problems]


# --- what passes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        None,
        {"mode": "all"},
        {"mode": "sliding_window"},
        {"mode": "self_compact_all"},
        {"mode": "self_compact_sliding_window"},
        {"model": "openai/gpt-5-mini"},
        {"model": "no handle at all"},
        {"model": None, "model_settings": None, "prompt": None, "clip_chars": None},
        {"prompt": "", "prompt_acknowledgement": True},
        {"clip_chars": 0},
        {"clip_chars": -5},
        {"clip_chars": 10**30},
        {"sliding_window_percentage": 0},
        {"sliding_window_percentage": 1},
        {"sliding_window_percentage": 3.0},
        {"sliding_window_percentage": -1},
        {"unknown": {"field": [1]}},
        {"model_settings": {"provider_type": "openai", "unknown": 1, "thinking": "of another provider"}},
    ],
)
async def test_these_settings_are_taken(http: Http, settings: object) -> None:
    answer = await check(http, settings)
    assert answer.status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clip_chars", "5"),
        ("clip_chars", " -5 "),
        ("clip_chars", "+5"),
        ("clip_chars", "5.00"),
        ("clip_chars", "1_000"),
        ("clip_chars", 5.0),
        ("clip_chars", -0.0),
        ("clip_chars", True),
        ("sliding_window_percentage", "0.3"),
        ("sliding_window_percentage", " 1e-1 "),
        ("sliding_window_percentage", "nan"),
        ("sliding_window_percentage", "-Infinity"),
        ("sliding_window_percentage", float("nan")),
        ("sliding_window_percentage", False),
        ("prompt_acknowledgement", "yes"),
        ("prompt_acknowledgement", "OFF"),
        ("prompt_acknowledgement", 0),
        ("prompt_acknowledgement", 1.0),
        ("prompt", "\ud800"),
    ],
)
async def test_what_can_be_read_as_the_type_is_taken(http: Http, field: str, value: object) -> None:
    answer = await check(http, {field: value})
    assert answer.status == 404


# --- what does not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [5, "text", True, [], [{}]])
@pytest.mark.parametrize("path", [(), ("model_settings",)])
async def test_what_must_be_an_object_is_no_other_value(http: Http, path: tuple[str, ...], value: object) -> None:
    settings = {path[0]: value} if path else value
    assert await problems_of(http, settings, *path) == [
        {
            "type": "model_attributes_type",
            "loc": (),
            "msg": "Input should be a valid dictionary or object to extract fields from",
            "input": value,
        }
    ]


INTEGER = "Input should be a valid integer"
NUMBER = "Input should be a valid number"
BOOLEAN = "Input should be a valid boolean"
UNSIZED = "Unable to parse input string as an integer, exceeded maximum size"
HALF_PAIR = "Input should be a valid string, unable to parse raw data as a unicode string"


@pytest.mark.parametrize(
    ("field", "value", "kind", "msg"),
    [
        ("clip_chars", "five", "int_parsing", f"{INTEGER}, unable to parse string as an integer"),
        ("clip_chars", "", "int_parsing", f"{INTEGER}, unable to parse string as an integer"),
        ("clip_chars", "5.5", "int_parsing", f"{INTEGER}, unable to parse string as an integer"),
        ("clip_chars", "1e3", "int_parsing", f"{INTEGER}, unable to parse string as an integer"),
        ("clip_chars", "0x10", "int_parsing", f"{INTEGER}, unable to parse string as an integer"),
        ("clip_chars", "٣", "int_parsing", f"{INTEGER}, unable to parse string as an integer"),
        ("clip_chars", "9" * 4301, "int_parsing_size", UNSIZED),
        ("clip_chars", 1e30, "int_parsing_size", UNSIZED),
        ("clip_chars", 1.5, "int_from_float", f"{INTEGER}, got a number with a fractional part"),
        ("clip_chars", [], "int_type", INTEGER),
        ("clip_chars", {"a": 1}, "int_type", INTEGER),
        ("clip_chars", "\ud800", "string_unicode", HALF_PAIR),
        ("sliding_window_percentage", "much", "float_parsing", f"{NUMBER}, unable to parse string as a number"),
        ("sliding_window_percentage", "30%", "float_parsing", f"{NUMBER}, unable to parse string as a number"),
        ("sliding_window_percentage", None, "float_type", NUMBER),
        ("sliding_window_percentage", [0.3], "float_type", NUMBER),
        ("prompt_acknowledgement", None, "bool_type", BOOLEAN),
        ("prompt_acknowledgement", 0.5, "bool_type", BOOLEAN),
        ("prompt_acknowledgement", {}, "bool_type", BOOLEAN),
        ("prompt_acknowledgement", 2, "bool_parsing", f"{BOOLEAN}, unable to interpret input"),
        ("prompt_acknowledgement", 2.0, "bool_parsing", f"{BOOLEAN}, unable to interpret input"),
        ("prompt_acknowledgement", "maybe", "bool_parsing", f"{BOOLEAN}, unable to interpret input"),
        ("prompt_acknowledgement", " yes", "bool_parsing", f"{BOOLEAN}, unable to interpret input"),
        ("sliding_window_percentage", "\ud800", "string_unicode", HALF_PAIR),
        ("sliding_window_percentage", 10**400, "float_type", NUMBER),
        ("prompt_acknowledgement", "\ud800", "string_unicode", HALF_PAIR),
        ("mode", "\ud800", "string_unicode", HALF_PAIR),
        ("prompt", 5, "string_type", "Input should be a valid string"),
        ("prompt", ["p"], "string_type", "Input should be a valid string"),
        ("model", {"provider": "openai"}, "string_type", "Input should be a valid string"),
        ("model", False, "string_type", "Input should be a valid string"),
    ],
)
async def test_what_cannot_be_read_as_the_type_is_refused(
    http: Http, field: str, value: object, kind: str, msg: str
) -> None:
    assert await problems_of(http, {field: value}, field) == [{"type": kind, "loc": (), "msg": msg, "input": value}]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
async def test_an_integer_must_be_finite(http: Http, value: float) -> None:
    answer = await check(http, {"clip_chars": value})
    assert answer.status == 422
    assert answer.detail == (
        "[{'type': 'finite_number', 'loc': ('body', 'compaction_settings', 'clip_chars'), "
        f"'msg': 'Input should be a finite number', 'input': {value}}}]"
    )


@pytest.mark.parametrize("value", ["ALL", "", "window", None, 5, True, [], {}])
async def test_an_unknown_mode_is_refused_with_those_there_are(http: Http, value: object) -> None:
    assert await problems_of(http, {"mode": value}, "mode") == [
        {
            "type": "literal_error",
            "loc": (),
            "msg": f"Input should be {MODES}",
            "input": value,
            "ctx": {"expected": MODES},
        }
    ]


async def test_all_problems_are_named_in_the_servers_order(http: Http) -> None:
    settings: dict[str, Any] = {
        "sliding_window_percentage": None,
        "mode": None,
        "clip_chars": [],
        "prompt_acknowledgement": None,
        "prompt": 5,
        "model_settings": {"provider_type": "anthropic", "thinking": {"budget_tokens": "x", "type": 1}, "strict": []},
        "model": 5,
    }
    assert (await check(http, settings)).complaints == [
        (kind, f"body.compaction_settings.{place}")
        for kind, place in [
            ("string_type", "model"),
            ("literal_error", "model_settings.anthropic.thinking.type"),
            ("int_parsing", "model_settings.anthropic.thinking.budget_tokens"),
            ("bool_type", "model_settings.anthropic.strict"),
            ("string_type", "prompt"),
            ("bool_type", "prompt_acknowledgement"),
            ("int_type", "clip_chars"),
            ("literal_error", "mode"),
            ("float_type", "sliding_window_percentage"),
        ]
    ]


async def test_a_422_byte_for_byte(http: Http) -> None:
    answer = await check(http, {"mode": "x"})
    detail = (
        "[{'type': 'literal_error', 'loc': ('body', 'compaction_settings', 'mode'), "
        f"'msg': \\\"Input should be {MODES}\\\", 'input': 'x', 'ctx': {{'expected': \\\"{MODES}\\\"}}}}]"
    )
    assert answer.body.decode() == f'{{"trace_id":"","detail":"{detail}"}}'
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("call", ["recompile", "compact"])
async def test_compacting_checks_the_same(http: Http, call: str) -> None:
    body = {
        "agent_id": 5,
        "compaction_settings": {"mode": "x", "model_settings": {"provider_type": "groq", "temperature": "x"}},
    }
    answer = await http.post(f"/v1/conversations/{UNKNOWN_CONVERSATION}/{call}", body)
    assert answer.complaints == [
        ("string_type", "body.agent_id"),
        ("float_parsing", "body.compaction_settings.model_settings.groq.temperature"),
        ("literal_error", "body.compaction_settings.mode"),
    ]


async def test_agents_and_conversations_check_the_same(http: Http) -> None:
    settings = {"provider_type": "anthropic", "effort": "xhigh"}
    for method, target, body in (
        ("POST", "/v1/agents/", {"model_settings": settings, "compaction_settings": {"model_settings": settings}}),
        ("POST", "/v1/conversations/?agent_id=x", {"model_settings": settings}),
        ("PATCH", f"/v1/conversations/{UNKNOWN_CONVERSATION}", {"model_settings": settings}),
    ):
        answer = await http.call(method, target, body)
        assert answer.complaints[0] == ("literal_error", "body.model_settings.anthropic.effort")
