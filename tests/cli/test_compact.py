"""`compact`: a question, a summary for each, and what failed."""

from __future__ import annotations

from tests.cli.conftest import Cli
from tests.cli.stories import Story


def test_each_conversation_has_its_outcome(cli: Cli, story: Story) -> None:
    unknown = "conv-00000000-0000-4000-8000-000000000000"
    done = cli("compact", *story.stale, unknown, "--yes", "--output", "jsonl")
    assert done.code == 1
    rows = {row["conversation_id"]: row for row in done.jsonl}
    assert set(rows) == {*story.stale, unknown}
    for row in rows.values():
        assert row["status"] in ("compacted", "failed")
        assert ("summary" in row) is (row["status"] == "compacted")
    assert rows[unknown]["error"]["status_code"] == 404


def test_settings_are_checked_before_anything_is_sent(cli: Cli, story: Story) -> None:
    done = cli("compact", *story.stale, "--yes", "--settings", '{"mod": "all"}')
    assert done.code == 2
    assert "did you mean mode?" in done.stderr


def test_a_server_that_is_not_there_is_3(story: Story) -> None:
    from tests.cli.processes import run

    done = run("compact", *story.stale, "--yes", "--max-retries", "0", base_url="http://127.0.0.1:9")
    assert (done.code, done.stdout) == (3, "")
