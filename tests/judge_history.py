"""Judges a revision of a course by the rules that the desk was promised, and nothing else.

It shares no code with ``meso_sched.core``: it reads the values of the plan before, of what was
told and of the plan after, works out by itself what must stay and what each ideal date is, and
finds the best slots of the rest by plain dynamic programming. One thing told a call; that many in
one call come to the same is a property of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

import judge_placing as judge
from judge_placing import Taken

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, OpenTime
from meso_sched.core.course import Course, IdealSession
from meso_sched.core.interval import Interval
from meso_sched.core.placing import PlacingRequest
from meso_sched.core.plan import Plan
from meso_sched.core.telling import Told

ONE_DAY = timedelta(days=1)
ON_PURPOSE = (Status.CANCELLED,)
"""A gap across such a session is intended."""
LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001  # wall clock, as requests have it
MOST_SESSIONS = 500


class Refused(Exception):  # noqa: N818  # a verdict, not an error
    """What was told cannot be, and why."""


class World:
    """What surrounds a course; remembers the best start of each day."""

    def __init__(self, holidays: Mapping[date, Holiday], taken: Taken) -> None:
        self.holidays = holidays
        self.taken = taken
        self._best: dict[tuple[Clinic, Limits, int, date], judge.Slot | None] = {}

    @property
    def busy(self) -> Busy:
        """As a request holds it."""
        return Busy.of(self.taken)

    def best(self, request: PlacingRequest, day: date) -> judge.Slot | None:
        """The start of a day that is nearest to the preferred time, the earlier of two."""
        if day == request.start.date():
            return self._find(request, day)
        key = (request.open_time.clinic, request.open_time.limits, request.length, day)
        if key not in self._best:
            self._best[key] = self._find(request._replace(start=LONG_AGO), day)
        return self._best[key]

    def _find(self, request: PlacingRequest, day: date) -> judge.Slot | None:
        free = judge.starts(request, day, self.taken)
        if not free:
            return None
        return day, min(free, key=lambda minute: (judge.wish_distance(request, minute), minute))


class Call(NamedTuple):
    """One call: the plan as it was, the one thing told, and when.

    ``anew``: limits are others than before. ``course``: planned again with other choices.
    """

    before: Plan
    told: Told
    now: datetime
    world: World
    anew: bool = False
    course: Course | None = None


class Row(NamedTuple):
    """What a session must be; without a slot it is to be placed."""

    slot: Slot | None = None
    status: Status = Status.BOOKED
    by_hand: bool = False
    missed: tuple[Slot, ...] = ()

    @property
    def takes_place(self) -> bool:
        return self.status in (Status.BOOKED, Status.FULFILLED)

    @property
    def has_history(self) -> bool:
        return self.status is not Status.BOOKED or self.by_hand or bool(self.missed)

    def without_a_date(self, now: datetime) -> Row:
        """Cancelled; or a no-show where it was missed, unless its time has not come yet."""
        if not self.missed:
            return self._replace(status=Status.CANCELLED)
        is_past = self.missed[-1].start < now
        status = Status.NOSHOW if is_past else Status.CANCELLED
        return Row(self.missed[-1], status, missed=self.missed)


class Outcome(NamedTuple):
    """What a call must come to, before the open sessions are placed.

    Those before ``concerned`` keep their slots.
    """

    course: Course
    rows: list[Row]
    concerned: int

    def row(self, number: int) -> Row:
        return self.rows[number - 1]

    def with_row(self, number: int, row: Row, concerned: int) -> Outcome:
        """The same with another row, and concerned from there on at the latest."""
        rows = [*self.rows[: number - 1], row, *self.rows[number:]]
        return Outcome(self.course, rows, min(self.concerned, concerned))

    def numbered(self) -> Iterator[tuple[int, Row]]:
        return enumerate(self.rows, 1)

    @property
    def done(self) -> dict[int, Slot]:
        return {
            number: row.slot
            for number, row in self.numbered()
            if row.status is Status.FULFILLED and row.slot is not None
        }

    @property
    def last_done(self) -> int:
        return max(self.done, default=0)

    def to_come(self, now: datetime) -> list[int]:
        """Open, not past, and no later session is done."""
        return [
            number
            for number, row in self.numbered()
            if row.status is Status.BOOKED
            and number > self.last_done
            and (row.slot is None or row.slot.start >= now)
        ]


# What the call says


def outcome(call: Call) -> Outcome:
    """What must become of each session; Refused where the call cannot be."""
    found = _told(call, _before(call))
    concerned = found.concerned
    for number in found.to_come(call.now):
        slot = found.row(number).slot
        if slot is None or found.row(number).by_hand:
            continue
        broken = _too_close(found, number, slot) or list(_clashes(call, found.course, slot))
        if call.anew or broken:
            concerned = min(concerned, number)
    return found._replace(concerned=concerned)


def _before(call: Call) -> Outcome:
    rows = [Row(each.slot, each.status, each.by_hand, each.missed) for each in call.before.booked]
    nothing_concerned = MOST_SESSIONS + 1
    if call.course is None:
        return Outcome(call.before.course, rows, nothing_concerned)
    count = sum(phase.sessions for phase in call.course.phases)
    if any(row.status is Status.FULFILLED for row in rows[count:]):
        raise Refused("a done session is beyond the end")
    stays = [
        row if row.has_history or (row.slot and row.slot.start < call.now) else Row()
        for row in rows[:count]
    ]
    course = call.course
    if any(row.status is Status.FULFILLED for row in rows):  # then it has begun
        course = course._replace(start=call.before.course.start)
    return Outcome(course, stays + [Row()] * (count - len(stays)), 1)


def _told(call: Call, found: Outcome) -> Outcome:
    told = call.told
    for number, when in told.done.items():
        found = _done(call, _existing(found, number), number, when)
    for number in told.missed:
        found = _missed(call, _existing(found, number), number)
    for number, target in told.moved.items():
        found = _moved(call, _existing(found, number), number, target)
    for number in told.cancelled:
        found = _cancelled(call, _existing(found, number), number)
    if told.cancelled_from is not None:
        found = _rest_cancelled(call, _existing(found, told.cancelled_from), told.cancelled_from)
    if told.stop:
        found = _stopped(call, found)
    if told.restart:
        found = _restarted(call, found)
    for phase, more in told.extended.items():
        found = _extended(call, found, phase, more)
    return found


def _existing(found: Outcome, number: int) -> Outcome:
    if not 1 <= number <= len(found.rows):
        raise Refused("there is no such session")
    return found


def _done(call: Call, found: Outcome, number: int, when: datetime | date | None) -> Outcome:
    row = found.row(number)
    if row.status is Status.FULFILLED or (row.status is Status.NOSHOW and when is None):
        raise Refused("done twice, or missed and no date given")
    assert row.slot is not None
    slot = _slot_at(call, row.slot, when)
    if slot.start > call.now:
        raise Refused("done in the future")
    for other, done in found.done.items():
        if (other < number and slot.start < done.end) or (
            other > number and slot.start >= done.start
        ):
            raise Refused("out of the order of what is done")
    for other, earlier in found.numbered():
        if other == number:
            break
        assert earlier.slot is not None
        if earlier.status is Status.BOOKED and earlier.slot.start >= slot.start:
            if not earlier.missed:
                raise Refused("an earlier session is still open")
            found = found.with_row(other, earlier.without_a_date(call.now), found.concerned)
    after = found.with_row(
        number, row._replace(slot=slot, status=Status.FULFILLED), found.concerned
    )
    # Where it was booked it may be outside its window all the same: then it moves those behind.
    if slot.day == row.slot.day and sessions(after) == sessions(found):
        return after
    return after._replace(concerned=min(after.concerned, number + 1))


def _missed(call: Call, found: Outcome, number: int) -> Outcome:
    row = found.row(number)
    if row.status is not Status.BOOKED:
        raise Refused("not open")
    assert row.slot is not None
    missed = Row(None, missed=(*row.missed, row.slot))
    if found.last_done > number:
        after = found.with_row(number, missed.without_a_date(call.now), found.concerned)
        ideal = [each.ideal for each in sessions(found)]
        if [each.ideal for each in sessions(after)] == ideal:
            return after
        # Without it the done one behind is outside its window, which moves those behind that.
        return after._replace(concerned=min(after.concerned, number + 1))
    return found.with_row(number, missed, number)


def _moved(call: Call, found: Outcome, number: int, target: datetime | date) -> Outcome:
    row = found.row(number)
    if row.status is Status.FULFILLED:
        raise Refused("done already")
    assert row.slot is not None
    if isinstance(target, datetime):
        slot = _slot_at(call, row.slot, target)
    else:
        slot = _best_slot(call, found.course, target)
    if slot.start < call.now:
        raise Refused("moved into the past")
    if slot == row.slot and row.status is Status.BOOKED:  # where it stands already
        return found
    _refuse_move(call, found, number, slot)
    return found.with_row(
        number, row._replace(slot=slot, status=Status.BOOKED, by_hand=True), number + 1
    )


def _refuse_move(call: Call, found: Outcome, number: int, slot: Slot) -> None:
    ideals = sessions(found)
    active = [(n, row.by_hand, row.slot) for n, row in found.numbered() if row.takes_place]
    earlier = [other for n, _, other in active if n < number and other]
    later = [(n, by_hand, other) for n, by_hand, other in active if n > number and other]
    if any(slot.start < other.end for other in earlier):
        raise Refused("before an earlier session")
    fixed = [other for n, by_hand, other in later if by_hand or n in found.done]
    if any(slot.end > other.start for other in fixed):
        raise Refused("after a later session that stays")
    broken = _too_close(found, number, slot) or bool(list(_clashes(call, found.course, slot)))
    if later and later[0][1]:
        n, _, other = later[0]
        broken |= other.day < judge.least(ideals[n - 1].interval, slot.day)
    if broken and not call.told.override:
        raise Refused("a rule is broken")


def _too_close(found: Outcome, number: int, slot: Slot) -> bool:
    """Whether a slot comes before the least gap after the last session that takes place."""
    interval = sessions(found)[number - 1].interval
    before = [row.slot.day for row in found.rows[: number - 1] if row.takes_place and row.slot]
    return bool(before) and slot.day < judge.least(interval, before[-1])


def _cancelled(call: Call, found: Outcome, number: int) -> Outcome:
    row = found.row(number)
    if row.status is not Status.BOOKED:
        raise Refused("not open")
    return found.with_row(number, row.without_a_date(call.now), number + 1)


def _rest_cancelled(call: Call, found: Outcome, first: int) -> Outcome:
    rest = [n for n, row in found.numbered() if n >= first and row.status is Status.BOOKED]
    if not rest:
        raise Refused("none is open")
    for number in rest:
        found = _cancelled(call, found, number)
    return found


def _stopped(call: Call, found: Outcome) -> Outcome:
    ahead = found.to_come(call.now)
    if not ahead:
        raise Refused("none is left")
    for number in ahead:
        found = found.with_row(number, found.row(number).without_a_date(call.now), found.concerned)
    return found


def _restarted(call: Call, found: Outcome) -> Outcome:
    ahead = found.to_come(call.now)
    if not ahead:
        raise Refused("none is open")
    number, course = ahead[0], found.course
    between = found.rows[found.last_done : number - 1]
    if any(row.status is Status.BOOKED for row in between):
        raise Refused("not all that is past is marked")
    first = max(sessions(found)[number - 1].ideal, _first_day(call, found, number))
    ends = [
        sum(each.sessions for each in course.phases[: n + 1]) for n in range(len(course.phases))
    ]
    position = bisect_left(ends, number)
    phase, end = course.phases[position], ends[position]
    whole, begun = phase.whole or phase.sessions, phase.sessions - (end - number + 1)
    anew = [phase._replace(sessions=whole, whole=None, restarted=first)]
    if begun:
        anew.insert(0, phase._replace(sessions=begun, whole=whole))
    phases = (*course.phases[:position], *anew, *course.phases[position + 1 :])
    rows = [
        *found.rows[: number - 1],
        Row(missed=found.row(number).missed),
        *[Row()] * (whole - 1),
        *(row._replace(by_hand=False) for row in found.rows[end:]),
    ]
    if len(rows) > MOST_SESSIONS:
        raise Refused("too many sessions")
    return Outcome(course._replace(phases=phases), rows, number)


def _extended(call: Call, found: Outcome, name: str, more: int) -> Outcome:
    phases = list(found.course.phases)
    positions = [n for n, phase in enumerate(phases) if phase.name == name]
    if not positions or len(found.rows) + more > MOST_SESSIONS:
        raise Refused("no such phase, or too long")
    position = positions[-1]
    behind = sum(phase.sessions for phase in phases[: position + 1])
    count = phases[position].sessions + more
    phases[position] = phases[position]._replace(sessions=count)
    template = next((each for each in found.course.regimen.phases if each.name == name), None)
    course = found.course._replace(phases=tuple(phases))
    if template is not None and template.sessions is not None:
        most = template.sessions.most
        if not (template.sessions.least <= count <= (most or count)):
            if not call.told.override:
                raise Refused("more than the source gives")
            kept = [each for each in course.overrides if not each.startswith(f"sessions {name}=")]
            course = course._replace(overrides=(*kept, f"sessions {name}={count}"))
    if found.last_done > behind:
        raise Refused("the phase is over")
    rows = [*found.rows[:behind], *[Row()] * more, *found.rows[behind:]]
    return Outcome(course, rows, min(found.concerned, behind + 1))


def _slot_at(call: Call, booked: Slot, when: datetime | date | None) -> Slot:
    """A slot as long as the booked one; a date alone keeps the time of day."""
    if when is None:
        return booked
    zone = call.before.clinic.zone
    if not isinstance(when, datetime):
        when = datetime.combine(when, booked.start.time())
    start = when.replace(tzinfo=zone)
    length = booked.end.astimezone(UTC) - booked.start.astimezone(UTC)
    return Slot(start, (start.astimezone(UTC) + length).astimezone(zone))


def _best_slot(call: Call, course: Course, day: date) -> Slot:
    best = call.world.best(_request(call, course, start=_now(call)), day)
    if best is None:
        raise Refused("no free time on that day")
    begins = judge.wall(*best).replace(tzinfo=call.before.clinic.zone)
    return Slot(begins, begins + timedelta(minutes=course.length))


def _clashes(call: Call, course: Course, slot: Slot) -> Iterator[str]:
    """What forbids a slot to any session: days off, hours, grid, limits, busy time."""
    minute = slot.start.hour * 60 + slot.start.minute
    asked = _request(call, course, start=LONG_AGO)
    return judge.complaints(asked, (slot.day, minute), call.world.taken)


# Ideal dates


def sessions(found: Outcome) -> list[IdealSession]:
    """Every session with its ideal date; one done outside its window moves those behind it."""
    course = found.course
    intervals = [phase.interval for phase in course.phases for _ in range(phase.sessions)]
    firsts = {
        1 + sum(each.sessions for each in course.phases[:n])
        for n, phase in enumerate(course.phases)
        if phase.restarted is not None
    }
    rebased: dict[int, date] = {}

    def dates() -> list[date]:
        keeps = course.keep.value == "weekday"
        return judge.ideal_dates(course.phases, course.start, keep_weekday=keeps, rebased=rebased)

    ideals = dates()
    for number, slot in found.done.items():
        if not _in_window(found, number, slot.day, ideals, intervals, number in firsts):
            rebased[number] = slot.day
            ideals = dates()
    places = [
        (phase.name, (n, phase.whole or phase.sessions))
        for phase in course.phases
        for n in range(1, phase.sessions + 1)
    ]
    return [
        IdealSession(
            number,
            *places[number - 1],
            ideals[number - 1],
            intervals[number - 1],
            _cancelled_before(found, number, intervals),
            number in firsts,
        )
        for number, _ in found.numbered()
    ]


def _in_window(
    found: Outcome,
    number: int,
    day: date,
    ideals: Sequence[date],
    intervals: Sequence[Interval],
    restarts: bool,
) -> bool:
    """From the earliest to the latest day; without a latest, until the next one is due."""
    before = [row.slot.day for row in found.rows[: number - 1] if row.takes_place and row.slot]
    interval = intervals[number - 1]
    if day < (judge.least(interval, before[-1]) if before else ideals[number - 1]):
        return False
    if before and not restarts:
        latest = before[-1]
        for each in (*_cancelled_before(found, number, intervals), interval):
            latest = judge.most(each, latest)
        return day <= latest
    return number == len(ideals) or day < ideals[number]


def _cancelled_before(
    found: Outcome, number: int, intervals: Sequence[Interval]
) -> tuple[Interval, ...]:
    """The intervals of the cancelled sessions since the last one that takes place."""
    skipped: list[Interval] = []
    for other, row in found.numbered():
        if other == number:
            break
        if row.takes_place:
            skipped.clear()
        elif row.status in ON_PURPOSE:
            skipped.append(intervals[other - 1])
    return tuple(skipped)


# What is placed anew


def placing(call: Call, found: Outcome) -> PlacingRequest:
    """What the placing must have been asked."""
    ideals = sessions(found)
    active = [number for number, row in found.numbered() if row.takes_place]
    return _request(call, found.course, start=_start(call, found.course))._replace(
        sessions=tuple(ideals[number - 1] for number in active),
        fixed=_staying(call, found),
        first_days={n: _first_day(call, found, n) for n in active if found.row(n).missed},
    )


def _staying(call: Call, found: Outcome) -> dict[int, Slot]:
    """Done, not concerned, chosen by hand, or past and nobody marked it.

    What is past does not stay behind a session that is to come, nor before one that stays.
    """
    stays: dict[int, Slot] = {}
    to_come_before, last = False, None
    for number, row in found.numbered():
        if not row.takes_place:
            continue
        if row.slot is None:
            to_come_before = True
            continue
        is_past = row.slot.start < call.now
        in_order = not to_come_before and (last is None or row.slot.start >= last.end)
        settled = number <= found.last_done or number < found.concerned
        if settled or (in_order if is_past else row.by_hand):
            stays[number] = last = row.slot
        else:
            to_come_before = True
    return stays


def _request(call: Call, course: Course, start: datetime) -> PlacingRequest:
    plan = call.before
    open_time = OpenTime(plan.clinic, plan.limits, call.world.holidays)
    return PlacingRequest((), start, course.length, open_time, call.world.busy)


def _now(call: Call) -> datetime:
    """The next full minute on the clinic's wall."""
    now = judge.shown(call.now, call.before.clinic.zone)
    return now if now.time() == time(now.hour, now.minute) else _next_minute(now)


