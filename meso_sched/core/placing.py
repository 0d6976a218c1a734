"""Ideal dates become booked slots: the exact optimum of DESIGN section 3, with the why.

The goals are compared one after the other: overdue days, days from the ideal dates, sessions
that come early, minutes from the preferred time, the earliest dates. A dynamic program over the
days of each session finds the optimum. It looks near the ideal dates first: where nothing is
overdue, a plan whose days from the ideal sum up to no more than the radius it looked in cannot
be beaten from outside that radius.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from meso_sched.core import explaining
from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.clinic import Busy, FreeTime, OpenTime
from meso_sched.core.course import IdealSession
from meso_sched.core.starts import DayStarts, Start, local_end, local_start
from meso_sched.core.walltime import minute_of, plural, show_day
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

    By session number: ``fixed`` are slots that stay as they are, ``first_days`` the local day
    before which a session does not begin. ``length`` is in minutes. ``noun`` is what messages
    call what is placed; without ``explains`` they do not say what stood in the way, which takes
    longer than the search.
    """

    sessions: tuple[IdealSession, ...]
    start: datetime
    length: int
    open_time: OpenTime
    busy: FreeTime = Busy()
    fixed: Mapping[int, Slot] = MappingProxyType({})
    first_days: Mapping[int, date] = MappingProxyType({})
    noun: str = "session"
    explains: bool = True


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
        self.fixed = [_fixed_day(request, session) for session in request.sessions]
        self.starts = DayStarts(request.open_time, request.busy, request.length)
        self.start_day = request.start.toordinal()
        self.start_minute = minute_of(request.start)
        self._limits: dict[tuple[int, int], tuple[int, int]] = {}
        self.lasts = self._last_days()

    def optimum(self) -> list[int]:
        """The days of the best plan; PlacingError if there is none."""
        radius = 0
        while radius <= REACH_DAYS:
            days = self._best_within([ideal - radius for ideal in self.ideals], radius)
            if days is None or self._overdue(days):
                radius = 4 * radius or 2
                continue
            distance = sum(abs(day - self.ideals[index]) for index, day in self._free(days))
            if distance <= radius:
                return days
            radius = distance
        best = self._best_within(self._soonest(), None)
        assert best is not None, "the soonest days are a plan"
        return best

    def first_day(self, index: int) -> int:
        """The first day of a session, whatever the session before it says."""
        asked = self.request.first_days.get(self.sessions[index].number)
        return self.start_day if asked is None else max(self.start_day, asked.toordinal())

    def limits(self, index: int, before: int) -> tuple[int, int]:
        """The earliest and the latest day of a session after one booked on ``before``."""
        key = (index, before)
        if key not in self._limits:
            session, day = self.sessions[index], date.fromordinal(before)
            latest = session.latest(day) or date.max
            self._limits[key] = (session.earliest(day).toordinal(), latest.toordinal())
        return self._limits[key]

    def start_on(self, day: int) -> Start | None:
        """The best start of a day, on the first one not before the start; None if none is free."""
        return self.starts.best(day, self.start_minute if day == self.start_day else 0)

    def _last_days(self) -> list[int]:
        """The last day of each session."""
        firsts = [self.first_day(index) for index in range(len(self.sessions))]
        return last_days(self.sessions, firsts, self.fixed)

    def _free(self, days: Sequence[int]) -> list[tuple[int, int]]:
        """The sessions that are not fixed, each with its day."""
        return [(index, day) for index, day in enumerate(days) if self.fixed[index] is None]

    def _allowed(self, index: int, before: int) -> tuple[int, int]:
        """As ``limits``; between two fixed sessions there is nothing left to forbid."""
        earliest, latest = self.limits(index, before)
        both_fixed = self.fixed[index] is not None and self.fixed[index - 1] is not None
        return (0 if both_fixed else earliest), latest

    def _cost(self, index: int, day: int) -> int | None:
        """What a day costs a session by itself; None where no start is free."""
        if self.fixed[index] is not None:
            return 0
        start = self.start_on(day)
        if start is None:
            return None
        shift = day - self.ideals[index]
        return abs(shift) * _DAY + (shift < 0) * _EARLY + start.distance

    def _best_within(self, lowest: Sequence[int], radius: int | None) -> list[int] | None:
        """The best plan with every session from its lowest day to ``radius`` after its ideal.

        Without a radius each session may be as late as it can be.
        """
        layers: list[_Layer] = []
        for index in reversed(range(len(self.sessions))):
            last = self.lasts[index]
            if radius is not None:
                last = min(last, self.ideals[index] + radius)
            days = self._days(index, lowest[index], last)
            layer = self._layer(index, days, layers[-1] if layers else None)
            if not layer.days:
                return None
            layers.append(layer)
        return self._earliest_best(layers[::-1])

    def _days(self, index: int, lowest: int, last: int) -> range:
        fixed = self.fixed[index]
        if fixed is not None:
            return range(fixed, fixed + 1)
        return range(max(lowest, self.first_day(index)), last + 1)

    def _layer(self, index: int, days: range, following: _Layer | None) -> _Layer:
        tail = None if following is None else _Tail(following)
        layer = _Layer([], [], [])
        for day in days:
            cost = self._cost(index, day)
            if cost is None:
                continue
            after = 0 if tail is None else tail.best(*self._allowed(index + 1, day))
            if after is None:
                continue
            layer.days.append(day)
            layer.total.append(cost + after)
            layer.after.append(after)
        return layer

    def _earliest_best(self, layers: Sequence[_Layer]) -> list[int]:
        """Of the plans that cost the least, the one with the earliest dates."""
        first = layers[0]
        place = first.total.index(min(first.total))
        days = [first.days[place]]
        for index in range(1, len(layers)):
            owed, layer = layers[index - 1].after[place], layers[index]
            earliest, latest = self._allowed(index, days[-1])
            place = bisect_left(layer.days, earliest)
            while layer.total[place] + max(0, layer.days[place] - latest) * _OVERDUE != owed:
                place += 1
            days.append(layer.days[place])
        return days

    def _overdue(self, days: Sequence[int]) -> bool:
        """Whether a gap is too long that another plan could shorten."""
        return any(
            days[index] > self.limits(index, days[index - 1])[1]
            for index in range(1, len(days))
            if self.fixed[index] is None or self.fixed[index - 1] is None
        )

    def _soonest(self) -> list[int]:
        """The first day on which each session can be at all; PlacingError where one has none."""
        soonest: list[int] = []
        for index in range(len(self.sessions)):
            first = self._soonest_after(index, soonest[-1] if soonest else None)
            fixed = self.fixed[index]
            if fixed is not None and first > fixed:
                raise PlacingError(self._no_room(index, soonest[-1]))
            days = self._days(index, first, self.lasts[index])
            day = next((each for each in days if self._cost(index, each) is not None), None)
            if day is None:
                raise PlacingError(self._no_place(index, soonest[-1] if soonest else None))
            soonest.append(day)
        return soonest

    def _soonest_after(self, index: int, before: int | None) -> int:
        first = self.first_day(index) if self.fixed[index] is None else 0
        return first if before is None else max(first, self._allowed(index, before)[0])

    def _no_room(self, index: int, before: int) -> str:
        session, earlier = self.sessions[index], self.sessions[index - 1]
        fixed = self.fixed[index]
        assert fixed is not None, "only a fixed session leaves no room"
        return (
            f"session {earlier.number} finds no place before session {session.number}, which stays"
            f" on {show_day(date.fromordinal(fixed))}: it could be on"
            f" {show_day(date.fromordinal(before))} at the soonest; move session {session.number}"
            f" or cancel session {earlier.number}"
        )

    def _no_place(self, index: int, before: int | None) -> str:
        session = self.sessions[index]
        ideal = session.ideal
        if not self.request.explains:
            return f"{self.request.noun} {session.number} finds no place"
        obstacles = explaining.obstacles(
            self.starts,
            [ideal + timedelta(days=n) for n in range(self.lasts[index] - ideal.toordinal() + 1)],
            self._too_soon(index, self._soonest_after(index, before)),
        )
        return (
            f"{self.request.noun} {session.number} ({session.phase}, ideal {show_day(ideal)}"
            f" {ideal.year}) finds no place within {plural(REACH_DAYS, 'day')} after"
            f" {self._reach_from(index)}: {obstacles}; widen the limits or choose another start"
        )

    def _reach_from(self, index: int) -> str:
        soonest = self.lasts[index] - REACH_DAYS
        if soonest == self.ideals[index]:
            return "its ideal"
        return f"{show_day(date.fromordinal(soonest))}, its soonest day"

    def _too_soon(self, index: int, soonest: int) -> Callable[[date], str | None]:
        first = self.first_day(index)
        early = "before the start"
        if first > self.start_day:
            early = f"before {show_day(date.fromordinal(first))}"
        reason = f"too soon after session {self.sessions[index - 1].number}" if index else ""

        def told(day: date) -> str | None:
            if day.toordinal() < first:
                return early
            return reason if day.toordinal() < soonest else None

        return told


