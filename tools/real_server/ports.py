"""Choose the ports that servers listen on."""

from __future__ import annotations

import random
import socket

# Below the range that the system takes the near ends of connections from: a port chosen there could be gone by the
# time that a server, which takes seconds to start, wants it.
_RANGE = range(20_000, 32_000)


def free(port: int) -> bool:
    """Return whether a server could listen on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Choose a free port at random, so that two who choose at once hardly choose the same."""
    return next(port for port in random.sample(_RANGE, len(_RANGE)) if free(port))


def listened_on(port: int) -> bool:
    """Return whether something takes connections on a port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
