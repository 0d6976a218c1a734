"""A course with its slots: the main job in one call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, overdue_warnings
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, OpenTime
from meso_sched.core.course import Course
from meso_sched.core.placing import REACH_DAYS, PlacingRequest, place
from meso_sched.core.reviewing import BookedReview, ReviewRequest, book_reviews, reach
from meso_sched.core.walltime import DateRange, plural, show_day

LATE_START_DAYS = 7
"""A start that moves by so many days is worth a warning."""


class PlanRequest(NamedTuple):
    """A course to place in a clinic's time; session 1 is not before ``start`` (local, naive).

    ``around_busy``: other calendars were looked at, whether or not they take any time.
    """

    course: Course
    clinic: Clinic
    start: time = time.min
    limits: Limits = Limits()
    holidays: Mapping[date, Holiday] = {}
    busy: Busy = Busy()
    around_busy: bool = False


class Plan(NamedTuple):
    """A course and where its sessions are booked, in order of their numbers.

    ``start``, ``limits`` and ``around_busy`` are what it was placed by.
    """

    course: Course
    clinic: Clinic
    booked: tuple[BookedSession, ...]
    start: time = time.min
    limits: Limits = Limits()
    around_busy: bool = False
    reviews: tuple[BookedReview, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the desk should know: a start that moved by a week or more, overdue sessions."""
        return (*self._late_start(), *overdue_warnings(self.booked))

    def _late_start(self) -> tuple[str, ...]:
        first, asked = self.booked[0], self.course.start
        if first.shift_days < LATE_START_DAYS or not first.why:
            return ()
        return (
            f"the course begins on {show_day(first.day)}, {plural(first.shift_days, 'day')} after"
            f" the start that was asked for ({show_day(asked)}): {first.why[0]}",
        )


def horizon(course: Course, today: date) -> DateRange:
    """The local days that placing may look at, for holidays and busy time.

    A course that goes on late may take as long from today as it was to take from its start.
    """
    last = max(session.ideal for session in course.sessions)
    late = max(today - course.start, timedelta(0))
    days = REACH_DAYS + 1 + reach(course.regimen.reviews)
    return DateRange(course.start, last + late + timedelta(days=days))


def make_plan(request: PlanRequest) -> Plan:
    """Book every session and every review of a course.

    PlacingError says which finds no place and why.
    """
    open_time = OpenTime(request.clinic, request.limits, request.holidays)
    booked = place(
        PlacingRequest(
            sessions=request.course.sessions,
            start=datetime.combine(request.course.start, request.start),
            length=request.course.length,
            open_time=open_time,
            busy=request.busy,
        )
    )
    reviews = request.course.regimen.reviews
    return Plan(
        request.course,
        request.clinic,
        booked,
        request.start,
        request.limits,
        request.around_busy,
        book_reviews(ReviewRequest(reviews, booked, open_time, request.busy)),
    )
