"""Of the plans whose days are equally good, the one nearest to the preferred times.

The days are proven once. Their prices tell which days none of these plans has; what is left is a
model in which few sessions can move. A day on which none can is packed by itself, and of the others
the starts are modelled where sessions stand in each other's way.
"""

from __future__ import annotations

from collections.abc import Mapping

from meso_sched.core.sharing.days import DaysModel, Goal, Shape
from meso_sched.core.sharing.goals import Found, Goals, Stop, minutes_in
from meso_sched.core.sharing.packing import Packed, Packer

MANY_EXACT_DAYS = 150
"""Of more days the starts are not modelled for the sake of minutes alone."""

_DAYS = (Goal.UNPLACED, Goal.OVERDUE, Goal.MOVED, Goal.DISTANCE, Goal.EARLY)


class Ties:
    """The plans that are as good as one in all that days decide; ``best`` is the best of them."""

    def __init__(self, goals: Goals, packed: Mapping[int, Packed], packer: Packer) -> None:
        self.goals = goals
        self.best = packed
        self.packer = packer
        self.visits = goals.model.visits
        self.limits = {goal: goals.reached(goal) for goal in _DAYS}
        self.lacking = goals.lacking()
        self.open = [goals.open_choices(place) for place in range(len(self.visits.all))]
        self.movable = {
            choice.day
            for place, choices in enumerate(self.open)
            if len(choices) > 1 or place in self.lacking
            for choice in choices
        }
        shape = goals.model.shape
        days = [sorted({choice.day for choice in choices}) for choices in self.open]
        self.shape = Shape(shape.windows, shape.exact & self.movable, shape.pairs, days)
        self._model_collisions()

    @property
    def found(self) -> Found:
        """The best plan, and what is proven."""
        return self.goals.found(self.best)

    def settle(self) -> None:
        """Look for the fewest minutes, and for what courses of priority need; Stop where it ends.

        Minutes are proven where days are, and all that are as good are known.
        """
        if self.goals.knows_ties:
            self._prove(self._least_alone() + self._in_the_way(set()))
            while minutes_in(self.best) > self.goals.bound[Goal.MINUTES] and self._fewest_minutes():
                pass
        if self.goals.has_priorities:
            while self._first_come():
                pass

    def _prove(self, minutes: int) -> None:
        self.goals.bound[Goal.MINUTES] = max(self.goals.bound[Goal.MINUTES], minutes)

    def _least_alone(self) -> int:
        """The minutes that are left if every session had its best day of all that may be."""
        return sum(
            min(self.goals.model.minutes_on(place, choice) for choice in choices)
            for place, choices in enumerate(self.open)
            if self.visits.all[place].stays is None
            and self.visits.preferred(place) is not None
            and place not in self.lacking
        )

    def _in_the_way(self, modelled: set[int]) -> int:
        """The minutes that sessions cost each other on days on which none can be another."""
        return sum(
            each.least - each.hoped
            for day, each in self.best.items()
            if day not in self.movable and day not in modelled
        )

    def _fewest_minutes(self) -> bool:
        """The fewest minutes of what is modelled; whether more could be."""
        model = self._model()
        grain = model.count_minutes()
        goals = self._held(model)
        least = goals.fewest_minutes()
        self._prove(grain * least + self._in_the_way({each.day for each in model.hours}))
        return self._takes(goals, model)

    def _first_come(self) -> bool:
        """The plan that favours courses of priority; whether it has to be looked for again."""
        model = self._model()
        grain = model.count_minutes()
        goals = self._held(model)
        beside = self._in_the_way({each.day for each in model.hours})
        goals.hold({Goal.MINUTES: (minutes_in(self.best) - beside) // grain})
        goals.first_come()
        return self._takes(goals, model)

    def _model(self) -> DaysModel:
        model = DaysModel(self.visits, self.shape)
        for place, column in enumerate(model.unplaced):
            if column is not None and place not in self.lacking:
                model.model.upper[column] = 0.0
        return model

    def _held(self, model: DaysModel) -> Goals:
        goals = Goals(model, self.goals.windows, self.goals.solver, self.goals.alone)
        goals.hold(self.limits)
        return goals

    def _takes(self, goals: Goals, model: DaysModel) -> bool:
        """Keep a solution if it is as good as the best; whether the model lacked anything."""
        if model.hold_more_pairs(goals.values):
            return True
        packed, full = self.packer.pack(model.demands(goals.values))
        if full:
            if full & {each.day for each in model.hours}:  # the solver gave up, and would again
                raise Stop
            self.shape.exact |= full
            return True
        if minutes_in(packed) <= minutes_in(self.best):
            self.best = packed
        return self._model_collisions(packed)

    def _model_collisions(self, packed: Mapping[int, Packed] | None = None) -> bool:
        """Model the starts of days on which sessions stand in each other's way; whether any."""
        found = self.best if packed is None else packed
        colliding = {day for day, each in found.items() if each.minutes > each.hoped}
        colliding &= self.movable - self.shape.exact
        if not colliding or len(colliding | self.shape.exact) > MANY_EXACT_DAYS:
            return False
        self.shape.exact |= colliding
        return True
