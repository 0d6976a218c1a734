"""A session as it was written beside what the calendar has of it, and what to say of the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status, with_skipped
from meso_sched.core.course import IdealSession
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.starts import local_end, local_start
from meso_sched.core.walltime import minute_of, show_day, show_moment, show_time
from meso_sched.exchange.calendar_file import is_whole_day
from meso_sched.exchange.events import CourseEvent


class Reading(NamedTuple):
    """A session as it was written and as the calendar has it, with what to say of it."""

    recorded: BookedSession
    current: BookedSession
    found: tuple[str, ...] = ()


class ReviewReading(NamedTuple):
    """A review as it was written and as the calendar has it, with what to say of it."""

    recorded: BookedReview
    current: BookedReview
    found: tuple[str, ...] = ()


def compared(recorded: BookedSession, event: CourseEvent) -> Reading:
    """A session as it was written beside what the calendar has of it.

    One that was moved there has no room and no practitioner any more.
    """
    what = f"session {recorded.number}"
    current, found = recorded, _moved(what, recorded.slot, event)
    if found:
        slot = event.slot
        current = current._replace(
            start=slot.start, end=slot.end, by_hand=True, why=(), room="", practitioner=""
        )
    changed = _told_otherwise(recorded.status, Status(event.status))
    if changed:
        found.append(f"{what} {changed}")
        current = current._replace(status=Status(event.status))
    return Reading(recorded, current, tuple(found))


def compared_review(recorded: BookedReview, event: CourseEvent) -> ReviewReading:
    """A review as it was written beside what the calendar has of it."""
    what = f"review {recorded.number}"
    current, found = recorded, _moved(what, recorded.slot, event)
    if found:
        slot = event.slot
        why = (f"moved in the calendar, was {show_moment(recorded.start)}",)
        current = current._replace(
            start=slot.start, end=slot.end, by_hand=True, why=why, room="", practitioner=""
        )
    changed = _told_otherwise(recorded.status, Status(event.status))
    if changed:
        found.append(f"{what} {changed}")
        current = current._replace(status=Status(event.status))
    return ReviewReading(recorded, current, tuple(found))


def lost_review(recorded: BookedReview) -> ReviewReading:
    """A review whose event is gone: cancelled."""
    sentence = f"review {recorded.number} is no longer in the calendar: it counts as cancelled"
    return ReviewReading(recorded, recorded._replace(status=Status.CANCELLED), (sentence,))


def _moved(what: str, recorded: Slot, event: CourseEvent) -> list[str]:
    """Sentences on where the calendar has it, if that is elsewhere than was written."""
    found, slot = [], event.slot
    if event.raw is not None and is_whole_day(event.raw):
        found.append(f"{what} is a whole day in the calendar: it counts as {_shown(slot.start)}")
    elif slot.start.astimezone(UTC) != recorded.start.astimezone(UTC):
        moved = f"{_shown(recorded.start)} -> {_shown(slot.start, recorded.start)}"
        found.append(f"{what} was moved in the calendar: {moved}")
    if slot.length != recorded.length:
        found.append(f"{what} now ends at {_clock(slot.end)} in the calendar")
    return found


def _told_otherwise(recorded: Status, status: Status) -> str:
    """What the calendar says became of it, if that is something else than was written."""
    if status is Status.CANCELLED and recorded is not status:
        return "was cancelled in the calendar"
    if recorded is Status.CANCELLED and status is Status.BOOKED:
        return "was cancelled and is confirmed again in the calendar"
    return ""


def lost_session(plan: Plan, ideal: IdealSession, minute: int) -> Reading:
    """A session whose event is gone: cancelled, at its ideal date for want of a better one."""
    start = local_start(ideal.ideal, minute, plan.clinic.zone)
    slot = Slot(start, local_end(start, plan.course.length))
    session = BookedSession.at(ideal, slot)
    sentence = f"session {ideal.number} is no longer in the calendar: it counts as cancelled"
    return Reading(session, session._replace(status=Status.CANCELLED), (sentence,))


def usual_minute(events: Iterable[CourseEvent]) -> int:
    """The minute of the day at which most sessions begin."""
    return Counter(minute_of(event.start) for event in events).most_common(1)[0][0]


def measured(sessions: Sequence[BookedSession]) -> tuple[BookedSession, ...]:
    """The sessions with gaps and limits as they follow from the slots, session by session."""
    ideals = with_skipped((each.plan, each.status) for each in sessions)
    before: tuple[int, date] | None = None
    told: list[BookedSession] = []
    for each, ideal in zip(sessions, ideals, strict=True):
        told.append(each._replace(plan=ideal).after(before if each.takes_place else None))
        if each.takes_place:
            before = each.number, each.day
    return tuple(told)


def _clock(moment: datetime) -> str:
    return show_time(minute_of(moment))


def _shown(moment: datetime, beside: datetime | None = None) -> str:
    """``Tue 19 Jan 10:00``, with the year where it is not that of the one it stands beside."""
    year = f" {moment.year}" if beside is not None and beside.year != moment.year else ""
    return f"{show_day(moment.date())}{year} {_clock(moment)}"
