"""What stands where a course is to be written, and the course as an update of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.core.plan import Plan
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange.events import CourseFile, course_file, identity_of

if TYPE_CHECKING:
    from meso_sched.core.clinic import Clinic
    from meso_sched.core.regimen import Regimen
    from meso_sched.exchange.stored import StoredCourse
    from meso_sched.exchange.vdir import FolderCourse

OTHER_NAME = "choose another name"


class Former(NamedTuple):
    """What stands where a course is to be written; ``stored`` is the course that it tells.

    Of a ``folder`` of events, ``data`` is all of the course put together.
    """

    data: bytes
    stored: StoredCourse | None = None
    folder: FolderCourse | None = None

    @classmethod
    def of(cls, data: bytes, path: Path, clinic: Clinic, regimens: Mapping[str, Regimen]) -> Former:
        """With the course of a calendar, if it can be read.

        Else ``updated_over`` says what is wrong, or knows it by its UIDs alone.
        """
        from meso_sched.exchange.stored import read_course

        try:
            stored = read_course(decoded(data, path), str(path), clinic, regimens)
        except (FileError, UsageError):
            return cls(data)
        return cls(data, stored.informed(regimens))

    def course_of(self, plan: Plan) -> StoredCourse | None:
        """The stored course, if it is the same as that of ``plan``."""
        if self.stored is None or self.stored.identity is None:
            return None
        identity = replace(self.stored.identity, audience="")
        return self.stored if identity == identity_of(plan, "") else None


def updated_over(
    former: Former,
    plan: Plan,
    file: CourseFile,
    stamp: datetime,
    path: Path,
    advice: str = OTHER_NAME,
) -> CourseFile:
    """The calendar ``file`` of a plan as an update of the calendar at ``path``.

    Raises UsageError, with the ``advice``, where that is anything else than this course in the
    same edition.
    """
    from meso_sched.exchange.calendar_file import from_ics
    from meso_sched.exchange.updating import updated

    audience = file.edition.audience
    stored = former.course_of(plan)
    if stored is not None and stored.edition.audience == audience:
        base = course_file(stored.recorded, stored.edition, stamp)
        return updated(file, stored.file, stamp, base)
    identity = identity_of(plan, audience)
    try:
        known = from_ics(decoded(former.data, path, advice), str(path), identity)
    except FileError as error:
        raise UsageError(f"{error}; it was left as it is, {advice}") from error
    if not known.holds(identity):
        raise refusal(path, advice)
    return updated(file, known, stamp)


def decoded(data: bytes, path: Path, advice: str = OTHER_NAME) -> str:
    """A file's text; UsageError, with the ``advice``, where it is none that this tool wrote."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise refusal(path, advice) from None


def refusal(path: Path, advice: str = OTHER_NAME) -> UsageError:
    """The error about a file that is another one's."""
    return UsageError(f"{path}: holds something else than this course; {advice}")
