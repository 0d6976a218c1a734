"""Booking in a calendar that several desks share: one at a time, and only what is still free.

CalDAV has a precondition for each object, and none for a time of day. So a desk that books holds an
object of the calendar that only one can make (If-None-Match), for as long as it looks whether its
slots are free and puts its events there. It is an event of 1970 that takes no time, and it goes
when the booking is done. One that a killed run left behind is taken over once it has not changed
for a while by the waiting desk's own clock, so no two clocks need to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import uniform
from time import monotonic, sleep
from uuid import uuid4

from meso_sched.errors import ChangedError, ServerError
from meso_sched.exchange.caldav import Calendar, OvertakenError
from meso_sched.exchange.calendar_lines import Component, write
from meso_sched.exchange.objects import HEAD

NAME = "meso-sched-booking"
LEASE = 20.0
"""Seconds without a change after which a desk that books counts as gone."""

RENEWED = 5.0
"""Seconds after which a desk that books says that it is still there."""

TOLD = 2.0
"""Seconds after which it is worth a word that others are before us."""

PATIENCE = 120.0
"""Seconds to wait for other desks."""


@dataclass(slots=True)
class Lease:
    """The right to book in a calendar, as long as it is renewed; ``etag`` is that of its object."""

    calendar: Calendar
    etag: str
    renewed: float = field(default_factory=monotonic)

    def renew(self) -> None:
        """Say that this desk is still there, now and then; ChangedError where it took too long."""
        if monotonic() - self.renewed < RENEWED:
            return
        try:
            self.etag = _put(self.calendar, self.etag)
        except OvertakenError:
            raise ChangedError(
                f"{self.calendar.shown}: the server was so slow that another desk took its turn;"
                " run again, which completes what was begun"
            ) from None
        self.renewed = monotonic()


@contextmanager
def held(
    calendar: Calendar,
    wait: Callable[[float], None] = sleep,
    on_wait: Callable[[], None] = lambda: None,
) -> Iterator[Lease]:
    """The right to book in a calendar, for one desk at a time; ``on_wait``: others are before us.

    Raises ServerError where others do not end. The server has to keep to preconditions, as
    RFC 4791 (5.3.2) wants it.
    """
    lease = Lease(calendar, _acquired(calendar, wait, on_wait))
    try:
        yield lease
    finally:
        with suppress(OvertakenError, ServerError):  # the next takes it over
            calendar.delete(calendar.href(NAME), lease.etag)


def _acquired(
    calendar: Calendar, wait: Callable[[float], None], on_wait: Callable[[], None]
) -> str:
    begun = since = monotonic()
    seen = None
    told = False
    while monotonic() - begun < PATIENCE:
        with suppress(OvertakenError):
            return _put(calendar, None)
        there = calendar.get(calendar.href(NAME))
        if there is not None and there.etag != seen:
            seen, since = there.etag, monotonic()
        elif there is not None and monotonic() - since > LEASE:
            with suppress(OvertakenError):
                return _put(calendar, there.etag)
        if not told and monotonic() - begun > TOLD:
            told = True
            on_wait()
        wait(uniform(0.05, 0.25))  # so that two desks do not keep step
    raise ServerError(f"{calendar.shown}: other desks book all the time; try again later")


def _put(calendar: Calendar, etag: str | None) -> str:
    """Take the object or keep it; its new ETag. OvertakenError where another desk has it."""
    href, data = calendar.href(NAME), _object()
    with suppress(OvertakenError):  # it may be ours all the same, where an answer was lost
        given = calendar.put(href, data, etag)
        if given:
            return given
    there = calendar.get(href)  # some servers do not tell
    if there is None or _holder(there.text) != _holder(data.decode()):
        raise OvertakenError
    return there.etag


def _object() -> bytes:
    event = (
        f"UID:{NAME}", "DTSTAMP:19700101T000000Z", "DTSTART:19700101T000000Z",
        "DTEND:19700101T000100Z", "SUMMARY:meso-sched is booking", "TRANSP:TRANSPARENT",
        "CLASS:PRIVATE", f"X-MESO-SCHED-HOLDER:{uuid4()}",
    )  # fmt: skip
    return write(Component("VCALENDAR", HEAD, (Component("VEVENT", event),)))


def _holder(text: str) -> str:
    return text.partition("X-MESO-SCHED-HOLDER:")[2][:36]
