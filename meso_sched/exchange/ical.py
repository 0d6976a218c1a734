"""A course's calendar file, written and read (RFC 5545, RFC 7986).

Written with the content lines of the `ics` library; read with `icalendar`. Private X- properties
hold what only this tool needs; a file without them still reads as far as it can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from ics.grammar.parse import Container, ContentLine
from ics.utils import escape_string

from meso_sched.errors import FileError
from meso_sched.exchange.events import CourseFile, SessionEvent, in_time_order, plain
from meso_sched.exchange.vtimezone import vtimezone
from meso_sched.exchange.zones import load_zone

if TYPE_CHECKING:
    from icalendar import Component

PRODID = "-//meso-sched//meso-sched//EN"
FORMAT = 1
LINE_OCTETS = 75

_FORMAT = "X-MESO-SCHED-FORMAT"
_COURSE = "X-MESO-SCHED-COURSE"
_SESSION = "X-MESO-SCHED-SESSION"
_ESCAPED = re.compile(r"\\([\\;,nN])")


def to_ics(file: CourseFile) -> bytes:
    """The whole file: UTF-8, CRLF, folded at 75 octets; the same input gives the same bytes."""
    zone = load_zone(file.zone_name)
    events = in_time_order(file.events)
    # In UTC: times of one zone compare by their wall clocks, which an autumn night shows twice.
    first = min(event.start.astimezone(UTC) for event in events)
    last = max(event.end.astimezone(UTC) for event in events)
    calendar = Container(
        "VCALENDAR",
        _line("VERSION", "2.0"),
        _line("PRODID", PRODID),
        _line("CALSCALE", "GREGORIAN"),
        _text("NAME", file.name),
        _text("X-WR-CALNAME", file.name),
        _line(_FORMAT, str(FORMAT)),
        _text(_COURSE, _json(file.record)),
        vtimezone(zone, file.zone_name, first, last),
        *(_event(event, zone, file.zone_name) for event in events),
    )
    lines = str(calendar).split("\r\n")
    return b"".join(fold(line) + b"\r\n" for line in lines)


def from_ics(text: str, where: str) -> CourseFile:
    """Read a course's file back; ``where`` names it in messages.

    Raises FileError for what is not a calendar, for a file of a newer version, and for one that
    holds events which this tool did not write.
    """
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(text)
        if not isinstance(calendar, Calendar):
            raise FileError(f"{where}: no calendar, but a {calendar.name}")
        version = int(str(calendar.get(_FORMAT, FORMAT)))
        if version > FORMAT:
            raise FileError(
                f"{where}: written by a newer meso-sched (format {version}); update this one"
            )
        record = _record(calendar, _COURSE)
        components = calendar.walk("VEVENT")
        zone_name = str(record.get("timezone") or _zone_of(components))
        zone = load_zone(zone_name)
        events = tuple(_read_event(event, zone, zone_name) for event in components)
        name = _unescaped(calendar.get("NAME", calendar.get("X-WR-CALNAME", "")))
    except (FileError, MemoryError):
        raise
    except Exception as error:  # icalendar raises many kinds for broken text
        raise FileError(f"{where}: not a calendar that can be read as a course") from error
    return CourseFile(name, zone_name, record, tuple(in_time_order(events)))


def fold(line: str) -> bytes:
    """One content line in UTF-8, folded at 75 octets, never inside a character (RFC 5545, 3.1)."""
    data = line.encode()
    if len(data) <= LINE_OCTETS:
        return data
    pieces: list[bytes] = []
    start = 0
    while start < len(data):
        # A continuation begins with a space, which counts.
        end = start + LINE_OCTETS - (1 if pieces else 0)
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end])
        start = end
    return b"\r\n ".join(pieces)


def _line(name: str, value: str, **params: str) -> ContentLine:
    return ContentLine(name, {key: [each] for key, each in params.items()}, value)


def _text(name: str, value: str) -> ContentLine:
    return _line(name, escape_string(plain(value)))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _event(event: SessionEvent, zone: tzinfo, tzid: str) -> Container:
    cancelled = event.status == "cancelled"
    return Container(
        "VEVENT",
        _line("UID", event.uid),
        _line("DTSTAMP", _utc(event.stamp)),
        _line("SEQUENCE", str(event.sequence)),
        _line("CREATED", _utc(event.created)),
        _line("LAST-MODIFIED", _utc(event.modified)),
        _line("DTSTART", _local(event.start, zone), TZID=tzid),
        _end(event.end, zone, tzid),
        _text("SUMMARY", event.summary),
        *([_text("DESCRIPTION", event.description)] if event.description else []),
        _line("STATUS", "CANCELLED" if cancelled else "CONFIRMED"),
        _line("CLASS", "PRIVATE"),
        _line("TRANSP", "TRANSPARENT" if cancelled else "OPAQUE"),
        _line("CATEGORIES", "APPOINTMENT"),
        *([_text(_SESSION, _json(event.details))] if event.details else []),
        *(_alarm(minutes, event.summary) for minutes in event.reminders),
    )


def _end(end: datetime, zone: tzinfo, tzid: str) -> ContentLine:
    """DTEND; in UTC where the zone's clock shows that time for the second time."""
    if end.astimezone(zone).fold:
        return _line("DTEND", _utc(end))
    return _line("DTEND", _local(end, zone), TZID=tzid)


