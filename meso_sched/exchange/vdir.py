"""A folder of events, one a file, as khal and vdirsyncer keep them: a course found in it and read.

The files are known by the UIDs in them, whatever their names are: other programs name them as they
like. Whatever else is in the folder is looked at only as far as that takes. Nothing here loads a
calendar library, so that an agenda of many courses stays quick.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, time
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.regimen import DEFAULT_MINUTES
from meso_sched.errors import FileError, NoCourseError
from meso_sched.exchange.busy_text import FaultError
from meso_sched.exchange.calendar_file import (
    OpenCalendar,
    Own,
    RawEvent,
    Usual,
    course_event,
    open_calendar,
)
from meso_sched.exchange.calendar_lines import Component, as_text, name_of, zone_id
from meso_sched.exchange.events import Identity, Kind
from meso_sched.exchange.files import refused
from meso_sched.exchange.records import COURSE_PROPERTY, recorded_number

SUFFIX = ".ics"
_HEAD = ("VERSION:2.0", "CALSCALE:GREGORIAN")
_LIMIT = 16 * 1024 * 1024
"""Larger than any course; what is larger is another calendar."""

_NAMED = re.compile(rb"^(?:UID|RELATED-TO)[^:\n]*:[ \t]*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]")


class EventFile(NamedTuple):
    """A file of a folder that holds events of a course, mostly one.

    ``former`` is what stands there now, None where nothing does; ``opened`` is what counts: that,
    or what a run that was broken off was about to put in its place. ``uids`` are the course's own.
    """

    path: Path
    former: bytes | None
    opened: OpenCalendar
    uids: frozenset[str]

    @property
    def events(self) -> tuple[RawEvent, ...]:
        """The course's own events in it; not the moved instances of one that a person repeats."""
        return tuple(
            raw
            for raw in self.opened.events
            if raw.uid in self.uids and "RECURRENCE-ID" not in raw.fields.lines
        )

    @property
    def record_line(self) -> str:
        """The course's record that its calendar has, beside those of its events."""
        lines = self.opened.calendar.lines
        return next((line for line in lines if name_of(line) == COURSE_PROPERTY), "")


class FolderCourse(NamedTuple):
    """What a folder holds of a course; no ``files`` where that is nothing yet.

    ``record`` is the course's own, which tells when the patient can come: in a hidden file, since
    no event changes with it; empty where there is none.
    """

    folder: Path
    id: str
    files: tuple[EventFile, ...] = ()
    record: str = ""

    @property
    def shown(self) -> str:
        """The folder as messages name it."""
        return shown(self.folder)

    @property
    def is_begun(self) -> bool:
        """Whether a run that was broken off has left something to write."""
        return any(each.opened.text.encode() != each.former for each in self.files)

    @property
    def text(self) -> str:
        """All of the course as one calendar; empty where there is nothing of it."""
        return put_together(self.files, self.record) if self.files else ""


def shown(folder: Path) -> str:
    """A folder as messages name it."""
    return os.path.join(folder, "")


def put_together(files: Iterable[EventFile], record: str = "") -> str:
    """The events of a course's files as the text of one calendar, with the zones of all.

    ``record`` is the line of the course's record, where it is not in one of the files.
    """
    files = tuple(files)
    defined = (zone for each in files for zone in each.opened.calendar.named("VTIMEZONE"))
    zones = {zone_id(zone): zone for zone in defined}
    record = next((each.record_line for each in files if each.record_line), record)
    events = (raw.component for each in files for raw in each.events)
    lines = (*_HEAD, record) if name_of(record) == COURSE_PROPERTY else _HEAD
    calendar = Component("VCALENDAR", lines, (*zones.values(), *events))
    return as_text(calendar)


# ---- One course ----------------------------------------------------------------------------------


