"""A calendar file, opened: its sessions told apart from all else that stands in it.

Read without a library: five hundred files take less time than icalendar takes to load.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from meso_sched.core.booked import Slot, Status
from meso_sched.core.regimen import DEFAULT_MINUTES
from meso_sched.core.walltime import FIRST_YEAR, LAST_YEAR
from meso_sched.errors import FileError, NoCourseError
from meso_sched.exchange.busy_text import Component as Fields
from meso_sched.exchange.busy_text import FaultError, line_of, parameter
from meso_sched.exchange.busy_times import Moment, Times, fault, to_utc
from meso_sched.exchange.calendar_lines import (
    Component,
    LinesError,
    content_lines,
    parse,
    text_of,
    value_of,
)
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import (
    CareAlarm,
    CourseEvent,
    CourseFile,
    Identity,
    Kind,
    day_slot,
    in_time_order,
)
from meso_sched.exchange.records import (
    ALARM_PROPERTY,
    COURSE_PROPERTY,
    FORMAT,
    FORMAT_PROPERTY,
    KIND_PROPERTY,
    SESSION_PROPERTY,
    recorded_number,
    recorded_part,
    recorded_review,
    recorded_slot,
    review_part,
)
from meso_sched.exchange.zones import find_zone, load_zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_END = re.compile(r";RELATED=\"?END\b.*:PT0S$", re.IGNORECASE)
_KIND = re.compile(rf"^{KIND_PROPERTY}:[ \t]*([a-z]+)", re.ASCII | re.IGNORECASE | re.MULTILINE)
_SEQUENCE = re.compile(r"[0-9]{1,9}", re.ASCII)
_BESIDE_YEARS = 12
"""Care and reviews may lie so far before and after the sessions, which is more than ten years."""

_AGAIN = "export the calendar again or take it from a backup"


class RawEvent(NamedTuple):
    """A VEVENT as it stands; ``details`` and ``record`` are its private records, {} if it has none.

    ``fields`` are its properties.
    """

    component: Component
    fields: Fields
    uid: str
    details: Mapping[str, Any]
    record: Mapping[str, Any]

    @property
    def is_session(self) -> bool:
        """Whether its record is that of a session."""
        return bool(self.details) and not recorded_part(self.details)

    def text(self, name: str) -> str:
        """The text of a property; empty if it is absent."""
        lines = self.fields.lines.get(name)
        return text_of(lines[0]) if lines else ""


class Own(NamedTuple):
    """An event of a course: of a session by its ``number``, else of a ``part`` beside them."""

    raw: RawEvent
    number: int | None
    kind: Kind = Kind.SESSION
    part: str = ""


class Usual(NamedTuple):
    """When a session begins and how many minutes it takes where an event does not say."""

    start: time
    minutes: int


class OpenCalendar(NamedTuple):
    """A calendar that was read whole; ``record`` is its own of a course, {} if it has none."""

    text: str
    where: str
    calendar: Component
    record: Mapping[str, Any]
    events: tuple[RawEvent, ...]

    def times(self, home: tzinfo) -> Times:
        """Reads the times of its events; floating ones are those of ``home``."""
        own = {
            zone.properties.get("TZID", [":"])[0][1:].strip(): "\n".join(content_lines(zone))
            for zone in self.calendar.named("VTIMEZONE")
        }
        return Times(own, home)

    def zone_name(self, record: Mapping[str, Any], events: Iterable[RawEvent], other: str) -> str:
        """The IANA name of the course's zone: the record's, else the events', else another."""
        told = record.get("timezone")
        if isinstance(told, str) and find_zone(told):
            return told
        times = self.times(UTC)
        for event in events:
            for line in event.fields.lines.get("DTSTART", ()):
                key = getattr(times.zone(parameter(line.rpartition(":")[0], "TZID")), "key", None)
                if key and find_zone(key):
                    return str(key)
        return other

    def parts(self, own: Iterable[Own], identity: Identity | None) -> list[Own]:
        """The reviews and the care that belong to a course, of which ``own`` are the sessions.

        They are known by their UIDs, else by their records, else by the session that they name.
        """
        sessions = {each.raw.uid: each.number for each in own}
        others = [raw for raw in self.events if raw.uid not in sessions]
        id_ = None if identity is None or not others else identity.id
        parts = [_recorded_part(raw, id_) or _related_part(raw, sessions) for raw in others]
        strangers = [raw for raw, part in zip(others, parts, strict=True) if part is None]
        if identity is not None and any(not raw.details for raw in strangers):
            reviews = identity.reviews
            parts += [
                Own(raw, None, Kind.REVIEW, review_part(reviews[raw.uid]))
                for raw in strangers
                if raw.uid in reviews
            ]
        return [part for part in parts if part is not None]

    def file(
        self,
        own: Sequence[Own],
        zone_name: str,
        record: Mapping[str, Any],
        identity: Identity | None = None,
        minutes: int = DEFAULT_MINUTES,
    ) -> CourseFile:
        """The course's file: ``own`` are the events of its sessions.

        ``minutes`` is how long one takes whose event does not say. Raises FileError where the
        time of one cannot be read.
        """
        zone = load_zone(zone_name)
        times = self.times(zone)
        parts = _each_review_once(self, self.parts(own, identity))
        try:
            usual = Usual(_usual_start(own, times, zone) or time(9), minutes)
            events, others = (
                [course_event(each, times, zone, usual) for each in group] for group in (own, parts)
            )
        except FaultError as error:
            raise self.refused(error) from error
        names = self.calendar.properties
        name = names.get("NAME") or names.get("X-WR-CALNAME") or [":"]
        return CourseFile(
            name=text_of(name[0]),
            zone_name=zone_name,
            record=record,
            events=tuple(in_time_order(events)),
            parts=tuple(in_time_order(others)),
            edition=Edition() if identity is None else Edition(identity.audience),
            calendar=self.calendar,
            source=self.text,
        )

    def refused(self, error: FaultError) -> FileError:
        """The error about one of its components, with the line on which that begins."""
        if error.begin is None:
            return FileError(f"{self.where}: {error}")
        return FileError(f"{self.where}:{self.line(error.begin)}: {error}")

    def line(self, begin: int) -> int:
        """The line on which the BEGIN of that number stands."""
        return line_of(self.text.removeprefix("\ufeff"), begin)


