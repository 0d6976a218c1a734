"""Lists of patients of fixed seeds, for measuring: 20 to 5,000 patients in 1 to 24 rooms.

Courses begin over half a year. The clinic opens for as few hours a week, in as few rooms, as keep
its fullest week at the load that is asked for: so a short list is as tight as a long one. The
shipped templates are chosen from as a clinic would, with both ends of the length of a session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from random import Random
from zoneinfo import ZoneInfo

from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.cohort import CohortRequest, Entry
from meso_sched.core.course import Choices, Course, make_course
from meso_sched.core.regimen import Regimen
from meso_sched.core.walltime import Span
from meso_sched.exchange.schedules import load, shipped_file

FIRST = date(2027, 1, 4)
WEEKS_OF_STARTS = 26
WEEKDAYS = (3, 2, 2, 2, 2, 3)
"""How many begin on each: patients like the ends of a week."""

MORNING, AFTERNOON = 9 * 60, 14 * 60
MORNING_MINUTES, DAY_MINUTES, WEEK_DAYS = 4 * 60, 9 * 60, 6
"""What the clinic opens at the most: before lunch, on a day, and from Monday on."""


def make_list(
    patients: int, seed: int = 1, *, fullness: float = 0.9, wishing: float = 0.0
) -> CohortRequest:
    """A list of so many patients; ``wishing`` is the part of them who prefer a time of the day.

    The fullest week takes ``fullness`` of the rooms' time, were every session on its ideal date.
    """
    regimens = load([shipped_file()]).regimens
    for days in range(1, WEEK_DAYS + 1):
        courses = list(_courses(Random(seed), regimens, patients, days))
        minutes = _fullest_week(courses) / fullness
        if minutes <= days * DAY_MINUTES:
            break
    rooms = ceil(minutes / (days * DAY_MINUTES))
    spans = _spans(minutes / (days * rooms))
    clinic = Clinic(
        "Europe/Istanbul",
        ZoneInfo("Europe/Istanbul"),
        (spans,) * days + ((),) * (7 - days),
        "Measured",
        rooms=tuple(f"Room {number + 1}" for number in range(rooms)),
    )
    chance = Random(seed)
    entries = tuple(Entry(course, limits=_limits(chance, spans, wishing)) for course in courses)
    return CohortRequest(clinic, entries)


def fullest_week(request: CohortRequest) -> float:
    """The load of the fullest week: what the sessions take of the rooms' time."""
    hours, rooms = request.clinic.hours, len(request.clinic.rooms or ())
    open_minutes = rooms * sum(span.end - span.start for spans in hours for span in spans)
    return _fullest_week([entry.course for entry in request.entries]) / open_minutes


def _courses(
    chance: Random, regimens: Mapping[str, Regimen], patients: int, days: int
) -> Iterator[Course]:
    """Courses that begin on the first ``days`` of a week."""
    for number in range(1, patients + 1):
        name = chance.choices(["hair", "classic", "face", "slimming"], [5, 2, 2, 1])[0]
        sessions = {
            "hair": {"weekly": chance.randint(4, 6), "biweekly": chance.randint(2, 3)},
            "classic": {"weekly": chance.randint(4, 6)},
            "face": {"series": chance.randint(4, 6)},
            "slimming": {"series": chance.randint(4, 8)},
        }[name]
        every = {"series": f"{chance.randint(1, 4)} weeks"} if name == "face" else {}
        length = chance.choices([30, 60], [4, 1])[0]
        weekday = chance.choices(range(days), WEEKDAYS[:days])[0]
        start = FIRST + timedelta(weekday, weeks=chance.randrange(WEEKS_OF_STARTS))
        yield make_course(
            replace(regimens[name], reviews=()),
            Choices(sessions=sessions, every=every, length=length, override=True),
            start=start,
            patient=f"P{number}",
        )


def _fullest_week(courses: Sequence[Course]) -> int:
    """The minutes of all sessions whose ideal dates lie in the week that has the most."""
    minutes: Counter[tuple[int, int]] = Counter()
    for course in courses:
        for session in course.sessions:
            minutes[session.ideal.isocalendar()[:2]] += course.length
    return max(minutes.values())


def _spans(minutes: float) -> tuple[Span, Span]:
    """The hours before and after lunch of a day of so many minutes, in half hours."""
    part = minutes / DAY_MINUTES
    before = ceil(part * MORNING_MINUTES / 30) * 30
    after = round((minutes - before) / 30) * 30
    return Span(MORNING, MORNING + before), Span(AFTERNOON, AFTERNOON + after)


def _limits(chance: Random, spans: tuple[Span, Span], wishing: float) -> Limits:
    """One patient in four comes only before lunch, or only after it."""
    between = chance.choices([None, spans[:1], spans[1:]], [6, 1, 1])[0]
    span = chance.choice(between or spans)
    preferred = chance.randrange(span.start, span.end, 30)
    return Limits(between=between, preferred=preferred if chance.random() < wishing else None)