def course_in(folder: Path, identity: Identity) -> FolderCourse:
    """What a folder holds of a course; nothing where there is no such folder yet.

    Raises FileError for a folder that cannot be read; for a file of the course that cannot be, or
    whose name is that of one of its events while it holds something else; and for an event that
    two files hold.
    """
    own = _Own(identity)
    pending = _Pending.read(folder, identity.id)
    files = [
        found
        for path in calendars(folder)
        if (found := own.file(path, _bytes(path, needed=path.stem in own.uids), pending))
    ]
    files += own.missing(folder, pending, {each.path.name for each in files})
    refuse_doubles(files)
    for each in files:
        _refuse_faults(each)
    course = FolderCourse(folder, identity.id, tuple(files), _record(folder, identity.id))
    if any(len(each.uids) > 1 for each in files):
        raise _in_one_file(course)
    if files and not any(own.is_session(raw) for each in files for raw in each.events):
        raise FileError(
            f"{shown(folder)}: none of the sessions of this course is left in it, only its care and"
            f" reviews, as {files[0].path}; delete those too, and run again"
        )
    return course


def calendars(folder: Path) -> list[Path]:
    """The ``.ics`` of a folder, sorted, hidden ones left out; none where it is not there yet."""
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.lower().endswith(SUFFIX) and not entry.name.startswith(".")
            ]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise FileError(
            f"{folder}: is no folder; name another, or leave out the / behind"
        ) from None
    except (OSError, ValueError) as error:
        raise refused(folder, "read", error) from error
    return [folder / name for name in sorted(names)]


def _bytes(path: Path, *, needed: bool) -> bytes:
    """What a file holds; empty for what cannot be read or is no file, unless it is ``needed``."""
    try:
        if not path.is_file():
            if needed:
                raise FileError(f"{path}: is no file; move it elsewhere, and run again")
            return b""
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except (OSError, ValueError) as error:
        if needed:
            raise refused(path, "read", error) from error
        return b""
    return b"" if len(data) > _LIMIT else data


class _Own:
    """Tells a course's own events from all others."""

    def __init__(self, identity: Identity) -> None:
        self.id = identity.id
        self.uids = identity.uids
        self._numbers = identity.numbers
        self._marks = frozenset(uid.encode() for uid in self.uids)

    def file(self, path: Path, data: bytes, pending: _Pending) -> EventFile | None:
        """The file with what is in it of the course; None where that is nothing."""
        has_name = path.stem in self.uids
        if not data or not (has_name or self._is_likely(data)):
            return None
        try:
            opened = open_calendar(_text(path, pending.over(path, data)), str(path))
        except NoCourseError:
            if not has_name:
                return None  # a room's calendar has the same events
            raise
        uids = self._own_uids(opened)
        if not uids and has_name:
            raise something_else(path)
        return EventFile(path, data, opened, uids) if uids else None

    def missing(self, folder: Path, pending: _Pending, there: set[str]) -> Iterator[EventFile]:
        """What a run that was broken off has not written yet."""
        for name in pending.new:
            path = folder / name
            if name not in there and not os.path.lexists(path):
                opened = open_calendar(pending.texts[name], str(path))
                yield EventFile(path, None, opened, self._own_uids(opened))

    def is_session(self, raw: RawEvent) -> bool:
        """Whether it is the event of a session."""
        return raw.is_session or raw.uid in self._numbers

    def _is_likely(self, data: bytes) -> bool:
        """Whether a look at the bytes finds one of the course's UIDs."""
        if b"\n " in data or b"\n\t" in data:
            data = _FOLD.sub(b"", data)
        found = self.id.encode() in data
        return found or any(uid.strip() in self._marks for uid in _NAMED.findall(data))

    def _own_uids(self, opened: OpenCalendar) -> frozenset[str]:
        return frozenset(raw.uid for raw in opened.events if raw.uid and self._is_own(raw))

    def _is_own(self, raw: RawEvent) -> bool:
        told = raw.uid in self.uids or course_id(raw) == self.id
        return told or (not raw.details and raw.fields.first("RELATED-TO") in self.uids)


def course_id(raw: RawEvent) -> str:
    """The id of the course whose event it is; empty where its records are gone."""
    told = raw.record.get("id") or raw.details.get("course")
    return told if isinstance(told, str) else ""


