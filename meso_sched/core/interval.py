"""Counts of sessions and the intervals between them, parsed and printed (DESIGN section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from dateutil.relativedelta import relativedelta

MAX_SESSIONS = 500
"""More than any course has; a bound for arithmetic, not a clinical figure."""

MAX_INTERVAL_DAYS = 3660
"""Ten years; a bound for arithmetic, not a clinical figure."""

DAYS_OF_MONTH = 30.4375
"""How many days a month counts where it is compared with days or rounded to weeks."""

_COUNT = re.compile(r"(?P<least>[0-9]{1,9})(?:\s*-\s*(?P<most>[0-9]{1,9})|(?P<open>\+))?")
_INTERVAL = re.compile(
    r"(?P<least>[0-9]{1,9})(?:\s*-\s*(?P<most>[0-9]{1,9}))?\s*(?P<unit>day|week|month|year)s?"
)
_FLEX = re.compile(r"-(?P<below>[0-9]{1,4})\s*/\s*\+(?P<above>[0-9]{1,4})\s*days?")


class Unit(Enum):
    """The unit of a step; the value is the word that files and options use."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Count:
    """How many sessions a phase may have: ``least`` to ``most``, or from ``least`` on (None)."""

    least: int
    most: int | None

    def __post_init__(self) -> None:
        highest = self.least if self.most is None else self.most
        if not 1 <= self.least <= highest <= MAX_SESSIONS:
            raise ValueError(
                f"{self.least} to {highest} is no count; it runs from 1 to {MAX_SESSIONS},"
                " the lowest first"
            )

    @classmethod
    def parse(cls, text: str) -> Count:
        """Read ``"4"``, ``"4-6"`` or ``"4+"``; anything else is a ValueError that says so."""
        found = _COUNT.fullmatch(_plain(text))
        if found is None:
            raise ValueError(f'"{text}" is not a count; write "4", "4-6", "4+" or "?"')
        least = int(found["least"])
        if found["open"]:
            return cls(least, None)
        return cls(least, int(found["most"] or least))

    @property
    def is_open(self) -> bool:
        """Whether the source sets no upper end."""
        return self.most is None

    def __contains__(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"{self.least}+"
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the calendar: 15 days, 1 month."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1 or self.counted_days > MAX_INTERVAL_DAYS:
            raise ValueError(
                f"{self} is no interval; it is at least 1 day and at most {MAX_INTERVAL_DAYS} days"
            )

    @property
    def months(self) -> int:
        """Its length in months; 0 for days and weeks."""
        if self.unit is Unit.MONTH:
            return self.amount
        return self.amount * 12 if self.unit is Unit.YEAR else 0

    @property
    def days(self) -> int:
        """Its length in days; 0 for months and years."""
        if self.unit is Unit.DAY:
            return self.amount
        return self.amount * 7 if self.unit is Unit.WEEK else 0

    @property
    def counted_days(self) -> float:
        """Its length in days, a month counting 30.4375."""
        return self.days + self.months * DAYS_OF_MONTH

    def after(self, day: date, times: int = 1) -> date:
        """The day that lies ``times`` steps after ``day``; month ends clamp (relativedelta)."""
        if self.months:
            moved: date = day + relativedelta(months=self.months * times)
            return moved
        return day + timedelta(days=self.days * times)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value}{'' if self.amount == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Interval:
    """The gap to the session before: never under ``least``, over ``most`` is overdue.

    ``below`` and ``above`` are the days of flex under ``least`` and over ``most``; a range of the
    source ("7-14 days") has none. ``ideal`` is what the course aims at.
    """

    least: Step
    ideal: Step
    most: Step
    below: int = 0
    above: int = 0

    def __post_init__(self) -> None:
        shortest = self.least.days or self.least.months * 28
        if self.below < 0 or self.above < 0 or shortest - self.below < 1:
            raise ValueError(
                f"a flex of -{self.below} days would let two sessions fall on one day; the least"
                f" gap of {self.least} stays at 1 day or more"
            )
        if not self.fewest_days <= self.ideal.counted_days <= self.most_days:
            raise ValueError("the ideal lies between the least and the most")

    @classmethod
    def parse(cls, text: str, flex: tuple[int, int] | None = None) -> Interval:
        """Read ``"1 week"`` (``flex``: days below and above it) or ``"7-14 days"`` (no flex).

        Raises ValueError with a sentence for anything else.
        """
        found = _INTERVAL.fullmatch(_plain(text).lower())
        if found is None:
            raise ValueError(
                f'"{text}" is not an interval; write a number or a range and day, week, month or'
                ' year: "1 week", "7-14 days"'
            )
        least = Step(int(found["least"]), Unit(found["unit"]))
        if found["most"] is None:
            below, above = flex or _default_flex(least)
            return cls(least, least, least, below, above)
        most = Step(int(found["most"]), Unit(found["unit"]))
        if most.amount <= least.amount:
            raise ValueError(f'"{text}" runs backward; the lower number comes first')
        if flex is not None:
            raise ValueError(f'a range ("{text}") takes no flex: its ends are the limits')
        return cls(least, least, most)

    @property
    def is_range(self) -> bool:
        """Whether the source gives a range rather than one figure."""
        return self.least != self.most

    @property
    def fewest_days(self) -> float:
        """The least gap in counted days (a month is 30.4375)."""
        return self.least.counted_days - self.below

    @property
    def most_days(self) -> float:
        """The greatest gap that is not overdue, in counted days."""
        return self.most.counted_days + self.above

    @property
    def whole_weeks(self) -> int | None:
        """The ideal rounded to whole weeks, in days, or None where that breaks least or most."""
        days = round(self.ideal.counted_days / 7) * 7
        return days if self.fewest_days <= days <= self.most_days else None

    def allows(self, step: Step) -> bool:
        """Whether a choice of ``step`` lies inside the range."""
        return self.fewest_days <= step.counted_days <= self.most_days

    def choose(self, step: Step) -> Interval:
        """The same limits around another ideal; ValueError outside them."""
        return replace(self, ideal=step)

    def earliest(self, before: date) -> date:
        """The first day allowed after a session booked on ``before``."""
        return self.least.after(before) - timedelta(days=self.below)

    def latest(self, before: date) -> date:
        """The last day after a session booked on ``before`` that is not overdue."""
        return self.most.after(before) + timedelta(days=self.above)

    def ideal_after(self, anchor: date, times: int, *, whole_weeks: bool) -> date:
        """The ideal day of the ``times``-th session after ``anchor``."""
        weeks = self.whole_weeks if whole_weeks else None
        if weeks is None:
            return self.ideal.after(anchor, times)
        return anchor + timedelta(days=weeks * times)

    @property
    def range_text(self) -> str:
        """The range that a choice must lie in, for a message: ``"13 to 17 days"``."""
        if self.least.days and self.most.days:
            return f"{self.least.days - self.below} to {self.most.days + self.above} days"
        least = f"{self.least} less {self.below} days" if self.below else str(self.least)
        most = f"{self.most} and {self.above} days" if self.above else str(self.most)
        return f"{least} to {most}"

    def __str__(self) -> str:
        if self.is_range:
            return f"{self.least.amount}-{self.most}"
        return str(self.least)


def parse_flex(text: str) -> tuple[int, int]:
    """Read ``"-1/+3 days"`` into days below and above; ValueError for anything else."""
    found = _FLEX.fullmatch(_plain(text))
    if found is None:
        raise ValueError(f'"{text}" is not a flex; write days below and above: "-1/+3 days"')
    return int(found["below"]), int(found["above"])


def _default_flex(step: Step) -> tuple[int, int]:
    """One day for each whole week, a month counting 30 days."""
    weeks = (step.days + step.months * 30) // 7
    return weeks, weeks


def _plain(text: str) -> str:
    """Trimmed, and with the dashes that word processors write made plain."""
    return text.strip().replace("\u2013", "-").replace("\u2212", "-")
