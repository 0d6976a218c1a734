"""Appointments that are to go where others of a server's calendar take the time already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC

from meso_sched.errors import FileError
from meso_sched.exchange.busy_events import Taken, Window, read_events
from meso_sched.exchange.caldav import Calendar
from meso_sched.exchange.events import Kind
from meso_sched.exchange.pushing import Push
from meso_sched.exchange.syncing import Pair


def beside_others(push: Push, pairs: Iterable[Pair]) -> frozenset[str]:
    """The UIDs of appointments that are to go where others of the calendar take the time.

    Each is asked for by itself, since the days between may hold very much.
    """
    if push.calendar.is_new:
        return frozenset()
    own = frozenset(event.uid for event in push.course.file.everything)
    return frozenset(pair.ours.uid for pair in pairs if _is_beside(pair, push.calendar, own))


def _is_beside(pair: Pair, calendar: Calendar, own: frozenset[str]) -> bool:
    event = pair.ours
    stays = pair.theirs is not None and pair.theirs.slot.is_at(event.slot)
    if event.kind is Kind.CARE or event.is_cancelled or stays:
        return False
    window = Window(
        event.start.astimezone(UTC), event.end.astimezone(UTC), event.start.tzinfo or UTC
    )
    taken = Taken()
    for kept in calendar.between(window.start, window.end) or ():
        if not _is_elsewhere(kept.text, event.location):
            with suppress(FileError):  # whatever that is, it is none of ours
                read_events(kept.text, kept.href, window, own, taken)
    return any(start < window.end and end > window.start for start, end in taken.intervals)


def _is_elsewhere(text: str, room: str) -> bool:
    """Whether an object is of another room than ours, where both say which."""
    rooms = re.findall(r"^LOCATION[^:]*:(.+?)\r?$", text, re.MULTILINE)
    return bool(room and rooms) and room not in rooms
