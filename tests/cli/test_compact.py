"""`compact`: question, summaries, failures, and no request twice."""

from __future__ import annotations

import shlex
import signal

import pytest

from letta_async import Letta
from tests.cli.conftest import Cli
from tests.cli.held import HeldServer
from tests.cli.processes import Running, Terminal, run
from tests.cli.stories import Story, tell


@pytest.fixture
def many(client: Letta) -> Story:
    return tell(client, stale=15, current=0, unshared=0)


def test_each_conversation_has_its_summary(cli: Cli, story: Story, server: HeldServer) -> None:
    server.summarize()
    done = cli("compact", *story.stale, "--yes", "--output", "jsonl")
    assert (done.code, done.stderr) == (0, "4 compacted.\n")
    assert done.with_status("compacted") == set(story.stale)
    for row in done.jsonl:
        assert (row["num_messages_before"], row["num_messages_after"]) == (12, 2)
        assert row["summary"] == "They spoke of\nthe release."
    table = cli("compact", story.stale[0], "--yes")
    assert "compacted  12 to 2 messages: They spoke of the release." in table.stdout


def test_one_that_fails_leaves_the_others_alone(cli: Cli, story: Story) -> None:
    done = cli("compact", *story.stale, story.gone, "nonsense", "--yes", "--output", "jsonl")
    assert done.code == 1
    rows = {row["conversation_id"]: row["error"] for row in done.jsonl}
    assert set(rows) == {*story.stale, story.gone, "nonsense"}
    assert rows[story.gone]["status_code"] == 404
    assert rows["nonsense"]["message"].startswith("ID: 'nonsense' is malformed")
    assert rows[story.stale[0]]["type"] == "BadRequestError"  # there is nothing to summarize


def test_settings_and_the_agent_are_sent(cli: Cli, story: Story, server: HeldServer) -> None:
    cli("compact", "default", "--agent", story.agents[0], "--yes", "--settings", '{"mode": "all"}')
    request = server.requests[-1]
    assert request.path == "/v1/conversations/default/compact"
    assert request.json() == {"agent_id": story.agents[0], "compaction_settings": {"mode": "all"}}


def test_settings_are_checked_before_anything_is_sent(cli: Cli, story: Story) -> None:
    done = cli("compact", *story.stale, "--yes", "--settings", '{"mod": "all"}')
    assert done.code == 2
    assert "did you mean mode?" in done.stderr


def test_a_server_that_is_not_there_is_3(story: Story) -> None:
    done = run("compact", *story.stale, "--yes", "--max-retries", "0", base_url="http://127.0.0.1:9")
    assert (done.code, done.stdout) == (3, "")


def test_what_may_have_been_done_is_not_sent_again(story: Story, server: HeldServer) -> None:
    server.summarize()
    server.hold_after(1)
    done = run("compact", *story.stale, "--yes", "--timeout", "0.5", base_url=server.base_url)
    assert done.code == 1
    assert done.stderr == "1 compacted, 3 failed.\n"
    assert done.stdout.count("(it may have been compacted or not)") == 3
    assert server.compacted == dict.fromkeys(story.stale, 1)


def test_ctrl_c_lets_what_is_in_flight_end_and_names_the_rest(many: Story, server: HeldServer, cli: Cli) -> None:
    server.summarize()
    server.hold_after(5)
    typed = ["compact", *many.stale, "--yes", "--output", "jsonl", "--max-concurrency", "8"]
    with Running(*typed, base_url=server.base_url) as running:
        server.wait_until_holding()
        running.signal(signal.SIGINT)
        running.stderr.wait_for("Stopping: what is in flight is waited for.")
        server.release()
        first = running.end()
    assert first.code == 130
    done = first.with_status("compacted")
    assert 5 < len(done) < 30
    assert done == set(server.compacted)
    program, *rest = shlex.split(first.stderr.splitlines()[-1])
    assert (program, set(rest) & set(many.stale)) == ("letta-async", set(many.stale) - done)
    second = cli(*rest)
    assert second.with_status("compacted") == set(many.stale) - done
    assert set(server.compacted.values()) == {1}


def test_a_second_one_ends_at_once_and_names_what_is_unknown(many: Story, server: HeldServer) -> None:
    server.summarize()
    server.hold_after(5)
    typed = ["compact", *many.stale, "--yes", "--output", "jsonl", "--max-concurrency", "8"]
    with Running(*typed, base_url=server.base_url) as running:
        server.wait_until_holding()
        running.stdout.wait_for("\n", times=5)
        running.signal(signal.SIGINT)
        running.stderr.wait_for("Once more ends it at once.")
        running.signal(signal.SIGINT)
        done = running.end()
    assert done.code == 130
    _, _, unknown = next(line for line in done.stderr.splitlines() if "at once: these" in line).partition("not: ")
    rest = set(shlex.split(done.stderr.splitlines()[-1])) & set(many.stale)
    assert set(many.stale) == done.with_status("compacted") | set(unknown.split()) | rest
    assert set(server.compacted) & rest == set()


def test_it_asks_first(story: Story, server: HeldServer) -> None:
    with Terminal("compact", *story.stale, base_url=server.base_url) as terminal:
        terminal.screen.wait_for("Compact 4 conversations? A model summarizes them; this cannot be undone. [y/N] ")
        terminal.type("n\n")
        done = terminal.end()
    assert (done.code, done.stderr.endswith("Nothing was changed.\n")) == (1, True)
    assert not [each for each in server.requests if each.path.endswith("/compact")]
