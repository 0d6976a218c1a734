"""A server that stands before a real one and, where a test says so, fails.

What is asked of it goes to the real server as it came, and its answer comes back as it is; only the
address in ``Host`` becomes that server's. Every request is recorded, with all its headers.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from caldav_servers import PATIENCE, Answer, Authority, Server

# What belongs to one connection and not to the message (RFC 9110, 7.6.1).
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


# What can go wrong


@dataclass(frozen=True, slots=True)
class Says:
    """It answers itself, and the real server never hears of the request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Late:
    """The real server does it at once, but the answer takes so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CutBefore:
    """The connection closes, and the real server never hears of the request."""


@dataclass(frozen=True, slots=True)
class CutAfter:
    """The real server does it, and the connection closes without a word."""


@dataclass(frozen=True, slots=True)
class CutWithin:
    """The real server does it, and the connection closes in the middle of the answer."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Something happens first, then all goes on as if nothing had been.

    Another program writes to the calendar, the real server is killed: what a test gives it.
    """

    act: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Without:
    """The real server does it, and a header of the answer is left out."""

    header: str


T = TypeVar("T")
Fault = Says | Late | CutBefore | CutAfter | CutWithin | Meanwhile | Without
Rule = Callable[[str, str, int], Fault | None]
"""Of the method, the path and how many requests of that method there were, this one counted."""


def too_many(retry_after: str = "1") -> Says:
    """429, with what ``Retry-After`` says: seconds, or a date."""
    return Says(429, {"Retry-After": retry_after}, "Too many requests")


def nonsense(body: str = "<html><p>Welcome to the hotel's network!") -> Says:
    """207, and a body that is not what it says."""
    return Says(207, {"Content-Type": "text/xml; charset=utf-8"}, body)


def redirect(url: str, status: int = 307) -> Says:
    """To another address, which may be another server's."""
    return Says(status, {"Location": url})


# The server


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Message[str, str]
    body: bytes
    fault: Fault | None
    """What went wrong with it, as the test had said."""


@dataclass(slots=True)
class _Planned:
    fault: Fault
    method: str | None
    skips: int
    left: float


class FromTheTestError(Exception):
    """What a test gave the faulty server to do, a rule or an act, failed itself."""


class Faulty:
    """What a test says to the server, and what it heard."""

    def __init__(self, server: Server | None, url: str, authority: Authority | None) -> None:
        self.url = url
        """Its own address, ending with ``/``."""
        self.real = server
        self.rule: Rule | None = None
        """Judges every request for which nothing is planned."""
        self.given = 0
        """So many octets of bodies it has answered with."""
        self.closing = Event()
        self.errors: list[BaseException] = []
        self._authority = authority
        self._requests: list[Request] = []
        self._counts: Counter[str] = Counter()
        self._planned: list[_Planned] = []
        self._lock = Lock()

    @property
    def server(self) -> Server:
        """The real server as it appears through this one: for programs, and for the tests."""
        assert self.real is not None, "there is no server behind it"
        return replace(
            self.real,
            url=self.at(self.real.url),
            home=self.at(self.real.home),
            ca=self._authority.ca if self._authority else None,
        )

    def at(self, url: str) -> str:
        """The address here of what has an address, or an href, there."""
        return urljoin(self.url, urlsplit(url).path)

    def fails(
        self, fault: Fault, method: str | None = None, *, nth: int = 1, times: float = 1
    ) -> None:
        """Plan a fault for the n-th request from now on, and for so many in all that follow.

        With a method only its requests count. Faults for the same request wait for each other: two
        that are planned one after the other meet two requests. ``math.inf`` times is for good.
        """
        with self._lock:
            self._planned.append(_Planned(fault, method, nth - 1, times))

    def works(self) -> None:
        """Forget every fault that is planned."""
        with self._lock:
            self._planned.clear()
            self.rule = None

    @property
    def requests(self) -> list[Request]:
        """All that was asked so far, in order."""
        with self._lock:
            return list(self._requests)

    def asked(self, method: str) -> list[Request]:
        """The requests of a method so far, in order."""
        return [request for request in self.requests if request.method == method]

    def forget(self) -> None:
        """Forget what was asked so far; counting begins anew."""
        with self._lock:
            self._requests.clear()
            self._counts.clear()

    def hear(self, method: str, path: str, headers: Message[str, str], body: bytes) -> Fault | None:
        """Record a request and say what goes wrong with it."""
        with self._lock:
            self._counts[method] += 1
            count, rule, fault = self._counts[method], self.rule, self._next(method)
            at = len(self._requests)
            self._requests.append(Request(method, path, headers, body, fault))
        # Without the lock: the rule may ask this server too.
        if fault is None and rule is not None:
            fault = _of_the_test(lambda: rule(method, path, count))
            with self._lock:
                self._requests[at] = replace(self._requests[at], fault=fault)
        return fault

    def _next(self, method: str) -> Fault | None:
        found = None
        for planned in self._planned:
            if planned.method not in (None, method):
                continue
            if planned.skips:
                planned.skips -= 1
            elif found is None and planned.left > 0:
                planned.left -= 1
                found = planned.fault
        return found

    def pass_on(self, method: str, path: str, headers: Message[str, str], body: bytes) -> Answer:
        """Ask the real server; 502 where it does not answer, 404 where there is none."""
        if self.real is None:
            return Answer(404, Message(), b"")
        try:
            return _ask_real(self.real, method, path, headers, body)
        except (OSError, http.client.HTTPException):
            return Answer(502, Message(), b"")


