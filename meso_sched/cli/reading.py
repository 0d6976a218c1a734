"""What the options say: days, times, phase choices, said in ways that read only one way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from meso_sched.core.walltime import (
    FIRST_YEAR,
    LAST_YEAR,
    DateRange,
    parse_date,
    parse_time,
    parse_weekday,
)
from meso_sched.errors import UsageError

T = TypeVar("T")

_RELATIVE = re.compile(r"\+\s*([0-9]{1,5})\s*(d|days?|w|weeks?)")
_WITH_TIME = re.compile(r"(?P<day>.*?)(?:\s*T|\s+)(?P<time>[0-9]{1,2}:[0-9]{2})(?::00)?", re.I)


def option(name: str, parse: Callable[[str], T], text: str) -> T:
    """An option's value, or a UsageError that names the option."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error


def parse_day(text: str, today: date) -> date:
    """An ISO date, ``today``, ``tomorrow``, ``next tue`` or ``+2w``; ValueError otherwise.

    ``next tue`` is the first Tuesday after today.
    """
    words = text.strip().lower()
    if words in ("today", "tomorrow"):
        return today + timedelta(days=int(words == "tomorrow"))
    if words.startswith("next "):
        ahead = (parse_weekday(words.removeprefix("next ")) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead)
    relative = _RELATIVE.fullmatch(words)
    if relative is not None:
        return _ahead(today, int(relative[1]) * (7 if relative[2][0] == "w" else 1), text)
    try:
        return parse_date(text)
    except ValueError as error:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words):
            raise
        raise ValueError(f"{error}, today, tomorrow, next tue or +2w") from error


def parse_start(text: str, today: date) -> tuple[date, int | None]:
    """A day with or without ``THH:MM``: the date and the minute of the day, or None."""
    found = _WITH_TIME.fullmatch(text.strip())
    if found is None:
        return parse_day(text, today), None
    minute = parse_time(found["time"])
    if minute >= 24 * 60:
        raise ValueError(f'"{text}": a day starts at 00:00, not at 24:00')
    return parse_day(found["day"], today), minute


def parse_away(text: str, today: date) -> DateRange:
    """``A..B`` or a single day, each as ``parse_day`` reads it; ValueError otherwise."""
    first, dots, last = text.partition("..")
    return DateRange(parse_day(first, today), parse_day(last if dots else first, today))


def parse_weekdays(text: str) -> frozenset[int]:
    """``mon,thu``; ValueError for anything that is not a weekday."""
    parts = text.split(",")
    if not all(part.strip() for part in parts):
        raise ValueError(f'"{text}" has an empty place; write weekdays as mon,thu')
    return frozenset(parse_weekday(part) for part in parts)


def parse_pairs(name: str, texts: Iterable[str]) -> dict[str, str]:
    """``PHASE=VALUE`` choices of one option; UsageError for another form or a phase twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        phase, equals, value = (part.strip() for part in text.partition("="))
        if not (phase and equals and value):
            raise UsageError(f'{name}: "{text}" is not a choice; write PHASE=VALUE')
        if phase in pairs:
            raise UsageError(f'{name}: phase "{phase}" is chosen twice; leave one out')
        pairs[phase] = value
    return pairs


def parse_number(text: str) -> int:
    """A count of sessions, digits only; ValueError otherwise."""
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise ValueError(f'"{text}" is not a number of sessions; write a whole number, as 6')
    return int(text)


def parse_session(text: str) -> int:
    """The number of a session, digits only; ValueError otherwise."""
    if re.fullmatch(r"[Rr][0-9]{1,3}", text.strip()):
        raise ValueError(
            f'"{text}" is a review, which follows its session; to move it or call it off, change'
            " its event in the calendar: that is kept"
        )
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()):
        raise ValueError(f'"{text}" is not the number of a session; write it as 3')
    return int(text)


def parse_rest(text: str) -> tuple[int, bool]:
    """``3``, or ``3..`` for it and all behind it; ValueError otherwise."""
    number, dots, more = text.partition("..")
    if more.strip():
        raise ValueError(f'"{text}" is not a session; write 3, or 3.. for the rest')
    return parse_session(number), bool(dots)


def parse_session_time(text: str, today: date) -> tuple[int, datetime | date | None]:
    """``N``, ``N=DATE`` or ``N=DATETHH:MM``: the session, and when, local; ValueError otherwise."""
    number, equals, when = text.partition("=")
    if not equals:
        return parse_session(number), None
    day, minute = parse_start(when, today)
    if minute is None:
        return parse_session(number), day
    return parse_session(number), datetime.combine(day, time(*divmod(minute, 60)))


def parse_course(text: str) -> int:
    """The number of a patient's course, from 1 on; ValueError otherwise."""
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()) or int(text) == 0:
        raise ValueError(f'"{text}" is not the number of a course; write 1, 2, 3 …')
    return int(text)


def parse_audience(text: str) -> str:
    """``clinic`` or ``patient``; UsageError otherwise."""
    if text not in ("clinic", "patient"):
        raise UsageError(f'--for: "{text}" is not known; write clinic or patient')
    return text


def parse_name(text: str) -> str:
    """A patient's reference or a clinic's name; ValueError if empty, or bytes that are no text."""
    if not text.strip():
        raise ValueError("is empty; write a reference, or leave the option out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds bytes that are no text in UTF-8") from error
    return text.strip()


def _ahead(today: date, days: int, text: str) -> date:
    try:
        day = today + timedelta(days=days)
    except OverflowError as error:
        raise ValueError(f'"{text}" is past the year {LAST_YEAR}') from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f'"{text}" is past the year {LAST_YEAR}')
    return day


def stamp(environment: Mapping[str, str], now: datetime) -> datetime:
    """When the file says that it was written: SOURCE_DATE_EPOCH or now, UTC, to the second."""
    epoch = environment.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return now.astimezone(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f'SOURCE_DATE_EPOCH: "{epoch}" is not a number of seconds since 1970'
        ) from error
