"""What it costs to write the calendars of a cohort: 100,000 events to patients and to their rooms.

Held against the plain way with `ics`: an Event object for each, a Calendar for each file, the same
fields in them. Run as ``python tests/benchmarks/bench_cohort_files.py``. Each way is in a process
of its own, in CPU seconds without those that it takes to make the courses up. The files are in
memory where the system has such a place: making a new one on a disk is the kernel's own work, the
same for both, and with 0.7 ms each on one machine half of ours. The second row has it.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from measuring import Row, alone, memory_at_most, memory_now

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.clinic import Clinic
from meso_sched.core.cohort import Entry, PlacedCourse
from meso_sched.core.course import Choices, Course, make_course
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Care
from meso_sched.core.walltime import parse_spans
from meso_sched.exchange.cohort_folder import CohortOrder, write_cohort
from meso_sched.exchange.editions import CareForm, Edition
from meso_sched.exchange.events import CourseEvent, Identity, course_file
from meso_sched.exchange.schedules import load, shipped_file

if TYPE_CHECKING:
    from ics import Calendar, Event

IN_MEMORY = Path("/dev/shm")
COURSES, THEIR_COURSES = 8334, 833
"""The plain way takes long: it writes a tenth, before and after ours, and counts ten times."""

_CHOICES = Choices(sessions={"weekly": 6, "biweekly": 3, "monthly": 3})
_STAMP = datetime(2027, 1, 1, tzinfo=UTC)
_EDITION = Edition(care=CareForm.NONE)


class Written(NamedTuple):
    """CPU seconds, and MB more than at rest."""

    seconds: float
    memory: float


def measure() -> Iterator[Row]:
    """The time and the memory of writing."""
    what = f"{COURSES * 12:,} events to patients and rooms"
    in_memory = IN_MEMORY if IN_MEMORY.is_dir() else None
    ours, theirs = _both(in_memory)
    yield Row.of(f"{what} / plain `ics`", ours.seconds, theirs, 0.25)
    yield Row.of(f"{what}, memory more than at rest / 60 MB", ours.memory, 60, 1, "MB")
    if in_memory:
        ours, theirs = _both(None)
        yield Row.of(f"{what}, on a disk / plain `ics`", ours.seconds, theirs, 0.35)


def _both(place: Path | None) -> tuple[Written, float]:
    """What ours takes, and the CPU seconds of the plain way for as many events."""
    before = alone(measured, write_plainly, THEIR_COURSES, place)
    ours = alone(measured, write_ours, COURSES, place)
    after = alone(measured, write_plainly, THEIR_COURSES, place)
    return ours, (before.seconds + after.seconds) / 2 * COURSES / THEIR_COURSES


def measured(way: Callable[[Path, int], None], courses: int, place: Path | None) -> Written:
    """What one way of writing takes, everything it needs being loaded.

    The files are in a new folder at ``place``, or where temporary ones are.
    """
    with tempfile.TemporaryDirectory(dir=place) as folder:
        way(Path(folder, "before"), 1)
        at_rest = memory_now()
        begun = process_time()
        for _ in _placed(courses):
            pass
        making = process_time() - begun
        begun = process_time()
        way(Path(folder, "cohort"), courses)
        return Written(process_time() - begun - making, memory_at_most() - at_rest)


def write_ours(folder: Path, courses: int) -> None:
    """As the command `cohort` does."""
    known = [Identity(_CLINIC.name, _patient(number), "hair", 1) for number in range(courses)]
    write_cohort(CohortOrder(folder, known, _STAMP, _EDITION), _placed(courses))


def write_plainly(folder: Path, courses: int) -> None:
    """The same events by `ics`: each is made once, and put into both of its calendars."""
    from ics import Calendar

    warnings.simplefilter("ignore", FutureWarning)  # of the library about itself
    for name in ("patients", "rooms"):
        (folder / name).mkdir(parents=True)
    rooms = {name: Calendar() for name in _CLINIC.rooms or ()}
    for _, plan in _placed(courses):
        calendar = Calendar()
        for event in course_file(plan, _EDITION, _STAMP).events:
            theirs = _plain_event(event)
            calendar.events.add(theirs)
            rooms[event.location].events.add(theirs)
        _write_plainly(folder / "patients" / f"{plan.course.patient}.ics", calendar)
    for name, calendar in rooms.items():
        _write_plainly(folder / "rooms" / f"{name}.ics", calendar)


def _plain_event(event: CourseEvent) -> Event:
    from ics import Event
    from ics.alarm import DisplayAlarm
    from ics.grammar.parse import ContentLine
    from ics.utils import escape_string

    plain = Event(
        name=event.summary,
        begin=event.start,
        end=event.end,
        uid=event.uid,
        description=event.description,
        created=event.stamp,
        last_modified=event.modified,
        location=event.location,
        transparent=False,
        alarms=[
            DisplayAlarm(trigger=timedelta(minutes=-minutes), display_text=event.summary)
            for minutes in event.reminders
        ],
        categories=[event.kind.value],
        status="CONFIRMED",
        classification="PRIVATE",
    )
    plain.extra.append(ContentLine("SEQUENCE", value=str(event.sequence)))
    for name, record in (("DETAILS", event.details), ("COURSE", event.record)):
        plain.extra.append(ContentLine(f"X-{name}", value=escape_string(json.dumps(record))))
    return plain


def _write_plainly(path: Path, calendar: Calendar) -> None:
    path.write_text(calendar.serialize(), encoding="utf-8", newline="")


# ---- The courses ---------------------------------------------------------------------------------

_CLINIC = Clinic(
    "Europe/Istanbul",
    ZoneInfo("Europe/Istanbul"),
    (parse_spans("09:00-18:00"),) * 6 + ((),),
    "Measured",
    reminders=(1440,),
    rooms=tuple(f"Room {number + 1}" for number in range(24)),
)


def _placed(courses: int) -> Iterator[tuple[PlacedCourse, Plan]]:
    """Courses of 12 sessions on their ideal dates, one after the other."""
    regimen = replace(load([shipped_file()]).regimens["hair"], care=Care(), reviews=())
    for number in range(courses):
        start = date(2027, 1, 4) + timedelta(days=number % 364)
        course = make_course(regimen, _CHOICES, start=start, patient=_patient(number))
        booked = tuple(_booked(course, number))
        yield PlacedCourse(Entry(course), booked), Plan(course, _CLINIC, booked)


def _patient(number: int) -> str:
    return f"P{number + 1}"


def _booked(course: Course, number: int) -> Iterator[BookedSession]:
    rooms = _CLINIC.rooms or ()
    before: tuple[int, date] | None = None
    for session in course.sessions:
        start = datetime.combine(session.ideal, time(9 + number % 8), _CLINIC.zone)
        slot = Slot(start, start + timedelta(minutes=course.length))
        booked = BookedSession.at(session, slot).after(before)
        yield booked._replace(room=rooms[number % len(rooms)])
        before = booked.number, booked.day


if __name__ == "__main__":
    for row in measure():
        print(row)
