"""Run the Letta server without any traffic but on the loopback interface; run by the server's own Python.

The server would fetch language data from the network when it starts, and may ask a model provider later. Tests need
neither, and must not depend on what the network is like.
"""
# The server's packages are not installed where the type checker looks.
# pyright: basic, reportMissingImports=false

import ipaddress
import os
import sys
from typing import Any


def stay_home(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to look up or to connect to any host but this one."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return
    try:
        at_home = ipaddress.ip_address(host).is_loopback
    except ValueError:
        at_home = False
    if not at_home:
        raise PermissionError(f"the test server talks to this machine only, not to {host}")


if __name__ == "__main__":
    # The server reads settings from, and writes files to, the folder that it is started in.
    os.chdir(os.environ["HOME"])
    sys.addaudithook(stay_home)

    from letta.main import app

    app()
