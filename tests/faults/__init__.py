"""Faults of networks, proxies and servers: what makes them, and what a caller sees of them.

`server.py` is the far side, on loopback and on raw sockets, and `scripts.py` what it does; `table.py` says for every
fault what both clients make of it, and `docs/faults.md` is written from that.
"""
