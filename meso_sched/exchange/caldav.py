"""A calendar on a CalDAV server (RFC 4791): its objects, each under a precondition of its own.

The caldav library finds the calendars and speaks the protocol; what is sent when is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit
from xml.sax.saxutils import escape

from meso_sched.errors import FileError, MesoError, ServerError, UsageError
from meso_sched.exchange.busy_web import CALDAV, is_on_server
from meso_sched.exchange.credentials import Account, account_for, trusted_authorities
from meso_sched.exchange.web_session import CarefulSession, shown

if TYPE_CHECKING:
    from caldav.davclient import DAVClient
    from caldav.response import DAVResponse

T = TypeVar("T")

_AT_ONCE = 100
"""So many objects are asked for in one request."""

OVERTAKEN = "it was changed there at this very moment"

_NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
_WANTED = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
_NONSENSE = (NotImplementedError, ValueError, TypeError, AttributeError, KeyError, SyntaxError)
"""What comes of answers that are none; SyntaxError is lxml's, where it is no XML."""

_WELL_KNOWN = "/.well-known/caldav"
_CALENDAR = "{urn:ietf:params:xml:ns:caldav}calendar"


class Kept(NamedTuple):
    """An object as the server has it; ``href`` is its address, ``text`` iCalendar."""

    href: str
    etag: str
    text: str


class Named(NamedTuple):
    """A calendar of an account."""

    name: str
    url: str


class ForbiddenError(ServerError):
    """This account may not do that there."""


class OvertakenError(Exception):
    """An object is not (any more) as the precondition says."""


@contextmanager
def connected(address: str) -> Iterator[Server]:
    """The server at an address, with or without ``caldav+`` before it, as long as it is needed.

    Raises UsageError for what is no such address, and FileError where the library is missing.
    """
    parts = _address(address)
    _require_libraries()
    account = account_for(parts)
    server = Server(_client(parts, account), parts, has_password=account.password is not None)
    try:
        yield server
    finally:
        server.client.close()


def _address(address: str) -> SplitResult:
    given = address[len(CALDAV) :] if is_on_server(address) else address
    if "@" in re.sub("^[^?#]*", "", given):  # what is left of a password with such a sign in it
        raise UsageError(
            "the address of a calendar server has an @ behind a ? or #; leave a password out of it,"
            " and write it as https://host/path/"
        )
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = (parts.hostname or "").replace(" ", "")
    if parts.scheme.lower() not in ("http", "https") or host != parts.hostname or port == 0:
        raise UsageError(
            f"{given.partition('?')[0].rpartition('@')[2]}: is no address of a calendar server;"
            " write it as https://host/path/"
        )
    return parts._replace(scheme=parts.scheme.lower(), query="", fragment="")


def _require_libraries() -> None:
    for name in ("caldav", "keyring", "niquests"):
        if find_spec(name) is None:
            raise FileError(
                f"calendar servers need the library {name}, which is not installed; install what"
                ' they need with pip install "meso-sched[caldav]"'
            )


def _client(parts: SplitResult, account: Account) -> DAVClient:
    from caldav.davclient import DAVClient
    from caldav.lib import error

    error.debug_dump_communication = False  # it would write passwords into files
    url = shown(parts)
    client = DAVClient(
        url=url,
        username=account.user,
        password=account.password,
        enable_rfc6764=False,
    )
    client.session.close()
    client.session = cast(Any, CarefulSession.to(url, trusted_authorities()))
    return client


class Wanted(NamedTuple):
    """Which calendar of an account; ``by_name``: the command has an option that names one.

    ``create`` makes one that is missing, with ``dry_run`` only in word.
    """

    name: str | None = None
    create: bool = False
    dry_run: bool = False
    by_name: bool = False


