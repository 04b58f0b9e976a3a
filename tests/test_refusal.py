"""Messages of error responses: long echoes, HTML pages, empty bodies."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from multidict import CIMultiDict

from letta_async import APIError, APIStatusError, NotFoundError, UnprocessableEntityError
from letta_async._http.error_response import MAX_REFUSAL, _close_open_brackets
from letta_async._http.response_decoding import Response, decode_response
from tests.test_response import ACTOR, RECOMPILE, answer

ECHO = "x" * 100_000
COMPLAINT = {"type": "int_parsing", "loc": ("body", "limit"), "msg": "Input should be a valid integer"}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"trace_id": "", "detail": repr([COMPLAINT | {"input": ECHO}])}),  # as Letta 0.16.8 writes it
        json.dumps({"trace_id": "", "detail": repr([COMPLAINT, COMPLAINT | {"input": {"a": ["it's", '"', ECHO]}}])}),
        json.dumps({"detail": [COMPLAINT | {"input": ECHO}]}),  # as FastAPI does by itself
        json.dumps({"detail": [COMPLAINT | {"input": [{"n": n, "s": "\\"} for n in range(20_000)]}], "trace_id": ""}),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_a_422_complains_of_is_read_however_much_it_echoes(body: str, pack: Callable[[bytes], bytes]) -> None:
    headers: dict[str, Any] = {"Content-Encoding": "gzip"} if pack is gzip.compress else {}
    with pytest.raises(UnprocessableEntityError) as caught:
        answer(pack(body.encode())[:MAX_REFUSAL], 422, limit=10**6, **headers)
    entry = caught.value.detail[0]  # type: ignore[index]
    assert (entry["msg"], tuple(entry["loc"])) == (COMPLAINT["msg"], COMPLAINT["loc"])
    expected = f"422 {HTTPStatus.UNPROCESSABLE_ENTITY.phrase}: body.limit: Input should be a valid integer"
    assert expected in str(caught.value)


@pytest.mark.parametrize("code", [400, 404, 409, 500])
def test_a_long_detail_is_kept_as_far_as_it_was_read(code: int) -> None:
    with pytest.raises(APIStatusError, match="no such thing: xxx") as caught:
        answer(
            json.dumps({"detail": f"no such thing: {ECHO}", "run_id": "r"}).encode()[:MAX_REFUSAL], code, limit=10**6
        )
    assert str(caught.value.detail).startswith("no such thing: xxx")
    assert str(caught.value.detail).endswith("x…")


@pytest.mark.parametrize(
    "value",
    [
        {"trace_id": "", "detail": [{"loc": ["body", 1], "msg": 'q"\\', "input": {"a": None, "é😀": [1.5, True, {}]}}]},
        {"detail": "\\\\ \\n 😀😀 é"},
    ],
)
def test_json_and_literals_are_mended_wherever_they_are_cut(value: dict[str, Any]) -> None:
    for text, parse in ((json.dumps(value), json.loads), (repr(value), ast.literal_eval)):
        for end in range(1, len(text) + 1):
            assert parse(_close_open_brackets(text[:end])).keys() <= value.keys()
        assert parse(_close_open_brackets(text)) == value


def test_what_is_no_json_is_not_mended_into_some() -> None:
    for start in (b"{]", b"[" * 10, b"not json", b"\xff"):
        with pytest.raises(APIStatusError) as caught:
            answer(start.ljust(MAX_REFUSAL, b"["), 400, limit=10**6)
        assert caught.value.detail is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b"<!DOCTYPE html>\n<!--[if lt IE 7]><html><![endif]-->\n<head>\n<title>api.letta.com | 520: Web server is "
            b"returning an unknown error</title>",
            "an HTML page (api.letta.com | 520: Web server is returning an unknown error)",
        ),
        (b"<html><body><h1>503 Service Unavailable</h1>\nNo server is\n</body></html>", "(503 Service Unavailable)"),
        (
            b"\xef\xbb\xbf <HTML><Title lang=en>\n It&#39;s\n down \x1b[31m</Title>",
            "an HTML page (It's down \ufffd[31m)",
        ),
        (b"<html><body>" + b"<title " * 10_000, f"an HTML page ({('<title ' * 20)[:120]})"),
        (b"<html><style>a{}</style><br>Please <b>log in<script>let x", "an HTML page (Please log in)"),
        (b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Slow down</Message>', "an XML page (Slow down)"),
        (b"< is less", "< is less"),
    ],
)
@pytest.mark.parametrize("status", [520, 403, 200])
def test_of_a_page_its_title_is_shown(body: bytes, words: str, status: int) -> None:
    with pytest.raises(APIError) as caught:
        answer(body, status, content_type="text/html; charset=UTF-8", limit=10**6)
    assert str(caught.value).endswith(f": {words}" if words[0] in "a<" else words)
    assert "</" not in str(caught.value)


@pytest.mark.parametrize("body", [b'{"detail":"Not Found"}', b"", b"{}", b"<html><h1>404</h1>", b"404 page not found"])
def test_a_404_that_is_about_the_path_names_the_whole_url(body: bytes) -> None:
    with pytest.raises(NotFoundError) as caught:
        decode_response(RECOMPILE, Response(404, CIMultiDict(), body), limit=1000, base_url="http://localhost:8283/v1")
    assert f"[nothing is at http://localhost:8283/v1{RECOMPILE.path}; is base_url right" in str(caught.value)


def test_a_404_that_is_about_something_does_not() -> None:
    for detail in ("Agent not found", ACTOR):
        with pytest.raises(NotFoundError) as caught:
            body = json.dumps({"detail": detail}).encode()
            decode_response(
                RECOMPILE, Response(404, CIMultiDict(), body), limit=10**4, base_url="http://localhost:8283"
            )
        assert "localhost" not in str(caught.value)
