"""The use case ``revise``: a course's file and what is told of it -> the course from here on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from meso_sched.cli import circumstances, reading
from meso_sched.cli.circumstances import LimitOptions, Surroundings
from meso_sched.cli.talking import say
from meso_sched.core.booked import refuse_overdue
from meso_sched.core.changes import Change, changes, review_changes
from meso_sched.core.clinic import Clinic, Limits, OpenTime
from meso_sched.core.plan import Plan
from meso_sched.core.revising import RevisionRequest, horizon, revise
from meso_sched.core.telling import Told
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange.schedules import Catalogue
from meso_sched.exchange.stored import StoredCourse, course_bytes, course_text, read_course
from meso_sched.exchange.vdir import FolderCourse, chosen, course_in, no_course

T = TypeVar("T")


class ReviseOptions(NamedTuple):
    """The command line of ``revise``, as typed."""

    done: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    move: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()
    stop: bool = False
    restart: bool = False
    limits: LimitOptions = LimitOptions()
    override: bool = False
    strict: bool = False
    dry_run: bool = False


class Revised(NamedTuple):
    """A course's file and the course from here on; ``found`` is what others changed in it.

    ``folder`` is what a folder of events holds of the course, where it is in one.
    ``taken``: a server's side of it was taken over.
    """

    path: Path
    former: bytes
    stored: StoredCourse
    plan: Plan
    open_time: OpenTime
    changes: tuple[Change, ...]
    reviews: tuple[Change, ...]
    today: date
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    told: bool
    taken: bool = False
    surroundings: Surroundings = Surroundings()
    folder: FolderCourse | None = None

    @property
    def shown(self) -> str:
        """The course's place as messages name it."""
        return str(self.path) if self.folder is None else self.folder.shown

    @property
    def has_changes(self) -> bool:
        """Whether any appointment is another than the file had."""
        return bool(self.changes or self.reviews)


class Opened(NamedTuple):
    """A course to revise: the bytes of its file, and the course, which may say more than those.

    ``taken``: a server's side of it goes over the file's, whatever else is told. ``folder`` is the
    course in its folder of events, where it stands in one.
    """

    former: bytes
    stored: StoredCourse
    taken: bool = False
    folder: FolderCourse | None = None


def make(
    path: Path,
    options: ReviseOptions,
    catalogue: Catalogue,
    now: datetime,
    opened: Opened | None = None,
) -> Revised:
    """Revise the course in a file, or as it was ``opened``; ``now`` is aware.

    Raises MesoError with what to do about it.
    """
    clinic = catalogue.clinic()
    if opened is None:
        opened = open_course(path, clinic, catalogue, dry_run=options.dry_run)
    former, stored, taken, folder = opened
    stored = stored.informed(catalogue.regimens)
    plan = stored.current
    today = now.astimezone(plan.clinic.zone).date()
    told = _told(options, today)
    if stored.identity is None and (told.extended or told.restart):
        raise FileError(
            f"{path}: another program stripped what tells whose course it is, so no session can be"
            " added; plan the course again onto this file first (`plan REGIMEN … -o`)"
        )
    limits = circumstances.limits(options.limits, today, plan.limits)
    plan = plan._replace(limits=limits, around_busy=plan.around_busy or bool(options.limits.busy))
    days = horizon(plan, told, today)
    busy, warnings = circumstances.busy_time(options.limits.busy, plan.clinic, days, stored.uids)
    holidays, notes = circumstances.holidays(plan.clinic, days)
    revision = revise(
        RevisionRequest(
            plan=plan,
            recorded=stored.recorded,
            told=told,
            now=now,
            holidays=holidays,
            busy=busy,
            anew=_is_looser(plan.limits, stored.current.limits),
        )
    )
    if options.strict:
        refuse_overdue(revision.plan.booked)
    changed = tuple(changes(stored.recorded, revision.plan))
    return Revised(
        path=path,
        former=former,
        stored=stored,
        plan=revision.plan,
        open_time=OpenTime(plan.clinic, limits, holidays),
        changes=changed,
        reviews=tuple(review_changes(stored.recorded, revision.plan)),
        today=today,
        warnings=(
            *stored.found,
            *warnings,
            *_unknown(options, stored, changed, now),
            *revision.warnings,
        ),
        notes=(*_other_clinic(clinic, stored), *notes),
        told=taken or told.anything or options.limits.anything,
        taken=taken,
        surroundings=Surroundings(busy, days, stored.uids),
        folder=folder,
    )


def open_course(
    path: Path, clinic: Clinic, catalogue: Catalogue, *, dry_run: bool = False
) -> Opened:
    """A course's file and what it holds; FileError where there is none or it is no course.

    ``path`` may be a folder of events, or an event in one. What a run that was broken off has left
    to write there is written, unless it is a ``dry_run``.
    """
    folder = chosen(path)
    if folder is not None:
        return _open_folder(folder, clinic, catalogue, dry_run=dry_run)
    data = course_bytes(path)
    stored = read_course(course_text(data, path), str(path), clinic, catalogue.regimens)
    return Opened(data, stored)


