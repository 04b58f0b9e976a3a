"""The mutants: what each does otherwise, how, which contract test must notice, and a test beside it that must not.

The second one shows that the mutant still works, so that it was the quirk that was missed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import attrs
import pytest

from letta_async.testing import _app, _call, _conversations, _errors, _facts, _ids, _recompile
from letta_async.testing._validation import Fields
from letta_async.types import compaction

__all__ = ["MUTANTS", "Mutant"]

Patch = Callable[[pytest.MonkeyPatch], None]


@attrs.frozen
class Mutant:
    """An embedded server that does one thing otherwise."""

    does: str
    patch: Patch
    caught_by: str
    spared: str


def replaced(name: str, change: Callable[[Any], Any]) -> Patch:
    """Patch what has this name in `letta_async.testing` by what is made of it."""
    module_name, *path, last = name.split(".")

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        owner: Any = importlib.import_module(f"letta_async.testing.{module_name}")
        for step in path:
            owner = getattr(owner, step)
        monkeypatch.setattr(owner, last, change(getattr(owner, last)))

    return patch


def item(mapping: Any, key: object, value: object) -> Patch:
    """Patch a mapping."""
    return lambda monkeypatch: monkeypatch.setitem(mapping, key, value)


def always(value: Any) -> Callable[[Any], Any]:
    """Put this in the place of what is there."""
    return lambda _: value


def then(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let a function answer what is made of its answer."""
    return lambda original: lambda *args, **kwargs: change(original(*args, **kwargs))


def refusing(change: Callable[[_errors.Refusal], None]) -> Callable[[Any], Any]:
    """Change what a function refuses with."""

    def wrap(original: Any) -> Any:
        def refuse(*args: Any) -> Any:
            try:
                return original(*args)
            except _errors.Refusal as refusal:
                change(refusal)
                raise

        return refuse

    return wrap


# --- the changes that take more than a line -------------------------------------------------------------------------


def new_prompt_at_once(original: Any) -> Any:
    def rebuild(store: Any, agent: Any, **options: Any) -> Any:
        original(store, agent, **options)
        return _recompile.compile_direct(store, agent, update_timestamp=True)

    return rebuild


def reaching_conversations(original: Any) -> Any:
    def rebuild_after_edit(store: Any, block_id: str) -> None:
        original(store, block_id)
        for conversation_id in list(store.conversations):
            path, query = {"conversation_id": conversation_id}, Fields({"dry_run": False})
            with contextlib.suppress(_errors.Refusal):
                _conversations.recompile(store, _call.Call(path=path, query=query, body=None, headers={}))

    return rebuild_after_edit


def without_dry_runs(fields: Fields) -> Fields:
    if "dry_run" in fields:
        fields["dry_run"] = False
    return fields


def in_24_hours(_original: Any) -> Any:
    def local_time(moment: datetime, _timezone: str) -> str:
        return moment.strftime("%Y-%m-%d %H:%M:%S %Z%z")

    return local_time


def strict(original: Any) -> Any:
    def read(annotation: Any, value: Any, here: Any) -> Any:
        fields = original(annotation, value, here)
        if here.loc == ("body",) and isinstance(value, dict) and isinstance(fields, dict):
            for name in value.keys() - fields.keys():
                here.at(name).refuse("extra_forbidden", "Extra inputs are not permitted", value[name])
        return fields

    return read


def as_json(_original: Any) -> Any:
    def invalid_request(problems: Any) -> _errors.Refusal:
        return _errors.Refusal(422, {"trace_id": "", "detail": [problem.as_dict() for problem in problems]})

    return invalid_request


def oldest_first(original: Any) -> Any:
    def query(cls: type, asked: Any, problems: Any) -> Fields:
        fields: Fields = original(cls, asked, problems)
        if "order" in fields and "order=" not in asked.query_string:
            fields["order"] = "asc"
        return fields

    return query


