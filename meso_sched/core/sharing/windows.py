"""Between which days each session is looked for: near at first, farther where that could pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from meso_sched.core.sharing.solo import Solo
from meso_sched.core.sharing.visits import Visits

FEW_VISITS = 12
"""For so few sessions all days are looked at at once."""

_DAYS, _OPEN_DAYS, _GROWTH = 2, 2, 4
"""How far beyond the ideal day and that of the course alone, and how many days that it can have."""


class Wider(Exception):  # noqa: N818 - a turn of the search, no error
    """The search has to look at more days, and to begin again."""


class Windows:
    """The first and the last day of each session (ordinals), by its place; they only grow."""

    def __init__(self, visits: Visits, solo: Solo) -> None:
        self.visits = visits
        self._step = [_DAYS] * len(visits.all)
        self.all = [self._first(place, day) for place, day in enumerate(solo.days)]

    def _first(self, place: int, alone: int | None) -> tuple[int, int]:
        visit = self.visits.all[place]
        if visit.stays is not None:
            return visit.stays, visit.stays
        if len(self.visits.all) <= FEW_VISITS:
            return visit.first, visit.last
        days = [visit.ideal, visit.ideal if alone is None else alone]
        if visit.former is not None:
            days.append(visit.former[0])
        high = self._open_days_after(place, max(days))
        return self._clipped(place, min(days) - _DAYS, max(high, max(days) + _DAYS))

    def _open_days_after(self, place: int, day: int) -> int:
        """The day up to which a session has some days behind one, over whatever closes."""
        found, last = 0, self.visits.all[place].last
        while day < last and found < _OPEN_DAYS:
            day += 1
            found += self.visits.best(place, day) is not None
        return day

    def _clipped(self, place: int, low: int, high: int) -> tuple[int, int]:
        visit = self.visits.all[place]
        return max(visit.first, low), min(visit.last, high)

    def left_out(self, place: int) -> tuple[int | None, int | None]:
        """How far from the ideal day the next day before the window is, and the next behind it.

        None where none was left out.
        """
        visit, (low, high) = self.visits.all[place], self.all[place]
        if visit.stays is not None:
            return None, None
        before = abs(low - 1 - visit.ideal) if low > visit.first else None
        return before, abs(high + 1 - visit.ideal) if high < visit.last else None

    def widen(self, places: Iterable[int]) -> None:
        """Look some way farther, for their whole courses, which move together; raises Wider."""
        entries = {self.visits.all[place].entry for place in places}
        for place in (place for entry in entries for place in self.visits.chains[entry]):
            low, high = self.all[place]
            self._step[place] *= _GROWTH
            step = self._step[place]
            self.all[place] = self._clipped(place, low - step, high + step)
        raise Wider

    def reach(self, distances: Mapping[int, float]) -> None:
        """Look so far from the ideal days, by place; raises Wider where that is farther."""
        former = list(self.all)
        for place, distance in distances.items():
            ideal, (low, high) = self.visits.all[place].ideal, self.all[place]
            days = ceil(distance) + 1
            low, high = min(low, ideal - days), max(high, ideal + days)
            self.all[place] = self._clipped(place, low, high)
        if self.all != former:
            raise Wider
