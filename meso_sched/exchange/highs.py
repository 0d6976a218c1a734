"""HiGHS as the solver of linear models; in the extra ``cohort``."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from meso_sched.core.sharing.linear import INFINITY, Model, Relaxed, Solved

if TYPE_CHECKING:
    from highspy import Highs

_WHOLE = 0.999
"""Of whole costs, a solution nearer to the bound than this is the optimum."""

_SAME = 1e-6
"""By how much of it a total may be off for its numbers alone."""


def is_installed() -> bool:
    """Whether the library is there."""
    from importlib.util import find_spec

    return find_spec("highspy") is not None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """HiGHS says its name on stdout when it is made, where only data belongs."""
    try:
        kept = os.dup(1)
    except OSError:  # stdout is closed, and nothing can be said there
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


class HighsSolver:
    """Solves with one thread, so that the same model gives the same answer.

    ``seconds`` are for everything that one is asked, from its making on; ``stop`` tells whether to
    break off before.
    """

    def __init__(
        self, seconds: float, seed: int = 0, stop: Callable[[], bool] | None = None
    ) -> None:
        self._ends = time.monotonic() + seconds
        self.seed = seed
        self._stop = stop or (lambda: False)
        self._last: tuple[Model, Sequence[float], int, Highs] | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked to break off, or the time is up."""
        return self._stop() or self._left <= 0.0

    @property
    def _left(self) -> float:
        """Seconds."""
        return max(0.0, self._ends - time.monotonic())

    def relax(self, model: Model, costs: Sequence[float]) -> Relaxed | None:
        """The optimum without whole numbers."""
        import highspy

        highs = self._known(model, costs)
        highs.setOptionValue("time_limit", highs.getRunTime() + self._left)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = highs.getSolution()
        return Relaxed(
            highs.getInfo().objective_function_value,
            found.col_value,
            found.col_dual,
            found.row_dual,
        )

    def solve(
        self,
        model: Model,
        costs: Sequence[float],
        *,
        closed: Iterable[int] = (),
        known: Sequence[float] | None = None,
    ) -> Solved | None:
        """The optimum in whole numbers, of whole costs; the best there is where time runs out."""
        import highspy

        closed = tuple(closed)
        highs = self._loaded(model, costs, whole=True, closed=closed)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", _WHOLE)
        highs.setOptionValue("time_limit", self._left)
        if known is not None:
            solution = highspy.HighsSolution()
            solution.col_value = list(known)
            highs.setSolution(solution)
        highs.run()
        info = highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            # HiGHS 1.16 may lose what it was given, and then say that there is nothing.
            return (
                None if known is None or self.stopped else self.solve(model, costs, closed=closed)
            )
        values = highs.getSolution().col_value
        if model.width == 0:
            return Solved(0.0, 0.0, values)
        told = info.objective_function_value
        total = sum(cost * value for cost, value in zip(costs, values, strict=True) if value)
        if abs(told - total) > max(_SAME, _SAME * abs(total)):
            # Or call it the optimum, of a total that it does not have.
            if known is not None:
                return self.solve(model, costs, closed=closed)
            return Solved(total, -INFINITY, values)
        is_optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        # Of a tree that was searched to its end HiGHS may tell no bound.
        return Solved(told, told if is_optimal else info.mip_dual_bound, values)

    def _known(self, model: Model, costs: Sequence[float]) -> Highs:
        """A model that was just relaxed is gone on with where it only got more rows."""
        import numpy

        last, self._last = self._last, None
        rows = len(model.starts)
        if last is None or last[0] is not model or last[1] is not costs:
            highs = self._loaded(model, costs, whole=False)
        else:
            _, _, known, highs = last
            first = model.starts[known] if known < rows else 0
            highs.addRows(
                rows - known,
                numpy.array(model.row_lower[known:], dtype=float),
                numpy.array(model.row_upper[known:], dtype=float),
                len(model.columns) - first,
                numpy.array([start - first for start in model.starts[known:]], dtype=numpy.int32),
                numpy.array(model.columns[first:], dtype=numpy.int32),
                numpy.array(model.values[first:], dtype=float),
            )
        self._last = (model, costs, rows, highs)
        return highs

    def _loaded(
        self, model: Model, costs: Sequence[float], *, whole: bool, closed: Iterable[int] = ()
    ) -> Highs:
        import highspy
        import numpy

        program = highspy.HighsLp()
        program.num_col_ = model.width
        program.num_row_ = len(model.starts)
        program.col_cost_ = numpy.array(costs, dtype=float)
        program.col_lower_ = numpy.zeros(model.width)
        upper = numpy.array(model.upper, dtype=float)
        upper[list(closed)] = 0.0
        program.col_upper_ = upper
        program.row_lower_ = numpy.array(model.row_lower, dtype=float)
        program.row_upper_ = numpy.array(model.row_upper, dtype=float)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = numpy.array([*model.starts, len(model.columns)])
        program.a_matrix_.index_ = numpy.array(model.columns)
        program.a_matrix_.value_ = numpy.array(model.values, dtype=float)
        if whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            program.integrality_ = [kinds[is_whole] for is_whole in model.whole]
        with _silence():
            highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("random_seed", self.seed)
        highs.passModel(program)
        self._watch(highs)
        return highs

    def _watch(self, highs: Highs) -> None:
        """Let HiGHS ask now and then whether to go on."""

        def ask(event: Any) -> None:  # noqa: ANN401 - the library does not name its type
            if self.stopped:
                event.interrupt()

        highs.cbSimplexInterrupt += ask
        highs.cbMipInterrupt += ask
