"""JSON is parsed to the same values, and refused with the same errors, with `msgspec` and without."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import AsyncLetta
from letta_async._http import session
from letta_async._schema import json_parsing
from letta_async._schema.json_parsing import parse_json
from letta_async.testing import EmbeddedServer

ODD = {
    "integers of any size": ["1" * 25, str(2**64), str(-(2**63) - 1), "-0", "1" * 5000],
    "floats": ["-0.0", "1E5", "0.1", "1.0", "5e-324", "2.2250738585072011e-308", "9007199254740993.0", "0e0", "1e+5"],
    "floats beyond the range": ["1e999", "-1e400", "1e-999"],
    "no numbers of JSON": ["NaN", "[Infinity]", "-Infinity"],
    "duplicate names": ['{"a": 1, "b": 2, "a": 3}'],
    "surrogates": [r'"\ud800"', r'"\ude00"', r'"\ud83d\ude00"', r'"\ud800\u0041"', '{"\\ud800": 1}'],
    "characters": [
        '"\u2028"',
        '"\x7f"',
        '"\x00"',
        '"a\nb"',
        r'"\u0000"',
        r'"\/"',
        r'"\x"',
        r'"\u00g0"',
        '"Ünï 漢字 🎈"',
    ],
    "what is around it": [" 1\n", "\ufeff1", "1 2", "", " ", "\xa01", "//\n1"],
    "malformed": ["[1,]", '{"a": 1,}', "01", "+1", ".5", "1.", "1e", "[", '"half', "nul", "True", "{1: 2}", "1_0"],
    "depth": ["[" * 400 + "]" * 400, "[" * 100_000],
}
BYTES = [
    b'"\xff"',
    b'"\xc0\x80"',
    b'"\xed\xa0\x80"',
    b'{"\xff": 1}',
    b"\xef\xbb\xbf1",
    '"Ünï"'.encode("utf-16"),
    '"Ünï"'.encode("utf-32-le"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def outcome(parse: Callable[[Any], Any], text: str | bytes) -> str:
    """Return the value, so written that `1`, `1.0` and `True` differ, and `-0.0` and `0.0`, or the error's class."""
    try:
        return repr(parse(text))
    except RecursionError:
        return "RecursionError"
    except ValueError as error:
        return f"{type(error).__name__}: {error}"


def by_the_standard_library(body: bytes) -> Any:
    try:
        return json.loads(body.decode())
    except ValueError:
        return json.loads(body)


@pytest.fixture(params=["json", "msgspec"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = None
    if request.param == "msgspec":
        decode = pytest.importorskip("msgspec.json").Decoder().decode
    monkeypatch.setattr(json_parsing, "fast_decode", lambda: decode)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.usefixtures("parser")
def test_odd_texts_are_what_the_standard_library_makes_of_them(kind: str) -> None:
    for text in ODD[kind]:
        assert outcome(parse_json, text) == outcome(json.loads, text)
        body = text.encode()
        assert outcome(parse_json, body) == outcome(by_the_standard_library, body)


@pytest.mark.usefixtures("parser")
def test_bytes_are_decoded_as_the_standard_library_does() -> None:
    for body in BYTES:
        assert outcome(parse_json, body) == outcome(by_the_standard_library, body)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_value_is_read_the_same_with_msgspec(value: Any, ascii_only: bool, indent: int | None) -> None:
    decode = pytest.importorskip("msgspec.json").Decoder().decode
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_parsing, "fast_decode", lambda: decode)
        assert outcome(parse_json, text) == outcome(json.loads, text)


@given(VALUES, st.integers(0), st.binary(max_size=2), st.integers(0, 2))
def test_damaged_bytes_are_read_or_refused_the_same_with_msgspec(
    value: Any, at: int, put: bytes, instead_of: int
) -> None:
    decode = pytest.importorskip("msgspec.json").Decoder().decode
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    at %= len(body) + 1
    body = body[:at] + put + body[at + instead_of :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_parsing, "fast_decode", lambda: decode)
        assert outcome(parse_json, body) == outcome(by_the_standard_library, body)


def test_msgspec_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("msgspec.json")
    assert find_decode() is not None
    monkeypatch.setitem(sys.modules, "msgspec.json", None)
    assert find_decode() is None


@pytest.mark.parametrize(("texts", "imported"), [(["1"], False), (["1", "2"], True), ([f"[{'1,' * 2**16}1]"], True)])
def test_msgspec_is_imported_where_it_saves_time(texts: list[str], imported: bool) -> None:
    pytest.importorskip("msgspec.json")
    script = (
        "import sys; from letta_async._schema.json_parsing import parse_json\n"
        "for text in sys.stdin: parse_json(text)\n"
        "print('msgspec' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input="\n".join(texts), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(imported)


async def test_msgspec_is_imported_before_connections_can_have_taken_all_descriptors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imports: list[bool] = []
    monkeypatch.setattr(session, "fast_decode", lambda: imports.append(True))
    with EmbeddedServer() as server:
        async with AsyncLetta(base_url=server.base_url) as client:
            await client.health()
            assert not imports
            await asyncio.gather(client.health(), client.health())
            assert imports


def find_decode() -> object:
    """Look for `msgspec` anew, even where the benchmarks have put the standard library in its place."""
    import importlib.util

    spec = importlib.util.find_spec("letta_async._schema.json_parsing")
    assert spec is not None
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again.fast_decode()
