"""Models: those that the server was made with, and the one that every server has."""

from __future__ import annotations

from typing import Any, Final

import attrs

from letta_async.operations.models import ListEmbeddingModels, ListModels
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._models import embedding_config_of, llm_config_of
from letta_async.testing._route import Route, route_of
from letta_async.testing._state import Store
from letta_async.types.model import EmbeddingModel, Model

__all__ = ["ROUTES"]


def _list_models(store: Store, call: Call) -> Any:
    """List the models; the filters are about their providers."""
    query = call.query
    categories: list[str] | None = query["provider_category"]
    if categories is not None and "base" not in categories:
        return []
    return [
        model
        for model, provider_type in map(_model, _handles(store, _facts.LLM_HANDLE))
        if query["provider_name"] in {None, model["provider_name"]} and query["provider_type"] in {None, provider_type}
    ]


def _list_embedding_models(store: Store, call: Call) -> Any:
    """List the models for embeddings: the same handles."""
    del call
    return [_embedding_model(handle) for handle in _handles(store, _facts.EMBEDDING_HANDLE)]


def _handles(store: Store, own: str) -> list[str]:
    return sorted({own, *(store.live.models or ())})


def _model(handle: str) -> tuple[dict[str, Any], str]:
    """Return the JSON of a model, and the type of its provider."""
    config = llm_config_of(handle)
    named = {
        "name": config["model"],
        "display_name": config["model"],
        "provider_type": config["model_endpoint_type"],
        "model_type": "llm",
        "max_context_window": config["context_window"],
    }
    return _with_all_fields(Model, {**config, **named}), "letta" if handle == _facts.LLM_HANDLE else "openai"


def _embedding_model(handle: str) -> dict[str, Any]:
    config = embedding_config_of(handle)
    named = {
        "name": config["embedding_model"],
        "display_name": config["embedding_model"],
        "provider_type": config["embedding_endpoint_type"],
        "provider_name": config["embedding_endpoint_type"],
        "model_type": "embedding",
    }
    return _with_all_fields(EmbeddingModel, {**config, **named})


def _with_all_fields(cls: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    return {field.name: values.get(field.name) for field in attrs.fields(cls) if field.name != "extra_fields"}


ROUTES: Final[tuple[Route, ...]] = (
    route_of(ListModels, _list_models),
    route_of(ListEmbeddingModels, _list_embedding_models),
)
