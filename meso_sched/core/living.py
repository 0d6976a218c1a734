"""The sessions of a course while it is revised: what became of each, and where it is ideal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status, with_skipped
from meso_sched.core.course import Course, IdealSession, lay_out
from meso_sched.core.plan import Plan
from meso_sched.core.walltime import plural
from meso_sched.errors import UsageError


class Live(NamedTuple):
    """A session while its course is revised; without a slot it is still to be placed.

    ``former`` is what it was before; ``why`` a new reason for its slot, if there is one.
    """

    slot: Slot | None = None
    status: Status = Status.BOOKED
    by_hand: bool = False
    missed: tuple[Slot, ...] = ()
    former: BookedSession | None = None
    why: tuple[str, ...] | None = None

    @property
    def takes_place(self) -> bool:
        """Whether it is done or still to be done."""
        return self.status.takes_place

    def given_up(self, now: datetime) -> Live:
        """Without a date from here on: cancelled, or missed for good where it was last missed."""
        if not self.missed:
            return self._replace(status=Status.CANCELLED)
        # What was called off before its time is no missed appointment: its time is free again.
        status = Status.NOSHOW if self.missed[-1].start < now else Status.CANCELLED
        return self._replace(slot=self.missed[-1], status=status, by_hand=False)


class LiveCourse:
    """A course and its sessions by number, from 1 on."""

    def __init__(self, plan: Plan) -> None:
        self.course: Course = plan.course
        self.not_before = plan.course.start
        self._sessions = [
            Live(each.slot, each.status, each.by_hand, each.missed, each) for each in plan.booked
        ]

    def plan_again(self, course: Course, now: datetime) -> None:
        """Take other choices; what is done, missed, cancelled, past or chosen by hand stays.

        Raises UsageError where the new course has fewer sessions than are done.
        """
        last_done = max(self.done, default=0)
        if last_done > course.count_all:
            raise UsageError(
                f"session {last_done} is done already, and these choices make a course of"
                f" {plural(course.count_all, 'session')}; choose more"
            )
        known = dict(self.items())
        self.not_before = course.start
        # Where something is done, the course has begun when it began.
        self.course = course._replace(start=self.course.start) if last_done else course
        self._sessions = [
            _as_planned(known.get(number, Live()), now) for number in range(1, course.count_all + 1)
        ]

    def __getitem__(self, number: int) -> Live:
        return self._sessions[number - 1]

    def __setitem__(self, number: int, live: Live) -> None:
        self._sessions[number - 1] = live

    def items(self) -> Iterator[tuple[int, Live]]:
        """Every session with its number."""
        return enumerate(self._sessions, 1)

    def replace(self, first: int, behind: int, sessions: list[Live]) -> None:
        """Put other sessions in the place of those from ``first`` to before ``behind``."""
        self._sessions[first - 1 : behind - 1] = sessions

    @property
    def behind(self) -> int:
        """The number that the next session would have."""
        return len(self._sessions) + 1

    @property
    def done(self) -> dict[int, Slot]:
        """The slots of the sessions that are done."""
        return {
            number: each.slot
            for number, each in self.items()
            if each.status is Status.FULFILLED and each.slot is not None
        }

    def before(self, number: int) -> tuple[int, date] | None:
        """The last session before that one that takes place and has a slot, and its local day."""
        found = None
        for other, each in self.items():
            if other < number and each.takes_place and each.slot is not None:
                found = (other, each.slot.day)
        return found

    def day_before(self, number: int) -> date | None:
        """The day of that session."""
        before = self.before(number)
        return None if before is None else before[1]

    def ideals(self) -> dict[int, IdealSession]:
        """Every session's ideal; one done outside its window moves those behind it."""
        rebased: dict[int, date] = {}
        for number, slot in self.done.items():
            if not self._in_window(number, slot.day, self._laid_out(rebased)):
                rebased[number] = slot.day
        return self._laid_out(rebased)

    def _laid_out(self, rebased: Mapping[int, date]) -> dict[int, IdealSession]:
        course = self.course
        ideals = lay_out(course.phases, course.start, course.keep, rebased)
        told = ((ideal, self[ideal.number].status) for ideal in ideals)
        return {ideal.number: ideal for ideal in with_skipped(told)}

    def _in_window(self, number: int, day: date, ideals: Mapping[int, IdealSession]) -> bool:
        """Whether a session was done between its earliest and its latest day.

        One that follows no other, or begins a phase anew, has no latest day: it may be late until
        the next one is due.
        """
        session, before = ideals[number], self.day_before(number)
        earliest = session.ideal if before is None else session.earliest(before)
        latest = None if before is None else session.latest(before)
        if latest is None and number + 1 in ideals:
            latest = ideals[number + 1].ideal - timedelta(days=1)
        return earliest <= day and (latest is None or day <= latest)


def _as_planned(live: Live, now: datetime) -> Live:
    """A session whose course is planned again: it stays where it has a history."""
    is_past = live.slot is not None and live.slot.start < now
    if _is_told(live) or is_past:
        return live
    return live._replace(slot=None)


def has_history(plan: Plan) -> bool:
    """Whether anything was told of a course since it was planned."""
    reviews = (each.by_hand or each.status is not Status.BOOKED for each in plan.reviews)
    return any(map(_is_told, plan.booked)) or any(reviews)


def _is_told(session: Live | BookedSession) -> bool:
    return session.status is not Status.BOOKED or session.by_hand or bool(session.missed)
