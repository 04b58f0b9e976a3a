"""Record the stories from a real server: `python -m tools.real_server run --model -- python -m tests.foreign.record`.

Without `--model` there is nobody to talk to and nothing embeds: those stories stay as they are.
"""

from __future__ import annotations

import os

from tests.foreign.clients import NEED_A_MODEL, STORIES, recorded, tell

if __name__ == "__main__":
    secure = os.environ["LETTA_TEST_SECURE_BASE_URL"], os.environ["LETTA_TEST_SECURE_PASSWORD"]
    plain = (os.environ["LETTA_TEST_BASE_URL"],)
    for story in STORIES:
        if story in NEED_A_MODEL and not os.environ.get("LETTA_TEST_MODEL"):
            continue
        lines = tell("python-sync", story, *(secure if story == "key" else plain))
        recorded(story).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{len(lines)} lines in {recorded(story)}")
