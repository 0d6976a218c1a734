"""The goals of one model, one after the other, each with its optimum or a bound of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

from meso_sched.core.cohort import Objective
from meso_sched.core.sharing.days import Choice, DaysModel, Goal
from meso_sched.core.sharing.linear import INFINITY, Model, Relaxed, Solver
from meso_sched.core.sharing.packing import Packed, Seat
from meso_sched.core.sharing.windows import Windows

MANY_COLUMNS = 200_000
"""A larger model is not solved a second time for the sake of the proof."""

MANY_ENTRIES = 6_000_000
"""A model with more entries is not made wider."""

MOST_CUTS = 20
"""So often the relaxed model is cut nearer to whole numbers."""

_NEAR, _FARTHER = 0.99, 20
"""How much more than the relaxed optimum a column may cost to be tried first, in days: less than
a session costs that leaves its day for nothing."""

_MOVED, _OVERDUE, _MOST_OVERDUE, _UNPLACED = 20, 200, 20_000, 20
"""What is worse than days from the ideal, in days; without a place, in overdue days."""

_SLIGHT, _LITTLE = 1e-6, 1e-3
"""What is no difference; what a large model may leave unproven, as a part of its total."""

Weights = Mapping[Goal, float]


class Found(NamedTuple):
    """Where the sessions are, by their places; those that are missing found none."""

    seats: dict[int, Seat]
    bound: Objective


class Stop(Exception):  # noqa: N818 - a turn of the search, no error
    """Somebody broke off, or no solution came in time."""


class _Outcome(NamedTuple):
    """The best values of a model for one goal or more, and what they cost at the least."""

    values: Sequence[float]
    total: float
    bound: float


class _Outside(NamedTuple):
    """Days that were left out: what one costs at the least, and what all might save together."""

    least: float
    saved: float


class Goals:
    """What is reached of one goal is held for those behind it; ``alone`` are bounds known before.

    ``wants_ties``: days that are just as good count too, since minutes could be fewer on them.
    All raise Wider where the search must begin again, and Stop where it must end.
    """

    def __init__(
        self,
        model: DaysModel,
        windows: Windows,
        solver: Solver,
        alone: Objective,
        *,
        wants_ties: bool = False,
    ) -> None:
        self.model = model
        self.windows = windows
        self.solver = solver
        self.alone = alone
        self.wants_ties = wants_ties
        self.values: Sequence[float] = ()
        self.bound: dict[Goal, int] = dict.fromkeys(Goal, 0)
        self.many = float(len(model.choices) + 1)
        self._days: Weights = {Goal.DISTANCE: self.many, Goal.EARLY: 1.0}
        self._reduced: Sequence[float] = ()
        self._gap = 0.0
        self._is_proven = True
        self._leaves_ties = False
        """Whether days that are just as good were left out."""

        self._is_first = True
        """Whether nothing but the weights holds the goals before days."""

    # ---- Goal after goal -------------------------------------------------------------------------

    def days(self) -> None:
        """The goals that days decide."""
        heavy = self._heavy()
        outcome = self._best({**heavy, **self._days})
        if not self._is_least():
            # Weights are no order: prove goal after goal.
            for goal in heavy:
                self._settle(goal)
            outcome = self._best(self._days)
        if not self._is_proven:
            return
        distance, early = divmod(max(0.0, outcome.bound - self._heavy_cost(heavy)), self.many)
        self.bound[Goal.DISTANCE] = int(distance)
        self._is_proven = outcome.bound >= outcome.total
        if distance == self.reached(Goal.DISTANCE):
            self.bound[Goal.EARLY] = int(early)

    def _heavy(self) -> dict[Goal, float]:
        """What days from the ideal dates never outweigh, as far as numbers can tell that."""
        overdue = min(4 * self.alone.distance_days + _OVERDUE, _MOST_OVERDUE) * self.many
        return {
            Goal.UNPLACED: _UNPLACED * overdue,
            Goal.OVERDUE: overdue,
            Goal.MOVED: _MOVED * self.many,
        }

    def _is_least(self) -> bool:
        """Whether no plan can be better in the goals before days; sets their bounds if so."""
        least = (0, self.alone.overdue_days, 0)
        goals = (Goal.UNPLACED, Goal.OVERDUE, Goal.MOVED)
        if any(self.reached(goal) != known for goal, known in zip(goals, least, strict=True)):
            return False
        self.bound.update(zip(goals, least, strict=True))
        return True

    def _heavy_cost(self, heavy: Weights) -> float:
        """What the goals before days cost in the last total, 0 once they were settled."""
        return heavy[Goal.OVERDUE] * self.alone.overdue_days if self._is_first else 0.0

    def _settle(self, goal: Goal) -> None:
        """The least of a goal, held from here on."""
        self._is_first = False
        reached = self.reached(goal)
        is_overdue = goal is Goal.OVERDUE and not self.reached(Goal.UNPLACED)
        least = self.alone.overdue_days if is_overdue else 0
        if reached > least:
            outcome = self._best({goal: 1.0})
            reached = self.reached(goal)
            least = int(outcome.bound)
        if self._is_proven:
            self.bound[goal] = min(least, reached)
            self._is_proven = least >= reached
        self._hold({goal: 1.0}, float(reached))

    def _hold(self, weights: Weights, limit: float) -> None:
        costs = {column: cost for column, cost in enumerate(self._costs(weights)) if cost}
        self.model.model.row(list(costs), costs.values(), upper=limit)

    def hold(self, limits: Mapping[Goal, int]) -> None:
        """Let goals cost no more than that."""
        for goal, limit in limits.items():
            self._hold({goal: 1.0}, float(limit))

    # ---- Ties ------------------------------------------------------------------------------------

    @property
    def knows_ties(self) -> bool:
        """Whether the days are proven, and no other that would be as good was left out."""
        return self._is_proven and not self._leaves_ties

    def open_choices(self, place: int) -> list[Choice]:
        """All days on which plans that are as good can have a session."""
        chosen = self.model.chosen(self.values, place)
        choices = self.model.choices[place]
        return [each for each in choices if each is chosen or self._is_open(each.column)]

    def lacking(self) -> set[int]:
        """The sessions that plans that are as good can leave without a place."""
        if not self.reached(Goal.UNPLACED):
            return set()
        return {
            place
            for place, column in enumerate(self.model.unplaced)
            if column is not None and (self.values[column] > 0.5 or self._is_open(column))
        }

    def _is_open(self, column: int) -> bool:
        """Whether a plan as good as the best can have a column."""
        return self._reduced[column] <= self._gap + _SLIGHT * self.many

    def fewest_minutes(self) -> int:
        """The plan nearest to the preferred times; what it takes at the least, as it is counted."""
        return int(self._best({Goal.MINUTES: 1.0}, wider=False).bound)

    @property
    def has_priorities(self) -> bool:
        """Whether some courses go before others."""
        return bool(self.model.goals[Goal.PRIORITY])

    def first_come(self) -> None:
        """The plan that favours courses of priority."""
        self._best({Goal.PRIORITY: 1.0}, wider=False)

    def found(self, packed: Mapping[int, Packed]) -> Found:
        """What was reached, as seats."""
        bound = Objective(
            unplaced=self.bound[Goal.UNPLACED],
            overdue_days=self.bound[Goal.OVERDUE],
            moved=self.bound[Goal.MOVED],
            distance_days=self.bound[Goal.DISTANCE],
            early=self.bound[Goal.EARLY],
            distance_minutes=self.bound[Goal.MINUTES],
        )
        return Found(seats_of(packed), bound)

    def reached(self, goal: Goal) -> int:
        """What a goal costs in the solution."""
        return round(self._total({goal: 1.0}))

    def _total(self, weights: Weights) -> float:
        costs = self._costs(weights)
        paid = (round(cost * self.values[column]) for column, cost in enumerate(costs) if cost)
        return float(sum(paid))

    def _costs(self, weights: Weights) -> list[float]:
        costs = [0.0] * self.model.model.width
        for goal, weight in weights.items():
            for column, cost in self.model.goals[goal].items():
                costs[column] += weight * cost
        return costs

    # ---- One optimum -----------------------------------------------------------------------------

    def _best(self, weights: Weights, *, wider: bool = True) -> _Outcome:
        """The optimum of weighted goals, of all days if ``wider``; sets ``values``."""
        costs = self._costs(weights)
        relaxed = self._relaxed(costs)
        step = weights.get(Goal.DISTANCE, 0.0)
        outside = self._outside(relaxed, weights) if wider else _Outside(INFINITY, 0.0)
        outcome = self._whole(relaxed, costs, step or 1.0)
        self.values = outcome.values
        gap = outcome.total - relaxed.total
        bound = outcome.bound
        if self._could_save(outside.least, gap):
            self._look_farther(relaxed, weights, gap)
            self._leaves_ties = True
            bound = min(bound, relaxed.total + outside.least)
        bound = float(ceil(bound - outside.saved - _slight(outcome.total)))
        if wider:
            self._reduced, self._gap = relaxed.reduced, gap
        return outcome._replace(bound=min(outcome.total, bound))

    def _relaxed(self, costs: Sequence[float]) -> Relaxed:
        """The optimum in parts, less what rows of minutes cannot forbid and whole sessions do."""
        relaxed: Relaxed | None = None
        for _ in range(MOST_CUTS):
            if relaxed is not None and not self.model.cut(relaxed.values):
                break
            relaxed = self.solver.relax(self.model.model, costs)
            if relaxed is None or self.solver.stopped:
                raise Stop
        assert relaxed is not None, "it was relaxed once at least"
        return relaxed

    def _whole(self, relaxed: Relaxed, costs: Sequence[float], step: float) -> _Outcome:
        """The optimum in whole numbers, first among the columns that cost little more."""
        model = self.model.model
        if _is_whole(relaxed.values, model):
            return _Outcome(relaxed.values, float(round(relaxed.total)), relaxed.total)
        outcome: _Outcome | None = None
        near = step * _NEAR
        while True:
            closed = [column for column, cost in enumerate(relaxed.reduced) if cost > near]
            known = None if outcome is None else outcome.values
            solved = self.solver.solve(model, costs, closed=closed, known=known)
            if solved is None and outcome is None and closed and not self.solver.stopped:
                near *= _FARTHER  # no plan does with the columns that are left
                continue
            if solved is None and outcome is None:
                raise Stop
            if solved is None or (outcome is not None and solved.total > outcome.total):
                assert outcome is not None, "one of both is there"
                return outcome
            # What uses a closed column costs at least so much more than the relaxed optimum.
            dearer = min((relaxed.reduced[column] for column in closed), default=INFINITY)
            limit = relaxed.total + dearer
            bound = max(relaxed.total, min(solved.bound, limit))
            outcome = _Outcome(solved.values, float(round(solved.total)), bound)
            if limit >= outcome.total or model.width > MANY_COLUMNS:
                return outcome
            near = outcome.total - relaxed.total

    # ---- Days that were left out -----------------------------------------------------------------

    def _outside(self, relaxed: Relaxed, weights: Weights) -> _Outside:
        """What days that were left out could do; begins again with more where that is much."""
        margins = self._margins(relaxed, weights)
        least = min(margins.values(), default=INFINITY)
        saved = sum(-margin for margin in margins.values() if margin < 0)
        is_large = self.model.model.width > MANY_COLUMNS
        is_little = saved <= max(_slight(relaxed.total), _LITTLE * relaxed.total * is_large)
        ties = least <= _SLIGHT * self.many and self.wants_ties
        if (ties or not is_little) and len(self.model.model.columns) < MANY_ENTRIES:
            # Those that come next will be wanted when these have gone farther.
            enough = max(0.0, least) + _SLIGHT * self.many + weights.get(Goal.DISTANCE, 0.0) / 2
            self.windows.widen(place for place, margin in margins.items() if margin <= enough)
        self._leaves_ties |= ties
        return _Outside(max(0.0, least), saved)

    def _could_save(self, margin: float, gap: float) -> bool:
        """Whether a day of that margin could be in a better plan, or in one that is as good."""
        slight = _SLIGHT * self.many
        return margin <= gap + (slight if self.wants_ties else -slight)

    def _margins(self, relaxed: Relaxed, weights: Weights) -> dict[int, float]:
        """By place: what the best day that was left out costs beyond what it could save."""
        step, moved = weights.get(Goal.DISTANCE, 0.0), weights.get(Goal.MOVED, 0.0)
        visits = self.model.visits
        margins: dict[int, float] = {}
        for place, row in enumerate(self.model.places):
            before, behind = self.windows.left_out(place)
            is_away = visits.request.stable and visits.all[place].former is not None
            usual = moved * is_away - relaxed.prices[row]
            if before is not None:
                margins[place] = step * before + usual
            if behind is not None:
                margin = step * behind + usual + self._last_price(relaxed, place)
                margins[place] = min(margin, margins.get(place, INFINITY))
        return margins

    def _look_farther(self, relaxed: Relaxed, weights: Weights, gap: float) -> None:
        """Begin again with all days that might save the gap, if the model stays small enough."""
        step = weights.get(Goal.DISTANCE, 0.0)
        if not step or len(self.model.model.columns) > MANY_ENTRIES // 10:
            return
        margins = self._margins(relaxed, weights)

        def saved(place: int) -> float:
            price = relaxed.prices[self.model.places[place]]
            return gap + price - self._last_price(relaxed, place)

        # All at once, since prices change, and others would be wanted next.
        self.windows.reach({place: saved(place) / step for place in margins})

    def _last_price(self, relaxed: Relaxed, place: int) -> float:
        """What a day behind all others saves: it would be in the last sum of a session's days."""
        last = self.model.last_sums.get(place)
        return 0.0 if last is None else min(0.0, relaxed.prices[last])


def seats_of(packed: Mapping[int, Packed]) -> dict[int, Seat]:
    """The seats of all days."""
    return {place: seat for each in packed.values() for place, seat in each.seats.items()}


def minutes_in(packed: Mapping[int, Packed]) -> int:
    """The minutes from preferred times of all days."""
    return sum(each.minutes for each in packed.values())


def _is_whole(values: Sequence[float], model: Model) -> bool:
    return all(
        abs(value - round(value)) < _SLIGHT
        for value, whole in zip(values, model.whole, strict=True)
        if whole
    )


def _slight(total: float) -> float:
    return max(_SLIGHT, 1e-9 * abs(total))
