"""A session in the calendar: its slot, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from meso_sched.core.course import IdealSession
from meso_sched.core.interval import Interval
from meso_sched.core.walltime import plural, show_day
from meso_sched.errors import PlacingError


class Status(Enum):
    """What became of a session, in the words of FHIR; the value is what files hold."""

    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"

    @property
    def takes_place(self) -> bool:
        """Whether a session is done or still to be done."""
        return self in (Status.BOOKED, Status.FULFILLED)

    @property
    def word(self) -> str:
        """As the desk says it: ``done``, ``missed``."""
        return {Status.FULFILLED: "done", Status.NOSHOW: "missed"}.get(self, self.value)


class Slot(NamedTuple):
    """A stretch of the clinic's time; both aware."""

    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The local date."""
        return self.start.date()

    @property
    def length(self) -> timedelta:
        """The true time that it takes, whatever the clock shows."""
        # In UTC: times of one zone compare by their wall clocks, which an autumn night shows twice.
        return self.end.astimezone(UTC) - self.start.astimezone(UTC)

    def is_at(self, other: Slot) -> bool:
        """Whether both are the same stretch of time, in whichever zones."""
        mine = self.start.astimezone(UTC), self.end.astimezone(UTC)
        return mine == (other.start.astimezone(UTC), other.end.astimezone(UTC))

    def starting(self, start: datetime) -> Slot:
        """As long, from another start on."""
        return Slot(start, (start.astimezone(UTC) + self.length).astimezone(start.tzinfo))


class BookedSession(NamedTuple):
    """A session with its slot; ``start`` and ``end`` aware, the other dates local.

    ``earliest`` and ``latest`` follow from the session booked before, whose number is ``before``.
    ``by_hand``: a person chose the slot, and no plan moves it. ``missed`` are former slots to
    which the patient did not come. ``room`` and ``practitioner`` are the names of those that it
    takes where many courses share them, else "".
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
    room: str = ""
    practitioner: str = ""

    @classmethod
    def at(cls, plan: IdealSession, slot: Slot, why: tuple[str, ...] = ()) -> BookedSession:
        """A session in its slot, as one that follows no other."""
        return cls(plan, *slot, plan.ideal, None, None, 0, why)

    def after(self, before: tuple[int, date] | None) -> BookedSession:
        """With the gap and the limits that follow from a session: its number and its local day."""
        if before is None:
            return self._replace(
                earliest=self.plan.ideal, latest=None, gap_days=None, overdue_days=0, before=None
            )
        number, day = before
        latest = self.plan.latest(day)
        return self._replace(
            earliest=self.plan.earliest(day),
            latest=latest,
            gap_days=(self.day - day).days,
            overdue_days=0 if latest is None else max(0, (self.day - latest).days),
            before=number,
        )

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
        return self.status.takes_place


def with_skipped(sessions: Iterable[tuple[IdealSession, Status]]) -> Iterator[IdealSession]:
    """Sessions, each with the intervals of the cancelled ones since the last that takes place."""
    skipped: tuple[Interval, ...] = ()
    for session, status in sessions:
        yield session._replace(skipped=skipped)
        if status is Status.CANCELLED:
            skipped = (*skipped, session.interval)
        elif status.takes_place:
            skipped = ()


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
