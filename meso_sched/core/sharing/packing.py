"""The sessions of one day get their minutes and their people, or it is said that they cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, gcd, isfinite
from typing import NamedTuple

from meso_sched.core.sharing.capacity import Need, Occupancy, Stretch
from meso_sched.core.sharing.hours import Begin, DayHours, Demand, add_hours, minutes_of
from meso_sched.core.sharing.linear import Model, Solver
from meso_sched.core.sharing.visits import Visits
from meso_sched.core.starts import Start

_SLIGHT = 1e-6


class Seat(NamedTuple):
    """Where a session is: an ordinal day, a minute of it, a practitioner's place or None."""

    day: int
    minute: int
    person: int | None


class Packed(NamedTuple):
    """Seats by session; ``minutes`` from the preferred times.

    ``hoped`` are those minutes if no session were in another's way, ``least`` those that it takes
    as they are, as far as that is known.
    """

    seats: dict[int, Seat]
    minutes: int
    hoped: int
    least: int


class Packer:
    """Packs days, and remembers them: from turn to turn most of them have the same sessions."""

    def __init__(self, visits: Visits, solver: Solver) -> None:
        self.visits = visits
        self.solver = solver
        self._known: dict[tuple[int, tuple[Demand, ...]], Packed] = {}

    def pack(self, by_day: Mapping[int, Sequence[Demand]]) -> tuple[dict[int, Packed], set[int]]:
        """Days with their seats, and those that do not hold what they were given."""
        occupancy = self.visits.occupancy.copy()
        packed: dict[int, Packed] = {}
        full: set[int] = set()
        for day, demands in sorted(by_day.items()):
            key = (day, tuple(demands))
            # What is not free before midnight may be in the way of the next day.
            is_apart = day - 1 not in packed or not self._lasts(packed[day - 1])
            seats = self._known.get(key) if is_apart else None
            if seats is not None:
                _sit(self.visits, seats, occupancy)
            else:
                seats = pack(self.visits, day, demands, occupancy, self.solver)
            if seats is None:
                full.add(day)
                continue
            packed[day] = seats
            if is_apart:
                self._known[key] = seats
        return packed, full

    def _lasts(self, packed: Packed) -> bool:
        """Whether a day's rooms are taken past its end."""
        stretches = _stretches(self.visits, packed)
        ends = {self.visits.epoch_minute(seat.day + 1, 0) for seat in packed.seats.values()}
        return any(stretch.free > min(ends) for _, stretch, _ in stretches)


def pack(
    visits: Visits, day: int, demands: Sequence[Demand], occupancy: Occupancy, solver: Solver | None
) -> Packed | None:
    """Seat all sessions of a day with the fewest minutes; None if they do not fit.

    ``occupancy`` takes the seats. Without a solver, None also means that the quick way failed.
    """
    quick = _quick(visits, day, demands, occupancy)
    if quick is not None and (quick.minutes == quick.hoped or solver is None):
        return quick
    if quick is not None:
        _leave(visits, quick, occupancy)
    exact = None if solver is None else _exact(visits, day, demands, occupancy, solver)
    if exact is not None:
        hoped = sum(_starts(visits, day, demand)[0].distance for demand in demands)
        return exact._replace(hoped=hoped, least=max(hoped, exact.least))
    if quick is not None:
        _sit(visits, quick, occupancy)
    return quick


def _quick(
    visits: Visits, day: int, demands: Sequence[Demand], occupancy: Occupancy
) -> Packed | None:
    """One after the other, each at the best that is left, in the better of two orders.

    First come those who prefer a time, so that nobody else takes theirs. That may leave no room for
    who has few starts: then these come first.
    """
    turns = [_Turn.of(visits, day, demand) for demand in demands]
    hoped = sum(turn.starts[0].distance for turn in turns if turn.starts)
    best: Packed | None = None
    orders = [sorted(turns), sorted(turns, key=lambda turn: turn[1:])]
    for in_turn in orders if orders[0] != orders[1] else orders[:1]:
        seats = _one_by_one(visits, day, in_turn, occupancy)
        if seats is not None:
            packed = Packed(seats, _distance(visits, seats), hoped, least=hoped)
            if packed.minutes == hoped:
                return packed
            _leave(visits, packed, occupancy)
            best = packed if best is None else min(best, packed, key=lambda each: each.minutes)
    if best is not None:
        _sit(visits, best, occupancy)
    return best


