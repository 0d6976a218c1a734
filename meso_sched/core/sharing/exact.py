"""The exact placement of a list: goal after goal, each proven, by the solver that is handed in.

Sessions are looked for near the days that they would have alone. The prices of the relaxed model
tell whether a day farther away could be worth it: where one could, the search goes wider and
begins again. So what is found is the optimum of all days, not of those that were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from meso_sched.core.cohort import Objective
from meso_sched.core.sharing.days import DaysModel, Shape
from meso_sched.core.sharing.goals import Found, Goals, Stop, minutes_in, seats_of
from meso_sched.core.sharing.linear import Solver
from meso_sched.core.sharing.packing import Packed, Packer
from meso_sched.core.sharing.solo import each_alone
from meso_sched.core.sharing.ties import Ties
from meso_sched.core.sharing.visits import Visits
from meso_sched.core.sharing.windows import Wider, Windows


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
        self.packer = Packer(visits, solver)
        self.best: Found | None = None
        self._tried: tuple[DaysModel, Sequence[float]] | None = None
        self._wants_ties = any(map(self._misses_its_wish, range(len(visits.all))))

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
        goals = Goals(
            model, self.windows, self.solver, self.alone.least, wants_ties=self._wants_ties
        )
        try:
            goals.days()
        finally:
            if goals.values:
                self._tried = model, goals.values
        if model.hold_more_pairs(goals.values):
            return False
        packed = self._packed(model, goals.values)
        if packed is None:
            return False
        if minutes_in(packed) and not self._wants_ties:
            self.best = goals.found(packed)
            self._wants_ties = True
            return False
        ties = Ties(goals, packed, self.packer)
        try:
            ties.settle()
        finally:
            self.best = ties.found
        return True

    def _misses_its_wish(self, place: int) -> bool:
        """Whether a session could not even alone be at the preferred time of its ideal day."""
        visit = self.visits.all[place]
        best = self.visits.best(place, visit.ideal)
        return visit.stays is None and best is not None and best.distance > 0

    def _tried_at_least(self) -> Found | None:
        """The last values there were, where they can be packed: better than nothing."""
        if self._tried is None:
            return None
        model, values = self._tried
        if model.hold_more_pairs(values):
            return None  # a gap over an unplaced session may be too short in it
        packed = self._packed(model, values)
        # A plan that leaves anything out is worse than one that is as overdue as can be.
        bound = Objective(overdue_days=self.alone.least.overdue_days)
        return None if packed is None else Found(seats_of(packed), bound)

    def _packed(self, model: DaysModel, values: Sequence[float]) -> dict[int, Packed] | None:
        """Every day with its seats; None where one does not hold what it was given.

        The starts of such a day are modelled from then on.
        """
        packed, full = self.packer.pack(model.demands(values))
        if full & {each.day for each in model.hours}:  # the solver gave up, and would again
            raise Stop
        self.shape.exact |= full
        return None if full else packed
