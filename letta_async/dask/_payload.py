"""What travels to the workers of a cluster, and what stays here."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import attrs
from yarl import URL

from letta_async._schema.json_values import exact, is_object
from letta_async._utils.secret_strings import Secret, mask
from letta_async.config import masked_headers
from letta_async.errors import ArgumentProblem

__all__ = ["Payload", "masked_options", "pickle_faults", "stay_faults"]

_STAYS: Final[Mapping[str, str]] = {
    "session": "a session belongs to this process; leave it out, and each worker opens its own",
    "ssl_context": "a TLS context cannot be pickled; leave it out, and name the authorities to the workers in their"
    " environment, as SSL_CERT_FILE",
}
_ASK: Final = "is a secret, which travels only with send_secrets=True; better, leave it out and give it to the workers"


@attrs.frozen(repr=False)
class Payload:
    """How partitions are to be worked on, as bytes: the scheduler need not know the classes, and no log shows them."""

    run: str
    """Name of the run that the partitions belong to."""
    _sealed: bytes

    @classmethod
    def pack(cls, run: str, **content: Any) -> Self:
        """Pack what can be pickled; secrets among it become plain."""
        return cls(run, pickle.dumps(_plain(content)))

    def unpack(self) -> dict[str, Any]:
        """Give the content; what was secret is plain, so let it go soon."""
        content: dict[str, Any] = pickle.loads(self._sealed)  # noqa: S301 - packed above, on the driver
        return content

    def __repr__(self) -> str:
        return f"<Payload of {self.run}>"


def stay_faults(options: object, extra_headers: object, *, send_secrets: bool) -> Iterable[ArgumentProblem]:
    """Find what must not travel: what belongs to this process, and secrets that nobody asked to send."""
    if not is_object(options):
        yield ArgumentProblem(
            "client_options", "is not a mapping of the names of AsyncLetta's parameters to their values"
        )
        return
    for name, problem in _STAYS.items():
        if options.get(name) is not None:
            yield ArgumentProblem(f"client_options.{name}", problem)
    if send_secrets:
        return
    if options.get("api_key") is not None:
        yield ArgumentProblem("client_options.api_key", f"{_ASK} as LETTA_API_KEY in their environment")
    if _has_password(options.get("proxy")):
        yield ArgumentProblem(
            "client_options.proxy", f"{_ASK} as HTTPS_PROXY in their environment, with trust_env=True"
        )
    for path, headers in (
        ("client_options.default_headers", options.get("default_headers")),
        ("extra_headers", extra_headers),
    ):
        masked = masked_headers(headers)
        for name in masked if is_object(masked) else ():
            if isinstance(masked[name], Secret):
                yield ArgumentProblem(f"{path}[{name!r}]", f"{_ASK} in LETTA_CUSTOM_HEADERS in their environment")


def pickle_faults(path: str, values: Mapping[str, Any]) -> Iterable[ArgumentProblem]:
    """Find what cannot be pickled."""
    for name, value in values.items():
        try:
            pickle.dumps(_plain(value))
        except Exception as error:  # whatever a stranger's `__reduce__` raises
            yield ArgumentProblem(f"{path}{name}", f"cannot be pickled, and so does not reach the workers: {error}")


def masked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the secrets among options out of every traceback with locals."""
    hidden = {name: mask(value) for name, value in options.items() if name in ("api_key", "proxy")}
    headers = {name: masked_headers(value) for name, value in options.items() if name == "default_headers"}
    return {**options, **hidden, **headers}


def _has_password(proxy: object) -> bool:
    try:
        return isinstance(proxy, str) and URL(proxy).user is not None
    except (ValueError, IndexError):  # the client says better what is wrong with it
        return False


def _plain(value: Any) -> Any:
    """Make secrets, and members of enumerations that a worker may not have, plain strings, in mappings, too."""
    if is_object(value):
        return {exact(name): _plain(each) for name, each in value.items()}
    return exact(value)
