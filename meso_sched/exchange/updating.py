"""A new plan laid over the file that has the course: only what changed is written anew.

Three ways: what this tool would have written for the state that it knew, what it would write now,
and what stands in the file. Where the first two are the same, the file keeps what it has, whoever
wrote it; so a calendar program's own properties and a person's own words stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from meso_sched.core.booked import Status
from meso_sched.exchange.calendar_file import is_whole_day
from meso_sched.exchange.calendar_lines import Component, name_of, value_of
from meso_sched.exchange.defined_zones import with_zone
from meso_sched.exchange.event_words import told_status
from meso_sched.exchange.events import CourseEvent, CourseFile, Kind, in_time_order, plain
from meso_sched.exchange.ical import (
    calendar_of,
    details_line,
    event_component,
    head_lines,
    record_line,
)
from meso_sched.exchange.records import COURSE_PROPERTY, FORMAT_PROPERTY, GONE, SESSION_PROPERTY

_TIMES = ("DTSTART", "DTEND", "DURATION")
_STAMPS = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE")
_WORDS = ("SUMMARY", "DESCRIPTION")
_PRIVATE = (FORMAT_PROPERTY, COURSE_PROPERTY, SESSION_PROPERTY)


def updated(
    new: CourseFile, former: CourseFile, stamp: datetime, base: CourseFile | None = None
) -> CourseFile:
    """The new file as an update of the former one of the same course.

    ``base`` is what this tool would have written for what it had recorded; without it, the former
    file itself. An event that did not change keeps every line, its sequence and its stamps; one
    that the new plan no longer has stays, cancelled (RFC 5546, 2.1.4). Events are the same by
    their UID, else by their session number: a calendar may have given them UIDs of its own.
    """
    former = _standing(former)
    update = _Update(new, former, base or former, stamp)
    events = tuple(update.events())
    raws = {id(event.raw) for event in former.everything}
    kept = all(id(event.raw) in raws for event in events) and len(events) == len(raws)
    told = replace(
        new,
        events=tuple(event for event in events if event.kind is Kind.SESSION),
        parts=tuple(event for event in events if event.kind is not Kind.SESSION),
    )
    if kept and head_lines(new) == head_lines(base or former):
        return replace(told, calendar=former.calendar, source=former.source)
    return replace(told, calendar=_assembled(new, former, base or former, events), source=None)


class _Update(NamedTuple):
    """What an event is held against."""

    new: CourseFile
    former: CourseFile
    base: CourseFile
    stamp: datetime

    def events(self) -> Iterator[CourseEvent]:
        """The new file's events in its order, then those that it lacks."""
        standing, known = _Known(self.former.everything), _Known(self.base.everything)
        left = {id(event): event for event in self.former.everything}
        for event in self.new.everything:
            former = standing.find(event)
            if former is None:
                # One that the calendar lost is told once more, so as to go over what others have.
                again = 1 if known.find(event) else 0
                yield self._written(replace(event, sequence=again))
            else:
                left.pop(id(former), None)
                base = known.find(event) or former
                yield self._updated(event, former, _presumed(base, event))
        for former in left.values():
            written = known.find(former)
            if written is None and former.kind is not Kind.SESSION:
                yield former  # nothing tells what we wrote there, so nothing that it is over
                continue
            before = replace(written or former, start=former.start, end=former.end)
            yield self._updated(self._cancelled(before), former, before)

    def _cancelled(self, event: CourseEvent) -> CourseEvent:
        if event.is_cancelled:
            return event
        status = Status.CANCELLED
        # What goes with its session may come back with it, unlike what a person called off.
        gone = {} if event.kind is Kind.SESSION else {GONE: True}
        return replace(
            event,
            summary=plain(told_status(status, event.summary, self.new.edition)),
            status=status.value,
            reminders=(),
            care=(),
            details={**event.details, "status": status.value, **gone} if event.details else {},
        )

    def _updated(self, event: CourseEvent, former: CourseEvent, base: CourseEvent) -> CourseEvent:
        """The event as an update of ``former``, which was ``base`` when it was written."""
        kept = replace(
            event,
            uid=former.uid,
            sequence=former.sequence,
            stamp=former.stamp,
            created=former.created,
            modified=former.modified,
            record=event.record,
        )
        if event.content == base.content and _same_slot_and_state(event, former):
            return replace(kept, raw=self._with_records(event, former, base))
        changed = replace(kept, sequence=former.sequence + 1, stamp=self.stamp, modified=self.stamp)
        return replace(changed, raw=self._merged(changed, former, base))

    def _with_records(
        self, event: CourseEvent, former: CourseEvent, base: CourseEvent
    ) -> Component | None:
        """The event as it stands, but for the records where they are others now."""
        raw = former.raw
        lines = {}
        if dict(event.record) != dict(base.record):
            lines[COURSE_PROPERTY] = record_line(event.record)
        if dict(event.details) != dict(base.details):
            lines[SESSION_PROPERTY] = details_line(event.details)
        if raw is None or not lines:
            return raw
        return raw._replace(lines=_merged_lines(raw.lines, [], list(lines.values()), lines))

    def _merged(self, event: CourseEvent, former: CourseEvent, base: CourseEvent) -> Component:
        raw = former.raw
        assert raw is not None, "what stands in a file is known"
        base = replace(base, uid=event.uid, created=event.created)
        before = event_component(base, self.base.zone_name)
        after = event_component(event, self.new.zone_name)
        forced = {*_STAMPS, *_PRIVATE}
        if not event.slot.is_at(former.slot) or is_whole_day(raw):
            forced |= {*_TIMES}
        if event.is_cancelled is not former.is_cancelled:
            forced |= {"STATUS", "TRANSP"}
        lines = _merged_lines(raw.lines, before.lines, after.lines, forced)
        children = _merged_alarms(raw, before, after, cancelled=event.is_cancelled)
        return Component(raw.name, lines, children)

    def _written(self, event: CourseEvent) -> CourseEvent:
        return replace(event, raw=event_component(event, self.new.zone_name))


