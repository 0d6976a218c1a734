"""Files and folders -> the courses in them, each once."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.agenda import KeptCourse
from meso_sched.core.clinic import Clinic
from meso_sched.core.interval import MAX_SESSIONS
from meso_sched.core.plan import Plan
from meso_sched.errors import FeedError, FileError, NoCourseError
from meso_sched.exchange.calendar_file import as_it_stands
from meso_sched.exchange.calendar_lines import without_events
from meso_sched.exchange.events import CourseEvent, CourseFile, Kind
from meso_sched.exchange.folders import calendars_below, unreadable
from meso_sched.exchange.records import recorded_number, review_number
from meso_sched.exchange.stored import StoredCourse, read_course
from meso_sched.exchange.vdir import (
    EventFile,
    pending_path,
    put_together,
    refuse_doubles,
    shown,
    single,
)

_Key = tuple[Path, str]
"""A folder and the id of a course in it."""

_LIMIT = 16 * 1024 * 1024
"""Larger than any course; what is larger is another calendar."""


class Found(NamedTuple):
    """The courses of some files and folders, in the order of their paths.

    ``warnings`` name courses that are there twice, ``broken`` the files of a folder that cannot
    be read, each in a sentence. ``others`` are so many files of folders that hold no course; our
    own feeds do not count. ``files`` are those of the courses, one each, if they were asked for.
    """

    courses: tuple[KeptCourse, ...]
    warnings: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    others: int = 0
    files: tuple[CourseFile, ...] = ()


class Wanted(NamedTuple):
    """What is to be known of courses beside the plan.

    ``files``: their events, as people read them; ``care_of`` is a patient whose care is among them.
    What stands at ``target``, where they are to go, is not looked at in a folder.
    """

    files: bool = False
    care_of: str | None = None
    target: Path | None = None


_PLANS = Wanted()


class _Read(NamedTuple):
    """What is kept of a course's file; a year of whole files would fill the memory.

    Two files of one course have a key in common. ``changed`` is when it was last changed, in
    seconds of the Unix epoch.
    """

    path: Path
    plan: Plan
    uids: Mapping[int, str]
    review_uids: Mapping[int, str]
    keys: tuple[object, ...]
    changed: float
    file: CourseFile | None

    @classmethod
    def of(cls, path: Path, stored: StoredCourse, wanted: Wanted) -> _Read:
        identity, events = stored.identity, stored.file.events
        keys: list[object] = [event.uid for event in events]
        if identity is not None:
            keys.append((identity.clinic, identity.patient, identity.regimen, identity.number))
        uids = {event.number: event.uid for event in events if event.number is not None}
        review_uids = {
            number: event.uid
            for event in stored.file.parts
            if (number := review_number(event.part)) is not None
        }
        changed = max(event.modified.timestamp() for event in stored.file.everything)
        file = _as_people_read_it(stored.file) if wanted.files else None
        return cls(path, stored.current, uids, review_uids, tuple(keys), changed, file)

    @property
    def kept(self) -> KeptCourse:
        """The course for the agenda."""
        return KeptCourse(self.plan, str(self.path), self.uids, self.review_uids)


def find_courses(
    paths: Sequence[Path],
    clinic: Clinic,
    catalogue_ids: Iterable[str],
    wanted: Wanted = _PLANS,
) -> Found:
    """Read the courses of files, and of the ``.ics`` below folders, hidden ones left out.

    ``clinic`` and ``catalogue_ids`` are as ``read_course`` takes them. Raises FileError for paths
    that are missing, and for files named themselves that hold no course or cannot be read.
    """
    known_ids = tuple(catalogue_ids)
    named, below, broken = _files(paths)
    naming = _Reading(clinic, known_ids, wanted, folder=False)
    read = naming.all(named)
    if naming.refused:
        raise FileError("\n".join(naming.refused))
    if wanted.target is not None:
        own = _file_id(wanted.target)
        below = [path for path in below if _file_id(path) != own]
    reading = _Reading(clinic, known_ids, wanted, folder=True)
    once, doubles = _each_once([*read, *reading.all(below)])
    return Found(
        courses=tuple(each.kept for each in once),
        warnings=(*dict.fromkeys([*naming.warnings, *reading.warnings]), *doubles),
        broken=(*broken, *reading.refused),
        others=reading.others,
        files=tuple(each.file for each in once if each.file is not None),
    )


def _files(paths: Iterable[Path]) -> tuple[list[Path], list[Path], list[str]]:
    """Files named, files of folders, and folders that cannot be read.

    A file that is found again, also by a link, counts as it was first named.
    """
    named: dict[object, Path] = {}
    below: dict[object, Path] = {}
    broken: list[str] = []

    def refused(error: OSError) -> None:
        broken.append(str(unreadable(str(Path(error.filename)), error)))

    for path in paths:
        if _is_folder(path):
            for each in calendars_below(path, refused):
                below.setdefault(_file_id(each), each)
        else:
            named.setdefault(_file_id(path), path)
    return list(named.values()), [below[id_] for id_ in below if id_ not in named], broken


class _Reading:
    """Reads the courses of files, and counts those of a ``folder`` that are none.

    Files that hold one event each, as khal and vdirsyncer keep them, are one course together.
    """

    def __init__(
        self, clinic: Clinic, known_ids: tuple[str, ...], wanted: Wanted, *, folder: bool
    ) -> None:
        self.refused: list[str] = []
        self.warnings: list[str] = []
        self.others = 0
        self._clinic = clinic
        self._known_ids = known_ids
        self._wanted = wanted
        self._folder = folder
        self._read: dict[int, _Read] = {}
        self._singles: dict[_Key, dict[int, EventFile]] = {}
        self._care: Counter[_Key] = Counter()

    def all(self, paths: Iterable[Path]) -> list[_Read]:
        """The courses in the order of the paths."""
        for place, path in enumerate(paths):
            with self._telling():
                self._take(place, path)
        for key, files in self._singles.items():
            with self._telling(len(files)):
                self._together(files)
            self._care.pop(key, None)
            if pending_path(*key).exists():
                # Who reads a feed hears no warning.
                told = self.refused if self._wanted.files else self.warnings
                told.append(
                    f"{shown(key[0])}: the last run that wrote a course into it was broken off, and"
                    " sessions may be missing; run it again"
                )
        self.others += self._care.total()
        return [self._read[place] for place in sorted(self._read)]

    @contextmanager
    def _telling(self, files: int = 1) -> Iterator[None]:
        """What is wrong with so many files is told at the end."""
        try:
            yield
        except NoCourseError as error:
            # A feed of ours that lies in the folder of its courses is none of the others either.
            self.others += 0 if isinstance(error, FeedError) else files
            if not self._folder:
                self.refused.append(str(error))
        except FileError as error:
            self.refused.append(str(error))

    def _take(self, place: int, path: Path) -> None:
        text = _text(path)
        one = single(path, text)
        if one is None:
            self._read[place] = _Read.of(path, self._glanced(text, path), self._wanted)
            return
        key = path.parent, one.id
        categories = one.file.opened.events[0].fields.first("CATEGORIES").upper()
        if categories == Kind.CARE.value and self._wanted.care_of is None:
            self._care[key] += 1  # of which there is more than of all else
        else:
            self._singles.setdefault(key, {})[place] = one.file

    def _together(self, files: Mapping[int, EventFile]) -> None:
        if len({each.uids for each in files.values()}) == 1:  # copies of a course of one session
            for place, each in files.items():
                with self._telling():
                    stored = self._glanced(each.opened.text, each.path)
                    self._read[place] = _Read.of(each.path, stored, self._wanted)
            return
        refuse_doubles(files.values())
        first = min(files, key=lambda place: (_session(files[place]), place))
        path = files[first].path
        stored = self._course(put_together(files.values()), shown(path.parent))
        self._read[first] = _Read.of(path, stored, self._wanted)

    def _glanced(self, text: str, path: Path) -> StoredCourse:
        """The course of a file without its care, of which there is more than of all else in it."""
        glanced = without_events(text, f"CATEGORIES:{Kind.CARE.value}")
        try:
            stored = self._course(glanced, str(path))
        except FileError:
            if glanced == text:
                raise
            return self._course(text, str(path))  # which knows the line
        patient = stored.current.course.patient
        if patient is None or patient != self._wanted.care_of or glanced == text:
            return stored
        return self._course(text, str(path))

    def _course(self, text: str, where: str) -> StoredCourse:
        return read_course(text, where, self._clinic, self._known_ids)


def _as_people_read_it(file: CourseFile) -> CourseFile:
    """A file without all that is not to be read of it, which would fill the memory."""

    def lean(event: CourseEvent) -> CourseEvent:
        return replace(as_it_stands(event), details={}, record={}, raw=None)

    return replace(
        file,
        record={},
        events=tuple(map(lean, file.events)),
        parts=tuple(map(lean, file.parts)),
        calendar=None,
        source=None,
    )


def _session(file: EventFile) -> int:
    """The number of the session that a file holds; more than any for a review."""
    raw = file.opened.events[0]
    number = recorded_number(raw.details) if raw.is_session else None
    return MAX_SESSIONS + 1 if number is None else number


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error
    if len(data) > _LIMIT:
        raise NoCourseError(f"{path}: is larger than any course; name the .ics of one")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not UTF-8 text; take it from a backup") from error


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error


def _file_id(path: Path) -> object:
    """The same for all links to a file; the path where there is none, which reading it tells."""
    try:
        known = path.stat()
    except OSError:
        return path.absolute()
    return known.st_dev, known.st_ino


# ---- The same course in two files ----------------------------------------------------------------


def _each_once(read: Sequence[_Read]) -> tuple[list[_Read], tuple[str, ...]]:
    """Every course once, from the file that was changed last, and a warning where there are two.

    Courses without a patient have the same UIDs, so that two that differ may be of two patients.
    """
    kept: list[_Read] = []
    at: dict[object, int] = {}
    warnings = []
    for each in read:
        position = next((at[key] for key in each.keys if key in at), None)
        if position is None:
            position = len(kept)
            kept.append(each)
        elif _may_differ(each.plan, kept[position].plan):
            warnings.append(
                f"{kept[position].path} and {each.path} hold a course without a patient reference"
                " and may be of one patient or of two: both are shown"
            )
            kept.append(each)
        else:
            newer = max(kept[position], each, key=lambda one: one.changed)
            last = ", which was changed last," if kept[position].changed != each.changed else ""
            warnings.append(
                f"{kept[position].path} and {each.path} hold the same course: {newer.path}{last} is"
                " shown; move the other one elsewhere"
            )
            kept[position] = newer
        at.update(dict.fromkeys(each.keys, position))
    return kept, tuple(warnings)


def _may_differ(one: Plan, other: Plan) -> bool:
    return one.course.patient is None and one.booked != other.booked
