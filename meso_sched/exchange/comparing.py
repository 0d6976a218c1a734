"""A session as it was written beside what the calendar has of it, and what to say of the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.course import IdealSession
from meso_sched.core.plan import Plan
from meso_sched.core.starts import local_end, local_start
from meso_sched.core.walltime import minute_of, show_day, show_time
from meso_sched.exchange.calendar_file import is_whole_day
from meso_sched.exchange.events import SessionEvent


class Reading(NamedTuple):
    """A session as it was written and as the calendar has it, with what to say of it."""

    recorded: BookedSession
    current: BookedSession
    found: tuple[str, ...] = ()


def compared(recorded: BookedSession, event: SessionEvent) -> Reading:
    """A session as it was written beside what the calendar has of it."""
    number, found = recorded.number, []
    current = recorded
    whole_day = event.raw is not None and is_whole_day(event.raw)
    slot = Slot(event.start, event.end)
    if whole_day:
        found.append(
            f"session {number} is a whole day in the calendar: it counts as {_shown(slot.start)}"
        )
    elif not _same(slot.start, recorded.start):
        moved = f"{_shown(recorded.start)} -> {_shown(slot.start, recorded.start)}"
        found.append(f"session {number} was moved in the calendar: {moved}")
    if _length(slot) != _length(recorded.slot):
        found.append(f"session {number} now ends at {_clock(slot.end)} in the calendar")
    if found:
        current = current._replace(start=slot.start, end=slot.end, by_hand=True, why=())
    status = Status(event.status)
    if status is Status.CANCELLED and recorded.status is not status:
        found.append(f"session {number} was cancelled in the calendar")
        current = current._replace(status=status)
    elif recorded.status is Status.CANCELLED and status is Status.BOOKED:
        found.append(f"session {number} was cancelled and is confirmed again in the calendar")
        current = current._replace(status=status)
    return Reading(recorded, current, tuple(found))


def lost_session(plan: Plan, ideal: IdealSession, minute: int) -> Reading:
    """A session whose event is gone: cancelled, at its ideal date for want of a better one."""
    start = local_start(ideal.ideal, minute, plan.clinic.zone)
    slot = Slot(start, local_end(start, plan.course.length))
    session = unmeasured(ideal, slot)
    sentence = f"session {ideal.number} is no longer in the calendar: it counts as cancelled"
    return Reading(session, session._replace(status=Status.CANCELLED), (sentence,))


def unmeasured(ideal: IdealSession, slot: Slot) -> BookedSession:
    """A session of which nothing but its slot is known."""
    return BookedSession(ideal, *slot, ideal.ideal, None, None, 0, ())


def usual_minute(events: Iterable[SessionEvent]) -> int:
    """The minute of the day at which most sessions begin."""
    return Counter(minute_of(event.start) for event in events).most_common(1)[0][0]


def with_skipped(booked: Sequence[BookedSession]) -> tuple[BookedSession, ...]:
    """The sessions, each with the intervals of the cancelled ones since the last that counts."""
    skipped: list[IdealSession] = []
    told: list[BookedSession] = []
    for each in booked:
        intervals = tuple(session.interval for session in skipped)
        told.append(each._replace(plan=each.plan._replace(skipped=intervals)))
        if each.status is Status.CANCELLED:
            skipped.append(each.plan)
        elif each.takes_place:
            skipped = []
    return tuple(told)


def measured(booked: Sequence[BookedSession]) -> tuple[BookedSession, ...]:
    """The sessions with gaps and limits as they follow from the slots, session by session."""
    before: BookedSession | None = None
    told: list[BookedSession] = []
    for each in booked:
        told.append(_measured(each, before))
        if each.takes_place:
            before = each
    return tuple(told)


def _measured(session: BookedSession, before: BookedSession | None) -> BookedSession:
    if before is None or not session.takes_place:
        return session._replace(
            earliest=session.plan.ideal, latest=None, gap_days=None, overdue_days=0, before=None
        )
    latest = session.plan.latest(before.day)
    return session._replace(
        earliest=session.plan.earliest(before.day),
        latest=latest,
        gap_days=(session.day - before.day).days,
        overdue_days=0 if latest is None else max(0, (session.day - latest).days),
        before=before.number,
    )


def _same(one: datetime, other: datetime) -> bool:
    # In UTC: times of one zone compare by their wall clocks, which an autumn night shows twice.
    return one.astimezone(UTC) == other.astimezone(UTC)


def _length(slot: Slot) -> float:
    return slot.end.timestamp() - slot.start.timestamp()


def _clock(moment: datetime) -> str:
    return show_time(minute_of(moment))


def _shown(moment: datetime, beside: datetime | None = None) -> str:
    """``Tue 19 Jan 10:00``, with the year where it is not that of the one it stands beside."""
    year = f" {moment.year}" if beside is not None and beside.year != moment.year else ""
    return f"{show_day(moment.date())}{year} {_clock(moment)}"
