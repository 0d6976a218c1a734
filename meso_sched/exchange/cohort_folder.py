"""The calendars of a cohort: a folder with a file for each course, room and practitioner.

``patients/`` has the courses as ``plan -o`` writes them, each an update of what stands there of
it. ``rooms/`` and ``practitioners/`` have the same appointments, sorted otherwise; those files
are made anew each time, and one whose room or practitioner has no appointment any more is
emptied: a calendar at a door must not tell what is no longer so. A folder is for one list. What
else is in it is not touched, and nothing is written through a link.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.clinic import Clinic
from meso_sched.core.cohort import PlacedCourse
from meso_sched.core.plan import Plan
from meso_sched.core.walltime import plural, show_moment
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import CourseFile, Identity, course_file, identity_of
from meso_sched.exchange.files import (
    read_bytes,
    refused,
    secure,
    sweep,
    write_new,
    write_streamed,
    write_whole,
)
from meso_sched.exchange.ical import folded_events, to_ics, with_events
from meso_sched.exchange.records import PRACTITIONER, ROOM
from meso_sched.exchange.safe_names import SUFFIX, Course, Place, names_for, place_names
from meso_sched.exchange.shared_calendars import (
    PARTS,
    Owner,
    SharedCalendars,
    empty_calendar,
    owner_of,
    shared_calendars,
)
from meso_sched.exchange.standing import Former, updated_over

PATIENTS = "patients"
FOLDERS = {ROOM: "rooms", PRACTITIONER: "practitioners"}
_ELSEWHERE = "move it elsewhere, and run again"


class CohortOrder(NamedTuple):
    """Where the calendars of a cohort go, and how they are written.

    ``courses`` are all that the run may write, so that no two share a file name; ``stamp`` is
    UTC, to the second. ``by_clinic``: the list tells each course's clinic, whose name the names
    of the files begin with. The ``edition`` is the clinic's own or the plain one.
    """

    folder: Path
    courses: Collection[Identity]
    stamp: datetime
    edition: Edition = Edition()
    by_clinic: bool = False

    def course_key(self, course: Identity) -> Course:
        """What the name of a course's file is made of."""
        clinic = course.clinic if self.by_clinic else ""
        return clinic, course.patient or "", course.regimen, course.number

    def place_key(self, owner: Owner) -> Place:
        """What the name of a room's or a practitioner's file is made of."""
        return owner.clinic if self.by_clinic else "", owner.name


class WrittenCohort(NamedTuple):
    """How many files are new or changed, and how many held all already.

    ``stale`` are calendars in the folder that are none of this run's, by their paths in it;
    ``courses`` are the files of this run's courses.
    """

    written: int
    unchanged: int
    stale: tuple[str, ...] = ()
    courses: tuple[Path, ...] = ()


def write_cohort(order: CohortOrder, courses: Iterable[tuple[PlacedCourse, Plan]]) -> WrittenCohort:
    """Write the calendars of all courses, and of the rooms and practitioners that they share.

    ``courses`` are taken one by one, and none is held. One without any booked session gets no
    file. What a person told of a session that the plan lacks (done, missed, moved by hand) stays
    in the file. Raises FileError where the folder cannot be written; and, once all else is
    written, about files that hold something else or contradict the plan, which are left as they
    are.
    """
    if order.edition.is_patients:
        raise ValueError("the patient's copy tells no room")
    tally = _Tally()
    try:
        _make_folder(order.folder, may_be_link=True)
        with shared_calendars(order.folder) as shared:
            clinics = _write_courses(order, courses, shared, tally)
            for part in PARTS:
                _SharedFiles(order, part, clinics, tally).write(shared)
        stale = _stale(order.folder, tally)
    except OSError as error:
        raise refused(order.folder, "written", error) from error
    if tally.refused:
        lacking = f"{order.folder}: is written but for {plural(len(tally.refused), 'file')}"
        raise FileError("\n".join([*tally.refused, lacking]))
    patients = order.folder / PATIENTS
    files = tuple(sorted(path for path in tally.touched if path.parent == patients))
    return WrittenCohort(tally.written, tally.unchanged, stale, files)


