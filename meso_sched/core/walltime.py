"""Times of day, spans of them, ranges of dates, and how this tool writes them.

Times of day are minutes after local midnight (0 to 1440), never aware; dates are local.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

DAY_MINUTES = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKLY = "closed on"
FIRST_YEAR, LAST_YEAR = 1970, 2199

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MINUTES = re.compile(r"([0-9]{1,4})(?:\s*-\s*([0-9]{1,4}))?\s*(m|min|minutes?|h|hours?)")


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a day, in minutes after midnight; the end is not part of it."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY_MINUTES:
            raise ValueError(f"{self} runs backward; the earlier time comes first")

    def __str__(self) -> str:
        return f"{show_time(self.start)}-{show_time(self.end)}"


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.first}..{self.last} runs backward; the earlier day is first")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Length:
    """How long a session takes, in minutes: ``least`` to ``most``."""

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= DAY_MINUTES:
            raise ValueError(
                f"{self.least} to {self.most} minutes is no length; it lies between 1 minute and"
                " 24 hours, the lowest first"
            )

    @classmethod
    def parse(cls, text: str) -> Length:
        """Read ``"45 minutes"``, ``"45m"``, ``"1 hour"`` or ``"30-60 minutes"``."""
        found = _MINUTES.fullmatch(text.strip().lower().replace("\u2013", "-"))
        if found is None:
            raise ValueError(f'"{text}" is not a length; write "45 minutes", "1h", "30-60 minutes"')
        unit = 60 if found[3].startswith("h") else 1
        least = int(found[1]) * unit
        return cls(least, least if found[2] is None else int(found[2]) * unit)

    def __contains__(self, minutes: int) -> bool:
        return self.least <= minutes <= self.most

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.least} minutes"
        return f"{self.least}-{self.most} minutes"


def parse_time(text: str) -> int:
    """Minutes after midnight of ``HH:MM``, ``24:00`` included; ValueError otherwise."""
    found = _TIME.fullmatch(text.strip())
    if found is not None:
        minutes = int(found[1]) * 60 + int(found[2])
        if int(found[2]) < 60 and minutes <= DAY_MINUTES:
            return minutes
    raise ValueError(f'"{text}" is not a time of day; write HH:MM, as 09:30 or 14:00')


def parse_spans(text: str) -> tuple[Span, ...]:
    """Read ``"09:00-12:30, 13:30-18:00"``; ValueError for backward or overlapping spans."""
    spans: list[Span] = []
    for part in text.replace("\u2013", "-").split(","):
        start, dash, end = part.partition("-")
        if not dash:
            raise ValueError(f'"{part.strip()}" is not a span; write HH:MM-HH:MM, as 09:00-12:30')
        span = Span(parse_time(start), parse_time(end))
        if spans and span.start < spans[-1].end:
            raise ValueError(f"{spans[-1]} and {span} overlap or stand out of order")
        spans.append(span)
    return tuple(spans)


def parse_date(text: str) -> date:
    """An ISO date, YYYY-MM-DD, in the years that the tool plans; ValueError otherwise."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is not a date that can be read only one way; write YYYY-MM-DD')
    year, month, day = (int(part) for part in found.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f'"{text}" is outside the years {FIRST_YEAR} to {LAST_YEAR}')
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(
            f'"{text}" does not exist in the calendar; check its day and month'
        ) from error


def parse_weekday(text: str) -> int:
    """0 for Monday to 6, from ``mon`` or ``Monday``; ValueError otherwise."""
    name = text.strip().lower()
    for number, (short, long) in enumerate(zip(WEEKDAYS, WEEKDAY_NAMES, strict=True)):
        if name in (short, long.lower()):
            return number
    raise ValueError(f'"{text.strip()}" is not a weekday; write {", ".join(WEEKDAYS)}')


def minute_of(moment: datetime) -> int:
    """The minute of the day that a moment's own clock shows."""
    return moment.hour * 60 + moment.minute


def show_time(minutes: int) -> str:
    """``HH:MM`` of minutes after midnight."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def show_day(day: date) -> str:
    """``Tue 16 Mar``: as the desk says it; always English."""
    return f"{WEEKDAY_NAMES[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1]}"


def show_moment(moment: datetime) -> str:
    """``Tue 16 Mar 2027 at 10:00``, by the moment's own clock."""
    return f"{show_day(moment.date())} {moment.year} at {show_time(minute_of(moment))}"


def show_days(first: date, last: date) -> str:
    """``Tue 16 Mar`` or ``Tue 16 to Thu 18 Mar``."""
    if first == last:
        return show_day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{WEEKDAY_NAMES[first.weekday()][:3]} {first.day} to {show_day(last)}"
    return f"{show_day(first)} to {show_day(last)}"


def plural(count: int, noun: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{count} {noun}{'' if abs(count) == 1 else 's'}"