def open_calendar(text: str, where: str) -> OpenCalendar:
    """Read a calendar whole; ``where`` names it in messages.

    Raises FileError for what is none, is cut off, or was written by a newer version, and
    NoCourseError for the calendar of a room or of a practitioner.
    """
    _refuse_shared(text, where)
    try:
        calendar = parse(text)
    except LinesError as error:
        place = where if error.line is None else f"{where}:{error.line}"
        raise FileError(f"{place}: {error}; {_AGAIN}") from error
    properties = calendar.properties
    opened = OpenCalendar(
        text, where, calendar, private_record(properties, COURSE_PROPERTY), tuple(_events(calendar))
    )
    _refuse_newer(opened, properties)
    return opened


def from_ics(text: str, where: str, identity: Identity | None = None) -> CourseFile:
    """Read the sessions of a course; ``where`` names the file in messages.

    Those of ``identity`` are known by their UIDs, else by their records. Without it all events
    that have the record of a session count, and all there are where none has. Raises FileError
    for what is no calendar, and for an event that cannot be read.
    """
    opened = open_calendar(text, where)
    record = opened.record or next((each.record for each in opened.events if each.record), {})
    if identity is not None:
        numbers, id_ = identity.numbers, identity.id
        own = [
            Own(raw, numbers.get(raw.uid) or recorded_number(raw.details))
            for raw in opened.events
            if raw.uid in numbers or (raw.is_session and raw.record.get("id") == id_)
        ]
        refuse_doubles(opened, own)
    else:
        kept = [raw for raw in opened.events if raw.is_session] or opened.events
        own = [Own(raw, recorded_number(raw.details)) for raw in kept]
    zone_name = opened.zone_name(record, [each.raw for each in own], "UTC")
    return opened.file(own, zone_name, record, identity)


def refuse_doubles(opened: OpenCalendar, own: Iterable[Own]) -> None:
    """Raise FileError where a session has two events."""
    lines: dict[int, int] = {}
    for raw, number, *_ in own:
        if number is None:
            continue
        line = opened.line(raw.fields.begin) if number in lines else raw.fields.begin
        if number in lines:
            first = opened.line(lines[number])
            raise FileError(
                f"{opened.where}:{line}: session {number} is there twice, first on line {first};"
                " delete one of the two events in the calendar and export it again"
            )
        lines[number] = line


def _each_review_once(opened: OpenCalendar, parts: Sequence[Own]) -> list[Own]:
    """Without reviews' copies that are called off; FileError where two of one are to take place."""
    kept = [part for part in parts if part.kind is not Kind.REVIEW]
    for name in dict.fromkeys(part.part for part in parts if part.kind is Kind.REVIEW):
        twins = [part for part in parts if part.part == name]
        live = [part for part in twins if status_of(part.raw) is not Status.CANCELLED] or twins[:1]
        if len(live) > 1:
            first, second = sorted(opened.line(part.raw.fields.begin) for part in live)[:2]
            raise FileError(
                f"{opened.where}:{second}: {name} is there twice, first on line {first}; delete one"
                " of the two events in the calendar and export it again"
            )
        kept += live
    return kept


