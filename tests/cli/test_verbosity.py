"""The options `-v` and `-vv`: what they log, and that the output stays as it is."""

from __future__ import annotations

import logging
import re
import sys

import pytest

from tests.cli.conftest import Cli
from tests.cli.held import HeldServer
from tests.cli.processes import Terminal, plain, run
from tests.cli.stories import Story

LOG = logging.getLogger("letta_async")
LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} (INFO|DEBUG) ", re.MULTILINE)
KEY = "sk-MostSecret"


@pytest.mark.parametrize("arguments", [["status", "--all", "-v"], ["-v", "status", "--all"]], ids=["after", "before"])
def test_v_logs_retries(cli: Cli, story: Story, server: HeldServer, arguments: list[str]) -> None:
    server.script("GET", "/v1/conversations/", status=503, retry_after=0)
    before = (LOG.level, [*LOG.handlers])
    done = cli(*arguments, "--output", "jsonl")
    assert done.with_status("stale") == set(story.stale)
    assert LINE.findall(done.stderr) == ["INFO"]
    assert "INFO retrying GET /v1/conversations/ in 0." in done.stderr
    assert (LOG.level, LOG.handlers) == before, "the log of the process was changed"


@pytest.mark.parametrize(
    "arguments", [["status", "-vv"], ["-vv", "status"], ["-v", "status", "--verbose"], ["status", "-v", "-v"]]
)
def test_vv_logs_requests_and_responses(cli: Cli, story: Story, arguments: list[str]) -> None:
    done = cli(*arguments, story.stale[0], "--output", "json")
    assert done.with_status("stale") == {story.stale[0]}
    assert "DEBUG POST /v1/conversations/" in done.stderr
    assert "answered 200 after 0." in done.stderr
    assert set(LINE.findall(done.stderr)) == {"DEBUG"}


def test_without_it_nothing_is_logged(cli: Cli, story: Story, server: HeldServer) -> None:
    server.script("GET", "/v1/conversations/", status=503, retry_after=0)
    assert not LINE.search(cli("status", "--all").stderr)


@pytest.mark.parametrize(("environment", "option", "level"), [("info", "-vv", "DEBUG"), ("debug", "-v", "DEBUG")])
def test_of_the_option_and_the_environment_the_more_talkative_holds_and_no_line_comes_twice(
    story: Story, server: HeldServer, environment: str, option: str, level: str
) -> None:
    done = run("status", story.current[0], option, base_url=server.base_url, LETTA_LOG=environment, LETTA_API_KEY=KEY)
    assert set(LINE.findall(done.stderr)) == {level}
    assert done.stderr.count("attempt 1: sent to") == 2
    assert "[20" not in done.stderr
    assert KEY not in done.stderr
    assert "Authorization: ****" in done.stderr


@pytest.mark.parametrize(("option", "shown"), [("-v", False), ("-vv", True)])
def test_vv_shows_where_an_error_comes_from(option: str, shown: bool) -> None:
    done = run("status", "--all", option, "--max-retries", "0", base_url="http://127.0.0.1:1")
    assert done.code == 3
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert ("Traceback" in done.stderr) == shown


def test_what_a_server_says_does_not_act_on_the_terminal(cli: Cli, story: Story, server: HeldServer) -> None:
    server.script("GET", "*", status=503, retry_after=0, body={"detail": "\x1b[2J\u202eevil"})
    done = cli("status", "--all", "-vv")
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    assert "evil" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_a_bar_stays_below_the_log(story: Story, server: HeldServer) -> None:
    server.script("POST", "*/recompile*", status=503, retry_after=0)
    server.hold_after(3)
    arguments = ["-v", "recompile", "--block", story.block, "--yes", "--output", "jsonl"]
    with Terminal(*arguments, base_url=server.base_url, piped=True) as terminal:
        server.wait_until_holding()
        terminal.screen.wait_for("INFO retrying POST")
        terminal.screen.wait_for("/6")
        server.release()
        done = terminal.end()
    assert done.code == 0
    assert len(done.jsonl) == 6
    lines = [line for line in re.split(r"[\r\n]+", plain(done.stderr)) if "INFO" in line]
    assert lines
    assert all(LINE.match(line) for line in lines), "the bar is in the line of a record"
