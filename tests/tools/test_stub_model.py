"""The stub model provider: what each directive makes of a request, whole and in pieces, and over HTTP."""

import http.client
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.real_server import stub_rules
from tools.real_server.stub_model import StubModel
from tools.real_server.stub_rules import chunks, completion, reply_to


def asked(text: Any, *later: dict[str, Any]) -> dict[str, Any]:
    system = {"role": "system", "content": "You write summaries."}
    return {"model": "gpt-4o-mini", "messages": [system, {"role": "user", "content": text}, *later]}


def message(text: Any, *later: dict[str, Any]) -> dict[str, Any]:
    request = asked(text, *later)
    whole: dict[str, Any] = completion(reply_to(request), request)["choices"][0]["message"]
    return whole


def deltas(text: str) -> list[dict[str, Any]]:
    request = asked(text)
    events = list(chunks(reply_to(request), request))
    return [choice["delta"] for event in events for choice in event["choices"]]


CALLED = {"role": "assistant", "content": None}
RETURNED = {"role": "tool", "content": "4"}


def test_a_message_without_directives_is_echoed() -> None:
    assert message("2 + 2 !call")["content"] == "Echo: 2 + 2 !call"


def test_the_parts_of_a_message_are_read_together() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    assert message(parts)["content"] == "Echo: look\n[image_url]"


def test_calls_are_made_at_once_and_what_they_return_is_repeated() -> None:
    script = '!call add {"a": 1}\n!call now'
    calls = message(script)["tool_calls"]
    assert [call["function"] for call in calls] == [
        {"name": "add", "arguments": '{"a": 1}'},
        {"name": "now", "arguments": "{}"},
    ]
    assert len({call["id"] for call in calls}) == 2
    assert message(script, CALLED, RETURNED, RETURNED)["content"] == "Returned: 4 | 4"


def test_each_call_of_the_model_plays_the_next_section() -> None:
    script = "!call add {}\n!then\n!call now {}\n!then\n!say done"
    assert message(script)["tool_calls"][0]["function"]["name"] == "add"
    assert message(script, CALLED, RETURNED)["tool_calls"][0]["function"]["name"] == "now"
    assert message(script, CALLED, RETURNED, CALLED, RETURNED)["content"] == "done"


def test_the_pieces_of_a_stream_make_up_the_whole() -> None:
    script = '!think why  not\n!say one  two\n!call add {"first": "a long one", "second": 2}'
    whole, pieces = message(script), deltas(script)
    assert "".join(piece.get("content", "") for piece in pieces) == whole["content"]
    assert "".join(piece.get("reasoning_content", "") for piece in pieces) == whole["reasoning_content"]
    calls = [call for piece in pieces for call in piece.get("tool_calls", [])]
    assert [call["function"].get("name") for call in calls] == ["add"] + [None] * (len(calls) - 1)
    assert len(calls) > 3
    assert "".join(call["function"]["arguments"] for call in calls) == whole["tool_calls"][0]["function"]["arguments"]


def test_words_are_the_tokens_that_are_counted() -> None:
    request = asked("!words 7")
    usage = completion(reply_to(request), request)["usage"]
    assert usage["completion_tokens"] == len(message("!words 7")["content"].split()) == 7


@pytest.mark.parametrize(
    ("given", "reported"),
    [("100 5", (100, 5, 105, 0, 0)), ("100 5 60", (100, 5, 105, 60, 0)), ("9 5 1 3", (9, 5, 14, 1, 3))],
)
def test_usage_is_reported_as_asked_at_the_end_of_a_stream_too(given: str, reported: tuple[int, ...]) -> None:
    request = asked(f"!say yes\n!usage {given}")
    usage = completion(reply_to(request), request)["usage"]
    details = usage["prompt_tokens_details"]["cached_tokens"], usage["completion_tokens_details"]["reasoning_tokens"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"], *details) == reported
    assert list(chunks(reply_to(request), request))[-1]["usage"] == usage


@pytest.mark.parametrize(
    ("script", "reason"), [("!say a", "stop"), ("!call a {}", "tool_calls"), ("!say a\n!finish length", "length")]
)
def test_the_finish_reason_fits_or_is_as_asked(script: str, reason: str) -> None:
    request = asked(script)
    assert completion(reply_to(request), request)["choices"][0]["finish_reason"] == reason
    assert list(chunks(reply_to(request), request))[-2]["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize("text", ["<start_transcript>\n[user] !call add {}", "Write a detailed summary", "Sum up."])
def test_a_request_for_a_summary_is_known_by_its_text(text: str) -> None:
    assert message(text)["content"].startswith("Summary of ")


def test_a_misspelt_directive_is_told() -> None:
    assert "'!cal add {}'" in message("!cal add {}")["content"]


def test_every_directive_is_in_the_table() -> None:
    source = Path(stub_rules.__file__).read_text(encoding="utf-8")
    _, table, code = source.split('"""', 2)
    assert set(re.findall(r"^\| `(!\w+)", table, re.MULTILINE)) == set(re.findall(r'"(!\w+)"', code))


@pytest.fixture
def provider() -> Iterator[str]:
    with StubModel(0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def ask(provider: str, text: str, **more: Any) -> bytes:
    body = json.dumps({**asked(text), **more}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{provider}/v1/chat/completions", body)) as response:
        data: bytes = response.read()
        return data


def get(provider: str, path: str, method: str = "GET") -> Any:
    with urllib.request.urlopen(urllib.request.Request(provider + path, method=method)) as response:
        return json.load(response)


def test_a_stream_ends_as_it_should(provider: str) -> None:
    events = ask(provider, "!words 3", stream=True).decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert len(events) == 1 + 3 + 2 + 2


def test_an_error_comes_as_often_as_asked(provider: str) -> None:
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(provider, "!status 503 2")
        assert (caught.value.code, json.load(caught.value)["error"]["code"]) == (503, "503")
    assert b"Worked after 2 errors" in ask(provider, "!status 503 2")


def test_an_error_within_a_stream_is_its_last_event_but_one(provider: str) -> None:
    events = ask(provider, "!words 5\n!error 3", stream=True).decode().split("\n\n")
    assert [event[:9] for event in events[-3:-1]] == ['data: {"e', "data: [DO"]
    with pytest.raises(urllib.error.HTTPError, match="500"):
        ask(provider, "!words 5\n!error 3")


def test_a_connection_breaks_off(provider: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(provider, "!words 5\n!break 3", stream=True)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(provider, "!words 5\n!break 3")


def test_it_pauses_before_and_between(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    ask(provider, "!words 2\n!wait 3\n!pace 0.5", stream=True)
    assert pauses == [3.0] + [0.5] * 5


def test_it_lists_models_and_embeds_alike_what_is_alike(provider: str) -> None:
    assert "gpt-4o-mini" in [model["id"] for model in get(provider, "/v1/models")["data"]]
    body = json.dumps({"model": "text-embedding-3-small", "input": ["a", "b", "a"], "dimensions": 8}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{provider}/v1/embeddings", body)) as response:
        first, second, third = [item["embedding"] for item in json.load(response)["data"]]
    assert first == third != second
    assert len(first) == 8


def test_it_keeps_requests_until_told_to_forget_them(provider: str) -> None:
    ask(provider, "one")
    assert [entry["body"]["messages"][-1]["content"] for entry in get(provider, "/requests")] == ["one"]
    get(provider, "/requests", "DELETE")
    assert get(provider, "/requests") == []