def _next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _start(call: Call, course: Course) -> datetime:
    begins = course.start if call.course is None else call.course.start
    return max(_now(call), datetime.combine(begins, call.before.start))


def _first_day(call: Call, found: Outcome, number: int) -> date:
    """Later than the day on which it was missed."""
    today = _start(call, found.course).date()
    missed = found.row(number).missed
    return max(today, missed[-1].day + ONE_DAY) if missed else today


# The best slots, by dynamic programming over days

NEVER, OVERDUE, DISTANCE, EARLY = 1 << 120, 1 << 80, 1 << 50, 1 << 30
"""Days overdue, days from the ideal and early sessions, each in minutes that no plan adds up to."""


def optimum(request: PlacingRequest, world: World) -> list[judge.Slot] | None:
    """The best plan, None if there is none."""
    choices = _choices(request, world)
    costs: list[dict[int, int]] = []
    for index in range(len(choices) - 1, -1, -1):
        behind = costs[-1] if costs else None
        costs.append(_with_all_behind(request, index, choices[index], behind))
    costs.reverse()
    if not all(costs):
        return None
    plan: list[judge.Slot] = []
    for index, cost in enumerate(costs):
        days = sorted(cost)
        asked = [cost[day] for day in days]
        if plan:
            asked = [
                min(_following(request, index, plan[-1][0], [day], [each]), default=NEVER)
                for day, each in zip(days, asked, strict=True)
            ]
        plan.append(choices[index][days[asked.index(min(asked))]])
    return plan


