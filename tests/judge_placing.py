"""Judges where sessions are booked, by the rules of time (DESIGN section 3) and nothing else.

It shares no code with ``meso_sched.core``: it reads the values of a request and works out by
plain enumeration what the core finds by search. Slow, so only for small cases; ``violations`` and
``better_single_move`` are for large ones too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from meso_sched.core.interval import Interval, Step
from meso_sched.core.placing import BookedSession, PlacingRequest

REACH = timedelta(days=120)
DAYS_OF_UNIT = {"day": 1, "week": 7, "month": 30.4375, "year": 12 * 30.4375}

Taken = Sequence[tuple[datetime, datetime]]
Slot = tuple[date, int]
"""A day and the minute of its wall clock."""
Score = tuple[int, int, int, int, tuple[date, ...]]


# The calendar


def after(day: date, step: Step, times: int = 1) -> date:
    """``times`` steps after a day."""
    amount = step.amount * times
    match step.unit.value:
        case "day":
            return day + timedelta(days=amount)
        case "week":
            return day + timedelta(days=7 * amount)
        case "month":
            return _date(day + relativedelta(months=amount))
        case _:
            return _date(day + relativedelta(years=amount))


def _date(day: date) -> date:
    return day


def least(interval: Interval, before: date) -> date:
    """The first day that an interval allows after a session on ``before``."""
    return after(before, interval.least) - timedelta(days=interval.below)


def most(interval: Interval, before: date) -> date:
    """The last day after ``before`` that is not overdue."""
    return after(before, interval.most) + timedelta(days=interval.above)


def whole_weeks(interval: Interval) -> int | None:
    """The nearest whole number of weeks in days, None where least or most forbid it."""
    counted = [
        step.amount * DAYS_OF_UNIT[step.unit.value]
        for step in (interval.least, interval.ideal, interval.most)
    ]
    weeks = min(range(0, 4000, 7), key=lambda days: abs(days - counted[1]))
    return weeks if counted[0] - interval.below <= weeks <= counted[2] + interval.above else None


def ideal_dates(
    phases: Iterable[tuple[int, Interval]], start: date, *, keep_weekday: bool
) -> list[date]:
    """Where phases of (count, interval) put their sessions."""
    dates: list[date] = []
    for count, interval in phases:
        anchor = dates[-1] if dates else start
        numbers = range(1, count + 1) if dates else range(count)
        weeks = whole_weeks(interval) if keep_weekday else None
        for k in numbers:
            if weeks is None:
                dates.append(after(anchor, interval.ideal, k))
            else:
                dates.append(anchor + timedelta(days=weeks * k))
    return dates


# The clock


def wall(day: date, minute: int) -> datetime:
    """The naive time of a minute of a day, 1440 being the next midnight."""
    return datetime.combine(day, time.min) + timedelta(minutes=minute)


def shown(moment: datetime, zone: tzinfo) -> datetime:
    """What a clock on the wall shows at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=200_000)
def moment(day: date, minute: int, zone: tzinfo) -> datetime:
    """When the clock first shows this minute, or would: the jump, where the zone skips it."""
    sought = wall(day, minute)
    first = sought.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if shown(first, zone) == sought:
        return first
    at = sought.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while shown(at, zone) < sought:
        at += timedelta(minutes=1)
    return at


def exists(day: date, minute: int, zone: tzinfo) -> bool:
    """Whether the clock shows this minute at all on this day."""
    return shown(moment(day, minute, zone), zone) == wall(day, minute)


# Open time


def open_spans(request: PlacingRequest, day: date) -> list[tuple[int, int]]:
    """A day's spans in minutes after closures, holidays, the patient's weekdays and absences."""
    clinic, limits = request.open_time.clinic, request.open_time.limits
    holiday = request.open_time.holidays.get(day)
    if any(days.first <= day <= days.last for days in (*clinic.closed, *limits.away)):
        return []
    if limits.weekdays is not None and day.weekday() not in limits.weekdays:
        return []
    spans = [(span.start, span.end) for span in clinic.hours[day.weekday()]]
    if holiday is None:
        return spans
    if holiday.closes_at is None:
        return []
    return [(a, min(b, holiday.closes_at)) for a, b in spans if a < holiday.closes_at]


def complaints(request: PlacingRequest, slot: Slot, taken: Taken) -> Iterator[str]:
    """What forbids a start, of the rules that concern one session alone."""
    day, minute = slot
    zone, limits = request.open_time.clinic.zone, request.open_time.limits
    if wall(day, minute) < request.start:
        yield "before the start of the course"
    if not exists(day, minute, zone):
        yield "a time that the zone skips"
    begins = moment(day, minute, zone)
    ends = begins + timedelta(minutes=request.length)

    def holds(first: int, last: int) -> bool:
        by_clock = first <= minute and minute + request.length <= last
        return by_clock and moment(day, first, zone) <= begins and ends <= moment(day, last, zone)

    within = [span for span in open_spans(request, day) if holds(*span)]
    if not within:
        yield "not inside one open span"
    elif (minute - within[0][0]) % request.open_time.clinic.slot:
        yield "off the slot grid"
    if limits.between and not any(holds(each.start, each.end) for each in limits.between):
        yield "outside the patient's hours"
    if any(start < ends and begins < end for start, end in taken if start < end):
        yield "on busy time"


def starts(request: PlacingRequest, day: date, taken: Taken) -> list[int]:
    """All the minutes of a day at which a session may start."""
    return [
        minute
        for first, last in open_spans(request, day)
        for minute in range(first, last, request.open_time.clinic.slot)
        if not any(complaints(request, (day, minute), taken))
    ]


