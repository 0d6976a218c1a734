"""The use case ``cohort``: a list of patients -> all their courses in one clinic's rooms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from meso_sched.cli import circumstances, reading
from meso_sched.cli.circumstances import Surroundings
from meso_sched.cli.editions import EditionOptions, edition_of
from meso_sched.cli.entries import Listed, make_entries
from meso_sched.cli.parts import Effort, Site, place_all
from meso_sched.cli.talking import patience
from meso_sched.core.agenda import KeptCourse
from meso_sched.core.clinic import Clinic
from meso_sched.core.cohort import CohortRequest, CohortResult, Entry, Taken
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.sharing.standing import Standing, taken_by, with_standing
from meso_sched.core.sharing.visits import planned_days
from meso_sched.core.walltime import DAY_MINUTES, WEEKDAY_NAMES, plural
from meso_sched.errors import FileError, Problem, ProblemsError, UsageError
from meso_sched.exchange.course_files import find_courses
from meso_sched.exchange.editions import PATIENT, Edition
from meso_sched.exchange.events import Identity
from meso_sched.exchange.highs import is_installed
from meso_sched.exchange.patient_list import read_list
from meso_sched.exchange.schedules import Catalogue

NO_SOLVER = (
    "the exact solver is not installed: placed the quick way, which proves nothing; install"
    " meso-sched[cohort] for the exact one"
)
NO_ROOMS = (
    "no rooms are set: planned as for {rooms}; set rooms = 2 (how many you have) under [clinic] in"
    " schedules.toml"
)

_Key = tuple[str, str | None, str, int]
"""What makes a course of a clinic: its name, patient, regimen and number."""


class CohortOptions(NamedTuple):
    """The command line of ``cohort``, as typed; ``folder`` is that of ``-o``."""

    source: Path
    keep_booked: tuple[Path, ...] = ()
    busy: tuple[str, ...] = ()
    skip_bad: bool = False
    stable: bool = False
    strict: bool = False
    seconds: str = "120"
    seed: str = "0"
    workers: str | None = None
    cluster: str | None = None
    folder: Path | None = None
    edition: EditionOptions = EditionOptions()
    push: str | None = None


class Part(NamedTuple):
    """One clinic's list, by the name in the column ``clinic``, "" without one; and its result."""

    name: str
    request: CohortRequest
    result: CohortResult


class Placed(NamedTuple):
    """A list placed, with all that is to be said about it; ``notes`` are about the settings.

    ``surroundings`` are those of the parts.
    """

    parts: tuple[Part, ...]
    edition: Edition
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    surroundings: tuple[Surroundings, ...] = ()


class _Asked(NamedTuple):
    """What the command was given, read."""

    options: CohortOptions
    catalogue: Catalogue
    now: datetime
    listed: tuple[Listed, ...]
    kept: Mapping[_Key, KeptCourse]
    earlier: Mapping[_Key, KeptCourse]


def make(options: CohortOptions, catalogue: Catalogue, now: datetime) -> Placed:
    """Read the list and place it; ``now`` is aware. Raises MesoError with what to do about it."""
    edition = _edition(options, catalogue)
    effort, site = _effort(options), _site(options)
    if options.folder is not None and str(options.folder) == "-":
        raise UsageError("-o: a list is written into a folder; name one, or --json for stdout")
    if options.push is not None and options.folder is None:
        raise UsageError("--push: goes with -o FOLDER, which keeps the courses")
    if options.stable and options.folder is None:
        raise UsageError(
            "--stable: keeps to the dates of the last run in a folder; add -o with that folder"
        )
    listed, bad = _listed(options, catalogue, now)
    kept = _courses(options.keep_booked, catalogue)
    earlier = _courses(_earlier(options.folder), catalogue)
    asked = _Asked(options, catalogue, now, listed, kept, earlier)
    requests: list[CohortRequest] = []
    around: list[Surroundings] = []
    warnings: list[str] = [f"left out: {problem}" for problem in bad]
    notes: list[str] = [] if effort.exact else [NO_SOLVER]
    names = list(dict.fromkeys(each.clinic for each in listed))
    for name in names:
        request, own, warned, noted = _request(asked, name)
        requests.append(request)
        around.append(Surroundings(request.busy, planned_days(request), own))
        warnings += warned
        notes += noted
    warnings += _of_no_clinic(asked, names)
    results = place_all(requests, effort, site)
    parts = tuple(map(Part, names, requests, results))
    warnings += _told(parts)
    return Placed(parts, edition, tuple(warnings), tuple(dict.fromkeys(notes)), tuple(around))


# ---- The options ---------------------------------------------------------------------------------


