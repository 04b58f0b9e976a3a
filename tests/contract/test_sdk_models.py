"""Contract tests of the client for the server's health and its models."""

from __future__ import annotations

import attrs

from letta_async import AsyncLetta, EmbeddingModel, HealthResponse, Model
from tests.contract.conftest import MODEL, TALKING


async def test_health_is_the_version_of_the_server(sdk: AsyncLetta) -> None:
    assert await sdk.health() == HealthResponse(version="0.16.8", status="ok")


async def test_the_models_have_all_fields_of_the_api(sdk: AsyncLetta) -> None:
    models = {model.handle: model for model in await sdk.models.list()}
    model = models[MODEL]
    assert type(model) is Model
    assert not model.extra_fields
    assert (model.name, model.display_name, model.model) == ("letta-free", "letta-free", "letta-free")
    assert (model.provider_name, model.provider_type, model.provider_category) == ("letta", "openai", "base")
    assert (model.model_type, model.max_context_window, model.context_window) == ("llm", 30000, 30000)
    assert model.api_model_endpoint == model.model_endpoint == "https://inference.letta.com/v1/"
    assert (model.api_model_type, model.api_model_endpoint_type, model.api_model_wrapper) == ("llm", "openai", None)
    unset = [field.name for field in attrs.fields(Model) if getattr(model, field.name) is None]
    assert {"effort", "tier", "verbosity", "tool_call_parser"} <= {*unset}
    assert {"temperature", "max_tokens", "strict", "enable_reasoner"}.isdisjoint(unset)
    if TALKING:
        talking = models[TALKING]
        assert (talking.handle, talking.name, talking.provider_name) == (TALKING, TALKING.partition("/")[2], "openai")


async def test_models_are_listed_by_their_providers(sdk: AsyncLetta) -> None:
    everything = await sdk.models.list()
    assert await sdk.models.list(provider_category=["base", "byok"], provider_name=None) == everything
    assert {model.provider_name for model in await sdk.models.list(provider_name="letta")} == {"letta"}
    assert [model.handle for model in await sdk.models.list(provider_type="letta")] == [MODEL]
    assert await sdk.models.list(provider_name="letta", provider_type="anthropic") == []


async def test_the_embedding_models_have_all_fields_of_the_api(sdk: AsyncLetta) -> None:
    models = {model.handle: model for model in await sdk.models.embeddings.list()}
    model = models[MODEL]
    assert type(model) is EmbeddingModel
    assert not model.extra_fields
    assert (model.name, model.embedding_model, model.display_name) == ("letta-free", "letta-free", "letta-free")
    assert (model.model_type, model.api_model_type, model.embedding_dim) == ("embedding", "embedding", 1536)
    assert (model.embedding_chunk_size, model.batch_size, model.provider_type) == (300, 32, "openai")
