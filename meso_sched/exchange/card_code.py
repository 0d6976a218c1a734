"""The QR code of a card: one appointment as an event that a telephone adds to its calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.core.booked import Slot
from meso_sched.exchange.calendar_lines import Component, write
from meso_sched.exchange.events import plain

if TYPE_CHECKING:
    from segno import QRCode

MAX_BYTES = 412
"""What version 15 holds at level M (ISO/IEC 18004, table 7).

Its 77 modules a side are 0.4 mm each on the card, which a telephone reads from creased paper too.
"""

_PRODID = "-//meso-sched//EN"


class Appointment(NamedTuple):
    """What the code holds, with nothing clinical; ``stamp`` is UTC."""

    uid: str
    slot: Slot
    stamp: datetime
    summary: str
    place: str = ""
    address: str = ""


class Code(NamedTuple):
    """A drawn code: ``side`` is its width in modules, ``path`` SVG's ``d`` of the dark ones.

    Whoever shows it leaves four modules white around it (ISO/IEC 18004).
    """

    side: int
    path: str


def draw(appointment: Appointment) -> Code:
    """The code of an appointment; what would make it too dense is left out, the address first."""
    import segno

    *longer, shortest = map(to_ics, _shorter_and_shorter(appointment))
    data = next((each for each in longer if len(each) <= MAX_BYTES), shortest)
    code = segno.make(data, error="m", mode="byte", micro=False)
    return Code(len(code.matrix), "".join(_runs(code)))


def to_ics(appointment: Appointment) -> bytes:
    """A calendar of one event, its times in UTC so that it needs no VTIMEZONE."""
    from ics.grammar.parse import ContentLine
    from ics.utils import escape_string

    summary = ", ".join(filter(None, (appointment.summary, appointment.place)))
    lines = {
        "UID": appointment.uid,
        "DTSTAMP": _utc(appointment.stamp),
        "DTSTART": _utc(appointment.slot.start),
        "DTEND": _utc(appointment.slot.end),
        "SUMMARY": escape_string(plain(summary)),
        "LOCATION": escape_string(plain(appointment.address)),
    }
    event = tuple(str(ContentLine(name, {}, value)) for name, value in lines.items() if value)
    head = ("VERSION:2.0", f"PRODID:{_PRODID}")
    return write(Component("VCALENDAR", head, (Component("VEVENT", event),)))


def _shorter_and_shorter(appointment: Appointment) -> Iterator[Appointment]:
    yield appointment
    yield appointment._replace(address="")
    yield appointment._replace(address="", place="")


def _runs(code: QRCode) -> Iterator[str]:
    """Each run of dark modules in a row, as a bar of its own."""
    for y, row in enumerate(code.matrix):
        line = "".join("1" if module else "0" for module in row)
        begin = line.find("1")
        while begin >= 0:
            end = line.find("0", begin)
            end = len(line) if end < 0 else end
            yield f"M{begin} {y}h{end - begin}v1h-{end - begin}z"
            begin = line.find("1", end)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