# The goals


def wish_distance(request: PlacingRequest, minute: int) -> int:
    """Minutes from the preferred time of day, 0 without one."""
    preferred = request.open_time.limits.preferred
    return 0 if preferred is None else abs(minute - preferred)


def score(request: PlacingRequest, plan: Sequence[Slot]) -> Score:
    """The five soft rules of a plan that keeps the hard one; the lower the better."""
    befores = [request.previous, *(day for day, _ in plan)]
    overdue = distance = early = minutes = 0
    for session, before, (day, minute) in zip(request.sessions, befores, plan, strict=False):
        if before is not None:
            overdue += max(0, (day - most(session.interval, before)).days)
        distance += abs((day - session.ideal).days)
        early += day < session.ideal
        minutes += wish_distance(request, minute)
    return overdue, distance, early, minutes, tuple(day for day, _ in plan)


def candidates(request: PlacingRequest, taken: Taken) -> list[list[Slot]]:
    """For each session every day within reach that has a start, at the best start of that day."""
    last = max(session.ideal for session in request.sessions) + REACH
    first = request.start.date()
    slots: list[Slot] = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        free = starts(request, day, taken)
        if free:
            slots.append((day, min(free, key=lambda m: (wish_distance(request, m), m))))
    return [
        [slot for slot in slots if slot[0] <= session.ideal + REACH] for session in request.sessions
    ]


def all_plans(request: PlacingRequest, choices: Sequence[Sequence[Slot]]) -> Iterator[list[Slot]]:
    """Every combination in which each gap is at least the least."""

    def extend(plan: list[Slot]) -> Iterator[list[Slot]]:
        if len(plan) == len(choices):
            yield plan
            return
        session = request.sessions[len(plan)]
        before = plan[-1][0] if plan else request.previous
        for slot in choices[len(plan)]:
            if before is None or slot[0] >= least(session.interval, before):
                yield from extend([*plan, slot])

    return extend([])


def brute_force(request: PlacingRequest, taken: Taken = ()) -> list[Slot] | None:
    """The best of all plans, None if there is none."""
    plans = all_plans(request, candidates(request, taken))
    return min(plans, key=lambda plan: score(request, plan), default=None)


def first_without_place(request: PlacingRequest, taken: Taken = ()) -> int:
    """The number of the first session that no plan reaches."""
    choices = candidates(request, taken)
    for count in range(1, len(choices) + 1):
        if next(all_plans(request, choices[:count]), None) is None:
            return request.sessions[count - 1].number
    raise AssertionError("every session finds a place")


def better_single_move(
    request: PlacingRequest, plan: Sequence[Slot], taken: Taken = ()
) -> list[Slot] | None:
    """A better plan that differs in one session, None if there is none."""
    best = score(request, plan)
    for index, choices in enumerate(candidates(request, taken)):
        for slot in choices:
            moved = [*plan[:index], slot, *plan[index + 1 :]]
            if score(request, moved) < best and _gaps_hold(request, moved):
                return moved
    return None


def _gaps_hold(request: PlacingRequest, plan: Sequence[Slot]) -> bool:
    befores = [request.previous, *(day for day, _ in plan)]
    return all(
        before is None or day >= least(session.interval, before)
        for session, before, (day, _) in zip(request.sessions, befores, plan, strict=False)
    )


# A booked plan


def slots(booked: Iterable[BookedSession]) -> list[Slot]:
    """The days and minutes of a booked plan, as its aware starts show them."""
    return [(each.start.date(), each.start.hour * 60 + each.start.minute) for each in booked]


def violations(
    request: PlacingRequest, booked: Sequence[BookedSession], taken: Taken = ()
) -> list[str]:
    """Every breach of the hard rules, and every figure of a booked session that is not so."""
    zone = request.open_time.clinic.zone
    found: list[str] = []
    if [each.plan for each in booked] != list(request.sessions):
        found.append("not the sessions that were asked for")
    before = request.previous
    for each, slot in zip(booked, slots(booked), strict=True):
        day, minute = slot
        wrong = list(complaints(request, slot, taken))
        if each.start.second or each.start.astimezone(UTC) != moment(day, minute, zone):
            wrong.append("not the first moment that shows this time")
        if each.end.astimezone(UTC) - each.start.astimezone(UTC) != timedelta(
            minutes=request.length
        ):
            wrong.append("not of the asked length")
        if each.start.tzinfo is not zone or each.end.tzinfo is not zone:
            wrong.append("not in the clinic's zone")
        if day > each.plan.ideal + REACH:
            wrong.append("more than 120 days after the ideal")
        wrong += _wrong_figures(each, day, before)
        found += [f"session {each.plan.number} on {slot}: {what}" for what in wrong]
        before = day
    return found


def _wrong_figures(each: BookedSession, day: date, before: date | None) -> Iterator[str]:
    if each.shift_days != (day - each.plan.ideal).days or each.day != day:
        yield "a wrong shift"
    if before is None:
        if (each.latest, each.gap_days, each.overdue_days) != (None, None, 0):
            yield "limits without a session before"
        return
    earliest, latest = least(each.plan.interval, before), most(each.plan.interval, before)
    if day < earliest:
        yield f"closer than the least gap after {before}"
    if (each.earliest, each.latest) != (earliest, latest):
        yield "wrong limits"
    if each.gap_days != (day - before).days:
        yield "a wrong gap"
    if each.overdue_days != max(0, (day - latest).days):
        yield "wrong overdue days"
