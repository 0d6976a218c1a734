"""A course's calendar file, written with the content lines of the `ics` library (RFC 5545, 7986).

Private X- properties hold what only this tool needs; the course's record stands in every event
too, since a server that splits a calendar into its events drops what stands above them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from ics.grammar.parse import Container, ContentLine
from ics.utils import escape_string

from meso_sched.exchange.calendar_lines import Component, write
from meso_sched.exchange.events import (
    CareAlarm,
    CourseEvent,
    CourseFile,
    Kind,
    in_time_order,
    plain,
)
from meso_sched.exchange.records import (
    ALARM_PROPERTY,
    COURSE_PROPERTY,
    FORMAT,
    FORMAT_PROPERTY,
    SESSION_PROPERTY,
)
from meso_sched.exchange.vtimezone import vtimezone
from meso_sched.exchange.zones import load_zone

PRODID = "-//meso-sched//meso-sched//EN"


def to_ics(file: CourseFile) -> bytes:
    """The whole file: UTF-8, CRLF, folded at 75 octets; the same input gives the same bytes.

    One that was read and not changed is given back as it was.
    """
    if file.source is not None:
        return file.source.encode()
    return write(calendar_of(file) if file.calendar is None else file.calendar)


def calendar_of(file: CourseFile) -> Component:
    """The calendar of a new file."""
    zone = load_zone(file.zone_name)
    events = in_time_order(file.everything)
    timed = [event for event in events if not event.whole_day]
    # In UTC: times of one zone compare by their wall clocks, which an autumn night shows twice.
    first = min(event.start.astimezone(UTC) for event in timed)
    last = max(event.end.astimezone(UTC) for event in timed)
    return Component(
        "VCALENDAR",
        head_lines(file),
        (
            zone_component(zone, file.zone_name, first, last),
            *(event_component(event, file.zone_name) for event in events),
        ),
    )


def head_lines(file: CourseFile) -> tuple[str, ...]:
    """The calendar's own properties."""
    lines = [
        _line("VERSION", "2.0"),
        _line("PRODID", PRODID),
        _line("CALSCALE", "GREGORIAN"),
        _text("NAME", file.name),
        _text("X-WR-CALNAME", file.name),
        _line(FORMAT_PROPERTY, str(FORMAT)),
        _text(COURSE_PROPERTY, _json(file.record)),
    ]
    return tuple(map(str, lines))


def zone_component(zone: tzinfo, tzid: str, first: datetime, last: datetime) -> Component:
    """The VTIMEZONE of a file whose moments lie from ``first`` to ``last``."""
    return _component(vtimezone(zone, tzid, first, last))


def event_component(event: CourseEvent, tzid: str) -> Component:
    """The VEVENT of a session, a review or a moment of care; ``tzid`` is a zone's IANA name.

    Care takes no time, so it is transparent; a whole day of it has no zone.
    """
    cancelled = event.is_cancelled
    transparent = cancelled or event.kind is Kind.CARE
    container = Container(
        "VEVENT",
        _line("UID", event.uid),
        _line("DTSTAMP", _utc(event.stamp)),
        _line("SEQUENCE", str(event.sequence)),
        _line("CREATED", _utc(event.created)),
        _line("LAST-MODIFIED", _utc(event.modified)),
        *_times(event, tzid),
        _text("SUMMARY", event.summary),
        *([_text("DESCRIPTION", event.description)] if event.description else []),
        *([_text("LOCATION", event.location)] if event.location else []),
        _line("STATUS", "CANCELLED" if cancelled else "CONFIRMED"),
        _line("CLASS", "PRIVATE"),
        _line("TRANSP", "TRANSPARENT" if transparent else "OPAQUE"),
        _line("CATEGORIES", event.kind.value),
        *([_line("RELATED-TO", event.related)] if event.related else []),
        *([_text(SESSION_PROPERTY, _json(event.details))] if event.details else []),
        *([_text(COURSE_PROPERTY, _json(event.record))] if event.record else []),
        *(_alarm(_before(minutes), event.summary) for minutes in event.reminders),
        *(_care_alarm(each) for each in event.care),
    )
    return _component(container)


def details_line(details: Mapping[str, Any]) -> str:
    """The content line that holds a session's record."""
    return str(_text(SESSION_PROPERTY, _json(details)))


def record_line(record: Mapping[str, Any]) -> str:
    """The content line that holds a course's record."""
    return str(_text(COURSE_PROPERTY, _json(record)))


def _component(container: Container) -> Component:
    return Component(
        container.name,
        tuple(str(each) for each in container if isinstance(each, ContentLine)),
        tuple(_component(each) for each in container if isinstance(each, Container)),
    )


def _line(name: str, value: str, **params: str) -> ContentLine:
    return ContentLine(name, {key: [each] for key, each in params.items()}, value)


def _text(name: str, value: str) -> ContentLine:
    return _line(name, escape_string(plain(value)))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _times(event: CourseEvent, tzid: str) -> tuple[ContentLine, ContentLine]:
    if event.whole_day:
        return (
            _line("DTSTART", event.start.strftime("%Y%m%d"), VALUE="DATE"),
            _line("DTEND", event.end.strftime("%Y%m%d"), VALUE="DATE"),
        )
    zone = load_zone(tzid)
    return (
        _moment("DTSTART", event.start, zone, tzid),
        _moment("DTEND", event.end, zone, tzid),
    )


def _moment(name: str, moment: datetime, zone: tzinfo, tzid: str) -> ContentLine:
    """A time of the zone; in UTC where the zone's clock shows it for the second time."""
    if moment.astimezone(zone).fold:
        return _line(name, _utc(moment))
    return _line(name, moment.astimezone(zone).strftime("%Y%m%dT%H%M%S"), TZID=tzid)


def _alarm(trigger: ContentLine, words: str, *more: ContentLine) -> Container:
    return Container(
        "VALARM",
        _line("ACTION", "DISPLAY"),
        trigger,
        _text("DESCRIPTION", words or "Appointment"),
        *more,
    )


def _before(minutes: int) -> ContentLine:
    return _line("TRIGGER", f"-{_duration(minutes)}")


def _care_alarm(alarm: CareAlarm) -> Container:
    if alarm.minutes is None:
        trigger = _line("TRIGGER", "PT0S", RELATED="END")
    elif alarm.elapsed:
        trigger = _line("TRIGGER", f"-{_elapsed(alarm.minutes)}")
    else:
        trigger = _before(alarm.minutes)
    return _alarm(trigger, alarm.words, _line(ALARM_PROPERTY, "CARE"))


def _elapsed(minutes: int) -> str:
    """Without days, which may have 23 or 25 hours (RFC 5545, 3.3.6)."""
    hours, rest = divmod(minutes, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest or not hours else "")


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
