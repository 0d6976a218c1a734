"""The starts that a recurrence rule gives inside a window, in bounded time whatever the rule.

dateutil, on which recurring-ical-events rests, walks a rule from its first day and, where nothing
matches, second by second to the year 9999. Here only the periods that touch the window are looked
at (RFC 5545, 3.3.10); a rule that would still give too many starts is answered in whole hours,
never with less than it takes. The tests hold the starts against dateutil's.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice, product

from meso_sched.exchange.busy_rules import (
    DAILY,
    HOURLY,
    MINUTELY,
    MONTHLY,
    SECONDLY,
    WEEKLY,
    YEARLY,
    Rule,
)

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Budget:
    """How many starts may still be looked at, for one rule and for all the calendars together."""

    for_one: int = 200_000
    left: int = 20_000_000

    def take(self, steps: int) -> int:
        """Takes the steps from what is left, or as many as one rule may have."""
        granted = max(0, min(steps, self.for_one, self.left))
        self.left -= granted
        return granted

    def take_all(self, steps: int) -> bool:
        """Takes the steps only if as many are left, however many one rule may have."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a rule gives in a window: starts, and spans of starts too many to be listed."""

    starts: list[datetime]
    blocks: list[tuple[datetime, datetime]]  # first and last moment at which one may start
    is_exact: bool = False  # whether the blocks are no more than the rule takes


