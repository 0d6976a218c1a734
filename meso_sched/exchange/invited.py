"""What a course's own file remembers of its invitations: to whom they go, and what was told last.

It stands in a property of the calendar, beside the course's record and not in it: a version of this
tool that does not know invitations keeps such a line as it keeps a stranger's, whereas it writes
the record anew. Events do not have it, so that no shared calendar and no patient's copy can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from meso_sched.core.booked import Slot
from meso_sched.core.regimen import DEFAULT_LANGUAGE
from meso_sched.core.walltime import FIRST_YEAR, LAST_YEAR
from meso_sched.exchange.addresses import parse_address
from meso_sched.exchange.calendar_file import private_record
from meso_sched.exchange.calendar_lines import Component, name_of
from meso_sched.exchange.events import CourseFile
from meso_sched.exchange.ical import calendar_of, json_line
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.records import INVITED_PROPERTY

REQUEST, CANCEL = "REQUEST", "CANCEL"
"""The methods of iTIP (RFC 5546, 1.4) that an organizer needs."""

MAX_SEQUENCE = 10**9

_PART = re.compile(r"[1-9][0-9]{0,2}|review [1-9][0-9]{0,2}", re.ASCII)


class Sent(NamedTuple):
    """What a patient was last told of an appointment, by whose address it was told.

    ``what`` and ``where`` are the words of the calendar, also of one that is called off; the
    slot's moments are aware, ``stamp`` is UTC.
    """

    method: str
    sequence: int
    stamp: datetime
    slot: Slot
    what: str
    where: str
    to: str

    @property
    def stands(self) -> bool:
        """Whether the patient's calendar has the appointment."""
        return self.method == REQUEST


class Invited(NamedTuple):
    """To whom invitations go (None: to nobody), how they speak, and what was ``sent``.

    ``sent`` is by the part of the course that an appointment is: ``"3"`` for session 3, ``"review
    1"``. It outlives the address, so that a sequence never falls back.
    """

    to: str | None = None
    language: str = DEFAULT_LANGUAGE
    discreet: bool = False
    sent: Mapping[str, Sent] = {}


def invited_of(calendar: Component | None) -> Invited:
    """What a calendar remembers; nothing where it has no such line, or none that can be read."""
    if calendar is None:
        return Invited()
    record = private_record(calendar.properties, INVITED_PROPERTY)
    sent, language = record.get("sent"), record.get("language")
    told = sent.items() if isinstance(sent, dict) else ()
    read = {part: _sent(each) for part, each in told if _PART.fullmatch(part)}
    is_known = isinstance(language, str) and language in LANGUAGES
    return Invited(
        to=_address(record.get("to")),
        language=str(language) if is_known else DEFAULT_LANGUAGE,
        discreet=record.get("discreet") is True,
        sent={part: each for part, each in read.items() if each is not None},
    )


def with_invited(file: CourseFile, invited: Invited) -> CourseFile:
    """A course's own file that remembers this."""
    calendar = calendar_of(file) if file.calendar is None else file.calendar
    lines = [line for line in calendar.lines if name_of(line) != INVITED_PROPERTY]
    if invited != Invited():
        lines.append(json_line(INVITED_PROPERTY, _record(invited)))
    return replace(file, calendar=calendar._replace(lines=tuple(lines)), source=None)


def _record(invited: Invited) -> dict[str, Any]:
    sent = {
        part: {
            "method": told.method,
            "sequence": told.sequence,
            "stamp": told.stamp.isoformat(),
            "start": told.slot.start.isoformat(),
            "end": told.slot.end.isoformat(),
            "what": told.what,
            "where": told.where,
            "to": told.to,
        }
        for part, told in invited.sent.items()
    }
    return {**invited._asdict(), "sent": sent}


def _sent(record: object) -> Sent | None:
    """What was told of an appointment; None for what anybody else may have written there."""
    try:
        told = dict(record) if isinstance(record, dict) else {}
        slot = Slot(_moment(told.get("start")), _moment(told.get("end")))
        method, sequence, to = told.get("method"), told.get("sequence"), _address(told.get("to"))
        what, where = told.get("what"), told.get("where")
    except (ValueError, OverflowError):
        return None
    if not isinstance(sequence, int) or not 0 <= sequence < MAX_SEQUENCE:
        return None
    if slot.length.total_seconds() <= 0 or method not in (REQUEST, CANCEL) or to is None:
        return None
    if not isinstance(what, str) or not isinstance(where, str):
        return None
    return Sent(method, sequence, _stamp(told.get("stamp")), slot, what, where, to)


def _stamp(value: object) -> datetime:
    try:
        return _moment(value).astimezone(UTC)
    except ValueError:
        return datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    if moment.tzinfo is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValueError("a moment without its offset, or too far off")
    return moment


def _address(value: object) -> str | None:
    try:
        return parse_address(value) if isinstance(value, str) else None
    except ValueError:
        return None