class _Tally:
    """What a run has done so far; ``touched`` are the files that are its own."""

    def __init__(self) -> None:
        self.written = 0
        self.unchanged = 0
        self.touched: set[Path] = set()
        self.refused: list[str] = []

    def count(self, path: Path, *, changed: bool) -> None:
        """One file more."""
        self.touched.add(path)
        self.written += changed
        self.unchanged += not changed


# ---- Courses -------------------------------------------------------------------------------------


def _write_courses(
    order: CohortOrder,
    courses: Iterable[tuple[PlacedCourse, Plan]],
    shared: SharedCalendars,
    tally: _Tally,
) -> Mapping[str, Clinic]:
    """Write the courses' files and take their appointments; the clinics of all, by their names."""
    folder = order.folder / PATIENTS
    _make_folder(folder)
    names = names_for(map(order.course_key, order.courses))
    clinics: dict[str, Clinic] = {}
    for _, plan in courses:
        clinics[plan.clinic.name] = plan.clinic
        if not plan.booked:
            continue
        path = folder / names[order.course_key(identity_of(plan, ""))]
        try:
            former = _standing_course(path, tally)
            file = _file(order, plan, former, path)
            new = folded_events(file) if file.calendar is None else None
            data = to_ics(file) if new is None else with_events(file, new)
            if former is not None:
                write_whole(path, data, former=former, keep_former=bool(former), swept=True)
        except (FileError, UsageError) as error:
            tally.refused.append(str(error))
            continue
        if former is None:
            write_new(path, data)
        tally.count(path, changed=data != former)
        shared.add(file, plan.clinic.name, new)
    secure()
    return clinics


def _standing_course(path: Path, tally: _Tally) -> bytes | None:
    """What stands where a course is to be written; UsageError where that is not for it."""
    if path in tally.touched:
        raise UsageError(f"{path}: two rows of the list are this course; leave one of them out")
    tally.touched.add(path)
    if not os.path.lexists(path):
        return None
    if not _is_plain_file(path):
        raise UsageError(f"{path}: is no file, and nothing is written through it; {_ELSEWHERE}")
    return read_bytes(path)


def _file(order: CohortOrder, plan: Plan, former: bytes | None, path: Path) -> CourseFile:
    """A course's calendar: new, or an update of what its file holds."""
    if not former:
        return course_file(plan, order.edition, order.stamp)
    regimen = plan.course.regimen
    known = Former.of(former, path, plan.clinic, {regimen.id: regimen})
    stored = known.course_of(plan)
    if stored is not None:
        plan = _with_history(plan, stored.current, path)
    file = course_file(plan, order.edition, order.stamp)
    return updated_over(known, plan, file, order.stamp, path, _ELSEWHERE)


def _with_history(plan: Plan, known: Plan, path: Path) -> Plan:
    """A plan with the sessions that it lacks and of which a file tells what came of them.

    Raises UsageError where it has one otherwise.
    """
    planned = {each.number: each for each in plan.booked}
    told = [each for each in known.booked if _is_told(each)]
    for each in told:
        other = planned.get(each.number)
        if each.number > plan.course.count_all or (other and not _is_same(each, other)):
            what = each.status.word if each.status is not Status.BOOKED else "chosen by hand"
            raise UsageError(
                f"{path}: session {each.number} is {what} there ({show_moment(each.start)}), and"
                " this plan has it otherwise; keep what is booked (--keep-booked), or move the"
                " file elsewhere"
            )
    lacking = [each for each in told if each.number not in planned]
    booked = sorted((*plan.booked, *lacking), key=lambda each: each.number)
    return plan._replace(booked=tuple(booked))


def _is_told(session: BookedSession) -> bool:
    """Whether a person told something of it that no plan may forget."""
    if session.status is Status.BOOKED:
        return session.by_hand or bool(session.missed)
    return session.status is not Status.CANCELLED


def _is_same(one: BookedSession, other: BookedSession) -> bool:
    kept = (one.status, one.missed) == (other.status, other.missed)
    return kept and one.slot.is_at(other.slot)


