"""The sessions of a list that want a place, and the starts that each could have by itself."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.clinic import Busy, Limits, OpenTime
from meso_sched.core.cohort import CohortRequest, Entry, Taken
from meso_sched.core.course import IdealSession
from meso_sched.core.placing import REACH_DAYS, last_days
from meso_sched.core.reviewing import BookedReview, reach
from meso_sched.core.sharing.capacity import Need, Occupancy, Openings, Stretch
from meso_sched.core.starts import DayStarts, Start, local_start
from meso_sched.core.walltime import DAY_MINUTES, DateRange, minute_of

LOOK_AHEAD_DAYS = 366
"""So far behind the last ideal date a place is looked for that a session could have had."""


class Gap:
    """How near and how far sessions of one interval may be; remembers, since months are slow."""

    def __init__(self, session: IdealSession) -> None:
        self._session = session
        self._known: dict[int, tuple[int, int]] = {}

    def after(self, before: int) -> tuple[int, int]:
        """The earliest day, and the latest that is not overdue, after one; all ordinals."""
        known = self._known.get(before)
        if known is None:
            day = date.fromordinal(before)
            latest = self._session.latest(day) or date.max
            known = (self._session.earliest(day).toordinal(), latest.toordinal())
            self._known[before] = known
        return known


class Visit(NamedTuple):
    """A session of the list; days are ordinals.

    It can be from ``first`` to ``last``, on the day of the course's start not before
    ``first_minute``. ``stays`` is the day on which it is booked already and remains. ``former`` is
    where an earlier run had it: a day and a minute of it.
    """

    entry: int
    session: IdealSession
    gap: Gap
    need: Need
    length: int
    ideal: int
    first: int
    last: int
    first_minute: int
    stays: int | None = None
    former: tuple[int, int] | None = None

    def not_before(self, day: int) -> int:
        """The minute of a day before which it cannot begin."""
        return self.first_minute if day == self.first else 0


class Kept(NamedTuple):
    """An appointment of the list that stays: of which entry, which session or review."""

    entry: int
    number: int
    is_review: bool = False


class Conflict(NamedTuple):
    """An appointment that stays although something is ``lacking``, in words, at its time."""

    taken: Taken
    stretch: Stretch
    lacking: str


class Visits:
    """All sessions of a list in its order, and when each could be, were it not for the others."""

    def __init__(self, request: CohortRequest) -> None:
        self.request = request
        self.clinic = request.clinic
        self.sessions = [entry.sessions for entry in request.entries]
        self.days = _all_days(request)
        self.occupancy = Occupancy(request.clinic, request.busy, self.days)
        self.fixed: list[Stretch] = []
        self.conflicts: list[Conflict] = []
        self._gaps: dict[tuple[object, ...], Gap] = {}
        self._desks: dict[tuple[object, ...], DayStarts] = {}
        self._free: dict[tuple[int, int, int], tuple[Start, ...]] = {}
        self._midnights: dict[int, int] = {}
        near = (each for each in request.taken if each.slot.day in self.days)
        staying = [*((None, each) for each in near), *_kept(request)]
        # Who names a practitioner first, so that nobody else is given that one.
        staying.sort(key=lambda each: not each[1].practitioner)
        people = {key: self._fix(taken) for key, taken in staying}
        self.kept_people = {key: person for key, person in people.items() if key is not None}
        """The practitioner of each session or review that is kept, by its entry and its number."""

        self.all: list[Visit] = []
        self.chains: list[range] = []
        for place, entry in enumerate(request.entries):
            before = len(self.all)
            self.all += self._of(place, entry)
            self.chains.append(range(before, len(self.all)))
        courses: dict[str | None, int] = {}
        for entry in request.entries:
            courses[entry.course.patient] = courses.get(entry.course.patient, 0) + 1
        self.shared_patients = {
            patient for patient, count in courses.items() if patient is not None and count > 1
        }
        self.desks = [self._desk(visit) for visit in self.all]

    def preferred(self, visit: int) -> int | None:
        """The minute of the day that the patient of a session prefers."""
        return self.request.entries[self.all[visit].entry].limits.preferred

    def best(self, visit: int, day: int) -> Start | None:
        """The best start of a session on a day, None where there is none."""
        return self.desks[visit].best(day, self.all[visit].not_before(day))

    def free(self, visit: int, day: int) -> tuple[Start, ...]:
        """All starts of a session on a day, the best first."""
        desk, not_before = self.desks[visit], self.all[visit].not_before(day)
        key = (id(desk), day, not_before)
        if key not in self._free:
            self._free[key] = tuple(desk.free(day, not_before))
        return self._free[key]

    def stretch(self, visit: int, day: int, minute: int) -> Stretch:
        """The minutes of the epoch that a session takes from a minute of a day on."""
        begins = self.epoch_minute(day, minute)
        ends = begins + self.all[visit].length
        return Stretch(begins, ends, ends + self.clinic.turnover)

    def epoch_minute(self, day: int, minute: int) -> int:
        """The minute of the epoch at which a day's clock shows a minute."""
        if not self.is_regular(day):
            start = local_start(date.fromordinal(day), minute, self.clinic.zone)
            return int(start.timestamp()) // 60
        return self._midnight(day) + minute

    def is_regular(self, day: int) -> bool:
        """Whether no clock changes on a day."""
        return self._midnight(day + 1) - self._midnight(day) == DAY_MINUTES

    def _midnight(self, day: int) -> int:
        if day not in self._midnights:
            start = local_start(date.fromordinal(day), 0, self.clinic.zone)
            self._midnights[day] = int(start.timestamp()) // 60
        return self._midnights[day]

    def open_time(self, limits: Limits) -> OpenTime:
        """The clinic's open time for a patient with limits."""
        return OpenTime(self.clinic, limits, self.request.holidays)

    def _fix(self, taken: Taken) -> int | None:
        """Take the time of an appointment that stays; note it where there is none left.

        Whoever gives it is told: as it says, else somebody who is free.
        """
        occupancy = self.occupancy
        need, stretch = occupancy.need(taken.patient, taken.regimen), occupancy.stretch(taken.slot)
        names = [who.name for who in self.clinic.practitioners]
        if taken.practitioner in names:
            need = need._replace(people=(names.index(taken.practitioner),))
        lacking = occupancy.lacking(need, stretch)
        if lacking:
            self.conflicts.append(Conflict(taken, stretch, lacking))
        person = occupancy.person_for(need, stretch)
        if taken.practitioner in names:
            person = names.index(taken.practitioner)
        occupancy.take(need, stretch, person)
        self.fixed.append(stretch)
        return person

    def _of(self, place: int, entry: Entry) -> Iterator[Visit]:
        course = entry.course
        sessions = self.sessions[place]
        start = course.start.toordinal()
        stays = [
            entry.kept[each.number].day.toordinal() if each.number in entry.kept else None
            for each in sessions
        ]
        lasts = last_days(sessions, [start] * len(sessions), stays)
        need = self.occupancy.need(course.patient, course.regimen.id)
        for session, last, day in zip(sessions, lasts, stays, strict=True):
            former = entry.former.get(session.number)
            yield Visit(
                entry=place,
                session=session,
                gap=self._gap(session),
                need=need,
                length=course.length,
                ideal=session.ideal.toordinal(),
                first=start,
                last=last,
                first_minute=entry.start.hour * 60 + entry.start.minute,
                stays=day,
                former=None if former is None else _start_of(former),
            )

    def _gap(self, session: IdealSession) -> Gap:
        key = (session.interval, session.skipped, session.restarts)
        if key not in self._gaps:
            self._gaps[key] = Gap(session)
        return self._gaps[key]

    def _desk(self, visit: Visit) -> DayStarts:
        """The starts of a day for sessions that are alike in all that matters."""
        limits = self.request.entries[visit.entry].limits
        patient = visit.need.patient
        own = patient if patient in self.occupancy.patients else None
        key = (limits, visit.length, visit.need.people, own)
        if key not in self._desks:
            openings = Openings(self.occupancy, visit.need)
            self._desks[key] = DayStarts(self.open_time(limits), openings, visit.length)
        return self._desks[key]


