"""A course's calendar file, written with the content lines of the `ics` library (RFC 5545, 7986).

Private X- properties hold what only this tool needs; the course's record stands in every event
too, since a server that splits a calendar into its events drops what stands above them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import chain
from typing import Any

from ics.grammar.parse import Container, ContentLine
from ics.utils import escape_string

from meso_sched.exchange.calendar_lines import Component, folded_lines, joined, write
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
from meso_sched.exchange.same import Same
from meso_sched.exchange.vtimezone import Observed, observed, vtimezone_of
from meso_sched.exchange.zones import load_zone

PRODID = "-//meso-sched//meso-sched//EN"

Folded = Sequence[tuple[CourseEvent, Sequence[str]]]
"""Events, each with all its lines, folded."""

_to_json = json.JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":")).encode


def to_ics(file: CourseFile) -> bytes:
    """The whole file: UTF-8, CRLF, folded at 75 octets; the same input gives the same bytes.

    One that was read and not changed is given back as it was.
    """
    if file.source is not None:
        return file.source.encode()
    return write(calendar_of(file) if file.calendar is None else file.calendar)


def calendar_of(file: CourseFile) -> Component:
    """The calendar of a new file."""
    events = in_time_order(file.everything)
    calendar = _without_events(file, events)
    components = (event_component(event, file.zone_name) for event in events)
    return calendar._replace(children=(*calendar.children, *components))


def folded_events(file: CourseFile) -> Folded:
    """The events of a new file in time order, each with its lines."""
    zone_name = file.zone_name
    return [
        (event, folded_lines(event_component(event, zone_name)))
        for event in in_time_order(file.everything)
    ]


def with_events(file: CourseFile, events: Folded) -> bytes:
    """As ``to_ics``, of a new file whose events are folded already."""
    *begin, end = folded_lines(_without_events(file, [event for event, _ in events]))
    return joined([*begin, *chain.from_iterable(lines for _, lines in events), end])


def _without_events(file: CourseFile, events: Sequence[CourseEvent]) -> Component:
    """The calendar of a file whose events are to follow, in time order."""
    timed = [event for event in events if not event.whole_day]
    # In UTC: times of one zone compare by their wall clocks, which an autumn night shows twice.
    first, last = timed[0].start, max(event.end.astimezone(UTC) for event in timed)
    zone = zone_component(load_zone(file.zone_name), file.zone_name, first, last)
    return Component("VCALENDAR", head_lines(file), (zone,))


def head_lines(file: CourseFile) -> tuple[str, ...]:
    """The calendar's own properties."""
    return (*named_lines(file.name), record_line(file.record))


def named_lines(name: str) -> tuple[str, ...]:
    """The properties of any calendar of ours; ``name`` is what people call it."""
    return (
        _line("VERSION", "2.0"),
        _line("PRODID", PRODID),
        _line("CALSCALE", "GREGORIAN"),
        _text("NAME", name),
        _text("X-WR-CALNAME", name),
        _line(FORMAT_PROPERTY, str(FORMAT)),
    )


def zone_component(zone: tzinfo, tzid: str, first: datetime, last: datetime) -> Component:
    """The VTIMEZONE of a file whose moments lie from ``first`` to ``last``."""
    return _zone_component(tzid, observed(zone, first, last))


@lru_cache(maxsize=64)  # the files of a clinic have few between them
def _zone_component(tzid: str, observances: tuple[Observed, ...]) -> Component:
    return _component(vtimezone_of(tzid, observances))


def event_component(event: CourseEvent, tzid: str) -> Component:
    """The VEVENT of a session, a review or a moment of care; ``tzid`` is a zone's IANA name.

    Care takes no time, so it is transparent; a whole day of it has no zone.
    """
    lines = [
        _line("UID", event.uid),
        *_history(event.stamp, event.sequence, event.created, event.modified),
        *_times(event, tzid),
        _text("SUMMARY", event.summary),
        *([_line("DESCRIPTION", _escaped(event.description))] if event.description else []),
        *([_text("LOCATION", event.location)] if event.location else []),
        *_nature(event.kind, event.is_cancelled),
        *([_line("RELATED-TO", event.related)] if event.related else []),
        *([details_line(event.details)] if event.details else []),
        *([record_line(event.record)] if event.record else []),
    ]
    alarms = [_alarm(_before(minutes), event.summary) for minutes in event.reminders]
    alarms += [_care_alarm(each) for each in event.care]
    return Component("VEVENT", tuple(lines), tuple(alarms))


