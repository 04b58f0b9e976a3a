"""Meaning of responses, on bodies captured from the wire."""

from __future__ import annotations

import copy
import gzip
import json
import pickle
import zlib
from typing import Any

import pytest
from multidict import CIMultiDict

from letta_async import (
    UNSET,
    APIResponseValidationError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)
from letta_async._http.error_response import retry_after
from letta_async._http.request import NO_OPTIONS, CallOptions, Request
from letta_async._http.request_building import build, build_raw
from letta_async._http.response_decoding import Response, decode_response
from letta_async.config import ClientConfig
from letta_async.operations.archives import DeleteArchive
from letta_async.operations.conversations import Recompile
from tests.ids import AGENT, CONVERSATION

CONFIG = ClientConfig(api_key=None, base_url="http://localhost:8283")
RECOMPILE = build(Recompile, {"conversation_id": CONVERSATION}, CallOptions(), CONFIG)
ACTOR = (
    "Conversation not found with id='['default']', access level in ['read'] for "
    "actor='id='user-00000000-0000-4000-8000-000000000000' name='default_user'', is_deleted=False"
)
UNPROCESSABLE = (
    b"{\"trace_id\":\"\",\"detail\":\"[{'type': 'literal_error', 'loc': ('body', 'compaction_settings', 'mode'), "
    b"'msg': \\\"Input should be 'all'\\\", 'input': None, 'ctx': {'expected': \\\"'all'\\\"}}]\"}"
)


def answer(
    body: bytes,
    status: int = 200,
    request: Request = RECOMPILE,
    limit: int = 1000,
    content_type: str | None = "application/json",
    **headers: str,
) -> Any:
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    if content_type is not None:
        fields["Content-Type"] = content_type
    return decode_response(request, Response(status, fields, body), limit=limit)


@pytest.mark.parametrize("prompt", ["", 'a "b"\n\tc', "Ünï 漢字 🎈", "\\", "null"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_prompt_is_decoded(prompt: str, ascii_only: bool) -> None:
    assert answer(json.dumps(prompt, ensure_ascii=ascii_only).encode()) == prompt


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json", None]
)
def test_json_is_known_by_its_content_type(content_type: str | None) -> None:
    assert answer(b'"x"', content_type=content_type) == "x"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"<html><body>Welcome</body></html>", "text/html", "is not JSON (200, text/html): an HTML page"),
        (b'"x"', "text/plain", "is not JSON"),
        (b"", "application/json", "is empty"),
        (b" \n", "application/json", "is empty"),
        (b'"half', "application/json", "malformed JSON (Unterminated string"),
        (b'"\xff"', "application/json", "malformed JSON"),
        (b'"one" "more"', "application/json", "malformed JSON (Extra data"),
        (b"[" * 100_000, "application/json", "malformed JSON"),
        (b"null", "application/json", "a JSON string was promised, not null"),
        (b"true", "application/json", "a JSON string was promised, not a boolean"),
        (b"5", "application/json", "a JSON string was promised, not a number"),
        (b'["x"]', "application/json", "a JSON string was promised, not an array"),
        (b'{"detail": "x"}', "application/json", "a JSON string was promised, not an object"),
    ],
)
def test_a_success_that_is_none_is_said_with_status_content_type_and_excerpt(
    body: bytes, content_type: str, words: str
) -> None:
    with pytest.raises(APIResponseValidationError) as caught:
        answer(body, content_type=content_type)
    error = caught.value
    assert words in str(error)
    assert f"(200, {content_type})" in str(error)
    assert error.status_code == 200
    assert len(str(error)) < 1000
    assert str(error).isprintable()


def test_an_answer_without_content_suits_a_raw_call() -> None:
    request = build_raw("DELETE", "/x", body=UNSET, answer=object, options=CallOptions(), config=CONFIG)
    assert answer(b"", 204, request, content_type=None) is None


def test_a_deletion_may_answer_nothing() -> None:
    request = build(DeleteArchive, {"archive_id": "archive-123e4567-e89b-42d3-8456-426614174000"}, NO_OPTIONS, CONFIG)
    assert answer(b"", 204, request) is None
    with pytest.raises(APIResponseValidationError, match="the answer is empty"):
        answer(b"", 204)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_unpacked(coding: str) -> None:
    assert answer(gzip.compress(b'"x"'), Content_Encoding=coding) == "x"


