"""One patient's courses as timelines: what was, where today is, and what comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from meso_sched.cli.agenda_view import when
from meso_sched.cli.layout import Column, Line, Span, table_rows, visible, wrapped
from meso_sched.cli.revision_view import adherence_text
from meso_sched.core.agenda import Agenda, Standing
from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.walltime import MONTHS, minute_of, plural, show_day, show_time

DONE, MISSED, OPEN, UNMARKED, CANCELLED = "#", "x", "o", "?", "/"
_WORDS = {
    DONE: "done",
    MISSED: "missed",
    OPEN: "to come",
    UNMARKED: "not marked",
    CANCELLED: "cancelled",
}
_STYLES = {DONE: "", MISSED: "bold red", OPEN: "bold", UNMARKED: "magenta", CANCELLED: "dim"}
_BY_WEIGHT = (CANCELLED, DONE, OPEN, UNMARKED, MISSED)
"""Where two fall on one column, the later of these is seen."""

AXIS_WIDTH = 80
_MARKS = {Status.FULFILLED: DONE, Status.NOSHOW: MISSED, Status.CANCELLED: CANCELLED}
_COLUMNS = (
    *(Column(""), Column("#", right=True), Column("Date"), Column("Time")),
    *(Column("Gap", right=True), Column("Ideal"), Column("What", wraps=True)),
)


class _Event(NamedTuple):
    """A session where it is booked or was missed; ``slot`` in the zone that is shown."""

    session: BookedSession
    slot: Slot
    mark: str
    is_former: bool = False


def timeline_lines(agenda: Agenda, now: datetime, width: int) -> Iterator[Line]:
    """Every course of an agenda, one below the other, in the zone of ``now``."""
    for position, standing in enumerate(agenda.courses):
        if position:
            yield ()
        late = {
            each.appointment.session.number: each.days
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
    events = list(_events(standing, now))
    yield from _axis(events, now.date(), min(width, AXIS_WIDTH))
    yield ()
    yield from _rows(events, late, now, width)
    yield ()
    told = adherence_text(standing.adherence, len(standing.kept.plan.booked))
    yield from wrapped((Span(told),), width)
    yield from wrapped((Span(_next(standing, now.date())),), width)


def _events(standing: Standing, now: datetime) -> Iterator[_Event]:
    """Every slot that a session has or was missed at, in the order of their numbers."""

    def here(slot: Slot) -> Slot:
        return Slot(slot.start.astimezone(now.tzinfo), slot.end.astimezone(now.tzinfo))

    for session in standing.kept.plan.booked:
        given_up = session.status is Status.NOSHOW
        former = [slot for slot in session.missed if not given_up or slot != session.slot]
        for slot in former:
            yield _Event(session, here(slot), MISSED, is_former=True)
        is_over = session.end.timestamp() <= now.timestamp()
        mark = _MARKS.get(session.status, UNMARKED if is_over else OPEN)
        yield _Event(session, here(session.slot), mark)


def _next(standing: Standing, today: date) -> str:
    following = standing.next
    if following is None:
        return "No appointment is to come."
    days = (following.day - today).days
    ahead = "today" if days == 0 else f"in {plural(days, 'day')}"
    return f"Next: session {following.session.number} on {when(following)} ({ahead})."


# ---- The drawing ---------------------------------------------------------------------------------


def _axis(events: Sequence[_Event], today: date, width: int) -> Iterator[Line]:
    """The course from left to right, true to scale, with its months above and today below."""
    first, last = (pick(each.slot.day for each in events) for pick in (min, max))
    span = (last - first).days
    if not span:
        return

    def column(day: date) -> int:
        return round((day - first).days * (width - 1) / span)

    columns = {day: column(day) for day in _firsts(first, last)}
    yield (Span(_months(columns, last, width), "dim"),)
    cells = [Span("-", "dim")] * width
    for each in sorted(events, key=lambda each: _BY_WEIGHT.index(each.mark)):
        cells[column(each.slot.day)] = Span(each.mark, _STYLES[each.mark])
    yield tuple(cells)
    if first <= today <= last:
        at, word = column(today), "today"
        fits = at + 2 + len(word) <= width
        told = f"{' ' * at}^ {word}" if fits else f"{word} ^".rjust(at + 1)
        yield (Span(told),)
    used = [mark for mark in _WORDS if any(each.mark == mark for each in events)]
    yield (Span("   ".join(f"{mark} {_WORDS[mark]}" for mark in used), "dim"),)


def _firsts(first: date, last: date) -> Iterator[date]:
    """The first day that is shown, and the first of every month after it."""
    day = first
    while day <= last:
        yield day
        day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _months(columns: Mapping[date, int], last: date, width: int) -> str:
    """The names of the months over their first days, as many as find room."""
    line = ""
    for day, column in columns.items():
        year = f" {day.year}" if not line or (day.month == 1 and day.year == last.year) else ""
        name = f"{MONTHS[day.month - 1]}{year}"
        if not line or len(line) < column <= width - len(name):
            line = line.ljust(column) + name
    return line


# ---- The sessions --------------------------------------------------------------------------------


def _rows(
    events: Sequence[_Event], late: Mapping[int, int], now: datetime, width: int
) -> Iterator[Line]:
    """A line a session under its phase, with a line where today is."""
    years = {each.slot.start.year for each in events}
    cells = [_cells(each, late.get(each.session.number, 0), year=len(years) > 1) for each in events]
    heading, *rows = table_rows(_COLUMNS, cells, width)
    yield from heading
    phase = ""
    today: Iterable[Line] = [(Span(f"--- today, {show_day(now.date())} {now.year} ---", "bold"),)]
    for each, lines in zip(events, rows, strict=True):
        if each.mark == OPEN:
            yield from today
            today = ()
        plan = each.session.plan
        if plan.phase != phase or (plan.restarts and not each.is_former):
            phase = plan.phase
            anew = ", begun anew" if plan.restarts else ""
            told = f"{visible(phase)}, every {plan.interval}{anew}"
            yield from wrapped((Span(told, "dim"),), width)
        yield from lines
    yield from today


def _cells(event: _Event, late: int, *, year: bool) -> tuple[Span, ...]:
    session, slot = event.session, event.slot
    style = _STYLES[event.mark]
    takes_place = session.takes_place and not event.is_former
    gap = f"{session.gap_days}d" if takes_place and session.gap_days is not None else ""
    return (
        Span(event.mark, style),
        Span(str(session.number), style),
        Span(show_day(slot.day) + (f" {slot.day.year}" if year else ""), style),
        Span(show_time(minute_of(slot.start)), style),
        Span(gap),
        Span(show_day(session.plan.ideal), "dim"),
        Span("; ".join(_what(event, late if takes_place else 0)), "bold red" if late else style),
    )


def _what(event: _Event, late: int) -> Iterator[str]:
    session = event.session
    if event.mark != OPEN:
        yield _WORDS[event.mark]
    if late:
        yield f"{plural(late, 'day')} overdue"
    elif event.mark in (DONE, OPEN, UNMARKED) and session.shift_days:
        side = "late" if session.shift_days > 0 else "early"
        yield f"{plural(abs(session.shift_days), 'day')} {side}"
    if session.by_hand and event.mark in (OPEN, UNMARKED):
        yield "by hand"
