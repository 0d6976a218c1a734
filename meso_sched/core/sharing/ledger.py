"""Courses as they are booked: one is placed anew while the others stay, and what is taken known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.clinic import FreeTime
from meso_sched.core.cohort import CohortRequest, Entry, Objective
from meso_sched.core.course import IdealSession
from meso_sched.core.placing import PlacingRequest, place
from meso_sched.core.sharing.capacity import Need, Openings
from meso_sched.core.sharing.packing import Seat
from meso_sched.core.sharing.visits import Visits
from meso_sched.core.starts import local_end, local_start
from meso_sched.core.walltime import minute_of
from meso_sched.errors import PlacingError

STAYS = "stays where it was booked before"


class Ledger:
    """The bookings of a list, by the place of the entry."""

    def __init__(self, visits: Visits) -> None:
        self.visits = visits
        self.request = visits.request
        self.occupancy = visits.occupancy.copy()
        self.booked: list[tuple[BookedSession, ...]] = [() for _ in self.request.entries]
        self.people: list[dict[int, int | None]] = [{} for _ in self.request.entries]
        """By entry: the practitioner of each session number."""

    def seat(self, seats: Mapping[int, Seat]) -> None:
        """Book every entry where a search found its sessions."""
        for whose, entry in enumerate(self.request.entries):
            slots: dict[int, tuple[Slot, int | None]] = {}
            for visit in self.visits.chains[whose]:
                session = self.visits.all[visit].session
                if visit in seats:
                    slots[session.number] = self._slot(visit, seats[visit]), seats[visit].person
            at = {number: slot for number, (slot, _) in slots.items()}
            self.booked[whose] = _booked(entry, self.visits.sessions[whose], at)
            for number, (slot, person) in slots.items():
                self._take(whose, number, slot, person)

    def replace(self, whose: int) -> bool:
        """Place an entry's booked sessions anew around all others; whether it got better.

        What is as good is put where `plan` would put it, with its reasons. Sessions that a stable
        run leaves where they were stay there.
        """
        former, people = self.booked[whose], dict(self.people[whose])
        if not (former and any(self.cost(whose, former))):
            return False
        self.withdraw(whose)
        staying = self._staying(whose, former)
        try:
            booked = self._placed(whose, [each.plan for each in former], staying)
        except PlacingError:
            booked = former
        before, after = self.cost(whose, former), self.cost(whose, booked)
        if booked is former or after > before:
            self._return(whose, former, people)
            return False
        self.book(whose, booked)
        return after < before

    def fill(self, whose: int) -> bool:
        """Try to book what of an entry found no place; whether anything did."""
        former, people = self.booked[whose], dict(self.people[whose])
        if len(former) == len(self.visits.sessions[whose]):
            return False
        before = self.cost(whose, former)
        self.withdraw(whose)
        self.book_most(whose)
        if self.cost(whose, self.booked[whose]) < before:
            return True
        self.withdraw(whose)
        self._return(whose, former, people)
        return False

    def _return(
        self, whose: int, booked: tuple[BookedSession, ...], people: Mapping[int, int | None]
    ) -> None:
        """Book as it was booked before."""
        self.booked[whose] = booked
        for each in booked:
            if each.number in people:
                self._take(whose, each.number, each.slot, people[each.number])

    def book_most(self, whose: int) -> None:
        """Book as many of an entry's sessions as find a place, the first ones first."""
        entry = self.request.entries[whose]
        sessions = list(self.visits.sessions[whose])
        kept = {number: booked.slot for number, booked in entry.kept.items()}
        while sessions:
            try:
                self.book(whose, self._placed(whose, sessions, kept))
                return
            except PlacingError:
                sessions.pop(self._first_without_place(whose, sessions, kept))

    def _first_without_place(
        self, whose: int, sessions: Sequence[IdealSession], kept: Mapping[int, Slot]
    ) -> int:
        """The index of the first session that finds no place behind those before it."""
        placed, failed = 0, len(sessions)
        while failed - placed > 1:
            middle = (placed + failed) // 2
            try:
                self._placed(whose, sessions[:middle], kept)
                placed = middle
            except PlacingError:
                failed = middle
        while failed > 1 and sessions[failed - 1].number in kept:
            failed -= 1  # what is kept stays: the one before it must go
        return failed - 1

    def book(self, whose: int, booked: tuple[BookedSession, ...]) -> None:
        """Take what sessions need."""
        self.booked[whose] = booked
        kept = self.request.entries[whose].kept
        for each in booked:
            if each.number not in kept:
                need = self.need(whose)
                person = self.occupancy.person_for(need, self.occupancy.stretch(each.slot))
                self._take(whose, each.number, each.slot, person)

    def withdraw(self, whose: int) -> None:
        """Give back what an entry's sessions took."""
        for each in self.booked[whose]:
            if each.number in self.people[whose]:
                stretch = self.occupancy.stretch(each.slot)
                person = self.people[whose].pop(each.number)
                self.occupancy.take(self.need(whose), stretch, person, -1)
        self.booked[whose] = ()

    def need(self, whose: int) -> Need:
        """What the sessions of an entry need."""
        return self.visits.all[self.visits.chains[whose][0]].need

    def free_time(self, whose: int) -> FreeTime:
        """When an entry's patient could come, as things are."""
        return Openings(self.occupancy, self.need(whose))

    def cost(self, whose: int, booked: Iterable[BookedSession]) -> Objective:
        """The goals of one entry, sessions that are kept left out but for what is overdue."""
        return cost_of(self.request, self.request.entries[whose], tuple(booked))

    def _placed(
        self, whose: int, sessions: Sequence[IdealSession], fixed: Mapping[int, Slot]
    ) -> tuple[BookedSession, ...]:
        entry = self.request.entries[whose]
        course = entry.course
        booked = place(
            PlacingRequest(
                sessions=tuple(sessions),
                start=datetime.combine(course.start, entry.start),
                length=course.length,
                open_time=self.visits.open_time(entry.limits),
                busy=self.free_time(whose),
                fixed=fixed,
                explains=False,
            )
        )
        return tuple(_told(entry, each) for each in booked)

    def _staying(self, whose: int, booked: Iterable[BookedSession]) -> dict[int, Slot]:
        """What no other place may be found for."""
        entry = self.request.entries[whose]
        former = entry.former if self.request.stable else {}
        return {
            each.number: each.slot
            for each in booked
            if each.number in entry.kept
            or (each.number in former and _begins_as(former[each.number], each))
        }

    def _slot(self, visit: int, seat: Seat) -> Slot:
        zone = self.request.clinic.zone
        start = local_start(date.fromordinal(seat.day), seat.minute, zone)
        return Slot(start, local_end(start, self.visits.all[visit].length))

    def _take(self, whose: int, number: int, slot: Slot, person: int | None) -> None:
        self.people[whose][number] = person
        self.occupancy.take(self.need(whose), self.occupancy.stretch(slot), person)


