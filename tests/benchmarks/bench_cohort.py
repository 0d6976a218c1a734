"""What it costs to place a list of many patients, and how good the result is.

Held against the proven bound, against the greedy that places lists where no solver is installed,
and against OR-Tools CP-SAT (the extra ``bench``) on the same model. Run as
``python tests/benchmarks/bench_cohort.py``. Each measurement is in a process of its own, in CPU
seconds from the request to the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from math import inf, isfinite
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from cohort_lists import make_list
from measuring import Row, alone, memory_at_most

from meso_sched.core.cohort import CohortRequest, CohortResult, Method, Objective
from meso_sched.core.sharing.days import DaysModel, Goal, Shape
from meso_sched.core.sharing.linear import Model, Solver
from meso_sched.core.sharing.placing import place_cohort
from meso_sched.core.sharing.visits import Visits
from meso_sched.exchange.highs import HighsSolver

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

SEEDS = range(1, 6)
OUR_SECONDS = 600.0
"""By the clock, which a busy machine makes run out early: what is judged is CPU time."""

CP_SAT_SECONDS, CP_SAT_WORKERS = 60.0, 2
CP_SAT_REACH = 7
"""So many days around its ideal date CP-SAT may put a session: we may go farther."""


class Placed(NamedTuple):
    """What came of a list: the goals that were reached and proven, in CPU seconds and in MB."""

    reached: Objective
    bound: Objective
    seconds: float
    memory: float

    @property
    def gap(self) -> float:
        """How far the first goal that is not proven may be from its optimum, as a part of it."""
        return CohortResult((), self.reached, self.bound, Method.EXACT).gap

    @property
    def seconds_if_proven(self) -> float:
        """The CPU seconds of a proof, of which there is no end where there is none."""
        return inf if self.gap else self.seconds

    def __str__(self) -> str:
        days = f"{self.reached.distance_days} days off"
        if not self.gap:
            return f"{days}, proven"
        unplaced = f"{self.reached.unplaced} unplaced and " if self.reached.unplaced else ""
        return f"{unplaced}{days} where {self.bound.distance_days} are proven"


def measure() -> Iterator[Row]:
    """All that the placing is held against."""
    yield from _few()
    yield from map(_against_cp_sat, (250, 500))
    yield from _many()


def _few() -> Iterator[Row]:
    """Lists that are to be proven, all of them."""
    ours = [alone(place_exactly, 500, seed) for seed in SEEDS]
    slowest = max(each.seconds_if_proven for each in ours)
    yield Row.of(f"500 patients proven, the slowest of {len(ours)} lists / 5 s", slowest, 5, 1)
    wishing = [alone(place_exactly, 500, seed, wishing=0.5) for seed in SEEDS]
    slowest = max(each.seconds_if_proven for each in wishing)
    what = f"500 patients proven, half prefer a time, the slowest of {len(wishing)} lists / 5 s"
    yield Row.of(what, slowest, 5, 1)
    greedy = [alone(place_greedily, 500, seed) for seed in SEEDS]
    unplaced = sum(each.reached.unplaced for each in greedy)
    yield Row.of(
        f"days off ideal in these lists / greedy, which leaves {unplaced} sessions unplaced",
        sum(each.reached.distance_days for each in ours),
        sum(each.reached.distance_days for each in greedy),
        0.5,
        "days",
    )


def _many() -> Iterator[Row]:
    placed = alone(place_exactly, 5000, 1)
    yield Row.of("5,000 patients / 30 s", placed.seconds, 30, 1)
    yield Row.of("5,000 patients, memory / 1.5 GB", placed.memory, 1536, 1, "MB")
    what = f"5,000 patients, gap to the bound with {placed} / 1 %"
    yield Row.of(what, placed.gap * 100, 1, 1, "%")


def place_exactly(patients: int, seed: int, wishing: float = 0.0) -> Placed:
    """A list by our model and HiGHS; ``wishing`` is the part of patients who prefer a time."""
    return _placed(make_list(patients, seed, wishing=wishing), HighsSolver(OUR_SECONDS))


def place_greedily(patients: int, seed: int) -> Placed:
    """A list without a solver."""
    return _placed(make_list(patients, seed), None)


def _placed(request: CohortRequest, solver: Solver | None) -> Placed:
    begun = process_time()
    result = place_cohort(request, solver)
    return Placed(result.objective, result.bound, process_time() - begun, memory_at_most())


# ---- CP-SAT --------------------------------------------------------------------------------------


def _against_cp_sat(patients: int) -> Row:
    if find_spec("ortools") is None:
        what = f"{patients} patients / CP-SAT: left out, install the extra `bench`"
        return Row(what, 0, 0, None, 1)
    ours = alone(place_exactly, patients, 1)
    theirs = alone(place_by_cp_sat, patients, 1)
    what = f"{patients} patients, {ours} / CP-SAT in {CP_SAT_SECONDS:g} s, {theirs}"
    return Row.of(what, ours.seconds_if_proven, theirs.seconds, 1)


def place_by_cp_sat(patients: int, seed: int) -> Placed:
    """The days of a list by our model and CP-SAT, of which only the search is measured."""
    from ortools.sat.python.cp_model import CpSolver

    days = _days_model(Visits(make_list(patients, seed)))
    weights = _weights(len(days.visits.all) + 1)
    solver = CpSolver()
    solver.parameters.num_workers = CP_SAT_WORKERS
    solver.parameters.max_time_in_seconds = CP_SAT_SECONDS
    model, columns = _as_theirs(days.model, _costs(days, weights))
    begun = process_time()
    solver.solve(model)
    seconds = process_time() - begun
    values = [solver.value(column) for column in columns]
    reached = Objective(*(_total(days.goals[goal], values) for goal in list(Goal)[:6]))
    distance, early = divmod(max(0, int(solver.best_objective_bound)), weights[Goal.DISTANCE])
    bound = min(reached, Objective(distance_days=distance, early=early))
    return Placed(reached, bound, seconds, memory_at_most())


def _days_model(visits: Visits) -> DaysModel:
    windows = [
        (max(each.first, each.ideal - CP_SAT_REACH), min(each.last, each.ideal + CP_SAT_REACH))
        for each in visits.all
    ]
    return DaysModel(visits, Shape(windows))


def _weights(many: int) -> dict[Goal, int]:
    """Goals that days decide, each worth more than those below it where little is overdue."""
    heavy = {Goal.UNPLACED: 1000 * many, Goal.OVERDUE: 60 * many}
    return {**heavy, Goal.DISTANCE: many, Goal.EARLY: 1}


def _costs(days: DaysModel, weights: Mapping[Goal, int]) -> list[int]:
    costs = [0] * days.model.width
    for goal, weight in weights.items():
        for column, cost in days.goals[goal].items():
            costs[column] += weight * round(cost)
    return costs


def _total(costs: Mapping[int, float], values: Sequence[int]) -> int:
    return round(sum(cost * values[column] for column, cost in costs.items()))


def _as_theirs(model: Model, costs: Sequence[int]) -> tuple[CpModel, list[IntVar]]:
    """One of our models as CP-SAT takes it, and its columns."""
    from ortools.sat.python.cp_model import INT_MAX, INT_MIN, CpModel, LinearExpr

    theirs = CpModel()
    columns = [theirs.new_int_var(0, int(upper), "") for upper in model.upper]
    ends = [*model.starts[1:], len(model.columns)]
    for row, (start, end) in enumerate(zip(model.starts, ends, strict=True)):
        chosen = [columns[column] for column in model.columns[start:end]]
        total = LinearExpr.weighted_sum(chosen, [int(each) for each in model.values[start:end]])
        lower, upper = model.row_lower[row], model.row_upper[row]
        least = int(lower) if isfinite(lower) else INT_MIN
        theirs.add_linear_constraint(total, least, int(upper) if isfinite(upper) else INT_MAX)
    theirs.minimize(LinearExpr.weighted_sum(columns, costs))
    return theirs, columns


if __name__ == "__main__":
    for row in measure():
        print(row)
