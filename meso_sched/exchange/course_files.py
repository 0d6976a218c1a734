"""Files and folders -> the courses in them, each once."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.agenda import KeptCourse
from meso_sched.core.clinic import Clinic
from meso_sched.core.plan import Plan
from meso_sched.errors import FeedError, FileError, NoCourseError
from meso_sched.exchange.calendar_file import as_it_stands
from meso_sched.exchange.calendar_lines import without_events
from meso_sched.exchange.events import CourseEvent, CourseFile, Kind
from meso_sched.exchange.folders import calendars_below, unreadable
from meso_sched.exchange.records import review_number
from meso_sched.exchange.stored import StoredCourse, read_course

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
    reader = _Reader(clinic, tuple(catalogue_ids), wanted)
    named, below, broken = _files(paths)
    read, refused, _ = reader.read_all(named)
    if refused:
        raise FileError("\n".join(refused))
    if wanted.target is not None:
        own = _file_id(wanted.target)
        below = [path for path in below if _file_id(path) != own]
    more, refused, skipped = reader.read_all(below, folder=True)
    once, warnings = _each_once([*read, *more])
    return Found(
        courses=tuple(each.kept for each in once),
        warnings=warnings,
        broken=(*broken, *refused),
        others=skipped,
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


class _Reader(NamedTuple):
    """Reads courses; ``known_ids`` are the regimens of the catalogue."""

    clinic: Clinic
    known_ids: tuple[str, ...]
    wanted: Wanted

    def read_all(
        self, paths: Iterable[Path], *, folder: bool = False
    ) -> tuple[list[_Read], list[str], int]:
        """What was read, what is wrong with the rest, and how many of a ``folder`` are no courses.

        A feed of ours that lies in the folder of its courses is none of the others either.
        """
        read, refused, others = [], [], 0
        for path in paths:
            try:
                read.append(_Read.of(path, self._glanced(path), self.wanted))
            except NoCourseError as error:
                others += not isinstance(error, FeedError)
                if not folder:
                    refused.append(str(error))
            except FileError as error:
                refused.append(str(error))
        return read, refused, others

    def _glanced(self, path: Path) -> StoredCourse:
        """The course of a file without its care, of which there is more than of all else in it."""
        text, where = _text(path), str(path)
        glanced = without_events(text, f"CATEGORIES:{Kind.CARE.value}")
        try:
            stored = read_course(glanced, where, self.clinic, self.known_ids)
        except FileError:
            if glanced == text:
                raise
            return self._whole(text, where)  # which knows the line
        patient = stored.current.course.patient
        if patient is None or patient != self.wanted.care_of or glanced == text:
            return stored
        return self._whole(text, where)

    def _whole(self, text: str, where: str) -> StoredCourse:
        return read_course(text, where, self.clinic, self.known_ids)


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
