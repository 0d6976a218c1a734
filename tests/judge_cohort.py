"""Judges a cohort by the rules that the desk was promised (DESIGN section 3), and nothing else.

It shares no code with ``meso_sched.core``: it reads the values of a request and of a result, and
takes what holds for one course alone from ``judge_placing``. ``violations`` and ``objective_of``
are for results of any size, ``brute_force`` only for tiny requests.

Fixed is what a plan may not touch: kept sessions and taken appointments. Where one does not name
its room or its practitioner, it has one of those that could be, whichever leaves most to the
others. Fixed ones may stand in each other's way, but no more than they must.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count, pairwise
from typing import NamedTuple

import judge_placing as judge
from judge_placing import Taken

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.clinic import Clinic, OpenTime, Practitioner
from meso_sched.core.cohort import (
    CohortRequest,
    CohortResult,
    Entry,
    Objective,
    PlacedCourse,
    Unplaced,
)
from meso_sched.core.course import IdealSession
from meso_sched.core.placing import PlacingRequest
from meso_sched.core.regimen import Review
from meso_sched.core.reviewing import BookedReview

ONE_DAY = timedelta(days=1)
LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001  # wall clock, as requests have it


# What is asked


def asked(request: CohortRequest, entry: Entry) -> PlacingRequest:
    """One course of the list as a request of its own, in which kept sessions are fixed."""
    return PlacingRequest(
        sessions=entry.course.sessions,
        start=datetime.combine(entry.course.start, entry.start),
        length=entry.course.length,
        open_time=OpenTime(request.clinic, entry.limits, request.holidays),
        fixed={number: kept.slot for number, kept in entry.kept.items()},
    )


def busy_around(request: CohortRequest, day: date) -> Taken:
    """Busy time that may touch a day, aware."""
    middle = int(datetime.combine(day, time(12), UTC).timestamp())
    starts, ends = request.busy
    near = range(bisect_left(ends, middle - 2 * 86400), bisect_right(starts, middle + 3 * 86400))
    return [
        (datetime.fromtimestamp(starts[each], UTC), datetime.fromtimestamp(ends[each], UTC))
        for each in near
    ]


def room_names(clinic: Clinic) -> tuple[str, ...]:
    """The rooms of a clinic; where it says none, one for each practitioner, but at least one."""
    if clinic.rooms is not None:
        return clinic.rooms
    return tuple(f"Room {n}" for n in range(1, max(1, len(clinic.practitioners)) + 1))


# What takes a room and a person


class Appointment(NamedTuple):
    """A session, a review or what is taken: when (UTC), for whom, where and with whom.

    "" is a room or a practitioner that nobody has named, and a regimen that nobody knows.
    """

    what: str
    begins: datetime
    ends: datetime
    patient: str | None
    regimen: str
    room: str
    practitioner: str
    fixed: bool

    @classmethod
    def of(
        cls, entry: Entry, each: BookedSession | BookedReview, *, fixed: bool = False
    ) -> Appointment:
        """One that a course has."""
        noun = "review" if isinstance(each, BookedReview) else "session"
        number = each.number
        return cls(
            f"{noun} {number} of {_course(entry)}",
            each.start.astimezone(UTC),
            each.end.astimezone(UTC),
            entry.course.patient,
            entry.course.regimen.id,
            each.room,
            each.practitioner,
            fixed,
        )


def _course(entry: Entry) -> str:
    course = entry.course
    return f"{course.patient} {course.regimen.id} {course.number}"


def kept_ones(request: CohortRequest) -> list[Appointment]:
    """The sessions that stay where they are."""
    return [
        Appointment.of(entry, each, fixed=True)
        for entry in request.entries
        for each in entry.kept.values()
    ]


def taken_ones(request: CohortRequest) -> list[Appointment]:
    """What stays and is not of the list."""
    return [
        Appointment(
            f"what is taken on {each.slot.start}",
            each.slot.start.astimezone(UTC),
            each.slot.end.astimezone(UTC),
            each.patient,
            each.regimen,
            each.room,
            each.practitioner,
            fixed=True,
        )
        for each in request.taken
    ]


def does(who: Practitioner, regimen: str) -> bool:
    """Whether a practitioner gives sessions of a regimen, of one that nobody knows too."""
    return who.regimens is None or not regimen or regimen in who.regimens


def is_there(clinic: Clinic, who: Practitioner, begins: datetime, ends: datetime) -> bool:
    """Whether a practitioner is there from one moment to another, in one span of the day."""
    day = begins.astimezone(clinic.zone).date()
    if any(off.first <= day <= off.last for off in who.off):
        return False
    return who.hours is None or any(
        judge.moment(day, span.start, clinic.zone) <= begins
        and ends <= judge.moment(day, span.end, clinic.zone)
        for span in who.hours[day.weekday()]
    )


class Claim(NamedTuple):
    """A stretch of time for which one of some rooms, or of some people, is taken."""

    begins: datetime
    free: datetime
    options: tuple[str, ...]
    fixed: bool

    def meets(self, other: Claim) -> bool:
        """Whether both go on at once."""
        return self.begins < other.free and other.begins < self.free


def room_claim(clinic: Clinic, each: Appointment) -> Claim:
    """What an appointment takes of the rooms, which are all alike: any of them."""
    return _claim(clinic, each, room_names(clinic))


def person_claim(clinic: Clinic, each: Appointment) -> Claim:
    """What an appointment takes of the practitioners."""
    able = (
        who.name
        for who in clinic.practitioners
        if does(who, each.regimen) and is_there(clinic, who, each.begins, each.ends)
    )
    return _claim(clinic, each, (each.practitioner,) if each.practitioner else tuple(able))


def _claim(clinic: Clinic, each: Appointment, options: tuple[str, ...]) -> Claim:
    free = each.ends + timedelta(minutes=clinic.turnover)
    return Claim(each.begins, free, options, each.fixed)


@lru_cache(maxsize=200_000)
def fit(claims: tuple[Claim, ...]) -> bool:
    """Whether all claims can be met: one that is not fixed shares its room with none at a time.

    Fixed ones share no more than they would if they were alone.
    """
    # A fixed one that nobody can meet takes nothing.
    claims = tuple(each for each in claims if each.options or not each.fixed)
    by_choice = sorted(claims, key=lambda each: len(each.options))
    fixed = [each for each in by_choice if each.fixed]
    shared = next(shared for shared in count() if _can_be_met(fixed, shared))
    return _can_be_met(by_choice, shared)


def _can_be_met(
    claims: Sequence[Claim], shared: int, met: Sequence[tuple[Claim, str]] = ()
) -> bool:
    """Whether claims can be met beside others with so many pairs of fixed ones that share."""
    if not claims:
        return True
    claim, *others = claims
    for option in claim.options:
        beside = [other for other, its in met if its == option and other.meets(claim)]
        if beside and not (claim.fixed and all(other.fixed for other in beside)):
            continue
        left = shared - len(beside)
        if left >= 0 and _can_be_met(others, left, [*met, (claim, option)]):
            return True
    return False


def groups(claims: Iterable[Claim]) -> Iterator[tuple[Claim, ...]]:
    """Claims that go on at once, in a chain; those of two groups have nothing to do together."""
    group: list[Claim] = []
    until = datetime.min.replace(tzinfo=UTC)
    for claim in sorted(claims):
        if group and claim.begins >= until:
            yield tuple(group)
            group = []
        until = max(until, claim.free)
        group.append(claim)
    if group:
        yield tuple(group)


# A result


def violations(request: CohortRequest, result: CohortResult) -> list[str]:
    """Every breach of a hard rule, and every figure of a result that is not so."""
    if [each.entry for each in result.courses] != list(request.entries):
        return ["not the courses of the list in their order"]
    found: list[str] = []
    for placed in result.courses:
        found += (f"{_course(placed.entry)}: {what}" for what in _wrong_course(request, placed))
    found += _wrong_capacity(request, result)
    found += _wrong_totals(request, result)
    return found


def objective_of(request: CohortRequest, result: CohortResult) -> Objective:
    """The goals that a result reaches, summed over its courses."""
    goals = [_goals(request, placed) for placed in result.courses]
    return Objective(*(sum(goal) for goal in zip(*goals, strict=True)))


def _goals(request: CohortRequest, placed: PlacedCourse) -> Objective:
    entry, preferred = placed.entry, placed.entry.limits.preferred
    booked = {each.number: each for each in placed.booked}
    sessions = entry.course.sessions
    free = [each for each in placed.booked if each.number not in entry.kept]
    return Objective(
        unplaced=sum(each.number not in booked for each in sessions),
        overdue_days=sum(
            judge.overdue_days(each.plan, before.start.date(), each.start.date())
            for before, each in pairwise(placed.booked)
            if not {before.number, each.number} <= entry.kept.keys()
        ),
        moved=sum(
            _has_moved(entry, each.number, booked.get(each.number))
            for each in sessions
            if request.stable
        ),
        distance_days=sum(abs((each.start.date() - each.plan.ideal).days) for each in free),
        early=sum(each.start.date() < each.plan.ideal for each in free),
        distance_minutes=sum(
            abs(each.start.hour * 60 + each.start.minute - preferred)
            for each in free
            if preferred is not None
        ),
    )


def _has_moved(entry: Entry, number: int, booked: BookedSession | None) -> bool:
    """Whether a session that had a slot is not in it, one without a place too."""
    if number not in entry.former or number in entry.kept:
        return False
    return booked is None or entry.former[number].start != booked.start


def _is_same(one: Slot, other: Slot) -> bool:
    return [each.astimezone(UTC) for each in one] == [each.astimezone(UTC) for each in other]


def _wrong_totals(request: CohortRequest, result: CohortResult) -> Iterator[str]:
    reached = objective_of(request, result)
    for goal, true, told in zip(Objective._fields, reached, result.objective, strict=True):
        if true != told:
            yield f"the objective has {told} {goal}, and the sessions {true}"
    if tuple(result.bound) > tuple(result.objective):
        yield "the bound is above the objective"


# One course of it


def _wrong_course(request: CohortRequest, placed: PlacedCourse) -> Iterator[str]:
    entry, own = placed.entry, asked(request, placed.entry)
    numbers = [each.number for each in placed.booked]
    told = [*(each.plan for each in placed.booked), *(each.session for each in placed.unplaced)]
    if sorted(told, key=lambda each: each.number) != list(own.sessions):
        yield "booked and unplaced are not the sessions of the course"
        return
    if numbers != sorted(numbers):
        yield "booked out of order"
    lasts = {
        each.number: last for each, last in zip(own.sessions, judge.last_days(own), strict=True)
    }
    for unplaced in placed.unplaced:
        yield from _wrong_unplaced(request, own, unplaced, lasts[unplaced.session.number])
    before: BookedSession | None = None
    for each in placed.booked:
        if each.number in entry.kept:
            wrong = list(_wrong_kept(request.clinic, entry.kept[each.number], each))
        else:
            wrong = list(_wrong_open(request, own, each, lasts[each.number]))
            wrong += _wrong_place(request.clinic, Appointment.of(entry, each))
        wrong += _wrong_figures(own, each, before)
        yield from (f"session {each.number} on {each.start}: {what}" for what in wrong)
        before = each
    yield from _wrong_reviews(request, placed)


def _wrong_unplaced(
    request: CohortRequest, own: PlacingRequest, each: Unplaced, last: date
) -> Iterator[str]:
    number, nearest = each.session.number, each.nearest
    if number in own.fixed:
        yield f"session {number} is kept, and has no place"
    if not each.why.strip():
        yield f"session {number} does not say why it has no place"
    if nearest is None:
        return
    if nearest <= last:
        yield f"session {number}: the nearest day is not after its reach"
    if not judge.starts(own, nearest, busy_around(request, nearest)):
        yield f"session {number}: the nearest day has no start"


def _wrong_kept(clinic: Clinic, kept: BookedSession, each: BookedSession) -> Iterator[str]:
    if not _is_same(Slot(kept.start, kept.end), Slot(each.start, each.end)):
        yield f"moved away from {kept.start}, although it is kept"
    if (kept.status, kept.by_hand, kept.missed) != (each.status, each.by_hand, each.missed):
        yield "kept, but not as it was"
    if each.room and each.room not in (kept.room, *room_names(clinic)):
        yield "kept, but in no room of the clinic"
    people = [who.name for who in clinic.practitioners]
    was, now = kept.practitioner, each.practitioner
    if now != was and (was or now not in people):
        yield "kept, but not with whom it was"


def _wrong_open(
    request: CohortRequest, own: PlacingRequest, each: BookedSession, last: date
) -> Iterator[str]:
    yield from _wrong_times(request, own, each.start, each.end)
    if not own.start.date() <= each.start.date() <= last:
        yield "before its first day or out of reach"
    if (each.status, each.by_hand, each.missed) != (Status.BOOKED, False, ()):
        yield "not just booked"


def _wrong_times(
    request: CohortRequest, own: PlacingRequest, start: datetime, end: datetime
) -> Iterator[str]:
    """What forbids a stretch of time to an appointment that is not fixed."""
    zone, day, minute = request.clinic.zone, start.date(), start.hour * 60 + start.minute
    yield from judge.complaints(own, (day, minute), busy_around(request, day))
    if start.second or start.astimezone(UTC) != judge.moment(day, minute, zone):
        yield "not the first moment that shows this time"
    if end.astimezone(UTC) - start.astimezone(UTC) != timedelta(minutes=own.length):
        yield "not of the asked length"
    if start.tzinfo is not zone or end.tzinfo is not zone:
        yield "not in the clinic's zone"


def _wrong_place(clinic: Clinic, each: Appointment) -> Iterator[str]:
    """Whether an appointment that is not fixed names a room and a person that it can have."""
    if each.room not in room_names(clinic):
        yield f'"{each.room}" is no room of the clinic'
    people = {who.name: who for who in clinic.practitioners}
    if not people and each.practitioner:
        yield "with a practitioner, and the clinic has none"
    if people and each.practitioner not in people:
        yield f'"{each.practitioner}" is no practitioner of the clinic'
    elif people:
        who = people[each.practitioner]
        if not does(who, each.regimen):
            yield f"{who.name} does not do {each.regimen}"
        if not is_there(clinic, who, each.begins, each.ends):
            yield f"{who.name} is not there"


def _wrong_figures(
    own: PlacingRequest, each: BookedSession, before: BookedSession | None
) -> Iterator[str]:
    session, day = each.plan, each.start.date()
    if each.shift_days != (day - session.ideal).days or each.day != day:
        yield "a wrong shift"
    figures = (each.before, each.earliest, each.latest, each.gap_days, each.overdue_days)
    if before is None:
        if figures != (None, session.ideal, None, None, 0):
            yield "wrong limits without a session before"
        return
    other = before.start.date()
    if not judge.gap_holds(own, before.plan, other, session, day):
        yield f"closer than the least gap after {other}"
    if each.before != before.number:
        yield "after another session than the one booked before it"
    if (each.earliest, each.latest) != (
        judge.least(session.interval, other),
        judge.latest(session, other),
    ):
        yield "wrong limits"
    if each.gap_days != (day - other).days:
        yield "a wrong gap"
    if each.overdue_days != judge.overdue_days(session, other, day):
        yield "wrong overdue days"


# Its reviews


def _wrong_reviews(request: CohortRequest, placed: PlacedCourse) -> Iterator[str]:
    due = {
        number: (review, session)
        for number, review in enumerate(placed.entry.course.regimen.reviews, 1)
        if (session := _followed(review, placed.booked)) is not None
    }
    numbers = [each.number for each in placed.reviews]
    if numbers != sorted(set(numbers) & due.keys()):
        yield "reviews that are not due, or out of order"
        return
    if len(numbers) + len(placed.unplaced_reviews) != len(due):
        yield "reviews booked and unplaced are not those that are due"
    for each in placed.reviews:
        wrong = list(_wrong_review(request, placed.entry, each, *due[each.number]))
        wrong += _wrong_place(request.clinic, Appointment.of(placed.entry, each))
        yield from (f"review {each.number} on {each.start}: {what}" for what in wrong)


def _followed(review: Review, booked: Sequence[BookedSession]) -> BookedSession | None:
    """The session that a review follows: the first of its range, or the last of the course."""
    if review.after is None:
        return booked[-1] if booked else None
    first, last = review.after.least, review.after.most
    for each in booked:
        if first <= each.number and (last is None or each.number <= last):
            return each
    return None


def _wrong_review(
    request: CohortRequest,
    entry: Entry,
    each: BookedReview,
    review: Review,
    session: BookedSession,
) -> Iterator[str]:
    own = asked(request, entry)._replace(start=LONG_AGO, length=review.minutes)
    yield from _wrong_times(request, own, each.start, each.end)
    ideal = session.end.date()
    if review.at is not None:
        ideal = judge.after(session.start.date(), review.at)
    if (each.name, each.after, each.ideal) != (review.name, session.number, ideal):
        yield "not what the regimen and the session call for"
    if not ideal <= each.start.date() <= ideal + judge.REACH:
        yield "before it is due or out of reach"
    if each.start.astimezone(UTC) < session.end.astimezone(UTC):
        yield "before its session ends"


# What several share


def _wrong_capacity(request: CohortRequest, result: CohortResult) -> Iterator[str]:
    clinic, turnover = request.clinic, timedelta(minutes=request.clinic.turnover)
    free, kept = _appointments(result)
    everything = [*free, *kept, *taken_ones(request)]
    yield from _twice(everything, lambda each: each.patient, "patient", timedelta())
    # Rooms are alike: what stays and is not of the list may be given another.
    yield from _twice([*free, *kept], lambda each: each.room or None, "room", turnover)
    yield from _twice(everything, lambda each: each.practitioner or None, "practitioner", turnover)
    fixed = [*kept_ones(request), *taken_ones(request)]
    unnamed = {room_claim(clinic, each) for each in fixed}
    claims = [room_claim(clinic, each) for each in (*fixed, *free)]
    yield from _left_without("room", unnamed, claims)
    if clinic.practitioners:
        unnamed = {person_claim(clinic, each) for each in fixed if not each.practitioner}
        claims = [person_claim(clinic, each) for each in (*fixed, *free)]
        yield from _left_without("practitioner", unnamed, claims)


def _left_without(what: str, unnamed: Set[Claim], claims: Iterable[Claim]) -> Iterator[str]:
    """Where fixed ones that name no room, or nobody, find none beside the others."""
    for group in groups(claims) if unnamed else ():
        if not unnamed.isdisjoint(group) and not fit(group):
            yield f"no {what} is left for what is fixed on {group[0].begins:%Y-%m-%d}"


def _appointments(result: CohortResult) -> tuple[list[Appointment], list[Appointment]]:
    """The sessions and reviews of a result that are not kept, and those that are."""
    free: list[Appointment] = []
    kept: list[Appointment] = []
    for placed in result.courses:
        for session in placed.booked:
            is_kept = session.number in placed.entry.kept
            (kept if is_kept else free).append(Appointment.of(placed.entry, session, fixed=is_kept))
        free += (Appointment.of(placed.entry, review) for review in placed.reviews)
    return free, kept


def _twice(
    appointments: Iterable[Appointment],
    named: Callable[[Appointment], str | None],
    what: str,
    turnover: timedelta,
) -> Iterator[str]:
    """Who or what two appointments take at once, which are not both fixed."""
    by_name: dict[str, list[Appointment]] = defaultdict(list)
    for each in appointments:
        name = named(each)
        if name is not None:
            by_name[name].append(each)
    for name, its in by_name.items():
        going_on: list[Appointment] = []
        for each in sorted(its, key=lambda one: one.begins):
            going_on = [other for other in going_on if each.begins < other.ends + turnover]
            for other in going_on:
                if not (each.fixed and other.fixed):
                    yield f"{what} {name} twice at once: {other.what} and {each.what}"
            going_on.append(each)


# The best there is


_BASE = 10**6
"""More than any goal of a tiny request can reach."""


def packed(goals: Iterable[int]) -> int:
    """The goals as one number that compares as they do, one after the other."""
    number = 0
    for goal in goals:
        number = number * _BASE + goal
    return number


def unpacked(number: int) -> Objective:
    """The goals that a number holds."""
    goals: list[int] = []
    for _ in Objective._fields:
        number, goal = divmod(number, _BASE)
        goals.append(goal)
    return Objective(*reversed(goals))


class _Option(NamedTuple):
    """A start of a session, or none, and what it costs by itself."""

    cost: int
    day: date | None = None
    appointment: Appointment | None = None
    room: Claim | None = None
    person: Claim | None = None


class _Step(NamedTuple):
    """A session in its turn, with what it may be: its options, the cheapest first."""

    own: PlacingRequest
    session: IdealSession
    options: tuple[_Option, ...]
    """Only one, which costs nothing, where it is kept."""

    @property
    def is_kept(self) -> bool:
        return judge.is_fixed(self.own, self.session)


class _Before(NamedTuple):
    """The session that is booked before, in the same course."""

    step: _Step
    day: date


def brute_force(request: CohortRequest) -> Objective:
    """The best objective that there is, by trying everything.

    Session by session every start is tried, and none. What is left out is only what cannot be
    better: the sessions from one on cost at least what they cost as long as those before them,
    with all that they forbid, are not there.
    """
    search = _Search(request)
    return unpacked(search.optimum())


class _Search:
    def __init__(self, request: CohortRequest) -> None:
        self.clinic = request.clinic
        self.steps = [step for entry in request.entries for step in _steps(request, entry)]
        self.fixed = [*kept_ones(request), *taken_ones(request)]
        self.rooms = [room_claim(self.clinic, each) for each in self.fixed]
        self.people = [person_claim(self.clinic, each) for each in self.fixed]
        self.least = [0] * (len(self.steps) + 1)
        self.best = 0
        self._limits: dict[tuple[int, date, date], int | None] = {}

    def optimum(self) -> int:
        for first in reversed(range(len(self.steps))):
            self.best = _BASE ** len(Objective._fields)
            self._extend(first, None, (), 0)
            self.least[first] = self.best
        return self.least[0]

    def _extend(
        self, place: int, before: _Before | None, chosen: tuple[_Option, ...], spent: int
    ) -> None:
        """Try everything for the sessions from a place on."""
        if place == len(self.steps):
            self.best = min(self.best, spent)
            return
        step = self.steps[place]
        if before is not None and before.step.own is not step.own:
            before = None
        for option in step.options:
            if spent + option.cost + self.least[place + 1] >= self.best:
                break
            late = self._overdue(place, before, option)
            if late is None:
                continue
            cost = spent + option.cost + late
            if cost + self.least[place + 1] >= self.best or not self._fits(chosen, option):
                continue
            if option.day is None:
                self._extend(place + 1, before, chosen, cost)
            else:
                self._extend(place + 1, _Before(step, option.day), (*chosen, option), cost)

    def _overdue(self, place: int, before: _Before | None, option: _Option) -> int | None:
        """What the gap to the session before costs; None where it is too short."""
        step, day = self.steps[place], option.day
        if before is None or day is None or (step.is_kept and before.step.is_kept):
            return 0
        key = (place, before.day, day)
        if key not in self._limits:
            late = judge.overdue_days(step.session, before.day, day)
            holds = judge.gap_holds(step.own, before.step.session, before.day, step.session, day)
            self._limits[key] = packed(Objective(overdue_days=late)) if holds else None
        return self._limits[key]

    def _fits(self, chosen: Sequence[_Option], option: _Option) -> bool:
        """Whether there is a room, a person and the patient's time for one more."""
        mine = option.appointment
        if mine is None:
            return True
        others = [*self.fixed, *(each.appointment for each in chosen if each.appointment)]
        if mine.patient is not None and any(
            other.patient == mine.patient and other.begins < mine.ends and mine.begins < other.ends
            for other in others
        ):
            return False
        assert option.room is not None
        assert option.person is not None
        rooms = [*self.rooms, *(each.room for each in chosen if each.room)]
        people = [*self.people, *(each.person for each in chosen if each.person)]
        return _fits_beside(option.room, rooms) and (
            not self.clinic.practitioners or _fits_beside(option.person, people)
        )