def _choices(request: PlacingRequest, world: World) -> list[dict[int, judge.Slot]]:
    """By the ordinal of its day, each slot that a session may take."""
    found = []
    soonest = date.min
    for index, (session, last) in enumerate(
        zip(request.sessions, judge.last_days(request), strict=True)
    ):
        if session.number in request.fixed:
            start = request.fixed[session.number].start
            found.append({start.toordinal(): (start.date(), start.hour * 60 + start.minute)})
            soonest = start.date()
            continue
        soonest = max(
            judge.first_day(request, session),
            judge.least(session.interval, soonest) if index else soonest,
        )
        days = (soonest + timedelta(days=n) for n in range((last - soonest).days + 1))
        slots = (world.best(request, day) for day in days)
        found.append({slot[0].toordinal(): slot for slot in slots if slot})
    return found


def _with_all_behind(
    request: PlacingRequest,
    index: int,
    slots: Mapping[int, judge.Slot],
    behind: Mapping[int, int] | None,
) -> dict[int, int]:
    """The cost of each day with the best of all that follows it, where it can follow."""
    days = [] if behind is None else sorted(behind)
    costs = [] if behind is None else [behind[day] for day in days]
    found: dict[int, int] = {}
    for day, slot in slots.items():
        own = _cost(request, request.sessions[index], slot)
        follows = [0] if behind is None else _following(request, index + 1, slot[0], days, costs)
        best = min(follows, default=None)
        if best is not None:
            found[day] = own + best
    return found


