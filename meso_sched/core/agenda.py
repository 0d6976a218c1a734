"""Many courses at once: who comes when, what is overdue, unmarked or missed, and what ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.changes import Adherence, adherence
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import DateRange


class KeptCourse(NamedTuple):
    """A course as the calendar has it, and where it is kept, in words for a message.

    ``uids`` are the calendar's own names for the sessions, by number, ``review_uids`` those for the
    reviews.
    """

    plan: Plan
    where: str
    uids: Mapping[int, str] = MappingProxyType({})
    review_uids: Mapping[int, str] = MappingProxyType({})

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


class Kind(Enum):
    """What a patient comes for; the value is the desk's word for it."""

    SESSION = "session"
    REVIEW = "review"


class Appointment(NamedTuple):
    """A session or a review of a course; ``start`` and ``end`` aware, in the zone asked for.

    ``number`` counts each kind apart, and ``uid`` is the calendar's own name. Sessions alone have a
    ``phase``, their place in it (``of``), a ``latest`` (local) day, days that they are overdue and
    slots that were missed; ``is_last`` is the last that takes place. Reviews alone have a ``name``.
    ``room`` and ``practitioner`` are empty where nobody says which. ``beside`` are the courses that
    have an appointment at the same time, unless it takes another room and another person.
    """

    kept: KeptCourse
    kind: Kind
    number: int
    start: datetime
    end: datetime
    status: Status
    by_hand: bool = False
    uid: str | None = None
    phase: str | None = None
    of: tuple[int, int] | None = None
    latest: date | None = None
    overdue_days: int = 0
    missed: tuple[Slot, ...] = ()
    is_last: bool = False
    name: Text | None = None
    room: str = ""
    practitioner: str = ""
    beside: tuple[KeptCourse, ...] = ()

    @property
    def day(self) -> date:
        """The date in the zone asked for."""
        return self.start.date()

    @property
    def key(self) -> tuple[str, Kind, int]:
        """What tells it from all others."""
        return self.kept.where, self.kind, self.number


class Overdue(NamedTuple):
    """A session that is, or is booked, so many days after its latest day."""

    appointment: Appointment
    days: int


