"""Real calendar servers for the tests: Radicale and Xandikos, on this machine, behind a password.

They are spoken to with the standard library alone, so that what a test finds on a server says
something about the program that put it there.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import quote, urljoin, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import trustme

PATIENCE = 30.0
USER = "clinic"
# A colon and a space: what a password may hold and careless code splits at.
PASSWORD = "open sesame: 2027"

_FIND = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
_MAKE = (
    '<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
    "<displayname>{name}</displayname></prop></set></C:mkcalendar>"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that no system knows, and what it issued for this machine."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> Self:
        """A new authority; its certificate is for ``127.0.0.1`` and ``localhost``."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(made.ca)
        made.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(made.key)
        return made


@dataclass(slots=True)
class Program:
    """A server's process, which can be started again as it was."""

    command: tuple[str, ...]
    folder: Path
    _process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has written since the first start."""
        path = self.folder / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; it may not listen yet."""
        assert not self.running, "it runs already"
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "TZ": "UTC"},
                start_new_session=True,  # a Ctrl-C is for the tests, which then end it
            )

    def end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        """End the process, if it lives, and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            how(process)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


@dataclass(frozen=True, slots=True)
class Server:
    """A calendar server and the one user that it knows."""

    url: str
    """The user's principal, from which a program finds the calendars."""
    home: str
    """The address below which the user's calendars are."""
    user: str
    password: str
    ca: Path | None
    """The authority that signed for the server; ``None`` where it speaks plain HTTP."""
    program: Program = field(repr=False)

    @property
    def root(self) -> str:
        """The address of the server itself, without a path but ``/``."""
        return urljoin(self.url, "/")

    @property
    def log(self) -> str:
        """What the server has written since its first start."""
        return self.program.log

    def calendar_url(self, name: str) -> str:
        """The address of a calendar, whether there is one or not."""
        return f"{self.home}{quote(name, safe='')}/"

    def stop(self) -> None:
        """Let the server end in good order."""
        self.program.end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End the server at once, whatever it is at (SIGKILL)."""
        self.program.end(subprocess.Popen.kill)

    def start(self) -> None:
        """Start it, at the same address and with the same data; returns when it answers."""
        self.program.start()
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not self.program.running:
                raise DidNotStartError(self.log)
            # Not only that it listens: that it knows the user and finds the principal.
            with suppress(OSError, http.client.HTTPException):
                found = ask(self, "PROPFIND", self.url, _FIND, {"Depth": "0"}, timeout=1)
                if found.status == 207:
                    return
            time.sleep(0.02)
        raise DidNotStartError(f"it does not answer\n{self.log}")


class DidNotStartError(Exception):
    """A server ended at its start, or never answered; holds its log."""


class RefusedError(Exception):
    """The server did not do what a test's preparation needs."""

    def __init__(self, method: str, url: str, answer: Answer) -> None:
        self.status = answer.status
        super().__init__(f"{answer.status} for {method} {url}: {answer.text[:500]}")


# Starting and ending