def _alarm(minutes: int, summary: str) -> Container:
    return Container(
        "VALARM",
        _line("ACTION", "DISPLAY"),
        _line("TRIGGER", f"-{_duration(minutes)}"),
        _text("DESCRIPTION", summary or "Appointment"),
    )


def _duration(minutes: int) -> str:
    """RFC 5545, 3.3.6: weeks stand alone, never beside days or hours."""
    if minutes and minutes % 10080 == 0:
        return f"P{minutes // 10080}W"
    days, rest = divmod(minutes, 1440)
    hours, rest = divmod(rest, 60)
    date = f"{days}D" if days else ""
    time = (f"{hours}H" if hours else "") + (f"{rest}M" if rest or not (days or hours) else "")
    return f"P{date}{'T' if time else ''}{time}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _local(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y%m%dT%H%M%S")


def _record(component: Component, name: str) -> dict[str, Any]:
    """A private property's JSON object; empty where a program dropped or broke it."""
    text = str(component.get(name, "{}"))
    # icalendar leaves the text of properties that it does not know escaped; other versions do not.
    for each in (text, _unescape(text)):
        try:
            record = json.loads(each)
        except ValueError:
            continue
        if isinstance(record, dict):
            return record
    return {}


def _zone_of(events: Sequence[Component]) -> str:
    """The zone that the events are written in, where the private properties are gone."""
    for event in events:
        if "DTSTART" in event and "TZID" in event["DTSTART"].params:
            return str(event["DTSTART"].params["TZID"])
    return "UTC"


def _unescaped(value: object) -> str:
    """The text of a property, also of one that icalendar does not know and leaves escaped."""
    if type(value).__name__ != "vUnknown":
        return str(value)
    return _unescape(str(value))


def _unescape(text: str) -> str:
    """TEXT as it was meant (RFC 5545, 3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _read_event(event: Component, zone: tzinfo, zone_name: str) -> SessionEvent:
    details = _record(event, _SESSION)
    stamp = _moment(event, "DTSTAMP", datetime(1970, 1, 1, tzinfo=UTC))
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    start = _moment(event, "DTSTART", None, zone, zone_name)
    return SessionEvent(
        uid=str(event["UID"]),
        start=start,
        end=_moment(event, "DTEND", start, zone, zone_name),
        summary=str(event.get("SUMMARY", "")),
        description=str(event.get("DESCRIPTION", "")),
        status="cancelled" if cancelled else str(details.get("status", "booked")),
        sequence=int(event.get("SEQUENCE", 0)),
        stamp=stamp,
        created=_moment(event, "CREATED", stamp),
        modified=_moment(event, "LAST-MODIFIED", stamp),
        reminders=tuple(_reminders(event)),
        details=details,
    )


def _moment(
    event: Component,
    name: str,
    default: datetime | None,
    zone: tzinfo = UTC,
    zone_name: str = "UTC",
) -> datetime:
    """A time of an event, in a zone; ``default`` where the event has none."""
    found = event.get(name)
    if found is None:
        if default is None:
            raise ValueError(f"an event has no {name}")
        return default
    moment = found.dt
    if not isinstance(moment, datetime):
        raise ValueError(f"the {name} of an event is not a time")
    # What is written in this zone keeps its wall clock: icalendar goes by the zone data of the
    # machine, which may be older than ours.
    if moment.tzinfo is None or found.params.get("TZID") == zone_name:
        return moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).astimezone(zone)


def _reminders(event: Component) -> Iterator[int]:
    for alarm in event.walk("VALARM"):
        trigger = getattr(alarm.get("TRIGGER"), "dt", None)
        if isinstance(trigger, timedelta):
            yield -int(trigger.total_seconds()) // 60