def _following(
    request: PlacingRequest, index: int, before: date, days: list[int], costs: list[int]
) -> Iterator[int]:
    """What each day after ``before`` costs, of those in time only the best."""
    session, both_fixed = request.sessions[index], _both_fixed(request, index)
    first = (
        0 if both_fixed else bisect_left(days, judge.least(session.interval, before).toordinal())
    )
    latest = None if both_fixed else judge.latest(session, before)
    if latest is None:
        yield from costs[first:]
        return
    last = latest.toordinal()
    overdue = max(first, bisect_right(days, last))
    if first < overdue:
        yield min(costs[first:overdue])
    for place in range(overdue, len(days)):
        yield costs[place] + (days[place] - last) * OVERDUE


def _cost(request: PlacingRequest, session: IdealSession, slot: judge.Slot) -> int:
    if session.number in request.fixed:
        return 0
    shift = (slot[0] - session.ideal).days
    return abs(shift) * DISTANCE + (shift < 0) * EARLY + judge.wish_distance(request, slot[1])


def _both_fixed(request: PlacingRequest, index: int) -> bool:
    pair = request.sessions[index - 1 : index + 1]
    return all(session.number in request.fixed for session in pair)


# The verdict


def violations(call: Call, after: Plan) -> list[str]:
    """Everything that is not as it was promised; Refused where the call should have been."""
    found = outcome(call)
    expected = call.before._replace(course=found.course, booked=after.booked)
    wrong = [] if after == expected else ["the course is another one, or its surroundings are"]
    if len(after.booked) != len(found.rows):
        return [*wrong, f"{len(after.booked)} sessions instead of {len(found.rows)}"]
    request = placing(call, found)
    active: list[BookedSession] = []
    for ideal, row, each in zip(sessions(found), found.rows, after.booked, strict=True):
        untrue = list(_wrong_session(ideal, row, each, request.fixed.get(ideal.number)))
        wrong += [f"session {ideal.number} on {each.start}: {what}" for what in untrue]
        if row.takes_place:
            is_fixed = ideal.number in request.fixed
            active.append(each._replace(why=()) if is_fixed else each)
    wrong += _unexplained(after, call.now)
    wrong += _moved_done(call.before, after)
    if wrong:
        return wrong
    # Of the first one, whose limits a placing alone knows less of, ``_wrong_session`` has judged.
    breaches = judge.violations(request, active, call.world.taken)
    wrong += [what for what in breaches if "limits without a session before" not in what]
    best = optimum(request, call.world)
    if best != judge.slots(active):
        wrong.append(f"not the best: {best} is better than {judge.slots(active)}")
    return wrong


