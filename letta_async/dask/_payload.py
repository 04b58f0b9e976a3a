"""Data sent to the workers of a cluster: pickling, and refusal of what cannot or must not be sent."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import attrs
from yarl import URL

from letta_async._schema.json_values import is_object, to_builtin_scalar
from letta_async._utils.secret_strings import Secret, mask
from letta_async.config import masked_headers
from letta_async.errors import ArgumentProblem

__all__ = ["Payload", "masked_options", "pickle_problems", "unsendable_problems"]

_NOT_SENDABLE: Final[Mapping[str, str]] = {
    "session": "a session belongs to this process; leave it out, and each worker opens its own",
    "ssl_context": "a TLS context cannot be pickled; leave it out, and name the authorities to the workers in their"
    " environment, as SSL_CERT_FILE",
}
_NOT_SENT: Final = (
    "is a secret, which travels only with send_secrets=True; better, leave it out and give it to the workers"
)


@attrs.frozen(repr=False)
class Payload:
    """Options and parameters for the workers, pickled, which the scheduler need not import and no log shows."""

    run: str
    """Name of the run that the partition belongs to."""
    _pickled: bytes

    @classmethod
    def pack(cls, run: str, **content: Any) -> Self:
        """Pickle content for a run; secrets in it become plain strings."""
        return cls(run, pickle.dumps(_to_plain_strings(content)))

    def unpack(self) -> dict[str, Any]:
        """Return the content; secrets in it are plain strings, so do not keep it longer than needed."""
        content: dict[str, Any] = pickle.loads(self._pickled)  # noqa: S301 - packed above, on the driver
        return content

    def __repr__(self) -> str:
        return f"<Payload of {self.run}>"


def unsendable_problems(options: object, extra_headers: object, *, send_secrets: bool) -> Iterable[ArgumentProblem]:
    """Yield a problem for each option that cannot leave this process, and each secret that is not to be sent.

    Args:
        options: Options of the workers' clients, not yet validated.
        extra_headers: Headers of each request, not yet validated.
        send_secrets: Secrets are to be sent.

    """
    if not is_object(options):
        yield ArgumentProblem(
            "client_options", "is not a mapping of the names of AsyncLetta's parameters to their values"
        )
        return
    for name, problem in _NOT_SENDABLE.items():
        if options.get(name) is not None:
            yield ArgumentProblem(f"client_options.{name}", problem)
    if send_secrets:
        return
    if options.get("api_key") is not None:
        yield ArgumentProblem("client_options.api_key", f"{_NOT_SENT} as LETTA_API_KEY in their environment")
    if _has_password(options.get("proxy")):
        yield ArgumentProblem(
            "client_options.proxy", f"{_NOT_SENT} as HTTPS_PROXY in their environment, with trust_env=True"
        )
    for path, headers in (
        ("client_options.default_headers", options.get("default_headers")),
        ("extra_headers", extra_headers),
    ):
        masked = masked_headers(headers)
        for name in masked if is_object(masked) else ():
            if isinstance(masked[name], Secret):
                yield ArgumentProblem(f"{path}[{name!r}]", f"{_NOT_SENT} in LETTA_CUSTOM_HEADERS in their environment")


def pickle_problems(path: str, values: Mapping[str, Any]) -> Iterable[ArgumentProblem]:
    """Yield a problem for each value that cannot be pickled; its path is `path` followed by the name."""
    for name, value in values.items():
        try:
            pickle.dumps(_to_plain_strings(value))
        except Exception as error:  # a user's `__reduce__` may raise anything
            yield ArgumentProblem(f"{path}{name}", f"cannot be pickled, and so does not reach the workers: {error}")


def masked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with their secrets masked, so that no traceback with locals shows them."""
    hidden = {name: mask(value) for name, value in options.items() if name in ("api_key", "proxy")}
    headers = {name: masked_headers(value) for name, value in options.items() if name == "default_headers"}
    return {**options, **hidden, **headers}


def _has_password(proxy: object) -> bool:
    try:
        return isinstance(proxy, str) and URL(proxy).user is not None
    except (ValueError, IndexError):  # the client's own validation reports it
        return False


def _to_plain_strings(value: Any) -> Any:
    """Return secrets and members of enumerations as plain strings, also in mappings: a worker may lack the class."""
    if is_object(value):
        return {to_builtin_scalar(name): _to_plain_strings(each) for name, each in value.items()}
    return to_builtin_scalar(value)
