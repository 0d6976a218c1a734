"""Requests to a calendar server, with care: bounded, repeated where that helps, and for its eyes.

Nothing that a library says reaches a message: it may hold the whole address, or a password.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from meso_sched.errors import ServerError
from meso_sched.exchange.in_time import in_time

if TYPE_CHECKING:
    from niquests import PreparedRequest, Response, Session

CONNECT, SILENCE, PATIENCE = 10.0, 20.0, 60.0
"""Seconds in which a server must answer a connection, go on sending, and be done."""

WAITS = (0.5, 1.0, 2.0)
"""Seconds to wait before a request is sent again."""

LONGEST_WAIT = 30.0
"""What a server may ask us to wait, in seconds."""

_AGAIN = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 307, 308})
_HOPS = 5
_FAMILIES = ("icloud.com",)
"""Servers whose accounts live on other hosts of the same family, as their own answers say."""


@dataclass(frozen=True, slots=True)
class CarefulSession:
    """What the caldav library sends its requests through; ``origin`` is the user's own address."""

    origin: SplitResult
    session: Session
    authorities: str | None
    waits: tuple[float, ...] = WAITS
    silence: float = SILENCE
    patience: float = PATIENCE
    wait: Callable[[float], None] = field(default=sleep, repr=False)

    @classmethod
    def to(cls, origin: str, authorities: str | None) -> CarefulSession:
        """For an address; ``authorities`` is a file of certificates instead of the system's."""
        import niquests

        for name in ("caldav", "niquests", "urllib3_future"):  # they print what they stumble upon
            logging.getLogger(name).addHandler(logging.NullHandler())
            logging.getLogger(name).propagate = False
        return cls(urlsplit(origin), niquests.Session(), authorities)

    def close(self) -> None:
        """Let the connections go."""
        self.session.close()

    def request(self, method: str, url: str, **options: Any) -> Response:  # noqa: ANN401
        """One request, as the library makes it; ServerError where nothing comes of it."""
        options |= {"allow_redirects": False, "timeout": (CONNECT, self.silence)}
        options["verify"] = self.authorities or True
        options["auth"] = options.get("auth") or _nobody  # or a .netrc would be asked
        for _ in range(_HOPS):
            self._refuse_others(url)
            response = self._repeated(method, url, options)
            if response.status_code not in _REDIRECTS:
                return response
            url = self._next(url, response.headers)
        raise ServerError(f"{self._shown}: the server redirects without end; check the address")

    def _repeated(self, method: str, url: str, options: Mapping[str, Any]) -> Response:
        is_late = False
        for pause in (*self.waits, None):
            try:
                response = in_time(lambda: self._once(method, url, options), self.patience)
            except Exception as error:
                # What cannot be trusted does not become so by waiting, and who was silent for so
                # long has been given the time of several requests.
                if pause is None or not _may_pass(error) or (is_late and _is_late(error)):
                    raise unreachable(self._shown, error) from None
                is_late = _is_late(error)
                self.wait(pause)
                continue
            if response.status_code not in _AGAIN or pause is None:
                return response
            asked = _seconds(response.headers.get("Retry-After"))
            if asked is not None and asked > LONGEST_WAIT:
                return response
            self.wait(pause if asked is None else max(asked, pause))
        raise AssertionError("the last time it is returned or raised")

    def _once(self, method: str, url: str, options: Mapping[str, Any]) -> Response:
        response: Response = self.session.request(method, url, **options)
        _ = response.content  # read here, where the time is counted
        return response

    def _next(self, url: str, headers: Mapping[Any, Any]) -> str:
        """Where a redirection leads: to the same server, or to its safer side."""
        target = str(headers.get("Location") or "")
        new, old = urlsplit(urljoin(url, target)), urlsplit(url)
        if _as_safe(new, old):
            return new.geturl()
        raise ServerError(
            f"{self._shown}: the server sends on to {_server(new)}, which was told no password; if"
            " that is your clinic's server, give its address itself"
        )

    def _refuse_others(self, url: str) -> None:
        """The password goes to nobody but the server that the user named."""
        place = urlsplit(url)
        if _as_safe(place, self.origin):
            return
        host, own = place.hostname or "", self.origin.hostname or ""
        https = place.scheme == "https" == self.origin.scheme
        for family in _FAMILIES:
            if https and all(f".{each}".endswith(f".{family}") for each in (host, own)):
                return
        raise ServerError(
            f"{self._shown}: the server names calendars on {_server(place)}, which was told no"
            " password; if that is your clinic's server, give its address itself"
        )

    @property
    def _shown(self) -> str:
        return shown(self.origin)


def shown(parts: SplitResult) -> str:
    """An address as messages name it: without user, password and query."""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _server(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _as_safe(new: SplitResult, old: SplitResult) -> bool:
    """Whether an address is of the same server as another, or on the safer side of its host."""
    is_same = (new.scheme, new.port or 80) == (old.scheme, old.port or 80)
    return new.hostname == old.hostname and (new.scheme == "https" or is_same)


def _nobody(request: PreparedRequest) -> PreparedRequest:
    return request


def _seconds(text: object) -> float | None:
    """What Retry-After asks for, where it does in seconds."""
    try:
        return max(0.0, float(str(text)))
    except ValueError:
        return None


def _may_pass(error: Exception) -> bool:
    from niquests import exceptions

    never = (
        exceptions.SSLError, exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.ProxyError
    )  # fmt: skip
    return isinstance(error, OSError) and not isinstance(error, never)


def _is_late(error: Exception) -> bool:
    from niquests import exceptions

    return isinstance(error, exceptions.Timeout | TimeoutError)


def unreachable(address: str, error: Exception) -> ServerError:
    """Says in own words why a server gave no answer; a bug is raised as it is."""
    from niquests import exceptions

    if isinstance(error, exceptions.SSLError) and "WRONG_VERSION_NUMBER" in str(error):
        problem = "the server speaks no https there; check the port, or write http:// if it must be"
    elif isinstance(error, exceptions.SSLError):
        problem = (
            "the server's certificate cannot be trusted; check the address, or name the file of"
            " your clinic's own certificate authority in MESO_SCHED_CA_FILE"
        )
    elif _is_late(error):
        problem = "the server is too slow or silent; try again later"
    elif isinstance(error, exceptions.InvalidURL | exceptions.InvalidSchema):
        problem = "the address is malformed; write it as https://host/path/"
    elif _is_unknown(error):
        problem = "the server's name is not found; check the address and the connection"
    elif isinstance(error, OSError):
        problem = "the server cannot be reached or broke off; check the address, try again later"
    else:
        raise error
    return ServerError(f"{address}: {problem}")


def _is_unknown(error: Exception) -> bool:
    """Whether a host has no address, which the library tells in the words of its error alone."""
    return "NameResolutionError" in repr(error)
