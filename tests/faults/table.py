"""All faults of the wire, in the catalogue's order."""

from __future__ import annotations

from typing import Final

from .fault import Fault
from .table_answers import ANSWERS
from .table_body import BODY
from .table_head import HEAD
from .table_proxy import PROXY
from .table_reaching import REACHING
from .table_redirect import REDIRECT
from .table_tls import TLS

__all__ = ["FAULTS"]

FAULTS: Final[list[Fault]] = [*REACHING, *HEAD, *BODY, *REDIRECT, *TLS, *PROXY, *ANSWERS]
