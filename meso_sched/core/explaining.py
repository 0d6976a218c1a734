"""Why a session is not on its ideal date or at its preferred time, in words for the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from meso_sched.core.course import IdealSession
from meso_sched.core.starts import DayStarts, Start, clock_shows
from meso_sched.core.walltime import WEEKLY, plural, show_day, show_days, show_time

SHOWN_RUNS = 4
"""A reason names so many stretches of days; the rest is counted."""

NEAR_DAYS = 7
"""A shift of up to so many days also says what stood on the other side of the ideal."""


class Booking(NamedTuple):
    """A session as booked, with its neighbours: what an explanation needs to know.

    ``earliest`` and ``latest`` are its limits after ``before``, the number of the session booked
    before it; ``after`` is the next session with its day. It does not begin before
    ``start_minute`` of ``start_day``.
    """

    session: IdealSession
    day: date
    start: Start
    start_day: date
    start_minute: int
    earliest: date
    latest: date | None
    before: int | None
    after: tuple[IdealSession, date] | None


def why(starts: DayStarts, booking: Booking) -> tuple[str, ...]:
    """The reasons for a shifted date and for a time other than the preferred; none for neither."""
    reasons = []
    if booking.day != booking.session.ideal:
        reasons.append(_why_date(starts, booking))
    if booking.start.distance:
        reasons.append(_why_time(starts, booking))
    return tuple(reasons)


def obstacles(
    starts: DayStarts,
    days: Iterable[date],
    known: Callable[[date], str | None],
    most: int | None = None,
) -> str:
    """What keeps each of these days from being used; days with one reason in common as one.

    ``known`` gives a reason of the caller's own for a day; days without any reason are left out.
    Stretches past ``most`` are only counted.
    """
    runs: list[_Run] = []
    for day in days:
        own = known(day)
        reasons = (own,) if own else unusable(starts, day)
        if reasons:
            _add(runs, day, reasons)
    told = [run.told for run in runs[:most]]
    if most is not None and len(runs) > most:
        more = len(runs) - most
        told.append(f"and {more} more {'stretch' if more == 1 else 'stretches'}")
    return ", ".join(told)


@dataclass(slots=True)
class _Run:
    """Days in a row that share reasons; ``closed`` are the weekly closings in between."""

    first: date
    last: date
    reasons: tuple[str, ...]
    closed: tuple[str, ...] = ()

    @property
    def is_weekly(self) -> bool:
        """Whether the clinic is merely closed on these weekdays."""
        return self.reasons[0].startswith(WEEKLY)

    def common(self, day: date, reasons: tuple[str, ...]) -> tuple[str, ...]:
        """The reasons that the day after the last one shares."""
        if day != self.last + timedelta(days=1):
            return ()
        return tuple(reason for reason in self.reasons if reason in reasons)

    @property
    def told(self) -> str:
        days, reason = show_days(self.first, self.last), self.reasons[0]
        if self.is_weekly:
            return f"{days}: {_weekly(self.reasons)}"
        closed = f" ({_weekly(self.closed)})" if self.closed else ""
        if self.first == self.last and reason.startswith("is "):
            return f"{days} {reason}{closed}"
        return f"{days}: {reason.removeprefix('is ')}{closed}"


def _weekly(reasons: tuple[str, ...]) -> str:
    """``closed on Saturdays and Sundays``, of those of the reasons that are weekly closings."""
    weekdays = [each.removeprefix(WEEKLY) for each in reasons if each.startswith(WEEKLY)]
    return WEEKLY + " and".join(weekdays)


def _add(runs: list[_Run], day: date, reasons: tuple[str, ...]) -> None:
    """Let the last run go on, also over weekly closings in its midst, or begin another."""
    last = runs[-1] if runs else None
    if last is None:
        runs.append(_Run(day, day, reasons))
    elif common := last.common(day, reasons):
        last.last, last.reasons = day, common
    elif last.is_weekly and reasons[0].startswith(WEEKLY) and last.common(day, last.reasons):
        last.last, last.reasons = day, (*last.reasons, reasons[0])
    elif resumed := _resumed(runs, day, reasons):
        runs[-2:] = [resumed]
    else:
        runs.append(_Run(day, day, reasons))


def _resumed(runs: list[_Run], day: date, reasons: tuple[str, ...]) -> _Run | None:
    """The run before a weekly closing that goes on behind it, with the closing in its midst."""
    if len(runs) < 2 or not runs[-1].is_weekly:
        return None
    earlier, closing = runs[-2:]
    adjacent = earlier.common(closing.first, earlier.reasons) and closing.common(
        day, closing.reasons
    )
    common = tuple(reason for reason in earlier.reasons if reason in reasons)
    if not (adjacent and common):
        return None
    closed = tuple(dict.fromkeys((*earlier.closed, *closing.reasons)))
    return _Run(earlier.first, day, common, closed)


def unusable(starts: DayStarts, day: date) -> tuple[str, ...]:
    """Why no session fits on a day; empty where one does."""
    whole_day = starts.open_time.obstacles(day)
    if whole_day:
        return whole_day
    if not starts.on_grid(day):
        shortened = starts.open_time.shortened(day)
        if shortened and starts.fits(starts.open_time.clinic.hours[day.weekday()]):
            return (shortened,)
        between = starts.open_time.limits.between
        hours = " within " + ", ".join(map(str, between)) if between else ""
        return (f"no opening of {plural(starts.length, 'minute')}{hours}",)
    if starts.best(day.toordinal()) is None:
        return ("no free time left",)
    return ()


def _why_date(starts: DayStarts, booking: Booking) -> str:
    ideal, shift = booking.session.ideal, (booking.day - booking.session.ideal).days
    ahead = timedelta(days=1 if shift > 0 else -1)
    toward = [ideal + ahead * n for n in range(abs(shift))]
    allowed = [day for day in toward if _limit(booking, day) is None]
    beyond = [ideal - ahead * n for n in range(1, abs(shift)) if abs(shift) <= NEAR_DAYS]
    asked = {ideal, *allowed, *(day for day in beyond if _limit(booking, day) is None)}
    reasons = []
    if len(allowed) < len(toward):
        limits = (_limit(booking, day) for day in reversed(toward))
        reasons.append(next(limit for limit in limits if limit))
    blocked = obstacles(
        starts, sorted(asked), lambda day: _too_late(starts, booking, day), SHOWN_RUNS
    )
    if blocked:
        reasons.append(blocked)
    usable = [
        day for day in allowed if not (_too_late(starts, booking, day) or unusable(starts, day))
    ]
    if usable:
        reasons.append(_why_left_free(booking, usable[0]))
    return f"{', '.join(reasons)}; {shift:+} {'day' if abs(shift) == 1 else 'days'}"


def _limit(booking: Booking, day: date) -> str | None:
    """The limit that a day breaks: the start, or the least or most after the session before."""
    if day < booking.start_day:
        return f"not before {show_day(booking.start_day)}"
    if booking.before is not None and day < booking.earliest:
        return f"{show_day(booking.earliest)} is the earliest after session {booking.before}"
    if booking.latest is not None and booking.latest < day <= booking.session.ideal:
        return f"{show_day(booking.latest)} is the latest after session {booking.before}"
    return None


def _too_late(starts: DayStarts, booking: Booking, day: date) -> str | None:
    """Whether the start's own day has room, but only before the time of the start."""
    if day != booking.start_day or starts.best(day.toordinal(), booking.start_minute) is not None:
        return None
    if starts.best(day.toordinal()) is None:
        return None
    return f"nothing free from {show_time(booking.start_minute)} on"


