"""A course's events one by one, as servers (RFC 4791, 4.1) and folders of events keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256
from types import MappingProxyType

from meso_sched.errors import FileError
from meso_sched.exchange.busy_text import FaultError
from meso_sched.exchange.calendar_file import (
    OpenCalendar,
    Own,
    RawEvent,
    Usual,
    course_event,
    is_whole_day,
)
from meso_sched.exchange.calendar_lines import Component, name_of, write, zone_id
from meso_sched.exchange.defined_zones import with_zone, zones_of
from meso_sched.exchange.events import CourseEvent, CourseFile, Kind
from meso_sched.exchange.ical import PRODID, event_component
from meso_sched.exchange.zones import find_zone

HEAD = ("VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN")


def components(file: CourseFile) -> dict[str, Component]:
    """The VEVENTs of a course by their UIDs, in the order of the file."""
    return {
        event.uid: event.raw or event_component(event, file.zone_name) for event in file.everything
    }


def zones(file: CourseFile) -> Mapping[str, Component]:
    """The VTIMEZONEs that a file defines, by their names."""
    return {} if file.calendar is None else zones_in(file.calendar)


def zones_in(calendar: Component) -> Mapping[str, Component]:
    """The VTIMEZONEs of a calendar by their names."""
    return {zone_id(zone): zone for zone in calendar.named("VTIMEZONE")}


def calendar_object(
    event: Component, defined: Mapping[str, Component] = MappingProxyType({})
) -> bytes:
    """An event in a calendar of its own with the zones that it needs, and no METHOD.

    A zone is laid out for this event alone, so that another's move changes nothing here; of one
    that nobody knows by its name, what ``defined`` says is taken.
    """
    names = sorted(zones_of(event))
    children = [defined[name] for name in names if name in defined and not find_zone(name)]
    children.append(event)
    for name in names:
        if find_zone(name):
            children = list(with_zone(name, children))
    return write(Component("VCALENDAR", HEAD, tuple(children)))


def digest(event: CourseEvent) -> str:
    """What an event says, in a few letters: to people, and in the records to this tool."""
    records = json.dumps([dict(event.details), dict(event.record)], sort_keys=True)
    told = repr((*event.content, _recurs(event), records))
    return sha256(told.encode()).hexdigest()[:16]


def same_to_people(one: CourseEvent, other: CourseEvent) -> bool:
    """Whether two events show the same, whatever their records are."""
    return one.content == other.content and _recurs(one) == _recurs(other)


def _recurs(event: CourseEvent) -> tuple[str, ...]:
    """What else makes an event another one: that it repeats, or takes whole days."""
    if event.raw is None:
        return ()
    repeats = [line for line in event.raw.lines if name_of(line) in ("RRULE", "RDATE", "EXDATE")]
    days = ["whole days"] if not event.whole_day and is_whole_day(event.raw) else []
    return (*repeats, *days)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads events as those of a course: by UID what they are, and the zone they are shown in."""

    kinds: Mapping[str, tuple[Kind, int | None, str]]
    zone: tzinfo
    usual: Usual

    @classmethod
    def of(cls, file: CourseFile, zone: tzinfo) -> Reader:
        """For the events of this file as another place has them."""
        first = file.events[0]
        minutes = int(first.slot.length.total_seconds()) // 60
        kinds = {event.uid: (event.kind, event.number, event.part) for event in file.everything}
        return cls(kinds, zone, Usual(first.start.timetz().replace(tzinfo=None), minutes))

    def read(self, opened: OpenCalendar) -> CourseEvent:
        """The one event of an opened object.

        Raises FileError where it has none, several, or one that cannot be understood.
        """
        if len(opened.events) != 1:  # also where it repeats, and some of it was moved
            count = len(opened.events)
            raise FileError(f"{opened.where}: holds {count} events instead of one")
        try:
            return self._event(opened.events[0], opened)
        except FaultError as error:
            raise opened.refused(error) from error

    def _event(self, raw: RawEvent, opened: OpenCalendar) -> CourseEvent:
        kind, number, part = self.kinds.get(raw.uid, (Kind.SESSION, None, ""))
        return course_event(
            Own(raw, number, kind, part), opened.times(self.zone), self.zone, self.usual
        )


def put_together(
    calendar: Component, exchanged: Mapping[str, Component | None], more: Iterable[Component]
) -> Component:
    """A calendar with the events of some UIDs exchanged, or (None) taken out; others at its end.

    ``more`` are the zones and events that it does not have yet.
    """
    children = [child for each in calendar.children for child in _exchanged(each, exchanged)]
    known = {zone_id(child) for child in children if child.name == "VTIMEZONE"}
    added = [each for each in more if each.name != "VTIMEZONE" or zone_id(each) not in known]
    zones = [each for each in added if each.name == "VTIMEZONE"]
    events = [each for each in added if each.name != "VTIMEZONE"]
    return calendar._replace(children=(*zones, *children, *events))


def _exchanged(child: Component, exchanged: Mapping[str, Component | None]) -> Iterator[Component]:
    uid = uid_of(child) if child.name == "VEVENT" else None
    if uid is None or uid not in exchanged:
        yield child
    elif (other := exchanged[uid]) is not None:
        yield other


def uid_of(event: Component) -> str:
    """The UID of an event; empty where it has none."""
    return next((line[4:].strip() for line in event.lines if line[:4].upper() == "UID:"), "")
