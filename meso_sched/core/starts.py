"""The best start of a day: on the slot grid, inside open time, free, nearest to the wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from meso_sched.core.clinic import FreeTime, OpenTime
from meso_sched.core.walltime import DAY_MINUTES, Span

DAY_SECONDS = DAY_MINUTES * 60


class Start(NamedTuple):
    """A start on the grid: minutes from the preferred time, minute of day, end of its window."""

    distance: int
    minute: int
    closes: int


class DayStarts:
    """Finds the best start of a day for sessions of one length (minutes); remembers what it found.

    A day is its proleptic ordinal (``date.toordinal``), which is what the placing counts in.
    """

    def __init__(self, open_time: OpenTime, busy: FreeTime, length: int) -> None:
        self.open_time = open_time
        self.busy = busy
        self.length = length
        self._by_spans: dict[tuple[Span, ...], tuple[Start, ...]] = {}
        self._best: dict[tuple[int, int], Start | None] = {}

    def best(self, ordinal: int, not_before: int = 0) -> Start | None:
        """The best start on a day, at ``not_before`` (minute of day) or later; None if none."""
        key = (ordinal, not_before)
        if key not in self._best:
            self._best[key] = next(self.free(ordinal, not_before), None)
        return self._best[key]

    def on_grid(self, day: date) -> tuple[Start, ...]:
        """All starts that fit the open time of a day, busy or not, nearest to the wish first."""
        spans = self.open_time.spans(day)
        if spans not in self._by_spans:
            self._by_spans[spans] = tuple(sorted(self._grid(spans)))
        return self._by_spans[spans]

    def fits(self, spans: Iterable[Span]) -> bool:
        """Whether open spans have a start at all, busy or not."""
        return any(True for _ in self._grid(spans))

    def free(self, ordinal: int, not_before: int = 0) -> Iterator[Start]:
        """The free starts of a day, at ``not_before`` (minute of day) or later, the best first."""
        day = date.fromordinal(ordinal)
        starts = self.on_grid(day)
        if not starts:
            return
        zone = self.open_time.clinic.zone
        midnight = _midnight(ordinal, zone)
        regular = _midnight(ordinal + 1, zone) - midnight == DAY_SECONDS
        for start in starts:
            if start.minute < not_before:
                continue
            if regular:
                begins = midnight + start.minute * 60
            elif self._exists(day, start):
                begins = _epoch(day, start.minute, zone)
            else:
                continue
            if self.busy.is_free(begins, begins + self.length * 60):
                yield start

    def _exists(self, day: date, start: Start) -> bool:
        """On a day whose clocks change: the start is not skipped, the true end not past closing."""
        zone = self.open_time.clinic.zone
        begins = _epoch(day, start.minute, zone)
        if not clock_shows(day, start.minute, zone):
            return False
        # The last second counts: what ends as the clocks jump ends at closing.
        last = begins + self.length * 60 - 1
        return _wall(last, zone) < _naive(day, start.closes)

    def _grid(self, spans: Iterable[Span]) -> Iterable[Start]:
        limits, slot = self.open_time.limits, self.open_time.clinic.slot
        whole_day = (Span(0, DAY_MINUTES),)
        for span in spans:
            for minute in range(span.start, span.end - self.length + 1, slot):
                for window in limits.between or whole_day:
                    closes = min(span.end, window.end)
                    if window.start <= minute and minute + self.length <= closes:
                        yield Start(self._distance(minute), minute, closes)

    def _distance(self, minute: int) -> int:
        preferred = self.open_time.limits.preferred
        return 0 if preferred is None else abs(minute - preferred)


def local_start(day: date, minute: int, zone: tzinfo) -> datetime:
    """The aware moment of a minute of a local day; of a repeated one the first."""
    return _naive(day, minute).replace(tzinfo=zone)


def clock_shows(day: date, minute: int, zone: tzinfo) -> bool:
    """Whether the wall clock of a zone shows a minute of a day at all."""
    return _wall(_epoch(day, minute, zone), zone) == _naive(day, minute)


def local_end(start: datetime, length: int) -> datetime:
    """``length`` true minutes after an aware start, in the same zone."""
    return (start.astimezone(UTC) + timedelta(minutes=length)).astimezone(start.tzinfo)


def local_minute(now: datetime, zone: tzinfo) -> datetime:
    """The next full minute of a zone's clock at an aware moment; naive."""
    here = now.astimezone(zone).replace(tzinfo=None, fold=0)
    whole = here.replace(second=0, microsecond=0)
    return whole if whole == here else whole + timedelta(minutes=1)


def _naive(day: date, minute: int) -> datetime:
    return datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)


def _midnight(ordinal: int, zone: tzinfo) -> int:
    return int(datetime.fromordinal(ordinal).replace(tzinfo=zone).timestamp())


def _epoch(day: date, minute: int, zone: tzinfo) -> int:
    return int(local_start(day, minute, zone).timestamp())


def _wall(epoch: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(epoch, zone).replace(tzinfo=None, fold=0)
