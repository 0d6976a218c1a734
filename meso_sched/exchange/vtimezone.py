"""A time zone as iCalendar's VTIMEZONE (RFC 5545, 3.6.5), right for every moment of a file."""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from ics.grammar.parse import Container, ContentLine
from ics.utils import escape_string

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
    if first.utcoffset() is None or last.utcoffset() is None or last < first:
        raise ValueError(f"not a span of two aware moments: {first} to {last}")
    earliest = first.astimezone(UTC) - _MARGIN
    latest = last.astimezone(UTC) + _MARGIN
    start = datetime(earliest.year - 1, 1, 1, tzinfo=UTC)
    end = datetime(latest.year + _YEARS_OF_EVIDENCE, 1, 1, tzinfo=UTC)
    changes = list(_transitions(zone, start, end))
    observances = _yearly_observances(changes, range(start.year, end.year))
    if not observances:
        observances = _single_observances([_opening(zone, start), *changes], earliest, latest)
    return Container("VTIMEZONE", _line("TZID", tzid), *observances)


def _yearly_observances(changes: Sequence[Transition], years: range) -> list[Container]:
    """Two observances whose RRULEs give just these changes; none if no two rules do."""
    series: dict[object, list[Transition]] = {}
    for change in changes:
        series.setdefault(change.kind, []).append(change)
    rules = [_rule([change.onset for change in members], years) for members in series.values()]
    if len(rules) != 2 or None in rules:
        return []
    firsts = [members[0] for members in series.values()]
    return [_observance(change, rule) for change, rule in zip(firsts, rules, strict=True)]


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
) -> list[Container]:
    """One observance for each change, from the one that holds at ``earliest`` on."""
    passed = sum(change.moment <= earliest for change in changes)
    needed = [change for change in changes[passed - 1 :] if change.moment <= latest]
    if len(needed) == 1:  # some readers ask for a STANDARD
        return [_observance(needed[0], kind="STANDARD")]
    return [_observance(change) for change in needed]


def _observance(change: Transition, rule: str | None = None, kind: str | None = None) -> Container:
    lines = [
        _line("DTSTART", f"{change.onset:%Y%m%dT%H%M%S}"),
        _line("TZOFFSETFROM", _offset(change.before)),
        _line("TZOFFSETTO", _offset(change.after)),
    ]
    if change.name is not None:
        lines.append(_line("TZNAME", escape_string(change.name)))
    if rule is not None:
        lines.append(_line("RRULE", rule))
    return Container(kind or ("DAYLIGHT" if change.daylight else "STANDARD"), *lines)


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
