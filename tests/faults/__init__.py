"""Tests of faults of networks, proxies and servers: how they are caused, and what a caller sees.

`server.py` is a server on loopback and raw sockets, `scripts.py` has its behaviours; `table.py` defines for every
fault what both clients do, and `docs/faults.md` is generated from it.
"""
