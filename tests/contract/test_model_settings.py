"""Contract tests of the settings of models, of each provider its own, as a part of compaction settings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.test_compaction_settings import check, problems_of
from tests.contract.wire import Http

TAGS = [
    "openai",
    "sglang",
    "anthropic",
    "google_ai",
    "google_vertex",
    "azure",
    "xai",
    "zai",
    "groq",
    "deepseek",
    "together",
    "bedrock",
    "baseten",
    "openrouter",
    "chatgpt_oauth",
]
"""Providers that 0.16.8 has, in its order."""
PROVIDER_TAGS = ", ".join(f"<ProviderType.{tag}: '{tag}'>" for tag in TAGS)
FORMAT_TAGS = ", ".join(f"<ResponseFormatType.{tag}: '{tag}'>" for tag in ("text", "json_schema", "json_object"))
NO_TAG = "does not match any of the expected tags: "
EFFORTS = "'none', 'minimal', 'low', 'medium', 'high' or 'xhigh'"

COMMON = {"max_output_tokens": 1, "parallel_tool_calls": False, "temperature": 0.5}
TEXT, ANY_JSON = {"type": "text"}, {"type": "json_object"}
SCHEMA = {"type": "json_schema", "json_schema": {"schema": {"type": "object"}, "name": "n"}}
FULL: dict[str, dict[str, Any]] = {
    "openai": {"reasoning": {"reasoning_effort": "xhigh"}, "response_format": TEXT, "strict": True},
    "sglang": {
        "reasoning": {"reasoning_effort": "none"},
        "response_format": None,
        "strict": False,
        "tool_call_parser": "glm47",
    },
    "anthropic": {
        "effort": "max",
        "response_format": SCHEMA,
        "strict": True,
        "thinking": {"type": "disabled", "budget_tokens": 0},
        "verbosity": "low",
    },
    "google_ai": {"response_schema": SCHEMA, "thinking_config": {"include_thoughts": False, "thinking_budget": 0}},
    "google_vertex": {"response_schema": None, "thinking_config": {}},
    "zai": {"response_format": ANY_JSON, "thinking": {"type": "enabled", "clear_thinking": True}},
    "baseten": {},
    "chatgpt_oauth": {"reasoning": {"reasoning_effort": "low"}},
    **{
        tag: {"response_format": ANY_JSON}
        for tag in ("azure", "xai", "groq", "deepseek", "together", "bedrock", "openrouter")
    },
}
"""Fields of each provider, besides the common ones."""


# --- what passes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", TAGS)
async def test_every_field_of_every_provider_is_taken(http: Http, provider: str) -> None:
    answer = await check(http, {"model_settings": {"provider_type": provider, **COMMON, **FULL[provider]}})
    assert answer.status == 404


@pytest.mark.parametrize("provider", TAGS)
async def test_a_provider_alone_is_enough(http: Http, provider: str) -> None:
    answer = await check(http, {"model_settings": {"provider_type": provider}})
    assert answer.status == 404


# --- what does not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"temperature": 1}, {"provider": "openai"}])
async def test_model_settings_must_name_their_provider(http: Http, settings: dict[str, object]) -> None:
    assert await problems_of(http, {"model_settings": settings}, "model_settings") == [
        {
            "type": "union_tag_not_found",
            "loc": (),
            "msg": "Unable to extract tag using discriminator 'provider_type'",
            "input": settings,
            "ctx": {"discriminator": "'provider_type'"},
        }
    ]


@pytest.mark.parametrize(
    "tag", ["mistral", "OpenAI", "", None, 5, True, ["openai"], {"a": "b"}, "moonshot", "moonshot_coding"]
)
async def test_an_unknown_provider_is_refused_with_those_there_are(http: Http, tag: object) -> None:
    settings = {"provider_type": tag, "temperature": "not looked at"}
    assert await problems_of(http, {"model_settings": settings}, "model_settings") == [
        {
            "type": "union_tag_invalid",
            "loc": (),
            "msg": f"Input tag '{tag}' found using 'provider_type' {NO_TAG}{PROVIDER_TAGS}",
            "input": settings,
            "ctx": {"discriminator": "'provider_type'", "tag": str(tag), "expected_tags": PROVIDER_TAGS},
        }
    ]


@pytest.mark.parametrize(
    ("provider", "field", "value", "expected"),
    [
        ("openai", "reasoning.reasoning_effort", "max", EFFORTS),
        ("sglang", "reasoning.reasoning_effort", None, EFFORTS),
        ("chatgpt_oauth", "reasoning.reasoning_effort", "minimal", "'none', 'low', 'medium', 'high' or 'xhigh'"),
        ("anthropic", "effort", "xhigh", "'low', 'medium', 'high' or 'max'"),
        ("anthropic", "verbosity", "max", "'low', 'medium' or 'high'"),
        ("anthropic", "thinking.type", "auto", "'enabled' or 'disabled'"),
        ("zai", "thinking.type", True, "'enabled' or 'disabled'"),
    ],
)
async def test_a_word_that_a_provider_does_not_know_is_refused(
    http: Http, provider: str, field: str, value: object, expected: str
) -> None:
    names = field.split(".")
    inner = {names[-1]: value}
    settings = {"provider_type": provider, **(inner if len(names) == 1 else {names[0]: inner})}
    assert await problems_of(http, {"model_settings": settings}, "model_settings", provider, *names) == [
        {
            "type": "literal_error",
            "loc": (),
            "msg": f"Input should be {expected}",
            "input": value,
            "ctx": {"expected": expected},
        }
    ]


@pytest.mark.parametrize("provider", TAGS)
async def test_the_common_fields_are_checked_in_the_servers_order(http: Http, provider: str) -> None:
    settings: dict[str, Any] = {
        "temperature": [],
        "parallel_tool_calls": 7,
        "max_output_tokens": None,
        "provider_type": provider,
    }
    problems = await problems_of(http, {"model_settings": settings}, "model_settings", provider)
    assert [(problem["type"], problem["loc"]) for problem in problems] == [
        ("int_type", ("max_output_tokens",)),
        ("bool_parsing", ("parallel_tool_calls",)),
        ("float_type", ("temperature",)),
    ]


@pytest.mark.parametrize(
    ("provider", "order"),
    [
        ("openai", ["reasoning", "response_format", "strict"]),
        ("sglang", ["reasoning", "response_format", "strict", "tool_call_parser"]),
        ("anthropic", ["thinking", "response_format", "verbosity", "effort", "strict"]),
        ("google_ai", ["thinking_config", "response_schema"]),
        ("google_vertex", ["thinking_config", "response_schema"]),
        ("zai", ["response_format", "thinking"]),
        ("chatgpt_oauth", ["reasoning"]),
        *(
            (tag, ["response_format"])
            for tag in ("azure", "xai", "groq", "deepseek", "together", "bedrock", "openrouter")
        ),
        ("baseten", []),
    ],
)
async def test_a_providers_own_fields_are_checked_in_the_servers_order(
    http: Http, provider: str, order: list[str]
) -> None:
    wrong = dict.fromkeys(sorted(FULL[provider]), 7)
    settings = {**wrong, "provider_type": provider, "temperature": None}
    problems = await problems_of(http, {"model_settings": settings}, "model_settings", provider)
    assert [problem["loc"] for problem in problems] == [("temperature",), *((name,) for name in order)]


@pytest.mark.parametrize("name", ["reasoning", "thinking", "thinking_config"])
async def test_a_part_may_not_be_null(http: Http, name: str) -> None:
    provider = {"reasoning": "openai", "thinking": "anthropic", "thinking_config": "google_ai"}[name]
    settings = {"provider_type": provider, name: None}
    problems = await problems_of(http, {"model_settings": settings}, "model_settings", provider, name)
    assert [problem["type"] for problem in problems] == ["model_attributes_type"]


async def test_response_formats_are_told_apart_by_their_type(http: Http) -> None:
    async def problems(response_format: Any) -> list[dict[str, Any]]:
        settings = {"provider_type": "groq", "response_format": response_format}
        return await problems_of(http, {"model_settings": settings}, "model_settings", "groq", "response_format")

    assert await problems({"type": "yaml"}) == [
        {
            "type": "union_tag_invalid",
            "loc": (),
            "msg": f"Input tag 'yaml' found using 'type' {NO_TAG}{FORMAT_TAGS}",
            "input": {"type": "yaml"},
            "ctx": {"discriminator": "'type'", "tag": "yaml", "expected_tags": FORMAT_TAGS},
        }
    ]
    assert [problem["type"] for problem in await problems({})] == ["union_tag_not_found"]
    assert [problem["type"] for problem in await problems("text")] == ["model_attributes_type"]
    assert await problems({"type": "json_schema"}) == [
        {
            "type": "missing",
            "loc": ("json_schema", "json_schema"),
            "msg": "Field required",
            "input": {"type": "json_schema"},
        }
    ]
    assert await problems({"type": "json_schema", "json_schema": "{}"}) == [
        {
            "type": "dict_type",
            "loc": ("json_schema", "json_schema"),
            "msg": "Input should be a valid dictionary",
            "input": "{}",
        }
    ]
