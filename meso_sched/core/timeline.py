"""A course as lanes on one axis of time: what a screen or a card draws of it.

Places are fractions, so that whoever draws chooses columns or millimetres: 0.0 is the first day
and 1.0 the last, of all lanes alike, so that the phases of a course form a staircase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.interval import Interval
from meso_sched.core.regimen import Phase, Regimen

if TYPE_CHECKING:  # `show` draws a template and places nothing
    from meso_sched.core.plan import Plan

_MIDDLE = 0.5
"""Where all stands if it is on one day."""


class Mark(NamedTuple):
    """A session, or a review under its own number, on its local ``day``.

    ``at`` is its place, 0.0 to 1.0; ``gap_days`` the days since the session before. ``overdue``:
    its gap is longer than its interval allows, and it takes place.
    """

    number: int
    day: date
    at: float
    status: Status
    gap_days: int | None
    overdue: bool


class Lane(NamedTuple):
    """A phase with a mark for each of its sessions, in order of their numbers.

    A phase that begins anew is a lane of its own (``again``). ``missed`` are the days on which a
    patient did not come to a session that has another day since, under that session's number.
    """

    phase: str
    interval: Interval
    marks: tuple[Mark, ...]
    missed: tuple[Mark, ...] = ()
    again: bool = False


class Timeline(NamedTuple):
    """A course from its ``first`` to its ``last`` day (local), sessions and reviews.

    ``today`` is its place, None before the first and after the last day; ``months`` are the firsts
    of months that lie inside, each with its place.
    """

    first: date
    last: date
    lanes: tuple[Lane, ...]
    reviews: tuple[Mark, ...]
    today: float | None
    months: tuple[tuple[date, float], ...]


class Sketch(NamedTuple):
    """A phase of a template: ``days`` are its sessions, in days from the first of the regimen.

    ``known`` is whether the source gives both count and interval; if not, its one day is where it
    would begin.
    """

    phase: Phase
    days: tuple[float, ...]
    known: bool


class Outline(NamedTuple):
    """A template without dates, a sketch for each phase; ``days`` is how long it takes."""

    sketches: tuple[Sketch, ...]
    days: float

    def at(self, days: float) -> float:
        """The place of a day."""
        return days / self.days if self.days else 0.0


class _Axis(NamedTuple):
    first: date
    last: date

    def at(self, day: date) -> float:
        span = (self.last - self.first).days
        return (day - self.first).days / span if span else _MIDDLE

    def session(self, booked: BookedSession) -> Mark:
        overdue = booked.takes_place and booked.overdue_days > 0
        day = booked.day
        return Mark(booked.number, day, self.at(day), booked.status, booked.gap_days, overdue)

    def plain(self, number: int, day: date, status: Status) -> Mark:
        return Mark(number, day, self.at(day), status, None, overdue=False)


def timeline(plan: Plan, today: date) -> Timeline:
    """The course on one axis, from its first to its last appointment; ``today`` is local."""
    days = [
        *(each.day for each in plan.booked),
        *(slot.day for each in plan.booked for slot in _given_up(each)),
        *(each.day for each in plan.reviews),
    ]
    axis = _Axis(min(days), max(days))
    return Timeline(
        *axis,
        tuple(_lane(axis, sessions) for sessions in _runs(plan.booked)),
        tuple(axis.plain(each.number, each.day, each.status) for each in plan.reviews),
        axis.at(today) if axis.first <= today <= axis.last else None,
        tuple((first, axis.at(first)) for first in _firsts(axis)),
    )


def outline(regimen: Regimen) -> Outline:
    """All phases at their lowest counts and ideal intervals, the optional ones as well.

    Days are counted (a month is 30.4375) and not rounded to weeks: this is the source's own figure.
    """
    sketches = tuple(_sketches(regimen.phases))
    return Outline(sketches, sketches[-1].days[-1])


def _sketches(phases: Sequence[Phase]) -> Iterator[Sketch]:
    anchor = 0.0
    for position, phase in enumerate(phases):
        if phase.sessions is None or phase.every is None:
            yield Sketch(phase, (anchor,), known=False)
            continue
        # As in a course: only the first phase counts from its own first session.
        offset = 0 if position == 0 else 1
        step = phase.every.ideal.counted_days
        days = tuple(anchor + step * (n + offset) for n in range(phase.sessions.least))
        anchor = days[-1]
        yield Sketch(phase, days, known=True)


def _runs(booked: Sequence[BookedSession]) -> Iterator[list[BookedSession]]:
    """The sessions by phase; one that begins anew is apart from what was done of it."""
    run: list[BookedSession] = []
    for each in booked:
        if run and (each.plan.phase != run[-1].plan.phase or each.plan.restarts):
            yield run
            run = []
        run.append(each)
    yield run


def _lane(axis: _Axis, sessions: Sequence[BookedSession]) -> Lane:
    plan = sessions[0].plan
    return Lane(
        plan.phase,
        plan.interval,
        tuple(axis.session(each) for each in sessions),
        tuple(
            axis.plain(each.number, slot.day, Status.NOSHOW)
            for each in sessions
            for slot in _given_up(each)
        ),
        again=plan.restarts,
    )


def _given_up(session: BookedSession) -> Iterator[Slot]:
    """Where the patient did not come, other than where the session stands now."""
    for slot in session.missed:
        if session.status is not Status.NOSHOW or slot != session.slot:
            yield slot


def _firsts(axis: _Axis) -> Iterator[date]:
    first = axis.first.replace(day=1)
    while first <= axis.last:
        if first >= axis.first:
            yield first
        first = (first + timedelta(days=31)).replace(day=1)