def with_the_cursor(original: Any) -> Any:
    def page(*args: Any, after: Any = None, **options: Any) -> list[Any]:
        return [*([] if after is None else [after]), *original(*args, after=after, **options)]

    return page


def named(prompt: str | None) -> str | None:
    return prompt and prompt.replace("ID: default\n", "ID: conv-1\n")


def escaped(_original: Any) -> Any:
    return lambda value: json.dumps(value, default=str, separators=(",", ":")).encode()


def with_charset(answer: _app.Answer) -> _app.Answer:
    return attrs.evolve(answer, headers={**answer.headers, "content-type": "application/json; charset=utf-8"})


def redirect_for_good(refusal: _errors.Refusal) -> None:
    refusal.status = 308 if refusal.status == 307 else refusal.status


# --- the table ------------------------------------------------------------------------------------------------------

MUTANTS: Final = (
    Mutant(
        "answers an agent-direct recompile with the new prompt",
        replaced("_conversations.rebuild", new_prompt_at_once),
        "test_recompile_agents.py::test_agent_direct_keeps_the_new_prompt_and_answers_the_one_before",
        "test_recompile_agents.py::test_agent_direct_on_a_dry_run_answers_the_new_prompt_and_keeps_the_old",
    ),
    Mutant(
        "keeps the prompt of a dry run",
        replaced("_app._query", then(without_dry_runs)),
        "test_recompile.py::test_a_dry_run_answers_the_new_prompt_and_keeps_the_old",
        "test_recompile.py::test_these_mean_none",
    ),
    Mutant(
        "lets an edit reach the conversations",
        replaced("_blocks.rebuild_after_edit", reaching_conversations),
        "test_recompile.py::test_editing_a_block_leaves_conversations_as_they_were",
        "test_recompile_agents.py::test_editing_a_block_rewrites_the_agents_own_prompt",
    ),
    Mutant(
        "lets no edit reach the agent's own prompt",
        replaced("_blocks.rebuild_after_edit", always(lambda *_: None)),
        "test_recompile_agents.py::test_editing_a_block_rewrites_the_agents_own_prompt",
        "test_recompile.py::test_editing_a_block_leaves_conversations_as_they_were",
    ),
    Mutant(
        "tells the time of a prompt by 24 hours",
        replaced("_prompt.local_time", in_24_hours),
        "test_prompt.py::test_a_prompt_in_full",
        "test_recompile.py::test_a_dry_run_answers_the_new_prompt_and_keeps_the_old",
    ),
    Mutant(
        "tells the time of a prompt in UTC only",
        replaced("_prompt.local_time", lambda original: lambda moment, _: original(moment, "UTC")),
        "test_prompt.py::test_the_time_is_told_in_the_agents_timezone",
        "test_prompt.py::test_a_prompt_in_full",
    ),
    Mutant(
        "names the conversation in a recompiled prompt",
        replaced("_conversations.compile_direct", then(named)),
        "test_recompile.py::test_recompiling_writes_default_for_the_conversation",
        "test_recompile.py::test_recompiling_reaches_one_conversation_only",
    ),
    Mutant(
        "refuses unknown fields",
        replaced("_app.read", strict),
        "test_recompile.py::test_unknown_fields_of_the_body_and_of_the_settings_are_ignored",
        "test_model_settings.py::test_every_field_of_every_provider_is_taken",
    ),
    Mutant(
        "fills up compaction settings with another default",
        item(_facts.FIELDS[compaction.CompactionSettings], "clip_chars", 10_000),
        "test_agents.py::test_without_compaction_settings_an_agent_gets_some_with_a_prompt",
        "test_agents.py::test_given_compaction_settings_are_kept_and_filled_up",
    ),
    Mutant(
        "takes any id of a conversation",
        item(_ids._PATH_PARAMETERS, "conversation_or_default", ("conversation_id", str)),
        "test_recompile.py::test_a_malformed_conversation_is_a_wrong_path",
        "test_recompile.py::test_an_unknown_conversation_is_not_found",
    ),
    Mutant(
        "finds no malformed agent, rather than refusing it",
        replaced("_agents.invalid_argument", always(_errors.not_found)),
        "test_recompile_agents.py::test_a_malformed_agent_is_an_invalid_argument",
        "test_recompile_agents.py::test_an_unknown_agent_is_not_found",
    ),
    Mutant(
        "refuses to cancel with 400",
        replaced("_run_calls.conflict", always(_errors.invalid_argument)),
        "test_conversations.py::test_cancelling_without_a_run_is_a_conflict",
        "test_conversations.py::test_cancelling_default_needs_an_agent",
    ),
    Mutant(
        "tells the details of a 422 as JSON",
        replaced("_app.invalid_request", as_json),
        "test_request_bodies.py::test_the_text_of_a_422_is_python_with_all_that_was_sent",
        "test_request_bodies.py::test_these_say_that_a_body_is_json",
    ),
    Mutant(
        "reads a negative limit as 0",
        replaced("_conversations.checked_limit", always(lambda limit: limit and max(0, limit))),
        "test_conversation_lists.py::test_a_wrong_query_is_refused_and_a_negative_limit_is_a_database_error",
        "test_conversation_lists.py::test_conversations_are_listed_newest_first_by_pages",
    ),
    Mutant(
        "lists the oldest first unless asked otherwise",
        replaced("_app._query", oldest_first),
        "test_conversation_lists.py::test_conversations_are_listed_newest_first_by_pages",
        "test_blocks.py::test_blocks_are_listed_oldest_first_by_pages",
    ),
    Mutant(
        "lists an agent's own messages newest first",
        replaced("_messages._of_agent", then(lambda rows: rows[::-1])),
        "test_messages.py::test_an_agents_own_messages_are_listed_oldest_first_in_both_orders",
        "test_messages.py::test_a_conversation_is_listed_newest_first",
    ),
    Mutant(
        "begins a page with its cursor",
        replaced("_agents.page", with_the_cursor),
        "test_agent_reads.py::test_agents_are_listed_newest_first_by_pages",
        "test_agent_reads.py::test_hidden_agents_are_listed_when_asked_for",
    ),
    Mutant(
        "shows all clients the same of an agent",
        replaced("_call.Call.is_version_1", always(lambda _: False)),
        "test_agent_reads.py::test_relations_are_shown_by_name_and_to_older_clients_all",
        "test_agents.py::test_an_agent_is_read_back_as_it_was_made",
    ),
    Mutant(
        "escapes what is not ASCII",
        replaced("_wire.encode", escaped),
        "test_recompile.py::test_the_prompt_is_a_json_string",
        "test_recompile.py::test_an_unknown_conversation_is_not_found",
    ),
    Mutant(
        "names the charset of JSON",
        replaced("_app._success", then(with_charset)),
        "test_recompile.py::test_the_prompt_is_a_json_string",
        "test_recompile.py::test_a_dry_run_answers_the_new_prompt_and_keeps_the_old",
    ),
    Mutant(
        "does not say which method is allowed",
        replaced("_app._find_route", refusing(lambda refusal: refusal.headers.pop("allow", None))),
        "test_http.py::test_another_method_is_refused_and_one_that_is_allowed_named",
        "test_http.py::test_a_slash_too_many_or_too_few_is_redirected",
    ),
    Mutant(
        "redirects for good",
        replaced("_app._find_route", refusing(redirect_for_good)),
        "test_http.py::test_a_slash_too_many_or_too_few_is_redirected",
        "test_http.py::test_a_path_that_is_no_call_is_not_found",
    ),
    Mutant(
        "asks for the key before it tells its health",
        replaced("_app._OPEN_PATHS", always(frozenset())),
        "test_http.py::test_health_asks_for_no_key",
        "test_http.py::test_with_the_key_calls_are_answered",
    ),
)