def planned_days(request: CohortRequest) -> DateRange:
    """The local days on which anything of a list can be, or could be if it were looked for."""
    firsts, lasts = [], []
    for entry in request.entries:
        firsts.append(entry.course.start)
        last = entry.course.sessions[-1].ideal
        more = max(LOOK_AHEAD_DAYS, REACH_DAYS + 1 + reach(entry.course.regimen.reviews))
        lasts.append(last + timedelta(days=more))
    today = date(2000, 1, 1)
    return DateRange(min(firsts, default=today), max(lasts, default=today))


def _all_days(request: CohortRequest) -> DateRange:
    """The planned days, and those of sessions that are kept."""
    days = planned_days(request)
    kept = [each.day for entry in request.entries for each in entry.kept.values()]
    return DateRange(min([days.first, *kept]), max([days.last, *kept]))


def _kept(request: CohortRequest) -> Iterator[tuple[Kept, Taken]]:
    for place, entry in enumerate(request.entries):
        for number, session in entry.kept.items():
            yield Kept(place, number), _taken(entry, session)
        for number, review in entry.reviews.items():
            if review.takes_place:
                yield Kept(place, number, is_review=True), _taken(entry, review)


def _taken(entry: Entry, each: BookedSession | BookedReview) -> Taken:
    course = entry.course
    return Taken(each.slot, course.patient, course.regimen.id, each.room, each.practitioner)


def _start_of(slot: Slot) -> tuple[int, int]:
    return slot.day.toordinal(), minute_of(slot.start)


def spans_of(visits: Visits, day: int) -> list[tuple[int, int]]:
    """The clinic's open spans of a day in minutes of the epoch, less busy time."""
    open_time = visits.open_time(Limits())
    found = []
    for span in open_time.spans(date.fromordinal(day)):
        start = visits.epoch_minute(day, span.start)
        found += list(_cut(start, visits.epoch_minute(day, span.end), visits.request.busy))
    return found


def _cut(start: int, end: int, busy: Busy) -> Iterator[tuple[int, int]]:
    """What busy time leaves of a stretch of minutes."""
    for begins, ends in _within(busy, start * 60, end * 60):
        if begins // 60 > start:
            yield start, begins // 60
        start = max(start, -(-ends // 60))
    if start < end:
        yield start, end


def _within(busy: Busy, start: int, end: int) -> Iterable[tuple[int, int]]:
    first = bisect_right(busy.ends, start)
    last = bisect_left(busy.starts, end)
    return zip(busy.starts[first:last], busy.ends[first:last], strict=True)
