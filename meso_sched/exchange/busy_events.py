"""Calendars -> the time that their events take inside a window (RFC 5545).

What cannot touch the window is dropped; plain events and plain series are laid out here; a series
with changed instances or dates of its own is judged by recurring-ical-events, which gets the
starts of its rules as a list of dates, so that no rule can keep it busy for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from meso_sched.errors import FileError
from meso_sched.exchange.busy_rules import Rule, RuleError, parse_rule
from meso_sched.exchange.busy_starts import Budget, expand, whole_hours
from meso_sched.exchange.busy_text import Component, FaultError, line_of, parameter, scan, shown
from meso_sched.exchange.busy_times import Event, Moment, Times, fault, plus, to_utc
from meso_sched.exchange.feed_mark import is_discreet, mark_of

if TYPE_CHECKING:
    from icalendar import Event as LibraryEvent

Interval = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_MARGIN = 2 * _DAY  # no two zones are further apart
_LIBRARY_STARTS = 2_000  # of one series; what the library does grows with their square
_LIBRARY_COST = 100  # of each of so many, counted in starts that are laid out here
_FREE = "TRANSPARENT"


@dataclass(frozen=True, slots=True)
class Window:
    """The time that matters, from ``start`` to before ``end`` (UTC), and the clinic's zone."""

    start: datetime
    end: datetime
    zone: tzinfo
    clock: Interval = field(init=False)  # the same as a wall clock, wide enough for every zone

    def __post_init__(self) -> None:
        first, last = self.start.replace(tzinfo=None), self.end.replace(tzinfo=None)
        object.__setattr__(self, "clock", (plus(first, -_MARGIN), plus(last, _MARGIN)))

    def may_hold(self, event: Event) -> bool:
        """Whether the event's own first occurrence may touch it."""
        first, last = self.clock
        return event.end.clock >= first and event.start.clock <= last


@dataclass(slots=True)
class Taken:
    """What calendars take: intervals in UTC, unsorted; and what the desk should know of them.

    ``ignored`` are the times of events that take nothing because of their UIDs; ``uids`` are those
    of all events that are no copies.
    """

    intervals: list[Interval] = field(default_factory=list)
    ignored: set[Interval] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)


def read_events(
    text: str, source: str, window: Window, ignore_uids: frozenset[str], taken: Taken
) -> None:
    """Adds what the events and free-busy periods of one iCalendar text take to ``taken``.

    ``source`` names it in messages. A feed of ours adds only what nothing before it has told of; a
    discreet one has other UIDs, so there one event at each time that was ignored is ignored too.

    Raises:
        FileError: the text is not whole or not iCalendar, or the time or the rule of an event
            cannot be read; the message has the line on which the event begins.
    """
    try:
        for calendar in scan(text):
            _CalendarReader(calendar, source, window, taken).read(ignore_uids, mark_of(text))
    except FaultError as error:
        line = "" if error.begin is None else f":{line_of(text, error.begin)}"
        raise FileError(f"{source}{line}: {error}.") from error