class Standing(NamedTuple):
    """How far a course has come; ``next`` is its next appointment, ``last`` its last session.

    A review may come next, but a course ends with its sessions: one of which none takes place any
    more has no last one.
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
    """Every appointment of ``days`` that is not cancelled, once, where it is booked now."""
    everything = [_Course.of(kept, request.zone) for kept in request.courses]
    days = request.days or _all_days(everything, request)
    shown = _joined(
        (each for each in course.not_cancelled if each.day in days) for course in everything
    )
    overdue = [each for course in everything for each in course.overdue(request.now)]
    standings = tuple(course.standing(request.now) for course in everything)
    ending = [(each.last, each) for each in standings if each.last]
    return Agenda(
        days=days,
        months=request.months,
        appointments=tuple(_side_by_side(shown)),
        overdue=tuple(sorted(overdue, key=lambda each: _in_time(each.appointment))),
        unmarked=_joined(course.unmarked(request.now) for course in everything),
        missed=_joined(course.given_up() for course in everything),
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


class _Course(NamedTuple):
    """All appointments of one course, each kind in the order of its numbers.

    Nobody marks a review, so that what is due, missed or last is told of sessions alone.
    """

    kept: KeptCourse
    sessions: tuple[Appointment, ...]
    reviews: tuple[Appointment, ...]

    @classmethod
    def of(cls, kept: KeptCourse, zone: tzinfo) -> _Course:
        last = max((each.number for each in kept.plan.booked if each.takes_place), default=None)
        sessions = (_session(kept, each, zone) for each in kept.plan.booked)
        return cls(
            kept,
            tuple(each._replace(is_last=each.number == last) for each in sessions),
            tuple(_review(kept, each, zone) for each in kept.plan.reviews),
        )

    @property
    def not_cancelled(self) -> Iterator[Appointment]:
        """All but the cancelled ones."""
        everything = (*self.sessions, *self.reviews)
        return (each for each in everything if each.status is not Status.CANCELLED)

    def standing(self, now: datetime) -> Standing:
        ahead = (each for each in self.not_cancelled if _is_open(each) and each.end > now)
        taking_place = (each for each in self.sessions if each.status.takes_place)
        return Standing(
            self.kept,
            adherence(self.kept.plan),
            min(ahead, key=_in_time, default=None),
            max(taking_place, key=_in_time, default=None),
        )

    def unmarked(self, now: datetime) -> Iterator[Appointment]:
        """Over, and neither done nor missed."""
        return (each for each in self.sessions if _is_open(each) and each.end <= now)

    def overdue(self, now: datetime) -> Iterator[Overdue]:
        """Open sessions after their latest day.

        Of those that are over and that nobody marked, the first one decides what is due: the
        latest days of the others count from a session of which nobody knows whether it was.
        """
        today = now.astimezone(self.kept.plan.clinic.zone).date()
        first = next(self.unmarked(now), None)
        for each in self.sessions:
            if not _is_open(each):
                continue
            late = each.overdue_days
            if each is first and each.latest is not None:
                late = max(late, (today - each.latest).days)
            if late > 0:
                yield Overdue(each, late)

    def given_up(self) -> Iterator[Appointment]:
        """Missed, without a new date, and the patient has not come since."""
        done = (each.number for each in self.sessions if each.status is Status.FULFILLED)
        last_done = max(done, default=0)
        return (
            each
            for each in self.sessions
            if each.status is Status.NOSHOW and each.number > last_done
        )


def _session(kept: KeptCourse, booked: BookedSession, zone: tzinfo) -> Appointment:
    return Appointment(
        kept,
        Kind.SESSION,
        booked.number,
        booked.start.astimezone(zone),
        booked.end.astimezone(zone),
        booked.status,
        booked.by_hand,
        kept.uids.get(booked.number),
        phase=booked.plan.phase,
        of=booked.plan.of,
        latest=booked.latest,
        overdue_days=booked.overdue_days,
        missed=booked.missed,
        room=booked.room,
        practitioner=booked.practitioner,
    )


def _review(kept: KeptCourse, booked: BookedReview, zone: tzinfo) -> Appointment:
    return Appointment(
        kept,
        Kind.REVIEW,
        booked.number,
        booked.start.astimezone(zone),
        booked.end.astimezone(zone),
        booked.status,
        booked.by_hand,
        kept.review_uids.get(booked.number),
        name=booked.name,
        room=booked.room,
        practitioner=booked.practitioner,
    )


def _is_open(appointment: Appointment) -> bool:
    return appointment.status is Status.BOOKED


def _in_time(appointment: Appointment) -> tuple[float, str, str, bool, int]:
    """Orders appointments by their moments, and two at one moment always alike."""
    return (
        appointment.start.timestamp(),
        appointment.kept.patient or "",
        appointment.kept.where,
        appointment.kind is Kind.REVIEW,
        appointment.number,
    )


def _joined(each_course: Iterable[Iterable[Appointment]]) -> tuple[Appointment, ...]:
    return tuple(sorted((each for course in each_course for each in course), key=_in_time))


def _all_days(everything: Sequence[_Course], request: AgendaRequest) -> DateRange:
    """From the first to the last appointment; today where there is none."""
    days = [each.day for course in everything for each in course.not_cancelled]
    today = request.now.astimezone(request.zone).date()
    return DateRange(min(days, default=today), max(days, default=today))


def _side_by_side(ordered: Sequence[Appointment]) -> Iterator[Appointment]:
    """Tell of each that takes place which others take its time."""
    beside: list[list[KeptCourse]] = [[] for _ in ordered]
    under_way: list[tuple[float, int]] = []
    for index, each in enumerate(ordered):
        if not each.status.takes_place:
            continue
        # By the clock of one zone, an hour that autumn repeats would be the same hour.
        begins = each.start.timestamp()
        under_way = [(ends, other) for ends, other in under_way if ends > begins]
        for _, other in under_way:
            if _apart(each, ordered[other]):
                continue
            beside[other].append(each.kept)
            beside[index].append(ordered[other].kept)
        under_way.append((each.end.timestamp(), index))
    for each, others in zip(ordered, beside, strict=True):
        yield each._replace(beside=tuple(others))


def _apart(one: Appointment, other: Appointment) -> bool:
    """Whether two can take place at once: in other rooms, with other people, of two patients."""
    if one.kept.patient is not None and one.kept.patient == other.kept.patient:
        return False
    if one.practitioner and one.practitioner == other.practitioner:
        return False
    return bool(one.room and other.room) and one.room != other.room
