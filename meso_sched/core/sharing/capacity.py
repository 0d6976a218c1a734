"""Who and what is taken when: a clinic's rooms, its practitioners, its patients.

Time is counted in whole minutes of the Unix epoch; what is begun counts whole.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import NamedTuple

from meso_sched.core.booked import Slot
from meso_sched.core.clinic import Busy, Clinic, FreeTime, Practitioner
from meso_sched.core.starts import clock_shows, local_start
from meso_sched.core.walltime import DAY_MINUTES, DateRange, Span

_WHOLE_DAY = (Span(0, DAY_MINUTES),)


def room_names(clinic: Clinic) -> tuple[str, ...]:
    """The clinic's rooms; where it names none, one for each practitioner, and at least one."""
    if clinic.rooms is not None:
        return clinic.rooms
    return tuple(f"Room {number + 1}" for number in range(max(1, len(clinic.practitioners))))


class Need(NamedTuple):
    """What an appointment takes besides a room: its patient, and one of these practitioners.

    ``people`` are their places among the clinic's; None where the clinic names nobody.
    """

    patient: str | None
    people: tuple[int, ...] | None


class Stretch(NamedTuple):
    """Minutes of the epoch: of the appointment, and until its room and person are free again."""

    start: int
    end: int
    free: int

    @classmethod
    def of(cls, start: int, end: int, turnover: int) -> Stretch:
        """Of two moments in seconds of the epoch; ``turnover`` in minutes."""
        last = -(-end // 60)
        return cls(start // 60, last, last + turnover)


class Counts:
    """How many things go on in each minute; a day of minutes is made where it is needed."""

    def __init__(self) -> None:
        self._days: dict[int, array[int]] = {}

    def add(self, start: int, end: int, count: int = 1) -> None:
        """Count from a minute up to another, which is not part of it."""
        for day, first, last in _by_day(start, end):
            minutes = self._days.get(day)
            if minutes is None:
                minutes = self._days[day] = array("i", bytes(4 * DAY_MINUTES))
            counted = [known + count for known in minutes[first:last]]
            minutes[first:last] = array("i", counted)

    def copy(self) -> Counts:
        """The same, to count on from."""
        copied = Counts()
        copied._days = {day: minutes[:] for day, minutes in self._days.items()}
        return copied

    def most(self, start: int, end: int) -> int:
        """The most that goes on at once."""
        day, first = divmod(start, DAY_MINUTES)
        last = first + end - start
        if last <= DAY_MINUTES:  # as nearly always, and this is asked more often than all else
            minutes = self._days.get(day)
            return 0 if minutes is None or first == last else max(minutes[first:last])
        return max(
            self.most(start, start - first + DAY_MINUTES),
            self.most(start - first + DAY_MINUTES, end),
        )

    def at(self, minute: int) -> int:
        """How many go on in a minute."""
        return self.most(minute, minute + 1)


def _by_day(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """A stretch of minutes cut at the midnights of UTC: the day, and the minutes in it."""
    while start < end:
        day, first = divmod(start, DAY_MINUTES)
        last = min(end - day * DAY_MINUTES, DAY_MINUTES)
        yield day, first, last
        start = day * DAY_MINUTES + last


class Presence:
    """When a practitioner is there, on the days that are planned; None: whenever it is open."""

    def __init__(self, who: Practitioner, clinic: Clinic, days: DateRange) -> None:
        self._spans: tuple[list[int], list[int]] | None = None
        if who.hours is None and not who.off:
            return
        starts: list[int] = []
        ends: list[int] = []
        for count in range((days.last - days.first).days + 1):
            day = days.first + timedelta(days=count)
            spans = who.spans(day)
            for span in _WHOLE_DAY if spans is None else spans:
                starts.append(_minute(day, span.start, clinic))
                ends.append(_minute(day, span.end, clinic))
        self._spans = starts, ends

    def holds(self, start: int, end: int) -> bool:
        """Whether this person is there from one minute of the epoch to another, in one span."""
        if self._spans is None:
            return True
        starts, ends = self._spans
        place = bisect_right(starts, start) - 1
        return place >= 0 and end <= ends[place]


def _minute(day: date, minute: int, clinic: Clinic) -> int:
    """The minute of the epoch at which the clock first shows a minute of a day, or is past it."""
    while minute < DAY_MINUTES and not clock_shows(day, minute, clinic.zone):
        minute += 1
    return int(local_start(day, minute, clinic.zone).timestamp()) // 60


def _breadth(who: Practitioner) -> float:
    return float("inf") if who.regimens is None else float(len(who.regimens))


class Occupancy:
    """What is taken of a clinic, as appointments come and go; ``days`` are those of the plan."""

    def __init__(self, clinic: Clinic, busy: FreeTime, days: DateRange) -> None:
        self.clinic = clinic
        self.busy = busy
        self.rooms = len(room_names(clinic))
        self.taken = Counts()
        self.presence = [Presence(who, clinic, days) for who in clinic.practitioners]
        self.people = [Counts() for _ in clinic.practitioners]
        self.patients: dict[str, list[tuple[int, int]]] = {}

    def copy(self) -> Occupancy:
        """The same, to book on from."""
        copied = Occupancy.__new__(Occupancy)
        copied.clinic, copied.busy, copied.rooms = self.clinic, self.busy, self.rooms
        copied.presence = self.presence
        copied.taken = self.taken.copy()
        copied.people = [each.copy() for each in self.people]
        copied.patients = {who: list(own) for who, own in self.patients.items()}
        return copied

    def stretch(self, slot: Slot) -> Stretch:
        """The minutes that an appointment takes."""
        ends = ceil(slot.end.timestamp())
        return Stretch.of(int(slot.start.timestamp() // 1), ends, self.clinic.turnover)

    def need(self, patient: str | None, regimen: str) -> Need:
        """What a session of a regimen needs, one that nobody names included ("").

        Who does few regimens comes first, so that who does many is left for others.
        """
        people = self.clinic.practitioners
        able = [place for place, who in enumerate(people) if not regimen or who.does(regimen)]
        able.sort(key=lambda place: _breadth(people[place]))
        return Need(patient, tuple(able) if people else None)

    def take(self, need: Need, stretch: Stretch, person: int | None, count: int = 1) -> None:
        """Book an appointment; ``count`` -1 gives it back."""
        self.taken.add(stretch.start, stretch.free, count)
        if person is not None:
            self.people[person].add(stretch.start, stretch.free, count)
        if need.patient is not None:
            own = self.patients.setdefault(need.patient, [])
            if count > 0:
                own.append((stretch.start, stretch.end))
            else:
                own.remove((stretch.start, stretch.end))

    def person_for(self, need: Need, stretch: Stretch) -> int | None:
        """The first practitioner who is there and free; None if there is none, or none is named."""
        for person in need.people or ():
            if self.is_person_free(person, stretch):
                return person
        return None

    def is_person_free(self, person: int, stretch: Stretch) -> bool:
        """Whether a practitioner is there and not taken."""
        return self.presence[person].holds(stretch.start, stretch.end) and not self.people[
            person
        ].most(stretch.start, stretch.free)

    def has_room(self, need: Need, stretch: Stretch) -> bool:
        """Whether a room, a practitioner and the patient are free."""
        return not self.lacking(need, stretch)

    def lacking(self, need: Need, stretch: Stretch) -> str:
        """What of all that is not free then, in words; "" if nothing."""
        if self.taken.most(stretch.start, stretch.free) >= self.rooms:
            return "no room is free"
        if any(a < stretch.end and stretch.start < b for a, b in self._of(need)):
            return "the patient has another appointment"
        if need.people is not None and self.person_for(need, stretch) is None:
            return "nobody who does it is there and free"
        return ""

    def _of(self, need: Need) -> Iterable[tuple[int, int]]:
        return () if need.patient is None else self.patients.get(need.patient, ())


class Openings:
    """The time in which one kind of appointment can be: what a placement asks for free time."""

    def __init__(self, occupancy: Occupancy, need: Need, more: FreeTime | None = None) -> None:
        self.occupancy = occupancy
        self.need = need
        self.more = more

    def is_free(self, start: int, end: int) -> bool:
        """Whether the clinic has room and somebody for it, in seconds of the epoch."""
        occupancy = self.occupancy
        if not occupancy.busy.is_free(start, end):
            return False
        turnover = occupancy.clinic.turnover
        if self.more is not None and not self.more.is_free(start, end + 60 * turnover):
            return False
        return occupancy.has_room(self.need, Stretch.of(start, end, turnover))

    def and_also(self, intervals: Iterable[tuple[datetime, datetime]]) -> Openings:
        """With more appointments of the patient, aware; a turnover lies between any two of them.

        So whoever gives the one, and the room, can be had for the next.
        """
        over = timedelta(minutes=self.occupancy.clinic.turnover)
        more = Busy() if self.more is None else self.more
        later = ((start, (end.astimezone(UTC) + over)) for start, end in intervals)
        return Openings(self.occupancy, self.need, more.and_also(later))
