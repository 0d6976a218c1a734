"""Judges where sessions are booked, by the rules of time (DESIGN section 3) and nothing else.

It shares no code with ``meso_sched.core``: it reads the values of a request and works out by
plain enumeration what the core finds by search. Slow, so only for small cases; ``violations`` and
``better_single_move`` are for large ones too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from dateutil.relativedelta import relativedelta

from meso_sched.core.booked import BookedSession
from meso_sched.core.course import IdealSession, PlannedPhase
from meso_sched.core.interval import Interval, Step
from meso_sched.core.placing import PlacingRequest

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
    phases: Iterable[PlannedPhase],
    start: date,
    *,
    keep_weekday: bool,
    rebased: Mapping[int, date] = MappingProxyType({}),
) -> list[date]:
    """Where phases put their sessions; behind a rebased one they count from its own day."""
    dates: list[date] = []
    counted_from, steps = start, 0
    for phase in phases:
        if phase.restarted is not None:
            counted_from, steps = phase.restarted, 0
        elif dates:
            counted_from, steps = rebased.get(len(dates), dates[-1]), 1
        weeks = whole_weeks(phase.interval) if keep_weekday else None
        for _ in range(phase.sessions):
            if weeks is None:
                dates.append(after(counted_from, phase.interval.ideal, steps))
            else:
                dates.append(counted_from + timedelta(days=weeks * steps))
            steps += 1
            if len(dates) in rebased:
                counted_from, steps = rebased[len(dates)], 1
    return dates


# The limits of a session


def latest(session: IdealSession, before: date) -> date | None:
    """The last day after ``before`` that is not overdue; None if it begins a phase anew."""
    if session.restarts:
        return None
    for cancelled in session.skipped:
        before = most(cancelled, before)
    return most(session.interval, before)


def overdue_days(session: IdealSession, before: date, day: date) -> int:
    """Days past the latest."""
    last = latest(session, before)
    return 0 if last is None else max(0, (day - last).days)


def is_fixed(request: PlacingRequest, session: IdealSession) -> bool:
    """Whether its slot stays as it is."""
    return session.number in request.fixed


def first_day(request: PlacingRequest, session: IdealSession) -> date:
    """The first day of a session that is open, whatever the one before it says."""
    return max(request.start.date(), request.first_days.get(session.number, date.min))


def last_days(request: PlacingRequest) -> list[date]:
    """The last day of each session: 120 days after its ideal or the soonest that it can be."""
    lasts: list[date] = []
    soonest: date | None = None
    for session in request.sessions:
        if is_fixed(request, session):
            soonest = request.fixed[session.number].start.date()
        else:
            gap = date.min if soonest is None else least(session.interval, soonest)
            soonest = max(first_day(request, session), gap)
        lasts.append(max(session.ideal, soonest) + REACH)
    return lasts


def gap_holds(
    request: PlacingRequest, earlier: IdealSession, before: date, session: IdealSession, day: date
) -> bool:
    """Whether the least is kept between two neighbours; between two fixed ones none is asked."""
    if is_fixed(request, earlier) and is_fixed(request, session):
        return True
    return day >= least(session.interval, before)


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
    """The five soft rules of a plan that keeps the hard one; the lower the better.

    A fixed session counts only where it is overdue after one that is open.
    """
    overdue = distance = early = minutes = 0
    placed = list(zip(request.sessions, plan, strict=True))
    for (earlier, (before, _)), (session, (day, _)) in pairwise(placed):
        if not (is_fixed(request, earlier) and is_fixed(request, session)):
            overdue += overdue_days(session, before, day)
    for session, (day, minute) in placed:
        if not is_fixed(request, session):
            distance += abs((day - session.ideal).days)
            early += day < session.ideal
            minutes += wish_distance(request, minute)
    return overdue, distance, early, minutes, tuple(day for day, _ in plan)


def candidates(request: PlacingRequest, taken: Taken) -> list[list[Slot]]:
    """For each session every day within reach that has a start, at the best start of that day.

    A fixed session has its own slot only.
    """
    lasts = last_days(request)
    first = request.start.date()
    free_slots: list[Slot] = []
    for n in range((max(lasts) - first).days + 1):
        day = first + timedelta(days=n)
        free = starts(request, day, taken)
        if free:
            free_slots.append((day, min(free, key=lambda m: (wish_distance(request, m), m))))
    return [
        [_slot(request.fixed[session.number].start)]
        if is_fixed(request, session)
        else [slot for slot in free_slots if first_day(request, session) <= slot[0] <= last]
        for session, last in zip(request.sessions, lasts, strict=True)
    ]


def all_plans(request: PlacingRequest, choices: Sequence[Sequence[Slot]]) -> Iterator[list[Slot]]:
    """Every combination in which each gap is at least the least."""

    def extend(plan: list[Slot]) -> Iterator[list[Slot]]:
        if len(plan) == len(choices):
            yield plan
            return
        for slot in choices[len(plan)]:
            if _gaps_hold(request, [*plan[-1:], slot], max(0, len(plan) - 1)):
                yield from extend([*plan, slot])

    return extend([])


def brute_force(request: PlacingRequest, taken: Taken = ()) -> list[Slot] | None:
    """The best of all plans, None if there is none."""
    plans = all_plans(request, candidates(request, taken))
    return min(plans, key=lambda plan: score(request, plan), default=None)


def first_without_place(request: PlacingRequest, taken: Taken = ()) -> IdealSession:
    """The first session that no plan reaches."""
    choices = candidates(request, taken)
    for count in range(1, len(choices) + 1):
        if next(all_plans(request, choices[:count]), None) is None:
            return request.sessions[count - 1]
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


def _gaps_hold(request: PlacingRequest, plan: Sequence[Slot], position: int = 0) -> bool:
    """Whether slots in a row, those of the sessions from ``position`` on, keep the least."""
    sessions = request.sessions[position : position + len(plan)]
    return all(
        gap_holds(request, earlier, before, session, day)
        for (earlier, (before, _)), (session, (day, _)) in pairwise(
            zip(sessions, plan, strict=True)
        )
    )


# A booked plan


def slots(booked: Iterable[BookedSession]) -> list[Slot]:
    """The days and minutes of a booked plan, as its aware starts show them."""
    return [_slot(each.start) for each in booked]


def _slot(start: datetime) -> Slot:
    return start.date(), start.hour * 60 + start.minute


def violations(
    request: PlacingRequest, booked: Sequence[BookedSession], taken: Taken = ()
) -> list[str]:
    """Every breach of the hard rules, and every figure of a booked session that is not so."""
    found: list[str] = []
    if [each.plan for each in booked] != list(request.sessions):
        found.append("not the sessions that were asked for")
    earlier: BookedSession | None = None
    for each, last in zip(booked, last_days(request), strict=True):
        if is_fixed(request, each.plan):
            wrong = list(_wrong_where_fixed(request, each))
        else:
            wrong = list(_wrong_where_open(request, each, last, taken))
        wrong += _wrong_figures(request, each, earlier)
        found += [f"session {each.plan.number} on {each.start}: {what}" for what in wrong]
        earlier = each
    return found


def _wrong_where_fixed(request: PlacingRequest, each: BookedSession) -> Iterator[str]:
    slot = request.fixed[each.plan.number]
    if (each.start, each.end) != (slot.start, slot.end):
        yield f"moved away from {slot.start}"
    if each.why:
        yield "explained, although a person chose it"


def _wrong_where_open(
    request: PlacingRequest, each: BookedSession, last: date, taken: Taken
) -> Iterator[str]:
    zone = request.open_time.clinic.zone
    day, minute = slot = _slot(each.start)
    yield from complaints(request, slot, taken)
    if each.start.second or each.start.astimezone(UTC) != moment(day, minute, zone):
        yield "not the first moment that shows this time"
    if each.end.astimezone(UTC) - each.start.astimezone(UTC) != timedelta(minutes=request.length):
        yield "not of the asked length"
    if each.start.tzinfo is not zone or each.end.tzinfo is not zone:
        yield "not in the clinic's zone"
    if not first_day(request, each.plan) <= day <= last:
        yield "before its first day or out of reach"


def _wrong_figures(
    request: PlacingRequest, each: BookedSession, earlier: BookedSession | None
) -> Iterator[str]:
    session, day = each.plan, each.start.date()
    if each.shift_days != (day - session.ideal).days or each.day != day:
        yield "a wrong shift"
    if earlier is None:
        figures = (each.before, each.earliest, each.latest, each.gap_days, each.overdue_days)
        if figures != (None, session.ideal, None, None, 0):
            yield "wrong limits without a session before"
        return
    before = earlier.start.date()
    if not gap_holds(request, earlier.plan, before, session, day):
        yield f"closer than the least gap after {before}"
    if each.before != earlier.plan.number:
        yield "after another session than the one before it"
    if (each.earliest, each.latest) != (least(session.interval, before), latest(session, before)):
        yield "wrong limits"
    if each.gap_days != (day - before).days:
        yield "a wrong gap"
    if each.overdue_days != overdue_days(session, before, day):
        yield "wrong overdue days"
