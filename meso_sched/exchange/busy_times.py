"""The times of an event: its zones, dates, durations and periods (RFC 5545, 3.3 and 3.6.1)."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from meso_sched.exchange.busy_text import Component, FaultError, parameter, shown
from meso_sched.exchange.zones import find_zone

_CLOCK = re.compile(r"\d{8}(?:T\d{6}(Z?))?", re.ASCII)
_DURATION = re.compile(
    r"([+-]?)P(?=[\dT])(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?",
    re.ASCII,
)
_RULE = re.compile(r"^RRULE[^:\n]*:(.*)$", re.IGNORECASE | re.MULTILINE)
# An onset is once a year. What comes more often would be walked through from 1601 on.
_YEARLY = re.compile(
    r"(?=.*\bFREQ=YEARLY\b)(?!.*\bBY(?:SECOND|MINUTE|HOUR|SETPOS)=[^;]*,)", re.IGNORECASE
)
_DAY = timedelta(days=1)
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Moment(NamedTuple):
    """A wall clock and its zone; of a whole day its midnight in the clinic's zone."""

    clock: datetime
    zone: tzinfo
    is_day: bool

    @property
    def utc(self) -> datetime:
        """The same moment in UTC."""
        return to_utc(self.clock, self.zone)

    @property
    def value(self) -> datetime | date:
        """As the libraries want it: a date, or an aware datetime."""
        return self.clock.date() if self.is_day else self.clock.replace(tzinfo=self.zone)


@dataclass(slots=True)
class Event:
    """A VEVENT with its first occurrence, which does not end before it starts."""

    component: Component
    start: Moment
    end: Moment

    @property
    def duration(self) -> timedelta:
        """By the wall clock where both ends have the same zone, as recurring-ical-events has it."""
        if self.start.zone is self.end.zone:
            return self.end.clock - self.start.clock
        return self.end.utc - self.start.utc


