"""The minutes of a day: how many there are for sessions, and how many each takes.

Never too few of the first: what the rows of minutes forbid is forbidden, and what they allow may
still be too much, since lengths that differ need not fit one behind the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import ceil, gcd
from typing import NamedTuple

from meso_sched.core.sharing.hours import Demand
from meso_sched.core.sharing.visits import Visits, spans_of
from meso_sched.core.walltime import Span

_TRACE, _LEAST_BREACH = 1e-6, 1e-3


class Limit(NamedTuple):
    """A row of minutes: what the columns take, and what there is."""

    columns: list[int]
    sizes: list[float]
    minutes: int

    def broken(self, values: Sequence[float]) -> tuple[list[int], int] | None:
        """Columns, and how many of them there can be at most, where ``values`` has more.

        Of some sessions that take too long together by an excess, at least so many must go as the
        longest of them goes into the excess. The relaxed model cuts one in two, this does not.
        """
        likely = sorted(
            (-values[column], -size, column)
            for column, size in zip(self.columns, self.sizes, strict=True)
            if values[column] > _TRACE
        )
        best, most, broken = 0, 0, _LEAST_BREACH
        count, total, longest, there = 0, 0.0, 0.0, 0.0
        for value, size, _ in likely:
            count, total, there = count + 1, total - size, there - value
            longest = max(longest, -size)
            leaving = ceil((total - self.minutes) / longest - _TRACE)
            if total > self.minutes and there - (count - leaving) > broken:
                best, most, broken = count, count - leaving, there - (count - leaving)
        if not best:
            return None
        chosen = {column for *_, column in likely[:best]}
        longest = max(-size for _, size, _ in likely[:best])
        # Others that are as long change nothing: each goes into the excess once more.
        chosen |= {
            column for column, size in zip(self.columns, self.sizes, strict=True) if size == longest
        }
        return sorted(chosen), most


def limits_of(visits: Visits, day: int, demands: Sequence[Demand]) -> Iterator[Limit]:
    """The limits of a day that its demands could break: of the rooms, of the hours that patients
    ask for, and of the people."""
    minutes = DayMinutes(visits, day, [each.visit for each in demands])

    def between(demand: Demand) -> tuple[Span, ...] | None:
        return visits.request.entries[visits.all[demand.visit].entry].limits.between

    def people(demand: Demand) -> tuple[int, ...] | None:
        return visits.all[demand.visit].need.people

    found = [_limit(minutes, demands, minutes.of_rooms(None))]
    for hours in dict.fromkeys(map(between, demands)):
        if hours is not None:
            own = [each for each in demands if between(each) == hours]
            found.append(_limit(minutes, own, minutes.of_rooms(hours)))
    for able in dict.fromkeys(map(people, demands)):
        if able is not None:
            own = [each for each in demands if set(people(each) or ()) <= set(able)]
            found.append(_limit(minutes, own, minutes.of_people(able)))
    return (limit for limit in found if sum(limit.sizes) > limit.minutes)


def _limit(minutes: DayMinutes, demands: Sequence[Demand], total: int) -> Limit:
    sizes = [float(minutes.size(each.visit)) for each in demands]
    return Limit([each.column for each in demands if each.column is not None], sizes, total)


class DayMinutes:
    """How many minutes a day has for sessions, and how many each takes: never too few of the first.

    A session takes its length and the turnover, up to the next start on the grid; the last of a
    span only its length. Beside appointments that stay, which need not keep the grid, it counts
    just what it takes.
    """

    def __init__(self, visits: Visits, day: int, places: Sequence[int]) -> None:
        self.visits = visits
        self.day = day
        self.spans = spans_of(visits, day)
        first, last = visits.epoch_minute(day, 0), visits.epoch_minute(day + 1, 0)
        self.fixed = [each for each in visits.fixed if each.start < last and first < each.free]
        lengths = {visits.all[place].length for place in places}
        self.sizes = {length: self._size(length) for length in lengths}
        self.grain = 1 if self.fixed else gcd(*self.sizes.values())
        self.over = max(size - length for length, size in self.sizes.items())

    def size(self, place: int) -> int:
        """The minutes that a session takes."""
        return self.sizes[self.visits.all[place].length]

    def _size(self, length: int) -> int:
        taken, slot = length + self.visits.clinic.turnover, self.visits.clinic.slot
        return taken if self.fixed else -(-taken // slot) * slot

    def of_rooms(self, windows: tuple[Span, ...] | None) -> int:
        """The minutes of all rooms, or of those in some hours of the day."""
        spans = self.spans
        if windows is not None:
            epoch = self.visits.epoch_minute
            hours = [(epoch(self.day, each.start), epoch(self.day, each.end)) for each in windows]
            spans = list(_common(spans, hours))
        total = self.visits.occupancy.rooms * sum(map(self._grained, spans))
        if any(each.stretch in self.fixed for each in self.visits.conflicts):
            return total  # appointments that stay upon each other do not add up
        taken = (_overlap((each.start, each.free), span) for each in self.fixed for span in spans)
        return max(0, total - sum(taken))

    def of_people(self, people: Iterable[int]) -> int:
        """The minutes of practitioners; what they have taken is left to `hours`."""
        total = 0
        for person in people:
            own = self.visits.clinic.practitioners[person].spans(date.fromordinal(self.day))
            spans = self.spans
            if own is not None:
                epoch = self.visits.epoch_minute
                there = [(epoch(self.day, each.start), epoch(self.day, each.end)) for each in own]
                spans = list(_common(spans, there))
            total += sum(map(self._grained, spans))
        return total

    def _grained(self, span: tuple[int, int]) -> int:
        return (span[1] - span[0] + self.over) // self.grain * self.grain


def _common(
    spans: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        for first, last in others:
            if max(start, first) < min(end, last):
                yield max(start, first), min(end, last)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
