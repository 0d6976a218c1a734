"""A time zone as iCalendar's VTIMEZONE (RFC 5545, 3.6.5), right for every moment of a file."""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from ics.grammar.parse import Container, ContentLine
from ics.utils import escape_string

from meso_sched.exchange.same import Same

# The shortest time that a zone of tzdata keeps one offset, from 1970 on, is a little under 7 days.
_PROBE_STEP = timedelta(days=5)
# Within 12 years each date that "the second Sunday" can fall on comes up (2100 aside), so that no
# other rule fits the same dates.
_YEARS_OF_EVIDENCE = 12
# A wall time that is repeated belongs to the time before the change, and that may last a day.
_MARGIN = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_State = tuple[timedelta, bool, str | None]


@dataclass(frozen=True, slots=True)
class Transition:
    """A moment in UTC at which a zone changes its offset, its name or to or from daylight time.

    ``before`` and ``after`` are offsets from UTC; ``daylight`` and ``name`` are what follows.
    """

    moment: datetime
    before: timedelta
    after: timedelta
    daylight: bool
    name: str | None

    @property
    def onset(self) -> datetime:
        """The wall time at which it comes, naive and in the old offset, as DTSTART wants it."""
        return (self.moment + self.before).replace(tzinfo=None)

    @property
    def kind(self) -> tuple[timedelta, timedelta, bool, str | None, int, int, time]:
        """What all transitions of one yearly rule have in common."""
        onset = self.onset
        clock = (onset.month, onset.weekday(), onset.time())
        return (self.before, self.after, self.daylight, self.name, *clock)


class Observed(NamedTuple):
    """A change as a VTIMEZONE tells it, once or by a yearly RRULE; ``kind`` names the component."""

    change: Transition
    kind: str
    rule: str | None = None


def vtimezone(zone: tzinfo, tzid: str, first: datetime, last: datetime) -> Container:
    """The VTIMEZONE of a zone for a file whose moments lie from ``first`` to ``last``, inclusive.

    Where the zone changes by the same two rules every year, it has two observances with an
    open-ended RRULE; else one for what holds at the start and one for each change in the span.
    RDATE is never used. A time that the zone repeats is the first of the two (RFC 5545, 3.3.5).

    Args:
        zone: any tzinfo.
        tzid: what the file's TZID parameters say.
        first: aware; no DTSTART in the file is earlier.
        last: aware; no DTEND in the file is later.

    Raises:
        ValueError: ``first`` or ``last`` is naive, or ``last`` comes before ``first``.
    """
    return vtimezone_of(tzid, observed(zone, first, last))


def observed(zone: tzinfo, first: datetime, last: datetime) -> tuple[Observed, ...]:
    """What such a VTIMEZONE has to tell; many spans of a zone have the same."""
    if first.utcoffset() is None or last.utcoffset() is None or last < first:
        raise ValueError(f"not a span of two aware moments: {first} to {last}")
    earliest = first.astimezone(UTC) - _MARGIN
    latest = last.astimezone(UTC) + _MARGIN
    years = range(earliest.year - 1, latest.year + _YEARS_OF_EVIDENCE)
    changes, rules = _laid_out(Same(zone), years)
    return rules or _single_observances(changes, earliest, latest)


def vtimezone_of(tzid: str, observances: Iterable[Observed]) -> Container:
    """The VTIMEZONE that tells those."""
    return Container("VTIMEZONE", _line("TZID", tzid), *map(_observance, observances))


class _LaidOut(NamedTuple):
    """What holds as some years begin, and the changes in them; two rules that tell all, if any."""

    changes: tuple[Transition, ...]
    rules: tuple[Observed, ...]


@lru_cache(maxsize=64)  # the files of a clinic lie in the same few years
def _laid_out(zone: Same[tzinfo], years: range) -> _LaidOut:
    begin, end = _new_year(years.start), _new_year(years.stop)
    changes = tuple(_transitions(zone.it, begin, end))
    return _LaidOut((_opening(zone.it, begin), *changes), _yearly_rules(changes, years))


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _yearly_rules(changes: Sequence[Transition], years: range) -> tuple[Observed, ...]:
    series: dict[object, list[Transition]] = {}
    for change in changes:
        series.setdefault(change.kind, []).append(change)
    rules = [
        Observed(members[0], _kind(members[0]), rule)
        for members in series.values()
        if (rule := _rule([change.onset for change in members], years)) is not None
    ]
    return tuple(rules) if len(rules) == len(series) == 2 else ()


