"""Ideal dates become booked slots: the exact optimum of DESIGN section 3, with the why.

The goals are compared one after the other: overdue days, days from the ideal dates, sessions
that come early, minutes from the preferred time, the earliest dates. A dynamic program over the
days of each session finds the optimum. It looks near the ideal dates first: where nothing is
overdue, a plan whose days from the ideal sum up to no more than the radius it looked in cannot
be beaten from outside that radius.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from meso_sched.core import explaining
from meso_sched.core.clinic import Busy, OpenTime
from meso_sched.core.course import IdealSession
from meso_sched.core.starts import DayStarts, Start, local_end, local_start
from meso_sched.core.walltime import plural, show_day
from meso_sched.errors import PlacingError

REACH_DAYS = 120
"""A session that finds no place within so many days after its ideal has none (DESIGN 3)."""

# One number holds the goals in their order: each weight is more than all below it can sum up to
# over MAX_SESSIONS sessions (minutes < 2**20, early < 2**10, days < 2**30).
_EARLY = 1 << 20
_DAY = 1 << 30
_OVERDUE = 1 << 60


class PlacingRequest(NamedTuple):
    """What to place: sessions in order, none before ``start`` (local, naive).

    ``previous`` is the day of the session booked before the first of them, if there is one;
    ``length`` is in minutes.
    """

    sessions: tuple[IdealSession, ...]
    start: datetime
    length: int
    open_time: OpenTime
    busy: Busy = Busy()
    previous: date | None = None


class BookedSession(NamedTuple):
    """A session with its slot; ``start`` and ``end`` aware, the other dates local.

    ``earliest`` and ``latest`` follow from the session booked before.
    """

    plan: IdealSession
    start: datetime
    end: datetime
    earliest: date
    latest: date | None
    gap_days: int | None
    overdue_days: int
    why: tuple[str, ...]

    @property
    def day(self) -> date:
        """The local date of the slot."""
        return self.start.date()

    @property
    def shift_days(self) -> int:
        """Days from the ideal date; negative is early."""
        return (self.day - self.plan.ideal).days


def place(request: PlacingRequest) -> tuple[BookedSession, ...]:
    """Book every session; PlacingError says which finds no place and what stood in the way."""
    if request.open_time.clinic.never_opens:
        raise PlacingError(
            "the clinic is closed all week; give it hours under [clinic.hours] in schedules.toml"
        )
    search = _Search(request)
    days = search.optimum()
    return tuple(_book(search, days, index) for index in range(len(days)))


class _Layer(NamedTuple):
    """The days that one session may take, and what each costs with all that follows it."""

    days: list[int]
    total: list[int]
    after: list[int]
    """The cost of everything behind the session, for each of its days."""


class _Search:
    """One request's days, as ordinals; remembers starts and limits that it worked out."""

    def __init__(self, request: PlacingRequest) -> None:
        self.request = request
        self.sessions = request.sessions
        self.ideals = [session.ideal.toordinal() for session in request.sessions]
        self.starts = DayStarts(request.open_time, request.busy, request.length)
        self.first_day = request.start.toordinal()
        self.first_minute = request.start.hour * 60 + request.start.minute
        self._limits: dict[tuple[int, int], tuple[int, int]] = {}

    def optimum(self) -> list[int]:
        """The days of the best plan; PlacingError if there is none."""
        radius = 0
        while radius <= REACH_DAYS:
            days = self._best_within([ideal - radius for ideal in self.ideals], radius)
            if days is None or self._overdue(days):
                radius = 4 * radius or 2
                continue
            distance = sum(abs(a - b) for a, b in zip(days, self.ideals, strict=True))
            if distance <= radius:
                return days
            radius = distance
        best = self._best_within(self._soonest(), REACH_DAYS)
        assert best is not None, "the soonest days are a plan"
        return best

    def limits(self, index: int, before: int) -> tuple[int, int]:
        """The earliest and the latest day of a session after one booked on ``before``."""
        key = (index, before)
        if key not in self._limits:
            interval, day = self.sessions[index].interval, date.fromordinal(before)
            self._limits[key] = (
                interval.earliest(day).toordinal(),
                interval.latest(day).toordinal(),
            )
        return self._limits[key]

    def start_on(self, day: int) -> Start | None:
        """The best start of a day, on the first one not before the start; None if none is free."""
        return self.starts.best(day, self.first_minute if day == self.first_day else 0)

    def _cost(self, index: int, day: int) -> int | None:
        """What a day costs a session by itself; None where no start is free."""
        start = self.start_on(day)
        if start is None:
            return None
        shift = day - self.ideals[index]
        return abs(shift) * _DAY + (shift < 0) * _EARLY + start.distance

    def _best_within(self, lowest: Sequence[int], reach: int) -> list[int] | None:
        """The best plan with every session from its lowest day to ``reach`` after its ideal."""
        layers: list[_Layer] = []
        for index in reversed(range(len(self.sessions))):
            layer = self._layer(index, lowest[index], reach, layers[-1] if layers else None)
            if not layer.days:
                return None
            layers.append(layer)
        return self._earliest_best(layers[::-1])

    def _layer(self, index: int, lowest: int, reach: int, following: _Layer | None) -> _Layer:
        first = max(lowest, self.first_day)
        if index == 0 and self.request.previous is not None:
            first = max(first, self.limits(0, self.request.previous.toordinal())[0])
        tail = None if following is None else _Tail(following)
        layer = _Layer([], [], [])
        for day in range(first, self.ideals[index] + min(reach, REACH_DAYS) + 1):
            cost = self._cost(index, day)
            if cost is None:
                continue
            after = 0 if tail is None else tail.best(*self.limits(index + 1, day))
            if after is None:
                continue
            layer.days.append(day)
            layer.total.append(cost + after + self._first_overdue(index, day))
            layer.after.append(after)
        return layer

    def _first_overdue(self, index: int, day: int) -> int:
        if index or self.request.previous is None:
            return 0
        latest = self.limits(0, self.request.previous.toordinal())[1]
        return max(0, day - latest) * _OVERDUE

    def _earliest_best(self, layers: Sequence[_Layer]) -> list[int]:
        """Of the plans that cost the least, the one with the earliest dates."""
        first = layers[0]
        place = first.total.index(min(first.total))
        days = [first.days[place]]
        for index in range(1, len(layers)):
            owed, layer = layers[index - 1].after[place], layers[index]
            earliest, latest = self.limits(index, days[-1])
            place = bisect_left(layer.days, earliest)
            while layer.total[place] + max(0, layer.days[place] - latest) * _OVERDUE != owed:
                place += 1
            days.append(layer.days[place])
        return days

    def _overdue(self, days: Sequence[int]) -> int:
        previous = self.request.previous
        befores = [None if previous is None else previous.toordinal(), *days]
        return sum(
            max(0, day - self.limits(index, before)[1])
            for index, (before, day) in enumerate(zip(befores, days, strict=False))
            if before is not None
        )

    def _soonest(self) -> list[int]:
        """The first day on which each session can be at all; PlacingError where one has none."""
        soonest: list[int] = []
        previous = self.request.previous
        before = None if previous is None else previous.toordinal()
        for index, ideal in enumerate(self.ideals):
            first = self.first_day
            if before is not None:
                first = max(first, self.limits(index, before)[0])
            last = ideal + REACH_DAYS
            day = next((d for d in range(first, last + 1) if self._cost(index, d) is not None), 0)
            if not day:
                raise PlacingError(self._no_place(index, before))
            soonest.append(day)
            before = day
        return soonest

    def _no_place(self, index: int, before: int | None) -> str:
        session = self.sessions[index]
        ideal = session.ideal
        earliest = self.first_day if before is None else self.limits(index, before)[0]
        obstacles = explaining.obstacles(
            self.starts,
            [ideal + timedelta(days=offset) for offset in range(REACH_DAYS + 1)],
            self._too_soon(index, date.fromordinal(earliest)),
        )
        return (
            f"session {session.number} ({session.phase}, ideal {show_day(ideal)} {ideal.year})"
            f" finds no place within {plural(REACH_DAYS, 'day')} after its ideal: {obstacles};"
            " widen the limits or choose another start"
        )

    def _too_soon(self, index: int, earliest: date) -> Callable[[date], str | None]:
        number = self.sessions[index].number
        reason = "before the start" if number == 1 else f"too soon after session {number - 1}"
        return lambda day: reason if day < earliest else None