def status_of(raw: RawEvent) -> Status:
    """What became of a session: its record tells, and what the calendar says of it goes first."""
    said = raw.fields.first("STATUS").upper()
    if said == "CANCELLED":
        return Status.CANCELLED
    try:
        recorded = Status(raw.details.get("status"))
    except ValueError:
        recorded = Status.BOOKED
    return Status.BOOKED if said and recorded is Status.CANCELLED else recorded


def is_whole_day(event: Component) -> bool:
    """Whether an event takes days and has no times."""
    starts = (line for line in event.lines if line[:7].upper() == "DTSTART")
    return any("T" not in line.rpartition(":")[2].upper() for line in starts)


def _events(calendar: Component) -> Iterator[RawEvent]:
    begin = 1  # the calendar's own BEGIN stands before all
    for child in calendar.children:
        if child.name == "VEVENT":
            fields = Fields("VEVENT", begin, 0, child.properties)
            uid = value_of(fields.lines.get("UID", [":"])[0]).strip()
            details = private_record(fields.lines, SESSION_PROPERTY)
            yield RawEvent(
                child, fields, uid, details, private_record(fields.lines, COURSE_PROPERTY)
            )
        begin += _begins(child)


def _begins(component: Component) -> int:
    return 1 + sum(map(_begins, component.children))


def _refuse_shared(text: str, where: str) -> None:
    # Before all is read, of which there may be much.
    events = text.find("\nBEGIN:VEVENT")
    marked = _KIND.search(text, 0, len(text) if events < 0 else events)
    if marked:
        raise NoCourseError(
            f"{where}: is the calendar of a {marked[1].lower()}, which has sessions of many"
            " courses; name a patient's own file, which the folder patients/ beside it holds"
        )


def _refuse_newer(opened: OpenCalendar, properties: Mapping[str, list[str]]) -> None:
    told = value_of(properties.get(FORMAT_PROPERTY, [f":{FORMAT}"])[0]).strip()
    if not _SEQUENCE.fullmatch(told):
        raise FileError(f"{opened.where}: {FORMAT_PROPERTY} is no number; {_AGAIN}")
    records = (opened.record, *(event.record for event in opened.events))
    formats = [record.get("format") for record in records]
    version = max([int(told), *(each for each in formats if isinstance(each, int))])
    if version > FORMAT:
        raise FileError(
            f"{opened.where}: written by a newer meso-sched (format {version}); update this one"
        )


def private_record(properties: Mapping[str, list[str]], name: str) -> Mapping[str, Any]:
    """A private property's JSON object; empty where a program dropped or broke it."""
    lines = properties.get(name)
    return _object(lines[0]) if lines else {}


@lru_cache(maxsize=64)  # every event of a file has the same record of its course
def _object(line: str) -> Mapping[str, Any]:
    # Some programs escape what they do not know once more, or not at all.
    once = text_of(line)
    for text in (once, value_of(line), text_of(f":{once}")):
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            return record
    return {}


def _recorded_part(raw: RawEvent, id_: str | None) -> Own | None:
    """The event as the review or the care that its record says; ``id_`` is the course's."""
    part = recorded_part(raw.details)
    if not part or id_ not in (None, raw.details.get("course")):
        return None
    if recorded_review(raw.details) is not None:
        return Own(raw, None, Kind.REVIEW, part)
    return Own(raw, recorded_number(raw.details), Kind.CARE, part)


def _related_part(raw: RawEvent, sessions: Mapping[str, int | None]) -> Own | None:
    """The event as care of the session whose UID it names."""
    related = raw.fields.first("RELATED-TO")
    categories = raw.fields.first("CATEGORIES").upper().split(",")
    if related not in sessions or Kind.CARE.value not in map(str.strip, categories):
        return None
    return Own(raw, sessions[related], Kind.CARE, raw.uid)


def _usual_start(own: Iterable[Own], times: Times, zone: tzinfo) -> time | None:
    """The most common time of day; None where no event has one, or none is asked for."""
    raws = [each.raw for each in own]
    if not any(not raw.details and is_whole_day(raw.component) for raw in raws):
        return None
    timed = (times.single(raw.fields, "DTSTART") for raw in raws if not is_whole_day(raw.component))
    starts = Counter(each.utc.astimezone(zone).time() for each in timed if each is not None)
    return starts.most_common(1)[0][0] if starts else None