def test_deflate_is_unpacked_with_and_without_its_frame() -> None:
    raw = zlib.compressobj(wbits=-15)
    assert answer(zlib.compress(b'"x"'), Content_Encoding="deflate") == "x"
    assert answer(raw.compress(b'"x"') + raw.flush(), Content_Encoding="deflate") == "x"


@pytest.mark.parametrize(
    ("body", "coding", "words"),
    [
        (gzip.compress(b'"x"')[:-6] + b"\0" * 6, "gzip", "not valid gzip"),
        (gzip.compress(b'"x"')[:-3], "gzip", "ends too early"),
        (gzip.compress(b'"x"') + b"more", "gzip", "goes on too long"),
        (gzip.compress(gzip.compress(b'"x"')), "gzip, gzip", "was not asked for"),
        (b'"x"', "br", "was not asked for"),
        (gzip.compress(b'"' + b"x" * 1_000_000 + b'"'), "gzip", "unpacks to more than 1000 bytes"),
    ],
)
def test_a_wrong_content_encoding_is_said(body: bytes, coding: str, words: str) -> None:
    with pytest.raises(APIResponseValidationError, match=words):
        answer(body, Content_Encoding=coding)


def test_an_answer_may_unpack_to_as_much_as_allowed() -> None:
    prompt = "x" * 998
    assert answer(gzip.compress(json.dumps(prompt).encode()), Content_Encoding="gzip", limit=1000) == prompt


def test_a_refusal_is_unpacked_unless_it_is_too_large_or_broken() -> None:
    refused = gzip.compress(b'{"detail": "no"}')
    for body, limit, detail in (
        (refused, 16, "no"),
        (refused, 15, None),
        (refused[:-3], 16, "no"),
        (b"x" + refused, 16, None),
    ):
        with pytest.raises(InternalServerError) as caught:
            answer(body, 500, limit=limit, Content_Encoding="gzip")
        assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (402, APIStatusError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, APIStatusError),
        (409, ConflictError),
        (410, APIStatusError),
        (422, UnprocessableEntityError),
        (429, RateLimitError),
        (500, InternalServerError),
        (503, InternalServerError),
        (0, APIStatusError),
        (999, InternalServerError),
        (304, APIStatusError),
    ],
)
def test_each_status_has_its_class(status: int, cls: type[APIStatusError]) -> None:
    with pytest.raises(APIStatusError) as caught:
        answer(b'{"detail": "no"}', status)
    assert type(caught.value) is cls
    assert (caught.value.status_code, caught.value.detail, caught.value.body) == (status, "no", {"detail": "no"})
    assert caught.value.request_method == "POST"
    assert caught.value.request_path == f"/v1/conversations/{CONVERSATION}/recompile"


@pytest.mark.parametrize(
    ("body", "detail", "words"),
    [
        (b'{"detail":"Unauthorized"}', "Unauthorized", "Unauthorized"),
        (
            b'{"error":{"type":"llm_error","message":"it failed","detail":"upstream"}}',
            "it failed: upstream",
            "it failed: upstream",
        ),
        (b'{"error":"text"}', "text", "text"),
        (b'{"message":"text"}', "text", "text"),
        (b'{"detail":null}', None, "418"),
        (b'{"detail":"[not a list"}', "[not a list", "[not a list"),
        (b'{"detail":[{"loc":["body","a"],"msg":"bad"}]}', [{"loc": ["body", "a"], "msg": "bad"}], "body.a: bad"),
        (b'{"detail":[{"msg":"bad"},"worse"]}', [{"msg": "bad"}, "worse"], "{'msg': 'bad'}; worse"),
        (b"<html>\x1b[31mBad gateway</html>", None, "Teapot: an HTML page (\ufffd[31mBad gateway)"),
        (b"", None, "418"),
        (b"\xff\xfe\x00", None, "418"),
        (b"[1, 2]", None, "418"),
    ],
)
def test_every_shape_of_refusal_is_read(body: bytes, detail: object, words: str) -> None:
    with pytest.raises(APIStatusError) as caught:
        answer(body, 418)
    assert caught.value.detail == detail
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_list_in_a_422_is_read_from_its_text() -> None:
    with pytest.raises(UnprocessableEntityError) as caught:
        answer(UNPROCESSABLE, 422)
    (entry,) = caught.value.detail  # type: ignore[misc]
    assert entry["loc"] == ("body", "compaction_settings", "mode")
    assert "body.compaction_settings.mode: Input should be 'all'" in str(caught.value)


