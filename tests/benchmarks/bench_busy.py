"""How much cheaper busy time is than handing the whole calendar to recurring-ical-events.

Run as ``python tests/benchmarks/bench_busy.py``. Both are measured in CPU seconds in one process,
after a warm-up that loads the libraries; both must give the same intervals.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from busy_calendars import library_intervals, office_calendar  # the path comes first

from meso_sched.exchange.busy import BusyRequest, read_busy
from meso_sched.exchange.zones import load_zone

_EVENTS = 10_000
_FIRST, _LAST = date(2026, 1, 1), date(2026, 12, 31)


def measure() -> tuple[str, float, float]:
    """What was measured, our CPU seconds and those of the whole-file way.

    Raises AssertionError if the two do not give the same intervals.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "office.ics")
        _ours(file, office_calendar(50, seed=2))
        library_intervals(office_calendar(50, seed=2), load_zone("Europe/Istanbul"), _FIRST, _LAST)
        text = office_calendar(_EVENTS)
        ours, our_seconds = _ours(file, text)
    begun = process_time()
    theirs = library_intervals(text, load_zone("Europe/Istanbul"), _FIRST, _LAST)
    their_seconds = process_time() - begun
    assert ours == theirs
    return f"busy time of one year, {_EVENTS} events", our_seconds, their_seconds


def _ours(file: Path, text: str) -> tuple[list[tuple[object, object]], float]:
    file.write_text(text, encoding="utf-8", newline="")
    request = BusyRequest((str(file),), load_zone("Europe/Istanbul"), _FIRST, _LAST)
    begun = process_time()
    intervals = read_busy(request).intervals
    return list(intervals), process_time() - begun


if __name__ == "__main__":
    name, ours, theirs = measure()
    print(f"{name}: {ours:.2f} s, whole file {theirs:.2f} s, ratio {theirs / ours:.1f}")