def _rule(onsets: Sequence[datetime], years: range) -> str | None:
    """The RRULE of onsets of one month and weekday, if there is one a year in the same seven days.

    A weekday comes once in any seven days, so that the rule gives these onsets and no others.
    """
    days = [onset.day for onset in onsets]
    lowest, highest = min(days), max(days)
    if [onset.year for onset in onsets] != list(years) or highest - lowest != 6:
        return None
    month, weekday = onsets[0].month, _WEEKDAYS[onsets[0].weekday()]
    if highest % 7 == 0:  # first, since a fourth Sunday in February is not always its last
        day = f"BYDAY={highest // 7}{weekday}"
    elif highest == monthrange(onsets[0].year, month)[1]:
        day = f"BYDAY=-1{weekday}"
    else:
        day = f"BYMONTHDAY={','.join(map(str, range(lowest, highest + 1)))};BYDAY={weekday}"
    return f"FREQ=YEARLY;BYMONTH={month};{day}"


def _single_observances(
    changes: Sequence[Transition], earliest: datetime, latest: datetime
) -> tuple[Observed, ...]:
    """One observance for each change, from the one that holds at ``earliest`` on."""
    passed = sum(change.moment <= earliest for change in changes)
    needed = [change for change in changes[passed - 1 :] if change.moment <= latest]
    if len(needed) == 1:  # some readers ask for a STANDARD
        return (Observed(needed[0], "STANDARD"),)
    return tuple(Observed(change, _kind(change)) for change in needed)


def _kind(change: Transition) -> str:
    return "DAYLIGHT" if change.daylight else "STANDARD"


def _observance(told: Observed) -> Container:
    change = told.change
    lines = [
        _line("DTSTART", f"{change.onset:%Y%m%dT%H%M%S}"),
        _line("TZOFFSETFROM", _offset(change.before)),
        _line("TZOFFSETTO", _offset(change.after)),
    ]
    if change.name is not None:
        lines.append(_line("TZNAME", escape_string(change.name)))
    if told.rule is not None:
        lines.append(_line("RRULE", told.rule))
    return Container(told.kind, *lines)


def _line(name: str, value: str) -> ContentLine:
    return ContentLine(name, {}, value)  # the default of params is one dict for all lines


def _offset(offset: timedelta) -> str:
    """``+HHMM`` or ``-HHMM``, with the seconds where there are any (RFC 5545, 3.3.14)."""
    sign = "-" if offset < timedelta() else "+"
    minutes, seconds = divmod(round(abs(offset).total_seconds()), 60)
    text = f"{sign}{minutes // 60:02}{minutes % 60:02}"
    return f"{text}{seconds:02}" if seconds else text


def _opening(zone: tzinfo, moment: datetime) -> Transition:
    """A change from what holds at a moment to the same."""
    offset, daylight, name = _state(zone, moment.replace(tzinfo=zone))
    return Transition(moment, offset, offset, daylight, name)


def _transitions(zone: tzinfo, start: datetime, end: datetime) -> Iterator[Transition]:
    """The changes of a zone after ``start`` and up to ``end``, both in UTC."""
    # tzinfo.fromutc takes a UTC time labelled with the zone itself: all times in here are such
    here, stop = start.replace(tzinfo=zone), end.replace(tzinfo=zone)
    state = _state(zone, here)
    while here < stop:
        there = min(here + _PROBE_STEP, stop)
        if _state(zone, there) != state:
            there = _first_change(zone, here, there)
            offset, daylight, name = _state(zone, there)
            yield Transition(there.replace(tzinfo=UTC), state[0], offset, daylight, name)
            state = (offset, daylight, name)
        here = there


def _first_change(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The first second after ``low`` that is in another state; ``high`` is in one."""
    state = _state(zone, low)
    seconds = range(1, int((high - low).total_seconds()) + 1)
    changed = bisect_left(
        seconds, True, key=lambda second: _state(zone, low + timedelta(seconds=second)) != state
    )
    return low + timedelta(seconds=seconds[changed])


def _state(zone: tzinfo, moment: datetime) -> _State:
    """Offset, whether daylight, and name, at a UTC time labelled with the zone."""
    local = zone.fromutc(moment)
    return local.utcoffset() or timedelta(), bool(local.dst()), local.tzname()