def course_event(own: Own, times: Times, zone: tzinfo, usual: Usual) -> CourseEvent:
    """An event as the course's, in its zone; FaultError where it cannot be understood."""
    raw = own.raw
    if not raw.uid:
        raise fault(raw.fields, "has no UID")
    whole_day = own.kind is Kind.CARE and is_whole_day(raw.component)
    beside = 0 if own.kind is Kind.SESSION else _BESIDE_YEARS
    slot = _day(raw, times, zone) if whole_day else _slot(raw, times, zone, usual, beside)
    stamp = _stamp(raw, "DTSTAMP", _EPOCH)
    sequence = raw.fields.first("SEQUENCE")
    return CourseEvent(
        uid=raw.uid,
        start=slot.start,
        end=slot.end,
        summary=raw.text("SUMMARY"),
        description=raw.text("DESCRIPTION"),
        status=status_of(raw).value,
        sequence=int(sequence) if _SEQUENCE.fullmatch(sequence) else 0,
        stamp=stamp,
        created=_stamp(raw, "CREATED", stamp),
        modified=_stamp(raw, "LAST-MODIFIED", stamp),
        reminders=tuple(_reminders(raw.component)),
        care=tuple(_care_alarms(raw.component)),
        location=raw.text("LOCATION"),
        related=raw.fields.first("RELATED-TO"),
        details=raw.details,
        record=raw.record,
        number=own.number,
        kind=own.kind,
        part=own.part,
        whole_day=whole_day,
        raw=raw.component,
    )


def _day(raw: RawEvent, times: Times, zone: tzinfo) -> Slot:
    """The day of an event that has no times."""
    start = times.event(raw.fields).start
    if not _is_sane(start, _BESIDE_YEARS):
        raise fault(raw.fields, f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return day_slot(start.clock.date(), zone)


def _slot(raw: RawEvent, times: Times, zone: tzinfo, usual: Usual, beside: int) -> Slot:
    """Where the calendar has an event; what it leaves out is as recorded, else as usual.

    It may lie so many years ``beside`` those that are planned.
    """
    event = times.event(raw.fields)
    start, end = event.start, event.end
    if not _is_sane(start, beside) or not _is_sane(end, beside):
        raise fault(raw.fields, f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    if not start.is_day and not end.is_day and start.utc < end.utc:
        return Slot(start.utc.astimezone(zone), end.utc.astimezone(zone))
    recorded = recorded_slot(raw.details, zone)
    length = timedelta(minutes=usual.minutes)
    if recorded is not None:
        length = recorded.end.astimezone(UTC) - recorded.start.astimezone(UTC)
    begins = start.utc
    if start.is_day:
        clock = usual.start if recorded is None else recorded.start.time()
        begins = to_utc(datetime.combine(start.clock.date(), clock), zone)
    return Slot(begins.astimezone(zone), (begins + length).astimezone(zone))


def _is_sane(moment: Moment, beside: int) -> bool:
    return FIRST_YEAR - beside <= moment.clock.year <= LAST_YEAR + beside


def _stamp(raw: RawEvent, name: str, default: datetime) -> datetime:
    """A time that only says when something was written; what cannot be read is not missed."""
    return _read_stamp(raw.fields.first(name)) or default


@lru_cache(maxsize=64)  # the events of a file were mostly written at one time
def _read_stamp(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _reminders(event: Component) -> Iterator[int]:
    """The minutes before the start at which its alarms go off, of those that say it so."""
    for alarm in event.named("VALARM"):
        trigger = _trigger(alarm)
        minutes = None if _is_care(alarm, trigger) else _minutes_before(trigger)
        if minutes is not None:
            yield minutes


def _care_alarms(event: Component) -> Iterator[CareAlarm]:
    """The alarms of care that this tool has set; one at a session's end is known without a mark."""
    for alarm in event.named("VALARM"):
        trigger = _trigger(alarm)
        if not _is_care(alarm, trigger):
            continue
        words = text_of(alarm.properties.get("DESCRIPTION", [":"])[0])
        if _AT_END.search(trigger):
            yield CareAlarm(None, words)
        elif (minutes := _minutes_before(trigger)) is not None:
            yield CareAlarm(minutes, words, elapsed=not {"D", "W"} & {*value_of(trigger).upper()})


def _is_care(alarm: Component, trigger: str) -> bool:
    is_marked = any(line.startswith(ALARM_PROPERTY) for line in alarm.lines)
    return is_marked or _AT_END.search(trigger) is not None


def _trigger(alarm: Component) -> str:
    """The property without its name; ``:`` where it has none."""
    return next((line[7:] for line in alarm.lines if line[:7].upper() == "TRIGGER"), ":")


@lru_cache(maxsize=64)  # the alarms of a clinic are all alike
def _minutes_before(trigger: str) -> int | None:
    fields = Fields("VALARM", 0, 0)
    try:
        before = -Times({}, UTC).duration(fields, "TRIGGER", trigger.rpartition(":")[2])
    except FaultError:
        return None
    return before // timedelta(minutes=1) if before >= timedelta(0) else None
