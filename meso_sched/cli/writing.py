"""A plan as the bytes of a file: new, or an update of what the file holds of the same course."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.course import Course
from meso_sched.core.plan import Plan
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange import tables
from meso_sched.exchange.events import CourseFile, course_file, identity_of, updated
from meso_sched.exchange.files import read_bytes, write_whole


class Written(NamedTuple):
    """A plan ready to go out: its bytes, what stood in the file before, and its events."""

    data: bytes
    former: bytes | None
    file: CourseFile

    @property
    def same(self) -> bool:
        """Whether the file holds it already."""
        return self.data == self.former

    @property
    def what(self) -> str:
        """What happened to the file, in a word or two."""
        if self.same:
            return "holds this plan already, nothing changed"
        return "updated" if self.former else "written"

    def replace(self, path: Path) -> None:
        """Put it in the place of what was read."""
        write_whole(path, self.data, former=self.former)

    def document(self, plan: Plan, warnings: Sequence[str]) -> str:
        """The plan as JSON text, with the sequences of its events."""
        return tables.to_json(tables.plan_document(plan, self.file.events, warnings))


def prepare(
    plan: Plan,
    audience: str,
    warnings: Sequence[str],
    stamp: datetime,
    path: Path | None,
    format_: str,
) -> Written:
    """The plan in a format (ics, json or csv), as an update of what ``path`` holds of it.

    Raises UsageError where the file there holds anything else.
    """
    file = course_file(plan, audience, stamp)
    former = None if path is None else read_bytes(path)
    if path is not None and former:
        file = _as_update(plan, file, former, path, format_, stamp)
    if format_ == "ics":
        from meso_sched.exchange.ical import to_ics

        return Written(to_ics(file), former, file)
    document = tables.plan_document(plan, file.events, warnings)
    text = tables.to_json(document) if format_ == "json" else tables.to_csv(document)
    return Written(text.encode(), former, file)


def _as_update(
    plan: Plan, file: CourseFile, former: bytes, path: Path, format_: str, stamp: datetime
) -> CourseFile:
    refusal = UsageError(f"{path}: holds something else than this course; choose another name")
    try:
        text = former.decode()
    except UnicodeDecodeError:
        raise refusal from None
    if format_ == "ics":
        return _updated_calendar(plan, file, text, path, stamp)
    course = _course_of(text) if format_ == "json" else tables.csv_course(text)
    if course != _told(plan.course):
        raise refusal
    return file


def _updated_calendar(
    plan: Plan, file: CourseFile, text: str, path: Path, stamp: datetime
) -> CourseFile:
    from meso_sched.exchange.ical import from_ics

    try:
        known = from_ics(text, str(path))
    except FileError as error:
        raise UsageError(f"{error}; it was left as it is, choose another name") from error
    identity = identity_of(plan, file.record["audience"])
    if not known.holds(identity):
        raise UsageError(f"{path}: holds something else than this course; choose another name")
    if known.foreign(identity):
        raise UsageError(
            f"{path}: holds events besides this course, which would be lost; choose another name"
        )
    return updated(file, known, stamp)


def _told(course: Course) -> tuple[str, str, str]:
    return course.regimen.id, course.patient or "", str(course.number)


def _course_of(text: str) -> tuple[str, str, str] | None:
    """Regimen, patient and number of the course in a plan's JSON; None for anything else."""
    try:
        course = json.loads(text)["course"]
        return course["regimen"], course["patient"] or "", str(course["number"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
