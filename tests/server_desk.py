"""A clinic's desk and the colleagues who work in the same calendar on a real server."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

import icalendar
import pytest
import vobject
from caldav_servers import Object, Server, delete, make_calendar, objects, put, radicale
from test_revise_command import Reception

from meso_sched.cli import server_commands
from meso_sched.exchange.web_session import CarefulSession

CLINIC = """[clinic]
timezone = "Europe/Istanbul"
holidays = ""
[clinic.hours]
mon = "09:00-18:00"
tue = "09:00-18:00"
wed = "09:00-18:00"
thu = "09:00-18:00"
fri = "09:00-18:00"

[regimens.short]
title = "A short course"
length = "30 minutes"
[[regimens.short.phases]]
name = "weekly"
sessions = "3-12"
every = "1 week"

[regimens.cared]
title = "A course with care and a review"
length = "30 minutes"
care = ["little"]
reviews = [{ name = "Follow-up", after = "last", at = "2 weeks" }]
[[regimens.cared.phases]]
name = "weekly"
sessions = "2"
every = "1 week"

[care.little]
before = [{ what = "No alcohol", from = "1 day" }]
after = [{ what = "Keep it dry", for = "6 hours" }]
"""
SESSIONS = 3
DAYS = ["2027-01-05", "2027-01-12", "2027-01-19"]  # Tuesdays
_names = count(1)


class Office(Reception):
    """A desk that knows the password of a server, and works in one of its calendars."""

    server: Server
    calendar: str
    """The calendar's address, as the desk is told it."""
    _account: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a plain machine that knows the account."""
        return super().environment(**{**self._account, **more})

    def login(self, server: Server, calendar: str) -> None:
        """From here on the commands reach that server."""
        self.server, self.calendar = server, calendar
        self._account = account(server)
        for name, value in self._account.items():
            self.setenv(name, value)

    def today(self, day: str) -> None:
        """From here on it is noon of that day in Istanbul, for the commands of servers too."""
        super().today(day)
        noon = datetime.fromisoformat(f"{day}T12:00+03:00")

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Clock:
                return cls.fromtimestamp(noon.timestamp(), tz)

        self._monkeypatch.setattr(server_commands, "datetime", Clock)

    def planned(self, patient: str = "P1", *args: str, regimen: str = "short") -> Path:
        """The file of a course of three sessions, on Tuesdays at ten."""
        made = ("plan", regimen, "--start", "2027-01-05", "--at", "10:00", "--patient", patient)
        result = self.run(*made, "-o", f"{patient}.ics", *args)
        assert result.code == 0, result.err
        return self.folder / f"{patient}.ics"

    def push(self, *args: str, to: str | None = None) -> Any:  # noqa: ANN401 - a Result
        """Push, by default P1's course to the calendar."""
        files = [each for each in args if each.endswith(".ics")] or ["P1.ics"]
        rest = [each for each in args if not each.endswith(".ics")]
        return self.run("push", *files, to or self.calendar, *rest)

    def pushed(self, *args: str) -> Any:  # noqa: ANN401 - a Result
        """Push, which has to succeed."""
        result = self.push(*args)
        assert result.code == 0, result.err
        return result

    def pull(self, *args: str, file: str = "P1.ics") -> Any:  # noqa: ANN401 - a Result
        """Pull, by default P1's course from the calendar."""
        return self.run("pull", self.calendar, file, *args)

    def uids(self, file: str = "P1.ics") -> list[str]:
        """The UIDs of a file's events, in its order."""
        return uids_in(self.folder / file)

    @property
    def there(self) -> dict[str, Object]:
        """What the calendar holds now, by UID; no event may be there twice."""
        return by_uid(self.server, self.calendar)

    def starts_there(self) -> dict[str, str]:
        """When the server's events begin, as ``2027-01-05T10:00``, by UID."""
        return {uid: start_of(each.text) for uid, each in self.there.items()}


def account(server: Server) -> dict[str, str]:
    """The variables that tell a program who it is on a server."""
    known = {
        "MESO_SCHED_CALDAV_USER": server.user,
        "MESO_SCHED_CALDAV_PASSWORD": server.password,
    }
    return known | ({"MESO_SCHED_CA_FILE": str(server.ca)} if server.ca else {})


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Office:
    """A desk on 4 January 2027, which knows no server yet."""
    made = Office(tmp_path, monkeypatch, capsys)
    made.write("schedules.toml", CLINIC)
    made.today("2027-01-04")
    return made


@pytest.fixture
def memory_server() -> Iterator[Server]:
    """Radicale with memory for its disk, where there is such a folder: for what writes a lot."""
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        radicale(Path(folder)) as server,
    ):
        yield server


def new_calendar(server: Server) -> str:
    """The address of an empty calendar that no other test has."""
    return make_calendar(server, f"appointments {next(_names)}")


# What is on the server, as others read it


class Event(NamedTuple):
    """An event as two independent parsers read it."""

    icalendar: Any
    vobject: Any


