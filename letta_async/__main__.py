"""The command line: `python -m letta_async` is `letta-async`."""

import sys

from letta_async.cli import main

if __name__ == "__main__":
    sys.exit(main())