def to_utc(clock: datetime, zone: tzinfo) -> datetime:
    """A wall clock of a zone in UTC, kept between the years 1 and 9999."""
    try:
        return clock.replace(tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return _LATEST if clock.year > 5000 else _EARLIEST


def plus(clock: datetime, duration: timedelta) -> datetime:
    """A wall clock so much later, kept between the years 1 and 9999."""
    try:
        return clock + duration
    except OverflowError:
        return (_EARLIEST if duration < timedelta(0) else _LATEST).replace(tzinfo=None)


def fault(component: Component, problem: str) -> FaultError:
    """An error about one component that says what to do about it."""
    kind = "free-busy entry" if component.name == "VFREEBUSY" else "event"
    advice = f"correct or remove the {kind}, or export the calendar again"
    return FaultError(component.begin, f"the {kind} {problem}; {advice}")


class Times:
    """Reads the times of one calendar.

    ``own`` holds the text of its VTIMEZONEs by TZID, ``home`` is the zone of floating times, of
    whole days and of zones that nobody knows. Every method raises FaultError for what it cannot
    read.
    """

    def __init__(self, own: dict[str, str], home: tzinfo) -> None:
        self._own = own
        self._home = home
        self._found: dict[str, tzinfo | None] = {"": None}
        self.has_unknown_zones = False

    def event(self, component: Component) -> Event:
        """The event's first occurrence, from DTSTART and DTEND or DURATION."""
        start = self.single(component, "DTSTART")
        if start is None:
            raise fault(component, "has no DTSTART")
        end = self.single(component, "DTEND")
        if end is None:
            start, end = self._with_duration(component, start)
        elif start.is_day != end.is_day:  # the day is then midnight in the zone of the other
            zone = start.zone if end.is_day else end.zone
            start, end = Moment(start.clock, zone, False), Moment(end.clock, zone, False)
        if start.is_day and end.clock == start.clock:  # a common mistake; the day is meant
            end = end._replace(clock=plus(end.clock, _DAY))
        is_swapped = end.clock < start.clock if end.zone is start.zone else end.utc < start.utc
        return Event(component, end, start) if is_swapped else Event(component, start, end)

    def single(self, component: Component, name: str) -> Moment | None:
        """The one value of a property, None if it is absent."""
        lines = component.lines.get(name)
        if not lines:
            return None
        if len(lines) > 1:
            raise fault(component, f"has {name} more than once")
        head, _, value = lines[0].rpartition(":")
        return self._moment(component, name, head, value)

    def listed(self, component: Component, name: str) -> Iterator[tuple[Moment, Moment | None]]:
        """All values of a property; the end of those that are periods."""
        for line in component.lines.get(name, ()):
            head, _, values = line.rpartition(":")
            for value in filter(None, values.strip().split(",")):
                first, slash, second = value.partition("/")
                start = self._moment(component, name, head, first)
                yield start, self._end(component, name, head, start, second) if slash else None

    def unknown_zones(self, component: Component) -> set[str]:
        """The TZIDs in a component that name no zone that could be found."""
        heads = (line.rpartition(":")[0] for lines in component.lines.values() for line in lines)
        tzids = {parameter(head, "TZID") for head in heads if ";" in head}
        return {tzid for tzid in tzids if tzid and self.zone(tzid) is None}

    def _moment(self, component: Component, name: str, head: str, value: str) -> Moment:
        """A DATE or DATE-TIME, told apart by their form."""
        value = value.strip().upper()
        match = _CLOCK.fullmatch(value)
        try:
            if not match:
                raise ValueError(value)
            if match[1] is None:
                return Moment(datetime.fromisoformat(value), self._home, True)
            second = "59" if value[13:15] == "60" else value[13:15]  # a leap second
            clock = datetime.fromisoformat(value[:13] + second)
        except ValueError:
            problem = f'has the {name} "{shown(value)}", which is no date or time'
            raise fault(component, problem) from None
        zone = self.zone(parameter(head, "TZID"))
        return Moment(clock, zone or (UTC if match[1] else self._home), False)

    def _end(self, component: Component, name: str, head: str, start: Moment, value: str) -> Moment:
        """The end of a period: a moment, or so much after its start."""
        if not value.lstrip("+-").upper().startswith("P"):
            return self._moment(component, name, head, value)
        duration = self.duration(component, name, value)
        return start._replace(clock=plus(start.clock, duration))

    def _with_duration(self, component: Component, start: Moment) -> tuple[Moment, Moment]:
        """Without DTEND: DURATION; else a date takes its day and a time takes nothing."""
        duration = _DAY if start.is_day else timedelta(0)
        if "DURATION" in component.lines:
            duration = self.duration(component, "DURATION", component.first("DURATION"))
            start = start._replace(is_day=start.is_day and not duration.seconds)
        return start, start._replace(clock=plus(start.clock, duration))

    def duration(self, component: Component, name: str, value: str) -> timedelta:
        """A DURATION, positive or negative (3.3.6)."""
        match = _DURATION.fullmatch(value.strip().upper())
        try:
            if not match:
                raise ValueError(value)
            weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
            duration = timedelta(days, seconds, 0, 0, minutes, hours, weeks)
        except (ValueError, OverflowError):
            problem = f'has the {name} "{shown(value)}", which is no duration'
            raise fault(component, problem) from None
        return -duration if match[1] == "-" else duration

    def zone(self, tzid: str) -> tzinfo | None:
        """The zone of a TZID; like icalendar, an IANA name goes before the calendar's own."""
        if tzid not in self._found:
            zone = (
                find_zone(tzid.strip("/")) or _defined(self._own.get(tzid)) or _by_other_name(tzid)
            )
            self._found[tzid] = zone
            self.has_unknown_zones |= zone is None
        return self._found[tzid]


class _DailyZone(tzinfo):
    """A zone whose offset is asked for at most once a day, unless it changes on that day.

    The zone that dateutil makes of a VTIMEZONE walks through its rules at every question.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._midnights: dict[date, timedelta | None] = {}

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        if moment is None:
            return None
        offset = self._at_midnight(moment.date())
        if moment.date() < date.max and offset == self._at_midnight(moment.date() + _DAY):
            return offset
        return self._zone.utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return self._zone.dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        return self._zone.tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        return self._zone.fromutc(moment.replace(tzinfo=self._zone)).replace(tzinfo=self)

    def _at_midnight(self, day: date) -> timedelta | None:
        if day not in self._midnights:
            midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
            self._midnights[day] = midnight.utcoffset()
        return self._midnights[day]


@functools.lru_cache(maxsize=256)
def _defined(text: str | None) -> tzinfo | None:
    """The zone that a VTIMEZONE defines, if its onsets are such as can be walked through."""
    from icalendar import Timezone
    from icalendar.timezone import TZP

    rules = _RULE.findall(text or "")
    if text is None or not all(_YEARLY.match(rule) for rule in rules):
        return None
    try:
        # A provider of its own: icalendar's would keep the zones of one file for the next.
        component = Timezone.from_ical(text)
        if not isinstance(component, Timezone):
            return None
        zone: tzinfo = component.to_tz(TZP(), lookup_tzid=False)
        datetime(2027, 1, 1, tzinfo=zone).utcoffset()
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None
    return _DailyZone(zone)


@functools.lru_cache(maxsize=1024)
def _by_other_name(tzid: str) -> tzinfo | None:
    """The zone of a Windows name, or of an IANA name behind a vendor's prefix (3.2.19)."""
    from icalendar.timezone import TZP

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the prefix is guessed
        try:
            zone = TZP().timezone(tzid)
        except (ValueError, OSError):
            return None
    return find_zone(getattr(zone, "key", "")) or zone