def has_place(call: Call) -> bool:
    """Whether there is any plan at all."""
    return optimum(placing(call, outcome(call)), call.world) is not None


def _wrong_session(
    ideal: IdealSession, row: Row, each: BookedSession, fixed: Slot | None
) -> Iterator[str]:
    if each.plan != ideal:
        yield f"laid out as {each.plan} instead of {ideal}"
    if each.status is not row.status:
        yield f"{each.status.value} instead of {row.status.value}"
    if each.missed != row.missed:
        yield f"missed at {each.missed} instead of {row.missed}"
    stays = fixed if row.takes_place else row.slot
    if stays is not None and each.slot != stays:
        yield f"moved away from {stays.start}"
    if row.status is Status.BOOKED and each.by_hand != (row.by_hand and fixed is not None):
        yield "by hand, or not by hand"
    figures = (each.earliest, each.latest, each.gap_days, each.overdue_days)
    if each.before is None and figures != (ideal.ideal, None, None, 0):
        yield f"figures {figures} of a session that follows none"
    if each.before is not None and not row.takes_place:
        yield "follows another, though it does not take place"


def _unexplained(after: Plan, now: datetime) -> Iterator[str]:
    for each in after.booked:
        is_ahead = each.status is Status.BOOKED and each.start >= now
        if is_ahead and each.day != each.plan.ideal and not each.why:
            yield f"session {each.number}, not on its ideal date, has no word why"


