"""Recurrence rules, read into values that can be judged (RFC 5545, 3.3.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY = range(7)
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNIT = {WEEKLY: 604_800, DAILY: 86_400, HOURLY: 3600, MINUTELY: 60, SECONDLY: 1}
_RANGES = {  # part -> largest number, and whether it may count from the end
    "BYMONTH": (12, False),
    "BYMONTHDAY": (31, True),
    "BYYEARDAY": (366, True),
    "BYWEEKNO": (53, True),
    "BYSETPOS": (366, True),
    "BYHOUR": (23, False),
    "BYMINUTE": (59, False),
    "BYSECOND": (60, False),
}
_ONES = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST")


class RuleError(ValueError):
    """A rule that says nothing that can be judged; the text names the part at fault."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One RRULE, its defaults filled in from the event's start; wall clock of the event's zone."""

    freq: int
    interval: int
    count: int | None
    until: datetime | None  # inclusive
    wkst: int
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weeks: frozenset[int]
    weekdays: frozenset[int]
    nth_weekdays: frozenset[tuple[int, int]]
    hours: tuple[int, ...]  # of the three, those finer than `freq` have a value always
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    positions: frozenset[int]

    @property
    def filters_days(self) -> bool:
        """Whether a day must be asked if it fits; in a plain rule the period alone decides."""
        weekdays = self.freq != WEEKLY and self.weekdays
        by_date = self.months or self.month_days or self.year_days
        return bool(by_date or self.weeks or self.nth_weekdays or weekdays)

    def is_even(self, start: datetime) -> bool:
        """Whether the starts are ``start`` and then one every ``step``, and nothing else."""
        if self.freq < WEEKLY or self.filters_days or self.positions:
            return False
        given = (self.hours, self.minutes, self.seconds)
        coarser = given[: max(0, self.freq - HOURLY + 1)]
        finer = given[len(coarser) :]
        own = (start.hour, start.minute, start.second)[len(coarser) :]
        on_weekday = self.freq != WEEKLY or self.weekdays == {start.weekday()}
        return on_weekday and not any(coarser) and finer == tuple((part,) for part in own)

    @property
    def step(self) -> timedelta:
        """The distance of the starts of an even rule; of an hourly or finer one, of its units."""
        try:
            return timedelta(seconds=_UNIT[self.freq] * self.interval)
        except OverflowError:
            return timedelta.max


def parse_rule(text: str, start: datetime, zone: tzinfo, all_day: bool) -> Rule:
    """The rule of an event that begins at ``start`` (naive, wall clock of ``zone``).

    RuleError names what cannot be judged: an unknown FREQ, an INTERVAL of 0, a number out of its
    range. A negative COUNT, which some programs write for "endless", is left out.
    """
    parts = _split(text)
    freq = _frequency(parts)
    numbers = {name: _numbers(name, parts[name]) for name in _RANGES if name in parts}
    plain, nth = _weekdays(parts.get("BYDAY", parts.get("BYWEEKDAY", "")), freq)
    count = _integer("COUNT", parts["COUNT"]) if "COUNT" in parts else None
    interval = _integer("INTERVAL", parts.get("INTERVAL", "1"))
    if interval < 1:
        raise RuleError(f"INTERVAL={interval}")
    wkst = parts.get("WKST", "MO")
    if wkst not in _WEEKDAYS:
        raise RuleError(f"WKST={wkst}")
    rule = Rule(
        freq=freq,
        interval=interval,
        count=None if count is not None and count < 0 else count,
        until=_until(parts["UNTIL"], zone, all_day) if "UNTIL" in parts else None,
        wkst=_WEEKDAYS[wkst],
        months=numbers.get("BYMONTH", frozenset()),
        month_days=numbers.get("BYMONTHDAY", frozenset()),
        year_days=numbers.get("BYYEARDAY", frozenset()),
        weeks=numbers.get("BYWEEKNO", frozenset()),
        weekdays=plain,
        nth_weekdays=nth,
        hours=_times(numbers.get("BYHOUR"), start.hour, freq < HOURLY),
        minutes=_times(numbers.get("BYMINUTE"), start.minute, freq < MINUTELY),
        seconds=_times(numbers.get("BYSECOND"), start.second, freq < SECONDLY),
        positions=numbers.get("BYSETPOS", frozenset()),
    )
    return _with_default_days(rule, start)


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.upper().replace(" ", "").split(";"):
        name, equals, value = part.partition("=")
        if not part or name.startswith("X-"):
            continue
        if (name, value) in {("RSCALE", "GREGORIAN"), ("SKIP", "OMIT")}:
            continue
        known = name in _RANGES or name in _ONES or name in ("BYDAY", "BYWEEKDAY")
        if not known or not equals or name in parts:
            raise RuleError(part[:40])
        parts[name] = value
    return parts


def _frequency(parts: dict[str, str]) -> int:
    if parts.get("FREQ") not in FREQUENCIES:
        raise RuleError(f"FREQ={parts['FREQ'][:40]}" if "FREQ" in parts else "no FREQ")
    return FREQUENCIES.index(parts["FREQ"])


def _integer(name: str, value: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", value, re.ASCII):
        raise RuleError(f"{name}={value[:40]}")
    return int(value)


def _numbers(name: str, value: str) -> frozenset[int]:
    most, from_end = _RANGES[name]
    least = 0 if name in ("BYHOUR", "BYMINUTE", "BYSECOND") else 1
    numbers = frozenset(_integer(name, item) for item in value.split(","))
    for number in numbers:
        if not least <= (abs(number) if from_end else number) <= most:
            raise RuleError(f"{name}={number}")
    return numbers


def _weekdays(value: str, freq: int) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    """Plain weekdays, and (weekday, nth) ones, which only a month or a year can count."""
    plain, nth = set(), set()
    for item in filter(None, value.split(",")):
        match = _WEEKDAY.fullmatch(item)
        if not match:
            raise RuleError(f"BYDAY={item[:40]}")
        weekday = _WEEKDAYS[match[2]]
        if match[1] and int(match[1]) and freq <= MONTHLY:
            nth.add((weekday, int(match[1])))
        else:
            plain.add(weekday)
    return frozenset(plain), frozenset(nth)


def _until(value: str, zone: tzinfo, all_day: bool) -> datetime:
    """The last moment, as a wall clock. A bare date counts to its end, even for a timed event."""
    try:
        until = datetime.fromisoformat(value)
    except ValueError:
        raise RuleError(f"UNTIL={value[:40]}") from None
    if all_day or len(value) == 8:
        return datetime.combine(until.date(), time.max)
    if until.tzinfo is None:
        return until
    try:
        return until.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return until.replace(tzinfo=None)


def _times(given: frozenset[int] | None, of_start: int, needed: bool) -> tuple[int, ...]:
    if given is None:
        return (of_start,) if needed else ()
    return tuple(sorted({min(number, 59) for number in given}))


def _with_default_days(rule: Rule, start: datetime) -> Rule:
    """A rule that names no day takes the start's: its weekday, day of the month, or both."""
    by_weekday = rule.weekdays or rule.nth_weekdays
    if rule.freq > WEEKLY or rule.month_days or rule.year_days or rule.weeks or by_weekday:
        return rule
    if rule.freq == WEEKLY:
        return replace(rule, weekdays=frozenset({start.weekday()}))
    months = rule.months
    if rule.freq == YEARLY and not months:
        months = frozenset({start.month})
    return replace(rule, months=months, month_days=frozenset({start.day}))
