"""Requests that calls are built into."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from letta_async import UNSET, AsyncLetta, CompactionSettings, InvalidArgumentError, OpenAIModelSettings, Timeout
from letta_async._http import request_layout
from letta_async._http.request import CallOptions, Request
from letta_async._http.request_building import build, build_raw
from letta_async._schema.placement import split_placement
from letta_async.config import ClientConfig
from letta_async.operations.conversations import Recompile
from letta_async.resources._resource import given
from tests.ids import AGENT, CONVERSATION


def config(**options: Any) -> ClientConfig:
    given = {"api_key": None, "environment": "local", "base_url": UNSET, "default_headers": None, "default_query": None}
    return ClientConfig.read(**{**given, **options})


def recompile(conversation_id: str = CONVERSATION, options: CallOptions | None = None, **parameters: Any) -> Request:
    parameters = given({"conversation_id": conversation_id, **parameters})
    return build(Recompile, parameters, options or CallOptions(), config())


def test_without_parameters_there_is_no_query_and_no_body() -> None:
    request = recompile()
    assert (request.method, request.target, request.body) == (
        "POST",
        f"/v1/conversations/{CONVERSATION}/recompile",
        None,
    )
    assert "Content-Type" not in request.headers


@pytest.mark.parametrize(("dry_run", "query"), [(True, "dry_run=true"), (False, "dry_run=false"), (UNSET, "")])
def test_dry_run_goes_in_the_query(dry_run: Any, query: str) -> None:
    request = recompile(dry_run=dry_run)
    assert (request.query, request.body) == (query, None)


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ({"agent_id": None}, {"agent_id": None}),
        ({"compaction_settings": None}, {"compaction_settings": None}),
        ({"compaction_settings": {}}, {"compaction_settings": {}}),
        ({"compaction_settings": CompactionSettings()}, {"compaction_settings": {}}),
        (
            {
                "compaction_settings": CompactionSettings(
                    clip_chars=None, model_settings=OpenAIModelSettings(temperature=0)
                )
            },
            {
                "compaction_settings": {
                    "clip_chars": None,
                    "model_settings": {"provider_type": "openai", "temperature": 0},
                }
            },
        ),
    ],
)
def test_the_rest_goes_in_the_body_where_none_is_null_and_left_out_is_absent(parameters: Any, body: Any) -> None:
    request = recompile(**parameters)
    assert request.body is not None
    assert json.loads(request.body) == body
    assert request.headers["Content-Type"] == "application/json"


def test_extras_go_over_everything_else() -> None:
    request = build(
        Recompile,
        {"conversation_id": CONVERSATION, "dry_run": True, "compaction_settings": {"mode": "all"}},
        CallOptions(
            extra_headers={"x-one": "1", "USER-AGENT": "mine", "Accept": None},
            extra_query={"dry_run": False, "list": ["a b", 1], "none": None},
            extra_body={"compaction_settings": {"new": 1}, "other": [True]},
            timeout=3,
        ),
        config(default_headers={"X-One": "0", "X-Two": "2"}, default_query={"q": 1, "dry_run": True}),
    )
    assert request.query == "q=1&dry_run=false&list=a+b&list=1"
    assert json.loads(request.body or b"") == {"compaction_settings": {"new": 1}, "other": [True]}
    assert request.headers["x-one"] == "1"
    assert request.headers["X-Two"] == "2"
    assert request.headers["USER-AGENT"] == "mine"
    assert not {"X-One", "User-Agent", "Accept"} & set(request.headers)
    assert request.timeout == Timeout(3)


def test_extra_fields_go_beside_those_of_the_body() -> None:
    request = recompile(compaction_settings={"mode": "all"}, options=CallOptions(extra_body={"other": [True]}))
    assert json.loads(request.body or b"") == {"compaction_settings": {"mode": "all"}, "other": [True]}


def test_an_answer_is_read_as_the_call_says() -> None:
    assert recompile().answer is str
    assert raw().answer is object


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"extra_headers": {"X": "a\r\nY: b"}}, "extra_headers['X']"),
        ({"extra_headers": {"X": "a\0"}}, "extra_headers['X']"),
        ({"extra_headers": {"X": "ключ"}}, "extra_headers['X']"),
        ({"extra_headers": {"X": 5}}, "extra_headers['X']"),
        ({"extra_headers": {"X\r\n": "a"}}, "extra_headers"),
        ({"extra_headers": {"": "a"}}, "extra_headers"),
        ({"extra_headers": "X: a"}, "extra_headers"),
        ({"extra_query": {"q": object()}}, "extra_query.q"),
        ({"extra_query": "q=1"}, "extra_query"),
        ({"extra_body": {"a": {"b": float("nan")}}}, "extra_body.a.b"),
        ({"extra_body": [1]}, "extra_body"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "5"}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
    ],
)
def test_a_wrong_extra_is_refused_by_name(options: Any, path: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        recompile(options=CallOptions(**options), conversation_id="x")
    assert [fault.path for fault in caught.value.faults] == ["conversation_id", path]
    with pytest.raises(InvalidArgumentError) as caught:
        recompile(options=CallOptions(**options))
    assert [fault.path for fault in caught.value.faults] == [path]


def test_default_without_agent_id_is_sent_since_the_reference_does_so() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert recompile("default").path == "/v1/conversations/default/recompile"
        assert (
            recompile("default", agent_id=AGENT).body == json.dumps({"agent_id": AGENT}, separators=(",", ":")).encode()
        )


def test_an_agent_id_beside_a_conversation_is_sent_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="agent_id has no effect"):
        request = recompile(agent_id=AGENT)
    assert json.loads(request.body or b"") == {"agent_id": AGENT}


def test_an_agents_id_in_the_path_is_sent_with_a_deprecation_warning() -> None:
    with pytest.warns(DeprecationWarning, match="use conversation_id='default' with agent_id"):
        request = recompile(AGENT)
    assert request.path == f"/v1/conversations/{AGENT}/recompile"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v1",
        "//evil.example/v1",
        "/v1/../x",
        "/v1/%2e%2E/x",
        "/a b",
        "/a\r\nb",
        "/a?x=1",
        "/a#b",
        "/a\\b",
        "/é\x00",
        5,
    ],
)
def test_a_raw_path_that_leaves_its_place_is_refused(path: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="path"):
        build_raw("GET", path, body=UNSET, answer=object, options=CallOptions(), config=config())


def test_a_raw_path_is_sent_as_it_is() -> None:
    request = build_raw(
        "PATCH", "/v1/blocks/block-1", body={"value": "é"}, answer=object, options=CallOptions(), config=config()
    )
    assert (request.target, request.repeatable) == ("/v1/blocks/block-1", False)
    assert json.loads(request.body or b"") == {"value": "é"}


@pytest.mark.parametrize(("method", "repeatable"), [("GET", True), ("PUT", True), ("DELETE", True), ("POST", False)])
def test_raw_calls_are_repeatable_where_http_says_so(method: str, repeatable: bool) -> None:
    request = build_raw(method, "/x", body=UNSET, answer=object, options=CallOptions(), config=config())
    assert request.repeatable is repeatable


def test_what_holds_itself_is_refused_and_not_followed_for_ever() -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    with pytest.raises(InvalidArgumentError, match="nested more than .* or holds itself"):
        AsyncLetta(default_query={"q": endless})


def raw(path: str = "/x", *, body: Any = UNSET, **options: Any) -> Request:
    return build_raw("POST", path, body=body, answer=object, options=CallOptions(**options), config=config())


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("v1/x", "is not a path; it starts with one '/'"),
        ("//elsewhere.example/x", "is not a path; it starts with one '/'"),
        ("/x y", "holds a space, '\\\\', '?', '#' or an unprintable character; use extra_query"),
        *[(path, "climbs") for path in ("/a/./b", "/a/%2e/b", "/a/../b", "/a/%2E./b", "/a%2f..%2Fb", "/..")],
    ],
)
def test_a_raw_path_is_refused_with_the_reason(path: str, why: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        raw(path)
    assert [(fault.path, fault.problem) for fault in caught.value.faults] == [("path", f"{path!r} {why}")]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/x?api_key=MostSecret", r"'/x?…' holds a space, '\\', '?', '#' or an unprintable character; use extra_query"),
        ("https://sam:MostSecret@far/x?y=z", "'https://sam:**********@far/x?…' is not a path; it starts with one '/'"),
    ],
)
def test_a_raw_path_is_refused_without_its_secrets(path: str, why: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        raw(path)
    assert [fault.problem for fault in caught.value.faults] == [why]


def test_a_raw_path_keeps_what_is_escaped_and_dots_within_names() -> None:
    for path in ("/v1/a%2Fb", "/v1/.hidden/a..b", "/v1/@:!$&'()*+,;=~", "/v1/XYZ_09"):
        assert raw(path).target == path
    assert raw("/v1/é").target == "/v1/%C3%A9"


@pytest.mark.parametrize(
    ("body", "extra", "sent"),
    [
        (UNSET, {"a": 1}, {"a": 1}),
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": 1}, {}, {"a": 1}),
        ([1], {}, [1]),
        (None, None, None),
    ],
)
def test_extra_fields_go_over_those_of_a_raw_body(body: Any, extra: Any, sent: Any) -> None:
    request = raw(body=body, extra_body=extra)
    assert json.loads(request.body or b"") == sent


def test_all_that_is_wrong_with_a_raw_call_is_told_at_once() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        raw("x", body=[float("nan")], extra_body={"a": float("inf")}, extra_query=5, timeout=-1)
    faults = {fault.path: fault.problem for fault in caught.value.faults}
    assert list(faults) == ["path", "extra_query", "extra_body.a", "timeout", "body[0]", "extra_body"]
    assert faults["extra_query"] == "is not a mapping of names to values"
    assert faults["extra_body"] == "goes with a body that is a mapping"


def test_only_truth_values_are_written_small() -> None:
    assert (
        raw(extra_query={"a": True, "b": "True", "c": [False, "X"], "d": None}).target == "/x?a=true&b=True&c=false&c=X"
    )


def test_a_raw_call_has_the_clients_headers_and_says_json_only_of_a_body() -> None:
    kinds = [{name.lower(): value for name, value in request.headers.items()} for request in (raw(), raw(body={}))]
    assert [kind.get("content-type") for kind in kinds] == [None, "application/json"]
    assert raw().method == "POST"
    assert raw().timeout == config().timeout
    assert raw(timeout=3).timeout == Timeout(3)


def test_other_threads_never_find_half_of_what_is_known_of_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[Any, Any] = {}
    found = []

    def split(annotation: Any) -> Any:
        found.append(known.get(Recompile))  # as another thread does meanwhile
        return split_placement(annotation)

    monkeypatch.setattr(request_layout, "_layouts", known)
    monkeypatch.setattr(request_layout, "split_placement", split)
    recompile(dry_run=True)
    assert len(found) > 2
    assert set(found) == {None}
    assert "dry_run" in known[Recompile].places