ANY = Wanted()


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be asked; ``parts`` are the address that the user gave."""

    client: DAVClient = field(repr=False)
    parts: SplitResult
    has_password: bool = False

    @property
    def shown(self) -> str:
        """The address as messages name it."""
        return shown(self.parts)

    @property
    def is_open(self) -> bool:
        """Whether a password goes over the network for all to read."""
        local = self.parts.hostname in ("localhost", "127.0.0.1", "::1")
        return self.has_password and self.parts.scheme == "http" and not local

    def calendar(self, wanted: Wanted = ANY) -> Calendar:
        """The calendar at the address, else the one wanted of the account that is there.

        Raises UsageError where that is none, or not one alone.
        """
        name, create, dry_run = wanted.name, wanted.create, wanted.dry_run
        found = self._entry()
        if found is not None and found.is_calendar:
            if name is not None:
                raise UsageError(
                    f"{self.shown}: is a calendar itself; leave --calendar out, or give the address"
                    " of the account"
                )
            return Calendar(self, _folder(found.url))
        if found is None and create and name is None:
            name = unquote(self.parts.path.rstrip("/").rpartition("/")[2])
            return self._made(_folder(self.shown), name, dry_run=dry_run)
        if found is None:
            what = "calendar" if name is None else "account"
            make = "" if name else ", or make it with `meso-sched push … --create`"
            raise ServerError(f"{self.shown}: there is no such {what}; check the address{make}")
        calendars, home = self._account()
        fitting = [each for each in calendars if name in (None, each.name)]
        if len(fitting) == 1:
            return Calendar(self, _folder(fitting[0].url))
        if not fitting and create:
            label = name or "Appointments"
            url = urljoin(home, f"{quote(label.lower(), safe='')}/")
            return self._made(url, label, dry_run=dry_run)
        raise self._unchosen(calendars, wanted, several=bool(fitting))

    def _unchosen(self, calendars: Sequence[Named], wanted: Wanted, *, several: bool) -> UsageError:
        name = wanted.name
        if not calendars:
            named = f' --calendar "{name}"' if name else ""
            return UsageError(
                f"{self.shown}: the account has no calendar; make one with"
                f" `meso-sched push …{named} --create`"
            )
        listed = "\n".join(f"  {each.name}  {each.url}" for each in calendars)
        what = "has several calendars" if several else f'has no calendar named "{name}"'
        by_name = ", or its --calendar NAME" if wanted.by_name else ""
        make = "" if several else ", or make it with `meso-sched push … --create`"
        return UsageError(
            f"{self.shown}: the account {what}; give the address of one{by_name}{make}:\n{listed}"
        )

    def _entry(self) -> _Resource | None:
        """What lies at the address; of a bare host where it says that calendars are (RFC 6764)."""
        if self.parts.path.strip("/"):
            return self._resource(self.shown)
        try:
            found, refused = self._resource(self.shown), None
        except ServerError as error:
            found, refused = None, error
        if found is not None:
            return found
        try:
            found = self._resource(urljoin(self.shown, _WELL_KNOWN))
        except ServerError as error:
            raise refused or error from None
        if found is None and refused is not None:
            raise refused
        if found is not None:
            self.client.url = self.client.url.join(found.url)  # where the account is asked for
        return found

    def _resource(self, url: str) -> _Resource | None:
        """What lies at an address; None where nothing does."""
        body = f"<D:propfind {_NAMESPACES}><D:prop><D:resourcetype/></D:prop></D:propfind>"
        response = self.ask(lambda: self.client.propfind(url, body, 0))
        return self.ask(lambda: self._told(url, response))

    def _told(self, url: str, response: DAVResponse) -> _Resource | None:
        statuses = [response.status]
        if response.tree is not None:  # some say so inside an answer that is fine
            statuses += [
                int(told[1])
                for each in response.tree.findall("{DAV:}response/{DAV:}status")
                if len(told := (each.text or "").split()) > 1 and told[1].isdigit()
            ]
        if {404, 410} & {*statuses}:
            return None
        self.expect(response, 207, 200)
        types = [] if response.tree is None else list(response.tree.iter("{DAV:}resourcetype"))
        if not types:
            raise ServerError(
                f"{self.shown}: the server does not answer as a calendar server does; give the"
                " CalDAV address of the account or of the calendar"
            )
        told = (
            None if response.tree is None else response.tree.findtext("{DAV:}response/{DAV:}href")
        )
        # It has another name where the server sends on from one to the other.
        moved = told and _path(_folder(told)) != _path(_folder(url))
        return _Resource(
            url=urljoin(url, told) if told and moved else url,
            is_calendar=any(each.find(_CALENDAR) is not None for each in types),
        )

    def _account(self) -> tuple[list[Named], str]:
        """The account's calendars for events, and the folder in which it has them."""

        home = self.ask(lambda: _folder(str(self.client.get_principal().calendar_home_set.url)))
        body = (
            f"<D:propfind {_NAMESPACES}><D:prop><D:resourcetype/><D:displayname/>"
            "<C:supported-calendar-component-set/></D:prop></D:propfind>"
        )
        response = self.ask(lambda: self.client.propfind(home, body, 1))
        self.expect(response, 207)
        if response.tree is None:
            raise self.nonsense()
        told = response.tree.iter("{DAV:}response")
        return [each for each in (_named(home, one) for one in told) if each], home

    def _made(self, url: str, name: str, *, dry_run: bool) -> Calendar:
        if dry_run:
            return Calendar(self, url, is_new=True)
        body = (
            f"<C:mkcalendar {_NAMESPACES}><D:set><D:prop>"
            f"<D:displayname>{escape(name)}</D:displayname>"
            '<C:supported-calendar-component-set><C:comp name="VEVENT"/>'
            "</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"
        )
        response = self.ask(lambda: self.client.mkcalendar(url, body))
        found = self._resource(url) if response.status == 405 else None  # made a moment ago
        if response.status == 409:
            raise ServerError(
                f"{shown(urlsplit(url))}: cannot be made, what stands above it is not there; check"
                " the address"
            )
        if found is None or not found.is_calendar:
            self.expect(response, 201, 200, 207)
        return Calendar(self, _folder(url), is_new=True)

    def ask(self, work: Callable[[], T]) -> T:
        """What a request gives; ServerError in own words where it fails."""
        from caldav.lib.error import AuthorizationError, DAVError, RateLimitError

        try:
            return work()
        except MesoError:
            raise
        except AuthorizationError as error:
            raise self.refused(error.status or 401) from None
        except RateLimitError:
            raise self.refused(429) from None
        except (DAVError, *_NONSENSE):
            raise self.nonsense() from None

    def nonsense(self) -> ServerError:
        """The error about an answer that cannot be understood."""
        return ServerError(
            f"{self.shown}: the server answers nonsense; check the address, try again later"
        )

    def expect(self, response: DAVResponse, *statuses: int) -> None:
        """ServerError where the answer has none of these statuses."""
        if response.status not in statuses:
            raise self.refused(response.status)

    def refused(self, status: int) -> ServerError:
        """The error about an answer that is none."""
        advice = "try again later"
        if status == 401:
            advice = (
                "check the user and the password, which the keyring or the environment give"
                if self.has_password
                else "it asks for a password: store it once with"
                f" `keyring set meso-sched:{self.parts.hostname} USER` and write USER@ before the"
                " host, or set MESO_SCHED_CALDAV_USER and MESO_SCHED_CALDAV_PASSWORD"
            )
        elif status == 403:
            advice = "this account may not do that there; ask whoever keeps the server"
        elif status in (400, 404, 405, 410, 501):
            advice = "check the address, which has to be that of a CalDAV server"
        elif status == 507:
            advice = "it has no room left; ask whoever keeps it"
        kind = ForbiddenError if status == 403 else ServerError
        return kind(f"{self.shown}: the server answered with status {status}; {advice}")