def _of_the_test(act: Callable[[], T]) -> T:
    try:
        return act()
    except Exception as error:
        raise FromTheTestError("what the test gave the faulty server to do failed") from error


def _ask_real(
    server: Server, method: str, path: str, headers: Message[str, str], body: bytes
) -> Answer:
    place = urlsplit(server.root)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=PATIENCE)
    if place.scheme == "https":
        connection = http.client.HTTPSConnection(
            place.hostname,
            place.port,
            timeout=PATIENCE,
            context=ssl.create_default_context(cafile=server.ca),
        )
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", place.netloc)
        for name, value in headers.items():
            if name.lower() not in {*_OF_THE_CONNECTION, "host", "expect"}:
                connection.putheader(name, value.encode("latin-1"))
        if body or "Content-Length" in headers or "Transfer-Encoding" in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together, or the second waits for the first's receipt
    timeout = PATIENCE
    server: _Listener

    def _handle(self) -> None:
        body = self._body()
        fault = self.server.faulty.hear(self.command, self.path, self.headers, body)
        if isinstance(fault, Says):
            return self._say(fault)
        if isinstance(fault, CutBefore):
            return self._cut()
        if isinstance(fault, Meanwhile):
            _of_the_test(fault.act)
        answer = self.server.faulty.pass_on(self.command, self.path, self.headers, body)
        if isinstance(fault, CutAfter):
            return self._cut()
        if isinstance(fault, Without):
            del answer.headers[fault.header]
        if isinstance(fault, Late):
            self.server.faulty.closing.wait(fault.seconds)
        return self._give(answer, part=isinstance(fault, CutWithin))

    # http.server looks for a method of this name for each of HTTP's.
    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = _handle  # noqa: N815
    do_PROPFIND = do_PROPPATCH = do_REPORT = do_MKCALENDAR = do_MKCOL = _handle  # noqa: N815
    do_MOVE = do_COPY = _handle  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return body

    def _say(self, fault: Says) -> None:
        headers = Message()
        for name, value in fault.headers.items():
            headers[name] = value
        self._give(Answer(fault.status, headers, fault.body.encode()))

    def _give(self, answer: Answer, *, part: bool = False) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        length = answer.headers["Content-Length"] if self.command == "HEAD" else None
        if answer.status != 204:
            self.send_header("Content-Length", length or str(len(answer.body)))
        if part and not answer.body:
            return self._cut()  # of the headers nothing has left yet
        self.end_headers()
        self.server.faulty.given += len(answer.body)
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if part else answer.body)
        return self._cut() if part else None

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        # Now, and not when the last reference to the socket goes.
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the test's stderr for what is tested."""


class _Listener(ThreadingHTTPServer):
    faulty: Faulty
    daemon_threads = True  # one that waits for a client's next word must not hold the test up

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what went wrong for the test, but for clients that went away."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.faulty.errors.append(error)


@contextmanager
def standing_before(
    server: Server | None, *, authority: Authority | None = None
) -> Iterator[Faulty]:
    """A faulty server before a real one; over TLS where it is given a certificate."""
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        if authority:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(authority.certificate, authority.key)
            # The handshake is left to the first read, in a thread of the connection's own.
            listener.socket = context.wrap_socket(
                listener.socket, server_side=True, do_handshake_on_connect=False
            )
        url = f"{'https' if authority else 'http'}://127.0.0.1:{listener.server_port}/"
        faulty = Faulty(server, url, authority)
        listener.faulty = faulty
        thread = Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield faulty
        finally:
            faulty.closing.set()
            listener.shutdown()
            thread.join()
    for error in faulty.errors:
        raise error


@contextmanager
def stranger() -> Iterator[Faulty]:
    """A server that has nothing (404) and is nobody's, to which others may be sent.

    Its address is by another name than 127.0.0.1, so it is another host for every program.
    """
    with standing_before(None) as faulty:
        faulty.url = faulty.url.replace("127.0.0.1", "localhost")
        yield faulty
