"""The open sessions of a course placed anew around those that stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.checking import Neighbour, broken_rules
from meso_sched.core.clinic import Busy, OpenTime
from meso_sched.core.course import IdealSession
from meso_sched.core.living import Live, LiveCourse
from meso_sched.core.placing import PlacingRequest, place
from meso_sched.core.starts import DayStarts, local_minute


class Replacer:
    """Places the sessions of a course in the time that a clinic and a patient have from now on.

    ``begins`` is the time of day before which nothing is on the course's first day; ``now`` is
    aware.
    """

    def __init__(
        self, sessions: LiveCourse, open_time: OpenTime, busy: Busy, now: datetime, begins: time
    ) -> None:
        self.sessions = sessions
        self.open_time = open_time
        self.busy = busy
        self.now = now
        self.begins = begins
        self.zone = open_time.clinic.zone
        self.starts = DayStarts(open_time, busy, sessions.course.length)

    def place(self, affected: int) -> tuple[BookedSession, ...]:
        """Every session that takes place, those that stay at their slots."""
        ideals = self.sessions.ideals()
        active = {number: each for number, each in self.sessions.items() if each.takes_place}
        if not active:
            return ()
        return place(
            PlacingRequest(
                sessions=tuple(ideals[number] for number in active),
                start=self.start(),
                length=self.sessions.course.length,
                open_time=self.open_time,
                busy=self.busy,
                fixed=self.fixed(affected),
                first_days={
                    number: self.first_day(each) for number, each in active.items() if each.missed
                },
            )
        )

    def fixed(self, affected: int) -> dict[int, Slot]:
        """The sessions that stay: done, chosen by hand, not concerned, or past and not marked."""
        fixed: dict[int, Slot] = {}
        last_done = max(self.sessions.done, default=0)
        last: Slot | None = None
        some_open = False
        for number, each in self.sessions.items():
            if not each.takes_place:
                continue
            if each.slot is None:
                some_open = True
                continue
            is_past = each.slot.start < self.now
            in_order = last is None or each.slot.start >= last.end
            unmarked = is_past and in_order and not some_open
            by_hand = each.by_hand and not is_past
            if number <= last_done or number < affected or by_hand or unmarked:
                fixed[number] = last = each.slot
            else:
                some_open = True
        return fixed

    def broken(self, number: int, slot: Slot) -> tuple[str, ...]:
        """The rules that a slot breaks, with the sessions around it that stay."""
        ideals = self.sessions.ideals()
        after = None
        for other, each in self.sessions.items():
            if other > number and each.takes_place and each.slot is not None:
                if each.by_hand:  # an open one gives way
                    after = Neighbour(ideals[other], each.slot.day)
                break
        before = self.before(number, ideals)
        return broken_rules(self.starts, ideals[number], slot, before, after)

    def before(self, number: int, ideals: Mapping[int, IdealSession]) -> Neighbour | None:
        """The session before that takes place, with its day."""
        found = self.sessions.before(number)
        return None if found is None else Neighbour(ideals[found[0]], found[1])

    def start(self) -> datetime:
        """Nothing is booked in the past, nor before the course begins; local, naive."""
        begins = datetime.combine(self.sessions.not_before, self.begins)
        return max(begins, self.now_local())

    def first_day(self, live: Live) -> date:
        """A missed session has its new date on a later day."""
        day = self.start().date()
        return max(day, live.missed[-1].day + timedelta(days=1)) if live.missed else day

    def now_local(self) -> datetime:
        """The next full minute of the clinic's clock."""
        return local_minute(self.now, self.zone)