def _moved_done(before: Plan, after: Plan) -> Iterator[str]:
    later = {each.number: each for each in after.booked}
    for each in before.booked:
        if each.status is Status.FULFILLED:
            now = later.get(each.number)
            if now is None or (now.slot, now.status) != (each.slot, each.status):
                yield f"session {each.number} was done and was touched"


# Warnings


def wrong_warnings(warnings: Sequence[str], before: Plan, plan: Plan, now: datetime) -> list[str]:
    """Warnings that are missing, or of sessions that give no reason."""
    past = [
        each.number
        for each in plan.booked
        if each.status is Status.BOOKED and each.start.astimezone(UTC) < now.astimezone(UTC)
    ]
    expected = []
    if past:
        plural = f"sessions {', '.join(map(str, past))} (" if past[1:] else f"session {past[0]} ("
        expected.append((plural, "past and neither done nor missed"))
    overdue, grown = _late(plan)
    expected += [(f"session {n} (", "is placed again") for n in _given_way(before, plan, now)]
    expected += [(f"session {n} (", "stands before session") for n in _out_of_order(plan)]
    expected += [(f"session {number} (", "overdue:") for number in overdue]
    expected += [(f"session {number} comes", "--restart-phase") for number in grown]
    expected += [(f"session {number} comes", "is cancelled") for number in _skipping(plan)]
    wrong = []
    left = list(warnings)
    for start, word in expected:
        found = [each for each in left if each.startswith(start) and word in each]
        if len(found) == 1:
            left.remove(found[0])
        else:
            wrong.append(f"no warning that {start}... {word}")
    return wrong + left