def expand(
    rule: Rule,
    start: datetime,
    duration: timedelta,
    window: tuple[datetime, datetime],
    budget: Budget,
) -> Expansion:
    """The starts inside the window (both ends inclusive, naive wall clock), and never fewer.

    ``start`` itself is an occurrence even if the rule does not match it, unless UNTIL lies before
    it (programs cancel a series that way). Where the budget does not reach, ``blocks`` hold the
    hours, at the worst the whole time, in which it may start; they are exact where every
    occurrence lasts (``duration``) until the next.
    """
    if rule.until is not None and rule.until < start:
        return Expansion([], [])
    rule = _with_last_instead_of_count(rule, start)
    first, last = window
    end = last if rule.until is None else min(last, rule.until)
    begin = max(start, first)
    starts = [start] if first <= start <= last else []
    if begin > end:
        return Expansion(starts, [])
    origin = begin if rule.count is None else start  # a COUNT must be counted up to
    reach = _reach(rule, origin, end, budget)
    if reach == end or rule.count is not None:
        listed = list(islice(_listed(rule, start, origin, reach), rule.count))
        if reach == end or len(listed) == rule.count:
            return Expansion(starts + [moment for moment in listed if moment >= first], [])
    if rule.is_even(start) and rule.step <= duration:
        whole = (begin, start + (end - start) // rule.step * rule.step)
        return Expansion(starts, [whole], is_exact=True)
    return Expansion(starts, list(_blocks(rule, begin, end, budget)))


def whole_hours(starts: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """The hours in which the starts lie, as the ``blocks`` of an expansion."""
    hour = timedelta(hours=1)
    blocks: list[tuple[datetime, datetime]] = []
    for opening in sorted({moment.replace(minute=0, second=0) for moment in starts}):
        closing = opening.replace(minute=59, second=59)
        if blocks and blocks[-1][1].replace(minute=0, second=0) + hour == opening:
            blocks[-1] = (blocks[-1][0], closing)
        else:
            blocks.append((opening, closing))
    return blocks


def _with_last_instead_of_count(rule: Rule, start: datetime) -> Rule:
    """Where the starts lie evenly, COUNT is an UNTIL that need not be counted up to."""
    if not rule.count or not rule.is_even(start):
        return rule
    try:
        until = start + (rule.count - 1) * rule.step
    except OverflowError:
        return replace(rule, count=None)
    return replace(rule, count=None, until=min(until, rule.until or until))


def _reach(rule: Rule, origin: datetime, end: datetime, budget: Budget) -> datetime:
    """How far from ``origin`` the budget lets the starts be listed, at most to ``end``."""
    hours, minutes, seconds = (len(part) or 1 for part in (rule.hours, rule.minutes, rule.seconds))
    if rule.freq < HOURLY:
        unit = rule.step if rule.freq == DAILY else timedelta(days=1)
        each = hours * minutes * seconds
    else:
        unit = rule.step
        each = {HOURLY: minutes * seconds, MINUTELY: seconds, SECONDLY: 1}[rule.freq]
        if rule.positions:
            return origin  # rare enough to be answered in whole hours
    steps = (end - origin) // unit + 1
    granted = budget.take(steps * each) // each
    return end if granted >= steps else origin + granted * unit


def _blocks(
    rule: Rule, begin: datetime, end: datetime, budget: Budget
) -> Iterator[tuple[datetime, datetime]]:
    """The hours in which the rule may start; the whole time if even those are too many."""
    days = (end.date() - begin.date()).days + 1
    if budget.take(days * 24) < days * 24:
        yield begin, end
        return
    hours = rule.hours or tuple(range(24))
    fits = rule.filters_days
    weekdays = rule.weekdays if rule.freq == WEEKLY else frozenset(range(7))
    for number in range(days):
        day = begin.date() + timedelta(days=number)
        if day.weekday() not in weekdays or (fits and not _fits(rule, day)):
            continue
        for hour in hours:
            opening = datetime.combine(day, time(hour))
            closing = opening.replace(minute=59, second=59)
            if opening <= end and closing >= begin:
                yield max(opening, begin), min(closing, end)


def _listed(rule: Rule, start: datetime, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The rule's own starts from ``begin`` to ``end``, in order."""
    of_period = _steps if rule.freq >= HOURLY else _dated
    for moment in of_period(rule, start, begin, end):
        if moment > end:
            return
        if moment >= begin:
            yield moment


def _dated(rule: Rule, start: datetime, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Starts of a daily or coarser rule, period by period, from the one that ``begin`` lies in."""
    times = [time(*parts) for parts in product(rule.hours, rule.minutes, rule.seconds)]
    filters = rule.filters_days
    for anchor in _anchors(rule, start.date(), begin.date(), end.date()):
        days = _days(rule, anchor)
        if filters:
            days = (day for day in days if _fits(rule, day))
        if rule.positions:
            yield from _positioned([datetime.combine(*pair) for pair in product(days, times)], rule)
        else:
            for day in days:
                for moment in times:
                    yield datetime.combine(day, moment)


def _positioned(moments: list[datetime], rule: Rule) -> list[datetime]:
    size = len(moments)
    indexes = {position - 1 if position > 0 else size + position for position in rule.positions}
    return [moments[index] for index in sorted(indexes) if 0 <= index < size]


def _anchors(rule: Rule, start: date, begin: date, end: date) -> Iterator[date]:
    """The first day of every period between, in step with the start's period."""
    if rule.freq <= MONTHLY:
        yield from _month_anchors(rule, start, begin, end)
        return
    length = 7 if rule.freq == WEEKLY else 1
    if rule.freq == WEEKLY:
        start = _week_of(start, rule.wkst)
    step = length * rule.interval
    # ordinals, so that a week begun before day 1 or an end beyond the year 9999 does no harm
    offset = max(0, (begin - start).days // step * step)
    for ordinal in range(start.toordinal() + offset, end.toordinal() + 1, step):
        yield date.fromordinal(ordinal)


def _month_anchors(rule: Rule, start: date, begin: date, end: date) -> Iterator[date]:
    step = rule.interval * (12 if rule.freq == YEARLY else 1)
    origin = start.year * 12 + (start.month - 1 if rule.freq == MONTHLY else 0)
    offset = max(0, (begin.year * 12 + begin.month - 1 - origin) // step * step)
    for month in range(origin + offset, end.year * 12 + end.month, step):
        yield date(month // 12, month % 12 + 1, 1)


def _days(rule: Rule, anchor: date) -> Iterator[date]:
    """The days of the period that begins at ``anchor``, fewer where the rule itself names them."""
    if rule.freq == DAILY:
        yield anchor
    elif rule.freq == WEEKLY:
        weekdays = rule.weekdays or frozenset(range(7))
        for offset in sorted((weekday - rule.wkst) % 7 for weekday in weekdays):
            if anchor.toordinal() + offset <= date.max.toordinal():
                yield anchor + timedelta(days=offset)
    elif rule.freq == MONTHLY:
        yield from _month_days(rule, anchor.year, anchor.month)
    else:
        for month in sorted(rule.months) or range(1, 13):
            yield from _month_days(rule, anchor.year, month)


def _month_days(rule: Rule, year: int, month: int) -> Iterator[date]:
    length = monthrange(year, month)[1]
    wanted = {day if day > 0 else length + day + 1 for day in rule.month_days}
    for day in sorted(wanted) if rule.month_days else range(1, length + 1):
        if 1 <= day <= length:
            yield date(year, month, day)


def _fits(rule: Rule, day: date) -> bool:
    """Whether the day passes every BY part that speaks of days."""
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or _is_month_day(day, rule.month_days))
        and (not rule.year_days or _is_year_day(day, rule.year_days))
        and (not rule.weeks or _is_week(day, rule))
        and (not (rule.weekdays or rule.nth_weekdays) or _is_weekday(day, rule))
    )


def _is_month_day(day: date, wanted: frozenset[int]) -> bool:
    return day.day in wanted or day.day - monthrange(day.year, day.month)[1] - 1 in wanted


def _is_year_day(day: date, wanted: frozenset[int]) -> bool:
    number = day.timetuple().tm_yday
    return number in wanted or number - 366 - isleap(day.year) in wanted


def _is_week(day: date, rule: Rule) -> bool:
    """ISO 8601 weeks, but beginning on WKST; the week belongs to the year of its fourth day."""
    fourth = _week_of(day, rule.wkst) + 3 * _DAY
    number = (fourth.timetuple().tm_yday - 1) // 7 + 1
    last = _week_of(date(fourth.year, 12, 28), rule.wkst) + 3 * _DAY
    weeks = (last.timetuple().tm_yday - 1) // 7 + 1
    return number in rule.weeks or number - weeks - 1 in rule.weeks


def _is_weekday(day: date, rule: Rule) -> bool:
    weekday = day.weekday()
    if weekday in rule.weekdays:
        return True
    if rule.freq == YEARLY and not rule.months:
        number, length = day.timetuple().tm_yday, 365 + isleap(day.year)
    else:
        number, length = day.day, monthrange(day.year, day.month)[1]
    from_start, from_end = (number - 1) // 7 + 1, -((length - number) // 7 + 1)
    wanted = rule.nth_weekdays
    return (weekday, from_start) in wanted or (weekday, from_end) in wanted


def _week_of(day: date, wkst: int) -> date:
    """The first day of its week, or the calendar's first day if the week began before that."""
    return date.fromordinal(max(1, day.toordinal() - (day.weekday() - wkst) % 7))


def _steps(rule: Rule, start: datetime, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Starts of an hourly or finer rule: every so many units from the start's own."""
    origin, step = start, rule.step
    if rule.freq < SECONDLY:
        origin = origin.replace(second=0)
    if rule.freq < MINUTELY:
        origin = origin.replace(minute=0)
    number = max(0, (begin - origin) // step)
    fitting: dict[date, bool] = {}
    for index in range(number, (end - origin) // step + 1):
        moment = origin + index * step
        if not _is_time(rule, moment):
            continue
        day = moment.date()
        if day not in fitting:
            fitting[day] = not rule.filters_days or _fits(rule, day)
        if fitting[day]:
            yield from _finer(rule, moment)


def _is_time(rule: Rule, moment: datetime) -> bool:
    """Whether the parts at and above the rule's own unit allow it."""
    return (
        (not rule.hours or moment.hour in rule.hours)
        and (rule.freq < MINUTELY or not rule.minutes or moment.minute in rule.minutes)
        and (rule.freq < SECONDLY or not rule.seconds or moment.second in rule.seconds)
    )


def _finer(rule: Rule, moment: datetime) -> Iterator[datetime]:
    """The moments inside the rule's unit: minutes of an hour, seconds of a minute."""
    minutes = rule.minutes if rule.freq == HOURLY else (moment.minute,)
    seconds = rule.seconds if rule.freq <= MINUTELY else (moment.second,)
    for minute, second in product(minutes, seconds):
        yield moment.replace(minute=minute, second=second)
