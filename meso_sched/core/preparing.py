"""Whether a course leaves its patient time to prepare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from meso_sched.core.caring import late_preparation
from meso_sched.core.clinic import Busy, OpenTime
from meso_sched.core.plan import Plan
from meso_sched.core.starts import DayStarts
from meso_sched.core.walltime import minute_of, show_day, show_moment, show_time

_MOST_DAYS = 366
"""A clinic that is closed for longer has no first day to name."""


def late_start(plan: Plan, open_time: OpenTime, now: datetime) -> Iterator[str]:
    """That the course begins before its preparation could, and when it could; ``now`` is aware."""
    first = plan.booked[0]
    if first.start < now:
        return
    late = late_preparation(plan.course.regimen.care, first.slot, now.astimezone(plan.clinic.zone))
    if late is None:
        return
    begins = show_day(late.moment.day)
    if not late.moment.whole_day:
        begins = show_moment(late.moment.start)
    what = "; ".join(" ".join(str(each.what).split()) for each in late.moment.statements)
    start, told = _first_start(late.enough, DayStarts(open_time, Busy(), plan.course.length))
    yield (
        f"session 1 ({show_day(first.day)}) comes before its preparation could: from {begins}"
        f" ({late.moment.lasting} before): {what}; the first start that allows it is {told}"
        f" (--start {start})"
    )


def _first_start(enough: datetime, starts: DayStarts) -> tuple[str, str]:
    """The first open start from a local moment on, as the option takes it and as a person says it.

    Of a day that has room from its opening on, the day alone.
    """
    for after in range(_MOST_DAYS):
        day = enough.date() + timedelta(days=after)
        minutes = sorted(start.minute for start in starts.on_grid(day))
        late = [minute for minute in minutes if after or minute >= _ceiling(enough)]
        if late and late[0] > minutes[0]:
            return f"{day}T{show_time(late[0])}", f"{show_day(day)} at {show_time(late[0])}"
        if late:
            return str(day), show_day(day)
    return str(enough.date()), show_day(enough.date())


def _ceiling(moment: datetime) -> int:
    """The minute of the day, a begun one counted whole."""
    return minute_of(moment) + bool(moment.second or moment.microsecond)