def _given_way(before: Plan, plan: Plan, now: datetime) -> Iterator[int]:
    """Past sessions that nobody marked and that are elsewhere now, though nobody moved them."""
    for former, each in zip(before.booked, plan.booked, strict=False):
        was_open = former.status is each.status is Status.BOOKED and former.start < now
        is_told = each.by_hand or former.missed != each.missed
        if was_open and not is_told and former.slot != each.slot:
            yield each.number


def _out_of_order(plan: Plan) -> Iterator[int]:
    takes_place = [each for each in plan.booked if each.status in (Status.BOOKED, Status.FULFILLED)]
    for before, each in pairwise(takes_place):
        if each.start < before.start:
            yield each.number


def _skipping(plan: Plan) -> Iterator[int]:
    """Open sessions whose gap is longer than their own interval, and no longer than intended."""
    takes_place = [each for each in plan.booked if each.status in (Status.BOOKED, Status.FULFILLED)]
    for before, each in pairwise(takes_place):
        if each.status is Status.BOOKED and each.plan.skipped:
            is_intended = not judge.overdue_days(each.plan, before.day, each.day)
            if is_intended and each.day > judge.most(each.plan.interval, before.day):
                yield each.number


def _late(plan: Plan) -> tuple[list[int], list[int]]:
    """Open sessions that are overdue, and those whose gap is past twice the most.

    The most of a gap across cancelled sessions is theirs too: it is intended.
    """
    overdue: list[int] = []
    grown: list[int] = []
    before: date | None = None
    for each in plan.booked:
        if each.status not in (Status.BOOKED, Status.FULFILLED):
            continue
        if each.status is Status.BOOKED and before is not None:
            if judge.overdue_days(each.plan, before, each.day):
                overdue.append(each.number)
            latest = judge.latest(each.plan, before)
            if latest and (each.day - before).days > 2 * (latest - before).days:
                grown.append(each.number)
        before = each.day
    return overdue, grown
