"""What the person at the desk sees of many courses: a day or a range, and what to see to."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from meso_sched.cli.layout import Column, Line, Span, table_rows, visible, wrapped
from meso_sched.cli.revision_view import adherence_text
from meso_sched.core.agenda import (
    Agenda,
    Appointment,
    KeptCourse,
    Kind,
    Overdue,
    Standing,
    overall,
)
from meso_sched.core.booked import Status
from meso_sched.core.walltime import (
    DateRange,
    minute_of,
    plural,
    show_day,
    show_days,
    show_time,
)

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
MOST_ENTRIES = 20
"""A longer list of what is to be seen to tells how many more there are."""

_COLUMNS = (
    *(Column("Time"), Column("Patient"), Column("Session", right=True), Column("Phase")),
    *(Column("Regimen"), Column("Remark", wraps=True)),
)


def agenda_lines(agenda: Agenda, today: date, width: int) -> Iterator[Line]:
    """The appointments of the days asked for, then what is to be seen to in all courses."""
    yield from appointment_lines(agenda, today, width)
    yield from _section("Overdue", map(_overdue, agenda.overdue), width)
    yield from _section("Not marked", _unmarked(agenda.unmarked), width)
    yield from _section("Missed, no new date", map(_missed, agenda.missed), width)
    yield from _section(_ending_in(agenda.months), map(_ending, agenda.ending), width)
    yield from _adherence(agenda.courses, width)


def appointment_lines(agenda: Agenda, today: date, width: int) -> Iterator[Line]:
    """The appointments of the days asked for, in time order."""
    yield from wrapped((Span(_heading(agenda, today), "bold"),), width)
    yield from _appointments(agenda, width)


def _heading(agenda: Agenda, today: date) -> str:
    first, last = agenda.days.first, agenda.days.last
    year = f" {first.year}" if first.year != last.year else ""
    told = f"{show_day(first)}{year} to {show_day(last)}" if year else show_days(first, last)
    marked = "Today, " if first == last == today else ""
    count = len(agenda.appointments)
    return (
        f"{marked}{told} {last.year}: {plural(count, 'appointment') if count else 'no appointment'}"
    )


# ---- The appointments ----------------------------------------------------------------------------


def _appointments(agenda: Agenda, width: int) -> Iterator[Line]:
    """A table, with a heading a day where there is more than one."""
    if not agenda.appointments:
        if agenda.next is not None:
            told = f"The next one is {_who(agenda.next)}, {when(agenda.next)}."
            yield from wrapped((Span(told),), width)
        return
    unmarked = {each.key for each in agenda.unmarked}
    cells = [_cells(each, unmarked=each.key in unmarked) for each in agenda.appointments]
    heading, *rows = table_rows(_COLUMNS, cells, width)
    yield from heading
    by_day = groupby(zip(agenda.appointments, rows, strict=True), key=lambda each: each[0].day)
    for position, (day, group) in enumerate(by_day):
        if agenda.days.first != agenda.days.last:
            if position:
                yield ()
            yield (Span(f"{show_day(day)} {day.year}", "bold"),)
        for _, lines in group:
            yield from lines


def _cells(appointment: Appointment, *, unmarked: bool) -> tuple[Span, ...]:
    begins, ends = (show_time(minute_of(each)) for each in (appointment.start, appointment.end))
    is_open = appointment.status is Status.BOOKED
    quiet = "" if is_open else "dim"
    return (
        Span(f"{begins}-{ends}", quiet),
        Span(_patient(appointment.kept), quiet or "bold"),
        Span(_place(appointment), quiet),
        Span(_phase(appointment), quiet),
        Span(visible(appointment.kept.plan.course.regimen.id), quiet),
        Span(
            "; ".join(_remarks(appointment, unmarked=unmarked)),
            "bold red" if is_open and appointment.overdue_days else quiet,
        ),
    )


def _phase(appointment: Appointment) -> str:
    """``weekly 2/4``; what is in no phase is told by its kind."""
    if appointment.phase is None or appointment.of is None:
        return appointment.kind.value
    return visible(f"{appointment.phase} {appointment.of[0]}/{appointment.of[1]}")


def _remarks(appointment: Appointment, *, unmarked: bool) -> Iterator[str]:
    if appointment.name is not None:
        yield visible(str(appointment.name))
    where = [each for each in (appointment.room, appointment.practitioner) if each]
    if where and appointment.status.takes_place:
        yield visible(", ".join(where))
    if appointment.status is not Status.BOOKED:
        yield appointment.status.word
    else:
        if unmarked:
            yield "not marked"
        if appointment.overdue_days:
            yield f"overdue by {plural(appointment.overdue_days, 'day')}"
        if appointment.by_hand:
            yield "by hand"
        if appointment.missed:
            yield f"was missed {show_day(appointment.missed[-1].day)}"
    if appointment.is_last:
        yield "last session"
    if appointment.beside:
        others = dict.fromkeys(map(_patient, appointment.beside))
        yield f"at the same time as {', '.join(others)}"


# ---- What is to be seen to -----------------------------------------------------------------------


def _section(title: str, entries: Iterable[str], width: int) -> Iterator[Line]:
    entries = list(entries)
    if not entries:
        return
    yield ()
    yield (Span(title, "bold"),)
    for entry in entries[:MOST_ENTRIES]:
        yield from wrapped((Span(f"- {entry}"),), width, indent="  ")
    if len(entries) > MOST_ENTRIES:
        yield (Span(f"  and {len(entries) - MOST_ENTRIES} more; --json lists all"),)


def _overdue(overdue: Overdue) -> str:
    appointment, latest = overdue.appointment, overdue.appointment.latest
    late = f"{plural(overdue.days, 'day')} overdue"
    limit = "" if latest is None else f", the latest was {show_day(latest)}"
    return f"{_who(appointment)}, {when(appointment)}: {late}{limit}"


def _unmarked(appointments: Sequence[Appointment]) -> Iterator[str]:
    """A line a course, since a desk that marks nothing would drown in lines."""
    courses: dict[str, list[Appointment]] = {}
    for each in appointments:
        courses.setdefault(each.kept.where, []).append(each)
    for where, sessions in courses.items():
        first = sessions[0]
        more = f" and {plural(len(sessions) - 1, 'session')} more" if len(sessions) > 1 else ""
        command = f"meso-sched revise {shlex.quote(where)} --done {first.number}"
        told = f"{_who(first)}, {when(first)}{more}"
        yield f"{told}: {visible(command)} (or --missed {first.number})"


def _missed(appointment: Appointment) -> str:
    return f"{_who(appointment)}, {when(appointment)}"


def _ending(standing: Standing) -> str:
    last = standing.last
    assert last is not None, "a course that ends has a last session"
    told = "" if last.status is Status.BOOKED else f" ({last.status.word})"
    return f"{_who(last)}, {when(last)}{told}"


def _ending_in(months: DateRange) -> str:
    first, last = months.first, months.last
    end = f"{MONTH_NAMES[last.month - 1]} {last.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"Ending in {end}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"Ending from {MONTH_NAMES[first.month - 1]}{year} to {end}"


def _adherence(courses: Sequence[Standing], width: int) -> Iterator[Line]:
    kept = overall(courses)
    whose = ""
    if kept.farthest is not None and kept.adherence.largest:
        whose = f" ({_patient(kept.farthest)})"
    sessions = sum(len(each.kept.plan.booked) for each in courses)
    told = adherence_text(kept.adherence, sessions).removesuffix(".")
    yield ()
    yield from wrapped((Span(f"{plural(len(courses), 'course')}: {told}{whose}."),), width)


# ---- Words ---------------------------------------------------------------------------------------


def _who(appointment: Appointment) -> str:
    """``P1, hair 3/12``; ``P1, hair R1`` for a review."""
    regimen = visible(appointment.kept.plan.course.regimen.id)
    return f"{_patient(appointment.kept)}, {regimen} {_place(appointment)}"


def when(appointment: Appointment) -> str:
    """``Tue 5 Jan 2027 at 10:00``."""
    time = show_time(minute_of(appointment.start))
    return f"{show_day(appointment.day)} {appointment.day.year} at {time}"


def _patient(kept: KeptCourse) -> str:
    return "-" if kept.patient is None else visible(kept.patient)


def _place(appointment: Appointment) -> str:
    """``3/12``; ``R1`` for a review, as in the table of a plan."""
    if appointment.kind is Kind.REVIEW:
        return f"R{appointment.number}"
    return f"{appointment.number}/{len(appointment.kept.plan.booked)}"
