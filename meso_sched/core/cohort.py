"""Many courses that share rooms and people: what to place, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from enum import Enum
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status, with_skipped
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits
from meso_sched.core.course import Course, IdealSession
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview


class Entry(NamedTuple):
    """A course of the list: session 1 is not before ``start`` (a local time of the first day).

    ``priority``: where two courses have the same claim, the one with the lower number goes first.
    By number: ``kept`` are sessions that stay as they are booked, ``gone`` those that do not take
    place (missed, called off) and stay so, ``reviews`` those that are booked already. ``former``
    are slots of an earlier run, which a stable one leaves only where it must.
    """

    course: Course
    start: time = time.min
    limits: Limits = Limits()
    priority: int = 0
    kept: Mapping[int, BookedSession] = {}
    gone: Mapping[int, BookedSession] = {}
    reviews: Mapping[int, BookedReview] = {}
    former: Mapping[int, Slot] = {}

    @property
    def sessions(self) -> tuple[IdealSession, ...]:
        """The sessions that take place or are to, laid out anew; they know what was skipped."""
        status = {number: each.status for number, each in self.gone.items()}
        told = ((each, status.get(each.number, Status.BOOKED)) for each in self.course.sessions)
        return tuple(each for each in with_skipped(told) if each.number not in self.gone)


class Taken(NamedTuple):
    """An appointment that is not in the list and stays: whose, where and with whom ("": any)."""

    slot: Slot
    patient: str | None = None
    regimen: str = ""
    room: str = ""
    practitioner: str = ""


class CohortRequest(NamedTuple):
    """All courses of one clinic; its rooms, people and turnover are the capacity.

    ``busy`` is time in which nobody can come. ``stable``: sessions that leave their former slots
    count before days from the ideal dates.
    """

    clinic: Clinic
    entries: tuple[Entry, ...]
    holidays: Mapping[date, Holiday] = {}
    busy: Busy = Busy()
    taken: tuple[Taken, ...] = ()
    stable: bool = False


class Method(Enum):
    """How a cohort was placed; the value is what files hold."""

    EXACT = "exact"
    GREEDY = "greedy"


class Objective(NamedTuple):
    """The goals of DESIGN 3 in their order, summed over all courses, places first.

    ``moved`` counts sessions that left their former slots, 0 unless the run is to be stable.
    """

    unplaced: int = 0
    overdue_days: int = 0
    moved: int = 0
    distance_days: int = 0
    early: int = 0
    distance_minutes: int = 0


class Unplaced(NamedTuple):
    """A session without a place: why, and the day nearest to its ideal that would do, if any.

    That day lies past its reach, since else it would be booked.
    """

    session: IdealSession
    why: str
    nearest: date | None


class PlacedCourse(NamedTuple):
    """What became of a course: its booked sessions in order, with room and practitioner."""

    entry: Entry
    booked: tuple[BookedSession, ...]
    unplaced: tuple[Unplaced, ...] = ()
    reviews: tuple[BookedReview, ...] = ()
    unplaced_reviews: tuple[str, ...] = ()
    """A sentence for each review that found no place."""

    def plan(self, request: CohortRequest) -> Plan:
        """The course as a plan of its own, for a calendar file; it has a booked session."""
        everything = (*self.booked, *self.entry.gone.values())
        return Plan(
            self.entry.course,
            request.clinic,
            tuple(sorted(everything, key=lambda each: each.number)),
            self.entry.start,
            self.entry.limits,
            around_busy=True,
            reviews=self.reviews,
        )


class CohortResult(NamedTuple):
    """All courses in the order of the list; ``bound`` is what no plan can do better than.

    ``stopped``: somebody broke off the search, and this is the best that it had. ``warnings`` are
    sentences for the desk.
    """

    courses: tuple[PlacedCourse, ...]
    objective: Objective
    bound: Objective
    method: Method
    stopped: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether nothing better exists."""
        return self.objective == self.bound

    @property
    def gap(self) -> float:
        """How far the first goal that is not proven may be from its optimum, as a part of it.

        0.0 where all are proven, 1.0 where the bound is 0.
        """
        for reached, least in zip(self.objective, self.bound, strict=True):
            if reached != least:
                return (reached - least) / reached
        return 0.0


def summed(results: Sequence[CohortResult]) -> CohortResult:
    """The results of clinics that have nothing to do with each other, as one of them all."""
    return CohortResult(
        courses=tuple(course for each in results for course in each.courses),
        objective=sum_of(each.objective for each in results),
        bound=sum_of(each.bound for each in results),
        method=max((each.method for each in results), key=lambda each: each is Method.GREEDY),
        stopped=any(each.stopped for each in results),
        warnings=tuple(warning for each in results for warning in each.warnings),
    )


def sum_of(objectives: Iterable[Objective]) -> Objective:
    """Goal by goal."""
    return Objective(*map(sum, zip(Objective(), *objectives, strict=True)))