def last_days(
    sessions: Sequence[IdealSession], firsts: Sequence[int], fixed: Sequence[int | None]
) -> list[int]:
    """The last day of each session: so long after its ideal, or after it can be at all.

    ``firsts`` are the first days of each whatever stands before it, ``fixed`` those of sessions
    that stay; all are ordinals.
    """
    lasts: list[int] = []
    soonest: int | None = None
    for session, first, stays in zip(sessions, firsts, fixed, strict=True):
        if stays is not None:
            soonest = stays
        elif soonest is None:
            soonest = first
        else:
            gap = session.earliest(date.fromordinal(soonest)).toordinal()
            soonest = max(first, gap)
        lasts.append(max(session.ideal.toordinal(), soonest) + REACH_DAYS)
    return lasts


def _fixed_day(request: PlacingRequest, session: IdealSession) -> int | None:
    slot = request.fixed.get(session.number)
    return None if slot is None else slot.day.toordinal()


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
    fixed = request.fixed.get(session.number)
    booked = BookedSession.at(session, fixed or _slot(search, day))
    if index:
        before = search.sessions[index - 1].number, date.fromordinal(days[index - 1])
        booked = booked.after(before)
    if fixed:
        return booked
    return booked._replace(why=_why(search, days, index, (booked.earliest, booked.latest)))


def _slot(search: _Search, day: date) -> Slot:
    best = search.start_on(day.toordinal())
    assert best is not None, "the search books only days with a free start"
    start = local_start(day, best.minute, search.request.open_time.clinic.zone)
    return Slot(start, local_end(start, search.request.length))


def _why(
    search: _Search, days: Sequence[int], index: int, limits: tuple[date, date | None]
) -> tuple[str, ...]:
    best = search.start_on(days[index])
    assert best is not None, "the search books only days with a free start"
    first = search.first_day(index)
    after = before = None
    if index:
        before = search.sessions[index - 1].number
    if index + 1 < len(days):
        after = (search.sessions[index + 1], date.fromordinal(days[index + 1]))
    booking = explaining.Booking(
        session=search.sessions[index],
        day=date.fromordinal(days[index]),
        start=best,
        start_day=date.fromordinal(first),
        start_minute=search.start_minute if first == search.start_day else 0,
        earliest=limits[0],
        latest=limits[1],
        before=before,
        after=after,
    )
    return explaining.why(search.starts, booking)
