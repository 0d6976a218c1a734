"""The calendars of rooms and practitioners: the events of many courses, sorted as they come.

Such a calendar is written anew from the courses each time, and never read back as one.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import IO, NamedTuple

from meso_sched.exchange.calendar_file import as_it_stands
from meso_sched.exchange.calendar_lines import Component, folded_lines, joined, text_of, write
from meso_sched.exchange.events import CourseEvent, CourseFile, Kind
from meso_sched.exchange.files import TEMPORARY
from meso_sched.exchange.ical import (
    Folded,
    event_component,
    json_line,
    named_lines,
    zone_component,
)
from meso_sched.exchange.records import (
    COURSE_PROPERTY,
    KIND_PROPERTY,
    PRACTITIONER,
    ROOM,
    SESSION_PROPERTY,
)
from meso_sched.exchange.zones import load_zone

_OWNER_PROPERTY = "X-MESO-SCHED-OWNER"
_OWNER = re.compile(rf"^{_OWNER_PROPERTY}(:.*)$", re.MULTILINE)
_HEAD_OCTETS = 1 << 16
_COURSES_OWN = (f"{SESSION_PROPERTY}:", f"{COURSE_PROPERTY}:")


PARTS = (ROOM, PRACTITIONER)
"""What many courses share; the words are the keys under which their events keep a name of each."""


class Owner(NamedTuple):
    """A room or a practitioner, by the name and the clinic's; ``part`` is one of the ``PARTS``."""

    part: str
    clinic: str
    name: str

    @property
    def title(self) -> str:
        """What people call its calendar."""
        is_bare = self.part == ROOM and not self.name.casefold().startswith("room")
        what = f"Room {self.name}" if is_bare else self.name
        return f"{what}, {self.clinic}" if self.clinic else what


@contextmanager
def shared_calendars(folder: Path) -> Iterator[SharedCalendars]:
    """An empty one, whose events wait in a file in ``folder``.

    That has no name, so that nothing is left of it whatever happens.
    """
    with tempfile.TemporaryFile(prefix=TEMPORARY, dir=folder) as spool:
        yield SharedCalendars(spool)


class SharedCalendars:
    """Takes the events of courses, and gives the calendars of all that they share.

    The events wait in ``spool``; here are 24 octets of each, and 4 more for each of its owners. A
    clinic has one zone.
    """

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        # Seconds of the Unix epoch.
        self._starts = array("q")
        self._ends = array("q")
        self._places = array("q", [0])  # in the spool, the place behind the last too
        self._numbers: dict[Owner, array[int]] = {}
        self._zones: dict[str, str] = {}

    @property
    def owners(self) -> tuple[Owner, ...]:
        """All that have an event."""
        return tuple(self._numbers)

    def add(self, file: CourseFile, clinic: str, new: Folded | None) -> None:
        """Take the appointments of a course; ``new`` are the events of a file that is new."""
        self._zones[clinic] = file.zone_name
        for event, lines in _as_they_stand(file) if new is None else new:
            if not _shares(event):
                continue
            for owner in _owners(event, clinic):
                if owner not in self._numbers:
                    self._numbers[owner] = array("I")
                self._numbers[owner].append(len(self._starts))
            self._starts.append(int(event.start.timestamp()))
            self._ends.append(int(event.end.timestamp()))
            data = joined(_shared(event, lines, file.zone_name))
            self._places.append(self._places[-1] + self._spool.write(data))

    def chunks(self, owner: Owner) -> Iterator[bytes]:
        """The calendar of an owner who has an event, piece by piece."""
        self._spool.flush()
        numbers = self._numbers[owner]
        first = datetime.fromtimestamp(min(map(self._starts.__getitem__, numbers)), UTC)
        last = datetime.fromtimestamp(max(map(self._ends.__getitem__, numbers)), UTC)
        yield from _calendar(owner, self._zones[owner.clinic], first, last, self._events(numbers))

    def _events(self, numbers: Iterable[int]) -> Iterator[bytes]:
        begin = self._starts.__getitem__
        for _, group in groupby(sorted(numbers, key=begin), key=begin):
            # Two at one time come in the order of their UIDs, whatever that of the courses.
            yield from sorted(map(self._read, group))

    def _read(self, number: int) -> bytes:
        # Straight from the file: what a buffer would read ahead is another owner's.
        place, behind = self._places[number : number + 2]
        os.lseek(self._spool.fileno(), place, os.SEEK_SET)
        return os.read(self._spool.fileno(), behind - place)


def empty_calendar(owner: Owner, zone_name: str, moment: datetime) -> Iterator[bytes]:
    """The calendar of an owner who has no event any more; the zone has to hold at a moment."""
    return _calendar(owner, zone_name, moment, moment, ())


def owner_of(path: Path) -> tuple[Owner, bool] | None:
    """Whose calendar a file holds, and whether that has events; None for what is no such file.

    Raises OSError where it cannot be read.
    """
    with path.open("rb") as file:
        head, mark, _ = file.read(_HEAD_OCTETS).partition(b"\nBEGIN:VEVENT")
    text = head.decode(errors="replace").replace("\r\n", "\n").replace("\n ", "")
    found = _OWNER.search(text)
    if found is None:
        return None
    try:
        told = json.loads(text_of(found[1]))
        owner = Owner(*(str(told[key]) for key in Owner._fields))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (owner, bool(mark)) if owner.part in PARTS else None


def _calendar(
    owner: Owner, zone_name: str, first: datetime, last: datetime, events: Iterable[bytes]
) -> Iterator[bytes]:
    lines = (
        *named_lines(owner.title),
        f"{KIND_PROPERTY}:{owner.part.upper()}",
        json_line(_OWNER_PROPERTY, owner._asdict()),
    )
    zone = zone_component(load_zone(zone_name), zone_name, first, last)
    begin, end, behind = write(Component("VCALENDAR", lines, (zone,))).rpartition(b"END:VCALENDAR")
    yield begin
    yield from events
    yield end + behind


def _as_they_stand(file: CourseFile) -> Iterator[tuple[CourseEvent, Sequence[str]]]:
    """The appointments of a file that was read, written in its zone whatever it is in there."""
    for event in filter(_shares, file.everything):
        told = replace(as_it_stands(event), care=())
        yield told, folded_lines(event_component(told, file.zone_name))


def _shares(event: CourseEvent) -> bool:
    details = event.details
    return event.kind is not Kind.CARE and (ROOM in details or PRACTITIONER in details)


def _owners(event: CourseEvent, clinic: str) -> Iterator[Owner]:
    for part in PARTS:
        name = event.details.get(part)
        if isinstance(name, str) and name:
            yield Owner(part, clinic, name)


def _shared(event: CourseEvent, lines: Sequence[str], zone_name: str) -> list[str]:
    """The lines of an event without what makes it a course's own, and without alarms of care."""
    if event.care:
        lines = folded_lines(event_component(replace(event, care=()), zone_name))
    return [line for line in lines if not line.startswith(_COURSES_OWN)]
