"""Calendars from web addresses, fetched with care: in bounded time, and secrets kept secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import monotonic
from typing import IO, TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from meso_sched.errors import ServerError, UsageError
from meso_sched.exchange.in_time import in_time

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from urllib.request import OpenerDirector, Request

CALDAV = "caldav+"
"""What stands before the address of a calendar on a CalDAV server."""

_SILENCE = 10.0  # seconds in which a server must connect, and in which it must go on sending
_PATIENCE = 60.0  # seconds in which it must be done
_CHUNK = 64 * 1024
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # one letter is a drive of Windows
_FILE_NAME = re.compile(r"(?=.{1,24}$)[\w%+~.-]+\.[A-Za-z]{2,5}")
_SAFE = "%/:=&?~#+!$,;'@()*[]"


def is_address(source: str) -> bool:
    """Whether a source is a web address and not a path."""
    return bool(_SCHEME.match(source))


def is_on_server(source: str) -> bool:
    """Whether a source is a calendar on a CalDAV server."""
    return source[: len(CALDAV)].lower() == CALDAV


@dataclass(frozen=True, slots=True)
class Address:
    """A web address taken apart, so that neither password nor token gets into a message."""

    url: str  # without user and password
    shown: str  # what tells no secret of it: of the path, at most the name of the file
    authorization: str | None

    @classmethod
    def parse(cls, source: str) -> Address:
        """An http(s) address; webcal is read as https. UsageError for anything else."""
        given = source.partition("://")[0].lower()
        scheme = {"webcal": "https", "webcals": "https"}.get(given, given)
        if scheme not in ("http", "https"):
            raise UsageError(
                f"A calendar cannot be read from {given}://;"
                " give a file, a folder or an http:// or https:// address."
            )
        try:
            parts = urlsplit(scheme + source[len(given) :])
            place = _place(parts)
            path = quote(parts.path, safe=_SAFE)
            query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
            authorization = _authorization(parts)
        except ValueError:  # bytes of the command line that are no text among them
            place = ""
        if not place:
            article = "An" if given.startswith("http") else "A"
            raise UsageError(
                f"{article} {given}:// address of a calendar is malformed;"
                f" write it as {given}://host/path."
            )
        origin = f"{scheme}://{place}"
        return cls(origin + path + query, origin + _without_tokens(path), authorization)


def fetch(address: Address, size: int) -> bytes:
    """What stands at an address, at most ``size`` bytes of it.

    Raises:
        ServerError: the server cannot be reached, refuses, is too slow, or sends a web page.
    """
    try:
        return in_time(lambda: _download(address, size), _PATIENCE)
    except TimeoutError:
        raise _too_slow(address) from None


def _place(parts: SplitResult) -> str:
    """Host and port; empty without a host. ValueError for a port that is none."""
    host = parts.hostname or ""
    if not host.isprintable() or " " in host:
        return ""
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{parts.port}" if host and parts.port is not None else host


def _without_tokens(path: str) -> str:
    """A path as messages show it: calendar servers put the secret into any part of it.

    The name of the file stays, if it is too short to be a secret.
    """
    folders, _, name = path.rpartition("/")
    if not folders and (not name or _FILE_NAME.fullmatch(name)):
        return path
    return f"/…/{name}" if _FILE_NAME.fullmatch(name) else "/…"


def _authorization(parts: SplitResult) -> str | None:
    from base64 import b64encode

    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _download(address: Address, size: int) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    try:
        data = _answer(address, size)
    except HTTPError as error:
        error.close()
        raise _refused(address, error.code) from None
    except URLError as error:
        raise _unreachable(address, error.reason) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(address, error) from None
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ServerError(
            f"{address.shown}: the server answered with a web page instead of a calendar;"
            " give the address of the .ics file itself."
        )
    return data


def _answer(address: Address, size: int) -> bytes:
    from urllib.request import Request

    request = Request(address.url, headers={"User-Agent": "meso-sched", "Accept": "text/calendar"})
    if address.authorization:  # not to be handed on to another server by a redirection
        request.add_unredirected_header("Authorization", address.authorization)
    deadline = monotonic() + _PATIENCE
    data = bytearray()
    with _opener().open(request, timeout=_SILENCE) as response:
        while len(data) < size and (chunk := response.read1(min(_CHUNK, size - len(data)))):
            data += chunk
            if monotonic() > deadline:
                raise _too_slow(address)
    return bytes(data)


def _opener() -> OpenerDirector:
    """Follows redirections, but to http and https only."""
    from urllib import request as web
    from urllib.error import HTTPError

    class SameServerRedirection(web.HTTPRedirectHandler):
        def redirect_request(
            self,
            req: Request,
            fp: IO[bytes],
            code: int,
            msg: str,
            headers: HTTPMessage,
            newurl: str,
        ) -> Request | None:
            """Names the user again to the same server, or to its safer side."""
            if not newurl.lower().startswith(("http://", "https://")):
                raise HTTPError(newurl, code, msg, headers, fp)
            new = super().redirect_request(req, fp, code, msg, headers, newurl)
            authorization = req.get_header("Authorization")
            if new and authorization and new.host == req.host and new.type in (req.type, "https"):
                new.add_unredirected_header("Authorization", authorization)
            return new

    opener = web.OpenerDirector()
    for handler in (
        web.ProxyHandler,
        web.UnknownHandler,
        web.HTTPHandler,
        web.HTTPSHandler,
        web.HTTPDefaultErrorHandler,
        web.HTTPErrorProcessor,
        SameServerRedirection,
    ):
        opener.add_handler(handler())
    return opener


def _too_slow(address: Address) -> ServerError:
    return ServerError(
        f"{address.shown}: the server has not sent the calendar within {_PATIENCE:g} seconds;"
        " try again later."
    )


def _refused(address: Address, status: int) -> ServerError:
    if status < 400:
        problem = "the server redirects without end or out of the web; check the address"
        return ServerError(f"{address.shown}: {problem}.")
    if status in (401, 403):
        advice = "check the user name and password in https://user:password@host/path"
    elif status in (404, 410):
        advice = "check the address"
    else:
        advice = "try again later"
    return ServerError(f"{address.shown}: the server answered with status {status}; {advice}.")


def _unreachable(address: Address, reason: object) -> ServerError:
    """Says why in own words: what a library says may hold the whole address."""
    from socket import gaierror
    from ssl import SSLError

    if isinstance(reason, TimeoutError):
        problem = f"the server is silent for {_SILENCE:g} seconds; try again later"
    elif isinstance(reason, gaierror):
        problem = "the server's name is not found; check the address and the connection"
    elif isinstance(reason, ConnectionRefusedError):
        problem = "the server refuses the connection; check the address and its port"
    elif isinstance(reason, SSLError):
        problem = "the server's certificate cannot be trusted; check the address"
    else:
        problem = "the server cannot be reached or broke off; check the address or try again later"
    return ServerError(f"{address.shown}: {problem}.")
