"""Record the stories from a real server: `python -m tools.real_server run -- python -m tests.foreign.record`."""

from __future__ import annotations

import os

from tests.foreign.clients import recorded, tell

if __name__ == "__main__":
    secure = os.environ["LETTA_TEST_SECURE_BASE_URL"], os.environ["LETTA_TEST_SECURE_PASSWORD"]
    for story, server in (("memory", (os.environ["LETTA_TEST_BASE_URL"],)), ("key", secure)):
        lines = tell("python-sync", story, *server)
        recorded(story).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{len(lines)} lines in {recorded(story)}")
