"""When a clinic is open: hours, closures and holidays make the open time of a day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from math import ceil, floor
from typing import NamedTuple, Protocol

from meso_sched.core.regimen import Keep
from meso_sched.core.walltime import DAY_MINUTES, WEEKDAY_NAMES, WEEKLY, DateRange, Span, show_time


@dataclass(frozen=True, slots=True)
class Practitioner:
    """Somebody who gives sessions, one at a time.

    ``hours`` has seven entries from Monday, None where they are the clinic's; ``regimens`` are the
    ids of those that this person does, None for all. ``off`` are days of absence.
    """

    name: str
    hours: tuple[tuple[Span, ...], ...] | None = None
    off: tuple[DateRange, ...] = ()
    regimens: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or (self.hours is not None and len(self.hours) != 7):
            raise ValueError("a practitioner has a name, and hours for seven days")

    def does(self, regimen: str) -> bool:
        """Whether sessions of a regimen, by its id, are among this person's."""
        return self.regimens is None or regimen in self.regimens

    def spans(self, day: date) -> tuple[Span, ...] | None:
        """When this person is there on a local day; None: whenever the clinic is open."""
        if any(day in days for days in self.off):
            return ()
        return None if self.hours is None else self.hours[day.weekday()]


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic's own time; ``hours`` has seven entries from Monday, an empty one is closed.

    ``holidays`` is a code of the holidays library, "" for a clinic that has none, None for one
    that has not said. ``rooms`` are their names, None where nobody says how many there are;
    ``turnover`` are minutes for which a session's room and practitioner are taken after it.
    """

    zone_name: str
    zone: tzinfo
    hours: tuple[tuple[Span, ...], ...]
    name: str = ""
    closed: tuple[DateRange, ...] = ()
    holidays: str | None = None
    slot: int = 15
    keep: Keep = Keep.WEEKDAY
    reminders: tuple[int, ...] = ()
    """Minutes before a session at which a calendar reminds of it."""

    address: str = ""
    contact: str = ""
    """How patients reach it, in its own words: telephone, mail."""

    email: str = ""
    """The bare address that invites patients, and to which they answer."""

    rooms: tuple[str, ...] | None = None
    practitioners: tuple[Practitioner, ...] = ()
    turnover: int = 0

    def __post_init__(self) -> None:
        if len(self.hours) != 7 or not 1 <= self.slot <= DAY_MINUTES:
            raise ValueError("a clinic has hours for seven days and a slot of 1 minute or more")
        if not 0 <= self.turnover <= DAY_MINUTES:
            raise ValueError("a turnover takes 0 minutes to 24 hours")
        people = [each.name for each in self.practitioners]
        if len(set(people)) < len(people) or len(set(self.rooms or ())) < len(self.rooms or ()):
            raise ValueError("rooms and practitioners have names of their own")

    @property
    def never_opens(self) -> bool:
        """Whether no day of the week has hours."""
        return not any(self.hours)


class Holiday(NamedTuple):
    """A day off, whole (``closes_at`` None) or from a minute of the day on."""

    names: tuple[str, ...]
    closes_at: int | None = None


class Limits(NamedTuple):
    """What the patient can do; None or empty sets no limit. ``preferred`` is a minute of day."""

    weekdays: frozenset[int] | None = None
    between: tuple[Span, ...] | None = None
    away: tuple[DateRange, ...] = ()
    preferred: int | None = None


class OpenTime(NamedTuple):
    """A clinic's open time on the days that a patient can come."""

    clinic: Clinic
    limits: Limits = Limits()
    holidays: Mapping[date, Holiday] = {}

    def spans(self, day: date) -> tuple[Span, ...]:
        """The open spans of a local day, in order; the patient's hours are not yet cut out."""
        if self.obstacles(day):
            return ()
        spans = self.clinic.hours[day.weekday()]
        holiday = self.holidays.get(day)
        if holiday is None or holiday.closes_at is None:
            return spans
        closes = holiday.closes_at
        return tuple(
            Span(span.start, min(span.end, closes)) for span in spans if span.start < closes
        )

    def obstacles(self, day: date) -> tuple[str, ...]:
        """Everything that keeps the whole day from being used, in words for the desk."""
        clinic, limits = self.clinic, self.limits
        weekday = day.weekday()
        holiday = self.holidays.get(day)
        obstacles = []
        if any(day in days for days in clinic.closed):
            obstacles.append("the clinic is closed")
        if not clinic.hours[weekday]:
            obstacles.append(f"{WEEKLY} {WEEKDAY_NAMES[weekday]}s")
        if holiday is not None and holiday.closes_at is None:
            obstacles.extend(f"is {name}" for name in holiday.names)
        if any(day in days for days in limits.away):
            obstacles.append("the patient is away")
        if limits.weekdays is not None and weekday not in limits.weekdays:
            names = [WEEKDAY_NAMES[each][:3] for each in sorted(limits.weekdays)]
            asked = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
            obstacles.append(f"the patient comes on {asked}")
        return tuple(obstacles)

    def shortened(self, day: date) -> str | None:
        """Why an open day ends early, or None."""
        holiday = self.holidays.get(day)
        if holiday is None or holiday.closes_at is None:
            return None
        return f"the clinic closes at {show_time(holiday.closes_at)} ({', '.join(holiday.names)})"


class FreeTime(Protocol):
    """What can say whether a stretch of time is free; moments are seconds of the Unix epoch."""

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing is in the way between two moments."""

    def and_also(self, intervals: Iterable[tuple[datetime, datetime]]) -> FreeTime:
        """With more aware intervals taken."""


class Busy(NamedTuple):
    """Time that other calendars take: sorted, disjoint, in seconds of the Unix epoch."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[tuple[datetime, datetime]]) -> Busy:
        """Merge aware intervals, in any order; empty and backward ones take nothing."""
        return cls._merged(_seconds(intervals))

    @classmethod
    def _merged(cls, seconds: Iterable[tuple[int, int]]) -> Busy:
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(pair for pair in seconds if pair[0] < pair[1]):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return cls(tuple(starts), tuple(ends))

    def and_also(self, intervals: Iterable[tuple[datetime, datetime]]) -> Busy:
        """With more aware intervals."""
        mine = zip(self.starts, self.ends, strict=True)
        return Busy._merged([*mine, *_seconds(intervals)])

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing is taken between two moments (epoch seconds)."""
        before_end = bisect_left(self.starts, end)
        return before_end == 0 or self.ends[before_end - 1] <= start

    def without(self, known: Busy) -> Busy:
        """What is taken here and not in the other."""
        left: list[tuple[int, int]] = []
        mine = zip(self.starts, self.ends, strict=True)
        for start, end in mine:
            for other in range(bisect_right(known.ends, start), len(known.starts)):
                if known.starts[other] >= end:
                    break
                left.append((start, known.starts[other]))
                start = known.ends[other]
            left.append((start, end))
        return Busy._merged(left)


def _seconds(intervals: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[int, int]]:
    return ((floor(a.timestamp()), ceil(b.timestamp())) for a, b in intervals)