def _why_left_free(booking: Booking, day: date) -> str:
    """Why a day that the clinic and the session before allow is not the one booked."""
    if booking.after is not None:
        following, booked = booking.after
        session = f"session {following.number} on {show_day(booked)}"
        if following.earliest(day) > booked:
            return f"{show_day(day)} would be too close to {session}"
        if (following.latest(day) or booked) < booked:
            return f"{show_day(day)} would be too long before {session}"
    return "so the other sessions stay nearer to their dates"


def _why_time(starts: DayStarts, booking: Booking) -> str:
    preferred = starts.open_time.limits.preferred
    assert preferred is not None, "without a wish no start is away from it"
    return (
        f"{show_time(preferred)}: {_why_not_then(starts, booking, preferred)};"
        f" {show_time(booking.start.minute)} instead"
    )


def _why_not_then(starts: DayStarts, booking: Booking, preferred: int) -> str:
    open_time, day = starts.open_time, booking.day
    if day == booking.start_day and preferred < booking.start_minute:
        return f"not before {show_time(booking.start_minute)}"
    if not clock_shows(day, preferred, open_time.clinic.zone):
        return "the clocks change and skip it"
    if any(start.distance == 0 for start in starts.on_grid(day)):
        return "taken"
    ends = preferred + starts.length
    if not any(span.start <= preferred and ends <= span.end for span in open_time.spans(day)):
        length = plural(starts.length, "minute")
        return open_time.shortened(day) or f"the clinic is not open for {length} from then"
    between = open_time.limits.between
    if between and not any(span.start <= preferred and ends <= span.end for span in between):
        return f"outside {', '.join(map(str, between))}"
    return f"not on the grid of {plural(open_time.clinic.slot, 'minute')}"
