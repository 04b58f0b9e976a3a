"""Text files are read as people's tools write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from letta_async._utils.text_files import UnreadableTextError, read_text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"], ids=lambda name: name
)
def test_any_unicode_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes("agent-1\r\nbücher\n".encode(encoding))
    assert read_text(file) == read_text(str(file)) == "agent-1\nbücher\n"


def test_a_mark_of_the_big_endian_is_no_text_either(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xfe\xff" + "sk-1".encode("utf-16-be"))
    assert read_text(file) == "sk-1"


def test_an_empty_file_is_empty_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert read_text(file) == ""


@pytest.mark.parametrize("content", [b"caf\xe9 secret", b"\xff\xfes\x00e\x00c\x00r\x00e\x00t\x00s"])
def test_what_is_no_text_is_refused_and_not_shown(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(UnreadableTextError, match="not text in UTF-8 or UTF-16") as caught:
        read_text(file)
    assert caught.value.__context__ is None
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("name", "reason"), [("missing", "No such file"), ("", "directory"), ("a\0b", "such a name")])
def test_a_file_that_cannot_be_read_says_why(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableTextError, match=reason):
        read_text(f"{tmp_path}/{name}")