def read_independently(text: str) -> Event:
    """The one event of an object, which has to be as RFC 4791 (4.1) wants it."""
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar)
    assert "METHOD" not in calendar
    events = cast(list[Any], calendar.walk("VEVENT"))
    assert len(events) == 1
    assert [name for name, _ in events[0].property_items()].count("UID") == 1
    zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    assert set(re.findall(r";TZID=([^:;]+)[:;]", text)) <= zones
    other = vobject.readOne(text)
    assert len(other.vevent_list) == 1
    assert other.vevent.uid.value == str(events[0]["UID"])
    ours, theirs = events[0]["DTSTART"].dt, other.vevent.dtstart.value
    assert ours == theirs or ours.timestamp() == theirs.timestamp()
    return Event(events[0], other.vevent)


def by_uid(server: Server, calendar: str) -> dict[str, Object]:
    """What a calendar holds, by UID."""
    found: dict[str, Object] = {}
    for each in objects(server, calendar).values():
        uid = str(events_of(each.text)[0]["UID"])
        assert uid not in found, "an event is there twice"
        found[uid] = each
    return found


def start_of(text: str) -> str:
    """When the event of an object begins, as ``2027-01-05T10:00`` on its own clock."""
    start: str = events_of(text)[0]["DTSTART"].dt.isoformat()[:16]
    return start


def uids_in(path: Path) -> list[str]:
    """The UIDs of a file's events, in its order."""
    return [str(event["UID"]) for event in events_of(path.read_text(encoding="utf-8"))]


def events_of(text: str) -> list[Any]:
    """The events of a calendar, as icalendar reads them."""
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def overlapping(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The opaque events that take the same time as another, by their UIDs; each is an object."""
    taken = []
    for event in (event for text in texts for event in events_of(text)):
        if event.get("TRANSP") == "TRANSPARENT" or event.get("STATUS") == "CANCELLED":
            continue
        taken.append((event["DTSTART"].dt, event["DTEND"].dt, str(event["UID"])))
    taken.sort()
    return [(one[2], two[2]) for one, two in pairwise(taken) if two[0] < one[1]]


# What others do there


class Colleague(NamedTuple):
    """Somebody who works in the same calendar with a program of another make."""

    server: Server
    calendar: str

    def changes(self, uid: str, how: Callable[[Any], object]) -> None:
        """Change an event as calendar programs do: the whole object anew, over its ETag."""
        href, there = self._object(uid)
        calendar = icalendar.Calendar.from_ical(there.text)
        (event,) = calendar.walk("VEVENT")
        how(event)
        put(self.server, href, calendar.to_ical().decode(), there.etag)

    def moves(self, uid: str, by: timedelta) -> None:
        """Move an event, with its end."""

        def later(event: Any) -> None:  # noqa: ANN401 - icalendar's own is a union of all
            for name in ("DTSTART", "DTEND"):
                when = event.pop(name).dt + by
                event.add(name, when)
            event["SEQUENCE"] = int(event.get("SEQUENCE", 0)) + 1

        self.changes(uid, later)

    def cancels(self, uid: str) -> None:
        """Mark an event as called off."""
        self.changes(uid, lambda event: event.__setitem__("STATUS", "CANCELLED"))

    def deletes(self, uid: str) -> None:
        """Take an event away."""
        delete(self.server, self._object(uid)[0])

    def books(self, uid: str, start: str, end: str, *more: str) -> None:
        """Put an event of their own there; times are UTC, as 20270105T070000Z."""
        text = foreign(uid, f"DTSTART:{start}", f"DTEND:{end}", *more)
        put(self.server, f"{self.calendar}{uid}.ics", text, new=True)

    def _object(self, uid: str) -> tuple[str, Object]:
        for href, each in objects(self.server, self.calendar).items():
            if uid in each.text:
                return href, each
        raise AssertionError(f"{uid} is not there")


def foreign(uid: str, *lines: str) -> str:
    """An object with an event of others."""
    return "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//others//EN", "BEGIN:VEVENT"),
            *(f"UID:{uid}", "DTSTAMP:20270101T000000Z", "SUMMARY:theirs", *lines),
            *("END:VEVENT", "END:VCALENDAR", ""),
        ]
    )


# The programs


class Hurry:
    """In how many seconds a command of this process loses patience, and how it has waited."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.silence = 5.0
        self.patience = 10.0

    def session(self, careful: CarefulSession) -> CarefulSession:
        """The same session in a hurry: what it should wait is only written down."""
        return replace(
            careful, wait=self.waited.append, silence=self.silence, patience=self.patience
        )


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Hurry:
    """Commands of this process do not wait before they send a request again."""
    hurry, careful = Hurry(), CarefulSession.to

    def hurried(origin: str, authorities: str | None) -> CarefulSession:
        return hurry.session(careful(origin, authorities))

    monkeypatch.setattr(CarefulSession, "to", staticmethod(hurried))
    return hurry


def until(happened: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline, "it never was"
        time.sleep(0.01)


def started(office: Office, *args: str, **env: str) -> subprocess.Popen[bytes]:
    """A command as a process of its own that runs on, to be met half way."""
    return subprocess.Popen(
        [sys.executable, "-m", "meso_sched", *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=office.folder,
        env=office.environment(**env),
    )
