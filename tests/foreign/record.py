"""Record the stories from a real server: `python -m tools.real_server run --model -- python -m tests.foreign.record`.

Without `--model` there is nobody to talk to, and that story stays as it is.
"""

from __future__ import annotations

import os

from tests.foreign.clients import recorded, tell

if __name__ == "__main__":
    secure = os.environ["LETTA_TEST_SECURE_BASE_URL"], os.environ["LETTA_TEST_SECURE_PASSWORD"]
    plain = (os.environ["LETTA_TEST_BASE_URL"],)
    for story, server in (("memory", plain), ("talk", plain), ("tools", plain), ("key", secure)):
        if story == "talk" and not os.environ.get("LETTA_TEST_MODEL"):
            continue
        lines = tell("python-sync", story, *server)
        recorded(story).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{len(lines)} lines in {recorded(story)}")
