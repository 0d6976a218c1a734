"""The exact placement of a list: goal after goal, each proven, by the solver that is handed in.

Sessions are looked for near the days that they would have alone. The prices of the relaxed model
tell whether a day farther away could be worth it: where one could, the search goes wider and
begins again. So what is found is the optimum of all days, not of those that were looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise

from meso_sched.core.cohort import Objective
from meso_sched.core.sharing.days import DaysModel, Shape
from meso_sched.core.sharing.goals import Found, Goals, Stop, minutes_in, seats_of
from meso_sched.core.sharing.hours import Demand
from meso_sched.core.sharing.linear import Solver
from meso_sched.core.sharing.packing import Packed, pack
from meso_sched.core.sharing.solo import each_alone
from meso_sched.core.sharing.visits import Visits
from meso_sched.core.sharing.windows import Wider, Windows

MANY_EXACT_DAYS = 150
"""Of more days the starts are not modelled for the sake of minutes alone."""


def search(visits: Visits, solver: Solver) -> Found | None:
    """The optimum, or the best that there was when it was broken off; None if there was nothing."""
    return _Search(visits, solver).run()


class _Search:
    """One search; its windows and its exact days grow until they hold the optimum."""

    def __init__(self, visits: Visits, solver: Solver) -> None:
        self.visits = visits
        self.solver = solver
        self.alone = each_alone(visits)
        self.windows = Windows(visits, self.alone)
        self.shape = Shape(self.windows.all)
        self.best: Found | None = None
        self._tried: tuple[DaysModel, Sequence[float]] | None = None

    def run(self) -> Found | None:
        """Look until everything that was found stands."""
        while True:
            try:
                if self._turn():
                    return self.best
            except Wider:
                continue
            except Stop:
                break
        with suppress(Stop):
            return self.best or self._tried_at_least()
        return None

    def _turn(self) -> bool:
        """One model, solved and packed; whether that is the end."""
        model = DaysModel(self.visits, self.shape)
        goals = Goals(model, self.windows, self.solver, self.alone.least)
        try:
            goals.days()
        finally:
            if goals.values:
                self._tried = model, goals.values
        if self._hold_more_pairs(model, goals.values):
            return False
        packed = self._packed(model, goals.values)
        if packed is None:
            return False
        may_save = goals.may_save_minutes(packed)
        self.best = goals.found(packed)
        if may_save:
            goals.fewest_minutes()
            if self._hold_more_pairs(model, goals.values):
                return False
            again = self._packed(model, goals.values)
            if again is None or self._model_collisions(again):
                return False
            packed = min(packed, again, key=minutes_in)
            self.best = goals.found(packed)
        if goals.has_priorities:
            goals.first_come()
            if self._hold_more_pairs(model, goals.values):
                return False
            again = self._packed(model, goals.values)
            if again is not None and minutes_in(again) <= minutes_in(packed):
                self.best = goals.found(again)
        return True

    def _tried_at_least(self) -> Found | None:
        """The last values there were, where they can be packed: better than nothing."""
        if self._tried is None or self._hold_more_pairs(*self._tried):
            return None  # a gap over an unplaced session may be too short in it
        packed = self._packed(*self._tried)
        # A plan that leaves anything out is worse than one that is as overdue as can be.
        bound = Objective(overdue_days=self.alone.least.overdue_days)
        return None if packed is None else Found(seats_of(packed), bound)

    def _hold_more_pairs(self, model: DaysModel, values: Sequence[float]) -> bool:
        """Hold the gaps over unplaced sessions too; whether one was not held yet."""
        new: set[tuple[int, int]] = set()
        for chain in self.visits.chains:
            placed = [place for place in chain if model.chosen(values, place) is not None]
            new |= {(one, other) for one, other in pairwise(placed) if other - one > 1}
        new -= self.shape.pairs
        self.shape.pairs |= new
        return bool(new)

    def _packed(self, model: DaysModel, values: Sequence[float]) -> dict[int, Packed] | None:
        """Every day with its seats; None where one does not hold what it was given.

        The starts of such a day are modelled from then on.
        """
        occupancy = self.visits.occupancy.copy()
        packed: dict[int, Packed] = {}
        full: set[int] = set()
        for day, demands in sorted(self._by_day(model, values).items()):
            seats = pack(self.visits, day, demands, occupancy, self.solver)
            if seats is None:
                full.add(day)
            else:
                packed[day] = seats
        if full & {each.day for each in model.hours}:  # the solver gave up, and would again
            raise Stop
        self.shape.exact |= full
        return None if full else packed

    def _by_day(self, model: DaysModel, values: Sequence[float]) -> dict[int, list[Demand]]:
        by_day: dict[int, list[Demand]] = {}
        for place, visit in enumerate(self.visits.all):
            choice = model.chosen(values, place)
            if choice is not None and visit.stays is None:
                by_day.setdefault(choice.day, []).append(Demand(place, choice.pinned))
        return by_day

    def _model_collisions(self, packed: Mapping[int, Packed]) -> bool:
        """Model the starts of days on which sessions stand in each other's way; whether any."""
        colliding = {day for day, each in packed.items() if each.minutes > each.hoped}
        colliding -= self.shape.exact
        if not colliding or len(colliding | self.shape.exact) > MANY_EXACT_DAYS:
            return False
        self.shape.exact |= colliding
        return True