class _Turn(NamedTuple):
    """A session in the order in which sessions are seated."""

    has_no_wish: bool
    choices: int
    shortness: int
    place: int
    starts: tuple[Start, ...]

    @classmethod
    def of(cls, visits: Visits, day: int, demand: Demand) -> _Turn:
        starts = _starts(visits, day, demand)
        has_no_wish = visits.preferred(demand.visit) is None
        length = visits.all[demand.visit].length
        return cls(has_no_wish, len(starts), -length, demand.visit, starts)


def _one_by_one(
    visits: Visits, day: int, turns: Sequence[_Turn], occupancy: Occupancy
) -> dict[int, Seat] | None:
    """Seats that ``occupancy`` takes; None, and nothing taken, where somebody finds none."""
    seats: dict[int, Seat] = {}
    for turn in turns:
        seat = _first_free(visits, day, turn.place, turn.starts, occupancy)
        if seat is None:
            _leave(visits, Packed(seats, 0, 0, 0), occupancy)
            return None
        seats[turn.place] = seat
    return seats


def _starts(visits: Visits, day: int, demand: Demand) -> tuple[Start, ...]:
    """All starts that a session can have, the best first."""
    free = visits.free(demand.visit, day)
    if demand.pinned is None:
        return free
    return tuple(start for start in free if start.minute == demand.pinned)


def _first_free(
    visits: Visits, day: int, place: int, starts: Sequence[Start], occupancy: Occupancy
) -> Seat | None:
    need = visits.all[place].need
    for start in starts:
        stretch = visits.stretch(place, day, start.minute)
        if occupancy.has_room(need, stretch):
            seat = Seat(day, start.minute, occupancy.person_for(need, stretch))
            occupancy.take(need, stretch, seat.person)
            return seat
    return None


def _exact(
    visits: Visits, day: int, demands: Sequence[Demand], occupancy: Occupancy, solver: Solver
) -> Packed | None:
    model = Model()
    hours = add_hours(model, visits, day, [each._replace(column=None) for each in demands])
    if not hours.begins:
        return None
    minutes = minutes_of([hours])
    grain = gcd(*minutes.values()) or 1
    costs = [minutes.get(column, 0) / grain for column in range(model.width)]
    solved = solver.solve(model, costs)
    if solved is None:
        return None
    seats = seated(visits, hours, solved.values, occupancy)
    # Of whole costs nothing lies between a bound and the next whole number.
    least = grain * ceil(solved.bound - _SLIGHT) if isfinite(solved.bound) else 0
    return Packed(seats, _distance(visits, seats), 0, least)


def seated(
    visits: Visits, hours: DayHours, values: Sequence[float], occupancy: Occupancy
) -> dict[int, Seat]:
    """The sessions of a day by what a model says of its starts; ``occupancy`` takes them."""
    waiting = {
        kind: [each.visit for each in demands if each.column is None or values[each.column] > 0.5]
        for kind, demands in hours.demands.items()
    }
    seats: dict[int, Seat] = {}
    for begin in sorted(hours.begins, key=_by_start):
        for _ in range(round(values[begin.column])):
            place = waiting[begin.kind].pop(0)
            need = visits.all[place].need
            person = _somebody(begin, occupancy)
            occupancy.take(need, begin.stretch, person)
            seats[place] = Seat(hours.day, begin.minute, person)
    assert not any(waiting.values()), "the model seats everybody"
    return seats


def _by_start(begin: Begin) -> tuple[int, int, int]:
    return begin.stretch.start, begin.stretch.free, begin.column


def _somebody(begin: Begin, occupancy: Occupancy) -> int | None:
    """Of a group of practitioners who are alike, one who is free."""
    for person in begin.group.people:
        if occupancy.is_person_free(person, begin.stretch):
            return person
    assert not begin.group.people, "no more begin than a group has people"
    return None


def _distance(visits: Visits, seats: dict[int, Seat]) -> int:
    return sum(distance(visits, place, seat) for place, seat in seats.items())


def distance(visits: Visits, place: int, seat: Seat) -> int:
    """The minutes from the preferred time."""
    preferred = visits.preferred(place)
    return 0 if preferred is None else abs(seat.minute - preferred)


def _stretches(visits: Visits, packed: Packed) -> list[tuple[Need, Stretch, int | None]]:
    return [
        (visits.all[place].need, visits.stretch(place, seat.day, seat.minute), seat.person)
        for place, seat in packed.seats.items()
    ]


def _sit(visits: Visits, packed: Packed, occupancy: Occupancy) -> None:
    for need, stretch, person in _stretches(visits, packed):
        occupancy.take(need, stretch, person)


def _leave(visits: Visits, packed: Packed, occupancy: Occupancy) -> None:
    for need, stretch, person in _stretches(visits, packed):
        occupancy.take(need, stretch, person, -1)
