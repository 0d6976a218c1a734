"""When what a patient does before and after a session begins and ends.

Days, weeks and months are those of the calendar: "2 weeks before" is the same weekday, whatever
the clocks do in between. Hours and minutes are elapsed time, as in RFC 5545, 3.3.6. Of a range the
longer end counts ("4-5 days before": from the fifth day before), so that nothing begins too late
or ends too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import chain, groupby
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from meso_sched.core.booked import Slot
from meso_sched.core.regimen import Care, Lasting, Statement

_ELAPSED = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_CALENDAR: Mapping[str, timedelta | relativedelta] = {
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": relativedelta(months=1),
}


class Side(Enum):
    """Which list of the care a statement stands in; the value is its key in schedules files."""

    BEFORE = "before"
    AFTER = "after"
    EXPECT = "expect"


class CareMoment(NamedTuple):
    """The statements of one side that share a figure, and the stretch in which they hold.

    ``start`` and ``end`` are aware: from the moment at which it begins up to the session, or from
    the session's end up to the moment at which it is over. ``whole_day``: it begins with a local
    day, and ``start`` is that midnight. ``lasting`` is None, and the stretch without meaning,
    where the source gives no figure.
    """

    side: Side
    lasting: Lasting | None
    statements: tuple[Statement, ...]
    start: datetime
    end: datetime
    whole_day: bool = False

    @property
    def key(self) -> str:
        """What names it among those of its session, in every language: ``"before 2 weeks"``."""
        return f"{self.side.value} {self.lasting or 'undated'}"

    @property
    def day(self) -> date:
        """The local day on which it begins."""
        return self.start.date()


class Figure(NamedTuple):
    """The statements of one side that share a figure; ``lasting`` is None for those without."""

    side: Side
    lasting: Lasting | None
    statements: tuple[Statement, ...]


def figures(care: Care, sides: Iterable[Side] = Side) -> tuple[Figure, ...]:
    """What care says, side by side; what has no figure comes last on its side."""
    found: list[Figure] = []
    for side in sides:
        by_figure: dict[Lasting | None, list[Statement]] = {}
        for each in getattr(care, side.value):
            by_figure.setdefault(each.lasting, []).append(each)
        undated = by_figure.pop(None, [])
        by_figure |= {None: undated} if undated else {}
        found += [Figure(side, lasting, tuple(each)) for lasting, each in by_figure.items()]
    return tuple(found)


def moments(care: Care, slot: Slot, sides: Iterable[Side] = Side) -> tuple[CareMoment, ...]:
    """What is to be kept around a session, side by side, the earliest moment of each first.

    What has no figure comes last on its side.
    """
    return moments_of(figures(care, sides), slot)


def moments_of(known: Iterable[Figure], slot: Slot) -> tuple[CareMoment, ...]:
    """As ``moments``, of care whose figures are known already."""
    found = [moment_of(figure, slot) for figure in known]
    sides = groupby(found, key=lambda each: each.side)
    return tuple(chain.from_iterable(sorted(side, key=in_time) for _, side in sides))


def in_time(moment: CareMoment) -> tuple[bool, datetime]:
    """Orders the moments of one side; what has no figure comes last."""
    is_before = moment.side is Side.BEFORE
    return moment.lasting is None, moment.start if is_before else moment.end.astimezone(UTC)


def moment_of(figure: Figure, slot: Slot) -> CareMoment:
    """The stretch around a session in which a figure's statements hold."""
    side, lasting, statements = figure
    if lasting is None:
        return CareMoment(side, None, statements, slot.start, slot.end)
    if side is not Side.BEFORE:
        return CareMoment(side, lasting, statements, slot.end, until(slot.end, lasting))
    whole_day = lasting.unit in _CALENDAR
    return CareMoment(side, lasting, statements, since(slot.start, lasting), slot.start, whole_day)


def since(start: datetime, lasting: Lasting) -> datetime:
    """When what comes so long before an aware moment begins; of whole days at midnight."""
    if lasting.unit in _ELAPSED:
        return _elapsed(start, -_ELAPSED[lasting.unit] * lasting.most)
    day = start.date() - _CALENDAR[lasting.unit] * lasting.most
    midnight = datetime.combine(day, datetime.min.time(), start.tzinfo)
    return midnight.astimezone(UTC).astimezone(start.tzinfo)


def until(end: datetime, lasting: Lasting) -> datetime:
    """When what lasts so long after an aware moment is over.

    A wall time that the zone skips is taken by the offset before (RFC 5545, 3.3.5), so that it is
    as much later as the clock was put on; of one that it repeats it is the first.
    """
    if lasting.unit in _ELAPSED:
        return _elapsed(end, _ELAPSED[lasting.unit] * lasting.most)
    later: datetime = end.replace(fold=0) + _CALENDAR[lasting.unit] * lasting.most
    return later.astimezone(UTC).astimezone(end.tzinfo)


def _elapsed(moment: datetime, time: timedelta) -> datetime:
    return (moment.astimezone(UTC) + time).astimezone(moment.tzinfo)


class LatePreparation(NamedTuple):
    """A preparation that would have begun before now.

    ``enough`` is the first local moment (naive) at which a session leaves time for all of them.
    """

    moment: CareMoment
    enough: datetime


def late_preparation(care: Care, slot: Slot, now: datetime) -> LatePreparation | None:
    """The preparation of a session that is furthest in the past; None where none is.

    One that begins today is in time. ``now`` is aware, in the clinic's zone.
    """
    late = [each for each in moments(care, slot, [Side.BEFORE]) if _is_late(each, now)]
    if not late:
        return None
    enough = max(_first(each.lasting, now) for each in late if each.lasting is not None)
    return LatePreparation(late[0], enough)


def _is_late(moment: CareMoment, now: datetime) -> bool:
    if moment.lasting is None:
        return False
    return moment.day < now.date() if moment.whole_day else moment.start < now


def _first(lasting: Lasting, now: datetime) -> datetime:
    """The first local moment whose preparation of that length can still begin now, or today."""
    if lasting.unit in _ELAPSED:
        later = _elapsed(now, _ELAPSED[lasting.unit] * lasting.most)
        return later.replace(tzinfo=None, fold=0)
    day: date = now.date() + _CALENDAR[lasting.unit] * lasting.most
    # A month before the 1st of March may be the 1st of February: forwards may fall short.
    while day - _CALENDAR[lasting.unit] * lasting.most < now.date():
        day += timedelta(days=1)
    return datetime.combine(day, datetime.min.time())


def dated(every: Iterable[CareMoment]) -> Iterator[CareMoment]:
    """Those that have a moment."""
    return (each for each in every if each.lasting is not None)
