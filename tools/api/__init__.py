"""Generator of code from the declarations in `letta_async/operations`: methods, exports, reference pages.

`python -m tools.api` writes, `python -m tools.api --check` compares, `python -m tools.api diff SPEC` lists what differs
from a server's OpenAPI description.
"""
