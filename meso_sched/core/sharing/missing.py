"""Why a session found no place among many courses, and the first day that would do."""

from __future__ import annotations

from datetime import date, datetime

from meso_sched.core.booked import BookedSession
from meso_sched.core.clinic import Busy
from meso_sched.core.cohort import Unplaced
from meso_sched.core.course import IdealSession
from meso_sched.core.placing import REACH_DAYS, PlacingRequest, place
from meso_sched.core.sharing.capacity import Occupancy, Openings
from meso_sched.core.sharing.ledger import Ledger
from meso_sched.core.starts import DayStarts
from meso_sched.core.walltime import plural, show_day
from meso_sched.errors import PlacingError

MOST_EXPLAINED = 500
"""So many sessions are explained day by day, which takes a while; the others in one sentence."""


class Missing:
    """Explains what is missing in a ledger, each session by itself, the others staying."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.visits = ledger.visits
        self._count = 0

    def of(self, whose: int) -> tuple[Unplaced, ...]:
        """Everything of an entry that has no place."""
        booked = {each.number: each for each in self.ledger.booked[whose]}
        sessions = self.visits.sessions[whose]
        return tuple(
            self._unplaced(whose, session, booked)
            for session in sessions
            if session.number not in booked
        )

    def _unplaced(
        self, whose: int, session: IdealSession, booked: dict[int, BookedSession]
    ) -> Unplaced:
        hopeless = self._hopeless(whose)
        if hopeless:
            return Unplaced(session, hopeless, None)
        self._count += 1
        before = max((n for n in booked if n < session.number), default=None)
        after = min((n for n in booked if n > session.number), default=None)
        first = self._first_day(whose, session, None if before is None else booked[before])
        following = None if after is None else booked[after]
        nearest = self._nearest(whose, session, first, following)
        if following is not None and nearest is None:
            told = f"session {after} on {show_day(following.day)}"
            return Unplaced(session, f"no free day lies far enough before {told}", None)
        return Unplaced(session, self._why(whose, session, first), nearest)

    def _hopeless(self, whose: int) -> str:
        """What no other day could mend."""
        clinic, need = self.ledger.request.clinic, self.ledger.need(whose)
        regimen = self.ledger.request.entries[whose].course.regimen.id
        if clinic.never_opens:
            return "the clinic is closed all week"
        if not self.ledger.occupancy.rooms:
            return "the clinic has no room"
        if need.people is not None and not need.people:
            return f"no practitioner does {regimen}"
        people = [clinic.practitioners[person] for person in need.people or ()]
        if people and all(who.hours is not None and not any(who.hours) for who in people):
            return f"nobody who does {regimen} has hours: {', '.join(who.name for who in people)}"
        return ""

    def _first_day(self, whose: int, session: IdealSession, before: BookedSession | None) -> date:
        start = self.ledger.request.entries[whose].course.start
        return start if before is None else max(start, session.earliest(before.day))

    def _nearest(
        self, whose: int, session: IdealSession, first: date, following: BookedSession | None
    ) -> date | None:
        """The free day nearest to the ideal, far enough from the sessions booked around it."""
        entry = self.ledger.request.entries[whose]
        desk = DayStarts(
            self.visits.open_time(entry.limits), self.ledger.free_time(whose), entry.course.length
        )
        ideal, last = session.ideal.toordinal(), self.visits.days.last.toordinal()
        days = sorted(
            range(first.toordinal(), last + 1), key=lambda day: (abs(day - ideal), day < ideal)
        )
        start_day, minute = (
            entry.course.start.toordinal(),
            entry.start.hour * 60 + entry.start.minute,
        )
        for ordinal in days if self._count <= MOST_EXPLAINED else ():
            day = date.fromordinal(ordinal)
            if following is not None and following.plan.earliest(day) > following.day:
                continue
            if desk.best(ordinal, minute if ordinal == start_day else 0) is not None:
                return day
        return None

    def _is_anybody_there(self, whose: int, session: IdealSession) -> bool:
        """Whether an empty clinic would have somebody on a day within reach."""
        entry, visits = self.ledger.request.entries[whose], self.visits
        empty = Openings(Occupancy(visits.clinic, Busy(), visits.days), self.ledger.need(whose))
        desk = DayStarts(visits.open_time(entry.limits), empty, entry.course.length)
        opened = DayStarts(visits.open_time(entry.limits), Busy(), entry.course.length)
        ideal = session.ideal.toordinal()
        days = [day for day in range(ideal, ideal + REACH_DAYS) if opened.best(day) is not None]
        return not days or any(desk.best(day) is not None for day in days)

    def _why(self, whose: int, session: IdealSession, first: date) -> str:
        entry = self.ledger.request.entries[whose]
        within = f"no free time within {plural(REACH_DAYS, 'day')} after its ideal date"
        if self._count > MOST_EXPLAINED:
            return within
        if not self._is_anybody_there(whose, session):
            regimen = entry.course.regimen.id
            return f"nobody who does {regimen} is there when the patient could come"
        try:
            place(
                PlacingRequest(
                    sessions=(session,),
                    start=datetime.combine(entry.course.start, entry.start),
                    length=entry.course.length,
                    open_time=self.visits.open_time(entry.limits),
                    busy=self.ledger.free_time(whose),
                    first_days={session.number: first},
                )
            )
        except PlacingError as error:
            return _reason(str(error))
        return within


def _reason(message: str) -> str:
    """What stood in the way, without what the table says already and what one course could do."""
    _, _, obstacles = message.partition(": ")
    return obstacles.partition("; widen")[0] or message