def _open_folder(
    folder: FolderCourse, clinic: Clinic, catalogue: Catalogue, *, dry_run: bool
) -> Opened:
    """By its events' records, or else their words, one knows whose it is; then by its UIDs."""
    try:
        stored = read_course(folder.text, folder.shown, clinic, catalogue.regimens)
    except FileError:
        if folder.id:
            raise
        raise no_course(folder.folder) from None
    if not folder.id and stored.identity is None:
        raise no_course(folder.folder)
    if stored.identity is not None and stored.identity.id == (folder.id or stored.identity.id):
        folder = course_in(folder.folder, stored.identity)
        if folder.is_begun and not dry_run:
            _complete(folder)
            folder = course_in(folder.folder, stored.identity)
        stored = read_course(folder.text, folder.shown, clinic, catalogue.regimens)
    # A folder has a file of them where there are any.
    stored = stored._replace(lost_limits=False)
    return Opened(folder.text.encode(), stored, folder=folder)


def _complete(folder: FolderCourse) -> None:
    """Write the rest of a run that was broken off: the desk had said yes to it."""
    from meso_sched.exchange.vdir_writing import FolderUpdate

    left = FolderUpdate.begun(folder)
    left.write()
    # At once: what follows may be refused because of it.
    say(f"{folder.shown}: the last run was broken off; its rest is written now ({left.what})")


def _told(options: ReviseOptions, today: date) -> Told:
    def timed(name: str, texts: Iterable[str]) -> dict[int, datetime | date | None]:
        read = _each(name, lambda text: reading.parse_session_time(text, today), texts)
        return _once(name, read)

    moved = timed("--move", options.move)
    bare = next((number for number, when in moved.items() if when is None), None)
    if bare is not None:
        raise UsageError(f"--move {bare}: says not where to; write --move {bare}=2027-01-20T10:00")
    cancel = _each("--cancel", reading.parse_rest, options.cancel)
    rest = [number for number, is_rest in cancel if is_rest]
    extended = {
        phase: reading.option(f"--extend {phase}", _more, text)
        for phase, text in reading.parse_pairs("--extend", options.extend).items()
    }
    return Told(
        done=timed("--done", options.done),
        missed=frozenset(_each("--missed", reading.parse_session, options.missed)),
        moved={number: when for number, when in moved.items() if when is not None},
        cancelled=frozenset(number for number, is_rest in cancel if not is_rest),
        cancelled_from=min(rest, default=None),
        extended=extended,
        stop=options.stop,
        restart=options.restart,
        override=options.override,
    )


def _each(name: str, parse: Callable[[str], T], texts: Iterable[str]) -> list[T]:
    """What each text says; several may stand in one, by comma."""
    return [reading.option(name, parse, part) for text in texts for part in text.split(",")]


def _once(
    name: str, read: Iterable[tuple[int, datetime | date | None]]
) -> dict[int, datetime | date | None]:
    found: dict[int, datetime | date | None] = {}
    for number, when in read:
        if number in found:
            raise UsageError(f"{name}: session {number} is named twice; leave one out")
        found[number] = when
    return found


def _more(text: str) -> int:
    more = reading.parse_number(text)
    if more == 0:
        raise ValueError("0 sessions more are none; write how many, as 2")
    return more


def _is_looser(new: Limits, old: Limits) -> bool:
    """Whether sessions may now find better times: what only forbids concerns what it forbids."""
    days_lifted = old.weekdays is not None and not (
        new.weekdays is not None and new.weekdays <= old.weekdays
    )
    hours_lifted = old.between is not None and new.between != old.between
    away_lifted = not set(old.away) <= set(new.away)
    return days_lifted or hours_lifted or away_lifted or new.preferred != old.preferred


def _unknown(
    options: ReviseOptions, stored: StoredCourse, changed: Iterable[Change], now: datetime
) -> Iterator[str]:
    """What sessions that moved were placed without: other calendars, the patient's limits."""
    if stored.has_unknown_parts and changed:
        yield (
            "the file has lost what its care and its reviews are, and no template at hand tells it:"
            " of sessions that changed they stay as they were; plan the course again onto this"
            " file, or mend them in the calendar"
        )
    moved = [each for each in changed if each.what in ("moved", "missed", "added")]
    if not any(each.after.start >= now for each in moved):
        return
    if stored.recorded.around_busy and not options.limits.busy:
        yield (
            "the course was planned around other calendars, and this revision has not looked at"
            " them; add --busy again"
        )
    if stored.lost_limits:
        yield (
            "the calendar has lost when the patient can come; where that was limited, give --on,"
            " --between and --away again"
        )


def _other_clinic(clinic: Clinic, stored: StoredCourse) -> tuple[str, ...]:
    """The hours come from the schedules at hand, which may be another clinic's."""
    planned = stored.current.clinic
    if planned.zone_name != clinic.zone_name:
        return (
            f"the course is in {planned.zone_name} time, and the hours and holidays at hand are of"
            f" a clinic in {clinic.zone_name}; run in the clinic's folder, or name its"
            " --schedules FILE",
        )
    return ()
