"""Connection to the server: options, files in any encoding, proxies that are not used."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from letta_async.testing import EmbeddedServer
from tests.cli.conftest import Cli
from tests.cli.held import HeldServer
from tests.cli.processes import Running, run
from tests.cli.stories import Story

NOWHERE = "http://127.0.0.1:9"
ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16 with a mark": lambda text: text.encode("utf-16"),
    "utf-16-be with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--timeout", "0"], "--timeout: 0.0 (float) is not a positive number of seconds"),
        (["--timeout", "soon"], "'--timeout': 'soon' is not a valid float"),
        (["--max-retries", "-1"], "--max-retries: -1 is not a whole number from 0"),
        (["--proxy", "nonsense"], "--proxy: is not a URL such as http://proxy.example:3128"),
        (["--proxy", "http://ada:hunter2@proxy.example:3128"], "--proxy: other users could read its user name"),
        (["--project", "a\nb"], "--project: 'a\\nb' is not printable"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_sent(cli: Cli, options: list[str], words: str) -> None:
    done = cli("status", "--all", *options)
    assert done.code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr


def test_options_of_the_request_reach_the_server() -> None:
    with EmbeddedServer() as server:
        options = ["--project", "crew", "--project-id", "p-1", "--timeout", "5", "--max-retries", "0"]
        assert run("status", "--all", *options, base_url=server.base_url).code == 0
        headers = {name.lower(): value for name, value in server.requests[-1].headers.items()}
        assert (headers["x-project"], headers["x-project-id"]) == ("crew", "p-1")
        server.script(status=503)
        assert run("status", "--all", *options, base_url=server.base_url).code == 5
        assert len([each for each in server.requests if each.path.endswith("/conversations/")]) == 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_files_are_read_in_the_encodings_that_editors_and_shells_write(
    cli: Cli, story: Story, tmp_path: Path, encoding: str
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_bytes(ENCODINGS[encoding]('{"mode": "all"}\n'))
    key = tmp_path / "key"
    key.write_bytes(ENCODINGS[encoding]("k3y\n"))
    done = cli("recompile", *story.stale, "--yes", "--settings", str(settings), "--api-key-file", str(key))
    assert (done.code, done.stderr.count("recompiled")) == (0, 1)


def test_a_file_that_is_no_text_is_named(cli: Cli, story: Story, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b'{"mode": "\xff\xfe\xfa"}')
    done = cli("recompile", *story.stale, "--yes", "--settings", str(file))
    assert done.code == 2
    where = "it is not text in UTF-8 or UTF-16: byte 11, in line 1"
    assert f"--settings: {str(file)!r} cannot be read: {where}" in done.stderr


def test_ids_are_read_as_windows_writes_them(story: Story, server: HeldServer) -> None:
    text = "\r\n".join([*story.stale, ""])
    for encoded in (text.encode("utf-16"), codecs.BOM_UTF8 + text.encode()):
        with Running("status", "-", base_url=server.base_url, stdin=encoded) as running:
            done = running.end()
        assert done.code == 1
        assert done.stderr.startswith("4 conversations: 4 stale, 0 current. ")


def test_ids_that_are_no_text_are_refused_with_their_place(story: Story, server: HeldServer) -> None:
    ids = f"{story.stale[0]}\n{story.stale[1]}\n".encode() + b"conv-\xff\xfe\n"
    with Running("recompile", "-", "--yes", base_url=server.base_url, stdin=ids) as running:
        done = running.end()
    assert done.code == 2
    assert done.stderr == "error: standard input: it is not text in UTF-8 or UTF-16: byte 90, in line 3\n"
    assert not server.recompiled


def test_a_proxy_of_the_environment_that_is_not_used_is_mentioned() -> None:
    words = "(HTTP_PROXY names a proxy, which is not used without --trust-env)"
    environment = {"HTTP_PROXY": NOWHERE, "http_proxy": NOWHERE}
    assert words in run("status", "--all", "--max-retries", "0", base_url=NOWHERE, **environment).stderr
    trusting = run("status", "--all", "--max-retries", "0", "--trust-env", base_url=NOWHERE, **environment)
    assert trusting.code == 3
    assert words not in trusting.stderr


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ALL_PROXY": "socks5://user:s3cret@127.0.0.1:9"}, "(ALL_PROXY names a proxy"),
        ({"HTTPS_PROXY": NOWHERE}, None),  # which is for other URLs
        ({"HTTP_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}, None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_mentioned_is_what_is_meant_for_the_server(variables: dict[str, str], words: str | None) -> None:
    done = run("status", "--all", "--max-retries", "0", base_url=NOWHERE, **variables)
    assert done.code == 3
    assert (words or "no connection could be made") in done.stderr
    assert ("--trust-env" in done.stderr) is (words is not None)
    assert "s3cret" not in done.stderr


def test_a_url_where_no_letta_server_is_is_no_missing_agent(story: Story, server: HeldServer) -> None:
    done = run("status", "--agent", story.agents[0], base_url=f"{server.base_url}/elsewhere")
    assert done.code == 3
    assert "is base_url right" in done.stderr


@pytest.mark.parametrize("wrong", ["default", "nonsense", "conv-1"])
def test_one_wrong_id_fails_by_itself(cli: Cli, story: Story, wrong: str) -> None:
    done = cli("recompile", wrong, *story.stale, "--yes", "--output", "jsonl")
    assert done.code == 1
    assert done.with_status("failed") == {wrong}
    assert done.with_status("recompiled") == set(story.stale)


def test_default_without_an_agent_says_which_option_is_missing(cli: Cli, story: Story) -> None:
    done = cli("status", "default", story.unshared[0])
    assert done.code == 5
    assert "[--agent is missing: 'default' stands for the agent-direct mode" in done.stdout


def test_default_is_the_agents_own_messages(cli: Cli, server: HeldServer, story: Story) -> None:
    typed = ["default", story.stale[0], "--agent", story.agents[0]]
    done = cli("status", *typed, "--output", "jsonl")
    assert (done.code, done.with_status("stale"), done.with_status("current")) == (1, {story.stale[0]}, {"default"})
    plan = cli("recompile", *typed, "--dry-run", "--only-stale", "--output", "jsonl")
    assert (plan.code, plan.with_status("current")) == (0, {"default"})
    done = cli("recompile", *typed, "--yes", "--output", "jsonl")
    assert (done.code, done.with_status("recompiled")) == (0, {"default", story.stale[0]})
    assert server.recompiled == {"default": 1, story.stale[0]: 1}
    bodies = {each.path.split("/")[-2]: each.body and each.json() for each in server.requests[-2:]}
    assert bodies == {"default": {"agent_id": story.agents[0]}, story.stale[0]: b""}


def test_a_wrong_id_does_not_act_on_the_terminal(cli: Cli, story: Story) -> None:
    done = cli("status", "-", stdin=f"{story.unshared[0]}\n\x1b]0;owned\x07\n")
    assert (done.code, "owned" in done.stdout, "\x1b" in done.stdout) == (5, True, False)
