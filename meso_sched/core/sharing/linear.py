"""A linear model with whole numbers, as plain lists, and what a solver is asked for.

The core builds the model; who solves it is handed in, so that no solver is needed to read this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

INFINITY = float("inf")


@dataclass(slots=True)
class Model:
    """Columns and rows; a row is a sum of columns between two limits. All is to be minimized.

    Columns run from 0 to ``upper``, and hold whole numbers where ``whole`` says so. The rows stand
    one after the other: row ``r`` has the entries from ``starts[r]`` on.
    """

    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.upper)

    def column(self, upper: float = 1.0, *, whole: bool = True) -> int:
        """A new column; its number."""
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.upper) - 1

    def row(
        self,
        columns: Sequence[int],
        values: Iterable[float],
        *,
        lower: float = -INFINITY,
        upper: float = INFINITY,
    ) -> int:
        """A new row; its number."""
        self.starts.append(len(self.columns))
        self.columns.extend(columns)
        self.values.extend(values)
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        return len(self.starts) - 1

    def at_most(self, columns: Sequence[int], limit: float) -> int:
        """A row in which each of the columns counts once."""
        return self.row(columns, [1.0] * len(columns), upper=limit)


class Relaxed(NamedTuple):
    """The optimum where whole numbers need not be whole: a bound for all that are.

    ``reduced`` is what a column costs beyond what it saves; ``prices`` are those of the rows.
    """

    total: float
    values: Sequence[float]
    reduced: Sequence[float]
    prices: Sequence[float]


class Solved(NamedTuple):
    """The best solution found; ``bound`` is what none can be below."""

    total: float
    bound: float
    values: Sequence[float]


class Solver(Protocol):
    """What solves a model; both give None where it has no solution, or none in time."""

    def relax(self, model: Model, costs: Sequence[float]) -> Relaxed | None:
        """The optimum without whole numbers."""

    def solve(
        self,
        model: Model,
        costs: Sequence[float],
        *,
        closed: Iterable[int] = (),
        known: Sequence[float] | None = None,
    ) -> Solved | None:
        """The optimum in whole numbers, of whole costs.

        ``closed`` columns stay 0; ``known`` is a solution to begin with.
        """

    @property
    def stopped(self) -> bool:
        """Whether to break off: somebody asked, or the time is up."""
