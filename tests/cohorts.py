"""Tiny lists of courses for one clinic, in which everything that is rare happens often.

``tiny(seed)`` makes the same one each time, ``tiny_requests()`` is a strategy that shrinks. Each
has few days with few starts, so that whoever tries everything is soon done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from building import days, phase, regimen, week
from hypothesis import strategies as st

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, Practitioner
from meso_sched.core.cohort import CohortRequest, Entry, Taken
from meso_sched.core.course import Course, PlannedPhase
from meso_sched.core.interval import Interval
from meso_sched.core.regimen import Keep
from meso_sched.core.walltime import Span

ONE_DAY = timedelta(days=1)
REGIMENS = tuple(
    replace(regimen(phase("p1", "1+", "1 week"), phase("p2", "1+", "1 week")), id=name)
    for name in ("one", "two")
)
INTERVALS = [
    ("1 day", None),
    ("2 days", (1, 0)),
    ("3 days", (0, 4)),
    ("4 days", (2, 1)),
    ("1 week", (0, 0)),
    ("1 week", (3, 3)),
    ("2-4 days", None),
    ("5-9 days", None),
]
"""Each with its flex in days below and above."""


class _Scene(NamedTuple):
    """Where and when: a week that begins on ``first``, and hours for the days that are open."""

    zone: str
    first: date
    opened: Sequence[int]
    hours: str
    slot: int


_USUAL = [
    _Scene("Europe/Istanbul", date(2027, 1, 4), opened, hours, slot)
    for opened in ((0, 3), (1, 4), (0, 2, 4))
    for hours, slot in (("09:00-11:00", 60), ("09:00-10:30", 30), ("09:00-10:00, 11:00-12:00", 30))
]
_CLOCK_CHANGES = [
    _Scene("Europe/Berlin", date(2027, 3, 22), (2, 6), "01:00-04:00", 60),
    _Scene("Europe/Berlin", date(2027, 10, 25), (3, 6), "01:30-03:30", 30),
]
"""The last Sundays: at two the clock goes to three, at three to two."""


def tiny(seed: int, sessions: int = 10) -> CohortRequest:
    """The tiny request of a seed, with so many sessions at most."""
    return _Maker(Random(seed)).request(sessions)


@st.composite
def tiny_requests(draw: st.DrawFn, sessions: int = 10) -> CohortRequest:
    """A tiny request, with so many sessions at most."""
    return _Maker(draw(st.randoms(use_true_random=False))).request(sessions)


class _Maker:
    """Makes one request."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.scene = chance.choice(_CLOCK_CHANGES if self.happens(10) else _USUAL)
        self.zone = ZoneInfo(self.scene.zone)
        self.horizon = chance.randint(8, 24)
        self.open_days = [day for day in self.all_days() if day.weekday() in set(self.scene.opened)]
        self.clinic = self._clinic()

    def happens(self, percent: int) -> bool:
        """Whether something does that happens so often in a hundred times."""
        return self.chance.randrange(100) < percent

    def all_days(self) -> Iterator[date]:
        """The days before the clinic closes for long."""
        return (self.scene.first + timedelta(days=n) for n in range(self.horizon))

    def request(self, sessions: int) -> CohortRequest:
        """A clinic, its list and what is in the way."""
        courses = list(self._courses(sessions))
        stable = self.happens(30)
        holidays: Mapping[date, Holiday] = {}
        if self.happens(20):
            closes = self.chance.choice([None, 10 * 60])
            holidays = {self.chance.choice(self.open_days): Holiday(("Feast",), closes)}
        return CohortRequest(
            self.clinic,
            tuple(self._entry(course, stable=stable) for course in courses),
            holidays,
            Busy.of(self._busy() for _ in range(self.chance.choice([0, 0, 0, 1, 2]))),
            tuple(self._taken(courses) for _ in range(self.chance.choice([0, 0, 1, 2]))),
            stable,
        )

    def _clinic(self) -> Clinic:
        last = self.scene.first + timedelta(days=self.horizon)
        closed = [days(last, last + timedelta(days=200))]
        if self.happens(20):
            closed.append(days(self.chance.choice(self.open_days)))
        people = self.chance.choice([0, 0, 1, 1, 2, 2])
        return Clinic(
            self.scene.zone,
            self.zone,
            week(self.scene.hours, self.scene.opened),
            closed=tuple(closed),
            slot=self.scene.slot,
            rooms=self.chance.choice([None, None, ("A",), ("A",), ("A", "B")])
            if self.happens(97)
            else (),
            practitioners=tuple(self._practitioner(name) for name in ("Ada", "Bo")[:people]),
            turnover=self.chance.choice([0, 0, 0, 15, 30, 60]),
        )

    def _practitioner(self, name: str) -> Practitioner:
        return Practitioner(
            name,
            hours=self._own_hours() if self.happens(40) else None,
            off=(days(self.chance.choice(self.open_days)),) if self.happens(30) else (),
            regimens=self.chance.choice([None, None, frozenset({"one"}), frozenset({"two"})]),
        )

    def _own_hours(self) -> tuple[tuple[Span, ...], ...]:
        """On some of the days and, of those, in some of the hours that the clinic is open."""
        hours = week(self.scene.hours, self.scene.opened)
        return tuple(self._part(spans) if self.happens(85) else () for spans in hours)

    def _part(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        if not spans or self.happens(40):
            return tuple(spans)
        first, last = spans[0].start, spans[-1].end
        middle = self.chance.randrange(first + 30, last, 30)
        halves = Span(first, middle), Span(middle, last)
        return self.chance.choice([halves[:1], halves[1:], halves])

    def _courses(self, sessions: int) -> Iterator[Course]:
        """Courses of sessions that there are not more of; the last may be a patient's second."""
        left = self.chance.randint(max(1, sessions // 3), sessions)
        lengths = {each.id: self.chance.choice([30, 30, 45, 60]) for each in REGIMENS}
        numbers: dict[str | None, int] = {}
        for place in range(self.chance.choice([1, 2, 3, 4, 4, 5, 5])):
            if left == 0:
                return
            count = self.chance.randint(1, min(3, left))
            left -= count
            patient = None if self.happens(5) else f"P{0 if self.happens(25) else place}"
            numbers[patient] = numbers.get(patient, 0) + 1
            template = self.chance.choice(REGIMENS)
            yield Course(
                template,
                patient,
                numbers[patient],
                self.chance.choice([*self.open_days[:2] * 2, self.scene.first + 3 * ONE_DAY]),
                self.chance.choice(list(Keep)),
                lengths[template.id],
                tuple(self._phases(count)),
                (),
            )

    def _phases(self, sessions: int) -> Iterator[PlannedPhase]:
        split = self.chance.randint(1, sessions)
        for name, count in (("p1", split), ("p2", sessions - split)):
            if count:
                yield PlannedPhase(name, count, Interval.parse(*self.chance.choice(INTERVALS)))

    def _entry(self, course: Course, *, stable: bool) -> Entry:
        numbers = [each.number for each in course.sessions]
        kept = [number for number in numbers if self.happens(12)]
        former = [number for number in numbers if number not in kept and self.happens(60)]
        return Entry(
            course,
            self.chance.choice([time.min, time.min, time(1, 30), time(9, 30), time(10)]),
            self._limits(),
            self.chance.randint(0, 1),
            kept={number: self._kept(course, number) for number in kept},
            former={number: self._slot(course.length) for number in former} if stable else {},
        )

    def _limits(self) -> Limits:
        begins = self.scene.hours[:2]
        between = Span(int(begins) * 60, int(begins) * 60 + 75)
        return Limits(
            frozenset(self.chance.sample(self.scene.opened, 1)) if self.happens(12) else None,
            (between,) if self.happens(15) else None,
            (days(self.chance.choice(self.open_days)),) if self.happens(15) else (),
            between.start + self.chance.choice([-30, 0, 30, 50]) if self.happens(60) else None,
        )

    def _slot(self, minutes: int) -> Slot:
        """A slot of an open day, at a start of the clinic's."""
        day = self.chance.choice(self.open_days)
        span = self.chance.choice(self.clinic.hours[day.weekday()])
        minute = self.chance.randrange(span.start, span.end, self.clinic.slot)
        start = datetime.combine(day, time.min, self.zone) + timedelta(minutes=minute)
        begins = start.astimezone(UTC)
        start = begins.astimezone(self.zone)
        return Slot(start, (begins + timedelta(minutes=minutes)).astimezone(self.zone))

    def _room(self) -> str:
        return self.chance.choice([*(self.clinic.rooms or ("Room 1",)), ""])

    def _person(self) -> str:
        return self.chance.choice([*(each.name for each in self.clinic.practitioners), ""])

    def _kept(self, course: Course, number: int) -> BookedSession:
        session = course.sessions[number - 1]
        booked = BookedSession.at(session, self._slot(course.length))
        return booked._replace(room=self._room(), practitioner=self._person())

    def _taken(self, courses: Sequence[Course]) -> Taken:
        course = self.chance.choice(courses)
        patient = course.patient if self.happens(40) else None
        slot = self._slot(self.chance.choice([30, 60]))
        return Taken(slot, patient, course.regimen.id, self._room(), self._person())

    def _busy(self) -> tuple[datetime, datetime]:
        slot = self._slot(self.chance.choice([10, 30, 90]))
        early = timedelta(minutes=self.chance.choice([0, 0, 20]))
        return slot.start.astimezone(UTC) - early, slot.end.astimezone(UTC)
