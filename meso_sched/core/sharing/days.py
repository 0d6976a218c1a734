"""The days of all sessions of a list as one linear model.

A column says that a session is on a day; rows hold every gap and the minutes of rooms and people.
Minutes are a little too generous where lengths differ: a day that proves too full to be packed
gets the starts of `hours` instead, and the model is solved again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from meso_sched.core.placing import REACH_DAYS
from meso_sched.core.sharing.hours import DayHours, Demand, add_hours, minutes_of
from meso_sched.core.sharing.linear import Model
from meso_sched.core.sharing.minutes import Limit, limits_of
from meso_sched.core.sharing.visits import Visit, Visits

MANY_CHOICES = 20
"""A session with more choices has columns that sum them up, so that its rows stay short."""


class Goal(IntEnum):
    """What is to be little, in the order in which it counts (core.cohort.Objective).

    Of plans that are equal in all that, the one counts that favours courses of priority.
    """

    UNPLACED = 0
    OVERDUE = 1
    MOVED = 2
    DISTANCE = 3
    EARLY = 4
    MINUTES = 5
    PRIORITY = 6


class Choice(NamedTuple):
    """A session on a day; ``pinned`` to the minute of its former slot, or free."""

    day: int
    column: int
    pinned: int | None = None


class _Sum(NamedTuple):
    """Columns that count once each, unless ``signs`` tell, and a constant beside them."""

    columns: list[int]
    signs: Sequence[float] = ()
    constant: float = 0.0


@dataclass(slots=True)
class Shape:
    """What a model holds: between which days each session is looked for, and what is exact.

    ``windows`` are the first and the last day of each session (ordinals); ``exact`` are days whose
    starts are modelled; ``pairs`` are sessions, by their places, with an unplaced one between them.
    ``days``, if there are any, are all that is left of the windows.
    """

    windows: list[tuple[int, int]]
    exact: set[int] = field(default_factory=set)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    days: list[list[int]] | None = None


class DaysModel:
    """The model of a shape; ``goals`` are the costs of its columns by goal."""

    def __init__(self, visits: Visits, shape: Shape) -> None:
        self.visits = visits
        self.shape = shape
        self.model = Model()
        self.goals: dict[Goal, dict[int, float]] = {goal: {} for goal in Goal}
        self.hours: list[DayHours] = []
        self.choices: list[list[Choice]] = []
        self.unplaced: list[int | None] = []
        self.places: list[int] = []
        """The row of each session that says that it is on one day at most."""

        self._sums: dict[int, list[int]] = {}
        self.last_sums: dict[int, int] = {}
        """The row of the last of the columns that sum up a session's choices."""

        self._late: dict[tuple[int, int], int] = {}
        self._limits: list[Limit] = []
        for place in range(len(visits.all)):
            self._add_visit(place)
        for chain in visits.chains:
            for before, after in pairwise(chain):
                self._add_gap(before, after)
        for before, after in shape.pairs:
            self._add_gap(before, after)
        self._add_capacity()
        self._add_priorities()

    def _add_visit(self, place: int) -> None:
        visit, model = self.visits.all[place], self.model
        choices: list[Choice] = []
        if visit.stays is not None:
            choices = [Choice(visit.stays, model.column())]
            self.unplaced.append(None)
            self.places.append(model.row([choices[0].column], [1.0], lower=1.0, upper=1.0))
        else:
            for day in self._days(place):
                choices += self._choices(place, day)
            column = model.column()
            self.goals[Goal.UNPLACED][column] = 1.0
            if self.visits.request.stable and visit.former is not None:
                self.goals[Goal.MOVED][column] = 1.0
            self.unplaced.append(column)
            columns = [*(choice.column for choice in choices), column]
            ones = [1.0] * len(columns)
            self.places.append(model.row(columns, ones, lower=1.0, upper=1.0))
        self.choices.append(choices)

    def _days(self, place: int) -> Iterator[int]:
        """The days on which a session could be by itself, in its window."""
        first, last = self.shape.windows[place]
        left = self.shape.days
        for day in range(first, last + 1) if left is None else left[place]:
            if self.visits.best(place, day) is not None:
                yield day

    def _choices(self, place: int, day: int) -> Iterator[Choice]:
        visit = self.visits.all[place]
        is_stable = self.visits.request.stable and visit.former is not None
        if is_stable and visit.former is not None and visit.former[0] == day:
            minutes = {start.minute for start in self.visits.free(place, day)}
            if visit.former[1] in minutes:
                yield self._choice(visit, day, visit.former[1])
        choice = self._choice(visit, day, None)
        if is_stable:
            self.goals[Goal.MOVED][choice.column] = 1.0
        yield choice

    def minutes_on(self, place: int, choice: Choice) -> int:
        """The fewest minutes from the preferred time that a session can have on a day."""
        starts = self.visits.free(place, choice.day)
        if choice.pinned is not None:
            return min(start.distance for start in starts if start.minute == choice.pinned)
        return starts[0].distance

    def count_minutes(self) -> int:
        """Count what a day costs at the least, and where its starts are modelled, what they cost.

        The goal is counted in the minutes that are returned, which all of it is a multiple of.
        """
        costs, exact = minutes_of(self.hours), {each.day for each in self.hours}
        for place, choices in enumerate(self.choices):
            entry = self.visits.request.entries[self.visits.all[place].entry]
            if entry.limits.preferred is None or self.visits.all[place].stays is not None:
                continue
            for choice in choices:
                least = self.minutes_on(place, choice)
                if least and choice.day not in exact:
                    costs[choice.column] = least
        grain = gcd(*costs.values()) or 1
        self.goals[Goal.MINUTES] = {column: cost / grain for column, cost in costs.items()}
        return grain

    def _add_priorities(self) -> None:
        """What is asked of a course costs the more, the more it goes before others."""
        entries = self.visits.request.entries
        ranks = sorted({entry.priority for entry in entries}, reverse=True)
        if len(ranks) < 2:
            return
        costs = self.goals[Goal.PRIORITY]
        for place, visit in enumerate(self.visits.all):
            rank = float(ranks.index(entries[visit.entry].priority))
            column = self.unplaced[place]
            if rank and column is not None:
                costs[column] = rank * REACH_DAYS
            for choice in self.choices[place]:
                if rank and choice.day != visit.ideal and visit.stays is None:
                    costs[choice.column] = rank * abs(choice.day - visit.ideal)

    def chosen(self, values: Sequence[float], place: int) -> Choice | None:
        """Where a solution has a session, None where nowhere."""
        for choice in self.choices[place]:
            if values[choice.column] > 0.5:
                return choice
        return None

    def demands(self, values: Sequence[float]) -> dict[int, list[Demand]]:
        """What a solution has on each day, sessions that stay left out."""
        by_day: dict[int, list[Demand]] = {}
        for place, visit in enumerate(self.visits.all):
            choice = self.chosen(values, place)
            if choice is not None and visit.stays is None:
                by_day.setdefault(choice.day, []).append(Demand(place, choice.pinned))
        return by_day

    def hold_more_pairs(self, values: Sequence[float]) -> bool:
        """Hold the gaps over unplaced sessions too; whether one was not held yet.

        The shape knows them from then on, for the next model.
        """
        new: set[tuple[int, int]] = set()
        for chain in self.visits.chains:
            placed = [place for place in chain if self.chosen(values, place) is not None]
            new |= {(one, other) for one, other in pairwise(placed) if other - one > 1}
        new -= self.shape.pairs
        self.shape.pairs |= new
        return bool(new)

    def _choice(self, visit: Visit, day: int, pinned: int | None) -> Choice:
        column = self.model.column()
        shift = day - visit.ideal
        if shift:
            self.goals[Goal.DISTANCE][column] = float(abs(shift))
        if shift < 0:
            self.goals[Goal.EARLY][column] = 1.0
        return Choice(day, column, pinned)

    # ---- Gaps ------------------------------------------------------------------------------------

    def _add_gap(self, before: int, after: int) -> None:
        """Never nearer than the least; days past the most are overdue."""
        earlier, later = self.visits.all[before], self.visits.all[after]
        both_stay = earlier.stays is not None and later.stays is not None
        if not both_stay:
            self._add_least(before, after)
            self._add_most(before, after)

    def _add_least(self, before: int, after: int) -> None:
        gap = self.visits.all[after].gap
        days = [choice.day for choice in self.choices[after]]
        told = 0
        for index, choice in enumerate(self.choices[before]):
            too_near = bisect_left(days, gap.after(choice.day)[0])
            if too_near > told:  # else the row of an earlier day says as much and more
                told = too_near
                self._at_most(1.0, self._since(before, index), self._until(after, too_near))

    def _add_most(self, before: int, after: int) -> None:
        gap = self.visits.all[after].gap
        latest = [gap.after(choice.day)[1] for choice in self.choices[before]]
        days = [choice.day for choice in self.choices[after]]
        if not (latest and days):
            return
        between = [self.unplaced[place] for place in range(before + 1, after)]
        skipped = _Sum([column for column in between if column is not None])
        for day in range(latest[0] + 1, days[-1] + 1):
            ended = self._until(before, bisect_left(latest, day))
            begins = self._since(after, bisect_left(days, day))
            late = _Sum([self._overdue(after, day)], [-1.0])
            self._at_most(1.0 + len(between), ended, begins, late, skipped)

    def _since(self, place: int, index: int) -> _Sum:
        """Whether a session is on its choice of that index or on a later one."""
        choices = self.choices[place]
        if len(choices) <= MANY_CHOICES or index >= len(choices):
            return _Sum([choice.column for choice in choices[index:]])
        return _Sum([self._from_here(place)[index]])

    def _until(self, place: int, index: int) -> _Sum:
        """Whether a session is on a choice before that index."""
        choices, unplaced = self.choices[place], self.unplaced[place]
        if len(choices) <= MANY_CHOICES or index >= len(choices):
            return _Sum([choice.column for choice in choices[:index]])
        lacking = [] if unplaced is None else [unplaced]
        return _Sum([self._from_here(place)[index], *lacking], [-1.0] * (1 + len(lacking)), 1.0)

    def _from_here(self, place: int) -> list[int]:
        """For each choice of a session that has many, a column that sums it and those behind it."""
        known = self._sums.get(place)
        if known is None:
            behind: list[int] = []
            known = []
            for choice in reversed(self.choices[place]):
                column = self.model.column(whole=False)
                ones = [-1.0] * (1 + len(behind))
                parts = [column, choice.column, *behind]
                row = self.model.row(parts, [1.0, *ones], lower=0.0, upper=0.0)
                self.last_sums.setdefault(place, row)
                behind = [column]
                known.append(column)
            known.reverse()
            self._sums[place] = known
        return known

    def _at_most(self, limit: float, *sums: _Sum) -> None:
        columns = [column for each in sums for column in each.columns]
        values = [value for each in sums for value in each.signs or [1.0] * len(each.columns)]
        upper = limit - sum(each.constant for each in sums)
        self.model.row(columns, values, upper=upper)

    def _overdue(self, place: int, day: int) -> int:
        """The column that says that a session is overdue on a day."""
        key = (place, day)
        if key not in self._late:
            self._late[key] = self.model.column(whole=False)
            self.goals[Goal.OVERDUE][self._late[key]] = 1.0
        return self._late[key]

    # ---- Capacity --------------------------------------------------------------------------------

    def _add_capacity(self) -> None:
        by_day: dict[int, list[Demand]] = {}
        for place, choices in enumerate(self.choices):
            if self.visits.all[place].stays is None:
                for choice in choices:
                    demand = Demand(place, choice.pinned, choice.column)
                    by_day.setdefault(choice.day, []).append(demand)
        for day, demands in sorted(by_day.items()):
            is_regular = self.visits.is_regular(day)
            if day in self.shape.exact or not is_regular:
                self.hours.append(add_hours(self.model, self.visits, day, demands))
            if is_regular:  # beside the starts too: only these rows can be cut
                self._add_minutes(day, demands)

    def _add_minutes(self, day: int, demands: Sequence[Demand]) -> None:
        """Rows of minutes: of the rooms, in the hours that patients ask for, and of the people."""
        for limit in limits_of(self.visits, day, demands):
            self.model.row(limit.columns, limit.sizes, upper=float(limit.minutes))
            self._limits.append(limit)

    def cut(self, values: Sequence[float]) -> bool:
        """Add rows that a solution in parts breaks, and none in whole numbers; whether any."""
        rows = [row for limit in self._limits if (row := limit.broken(values))]
        for columns, most in rows:
            self.model.at_most(columns, float(most))
        return bool(rows)