class _Tail:
    """The costs of the sessions that follow, ready for the question: what after this day?"""

    def __init__(self, layer: _Layer) -> None:
        self.days = layer.days
        self.total = layer.total
        # From each place on, the least of cost plus overdue days counted from day 0.
        self.late = [
            total + day * _OVERDUE for total, day in zip(layer.total, layer.days, strict=True)
        ]
        for place in range(len(self.late) - 2, -1, -1):
            self.late[place] = min(self.late[place], self.late[place + 1])

    def best(self, earliest: int, latest: int) -> int | None:
        """The least cost of what follows from ``earliest`` on; days past ``latest`` are overdue."""
        in_time = bisect_left(self.days, earliest)
        overdue = bisect_right(self.days, latest)
        costs = self.total[in_time:overdue]
        if overdue < len(self.days):
            costs.append(self.late[overdue] - latest * _OVERDUE)
        return min(costs, default=None)


def _book(search: _Search, days: Sequence[int], index: int) -> BookedSession:
    request, session = search.request, search.sessions[index]
    day = date.fromordinal(days[index])
    before = date.fromordinal(days[index - 1]) if index else request.previous
    best = search.start_on(days[index])
    assert best is not None, "the search books only days with a free start"
    earliest = request.start.date() if before is None else session.interval.earliest(before)
    latest = None if before is None else session.interval.latest(before)
    after = None
    if index + 1 < len(days):
        after = (request.sessions[index + 1], date.fromordinal(days[index + 1]))
    booking = explaining.Booking(
        session=session,
        day=day,
        start=best,
        start_day=request.start.date(),
        start_minute=search.first_minute,
        earliest=earliest,
        latest=latest,
        before=before,
        after=after,
    )
    start = local_start(day, best.minute, request.open_time.clinic.zone)
    return BookedSession(
        plan=session,
        start=start,
        end=local_end(start, request.length),
        earliest=earliest,
        latest=latest,
        gap_days=None if before is None else (day - before).days,
        overdue_days=0 if latest is None else max(0, (day - latest).days),
        why=explaining.why(search.starts, booking),
    )


def overdue_warnings(booked: Sequence[BookedSession]) -> tuple[str, ...]:
    """A sentence for every session that comes later than its interval allows."""
    return tuple(
        f"session {each.plan.number} ({show_day(each.day)}) is {plural(each.overdue_days, 'day')}"
        f" overdue: {plural(each.gap_days, 'day')} after session {each.plan.number - 1},"
        f" the latest would be {show_day(each.latest)}"
        for each in booked
        if each.overdue_days and each.gap_days is not None and each.latest is not None
    )


def refuse_overdue(booked: Sequence[BookedSession]) -> None:
    """Raise PlacingError where a session is overdue."""
    warnings = overdue_warnings(booked)
    if warnings:
        raise PlacingError("; ".join(warnings))
