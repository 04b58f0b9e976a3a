"""Contract tests of agents whose models are named by a configuration instead of a handle."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Make
from tests.contract.wire import Http

LEAST = {"model": "some-model", "model_endpoint_type": "openai", "context_window": 8000}


async def test_a_configuration_takes_the_place_of_a_handle(make_agent: Make) -> None:
    agent = await make_agent(model=None, llm_config={**LEAST, "reasoning_effort": "low", "max_tokens": 77, "odd": 1})
    assert agent["llm_config"] == {
        **dict.fromkeys(LLM_CONFIG_FIELDS),
        **LEAST,
        "put_inner_thoughts_in_kwargs": False,
        "temperature": 1.0,
        "max_tokens": 77,
        "enable_reasoner": False,
        "reasoning_effort": "low",
        "max_reasoning_tokens": 0,
        "parallel_tool_calls": False,
        "strict": False,
        "return_logprobs": False,
        "return_token_ids": False,
    }
    assert list(agent["llm_config"]) == LLM_CONFIG_FIELDS
    assert (agent["model"], agent["max_files_open"]) == (None, 3)
    assert (agent["model_settings"]["max_output_tokens"], agent["model_settings"]["reasoning"]) == (
        77,
        {"reasoning_effort": "low"},
    )


LLM_CONFIG_FIELDS = [
    "model",
    "display_name",
    "model_endpoint_type",
    "model_endpoint",
    "provider_name",
    "provider_category",
    "model_wrapper",
    "context_window",
    "put_inner_thoughts_in_kwargs",
    "handle",
    "temperature",
    "max_tokens",
    "enable_reasoner",
    "reasoning_effort",
    "max_reasoning_tokens",
    "effort",
    "frequency_penalty",
    "compatibility_type",
    "verbosity",
    "tier",
    "parallel_tool_calls",
    "response_format",
    "strict",
    "return_logprobs",
    "top_logprobs",
    "return_token_ids",
    "tool_call_parser",
]


async def test_a_configuration_replaces_the_whole_of_the_one_before(http: Http, agent: dict[str, Any]) -> None:
    body = {"llm_config": LEAST, "embedding_config": {"embedding_endpoint_type": "openai", "embedding_model": "m"}}
    body["embedding_config"]["embedding_dim"] = 8
    changed = (await http.patch(f"/v1/agents/{agent['id']}", body)).json
    assert (changed["llm_config"]["handle"], changed["llm_config"]["max_tokens"]) == (None, None)
    assert changed["llm_config"]["enable_reasoner"] is True
    assert changed["embedding_config"] == {
        "embedding_endpoint_type": "openai",
        "embedding_endpoint": None,
        "embedding_model": "m",
        "embedding_dim": 8,
        "embedding_chunk_size": 300,
        "handle": None,
        "batch_size": 32,
        "azure_endpoint": None,
        "azure_version": None,
        "azure_deployment": None,
    }


@pytest.mark.parametrize(
    ("config", "complaints"),
    [
        (
            {},
            [
                ("missing", "body.llm_config.model"),
                ("missing", "body.llm_config.model_endpoint_type"),
                ("missing", "body.llm_config.context_window"),
            ],
        ),
        ({**LEAST, "temperature": "x"}, [("float_parsing", "body.llm_config.temperature")]),
        ({**LEAST, "model_endpoint_type": "bad"}, [("literal_error", "body.llm_config.model_endpoint_type")]),
        ({**LEAST, "response_format": {"type": "bad"}}, [("union_tag_invalid", "body.llm_config.response_format")]),
    ],
)
async def test_a_configuration_is_checked(http: Http, config: Any, complaints: list[tuple[str, str]]) -> None:
    answer = await http.post("/v1/agents/", {"llm_config": config})
    assert answer.complaints == complaints


@pytest.mark.parametrize("config", ["text", 5, [], {"model": 5}])
async def test_what_a_configuration_is_looked_into_for_before_it_is_checked_must_be_there(
    http: Http, config: Any
) -> None:
    answer = await http.post("/v1/agents/", {"llm_config": config})
    assert (answer.status, answer.json) == (500, {"detail": "An unknown error occurred"})
