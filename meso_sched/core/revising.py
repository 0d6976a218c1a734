"""The course from here on: what is done or chosen by hand stays, the rest is placed anew.

What is told of the sessions is taken in their order, one after the other, so that a history told
in one call or in many gives the same course. Sessions before the first one that is concerned stay
where they are as long as they can: an appointment is a promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar

from meso_sched.core import noticing, restructuring
from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.checking import broken_rules
from meso_sched.core.clinic import Busy, Holiday, OpenTime
from meso_sched.core.course import Course, IdealSession
from meso_sched.core.explaining import unusable
from meso_sched.core.living import Live, LiveCourse
from meso_sched.core.placing import REACH_DAYS
from meso_sched.core.plan import Plan
from meso_sched.core.replacing import Replacer
from meso_sched.core.reviewing import (
    BookedReview,
    ReviewRequest,
    book_reviews,
    broken_by_hand,
    reach,
)
from meso_sched.core.starts import local_end, local_start
from meso_sched.core.telling import (
    Step,
    Told,
    aware,
    refuse_contradictions,
    refuse_impossible,
    refuse_status,
    steps,
)
from meso_sched.core.walltime import DateRange, minute_of, plural, show_day, show_moment
from meso_sched.errors import PlacingError, UsageError

_Appointment = TypeVar("_Appointment", BookedSession, BookedReview)


class RevisionRequest(NamedTuple):
    """A course as the calendar has it, what is told of it, and the time in which it is placed.

    ``recorded`` is the course as this tool last wrote it; where ``plan`` differs, a person changed
    it in a calendar. ``plan.limits`` are the ones that hold; ``anew``: sessions may find better
    times than before, so every open one is placed again. ``course`` is the same course with other
    choices, planned again. ``now`` is aware.
    """

    plan: Plan
    recorded: Plan
    told: Told
    now: datetime
    holidays: Mapping[date, Holiday] = {}
    busy: Busy = Busy()
    anew: bool = False
    course: Course | None = None


class Revision(NamedTuple):
    """A revised course, and what the desk should know of it."""

    plan: Plan
    warnings: tuple[str, ...]


def horizon(plan: Plan, told: Told, today: date) -> DateRange:
    """The local days that a revision may look at, for holidays and busy time."""
    course = plan.course
    named = [when for when in (*told.done.values(), *told.moved.values()) if when is not None]
    days = [when.date() if isinstance(when, datetime) else when for when in named]
    days += [today, *(each.day for each in plan.booked)]
    days += [each.plan.ideal for each in plan.booked]
    days += [each.day for each in plan.reviews]
    # From its latest day on, the course may take as long again, and what is added to it.
    longer = 0.0
    for phase in course.phases:
        more = told.extended.get(phase.name, 0) + (phase.sessions if told.restart else 0)
        longer += phase.interval.most_days * more
    whole = max(each.plan.ideal for each in plan.booked) - course.start
    ahead = whole + timedelta(days=int(longer) + REACH_DAYS + 1 + reach(course.regimen.reviews))
    return DateRange(min(course.start, *days), max(days) + ahead)


def revise(request: RevisionRequest) -> Revision:
    """The course with what was told, the open sessions placed by the rules of DESIGN 3.

    Raises UsageError for what cannot be told, PlacingError where a session finds no place.
    """
    refuse_contradictions(request.told)
    reviser = _Reviser(request)
    for step in steps(request.told, request.plan):
        reviser.tell(step)
    reviser.restructure()
    plan = reviser.result()
    warnings = (
        *noticing.placed_again(request.plan, plan, request.now),
        *noticing.warnings(plan, request.now, reviser.time.broken),
        *broken_by_hand(reviser.reviews_of(plan), plan.reviews),
    )
    return Revision(plan, warnings)


class _Reviser:
    """A course being revised; ``affected`` is the number from which on it is placed anew."""

    def __init__(self, request: RevisionRequest) -> None:
        plan = request.plan
        self.request = request
        self.sessions = LiveCourse(plan)
        if request.course is not None:
            self.sessions.plan_again(request.course, request.now)
        open_time = OpenTime(plan.clinic, plan.limits, request.holidays)
        self.time = Replacer(self.sessions, open_time, request.busy, request.now, plan.start)
        self.zone = plan.clinic.zone
        self.affected: int | None = None if request.course is None else 1
        self._take_over()

    def _take_over(self) -> None:
        """What a person changed in a calendar counts as told."""
        recorded = {each.number: each for each in self.request.recorded.booked}
        for number, each in self.sessions.items():
            known = recorded.get(number)
            if known is None or each.slot is None:
                continue
            if (known.slot, known.status) == (each.slot, each.status):
                continue
            if each.slot != known.slot:
                why = (f"moved in the calendar, was {show_moment(known.start)}",)
                self.sessions[number] = each._replace(why=why)
            self._affect(number + 1)

    # What is told of one session

    def tell(self, step: Step) -> None:
        """Take one thing that was told."""
        self._settle()
        live = self.sessions[step.number]
        refuse_status(step, live.status, live.slot)
        if step.what == "done":
            self._done(step)
            return
        if step.what == "missed":
            self._missed(step)
        elif step.what == "moved":
            self._moved(step)
        else:
            live = self.sessions[step.number]._replace(slot=step.slot)
            self.sessions[step.number] = live.given_up(self.request.now)
            self._affect(step.number + 1)

    def _done(self, step: Step) -> None:
        start = step.slot.start
        if step.when is not None:
            start = aware(step, _at_booked_time(step.when, step.slot), self.zone)
        refuse_impossible(step, start, self.request.now, self.sessions.done)
        self._close_earlier(step, start)
        live, ideals = self.sessions[step.number], self.sessions.ideals()
        slot = step.slot.starting(start)
        why = None if slot == step.slot else (self._why_done(step, slot),)
        self.sessions[step.number] = live._replace(slot=slot, status=Status.FULFILLED, why=why)
        same_day = live.slot is not None and slot.day == live.slot.day
        # Even where it was booked a session may be outside its window, once others moved.
        if not same_day or self.sessions.ideals() != ideals:
            self._affect(step.number + 1)

    def _close_earlier(self, step: Step, start: datetime) -> None:
        """Sessions come in the order of their numbers: none before a done one is still open."""
        for number, each in self.sessions.items():
            if number >= step.number:
                return
            if each.status is not Status.BOOKED or (each.slot and each.slot.start < start):
                continue
            if not each.missed:
                told = "" if each.slot is None else f" ({show_moment(each.slot.start)})"
                raise UsageError(
                    f"session {number}{told} comes before session {step.number} and is still open;"
                    f" say what came of it: --done {number}=DATETIME, --missed {number} or"
                    f" --cancel {number}"
                )
            self.sessions[number] = each.given_up(self.request.now)

    def _why_done(self, step: Step, slot: Slot) -> str:
        """Where it was booked, and by how much it came too close: a fact, so not refused."""
        told = f"done on {show_moment(slot.start)}, booked for {show_moment(step.slot.start)}"
        before = self.sessions.day_before(step.number)
        if before is None:
            return told
        missing = (self.sessions.ideals()[step.number].earliest(before) - slot.day).days
        return told if missing <= 0 else f"{told}, {plural(missing, 'day')} too early"

    def _missed(self, step: Step) -> None:
        live = self.sessions[step.number]
        live = live._replace(slot=None, by_hand=False, missed=(*live.missed, step.slot))
        # Once a later session is done, there is no room left for it.
        too_late = any(number > step.number for number in self.sessions.done)
        ideals = self._ideal_dates()
        self.sessions[step.number] = live.given_up(self.request.now) if too_late else live
        if not too_late:
            self._affect(step.number)
        elif self._ideal_dates() != ideals:
            self._affect(step.number + 1)

    def _ideal_dates(self) -> list[date]:
        return [each.ideal for each in self.sessions.ideals().values()]

    def _moved(self, step: Step) -> None:
        assert step.when is not None, "a move has a target"
        slot = self._target(step, step.when)
        live = self.sessions[step.number]
        if slot == live.slot and live.status is Status.BOOKED:
            return
        self._refuse_order(step, slot)
        broken = self.time.broken(step.number, slot)
        if broken and not self.request.told.override:
            raise UsageError(
                f"session {step.number} on {show_moment(slot.start)}: {', '.join(broken)};"
                " add --override to book it all the same"
            )
        same = slot == step.slot
        why = ["chosen by hand" if same else f"chosen by hand, was {show_moment(step.slot.start)}"]
        if broken:
            why.append(f"by --override: {', '.join(broken)}")
        self.sessions[step.number] = live._replace(
            slot=slot,
            status=Status.BOOKED,
            by_hand=True,
            why=tuple(why),
        )
        self._affect(step.number + 1)

    def _target(self, step: Step, when: datetime | date) -> Slot:
        """The slot that a move asks for; of a day alone its best start."""
        if isinstance(when, datetime):
            slot = step.slot.starting(aware(step, when, self.zone))
        else:
            slot = self._best_of_day(step.number, when)
        if slot.start < self.request.now:
            raise UsageError(
                f"session {step.number} cannot be moved to {show_moment(slot.start)}, which is"
                f" past; if it was done then, say --done {step.number}=DATETIME"
            )
        return slot

    def _best_of_day(self, number: int, day: date) -> Slot:
        now = self.time.now_local()
        best = self.time.starts.best(day.toordinal(), minute_of(now) if day == now.date() else 0)
        if best is None:
            reasons = ", ".join(unusable(self.time.starts, day)) or "no free time is left"
            raise UsageError(
                f"session {number} on {show_day(day)}: {reasons}; give a time as well"
                f" (--move {number}={day}THH:MM), or another day"
            )
        start = local_start(day, best.minute, self.zone)
        return Slot(start, local_end(start, self.sessions.course.length))

    def _refuse_order(self, step: Step, slot: Slot) -> None:
        """Raise UsageError for a slot before an earlier session, or after a later fixed one."""
        for number, each in self.sessions.items():
            if not each.takes_place or each.slot is None:
                continue
            stays = each.by_hand or each.status is Status.FULFILLED
            if number < step.number and slot.start < each.slot.end:
                side = "before"
            elif number > step.number and stays and slot.end > each.slot.start:
                side = "after"
            else:
                continue
            raise UsageError(
                f"session {step.number} on {show_moment(slot.start)} would come {side} session"
                f" {number} ({show_moment(each.slot.start)}); move that one first"
            )

    # The course as a whole

    def restructure(self) -> None:
        """Stop, restart a phase, extend one."""
        told = self.request.told
        if told.stop:
            self._stop()
            return
        self._settle()
        if told.restart:
            self._restart()
        for phase, more in told.extended.items():
            self._extend(phase, more)

    def _stop(self) -> None:
        ahead = self._ahead()
        if not ahead:
            raise UsageError("--stop: no session is left to cancel")
        for number in ahead:
            self.sessions[number] = self.sessions[number].given_up(self.request.now)

    def _restart(self) -> None:
        ahead = self._ahead()
        if not ahead:
            raise UsageError("--restart-phase: no session is open, so no phase goes on")
        number, course = ahead[0], self.sessions.course
        self._refuse_unmarked(number)
        live = self.sessions[number]
        first = max(self.sessions.ideals()[number].ideal, self.time.first_day(live))
        course, behind, count = restructuring.restarted(course, number, first)
        anew = [Live(missed=live.missed, former=live.former), *(Live() for _ in range(count - 1))]
        self.sessions.replace(number, behind, anew)
        self.sessions.course = course
        for later, each in self.sessions.items():
            if later >= number:
                self.sessions[later] = each._replace(by_hand=False)
        self._affect(number)

    def _refuse_unmarked(self, number: int) -> None:
        """Raise UsageError where nobody has told what came of the sessions before."""
        last_done = max(self.sessions.done, default=0)
        unmarked = [
            str(other)
            for other, each in self.sessions.items()
            if last_done < other < number and each.status is Status.BOOKED
        ]
        if unmarked:
            raise UsageError(
                f"--restart-phase: session {', '.join(unmarked)} is past and not marked; tell first"
                f" what came of it, with --done {unmarked[0]} or --missed {unmarked[0]}"
            )

    def _extend(self, phase: str, more: int) -> None:
        override = self.request.told.override
        course, first = restructuring.extended(self.sessions.course, phase, more, override)
        done = max(self.sessions.done, default=0)
        if done >= first:
            raise UsageError(
                f"--extend {phase}: the phase is over, session {done} behind it is done already;"
                " extend the phase that goes on"
            )
        self.sessions.replace(first, first, [Live() for _ in range(more)])
        self.sessions.course = course
        self._affect(first)

    # Placing

    def result(self) -> Plan:
        """The revised plan, with every figure worked out from the slots."""
        self._affect_what_cannot_stay()
        affected = self.sessions.behind if self.affected is None else self.affected
        placed = {each.number: each for each in self.time.place(affected)}
        ideals = self.sessions.ideals()
        booked = tuple(
            _booked(ideals[number], live, placed.get(number))
            for number, live in self.sessions.items()
        )
        plan = self.request.plan._replace(course=self.sessions.course, booked=booked)
        former = {each.number: each for each in plan.reviews}
        reviews = book_reviews(self.reviews_of(plan))
        kept = (_with_taken(each, former.get(each.number)) for each in reviews)
        return plan._replace(reviews=tuple(kept))

    def reviews_of(self, plan: Plan) -> ReviewRequest:
        """What the reviews are booked by, behind the sessions that they now follow."""
        return ReviewRequest(
            reviews=plan.course.regimen.reviews,
            booked=plan.booked,
            open_time=self.time.open_time,
            busy=self.request.busy,
            former={each.number: each for each in plan.reviews},
            now=self.request.now,
        )

    def _affect_what_cannot_stay(self) -> None:
        """Open sessions whose slot breaks a rule now, and all of them under other limits."""
        ideals = self.sessions.ideals()
        for number in self._ahead():
            live, before = self.sessions[number], self.time.before(number, ideals)
            if live.slot is None or live.by_hand:
                continue
            broken = broken_rules(self.time.starts, ideals[number], live.slot, before)
            if self.request.anew or broken:
                self._affect(number)

    def _settle(self) -> None:
        """Place what the steps before concern, as a call of their own would."""
        if self.affected is None:
            return
        fixed = self.time.fixed(self.affected)
        try:
            placed = self.time.place(self.affected)
        except PlacingError:  # a later step may make room
            return
        for each in placed:
            if each.number not in fixed:
                live = self.sessions[each.number]
                why = _why(live, each)
                self.sessions[each.number] = live._replace(slot=each.slot, by_hand=False, why=why)
        self.affected = None

    def _ahead(self) -> list[int]:
        """The sessions still to come: open, not past, and no later one is done."""
        last_done = max(self.sessions.done, default=0)
        return [
            number
            for number, each in self.sessions.items()
            if number > last_done
            and each.status is Status.BOOKED
            and (each.slot is None or each.slot.start >= self.request.now)
        ]

    def _affect(self, number: int) -> None:
        self.affected = number if self.affected is None else min(self.affected, number)


def _at_booked_time(when: datetime | date, slot: Slot) -> datetime:
    if isinstance(when, datetime):
        return when
    return datetime.combine(when, slot.start.time())


def _booked(ideal: IdealSession, live: Live, placed: BookedSession | None) -> BookedSession:
    if placed is None:
        assert live.slot is not None, "what does not take place keeps its slot"
        why = live.former.why if live.former else ()
        if live.status is Status.NOSHOW:
            why = _missed(live)
        session = BookedSession.at(ideal, live.slot, why)
    else:
        session = placed._replace(why=_why(live, placed))
    by_hand = live.by_hand and live.slot == session.slot
    session = session._replace(status=live.status, by_hand=by_hand, missed=live.missed)
    return _with_taken(session, live.former)


def _with_taken(booked: _Appointment, former: _Appointment | None) -> _Appointment:
    """An appointment with its room and its practitioner, which hold as long as its slot does."""
    if former is None or not former.slot.is_at(booked.slot):
        return booked._replace(room="", practitioner="")
    return booked._replace(room=former.room, practitioner=former.practitioner)


def _why(live: Live, placed: BookedSession) -> tuple[str, ...]:
    """The reason for a slot; one that was told stands as long as slot and ideal do."""
    former = live.former
    if live.why is not None and live.slot == placed.slot:
        return live.why
    if former is not None:
        same = (former.slot, former.plan.ideal) == (placed.slot, placed.plan.ideal)
        stays = live.by_hand or live.status is Status.FULFILLED
        if same or (stays and live.slot == placed.slot):
            return former.why
    return (*_missed(live), *placed.why)


def _missed(live: Live) -> tuple[str, ...]:
    return tuple(f"missed on {show_moment(slot.start)}" for slot in live.missed[-1:])
