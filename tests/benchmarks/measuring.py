"""The row of a measurement, and measuring in a process of its own, in which nothing ran before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Row(NamedTuple):
    """One goal: what was measured against what, and the ratio that must not be exceeded.

    The ratio is None where the peer is not installed.
    """

    what: str
    ours: float
    theirs: float
    ratio: float | None
    goal: float
    unit: str = "s"

    @classmethod
    def of(cls, what: str, ours: float, theirs: float, goal: float, unit: str = "s") -> Row:
        """A row of two amounts."""
        return cls(what, ours, theirs, ours / theirs, goal, unit)

    @property
    def met(self) -> bool:
        return self.ratio is None or self.ratio <= self.goal

    def __str__(self) -> str:
        if self.ratio is None:
            return f"| {self.what} | | | | {self.goal:g} | left out |"
        amounts = " | ".join(_shown(amount, self.unit) for amount in (self.ours, self.theirs))
        met = "met" if self.met else "**missed**"
        return f"| {self.what} | {amounts} | {self.ratio:.3f} | {self.goal:g} | {met} |"


def _shown(amount: float, unit: str) -> str:
    return f"{amount * 1000:.1f} ms" if unit == "s" else f"{amount:.4g} {unit}"


def alone(measure: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function of a module returns that is called in a new process, the only one at work."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, *args, **kwargs).result()


def memory_now() -> float:
    """The memory of this process, in MB; Linux tells it."""
    return _memory("VmRSS")


def memory_at_most() -> float:
    """The most memory that this process ever had, in MB.

    `resource` would not do: what it says of a process begins with the memory of its parent.
    """
    return _memory("VmHWM")


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) / 1024
