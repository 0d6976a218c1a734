"""A session in the calendar: its slot, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import NamedTuple

from meso_sched.core.course import IdealSession
from meso_sched.core.walltime import plural, show_day
from meso_sched.errors import PlacingError


class Status(Enum):
    """What became of a session, in the words of FHIR; the value is what files hold."""

    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"


class Slot(NamedTuple):
    """A stretch of the clinic's time; both aware."""

    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The local date."""
        return self.start.date()


class BookedSession(NamedTuple):
    """A session with its slot; ``start`` and ``end`` aware, the other dates local.

    ``earliest`` and ``latest`` follow from the session booked before, whose number is ``before``.
    ``by_hand``: a person chose the slot, and no plan moves it. ``missed`` are former slots to
    which the patient did not come.
    """

    plan: IdealSession
    start: datetime
    end: datetime
    earliest: date
    latest: date | None
    gap_days: int | None
    overdue_days: int
    why: tuple[str, ...]
    before: int | None = None
    status: Status = Status.BOOKED
    by_hand: bool = False
    missed: tuple[Slot, ...] = ()

    @property
    def number(self) -> int:
        """Its number in the course."""
        return self.plan.number

    @property
    def slot(self) -> Slot:
        """Where it is booked."""
        return Slot(self.start, self.end)

    @property
    def day(self) -> date:
        """The local date of the slot."""
        return self.start.date()

    @property
    def shift_days(self) -> int:
        """Days from the ideal date; negative is early."""
        return (self.day - self.plan.ideal).days

    @property
    def takes_place(self) -> bool:
        """Whether it is done or still to be done."""
        return self.status in (Status.BOOKED, Status.FULFILLED)


def overdue_warnings(booked: Sequence[BookedSession]) -> tuple[str, ...]:
    """A sentence for every session to come that is later than its interval allows."""
    return tuple(
        f"session {each.number} ({show_day(each.day)}) is {plural(each.overdue_days, 'day')}"
        f" overdue: {plural(each.gap_days, 'day')} after session {each.before},"
        f" the latest would be {show_day(each.latest)}"
        for each in booked
        if each.status is Status.BOOKED
        and each.overdue_days
        and each.gap_days is not None
        and each.latest is not None
    )


def refuse_overdue(booked: Sequence[BookedSession]) -> None:
    """Raise PlacingError where a session is overdue."""
    warnings = overdue_warnings(booked)
    if warnings:
        raise PlacingError("; ".join(warnings))