# ---- Rooms and practitioners ---------------------------------------------------------------------


class _SharedFiles:
    """The files of all rooms, or of all practitioners, of a run's clinics."""

    def __init__(
        self, order: CohortOrder, part: str, clinics: Mapping[str, Clinic], tally: _Tally
    ) -> None:
        self.order = order
        self.part = part
        self.clinics = clinics
        self.tally = tally
        self.folder = order.folder / FOLDERS[part]

    def write(self, shared: SharedCalendars) -> None:
        """Write those that have an event, and empty those that have none any more."""
        owners = {each for each in shared.owners if each.part == self.part}
        if not owners and not os.path.lexists(self.folder):
            return
        _make_folder(self.folder)
        standing = dict(self._standing())
        paths = self._paths({*owners, *(owner for owner, _ in standing.values())})
        for owner in sorted(owners, key=paths.__getitem__):
            path = paths[owner]
            if os.path.lexists(path) and (path not in standing or standing[path][0] != owner):
                self.tally.touched.add(path)
                self.tally.refused.append(f"{path}: {_not_of(owner)}; {_ELSEWHERE}")
                continue
            self.tally.count(path, changed=write_streamed(path, shared.chunks(owner)))
        for path, (owner, has_events) in standing.items():
            if owner not in owners and paths.get(owner) == path:
                self._empty(path, owner, has_events=has_events)

    def _standing(self) -> Iterator[tuple[Path, tuple[Owner, bool]]]:
        """The calendars that are here, whose they are, and whether they have events."""
        for path in _calendars(self.folder):
            found = owner_of(path) if _is_plain_file(path) else None
            if found is not None and found[0].part == self.part and found[0].clinic in self.clinics:
                yield _composed(path), found

    def _paths(self, owners: Iterable[Owner]) -> Mapping[Owner, Path]:
        """The files of those, named beside all that the clinics have, busy or not."""
        known = {*owners, *self._configured()}
        names = place_names(map(self.order.place_key, known))
        return {each: self.folder / names[self.order.place_key(each)] for each in known}

    def _configured(self) -> Iterator[Owner]:
        for clinic in self.clinics.values():
            names = clinic.rooms or () if self.part == ROOM else clinic.practitioners
            for each in names:
                name = each if isinstance(each, str) else each.name
                yield Owner(self.part, clinic.name, name)

    def _empty(self, path: Path, owner: Owner, *, has_events: bool) -> None:
        if has_events:
            zone_name = self.clinics[owner.clinic].zone_name
            write_streamed(path, empty_calendar(owner, zone_name, self.order.stamp))
        self.tally.count(path, changed=has_events)


def _not_of(owner: Owner) -> str:
    what = "the room" if owner.part == ROOM else "the practitioner"
    return f'holds something else than the calendar of {what} "{owner.name}"'


# ---- The folder ----------------------------------------------------------------------------------


def _make_folder(path: Path, *, may_be_link: bool = False) -> None:
    """Make a folder where there is none yet; FileError for what must not be written into."""
    if path.is_symlink() and not may_be_link:
        raise FileError(
            f"{path}: is a link, and nothing is written through one; remove it, or name another"
            " folder"
        )
    if os.path.lexists(path) and not path.is_dir():
        raise FileError(f"{path}: is no folder; move it elsewhere, or name another folder")
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise refused(path, "written", error) from error
    sweep(path)


def _is_plain_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _calendars(folder: Path) -> list[Path]:
    """The calendars that stand in a folder, sorted; hidden ones are left out."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [
        folder / name
        for name in names
        if name.lower().endswith(SUFFIX) and not name.startswith(".")
    ]


def _stale(folder: Path, tally: _Tally) -> tuple[str, ...]:
    """The calendars that are none of the run's."""
    return tuple(
        str(path.relative_to(folder))
        for name in (PATIENTS, *FOLDERS.values())
        for path in _calendars(folder / name)
        if _composed(path) not in tally.touched
    )


def _composed(path: Path) -> Path:
    """A path by the name that we gave the file, which some systems take apart."""
    return path.with_name(unicodedata.normalize("NFC", path.name))