def _booked(
    entry: Entry, sessions: Iterable[IdealSession], slots: Mapping[int, Slot]
) -> tuple[BookedSession, ...]:
    """The sessions of an entry that have a slot or are kept, with their gaps."""
    found: list[BookedSession] = []
    for session in sessions:
        kept = entry.kept.get(session.number)
        slot = slots.get(session.number) if kept is None else kept.slot
        if slot is not None:
            booked = BookedSession.at(session, slot)
            before = (found[-1].number, found[-1].day) if found else None
            found.append(_told(entry, booked.after(before)))
    return tuple(found)


def _told(entry: Entry, booked: BookedSession) -> BookedSession:
    """With what is known of a session that is kept; one that stays where it was says so."""
    kept = entry.kept.get(booked.number)
    if kept is not None:
        return booked._replace(
            why=kept.why, status=kept.status, by_hand=kept.by_hand, missed=kept.missed
        )
    if booked.shift_days and not booked.why:
        shift = booked.shift_days
        days = "day" if abs(shift) == 1 else "days"
        return booked._replace(why=(f"{STAYS}; {shift:+} {days}",))
    return booked


class _Sums(NamedTuple):
    overdue: int = 0
    moved: int = 0
    distance: int = 0
    early: int = 0
    minutes: int = 0


def _begins_as(former: Slot, booked: BookedSession) -> bool:
    """Whether a session begins when it did, however long it takes now."""
    return former.start.astimezone(UTC) == booked.start.astimezone(UTC)


def cost_of(request: CohortRequest, entry: Entry, booked: tuple[BookedSession, ...]) -> Objective:
    """The goals of one course; sessions that are kept count only for what is overdue."""
    numbers = {each.number for each in booked}
    there = numbers | set(entry.gone)
    lacking = [n for n in range(1, entry.course.count_all + 1) if n not in there]
    sums = [_sums(request, entry, each) for each in booked]
    if request.stable:
        sums.append(_Sums(moved=sum(number in entry.former for number in lacking)))
    return Objective(len(lacking), *(sum(column) for column in zip(_Sums(), *sums, strict=True)))


def _sums(request: CohortRequest, entry: Entry, booked: BookedSession) -> _Sums:
    if booked.number in entry.kept:
        both_stay = booked.before is None or booked.before in entry.kept
        return _Sums(overdue=0 if both_stay else booked.overdue_days)
    former = entry.former.get(booked.number) if request.stable else None
    preferred, shift = entry.limits.preferred, booked.shift_days
    return _Sums(
        overdue=booked.overdue_days,
        moved=0 if former is None or _begins_as(former, booked) else 1,
        distance=abs(shift),
        early=int(shift < 0),
        minutes=0 if preferred is None else abs(minute_of(booked.start) - preferred),
    )