def details_line(details: Mapping[str, Any]) -> str:
    """The content line that holds a session's record."""
    return json_line(SESSION_PROPERTY, details)


def record_line(record: Mapping[str, Any]) -> str:
    """The content line that holds a course's record."""
    return _record_line(Same(record))


@lru_cache(maxsize=8)  # every event of a file has the same
def _record_line(record: Same[Mapping[str, Any]]) -> str:
    return json_line(COURSE_PROPERTY, record.it)


def _component(container: Container) -> Component:
    return Component(
        container.name,
        tuple(str(each) for each in container if isinstance(each, ContentLine)),
        tuple(_component(each) for each in container if isinstance(each, Container)),
    )


def _line(name: str, value: str, **params: str) -> str:
    return _head(name, **params) + value


@lru_cache(maxsize=64)
def _head(name: str, **params: str) -> str:
    """A content line up to its value."""
    return str(ContentLine(name, {key: [each] for key, each in params.items()}))


@lru_cache(maxsize=64)
def _zoned(name: str, tzid: str) -> str:
    """The line of a wall time up to its value."""
    return _head(name, TZID=tzid)


def _text(name: str, value: str) -> str:
    return _line(name, _remembered(value))


def _escaped(value: str) -> str:
    return str(escape_string(plain(value)))


_remembered = lru_cache(maxsize=256)(_escaped)
"""Of what stands in several lines, such as a summary and its alarms."""


def json_line(name: str, value: Mapping[str, Any]) -> str:
    """A content line of the tool's own, which has no character but ASCII's."""
    return _line(name, escape_string(_to_json(value)))


@lru_cache(maxsize=64)  # the events of a run have mostly one stamp
def _history(
    stamp: datetime, sequence: int, created: datetime, modified: datetime
) -> tuple[str, ...]:
    """When an event was written; the moments are UTC."""
    return (
        _line("DTSTAMP", _utc(stamp)),
        _line("SEQUENCE", str(sequence)),
        _line("CREATED", _utc(created)),
        _line("LAST-MODIFIED", _utc(modified)),
    )


@lru_cache
def _nature(kind: Kind, cancelled: bool) -> tuple[str, ...]:
    transparent = cancelled or kind is Kind.CARE
    return (
        _line("STATUS", "CANCELLED" if cancelled else "CONFIRMED"),
        _line("CLASS", "PRIVATE"),
        _line("TRANSP", "TRANSPARENT" if transparent else "OPAQUE"),
        _line("CATEGORIES", kind.value),
    )


def _times(event: CourseEvent, tzid: str) -> tuple[str, str]:
    if event.whole_day:
        return (
            _line("DTSTART", f"{event.start:%Y%m%d}", VALUE="DATE"),
            _line("DTEND", f"{event.end:%Y%m%d}", VALUE="DATE"),
        )
    zone = load_zone(tzid)
    return (
        _moment("DTSTART", event.start, zone, tzid),
        _moment("DTEND", event.end, zone, tzid),
    )


def _moment(name: str, moment: datetime, zone: tzinfo, tzid: str) -> str:
    """A time of the zone; in UTC where the zone's clock shows it for the second time."""
    local = moment.astimezone(zone)
    if local.fold:
        return _line(name, _utc(moment))
    return _zoned(name, tzid) + _clock(local)


def _alarm(trigger: str, words: str, *more: str) -> Component:
    action = _line("ACTION", "DISPLAY")
    description = _text("DESCRIPTION", words or "Appointment")
    return Component("VALARM", (action, trigger, description, *more))


@lru_cache(maxsize=64)
def _before(minutes: int) -> str:
    return _line("TRIGGER", f"-{_duration(minutes)}")


def _care_alarm(alarm: CareAlarm) -> Component:
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
    return f"{_clock(moment.astimezone(UTC))}Z"


def _clock(moment: datetime) -> str:
    """A wall time, as iCalendar writes it."""
    day, clock = moment.date(), moment.time()  # without the zone, which takes time to ask
    return f"{day.isoformat()}T{clock.isoformat()}".replace("-", "").replace(":", "")