class _Known:
    """Events by their UID, else by what they are of the course."""

    def __init__(self, events: Sequence[CourseEvent]) -> None:
        self._by_uid = {event.uid: event for event in events}
        self._by_key = {event.key: event for event in events if event.key is not None}

    def find(self, event: CourseEvent) -> CourseEvent | None:
        """The same session's, review's or moment's event, if there is one."""
        found = self._by_uid.get(event.uid)
        if found is None and event.key is not None:
            found = self._by_key.get(event.key)
        return found


def _standing(file: CourseFile) -> CourseFile:
    """A file with its lines: those that it was read from, or those that it would have."""
    if file.calendar is not None:
        return file
    events = [
        replace(event, raw=event_component(event, file.zone_name)) for event in file.everything
    ]
    calendar = calendar_of(file)
    zones = calendar.named("VTIMEZONE")
    raws = tuple(event.raw for event in in_time_order(events) if event.raw is not None)
    return replace(
        file,
        events=tuple(events[: len(file.events)]),
        parts=tuple(events[len(file.events) :]),
        calendar=calendar._replace(children=zones + raws),
    )


def _presumed(base: CourseEvent, event: CourseEvent) -> CourseEvent:
    """What was written, where only what stands tells it: reminders may also be a person's own."""
    if base.raw is None:
        return base
    ours = tuple(minutes for minutes in base.reminders if minutes in event.reminders)
    return replace(base, reminders=ours, related=base.related and event.related)


def _same_slot_and_state(event: CourseEvent, former: CourseEvent) -> bool:
    return event.slot.is_at(former.slot) and event.is_cancelled is former.is_cancelled


def _merged_lines(
    standing: Sequence[str], before: Sequence[str], after: Sequence[str], forced: Iterable[str]
) -> tuple[str, ...]:
    """The standing lines, with those of ``after`` that are forced or not as in ``before``.

    What only ``before`` has goes. Each stands where it stood, a new one at the end.
    """
    old = {name_of(line): line for line in before}
    new = {name_of(line): line for line in after}
    changed = {name for name in (*old, *new) if old.get(name) != new.get(name)} | set(forced)
    if changed & set(_TIMES):  # a start, an end and a length hang together
        changed |= set(_TIMES)
    merged: list[str] = []
    for line in standing:
        name = name_of(line)
        if name not in changed:
            merged.append(line)
        elif name in new:
            merged.append(_reworded(line, old.get(name, ""), new.pop(name)))
    merged += [line for name, line in new.items() if name in changed]
    return tuple(merged)


def _reworded(standing: str, before: str, after: str) -> str:
    """Our own words in a text exchanged, with what a person wrote around them left as it is."""
    name = name_of(standing)
    ours = value_of(before.removeprefix(name))
    if name not in _WORDS or not ours or standing == before:
        return after
    head, words, tail = standing.partition(ours)
    return f"{head}{value_of(after.removeprefix(name))}{tail}" if words else after


def _merged_alarms(
    raw: Component, before: Component, after: Component, *, cancelled: bool
) -> tuple[Component, ...]:
    """The alarms and whatever else stands in an event; of a cancelled one nobody is reminded."""
    if cancelled:
        return tuple(child for child in raw.children if child.name != "VALARM")
    if before.children == after.children:
        return raw.children
    ours = {_trigger(alarm) for alarm in before.children}
    kept = [
        child for child in raw.children if child.name != "VALARM" or _trigger(child) not in ours
    ]
    return (*kept, *after.children)


def _trigger(alarm: Component) -> tuple[str, str]:
    """What tells an alarm of ours from one that a person set: its action and its time."""
    found = alarm.properties
    action, trigger = (
        value_of(found.get(name, [":"])[0]).strip().upper() for name in ("ACTION", "TRIGGER")
    )
    return action, trigger


def _assembled(
    new: CourseFile, former: CourseFile, base: CourseFile, events: Sequence[CourseEvent]
) -> Component:
    """The calendar with its events exchanged: each in time order where one of ours stood."""
    standing = former.calendar
    assert standing is not None, "what stands in a file is known"
    lines = _merged_lines(standing.lines, head_lines(base), head_lines(new), _PRIVATE)
    ours = {id(event.raw) for event in former.everything}
    rest = [event.raw for event in in_time_order(events) if event.raw is not None]
    places = [place for place, child in enumerate(standing.children) if id(child) in ours]
    children: list[Component] = []
    for place, child in enumerate(standing.children):
        if id(child) not in ours:
            children.append(child)
        elif place == places[-1]:
            children += rest
            rest = []
        else:
            children.append(rest.pop(0))
    children += rest
    return Component(standing.name, lines, tuple(with_zone(new.zone_name, children)))
