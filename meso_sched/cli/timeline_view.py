"""One patient's courses as timelines: what was, where today is, and what comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from heapq import merge
from typing import NamedTuple

from meso_sched.cli.agenda_view import when
from meso_sched.cli.layout import Column, Line, Span, table_rows, visible, wrapped
from meso_sched.cli.phase_view import (
    AXIS_WIDTH,
    BY_WEIGHT,
    MARKS,
    MISSED,
    OPEN,
    REVIEW,
    STYLES,
    UNMARKED,
    WORDS,
    month_name,
    packed,
    spread,
)
from meso_sched.cli.revision_view import adherence_text
from meso_sched.core.agenda import Agenda, Standing
from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import minute_of, plural, show_day, show_time

_COLUMNS = (
    *(Column(""), Column("#", right=True), Column("Date"), Column("Time")),
    *(Column("Gap", right=True), Column("Ideal"), Column("What", wraps=True)),
)


class _Event(NamedTuple):
    """An appointment where it is booked or was missed; ``slot`` in the zone that is shown.

    ``label`` is its number, ``what`` what is to be said of it, ``gap`` the days since the session
    before, and ``heading`` the phase that begins with it. ``is_ahead``: it is still to come.
    """

    label: str
    slot: Slot
    mark: str
    ideal: date
    what: tuple[str, ...]
    is_ahead: bool = False
    gap: str = ""
    heading: str = ""
    is_late: bool = False


def timeline_lines(agenda: Agenda, now: datetime, width: int) -> Iterator[Line]:
    """Every course of an agenda, one below the other, in the zone of ``now``."""
    for position, standing in enumerate(agenda.courses):
        if position:
            yield ()
        late = {
            each.appointment.number: each.days
            for each in agenda.overdue
            if each.appointment.kept is standing.kept
        }
        yield from _course(standing, late, now, width)


def _course(
    standing: Standing, late: Mapping[int, int], now: datetime, width: int
) -> Iterator[Line]:
    course = standing.kept.plan.course
    who = "" if course.patient is None else f"{visible(course.patient)}: "
    title = Span(f"{who}{visible(str(course.regimen.title))},", "bold")
    facts = f"course {course.number}, {plural(len(standing.kept.plan.booked), 'session')}"
    yield from wrapped((title, Span(facts)), width)
    events = list(_events(standing, late, now))
    yield from _axis(events, now.date(), min(width, AXIS_WIDTH))
    yield ()
    yield from _rows(events, now, width)
    yield ()
    told = adherence_text(standing.adherence, len(standing.kept.plan.booked))
    yield from wrapped((Span(told),), width)
    yield from wrapped((Span(_next(standing, now.date())),), width)


def _next(standing: Standing, today: date) -> str:
    following = standing.next
    if following is None:
        return "No appointment is to come."
    days = (following.day - today).days
    ahead = "today" if days == 0 else f"in {plural(days, 'day')}"
    return f"Next: {following.kind.value} {following.number} on {when(following)} ({ahead})."


# ---- What there is to show -----------------------------------------------------------------------


def _events(standing: Standing, late: Mapping[int, int], now: datetime) -> Iterator[_Event]:
    """Every slot that a session has or was missed at, and every review, in time order.

    A merge leaves the sessions in the order of their numbers, also where a date was set by hand.
    """
    plan = standing.kept.plan
    reviews = sorted((_review(each, now) for each in plan.reviews), key=_begins)
    return merge(_sessions(plan.booked, late, now), reviews, key=_begins)


def _begins(event: _Event) -> float:
    return event.slot.start.timestamp()


def _sessions(
    booked: Iterable[BookedSession], late: Mapping[int, int], now: datetime
) -> Iterator[_Event]:
    phase = ""
    for session in booked:
        plan = session.plan
        anew = ", begun anew" if plan.restarts else ""
        heading = f"{visible(plan.phase)}, every {plan.interval}{anew}"
        for slot in session.missed:
            if session.status is Status.NOSHOW and slot == session.slot:
                continue  # it has no other slot since
            begins = heading if plan.phase != phase else ""
            yield _former(session, _here(slot, now), begins)
            phase = plan.phase
        begins = heading if plan.phase != phase or plan.restarts else ""
        yield _session(session, late.get(session.number, 0), now)._replace(heading=begins)
        phase = plan.phase


def _former(session: BookedSession, slot: Slot, heading: str) -> _Event:
    what = (WORDS[MISSED],)
    return _Event(str(session.number), slot, MISSED, session.plan.ideal, what, heading=heading)


def _session(session: BookedSession, late: int, now: datetime) -> _Event:
    mark = MARKS.get(session.status, UNMARKED if _is_over(session.slot, now) else OPEN)
    told = () if mark == OPEN else (WORDS[mark],)
    has_gap = session.takes_place and session.gap_days is not None
    return _Event(
        str(session.number),
        _here(session.slot, now),
        mark,
        session.plan.ideal,
        (*told, *_remarks(session, late)),
        is_ahead=mark == OPEN,
        is_late=late > 0,
        gap=f"{session.gap_days}d" if has_gap else "",
    )


def _review(review: BookedReview, now: datetime) -> _Event:
    mark = MARKS.get(review.status, REVIEW)
    told = () if mark == REVIEW else (WORDS[mark],)
    return _Event(
        f"R{review.number}",
        _here(review.slot, now),
        mark,
        review.ideal,
        (visible(str(review.name)), *told, *_remarks(review)),
        is_ahead=mark == REVIEW and not _is_over(review.slot, now),
    )


def _remarks(booked: BookedSession | BookedReview, late: int = 0) -> Iterator[str]:
    if late:
        yield f"{plural(late, 'day')} overdue"
    elif booked.status.takes_place and booked.shift_days:
        side = "late" if booked.shift_days > 0 else "early"
        yield f"{plural(abs(booked.shift_days), 'day')} {side}"
    if booked.by_hand and booked.status is Status.BOOKED:
        yield "by hand"


def _here(slot: Slot, now: datetime) -> Slot:
    return Slot(slot.start.astimezone(now.tzinfo), slot.end.astimezone(now.tzinfo))


def _is_over(slot: Slot, now: datetime) -> bool:
    return slot.end.timestamp() <= now.timestamp()


# ---- The drawing ---------------------------------------------------------------------------------


def _axis(events: Sequence[_Event], today: date, width: int) -> Iterator[Line]:
    """The course from left to right, true to scale, with its months above and today below."""
    first, last = (pick(each.slot.day for each in events) for pick in (min, max))
    span = (last - first).days
    if not span:
        return

    def column(day: date) -> int:
        return round((day - first).days * (width - 1) / span)

    months = ((column(day), month_name(day, first, last)) for day in _firsts(first, last))
    yield (Span(spread(months, width), "dim"),)
    cells = [Span("-", "dim")] * width
    for each in sorted(events, key=lambda each: BY_WEIGHT.index(each.mark)):
        cells[column(each.slot.day)] = Span(each.mark, STYLES[each.mark])
    yield tuple(cells)
    if first <= today <= last:
        at, word = column(today), "today"
        fits = at + 2 + len(word) <= width
        told = f"{' ' * at}^ {word}" if fits else f"{word} ^".rjust(at + 1)
        yield (Span(told),)
    used = {each.mark for each in events}
    for line in packed((f"{mark} {word}" for mark, word in WORDS.items() if mark in used), width):
        yield (Span(line, "dim"),)


def _firsts(first: date, last: date) -> Iterator[date]:
    """The first day that is shown, and the first of every month after it."""
    day = first
    while day <= last:
        yield day
        day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)


# ---- The table -----------------------------------------------------------------------------------


def _rows(events: Sequence[_Event], now: datetime, width: int) -> Iterator[Line]:
    """A line an appointment, sessions under their phase, with a line where today is."""
    years = {each.slot.start.year for each in events}
    heading, *rows = table_rows(
        _COLUMNS, [_cells(each, year=len(years) > 1) for each in events], width
    )
    yield from heading
    today: Iterable[Line] = [(Span(f"--- today, {show_day(now.date())} {now.year} ---", "bold"),)]
    for each, lines in zip(events, rows, strict=True):
        if each.is_ahead:
            yield from today
            today = ()
        if each.heading:
            yield from wrapped((Span(each.heading, "dim"),), width)
        yield from lines
    yield from today


def _cells(event: _Event, *, year: bool) -> tuple[Span, ...]:
    slot, style = event.slot, STYLES[event.mark]
    return (
        Span(event.mark, style),
        Span(event.label, style),
        Span(show_day(slot.day) + (f" {slot.day.year}" if year else ""), style),
        Span(show_time(minute_of(slot.start)), style),
        Span(event.gap),
        Span(show_day(event.ideal), "dim"),
        Span("; ".join(event.what), "bold red" if event.is_late else style),
    )