def _fits_beside(claim: Claim, others: Iterable[Claim]) -> bool:
    mine = next(group for group in groups((claim, *others)) if claim in group)
    return fit(mine)


def _steps(request: CohortRequest, entry: Entry) -> Iterator[_Step]:
    own = asked(request, entry)
    starts: Mapping[date, list[int]] = _starts(request, own)
    for session, last in zip(own.sessions, judge.last_days(own), strict=True):
        kept = entry.kept.get(session.number)
        if kept is not None:
            yield _Step(own, session, (_Option(0, kept.start.date()),))
            continue
        options = [
            _option(request, entry, session, (day, minute))
            for day, minutes in starts.items()
            if day <= last
            for minute in minutes
        ]
        moved = request.stable and session.number in entry.former
        options.append(_Option(packed(Objective(unplaced=1, moved=moved))))
        yield _Step(own, session, tuple(sorted(options, key=lambda each: each.cost)))


def _starts(request: CohortRequest, own: PlacingRequest) -> dict[date, list[int]]:
    """The starts of each day that some session of a course can reach."""
    first = own.start.date()
    reach = range((max(judge.last_days(own), default=first) - first).days + 1)
    days = (first + n * ONE_DAY for n in reach)
    return {day: judge.starts(own, day, busy_around(request, day)) for day in days}


def _option(
    request: CohortRequest, entry: Entry, session: IdealSession, slot: judge.Slot
) -> _Option:
    (day, minute), clinic, preferred = slot, request.clinic, entry.limits.preferred
    begins = judge.moment(day, minute, clinic.zone)
    ends = begins + timedelta(minutes=entry.course.length)
    former = entry.former.get(session.number) if request.stable else None
    cost = Objective(
        moved=former is not None and not _is_same(former, Slot(begins, ends)),
        distance_days=abs((day - session.ideal).days),
        early=day < session.ideal,
        distance_minutes=0 if preferred is None else abs(minute - preferred),
    )
    course = entry.course
    mine = Appointment(
        f"session {session.number}", begins, ends, course.patient, course.regimen.id, "", "", False
    )
    return _Option(packed(cost), day, mine, room_claim(clinic, mine), person_claim(clinic, mine))
