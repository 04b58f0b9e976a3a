"""Fuzz tests: any input from outside leads to a value or an error of this package."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import json
import time
import zlib
from collections.abc import Callable
from email.utils import format_datetime
from functools import partial
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from letta_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AsyncLetta,
    InvalidArgumentError,
    LettaError,
)
from letta_async._http.error_response import retry_after
from letta_async._http.redirects import redirect_target
from letta_async._http.request import CallOptions
from letta_async._http.request_building import build, build_raw
from letta_async._http.response_decoding import Response, decode_response
from letta_async._schema.validation import check
from letta_async.operations.conversations import Recompile
from tests.ids import AGENT, CONVERSATION

E = TypeVar("E", bound=LettaError)


def meet(make: Callable[[], Any], kind: type[E]) -> tuple[Any, E | None]:
    """Return the value of a call, or its `LettaError`; any other error fails the test."""
    try:
        return make(), None
    except kind as error:
        return None, error


_CONFIG = AsyncLetta(base_url="http://127.0.0.1:1")._config
_CALL = build(Recompile, {"conversation_id": CONVERSATION}, CallOptions(), _CONFIG)
_RAW = build_raw("GET", "/v1/x", body=None, answer=object, options=CallOptions(), config=_CONFIG)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)

DETAILS = st.sampled_from(["detail", "error", "message", "msg", "loc", "type", "trace_id"])
REFUSALS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(DETAILS, inner), max_leaves=20)

NAMES = st.sampled_from(
    ["Content-Type", "Content-Encoding", "Retry-After", "Retry-After-Ms", "X-Should-Retry", "Location"]
)
VALUES = (
    st.text()
    | st.sampled_from(["application/json", "text/html", "gzip", "deflate", "x-gzip", "br", "gzip, gzip", "identity"])
    | st.integers().map(str)
)
HEADERS = st.dictionaries(NAMES, VALUES).map(CIMultiDict)
BODIES = (
    st.binary()
    | JSON.map(lambda value: json.dumps(value).encode())
    | REFUSALS.map(lambda value: json.dumps(value).encode())
    | REFUSALS.map(lambda value: json.dumps({"detail": repr(value)}).encode())
    | st.binary().map(gzip.compress)
    | st.binary().map(zlib.compress)
    | st.builds(lambda data, cut: gzip.compress(data)[:cut], st.binary(), st.integers(0, 40))
)


@given(st.sampled_from([_CALL, _RAW]), st.integers(0, 999), HEADERS, BODIES)
@example(_CALL, 200, CIMultiDict(), b"[" * 100_000)
@example(_CALL, 422, CIMultiDict(), json.dumps({"detail": "[" * 99_000}).encode())
@example(_CALL, 422, CIMultiDict(), b"{\"detail\": \"[{'loc': 1}, -'x', 1e999, \\u0000]\"}")
@example(_CALL, 500, CIMultiDict({"Retry-After": "\u0663"}), b'"\\ud800"')
@example(_RAW, 200, CIMultiDict(), b"1" * 5000)
def test_any_answer_is_a_value_or_an_error_of_ours(
    request: Any, status: int, headers: CIMultiDict[str], body: bytes
) -> None:
    _, error = meet(lambda: decode_response(request, Response(status, headers, body), limit=10_000), APIError)
    success = 200 <= status < 300
    if error is None:
        assert success
    else:
        assert isinstance(error, APIResponseValidationError) == success
        assert str(error).isprintable()
        assert len(str(error)) < 2000
        assert error.request_path == request.path


@given(BODIES)
def test_a_recompile_gives_text_or_an_error_of_ours(body: bytes) -> None:
    with contextlib.suppress(LettaError):
        assert isinstance(decode_response(_CALL, Response(200, CIMultiDict(), body), limit=10_000), str)


ANYTHING = st.dictionaries(st.text(), JSON) | st.dictionaries(
    st.sampled_from([field.name for field in attrs.fields(Recompile)]), JSON
)
NESTED = st.dictionaries(
    st.sampled_from(["model", "model_settings", "prompt", "clip_chars", "mode", "sliding_window_percentage", "extra"]),
    JSON | st.dictionaries(st.sampled_from(["provider_type", "temperature", "reasoning", "response_format"]), JSON),
)


@given(ANYTHING | NESTED.map(lambda settings: {"conversation_id": CONVERSATION, "compaction_settings": settings}))
def test_any_argument_is_taken_or_refused_by_an_error_of_ours(given_values: Any) -> None:
    call, error = meet(lambda: check(Recompile, given_values), InvalidArgumentError)
    if error is None:
        assert isinstance(call, Recompile)
    else:
        assert error.faults
        assert all(fault.problem for fault in error.faults)


@given(st.text() | st.sampled_from([AGENT, CONVERSATION, "default"]), JSON, JSON, JSON, JSON, JSON)
def test_any_call_is_built_or_refused(
    conversation: str, agent: Any, dry_run: Any, headers: Any, query: Any, body: Any
) -> None:
    options = CallOptions(extra_headers=headers, extra_query=query, extra_body=body)
    parameters = {"conversation_id": conversation, "agent_id": agent, "dry_run": dry_run}
    request, error = meet(lambda: build(Recompile, parameters, options, _CONFIG), InvalidArgumentError)
    if error is not None:
        return
    assert URL(f"{_CONFIG.base_url}{request.target}", encoded=True).raw_path == request.path
    assert not {"\r", "\n", "\0"} & set(request.target + "".join(request.headers) + "".join(request.headers.values()))
    assert request.body is None or json.loads(request.body) is not None


DATES = st.datetimes(timezones=st.just(datetime.UTC)).map(lambda moment: format_datetime(moment, usegmt=True))
TIMES = (
    st.text()
    | st.text("0123456789.,:+-eE naifGMT")
    | st.integers().map(str)
    | st.floats().map(str)
    | DATES
    | st.datetimes().map(format_datetime)
)


@given(TIMES, TIMES)
@example("-1", "")
@example("Wed, 21 Oct 2015 07:28:00", "")
@example("Mon, 01 Jan 0001 00:00:00 +2359", "")
@example("Fri, 31 Dec 9999 23:59:59 -2359", "")
@example("1" * 400, "1" * 400)
@example("\u0661\u0662", "\u0661")
@example("Thu, 01 Jan 1970 00:00:00 -99999999", "")
def test_any_retry_after_is_a_time_or_nothing(text: str, milliseconds: str) -> None:
    seconds = retry_after(CIMultiDict({"Retry-After": text, "Retry-After-Ms": milliseconds}), 1_700_000_000)
    assert seconds is None or 0 <= seconds < 1e12


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_date_is_read_alike_in_every_time_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for text in ("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:30 -0000", "Wed, 21 Oct 2015 07:28:30"):
            assert retry_after(CIMultiDict({"Retry-After": text}), 1445412500) == 10
    finally:
        monkeypatch.undo()
        time.tzset()


LOCATIONS = st.text() | st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "http:", "https:", "file:", "javascript:"]),
        st.sampled_from(["", "//", "///", "\\\\", "//a@"]),
        st.sampled_from(["", "127.0.0.1:1", "127.0.0.1", "[::1", "elsewhere.example", "127.0.0.1:1@elsewhere.example"]),
        st.text("/.?#%@:[]\\ ab", max_size=10),
    ),
)


@given(LOCATIONS | LOCATIONS.map(lambda location: f"http:{location}"))
@example("http://[]@")
@example("http://::")
def test_any_base_url_or_proxy_is_taken_or_refused(url: str) -> None:
    for options in ({"base_url": url}, {"base_url": "http://127.0.0.1:1", "proxy": url}):
        client, error = meet(partial(AsyncLetta, **options), InvalidArgumentError)
        if error is not None:
            assert str(error).isprintable()
        else:
            assert URL(client.base_url).user is None
            assert client._transport.connection.proxy is None or client._transport.connection.proxy.user is None


@given(st.sampled_from([301, 302, 303, 307, 308]), LOCATIONS, st.integers(0, 5))
@example(307, "//[]@", 0)
@example(307, "//::", 0)
def test_any_location_is_refused_or_of_the_same_origin(status: int, location: str, hops: int) -> None:
    target = URL("http://127.0.0.1:1/v1/x", encoded=True)
    headers = CIMultiDict({"Location": location})
    followed, error = meet(
        lambda: redirect_target(_CALL, status, headers, target, "http://127.0.0.1:1", hops), APIConnectionError
    )
    if error is not None:
        assert str(error).isprintable()
        assert not error.transient
    else:
        assert followed is not None
        assert followed.origin() == target.origin()
        assert followed.user is None
        assert status in (307, 308)
