"""Many courses at once: who comes when, what is overdue, unmarked or missed, and what ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.changes import Adherence, adherence
from meso_sched.core.plan import Plan
from meso_sched.core.walltime import DateRange


class KeptCourse(NamedTuple):
    """A course as the calendar has it, and where it is kept, in words for a message.

    ``uids`` are the calendar's own names for the sessions, by number.
    """

    plan: Plan
    where: str
    uids: Mapping[int, str] = MappingProxyType({})

    @property
    def patient(self) -> str | None:
        """The patient's reference."""
        return self.plan.course.patient


class AgendaRequest(NamedTuple):
    """What the desk asks: the appointments of ``days``, and all else as of ``now`` (aware).

    ``zone`` is the one in which days and times are told; ``days`` None are all that the courses
    have. ``months`` are the days on which a course may end to be told of.
    """

    courses: tuple[KeptCourse, ...]
    now: datetime
    zone: tzinfo
    days: DateRange | None
    months: DateRange


class Appointment(NamedTuple):
    """A session of a course; ``start`` and ``end`` aware, in the zone asked for.

    ``beside`` are the courses that have a session at the same time.
    """

    kept: KeptCourse
    session: BookedSession
    start: datetime
    end: datetime
    beside: tuple[KeptCourse, ...] = ()

    @property
    def day(self) -> date:
        """The date in the zone asked for."""
        return self.start.date()

    @property
    def is_last(self) -> bool:
        """Whether no later session of its course takes place."""
        numbers = (each.number for each in self.kept.plan.booked if each.takes_place)
        return self.session.takes_place and self.session.number == max(numbers)


class Overdue(NamedTuple):
    """A session that is, or is booked, so many days after its latest day."""

    appointment: Appointment
    days: int


class Standing(NamedTuple):
    """How far a course has come; ``next`` is its next appointment, ``last`` its last.

    A course of which nothing takes place any more has no last one.
    """

    kept: KeptCourse
    adherence: Adherence
    next: Appointment | None
    last: Appointment | None


class Agenda(NamedTuple):
    """The appointments of ``days`` in time order, and what is to be seen to in all courses."""

    days: DateRange
    months: DateRange
    appointments: tuple[Appointment, ...]
    overdue: tuple[Overdue, ...]
    unmarked: tuple[Appointment, ...]
    missed: tuple[Appointment, ...]
    ending: tuple[Standing, ...]
    courses: tuple[Standing, ...]

    @property
    def next(self) -> Appointment | None:
        """The next appointment of all."""
        ahead = (each.next for each in self.courses)
        return min((each for each in ahead if each), key=_in_time, default=None)


class Overall(NamedTuple):
    """The adherence of many courses; ``farthest`` is the one with the largest deviation."""

    adherence: Adherence
    farthest: KeptCourse | None


def make_agenda(request: AgendaRequest) -> Agenda:
    """Every session of ``days`` that is not cancelled, once, where it is booked now."""
    everything = [_Sessions.of(kept, request.zone) for kept in request.courses]
    days = request.days or _all_days(everything, request)
    shown = _joined(
        (each for each in sessions.all if each.day in days and not _is(each, Status.CANCELLED))
        for sessions in everything
    )
    overdue = [each for sessions in everything for each in sessions.overdue(request.now)]
    standings = tuple(sessions.standing(request.now) for sessions in everything)
    ending = [(each.last, each) for each in standings if each.last]
    return Agenda(
        days=days,
        months=request.months,
        appointments=tuple(_side_by_side(shown)),
        overdue=tuple(sorted(overdue, key=lambda each: _in_time(each.appointment))),
        unmarked=_joined(sessions.unmarked(request.now) for sessions in everything),
        missed=_joined(sessions.given_up() for sessions in everything),
        ending=tuple(
            standing
            for last, standing in sorted(ending, key=lambda each: _in_time(each[0]))
            if last.day in request.months
        ),
        courses=standings,
    )


