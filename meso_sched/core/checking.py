"""Which hard rules of time a slot breaks (DESIGN 3), in words for the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from meso_sched.core.booked import Slot
from meso_sched.core.course import IdealSession
from meso_sched.core.starts import DayStarts
from meso_sched.core.walltime import Span, minute_of, plural, show_day


class Neighbour(NamedTuple):
    """The session before or after, and its local day."""

    session: IdealSession
    day: date


def broken_rules(
    starts: DayStarts,
    session: IdealSession,
    slot: Slot,
    before: Neighbour | None = None,
    after: Neighbour | None = None,
) -> tuple[str, ...]:
    """What is wrong with ``slot`` for ``session``, each in a few words; empty if nothing is.

    ``starts`` are the clinic's and the patient's; the slot's own length holds, not theirs.
    """
    return (
        *_too_close(session, slot.day, before, after),
        *_closed(starts, slot),
        *_taken(starts, slot),
    )


def _too_close(
    session: IdealSession, day: date, before: Neighbour | None, after: Neighbour | None
) -> list[str]:
    told = []
    if before is not None:
        missing = (session.earliest(before.day) - day).days
        if missing > 0:
            told.append(_by(missing, before))
    if after is not None:
        missing = (after.session.earliest(day) - after.day).days
        if missing > 0:
            told.append(_by(missing, after))
    return told


def _by(days: int, other: Neighbour) -> str:
    number, day = other.session.number, show_day(other.day)
    return f"too close by {plural(days, 'day')} to session {number} ({day})"


def _closed(starts: DayStarts, slot: Slot) -> list[str]:
    """Days off, hours, the grid and the patient's limits."""
    open_time, day = starts.open_time, slot.day
    whole_day = open_time.obstacles(day)
    if whole_day:
        return [_as_break(reason) for reason in whole_day]
    length = slot.length // timedelta(minutes=1)
    first = minute_of(slot.start)
    spans = [span for span in open_time.spans(day) if span.start <= first < span.end]
    if not spans or first + length > spans[0].end:
        hours = ", ".join(map(str, open_time.spans(day)))
        return [open_time.shortened(day) or f"outside the open hours ({hours})"]
    told = []
    slot_minutes = open_time.clinic.slot
    if (first - spans[0].start) % slot_minutes:
        told.append(f"not on the grid of {plural(slot_minutes, 'minute')} from {spans[0]}")
    between = open_time.limits.between
    if between and not any(_holds(span, first, length) for span in between):
        told.append(f"outside {', '.join(map(str, between))}")
    return told


def _as_break(reason: str) -> str:
    """``is Eid al-Fitr`` (the day is) as what is wrong with a slot; other reasons say it."""
    return f"on a holiday ({reason[3:]})" if reason.startswith("is ") else reason


def _holds(span: Span, first: int, length: int) -> bool:
    return span.start <= first and first + length <= span.end


def _taken(starts: DayStarts, slot: Slot) -> list[str]:
    begins, ends = int(slot.start.timestamp()), int(slot.end.timestamp())
    return [] if starts.busy.is_free(begins, ends) else ["on busy time"]
