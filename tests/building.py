"""Small builders, so that a test says only what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, OpenTime
from meso_sched.core.course import Choices, Course, make_course
from meso_sched.core.interval import Count, Interval, parse_flex
from meso_sched.core.placing import PlacingRequest
from meso_sched.core.regimen import Keep, Phase, Regimen, Text
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
    kept = set(opened)
    all_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return tuple(DateRange(day, day) for day in all_days if day not in kept)


def request(
    course: Course,
    place: Clinic | None = None,
    *,
    at: time = time.min,
    limits: Limits | None = None,
    holidays: Mapping[date, Holiday] | None = None,
    taken: Sequence[tuple[datetime, datetime]] = (),
    length: int | None = None,
    previous: date | None = None,
) -> PlacingRequest:
    """What ``place`` is asked, with no limits unless told otherwise."""
    return PlacingRequest(
        sessions=course.sessions,
        start=datetime.combine(course.start, at),
        length=course.length if length is None else length,
        open_time=OpenTime(place or clinic(), limits or Limits(), holidays or {}),
        busy=Busy.of(taken),
        previous=previous,
    )


def taken_from(
    day: date, minute: int, minutes: int, zone: str = "Europe/Istanbul"
) -> tuple[datetime, datetime]:
    """Busy time from a minute of a local day on, so many true minutes long."""
    wall = datetime.combine(day, time.min) + timedelta(minutes=minute)
    begins = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return begins, begins + timedelta(minutes=minutes)