def overall(standings: Iterable[Standing]) -> Overall:
    """How near the done sessions of all the courses came to their ideal dates."""
    told = [(each, each.adherence) for each in standings]
    done = sum(each.done for _, each in told)
    deviations = [(each.largest, standing) for standing, each in told if each.largest is not None]
    largest = max(deviations, key=lambda each: abs(each[0]), default=None)
    total = sum(each.mean * each.done for _, each in told if each.mean is not None)
    return Overall(
        Adherence(
            done=done,
            missed=sum(each.missed for _, each in told),
            mean=total / done if done else None,
            largest=None if largest is None else largest[0],
        ),
        None if largest is None else largest[1].kept,
    )


class _Sessions(NamedTuple):
    """All sessions of one course, in the order of their numbers."""

    kept: KeptCourse
    all: tuple[Appointment, ...]

    @classmethod
    def of(cls, kept: KeptCourse, zone: tzinfo) -> _Sessions:
        return cls(
            kept,
            tuple(
                Appointment(kept, each, each.start.astimezone(zone), each.end.astimezone(zone))
                for each in kept.plan.booked
            ),
        )

    def standing(self, now: datetime) -> Standing:
        ahead = [each for each in self.all if _is(each, Status.BOOKED) and each.end > now]
        taking_place = (each for each in self.all if each.session.takes_place)
        return Standing(
            self.kept,
            adherence(self.kept.plan),
            min(ahead, key=_in_time, default=None),
            max(taking_place, key=_in_time, default=None),
        )

    def unmarked(self, now: datetime) -> Iterator[Appointment]:
        """Over, and neither done nor missed."""
        return (each for each in self.all if _is(each, Status.BOOKED) and each.end <= now)

    def overdue(self, now: datetime) -> Iterator[Overdue]:
        """Open sessions after their latest day.

        Of those that are over and that nobody marked, the first one decides what is due: the
        latest days of the others count from a session of which nobody knows whether it was.
        """
        today = now.astimezone(self.kept.plan.clinic.zone).date()
        first = next(self.unmarked(now), None)
        for each in self.all:
            session = each.session
            if session.status is not Status.BOOKED:
                continue
            late = session.overdue_days
            if each is first and session.latest is not None:
                late = max(late, (today - session.latest).days)
            if late > 0:
                yield Overdue(each, late)

    def given_up(self) -> Iterator[Appointment]:
        """Missed, without a new date, and the patient has not come since."""
        done = [each.session.number for each in self.all if _is(each, Status.FULFILLED)]
        last_done = max(done, default=0)
        return (
            each
            for each in self.all
            if _is(each, Status.NOSHOW) and each.session.number > last_done
        )


def _is(appointment: Appointment, status: Status) -> bool:
    return appointment.session.status is status


def _in_time(appointment: Appointment) -> tuple[float, str, str, int]:
    """Orders appointments by their moments, and two at one moment always alike."""
    course = appointment.kept.plan.course
    return (
        appointment.start.timestamp(),
        course.patient or "",
        appointment.kept.where,
        appointment.session.number,
    )


def _joined(each_course: Iterable[Iterable[Appointment]]) -> tuple[Appointment, ...]:
    return tuple(sorted((each for course in each_course for each in course), key=_in_time))


def _all_days(everything: Sequence[_Sessions], request: AgendaRequest) -> DateRange:
    """From the first to the last appointment; today where there is none."""
    days = [
        each.day
        for sessions in everything
        for each in sessions.all
        if each.session.status is not Status.CANCELLED
    ]
    today = request.now.astimezone(request.zone).date()
    return DateRange(min(days, default=today), max(days, default=today))


def _side_by_side(ordered: Sequence[Appointment]) -> Iterator[Appointment]:
    """Tell of each that takes place which others take place at the same time."""
    beside: list[list[KeptCourse]] = [[] for _ in ordered]
    under_way: list[tuple[float, int]] = []
    for index, each in enumerate(ordered):
        if not each.session.takes_place:
            continue
        # By the clock of one zone, an hour that autumn repeats would be the same hour.
        begins = each.start.timestamp()
        under_way = [(ends, other) for ends, other in under_way if ends > begins]
        for _, other in under_way:
            beside[other].append(each.kept)
            beside[index].append(ordered[other].kept)
        under_way.append((each.end.timestamp(), index))
    for each, others in zip(ordered, beside, strict=True):
        yield each._replace(beside=tuple(others))