def _edition(options: CohortOptions, catalogue: Catalogue) -> Edition:
    edition = edition_of(options.edition, catalogue.language)
    if edition.audience == PATIENT:
        raise UsageError(
            "--for patient: a list is written for the clinic, whose files the next run reads;"
            " `meso-sched revise FILE --for patient -o COPY` gives a patient's own"
        )
    return edition


def _effort(options: CohortOptions) -> Effort:
    seconds = reading.option("--seconds", _whole(1, 86_400), options.seconds)
    seed = reading.option("--seed", _whole(0, 2**31 - 1), options.seed)
    return Effort(is_installed(), float(seconds), seed)


def _site(options: CohortOptions) -> Site:
    if options.cluster is not None and not options.cluster.strip():
        raise UsageError("--cluster: is empty; name a scheduler, as tcp://10.0.0.5:8786")
    workers = os.cpu_count() or 1
    if options.workers is not None:
        workers = reading.option("--workers", _whole(1, 1000), options.workers)
    return Site(workers, options.cluster)


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Parses a whole number between two."""

    def parse(text: str) -> int:
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
            raise ValueError(f'"{text}" is not a whole number; write one, as {max(least, 1)}')
        if not least <= int(digits) <= most:
            raise ValueError(f"{digits} is not between {least} and {most}")
        return int(digits)

    return parse


# ---- The list ------------------------------------------------------------------------------------


def _listed(
    options: CohortOptions, catalogue: Catalogue, now: datetime
) -> tuple[tuple[Listed, ...], tuple[Problem, ...]]:
    """The rows that are right, and what is wrong with the others, which only ``skip_bad`` allows.

    Raises ProblemsError with all that is wrong, FileError where nobody is left.
    """
    source = options.source
    today = now.astimezone(catalogue.clinic().zone).date()
    read = read_list(source)
    entries = make_entries(read.rows, str(source), catalogue, partial(_clinic, catalogue), today)
    problems = sorted((*read.of_columns, *read.problems, *entries.problems), key=_line)
    if problems and (read.of_columns or not options.skip_bad):
        told = f"{plural(len(problems), 'mistake')}, and nothing was planned"
        if read.of_columns:  # no row is right while nobody knows what a column says
            raise ProblemsError(
                [*problems, Problem(str(source), f"{told}; name the columns right")]
            )
        raise ProblemsError(
            [*problems, Problem(str(source), f"{told}; --skip-bad plans the others")]
        )
    if not entries.listed:
        left = "no row that is right is left" if problems else "nobody is in it"
        raise ProblemsError(
            [*problems, Problem(str(source), f"{left}; write a row for each course")]
        )
    return entries.listed, tuple(problems)


def _line(problem: Problem) -> int:
    """The line that a problem's where names behind the file, which may hold a colon too."""
    numbers = [part for part in problem.where.split(":") if part.isdecimal()]
    return int(numbers[0]) if numbers else 0


def _clinic(catalogue: Catalogue, name: str) -> Clinic:
    """The clinic of a name in the list, that of ``[clinic]`` for ""; UsageError for one unknown."""
    known = catalogue.clinic_names
    if not name:
        return catalogue.clinic()
    if known and name not in known:
        raise UsageError(
            f'no clinic is named "{name}"{did_you_mean(name, known)} Add [clinics."{name}"] to'
            " schedules.toml, or write one of those that are there"
        )
    return catalogue.clinic(name)


# ---- What is booked already ----------------------------------------------------------------------


def _earlier(folder: Path | None) -> tuple[Path, ...]:
    """Where the last run into a folder left its courses."""
    patients = None if folder is None else folder / "patients"
    return () if patients is None or not patients.is_dir() else (patients,)


def _courses(paths: Sequence[Path], catalogue: Catalogue) -> Mapping[_Key, KeptCourse]:
    """The courses of some folders; FileError where one cannot be read, since it takes time too."""
    if not paths:
        return {}
    with patience("reading the courses that are booked"):
        found = find_courses(paths, catalogue.clinic(), catalogue.regimens)
    if found.broken:
        raise FileError(
            "\n".join([*found.broken, "a course that cannot be read takes time nobody knows of"])
        )
    return {_key(each): each for each in found.courses}


def _key(kept: KeptCourse) -> _Key:
    course = kept.plan.course
    return kept.plan.clinic.name, course.patient, course.regimen.id, course.number


def _of_no_clinic(asked: _Asked, names: Sequence[str]) -> Iterator[str]:
    """Courses that are kept, of clinics that the list does not name."""
    known = {_clinic(asked.catalogue, name).name for name in names}
    others = [each for key, each in asked.kept.items() if key[0] not in known]
    if others:
        yield (
            f"{plural(len(others), 'course')} of --keep-booked, the first in {others[0].where},"
            " of a clinic that the list does not name: left out"
        )


# ---- A clinic's part -----------------------------------------------------------------------------