def something_else(path: Path) -> FileError:
    """The error about a file that stands where one of the course's events belongs."""
    return FileError(
        f"{path}: has the name of an event of this course and holds something else; move it"
        " elsewhere, and run again"
    )


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not UTF-8 text; take it from a backup") from error


def refuse_doubles(files: Iterable[EventFile]) -> None:
    """Raise FileError where two files hold the same event, or the same session."""
    known: dict[object, Path] = {}
    for each in files:
        for raw in each.events:
            number = recorded_number(raw.details) if raw.is_session else None
            for key in (raw.uid, number):
                if key is None or known.setdefault(key, each.path) == each.path:
                    continue
                what = "the same event" if key == raw.uid else f"session {number}"
                raise FileError(
                    f"{known[key]} and {each.path} both hold {what} of this course; delete one of"
                    " the two in the calendar"
                )


def _refuse_faults(file: EventFile) -> None:
    """Raise FileError, with its line, about an event that cannot be understood."""
    times = file.opened.times(UTC)
    usual = Usual(time(9), DEFAULT_MINUTES)
    try:
        for raw in file.events:
            kind = Kind.SESSION if raw.is_session else Kind.CARE
            course_event(Own(raw, None, kind), times, UTC, usual)
    except FaultError as error:
        raise file.opened.refused(error) from error


def record_path(folder: Path, id_: str) -> Path:
    """The hidden file of a course's record."""
    return folder / f".meso-sched-{id_}.course"


def _record(folder: Path, id_: str) -> str:
    data = _bytes(record_path(folder, id_), needed=False)
    return next(iter(data.decode(errors="replace").splitlines()), "")


# ---- A run that was broken off -------------------------------------------------------------------


def pending_path(folder: Path, id_: str) -> Path:
    """The hidden file that tells, while a run writes, what it is about to."""
    return folder / f".meso-sched-{id_}.json"


def digest(data: bytes | None) -> str | None:
    """What tells bytes from others; None for nothing."""
    return None if data is None else sha256(data).hexdigest()


def _is_events_name(name: str) -> bool:
    return os.path.basename(name) == name and name.lower().endswith(SUFFIX) and name[0] != "."


class _Pending(NamedTuple):
    """What a run was about to write: by the files' names, the texts and what they go over."""

    texts: dict[str, str]
    formers: dict[str, str | None]

    @classmethod
    def read(cls, folder: Path, id_: str) -> _Pending:
        """Empty where no run was broken off."""
        try:
            told = json.loads(pending_path(folder, id_).read_bytes())
            # Whoever else wrote that file, nothing in it leads out of the folder.
            own = {name: each for name, each in told.items() if _is_events_name(name)}
            formers = {name: former for name, (former, _) in own.items()}
            return cls({name: str(text) for name, (_, text) in own.items()}, formers)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return cls({}, {})

    @property
    def new(self) -> list[str]:
        """The files that were not there before."""
        return [name for name, former in self.formers.items() if former is None]

    def over(self, path: Path, data: bytes) -> bytes:
        """What counts as standing in a file: one that changed since then is as it is."""
        former = self.formers.get(path.name)
        if former is None or former != digest(data):
            return data
        return self.texts[path.name].encode()


# ---- Whatever courses there are ------------------------------------------------------------------


class Single(NamedTuple):
    """A file that holds one event of a course, with the course's id."""

    file: EventFile
    id: str


_VEVENT = "BEGIN:VEVENT"
_FEW = 3
"""An event that repeats may have moved instances beside it."""
_OURS = "X-MESO-SCHED"


def single(path: Path, text: str) -> Single | None:
    """The file as one that holds one event of a course; None for any other.

    Only where the event's own records tell the course. Raises FileError as ``open_calendar`` does.
    """
    if not 1 <= text.count(_VEVENT) <= _FEW or _OURS not in text:
        return None
    opened = open_calendar(text, str(path))
    uids = frozenset(raw.uid for raw in opened.events)
    id_ = next(filter(None, map(course_id, opened.events)), "")
    if len(uids) != 1 or not id_:
        return None
    return Single(EventFile(path, text.encode(), opened, uids), id_)