def test_the_servers_internal_record_is_in_the_detail_but_not_in_the_message() -> None:
    with pytest.raises(NotFoundError) as caught:
        answer(json.dumps({"detail": ACTOR}).encode(), 404)
    assert caught.value.detail == ACTOR
    assert "default_user" not in str(caught.value)
    assert "Conversation not found with id=" in str(caught.value)


def test_a_404_on_default_says_that_agent_id_is_missing() -> None:
    with pytest.raises(NotFoundError, match="agent_id is missing"):
        answer(b"{}", 404, build(Recompile, {"conversation_id": "default"}, CallOptions(), CONFIG))
    with pytest.raises(NotFoundError) as caught:
        answer(b"{}", 404, build(Recompile, {"conversation_id": "default", "agent_id": AGENT}, CallOptions(), CONFIG))
    assert "missing" not in str(caught.value)


def test_a_401_without_a_key_says_how_to_give_one() -> None:
    with pytest.raises(AuthenticationError, match="LETTA_API_KEY"):
        answer(b"{}", 401)


def test_a_long_body_is_shown_in_part() -> None:
    with pytest.raises(APIStatusError) as caught:
        answer(b"x" * 100_000, 500, limit=10**6)
    assert len(str(caught.value)) < 1000
    assert len(str(caught.value.body)) < 1000


def test_errors_can_be_pickled_and_copied() -> None:
    with pytest.raises(UnprocessableEntityError) as caught:
        answer(UNPROCESSABLE, 422, X_One="1", Retry_After="3")
    for twin in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value), copy.deepcopy(caught.value)):
        assert type(twin) is UnprocessableEntityError
        assert str(twin) == str(caught.value)
        assert twin.__dict__ == caught.value.__dict__
        assert twin.headers["x-one"] == "1"
        assert twin.retry_after == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "86400"}, 86400),
        ({"retry-after-ms": "250", "Retry-After": "3"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "3"}, 3),
        ({"Retry-After": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200),
        ({"Retry-After": "Thu, 01 Jan 1970 00:10:00 GMT"}, 0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1, 2"}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "9999999999"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "Thu, 99 Jan 1970 00:20:00 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_as_a_date_or_not_at_all(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(CIMultiDict(headers), now=1000.0) == seconds


def test_a_redirect_is_no_success() -> None:
    with pytest.raises(APIStatusError) as caught:
        answer(b'"P"', 300)
    assert caught.value.status_code == 300
    assert answer(b'"P"', 299) == "P"


def test_what_cannot_be_used_says_of_which_call_it_is() -> None:
    with pytest.raises(APIResponseValidationError) as caught:
        answer(b"", content_type=None)
    assert str(caught.value).endswith(": the answer is empty (200, no content type)")
    assert (caught.value.request_method, caught.value.request_path) == (RECOMPILE.method, RECOMPILE.path)
    with pytest.raises(APIResponseValidationError) as caught:
        answer(b"[1, 2]")
    assert caught.value.body == "[1, 2]"


def test_a_401_says_so_when_no_key_was_sent() -> None:
    hint = "no API key was sent: pass api_key, or set LETTA_API_KEY"
    keyed = ClientConfig(api_key="k", base_url="http://localhost:8283")
    with_key = build(Recompile, {"conversation_id": CONVERSATION}, CallOptions(), keyed)
    for request, status, hinted in ((RECOMPILE, 401, True), (with_key, 401, False), (RECOMPILE, 403, False)):
        with pytest.raises(APIStatusError) as caught:
            answer(b"{}", status, request)
        assert str(caught.value).endswith(f" [{hint}]") is hinted


@pytest.mark.parametrize("coding", ["identity", " Identity ", ""])
def test_an_answer_that_is_not_packed_may_say_so(coding: str) -> None:
    assert answer(b'"P"', Content_Encoding=coding) == "P"