def _named(home: str, told: Any) -> Named | None:  # noqa: ANN401 - lxml has no types of its own
    """The calendar that a part of an answer tells of; None for all else, as a list of tasks."""
    kinds = {each.get("name") for each in told.iter("{urn:ietf:params:xml:ns:caldav}comp")}
    if told.find(f".//{_CALENDAR}") is None or (kinds and "VEVENT" not in kinds):
        return None
    url = urljoin(home, told.findtext("{DAV:}href") or "")
    return Named((told.findtext(".//{DAV:}displayname") or "").strip() or url, url)


class _Resource(NamedTuple):
    url: str
    is_calendar: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar on a server; ``url`` ends in a slash. ``is_new``: it was made just now."""

    server: Server
    url: str
    is_new: bool = False

    @property
    def shown(self) -> str:
        """The address as messages name it."""
        return shown(urlsplit(self.url))

    @property
    def address(self) -> str:
        """The address with the user that was named, by which it can be asked again."""
        parts, user = urlsplit(self.url), self.server.parts.username
        return parts._replace(netloc=f"{user}@{parts.netloc}").geturl() if user else self.url

    def href(self, uid: str) -> str:
        """Where an event goes that the server does not have yet."""
        return urlsplit(self.url).path + quote(f"{uid}.ics", safe="")

    def objects(self, uids: Iterable[str], hrefs: Mapping[str, str]) -> dict[str, Kept]:
        """The objects of events, by their UIDs; ``hrefs`` are of those that were there before.

        One that has another name, as some programs give it, is looked for by its UID. That makes a
        server go through the whole calendar: of those that were not there before only the first
        is looked for so, and the others where it has another name too.
        """
        if self.is_new:
            return {}
        places = {uid: hrefs.get(uid, self.href(uid)) for uid in uids}
        found = self.at(places)
        missing = [uid for uid in places if uid not in found]
        found |= self._by_uids(uid for uid in missing if uid in hrefs)
        new = [uid for uid in missing if uid not in hrefs]
        if first := self._by_uids(new[:1]):
            found |= first | self._by_uids(new[1:])
        return found

    def _by_uids(self, uids: Iterable[str]) -> dict[str, Kept]:
        return {uid: kept for uid in uids if (kept := self._by_uid(uid))}

    def at(self, hrefs: Mapping[str, str]) -> dict[str, Kept]:
        """The objects that lie at these addresses, by the same keys."""
        by_path = {_path(each.href): each for each in self._at(list(hrefs.values()))}
        return {key: kept for key, href in hrefs.items() if (kept := by_path.get(_path(href)))}

    def _at(self, hrefs: Sequence[str]) -> list[Kept]:
        found: list[Kept] = []
        for start in range(0, len(hrefs), _AT_ONCE):
            named = "".join(
                f"<D:href>{escape(each)}</D:href>" for each in hrefs[start : start + _AT_ONCE]
            )
            body = f"<C:calendar-multiget {_NAMESPACES}>{_WANTED}{named}</C:calendar-multiget>"
            found += self._report(body)
        return found

    def _by_uid(self, uid: str) -> Kept | None:
        """An event's object whatever its name; one request, for which a server may read much."""
        text = f'<C:text-match collation="i;octet">{escape(uid)}</C:text-match>'
        query = f'<C:prop-filter name="UID">{text}</C:prop-filter>'
        found = [each for each in self._query(query) if uid in each.text]
        return found[0] if found else None

    def between(self, first: datetime, last: datetime) -> list[Kept] | None:
        """What takes place between two moments, recurring events with all that they have.

        None where this account may see no more than when the time is taken.
        """
        try:
            return self._query(_range(first, last))
        except ForbiddenError:
            return None

    def busy_between(self, first: datetime, last: datetime) -> str:
        """The time taken between two moments, as a calendar without a word of what by."""
        body = f"<C:free-busy-query {_NAMESPACES}>{_range(first, last)}</C:free-busy-query>"
        response = self.server.ask(lambda: self.server.client.report(self.url, body, 1))
        self.server.expect(response, 200)
        text = response.raw
        if "BEGIN:VCALENDAR" not in text:
            raise ServerError(f"{self.shown}: the server does not tell when the time is taken")
        return text

    def _query(self, condition: str) -> list[Kept]:
        return self._report(
            f"<C:calendar-query {_NAMESPACES}>{_WANTED}<C:filter>"
            '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            f"{condition}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )

    def _report(self, body: str) -> list[Kept]:
        server = self.server
        response = server.ask(lambda: server.client.report(self.url, body, 1))
        server.expect(response, 207)
        if response.tree is None or response.tree.tag != "{DAV:}multistatus":
            raise server.nonsense()  # which is not the same as: nothing is there
        return server.ask(lambda: list(self._told(response)))

    def _told(self, response: DAVResponse) -> Iterator[Kept]:
        """The objects of an answer; ServerError where it lacks one that is not simply gone."""
        parts = response.tree.iter("{DAV:}response") if response.tree is not None else ()
        for part, each in zip(parts, response.parse_calendar_query(), strict=True):
            if each.calendar_data and each.status < 300:
                yield Kept(quote(each.href, safe="/%@:"), each.etag or "", each.calendar_data)
                continue
            said = " ".join(told.text or "" for told in part.iter("{DAV:}status"))
            if not {"404", "410"} & {*said.split()}:
                raise ServerError(f"{self.shown}: the server does not give all that it has there")

    def get(self, href: str) -> Kept | None:
        """An object as it is now."""
        return next(iter(self._at([href])), None)

    def put(self, href: str, data: bytes, etag: str | None) -> str:
        """Put an object in the place of the one with that ETag; None: where nothing is yet.

        The new ETag; empty where the server does not tell, as when it changed what it was given.
        Raises OvertakenError where something else is there by now.
        """
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        url = urljoin(self.url, href)
        client = self.server.client
        response = self.server.ask(lambda: client.put(url, data.decode(), headers))
        if response.status == 412 or (response.status == 409 and etag is None):
            raise OvertakenError
        self.server.expect(response, 200, 201, 204)
        return str(response.headers.get("ETag") or "")

    def delete(self, href: str, etag: str) -> None:
        """Take an object away that has that ETag; OvertakenError where it has another."""
        url, headers = urljoin(self.url, href), {"If-Match": etag}
        response = self.server.ask(lambda: self.server.client.delete(url, headers))
        if response.status == 412:
            raise OvertakenError
        self.server.expect(response, 200, 204, 404, 410)


def _folder(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _path(href: str) -> str:
    """What tells two addresses on a server apart, however they are written."""
    return unquote(urlsplit(href).path)


def _range(first: datetime, last: datetime) -> str:
    start, end = (f"{each.astimezone(UTC):%Y%m%dT%H%M%SZ}" for each in (first, last))
    return f'<C:time-range start="{start}" end="{end}"/>'
