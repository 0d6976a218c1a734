"""Where a placed list goes: a folder of calendars with a summary, stdout, or the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from meso_sched.cli.cohort import CohortOptions, Part, Placed
from meso_sched.cli.talking import emit, patience, say, tell
from meso_sched.core.booked import BookedSession, overdue_warnings
from meso_sched.core.cohort import PlacedCourse, summed
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import plural
from meso_sched.errors import ChangedError, PlacingError

if TYPE_CHECKING:
    from meso_sched.exchange.cohort_folder import WrittenCohort
    from meso_sched.exchange.pushing import LocalCourse

MOST_TOLD = 10
"""So many courses or sessions of a kind are warned of one by one."""


def deliver(placed: Placed, options: CohortOptions, stamp: datetime, *, as_json: bool) -> None:
    """Write the folder, then show what came of the list; data on stdout, words on stderr.

    Raises PlacingError before anything is written where a session is overdue and must not be, and
    at the end where sessions have no place.
    """
    late, overdue, lacking = _warned(placed.parts)
    if options.strict and overdue:
        raise PlacingError("\n".join(_shortened(overdue, "overdue sessions")))
    warnings = (
        *placed.warnings,
        *_shortened(late, "courses that begin late"),
        *_shortened(overdue, "overdue sessions"),
        *_shortened(lacking, "reviews without a place"),
    )
    written = None
    if options.folder is not None:
        written = _booked(placed._replace(warnings=warnings), options.folder, stamp, options.push)
    if as_json:
        from meso_sched.exchange.cohort_tables import to_json

        for piece in to_json(placed.parts, warnings):
            emit(piece.encode())
    tell(placed.notes, warnings)
    if not as_json:
        _show(placed.parts)
    if written is not None and options.folder is not None:
        _tell_written(options.folder, written)
    _refuse_unplaced(placed.parts)


def _show(parts: Sequence[Part]) -> None:
    from meso_sched.cli import cohort_view, layout

    screen = layout.Screen()
    screen.show(cohort_view.cohort_lines(parts, screen.width))


# ---- The folder ----------------------------------------------------------------------------------


def _booked(placed: Placed, folder: Path, stamp: datetime, push: str | None) -> WrittenCohort:
    """Write the folder; with ``push`` in a shared calendar as well, unless its time was taken."""
    if push is None:
        return _write(placed, folder, stamp)
    from meso_sched.cli.booking import Booking, Chosen, TakenError

    written: list[WrittenCohort] = []

    def write() -> Sequence[Path]:
        written.append(_write(placed, folder, stamp))
        return written[0].courses

    chosen = [
        Chosen(part.request.clinic, list(_appointments(part)), around)
        for part, around in zip(placed.parts, placed.surroundings, strict=True)
    ]
    try:
        Booking(push, chosen, _standing(folder)).book(write)
    except TakenError as taken:
        raise ChangedError(
            f"the time of {plural(len(taken.booked), 'appointment')} was taken by another desk"
            " meanwhile; nothing was written. Run again, which plans around that"
        ) from None
    return written[0]


def _standing(folder: Path) -> list[LocalCourse]:
    """The courses that the last run left there, which colleagues may have moved on the server."""
    from meso_sched.exchange.pushing import LocalCourse

    return [LocalCourse.read(path) for path in sorted((folder / "patients").glob("*.ics"))]


def _appointments(part: Part) -> Iterator[BookedSession | BookedReview]:
    for course in part.result.courses:
        yield from course.booked
        yield from course.reviews


def _write(placed: Placed, folder: Path, stamp: datetime) -> WrittenCohort:
    from meso_sched.exchange import cohort_tables
    from meso_sched.exchange.cohort_folder import CohortOrder, write_cohort
    from meso_sched.exchange.events import identity_of
    from meso_sched.exchange.files import write_streamed

    order = CohortOrder(
        folder=folder,
        courses=[identity_of(plan, placed.edition.audience) for _, plan in _plans(placed.parts)],
        stamp=stamp,
        edition=placed.edition,
        by_clinic=any(part.name for part in placed.parts),
    )
    with patience(f"writing {folder}"):
        try:
            return write_cohort(order, _plans(placed.parts))
        finally:
            if folder.is_dir():  # also where a single calendar could not be written
                json_text = cohort_tables.to_json(placed.parts, placed.warnings)
                csv_text = cohort_tables.to_csv(placed.parts)
                write_streamed(folder / "summary.json", map(str.encode, json_text))
                write_streamed(folder / "summary.csv", map(str.encode, csv_text))


def _plans(parts: Iterable[Part]) -> Iterator[tuple[PlacedCourse, Plan]]:
    """Every course of which anything has a place."""
    for part in parts:
        for course in part.result.courses:
            if course.booked or course.entry.gone:
                yield course, course.plan(part.request)


def _tell_written(folder: Path, written: WrittenCohort) -> None:
    changed = "nothing changed" if not written.written else plural(written.written, "calendar")
    same = f", {written.unchanged} as before" if written.unchanged else ""
    say(f"{folder}: {changed}{same if written.written else ''}; summary.csv, summary.json")
    if written.stale:
        more = f" and {len(written.stale) - 1} more" if len(written.stale) > 1 else ""
        say(f"{folder}: {written.stale[0]}{more} is none of this list's: left as it is")


# ---- What is not as it should be -----------------------------------------------------------------


def _warned(parts: Iterable[Part]) -> tuple[list[str], list[str], list[str]]:
    """Courses that begin a week or more late, overdue sessions, reviews without a place."""
    late: list[str] = []
    overdue: list[str] = []
    lacking: list[str] = []
    for course, plan in _plans(parts):
        whose = f"{plan.course.patient}, {plan.course.regimen.id}: "
        of_sessions = overdue_warnings(course.booked)
        overdue += (whose + each for each in of_sessions)
        late += (whose + each for each in plan.warnings if each not in of_sessions)
        lacking += (whose + each for each in course.unplaced_reviews)
    return late, overdue, lacking


def _shortened(sentences: Sequence[str], what: str) -> list[str]:
    shown = list(sentences[:MOST_TOLD])
    if len(sentences) > MOST_TOLD:
        shown.append(f"{len(sentences) - MOST_TOLD} more {what}; summary.csv lists all")
    return shown


def _refuse_unplaced(parts: Sequence[Part]) -> None:
    whole = summed([part.result for part in parts])
    reviews = sum(len(course.unplaced_reviews) for course in whole.courses)
    lacking = []
    if whole.objective.unplaced:
        lacking.append(plural(whole.objective.unplaced, "session"))
    if reviews:
        lacking.append(plural(reviews, "review"))
    if lacking:
        raise PlacingError(
            f"{' and '.join(lacking)} found no place, all else is planned: give the clinic more"
            " time, rooms or people, or change those rows"
        )