def chosen(path: Path) -> FolderCourse | None:
    """The one course of a folder, or that of which a file in a folder has an event.

    None for a course that has a file for itself. Raises FileError for a folder with no course, with
    several, or with one that has a file for itself. Where no event tells its course any more, all
    that is there is given, without an id.
    """
    if os.path.isdir(path):
        known = _known(path)
        if not known:
            return _unknown(path)
        if len(known) > 1:
            raise _not_one(path, known)
        course = _gathered(path, next(iter(known)))
        if any(len(each.uids) > 1 for each in course.files):
            raise _in_one_file(course)
        return course
    data = _bytes(path, needed=False)
    if _OURS.encode() not in data or data.count(_VEVENT.encode()) > _FEW:
        return None
    one = single(path, _text(path, data))
    if one is None:
        return None
    course = _gathered(path.parent, one.id)
    # One of a single session is known by its name, or by the record beside it.
    by_name = path.stem in one.file.uids or record_path(path.parent, one.id).exists()
    return course if len(course.files) > 1 or by_name else None


def _opened_in(folder: Path) -> Iterator[tuple[EventFile, dict[str, frozenset[str]]]]:
    """The files of courses in a folder, with the UIDs of each course in them by its id."""
    for path in calendars(folder):
        data = _bytes(path, needed=False)
        if _OURS.encode() not in data:
            continue
        try:
            opened = open_calendar(_text(path, data), str(path))
        except FileError:
            continue  # a stranger's, or it is told of once the course is read by its UIDs
        uids: dict[str, frozenset[str]] = {}
        for raw in opened.events:
            id_ = course_id(raw)
            uids[id_] = uids.get(id_, frozenset()) | {raw.uid}
        uids.pop("", None)
        yield EventFile(path, data, opened, frozenset()), uids


def _known(folder: Path) -> dict[str, tuple[str, Path]]:
    """The courses of a folder by their ids: each with its name, and a file that has a session."""
    found: dict[str, tuple[str, Path]] = {}
    for file, _ in _opened_in(folder):
        for raw in file.opened.events:
            record = raw.record
            if raw.is_session and record.get("regimen") and (id_ := course_id(raw)):
                patient = record.get("patient")
                name = f"{record['regimen']} {record.get('number')}"
                found.setdefault(id_, (f"{name} of {patient}" if patient else name, file.path))
    return found


def _unknown(folder: Path) -> FolderCourse:
    """All events of a folder, of which the words and the UIDs may tell a course."""
    files = []
    for path in calendars(folder):
        data = _bytes(path, needed=False)
        try:
            opened = open_calendar(_text(path, data), str(path))
        except FileError:
            continue
        files.append(EventFile(path, data, opened, frozenset(raw.uid for raw in opened.events)))
    return FolderCourse(folder, "", tuple(files))


def no_course(folder: Path) -> FileError:
    """The error about a folder in which no course can be found."""
    return FileError(
        f"{shown(folder)}: holds no course; name a folder or a file that `plan -o` wrote"
    )


def _not_one(folder: Path, known: dict[str, tuple[str, Path]]) -> FileError:
    name, path = min(known.values())
    names = ", ".join(sorted(name for name, _ in known.values()))
    return FileError(
        f"{shown(folder)}: holds {len(known)} courses ({names}); name one by a file of one of its"
        f" sessions, as {path} for {name}"
    )


def _in_one_file(course: FolderCourse) -> FileError:
    path = next(each.path for each in course.files if len(each.uids) > 1)
    return FileError(f"{course.shown}: holds its course in one file; name that, {path}")


def _gathered(folder: Path, id_: str) -> FolderCourse:
    files = tuple(file._replace(uids=uids[id_]) for file, uids in _opened_in(folder) if id_ in uids)
    refuse_doubles(files)
    return FolderCourse(folder, id_, files, _record(folder, id_))