@contextmanager
def radicale(
    folder: Path, *, tls: bool = False, user: str = USER, password: str = PASSWORD
) -> Iterator[Server]:
    """Radicale, which keeps its calendars as files in the folder."""
    authority = Authority.made(folder / "tls") if tls else None
    secure: tuple[str, ...] = ()
    if authority:
        files = ("--certificate", str(authority.certificate), "--key", str(authority.key))
        secure = ("--server-ssl", *files)
    users = folder / "users"
    folder.mkdir(parents=True, exist_ok=True)
    users.write_text(f"{user}:{password}\n", encoding="utf-8")

    def at(port: int) -> Server:
        command = (
            *(sys.executable, "-P", "-m", "radicale", "--config", "", "--logging-level", "warning"),
            *("--server-hosts", f"127.0.0.1:{port}"),
            *("--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users)),
            *("--auth-htpasswd-encryption", "plain", "--rights-type", "owner_only"),
            *("--auth-delay", "0.001"),  # for a wrong password; else about a second
            *("--storage-filesystem-folder", str(folder / "data"), *secure),
        )
        address = f"{'https' if tls else 'http'}://127.0.0.1:{port}/{quote(user)}/"
        ca = authority.ca if authority else None
        return Server(address, address, user, password, ca, Program(command, folder))

    with _running(at) as server:
        yield server


@contextmanager
def xandikos(folder: Path, *, user: str = USER, password: str = PASSWORD) -> Iterator[Server]:
    """Xandikos, over TLS, which keeps each calendar as a Git repository in the folder."""
    # It asks for a password over TLS alone. It signs for itself where it finds no certificate,
    # and takes the one that it finds under the name of its own.
    certificates = folder / "state" / "certs"
    authority = Authority.made(folder / "tls")
    certificates.mkdir(parents=True, exist_ok=True)
    authority.certificate.replace(certificates / "selfsigned.crt")
    authority.key.replace(certificates / "selfsigned.key")
    users = folder / "users"
    digest = b64encode(sha1(password.encode()).digest()).decode()
    users.write_text(f"{user}:{{SHA}}{digest}\n", encoding="utf-8")

    def at(port: int) -> Server:
        command = (
            *(sys.executable, "-P", "-m", "xandikos", "serve", "--no-detect-systemd"),
            *("--listen-address", "127.0.0.1", "--port", str(port)),
            *("--directory", str(folder / "data"), "--state-dir", str(folder / "state")),
            *("--autocert", "--htpasswd", str(users)),
            *("--current-user-principal", f"/{user}/", "--autocreate"),
        )
        url = f"https://127.0.0.1:{port}/{quote(user)}/"
        home = f"{url}calendars/"
        return Server(url, home, user, password, authority.ca, Program(command, folder))

    (folder / "data").mkdir(exist_ok=True)
    with _running(at) as server:
        yield server


@contextmanager
def _running(at: Callable[[int], Server]) -> Iterator[Server]:
    with reserved_port() as port:
        server = at(port)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nothing listens, and which no other test is given meanwhile.

    It lies below those that a system gives to connections going out (from 32768 on), so that none
    of them takes it while the server that it belongs to is down.
    """
    # Not the generator that a test may have seeded: tests in other processes choose too.
    choose = random.SystemRandom()
    while True:
        port = choose.randrange(20000, 32000)
        # The servers speak TCP; that the same port of UDP is taken tells other tests that it is
        # somebody's. One that only looked free would answer for the server that it is not.
        with socket.socket(type=socket.SOCK_DGRAM) as mark:
            if _bound(mark, port) and _free(port):
                yield port
                return


def _bound(to: socket.socket, port: int) -> bool:
    try:
        to.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return _bound(probe, port)


# Speaking to a server


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Message[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, as text."""
        return self.body.decode(errors="replace")


class Object(NamedTuple):
    """One object of a calendar as the server has it."""

    etag: str
    text: str


def ask(
    server: Server,
    method: str,
    url: str,
    body: str | bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    password: str | None = None,
    login: bool = True,
    timeout: float = PATIENCE,
) -> Answer:
    """One request, as the server's user; follows nothing, repeats nothing, judges nothing.

    The url may be an href. Another password can be sent, or, without ``login``, none.
    """
    place = urlsplit(urljoin(server.url, url))
    assert place.hostname is not None, url
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
    if place.scheme == "https":
        trust = ssl.create_default_context(cafile=server.ca)
        connection = http.client.HTTPSConnection(
            place.hostname, place.port, timeout=timeout, context=trust
        )
    sent = {"Content-Type": "text/xml; charset=utf-8"} if body else {}
    if login:
        secret = f"{server.user}:{server.password if password is None else password}"
        sent["Authorization"] = f"Basic {b64encode(secret.encode()).decode()}"
    path = f"{place.path}?{place.query}" if place.query else place.path
    data = body.encode() if isinstance(body, str) else body
    try:
        connection.request(method, path, data or None, {**sent, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def _done(
    server: Server, method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    answer = ask(server, method, url, body, headers)
    if not 200 <= answer.status < 300:
        raise RefusedError(method, url, answer)
    return answer


def make_calendar(server: Server, name: str) -> str:
    """Make a calendar, which must not be there; gives its address."""
    url = server.calendar_url(name)
    _done(server, "MKCALENDAR", url, _MAKE.format(name=escape(name)))
    return url


def objects(server: Server, calendar_url: str) -> dict[str, Object]:
    """What the calendar holds now, by href (a path from the server's root, as it writes it)."""
    listed = _done(server, "PROPFIND", calendar_url, _FIND, {"Depth": "1"})
    itself = urlsplit(calendar_url).path.rstrip("/")
    found = {}
    for response in ElementTree.fromstring(listed.body).iter("{DAV:}response"):
        href = response.findtext("{DAV:}href") or ""
        if href.rstrip("/") != itself:
            etag = response.findtext(".//{DAV:}getetag") or ""
            found[href] = Object(etag, _done(server, "GET", href).text)
    return found


def put(
    server: Server, url: str, text: str, if_match: str | None = None, *, new: bool = False
) -> str:
    """Write an object; gives the ETag that it has now.

    With ``if_match`` only over the object of that ETag, with ``new`` only where there is none;
    else the server refuses (``RefusedError``, 412).
    """
    headers = {"Content-Type": "text/calendar; charset=utf-8"}
    if if_match is not None:
        headers["If-Match"] = if_match
    if new:
        headers["If-None-Match"] = "*"
    etag = _done(server, "PUT", url, text, headers).headers["ETag"]
    return etag or etag_of(server, url)


def etag_of(server: Server, url: str) -> str:
    """The ETag of an object, which must be there."""
    return _done(server, "GET", url).headers["ETag"] or ""


def delete(server: Server, url: str, if_match: str | None = None) -> None:
    """Delete an object or a calendar; with ``if_match`` only what has that ETag."""
    _done(server, "DELETE", url, "", {} if if_match is None else {"If-Match": if_match})


# Fixtures, for the tests that import them: a server for the whole module, with no calendar. Tests
# of one module share it, so each makes calendars of its own.


@pytest.fixture(scope="module")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with radicale(tmp_path_factory.mktemp("radicale-tls"), tls=True) as server:
        yield server


@pytest.fixture(scope="module")
def xandikos_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with xandikos(tmp_path_factory.mktemp("xandikos")) as server:
        yield server


@pytest.fixture(scope="module", params=["radicale", "radicale over tls", "xandikos"])
def each_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A test that asks for it runs once for each kind of server."""
    folder = tmp_path_factory.mktemp("server")
    kind: str = request.param
    starting = (
        xandikos(folder) if kind == "xandikos" else radicale(folder, tls=kind.endswith("tls"))
    )
    with starting as server:
        yield server