class _CalendarReader:
    """Adds what one VCALENDAR takes inside the window."""

    def __init__(self, calendar: Component, source: str, window: Window, taken: Taken) -> None:
        zones = [child for child in calendar.children if child.name == "VTIMEZONE"]
        self._calendar = calendar
        self._source = source
        self._window = window
        self._taken = taken
        self._times = Times({zone.whole("TZID"): zone.text for zone in zones}, window.zone)
        self._strange: dict[str, list[str]] = {}  # unknown zone -> the times of its events

    def read(self, ignore_uids: frozenset[str], mark: str | None = None) -> None:
        if self._calendar.first("CALSCALE").upper() not in ("", "GREGORIAN"):
            problem = "the CALSCALE is not GREGORIAN; export the calendar as a Gregorian one"
            raise FaultError(self._calendar.begin, problem)
        groups: dict[str, list[Component]] = {}
        for child in self._calendar.children:
            if child.name == "VEVENT":
                groups.setdefault(child.uid, []).append(child)
            elif child.name == "VFREEBUSY":
                self._take_free_busy(child)
        if mark is None:
            self._taken.uids.update(groups)
        else:
            groups = {uid: groups[uid] for uid in groups if uid not in self._taken.uids}
        self._take_groups(groups, ignore_uids, by_slot=bool(mark and is_discreet(mark)))
        self._warn_of_zones()

    def _take_groups(
        self, groups: dict[str, list[Component]], ignore_uids: frozenset[str], *, by_slot: bool
    ) -> None:
        ignore_slots = set(self._taken.ignored) if by_slot else set()
        for uid, group in groups.items():
            if all(component.is_free for component in group):
                continue
            is_ignored = uid in ignore_uids
            slot = set(self._slot(group)) if is_ignored or ignore_slots else set()
            if is_ignored:
                self._taken.ignored |= slot
            elif ignore_slots.isdisjoint(slot):
                self._take_group(group)
            ignore_slots -= slot  # once: another patient may come at the same time

    def _slot(self, group: list[Component]) -> Iterator[Interval]:
        """The time of an event that takes place once, if it can be read."""
        if len(group) == 1:
            with suppress(FaultError):
                event = self._times.event(group[0])
                yield event.start.utc, event.end.utc

    def _take_group(self, group: list[Component]) -> None:
        """All components of one UID: an event, a series, or a series and its changed instances."""
        lines = group[0].lines
        if len(group) > 1 or "RDATE" in lines or len(lines.get("RRULE", ())) > 1:
            self._take_by_library([self._times.event(component) for component in group])
            return
        event = self._times.event(group[0])
        if "RRULE" in lines or "EXDATE" in lines:
            self._take_series(event)
        elif self._window.may_hold(event):
            self._take(event.start.utc, event.end.utc)
            self._note_zones(event)

    def _take(self, start: datetime, end: datetime) -> None:
        if start < self._window.end and end > self._window.start and start < end:
            self._taken.intervals.append((start, end))

    def _take_free_busy(self, component: Component) -> None:
        """FREEBUSY periods of every type but FREE, unknown types too (3.2.9)."""
        lines = component.lines.get("FREEBUSY", [])
        busy = [line for line in lines if parameter(_head(line), "FBTYPE").upper() != "FREE"]
        component.lines["FREEBUSY"] = busy
        for start, end in self._times.listed(component, "FREEBUSY"):
            if end is None:
                raise fault(component, "has a FREEBUSY that is no period")
            self._take(start.utc, end.utc)

    def _take_series(self, event: Event) -> None:
        """An event with at most one rule, and with exceptions."""
        zone, duration = event.start.zone, event.duration
        first, last = self._window.clock
        if not duration or event.start.clock > last:
            self._rules(event)
            return
        starts, blocks = self._starts(event, (plus(first, -duration), last))
        for begin, end in blocks:
            self._take(to_utc(begin, zone), to_utc(plus(end, duration), zone))
        days, moments = self._exceptions(event)
        for clock in starts:
            begin = to_utc(clock, zone)
            if clock.date() not in days and begin not in moments:
                self._take(begin, to_utc(plus(clock, duration), zone))
        if starts or blocks:
            self._note_zones(event)

    def _exceptions(self, event: Event) -> tuple[set[date], set[datetime]]:
        """EXDATE: days on which, and moments (UTC) at which, an occurrence is left out."""
        days: set[date] = set()
        moments: set[datetime] = set()
        for moment, _ in self._times.listed(event.component, "EXDATE"):
            if moment.is_day or (event.start.is_day and moment.clock.time() == time()):
                days.add(moment.clock.date())
            else:
                moments.add(moment.utc)
        return days, moments

    def _rules(self, event: Event) -> list[Rule]:
        rules = []
        for line in event.component.lines.get("RRULE", ()):
            try:
                rules.append(parse_rule(line.rpartition(":")[2].strip(), *event.start))
            except RuleError as error:
                problem = f'has an RRULE that makes no sense ("{shown(str(error))}")'
                raise fault(event.component, problem) from error
        return rules

    def _starts(self, event: Event, window: Interval) -> tuple[list[datetime], list[Interval]]:
        """The starts inside a window that DTSTART and its rules give; and whole hours."""
        start = event.start.clock
        rules = self._rules(event)
        starts = set() if rules else {start}
        blocks: list[Interval] = []
        for rule in rules:
            expansion = expand(rule, start, event.duration, window, self._taken.budget)
            starts.update(expansion.starts)
            blocks += expansion.blocks
            if expansion.blocks and not expansion.is_exact:
                self._warn_of_hours(event)
        if event.start.is_day:  # a rule by the hour tells no more than the day
            starts = {datetime.combine(clock, time()) for clock in starts}
        return sorted(starts), blocks

    def _take_by_library(self, events: list[Event]) -> None:
        """A series with changed instances, or with dates of its own."""
        import recurring_ical_events
        from icalendar import Calendar

        if not any(self._may_recur_into_window(event) for event in events):
            return
        calendar = Calendar()
        for event in events:
            calendar.add_component(self._for_library(event, events))
        first = (self._window.start - _DAY).astimezone(self._window.zone)
        last = (self._window.end + _DAY).astimezone(self._window.zone)
        try:
            found = recurring_ical_events.of(calendar).between(first, last)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise fault(events[0].component, "recurs in a way that cannot be judged") from error
        for occurrence in found:
            if occurrence.get("TRANSP") != _FREE:
                start, end = occurrence["DTSTART"].dt, occurrence["DTEND"].dt
                self._take(self._from_library(start), self._from_library(end))
        for event in events:
            self._note_zones(event)

    def _may_recur_into_window(self, event: Event) -> bool:
        """Whether the event, or anything that comes of it, may touch the window."""
        lines = event.component.lines
        if "RDATE" in lines or _is_for_all_after(event):
            return True
        ends = [rule.until for rule in self._rules(event)]
        first, last = self._window.clock
        if not ends or event.start.clock > last:
            return self._window.may_hold(event)
        return any(end is None or plus(end, event.duration) >= first for end in ends)

    def _for_library(self, event: Event, events: list[Event]) -> LibraryEvent:
        """An icalendar Event with its times alone, its rules written out as dates."""
        from icalendar import Event as LibraryEvent
        from icalendar.prop import vDDDLists, vDDDTypes

        component = event.component
        made = LibraryEvent({"UID": "series", "SEQUENCE": _sequence(component)})
        made["DTSTART"], made["DTEND"] = vDDDTypes(event.start.value), vDDDTypes(event.end.value)
        if component.is_free:
            made["TRANSP"] = _FREE
        identity = self._times.single(component, "RECURRENCE-ID")
        if identity is not None:
            made["RECURRENCE-ID"] = vDDDTypes(identity.value)
            if _is_for_all_after(event):
                made["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
        dates = self._dates(event, identity, events)
        if dates:
            made["RDATE"] = vDDDLists(dates)
        exceptions = [moment.value for moment, _ in self._times.listed(component, "EXDATE")]
        if not dates and self._ends_before_it_starts(event):
            exceptions.append(event.start.value)
        if exceptions:
            made["EXDATE"] = vDDDLists(exceptions)
        return made

    def _ends_before_it_starts(self, event: Event) -> bool:
        """Whether UNTIL lies before DTSTART: so some programs cancel a series."""
        ends = [rule.until for rule in self._rules(event)]
        return bool(ends) and all(end is not None and end < event.start.clock for end in ends)

    def _dates(self, event: Event, identity: Moment | None, events: list[Event]) -> list[Any]:
        """RDATE, and the starts of the rules near the window, as the library takes them."""
        dates: list[Any] = []
        for first, last in self._times.listed(event.component, "RDATE"):
            dates.append(first.value if last is None else (first.value, last.value))
        if "RRULE" not in event.component.lines:
            return dates
        if identity is not None:  # the library only asks whether there is a rule
            return [*dates, event.start.value]
        listed: set[datetime] = set()
        blocks: list[Interval] = []
        for window in self._windows(events):
            starts, hours = self._starts(event, window)
            listed.update(starts)
            blocks += hours
        cost = _LIBRARY_COST * len(listed)
        if len(listed) > _LIBRARY_STARTS or not self._taken.budget.take_all(cost):
            blocks += whole_hours(listed)
            listed.clear()
            self._warn_of_hours(event)
        if blocks:
            self._take_blocks(event, blocks, events)
        return dates + [event.start._replace(clock=clock).value for clock in sorted(listed)]

    def _take_blocks(self, event: Event, blocks: list[Interval], events: list[Event]) -> None:
        """Spans in which a series may start, also as it is after a change for all that follow."""
        zone = event.start.zone
        changes = [] if event.component.is_free else [(timedelta(0), event.duration)]
        for other in events:
            identity = self._times.single(other.component, "RECURRENCE-ID")
            if identity is not None and _is_for_all_after(other) and not other.component.is_free:
                changes.append((other.start.utc - identity.utc, other.duration))
                if event.component.is_free:  # of which nothing was told
                    self._warn_of_hours(other)
        if not self._taken.budget.take_all(len(blocks) * len(changes)):
            self._take(self._window.start, self._window.end)
            return
        for begin, end in blocks:
            for delay, duration in changes:
                last = plus(plus(end, delay), duration)
                self._take(to_utc(plus(begin, delay), zone), to_utc(last, zone))

    def _windows(self, events: list[Event]) -> Iterator[Interval]:
        """Where the library may ask for starts: near the window, and near some instances."""
        reach = max(event.duration for event in events)
        near: list[Interval] = []
        for event in events:
            identity = self._times.single(event.component, "RECURRENCE-ID")
            if identity is None:
                continue
            if _is_for_all_after(event):
                reach = max(reach, event.duration + abs(event.start.clock - identity.clock))
            if event.component.lines.keys() & {"RRULE", "RDATE", "EXDATE"}:
                near.append((plus(identity.clock, -_MARGIN), plus(identity.clock, _MARGIN)))
        first, last = self._window.clock
        yield plus(first, -reach), plus(last, reach)
        yield from near

    def _from_library(self, value: datetime | date) -> datetime:
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return to_utc(value.replace(tzinfo=None), value.tzinfo or self._window.zone)

    def _note_zones(self, event: Event) -> None:
        if not self._times.has_unknown_zones:
            return
        for tzid in self._times.unknown_zones(event.component):
            self._strange.setdefault(tzid, []).append(f"{event.start.clock:%Y-%m-%d %H:%M}")

    def _warn_of_zones(self) -> None:
        for tzid, times in self._strange.items():
            more = f" and {len(times) - 1} more" if len(times) > 1 else ""
            self._taken.warnings.append(
                f'{self._source}: the zone "{shown(tzid)}" is unknown; the event at {times[0]}'
                f"{more} is read as the clinic's wall clock."
            )

    def _warn_of_hours(self, event: Event) -> None:
        if event.component.is_free:
            return
        self._taken.warnings.append(
            f"{self._source}: the event at {event.start.clock:%Y-%m-%d %H:%M} repeats too often"
            " to be listed; every hour in which it may start is taken as busy."
        )


def _head(line: str) -> str:
    return line.rpartition(":")[0]


def _is_for_all_after(event: Event) -> bool:
    """Whether a changed instance stands for the later ones too (3.2.13)."""
    lines = event.component.lines.get("RECURRENCE-ID", [])
    return any(parameter(_head(line), "RANGE").upper() == "THISANDFUTURE" for line in lines)


def _sequence(component: Component) -> int:
    value = component.first("SEQUENCE")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
