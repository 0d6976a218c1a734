"""What a cohort makes of a clinic: how full its weeks are, how far sessions lie from their ideal.

Moments are seconds of the Unix epoch in here, so that a day whose clocks change counts as long as
it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import accumulate, chain, pairwise
from math import ceil, floor
from typing import NamedTuple

from meso_sched.core.booked import BookedSession
from meso_sched.core.clinic import Busy, Clinic, OpenTime, Practitioner
from meso_sched.core.cohort import CohortRequest, CohortResult, Taken
from meso_sched.core.regimen import Regimen
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.starts import local_start
from meso_sched.core.walltime import DAY_MINUTES, Span

_WEEK = timedelta(weeks=1)
_WHOLE_DAY = (Span(0, DAY_MINUTES),)
_EVER = 1 << 40
"""Beyond every moment that is planned."""

_Stretches = Iterable[tuple[int, int]]


class Resource(Enum):
    """What a session takes one of."""

    ROOM = "room"
    PRACTITIONER = "practitioner"


class Week(NamedTuple):
    """A week from its Monday on: how many minutes are open, and how many of them are taken.

    What is booked outside the open time is taken all the same, so that it can be more than open.
    """

    monday: date
    open_minutes: int
    taken_minutes: int

    @property
    def percent(self) -> int | None:
        """The load, rounded down; None where nothing is open."""
        return 100 * self.taken_minutes // self.open_minutes if self.open_minutes else None


class Load(NamedTuple):
    """How full the weeks of a room or a practitioner are; all of a cohort have the same weeks.

    The name "" stands for appointments that name none; their open minutes are those of all.
    """

    resource: Resource
    name: str
    weeks: tuple[Week, ...]


class Deviation(NamedTuple):
    """How the sessions of a phase lie to their ideal dates, those alone that have a place.

    ``distance_days`` is the sum, early or late; ``largest`` the largest shift, negative if early.
    """

    regimen: str
    phase: str
    sessions: int
    on_ideal: int
    distance_days: int
    largest: int
    early: int
    overdue_days: int

    @property
    def mean(self) -> float:
        """Days from the ideal date on average, early or late."""
        return self.distance_days / self.sessions


# ---- The load ------------------------------------------------------------------------------------


def loads(request: CohortRequest, result: CohortResult) -> tuple[Load, ...]:
    """The load of every room, then of every practitioner, with all that a cohort leaves as it is.

    The weeks run from the first in which a session was placed to the last of any, none left out.
    A session takes its length, and of the turnover behind it what is open. Where the clinic does
    not name its rooms, they are those of the result. What nobody can come to is not open.
    """
    appointments = list(_appointments(result))
    mondays = _mondays(appointments, request.clinic)
    if not mondays:
        return ()
    appointments += map(_Appointment.of, request.taken)
    calendar = _Calendar(request, mondays)
    by_week = calendar.by_week(appointments)
    rooms = dict.fromkeys(request.clinic.rooms or (), calendar.opening)
    people = {who.name: calendar.presence(who) for who in request.clinic.practitioners}
    return (
        *calendar.loads(Resource.ROOM, rooms, by_week),
        *calendar.loads(Resource.PRACTITIONER, people, by_week),
    )


class _Appointment(NamedTuple):
    """When it begins and ends, what it takes, and whether it was booked before the list."""

    start: int
    end: int
    room: str
    practitioner: str
    is_kept: bool

    @classmethod
    def of(cls, booked: BookedSession | BookedReview | Taken, is_kept: bool = True) -> _Appointment:
        start, end = booked.slot
        moments = floor(start.timestamp()), ceil(end.timestamp())
        return cls(*moments, booked.room, booked.practitioner, is_kept)


def _appointments(result: CohortResult) -> Iterator[_Appointment]:
    """All sessions and reviews that take place."""
    for course in result.courses:
        kept = course.entry.kept
        for each in course.booked:
            if each.takes_place:
                yield _Appointment.of(each, each.number in kept)
        yield from (_Appointment.of(each) for each in course.reviews if each.takes_place)


def _mondays(appointments: Sequence[_Appointment], clinic: Clinic) -> tuple[date, ...]:
    """The weeks that are of interest; a course that goes on may have begun a year ago."""
    if not appointments:
        return ()
    starts = [each.start for each in appointments]
    placed = [each.start for each in appointments if not each.is_kept]
    first, last = (
        _monday(datetime.fromtimestamp(start, clinic.zone).date())
        for start in (min(placed or starts), max(starts))
    )
    return tuple(first + count * _WEEK for count in range((last - first) // _WEEK + 1))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class _Opening:
    """When something can be used: stretches in order, none over another."""

    def __init__(self, stretches: _Stretches) -> None:
        self.stretches = tuple(stretches)
        self._starts = [start for start, _ in self.stretches]
        lengths = (end - start for start, end in self.stretches)
        self._before = list(accumulate(lengths, initial=0))

    def within(self, start: int, end: int) -> int:
        """The open seconds between two moments."""
        return self._until(end) - self._until(start) if start < end else 0

    def _until(self, moment: int) -> int:
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return 0
        start, end = self.stretches[place]
        return self._before[place] + min(moment, end) - start


class _Calendar:
    """The weeks that are shown, one after the other, and when the clinic is open in them."""

    def __init__(self, request: CohortRequest, mondays: Sequence[date]) -> None:
        self.clinic = request.clinic
        self.mondays = mondays
        # With the day after the last, into which a turnover may run.
        self.days = [mondays[0] + timedelta(days=count) for count in range(7 * len(mondays) + 1)]
        self.midnights = [
            floor(local_start(day, 0, self.clinic.zone).timestamp())
            for day in (*self.days, self.days[-1] + timedelta(days=1))
        ]
        self.edges = self.midnights[::7]
        open_time = OpenTime(self.clinic, holidays=request.holidays)
        hours = self._stretches(map(open_time.spans, self.days))
        starts, ends = request.busy.starts, request.busy.ends
        between = zip((-_EVER, *ends), (*starts, _EVER), strict=True)
        self.opening = _Opening(_shared(hours, between))

    def presence(self, who: Practitioner) -> _Opening:
        """When a practitioner is there while it is open."""
        if who.hours is None and not who.off:
            return self.opening
        spans = map(who.spans, self.days)
        hours = self._stretches(_WHOLE_DAY if each is None else each for each in spans)
        return _Opening(_shared(self.opening.stretches, hours))

    def by_week(self, appointments: Iterable[_Appointment]) -> list[list[_Appointment]]:
        """For each week those that begin in it."""
        weeks: list[list[_Appointment]] = [[] for _ in self.mondays]
        for each in appointments:
            if self.edges[0] <= each.start < self.edges[-1]:
                weeks[bisect_right(self.edges, each.start) - 1].append(each)
        return weeks

    def loads(
        self,
        resource: Resource,
        known: Mapping[str, _Opening],
        by_week: Sequence[Iterable[_Appointment]],
    ) -> Iterator[Load]:
        """A load for each name that is known or found, and one for what has none."""
        taken = [self._taken(resource, known, each) for each in by_week]
        found = {name for week in taken for name in week} - {*known, ""}
        strangers = sorted(found, key=lambda name: (len(name), name))  # Room 2 before Room 10
        weeks = list(pairwise(self.edges))
        sums = [0] * len(weeks)
        openings = {**known, **dict.fromkeys(strangers, self.opening)}
        for name, opening in openings.items():
            opened = [opening.within(*week) for week in weeks]
            sums = [one + other for one, other in zip(sums, opened, strict=True)]
            yield self._load(resource, name, opened, taken)
        if openings and any("" in week for week in taken):
            yield self._load(resource, "", sums, taken)

    def _taken(
        self,
        resource: Resource,
        known: Mapping[str, _Opening],
        appointments: Iterable[_Appointment],
    ) -> dict[str, int]:
        """The seconds of a week that each name is taken."""
        turnover = self.clinic.turnover * 60
        seconds: dict[str, int] = {}
        for each in appointments:
            name = each.room if resource is Resource.ROOM else each.practitioner
            # A turnover may run into a break or past closing; it takes nothing there.
            behind = known.get(name, self.opening).within(each.end, each.end + turnover)
            seconds[name] = seconds.get(name, 0) + each.end - each.start + behind
        return seconds

    def _load(
        self,
        resource: Resource,
        name: str,
        opened: Sequence[int],
        taken: Sequence[Mapping[str, int]],
    ) -> Load:
        weeks = (
            Week(monday, open_for // 60, week.get(name, 0) // 60)
            for monday, open_for, week in zip(self.mondays, opened, taken, strict=True)
        )
        return Load(resource, name, tuple(weeks))

    def _stretches(self, days: Iterable[Iterable[Span]]) -> Iterator[tuple[int, int]]:
        """The spans of each day as moments."""
        midnights = pairwise(self.midnights)
        for day, (midnight, end), spans in zip(self.days, midnights, days, strict=True):
            if end - midnight == DAY_MINUTES * 60:
                yield from (
                    (midnight + each.start * 60, midnight + each.end * 60) for each in spans
                )
            else:
                yield from self._changed(day, spans)

    def _changed(self, day: date, spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
        """The spans of a day whose clocks change; by their moments they may overlap."""
        zone = self.clinic.zone
        merged = Busy.of(
            (local_start(day, each.start, zone), local_start(day, each.end, zone)) for each in spans
        )
        return zip(merged.starts, merged.ends, strict=True)


def _shared(one: _Stretches, other: _Stretches) -> Iterator[tuple[int, int]]:
    """The time that is in both; each in order and without overlaps."""
    ones, others = iter(one), iter(other)
    mine, theirs = next(ones, None), next(others, None)
    while mine is not None and theirs is not None:
        start, end = max(mine[0], theirs[0]), min(mine[1], theirs[1])
        if start < end:
            yield start, end
        if mine[1] < theirs[1]:
            mine = next(ones, None)
        else:
            theirs = next(others, None)


# ---- The deviation -------------------------------------------------------------------------------


def deviations(results: Iterable[CohortResult]) -> tuple[Deviation, ...]:
    """A row a phase: regimens as they come in the lists, phases as they follow in the regimen."""
    sessions: dict[str, dict[str, list[BookedSession]]] = {}
    for course in chain.from_iterable(result.courses for result in results):
        regimen = course.entry.course.regimen
        phases = sessions.setdefault(regimen.id, _phases(regimen))
        for each in course.booked:
            if each.takes_place:
                phases.setdefault(each.plan.phase, []).append(each)
    return tuple(
        _deviation(regimen, phase, booked)
        for regimen, phases in sessions.items()
        for phase, booked in phases.items()
        if booked
    )


def _phases(regimen: Regimen) -> dict[str, list[BookedSession]]:
    return {phase.name: [] for phase in regimen.phases}


def _deviation(regimen: str, phase: str, booked: Sequence[BookedSession]) -> Deviation:
    shifts = [each.shift_days for each in booked]
    return Deviation(
        regimen,
        phase,
        sessions=len(shifts),
        on_ideal=shifts.count(0),
        distance_days=sum(map(abs, shifts)),
        largest=max(shifts, key=lambda days: (abs(days), days)),
        early=sum(days < 0 for days in shifts),
        overdue_days=sum(each.overdue_days for each in booked),
    )
