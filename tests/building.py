"""Small builders, so that a test says only what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from meso_sched.core.booked import Slot
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, OpenTime
from meso_sched.core.course import Choices, Course, IdealSession, PlannedPhase, make_course
from meso_sched.core.interval import Count, Interval, parse_flex
from meso_sched.core.placing import PlacingRequest
from meso_sched.core.regimen import Care, Keep, Lasting, Phase, Regimen, Review, Statement, Text
from meso_sched.core.walltime import DateRange, Length, Span, parse_spans

MON_TO_SAT = range(6)


def phase(
    name: str, sessions: str, every: str, flex: str | None = None, *, optional: bool = False
) -> Phase:
    """A phase as schedules.toml writes it."""
    days = None if flex is None else parse_flex(flex)
    return Phase(
        name,
        sessions=None if sessions == "?" else Count.parse(sessions),
        every=None if every == "?" else Interval.parse(every, days),
        optional=optional,
        flex=days,
    )


def regimen(*phases: Phase, length: str = "30 minutes", keep: Keep | None = None) -> Regimen:
    """A regimen called ``sample`` from source S7."""
    return Regimen(
        "sample", Text.english("Sample"), ("S7",), phases, length=Length.parse(length), keep=keep
    )


HAIR = regimen(
    phase("weekly", "4-6", "1 week"),
    phase("biweekly", "2-3", "15 days"),
    phase("monthly", "3+", "1 month", "-7/+0 days"),
    length="30-60 minutes",
)


def statement(what: str | Text, lasting: str | None = None, *, source: str = "S7") -> Statement:
    """One thing that a source says, with its figure."""
    text = Text.english(what) if isinstance(what, str) else what
    return Statement(text, (source,), None if lasting is None else Lasting.parse(lasting))


CARE = Care(
    before=(
        statement("Tell of any medicine, food; or allergy"),
        statement("No smoke\nwithout fire", "2 weeks"),
        statement(Text({"en": "No \\coffee, no tea", "tr": "Kahve; çay yok"}), "36 hours"),
        statement("Nor wine: none", "2 weeks"),
    ),
    after=(
        statement("Keep it dry", "15 minutes"),
        statement("No sport", "1-2 days"),
        statement("Keep it clean"),
    ),
    expect=(statement("Some redness", "48 hours"), statement("A tired day")),
    call=(statement("A fever"), statement("A rash")),
    screening=(statement("Tattoos, old; or new"), statement(Text({"en": "Gout", "tr": "Gut"}))),
    technique=(statement("1-4 mm deep"),),
    notes=(statement("Examine first"),),
)
"""A list of each kind: with a figure of every unit but months, without one, two that share one."""

REVIEWS = (
    Review(Text.english("First look"), Count.parse("2-3"), None, ("S7",)),
    Review(
        Text({"en": "The result", "tr": "Sonuç"}),
        None,
        Interval.parse("1 month").least,
        ("S7",),
        Length.parse("45 minutes"),
    ),
)
"""One after the second session, or the third, and one a month after the last."""


def cared_for(template: Regimen) -> Regimen:
    """A regimen with care and reviews."""
    return replace(template, care=CARE, reviews=REVIEWS)


def weekly(count: int, start: date, *, every: str = "1 week", flex: str | None = None) -> Course:
    """A course of one phase."""
    return make_course(regimen(phase("weekly", str(count), every, flex)), Choices(), start=start)


def week(
    text: str = "09:00-18:00", days: Iterable[int] = MON_TO_SAT
) -> tuple[tuple[Span, ...], ...]:
    """The same hours on each of ``days`` (0 is Monday), closed on the others."""
    spans, opened = parse_spans(text), set(days)
    return tuple(spans if day in opened else () for day in range(7))


def clinic(
    hours: tuple[tuple[Span, ...], ...] | None = None,
    *,
    zone: str | tzinfo = "Europe/Istanbul",
    closed: Sequence[DateRange] = (),
    slot: int = 15,
) -> Clinic:
    """A clinic open Mon-Sat 09:00-18:00 unless told otherwise."""
    known = ZoneInfo(zone) if isinstance(zone, str) else zone
    return Clinic(
        str(zone), known, week() if hours is None else hours, closed=tuple(closed), slot=slot
    )


def days(first: date, last: date | None = None) -> DateRange:
    """One day, or all from ``first`` to ``last``."""
    return DateRange(first, first if last is None else last)


def outside(opened: Iterable[date], first: date, last: date) -> tuple[DateRange, ...]:
    """Closures that leave only ``opened`` of the days from ``first`` to ``last``."""
    one = timedelta(days=1)
    edges = [first - one, *sorted({day for day in opened if first <= day <= last}), last + one]
    gaps = [(before + one, after - one) for before, after in pairwise(edges)]
    return tuple(DateRange(*gap) for gap in gaps if gap[0] <= gap[1])


def request(
    course: Course,
    place: Clinic | None = None,
    *,
    at: time = time.min,
    not_before: date | None = None,
    sessions: Sequence[IdealSession] | None = None,
    limits: Limits | None = None,
    holidays: Mapping[date, Holiday] | None = None,
    taken: Sequence[tuple[datetime, datetime]] = (),
    length: int | None = None,
    fixed: Mapping[int, Slot] = MappingProxyType({}),
    first_days: Mapping[int, date] = MappingProxyType({}),
) -> PlacingRequest:
    """What ``place`` is asked, with no limits unless told otherwise.

    ``not_before`` is the day of the start where it is not the course's own, ``sessions`` are those
    of the course that are left.
    """
    return PlacingRequest(
        sessions=course.sessions if sessions is None else tuple(sessions),
        start=datetime.combine(not_before or course.start, at),
        length=course.length if length is None else length,
        open_time=OpenTime(place or clinic(), limits or Limits(), holidays or {}),
        busy=Busy.of(taken),
        fixed=fixed,
        first_days=first_days,
    )


def slot_on(day: date, minute: int = 10 * 60, minutes: int = 30) -> Slot:
    """A slot in Istanbul, where no clock changes."""
    begins = datetime.combine(day, time.min, ZoneInfo("Europe/Istanbul"))
    start = begins + timedelta(minutes=minute)
    return Slot(start, start + timedelta(minutes=minutes))


def without(course: Course, *cancelled: int) -> tuple[IdealSession, ...]:
    """The sessions of a course that are left when some are cancelled, by number."""
    left: list[IdealSession] = []
    skipped: list[Interval] = []
    for session in course.sessions:
        if session.number in cancelled:
            skipped.append(session.interval)
        else:
            left.append(session._replace(skipped=tuple(skipped)))
            skipped.clear()
    return tuple(left)


def taken_from(
    day: date, minute: int, minutes: int, zone: str = "Europe/Istanbul"
) -> tuple[datetime, datetime]:
    """Busy time from a minute of a local day on, so many true minutes long."""
    wall = datetime.combine(day, time.min) + timedelta(minutes=minute)
    begins = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return begins, begins + timedelta(minutes=minutes)


# Random courses

INTERVALS = [
    ("1 day", None),
    ("2 days", None),
    ("2 days", (1, 0)),
    ("3 days", (0, 4)),
    ("4 days", (2, 1)),
    ("1 week", None),
    ("1 week", (0, 0)),
    ("1 week", (3, 3)),
    ("10 days", None),
    ("15 days", None),
    ("15 days", (0, 2)),
    ("1 month", None),
    ("1 month", (7, 0)),
    ("2-4 days", None),
    ("5-9 days", None),
    ("1-2 weeks", None),
    ("1-2 months", None),
]
"""Each with its flex in days below and above, None for the default."""


def intervals() -> st.SearchStrategy[Interval]:
    """Intervals of every unit, with and without flex, ranges with a choice inside them too."""
    parsed = st.sampled_from(INTERVALS).map(lambda each: Interval.parse(*each))
    return parsed | st.sampled_from(["1 week", "10 days", "2 weeks"]).map(
        lambda text: Interval.parse("5-15 days").choose(Interval.parse(text).ideal)
    )


@st.composite
def courses(draw: st.DrawFn, first: date, least: int, most: int) -> Course:
    """A course of ``least`` to ``most`` sessions in one or two phases, the second seldom anew."""
    total = draw(st.integers(least, most))
    split = draw(st.integers(1, total))
    counts = [count for count in (split, total - split) if count]
    phases = [PlannedPhase(f"p{n}", count, draw(intervals())) for n, count in enumerate(counts)]
    if len(phases) == 2 and draw(st.sampled_from([False, False, True])):
        anew = first + timedelta(days=draw(st.integers(1, 60)))
        phases[1] = phases[1]._replace(restarted=anew)
    keep = draw(st.sampled_from(Keep))
    return Course(HAIR, None, 1, first, keep, 30, tuple(phases), ())