def _refuse_over_midnight(clinic: Clinic) -> None:
    """Days are packed one by one, so that nothing of one may reach into the hours of the next."""
    for weekday, spans in enumerate(clinic.hours):
        following = clinic.hours[(weekday + 1) % 7]
        if not (spans and following and clinic.turnover):
            continue
        if spans[-1].end + clinic.turnover > DAY_MINUTES + following[0].start:
            raise UsageError(
                f"the turnover of {plural(clinic.turnover, 'minute')} after the hours of"
                f" {WEEKDAY_NAMES[weekday]} reaches into those of the next day; let it close"
                " before midnight, or set a shorter turnover"
            )


def _request(
    asked: _Asked, name: str
) -> tuple[CohortRequest, frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """What is to be placed in one clinic, the UIDs of what it has already, warnings and notes."""
    clinic = _clinic(asked.catalogue, name)
    _refuse_over_midnight(clinic)
    entries = tuple(_entry(asked, clinic, each) for each in asked.listed if each.clinic == name)
    taken = tuple(_taken(asked, clinic, entries))
    request = CohortRequest(clinic, entries, taken=taken, stable=asked.options.stable)
    days = planned_days(request)
    own = frozenset(_uids(asked, clinic, entries)) if asked.options.busy else frozenset()
    busy, warnings = circumstances.busy_time(asked.options.busy, clinic, days, own)
    holidays, notes = circumstances.holidays(clinic, days)
    stale = (*_stale(asked, clinic, entries), *_past(asked, clinic, entries))
    notes = (*notes, *_rooms_told(clinic))
    return request._replace(busy=busy, holidays=holidays), own, (*warnings, *stale), notes


def _entry(asked: _Asked, clinic: Clinic, listed: Listed) -> Entry:
    key = _entry_key(clinic, listed.entry)
    kept = asked.kept.get(key)
    known = kept or asked.earlier.get(key)
    if known is None:
        return listed.entry
    standing = Standing(known.plan, keeps_all=kept is not None)
    return with_standing(listed.entry, standing, asked.now)


def _entry_key(clinic: Clinic, entry: Entry) -> _Key:
    course = entry.course
    return clinic.name, course.patient, course.regimen.id, course.number


def _taken(asked: _Asked, clinic: Clinic, entries: Iterable[Entry]) -> Iterator[Taken]:
    """The appointments of courses that are kept and not in the list."""
    listed = {_entry_key(clinic, entry) for entry in entries}
    for key, course in asked.kept.items():
        if key[0] == clinic.name and key not in listed:
            yield from taken_by(course.plan)


def _stale(asked: _Asked, clinic: Clinic, entries: Iterable[Entry]) -> Iterator[str]:
    """Courses of an earlier run that the list has no more, and that nothing keeps."""
    listed = {_entry_key(clinic, entry) for entry in entries}
    gone = [
        each
        for key, each in asked.earlier.items()
        if key[0] == clinic.name and key not in listed and key not in asked.kept
    ]
    if gone:
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        yield (
            f"{gone[0].where}{more}: not in the list any more, so that its time was given to"
            " others; remove the file, or put the row back"
        )


def _past(asked: _Asked, clinic: Clinic, entries: Iterable[Entry]) -> Iterator[str]:
    """Courses that are to begin in the past, which may be a slip of the pen."""
    today = asked.now.astimezone(clinic.zone).date()
    past = [each.course for each in entries if each.course.start < today and not each.kept]
    if past:
        more = f" and {plural(len(past) - 1, 'course')} more" if len(past) > 1 else ""
        yield f"{past[0].patient}, {past[0].regimen.id}{more}: begins in the past ({past[0].start})"


def _uids(asked: _Asked, clinic: Clinic, entries: Iterable[Entry]) -> Iterator[str]:
    """The UIDs of the courses' own appointments, which take no time from them.

    Those of courses that are kept take their room and their practitioner, and not all of them.
    """
    for kept in asked.kept.values():
        yield from kept.uids.values()
        yield from kept.review_uids.values()
    for entry in entries:
        course = entry.course
        for audience in ("", PATIENT):
            identity = Identity(
                clinic.name, course.patient, course.regimen.id, course.number, audience
            )
            yield from map(identity.uid, range(1, course.count_all + 1))
            yield from map(identity.review_uid, range(1, len(course.regimen.reviews) + 1))


def _rooms_told(clinic: Clinic) -> Iterator[str]:
    if clinic.rooms is None:
        count = max(1, len(clinic.practitioners))
        yield NO_ROOMS.format(rooms=plural(count, "room"))


def _told(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        where = f"{part.name}: " if part.name else ""
        for warning in part.result.warnings:
            yield where + warning
        if part.result.stopped:
            yield (
                f"{where}the search ended before it was done (Ctrl-C, or --seconds): this is the"
                " best that it had"
            )
