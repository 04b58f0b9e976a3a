"""Contract tests of the parsing of request bodies, and of the refusals of invalid ones."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest

from tests.contract.conftest import Make
from tests.contract.wire import JSON, NOTHING, UNKNOWN, UNKNOWN_AGENT, UNKNOWN_BLOCK, UNKNOWN_CONVERSATION, Http

# An id that is well-formed and unknown: a body that was read leads to a 404.
RECOMPILE = f"/v1/conversations/{UNKNOWN_CONVERSATION}/recompile"
NO_TOOL = f"/v1/tools/tool-{UNKNOWN}"
NO_TRACE = f"/v1/runs/run-{UNKNOWN}/trace"
NO_OBJECT = "Input should be a valid dictionary or object to extract fields from"


@pytest.mark.parametrize(
    ("body", "position", "reason"),
    [
        (b"{", 1, "Expecting property name enclosed in double quotes"),
        (b"{'a': 1}", 1, "Expecting property name enclosed in double quotes"),
        (b'{"a" 1}', 5, "Expecting ':' delimiter"),
        (b'{"a": }', 6, "Expecting value"),
        (b'{"a": 1 "b"}', 8, "Expecting ',' delimiter"),
        (b'{"a": "b', 6, "Unterminated string starting at"),
        (b"tru", 0, "Expecting value"),
        (b" ", 1, "Expecting value"),
        (b"{} {}", 3, "Extra data"),
        (b'{"a": "\x01"}', 7, "Invalid control character at"),
    ],
)
async def test_malformed_json_is_named_with_its_place(http: Http, body: bytes, position: int, reason: str) -> None:
    answer = await http.post(RECOMPILE, body)
    assert answer.problems == [
        {
            "type": "json_invalid",
            "loc": ("body", position),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": reason},
        }
    ]


@pytest.mark.parametrize("body", [b"\xff", b'"\xc3"', b'{"agent_id": "\xe4"}', b"1" * 5000])
async def test_a_body_that_cannot_even_be_tried_is_a_bad_request(http: Http, body: bytes) -> None:
    answer = await http.post(RECOMPILE, body)
    assert (answer.status, answer.body) == (400, b'{"detail":"There was an error parsing the body"}')


@pytest.mark.parametrize("body", [[], [1], "text", 5, 0, 1.5, True, False])
async def test_a_body_that_is_no_object_is_refused(http: Http, body: object) -> None:
    answer = await http.post(RECOMPILE, body)
    assert answer.problems == [{"type": "model_attributes_type", "loc": ("body",), "msg": NO_OBJECT, "input": body}]


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "application/json; charset=latin-1",
        "APPLICATION/JSON",
        "application/vnd.letta+json",
        "Application/X+JSON;a=b",
    ],
)
async def test_these_say_that_a_body_is_json(http: Http, content_type: str) -> None:
    answer = await http.post(RECOMPILE, {}, content_type=content_type)
    assert answer.status == 404


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "text/json", "application/jsonp", "json", "application"]
)
async def test_without_saying_so_a_body_is_not_read_as_json(http: Http, content_type: str | None) -> None:
    answer = await http.post(RECOMPILE, b'{"agent_id":null}', content_type=content_type)
    assert answer.problems == [
        {"type": "model_attributes_type", "loc": ("body",), "msg": NO_OBJECT, "input": b'{"agent_id":null}'}
    ]


@pytest.mark.parametrize("content_type", [None, "text/plain", JSON])
async def test_an_empty_body_is_none_whatever_it_says(http: Http, content_type: str | None) -> None:
    answer = await http.post(RECOMPILE, b"", content_type=content_type)
    assert answer.status == 404


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/v1/agents/"),
        ("PATCH", f"/v1/agents/{UNKNOWN_AGENT}"),
        ("POST", "/v1/blocks/"),
        ("PATCH", f"/v1/blocks/{UNKNOWN_BLOCK}"),
        ("PATCH", f"/v1/conversations/{UNKNOWN_CONVERSATION}"),
    ],
)
@pytest.mark.parametrize("body", [NOTHING, b"", None])
async def test_a_body_that_is_required_must_be_there(http: Http, method: str, target: str, body: object) -> None:
    answer = await http.call(method, target, body)
    assert answer.body.decode() == (
        "{\"trace_id\":\"\",\"detail\":\"[{'type': 'missing', 'loc': ('body',), "
        "'msg': 'Field required', 'input': None}]\"}"
    )
    assert answer.status == 422


async def test_of_two_fields_of_a_name_the_last_counts(http: Http) -> None:
    answer = await http.post(RECOMPILE, b'{"agent_id": 5, "agent_id": null}')
    assert answer.status == 404
    answer = await http.post(RECOMPILE, b'{"agent_id": null, "agent_id": 5}')
    assert answer.complaints == [("string_type", "body.agent_id")]


async def test_what_json_forbids_and_python_reads_is_read(http: Http) -> None:
    answer = await http.post(RECOMPILE, b'{"agent_id": NaN, "x": Infinity}')
    assert answer.status == 422
    assert answer.detail == (
        "[{'type': 'string_type', 'loc': ('body', 'agent_id'), 'msg': 'Input should be a valid string', 'input': nan}]"
    )


async def test_the_text_of_a_422_is_python_with_all_that_was_sent(http: Http) -> None:
    answer = await http.post(
        RECOMPILE, {"compaction_settings": {"prompt": {"it's": ['"Ä😀"', None, 1e-7, True, "\n"]}}}
    )
    assert answer.detail == (
        "[{'type': 'string_type', 'loc': ('body', 'compaction_settings', 'prompt'), 'msg': 'Input should be a valid "
        "string', 'input': {\"it's\": ['\"Ä😀\"', None, 1e-07, True, '\\n']}}]"
    )


async def test_a_body_may_have_megabytes(http: Http, make_block: Make) -> None:
    text = "0123456789abcdef" * 200_000
    block = await make_block(label="large", value=text)
    assert (await http.get(f"/v1/blocks/{block['id']}")).json["value"] == text


async def test_a_client_may_wait_for_leave_to_send_its_body(http: Http) -> None:
    async with http.session.post(http.base_url + RECOMPILE, json={"agent_id": 5}, expect100=True) as response:
        assert response.status == 422


async def test_a_body_may_come_in_chunks(http: Http) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in (b'{"agent', b'_id"', b": 5}"):
            yield chunk

    headers = {"Content-Type": JSON}
    async with http.session.post(http.base_url + RECOMPILE, data=chunks(), headers=headers) as response:
        assert response.status == 422


async def test_a_compressed_body_is_not_unpacked(http: Http) -> None:
    answer = await http.post(RECOMPILE, gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
    assert answer.status == 400


async def test_a_get_reads_no_body(http: Http) -> None:
    answer = await http.call("GET", f"/v1/agents/{UNKNOWN_AGENT}", b"{nonsense")
    assert answer.status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "place", "kind", "bound"),
    [
        ("POST", "/v1/passages/search", {"limit": 0}, ("body", "limit"), "greater_than_equal", {"ge": 1}),
        ("POST", "/v1/passages/search", {"limit": 101}, ("body", "limit"), "less_than_equal", {"le": 100}),
        ("POST", "/v1/tools/search", {"query": "x", "limit": 101}, ("body", "limit"), "less_than_equal", {"le": 100}),
        ("PATCH", NO_TOOL, {"return_char_limit": 0}, ("body", "return_char_limit"), "greater_than_equal", {"ge": 1}),
        ("GET", f"{NO_TRACE}?limit=5001", NOTHING, ("query", "limit"), "less_than_equal", {"le": 5000}),
    ],
)
async def test_a_number_out_of_its_range_is_refused(
    http: Http, method: str, path: str, body: object, place: tuple[str, str], kind: str, bound: dict[str, int]
) -> None:
    (problem,) = (await http.call(method, path, body)).problems
    assert (problem["type"], problem["loc"], problem["ctx"]) == (kind, place, bound)


async def test_the_time_of_a_passage_is_read_after_its_archive_is_found(http: Http) -> None:
    archive = (await http.post("/v1/archives/", {"name": "contract"})).json
    paths = f"/v1/archives/{archive['id']}/passages", f"/v1/archives/archive-{UNKNOWN}/passages"
    for created_at, expected in (("yesterday", [400, 404]), ("", [200, 404]), (5, [422, 422])):
        answers = [await http.post(each, {"text": "x", "created_at": created_at}) for each in paths]
        assert [answer.status for answer in answers] == expected
    await http.delete(f"/v1/archives/{archive['id']}")
