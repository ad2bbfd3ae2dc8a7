"""Where the API server is and who we are to it."""

import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

log = logging.getLogger(__name__)

TOKEN_SECONDS: Final = 10.0
"""Tokens are renewed minutes before they expire, so one this old is still good."""

RENEW_SECONDS: Final = 0.2
"""Of many calls that are refused at once, one has the credentials read anew."""


class ConnectionProblem(RuntimeError):
    """No usable credentials; the message says which file or variable to mend."""


class Connection(msgspec.Struct, frozen=True):
    """An API server's base address, its TLS context and the source of the Authorization header.

    `authorization` is called for each request, because mounted and exec-plugin tokens rotate.
    `renew` has the credentials read anew, after they were refused.
    `callers_tls` trusts the same server without presenting a certificate of ours.
    """

    url: str
    tls: ssl.SSLContext | None
    authorization: Callable[[], str | None]
    callers_tls: ssl.SSLContext | None = None
    renew: Callable[[], None] = lambda: None


class Header:
    """The Authorization header, by `ask`; that reads files and the environment, so not for each request.

    After `renew` it is asked again at once; what cannot be read leaves the last answer.
    """

    def __init__(self, ask: Callable[[], str | None], forget: Callable[[], None] = lambda: None) -> None:
        self._ask = ask
        self._forget = forget
        self._renewed_at = -TOKEN_SECONDS
        self._asked_at = time.monotonic()
        self._answer = ask()

    def value(self) -> str | None:
        """The header now; None without a token."""
        now = time.monotonic()
        if now - self._asked_at >= TOKEN_SECONDS:
            self._asked_at = now
            with _kept():
                self._answer = self._ask()
        return self._answer

    def renew(self) -> None:
        """Read files anew and ask plugins again."""
        now = time.monotonic()
        if now - self._renewed_at < RENEW_SECONDS:
            return
        self._renewed_at, self._asked_at = now, -TOKEN_SECONDS
        with _kept():
            self._forget()


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except (ConnectionProblem, OSError, ValueError) as problem:
        log.warning("credentials cannot be read anew, the last ones are kept: %s", problem)


def trusting(authority: str | None, *, verified: bool) -> ssl.SSLContext:
    """TLS that trusts a PEM text, without one the system's authorities; or, unless `verified`, anybody."""
    try:
        context = ssl.create_default_context(cadata=authority)
    except ssl.SSLError as error:
        raise ConnectionProblem(f"The certificate authority cannot be read: {error}.") from error
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
