"""What the person at the desk sees: the course, its months, and what a template says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from heapq import merge
from typing import TYPE_CHECKING

from meso_sched.cli.layout import Column, Line, Span, table, visible, wrapped
from meso_sched.cli.phase_view import outline_lines, phase_lines
from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.regimen import (
    DEFAULT_LANGUAGE,
    DEFAULT_MINUTES,
    Lasting,
    Phase,
    Regimen,
    Review,
    Statement,
    Text,
)
from meso_sched.core.screening import against_the_source
from meso_sched.core.walltime import MONTHS, minute_of, plural, show_day, show_time

if TYPE_CHECKING:
    from datetime import datetime

    from meso_sched.core.clinic import OpenTime
    from meso_sched.core.course import Course
    from meso_sched.core.plan import Plan
    from meso_sched.core.reviewing import BookedReview

MONTH_WIDTH = 9 + 31 * 2
"""A narrower screen shows no months."""

MOST_MONTHS = 24
"""A longer course shows only the months that have a session."""


def plan_lines(
    plan: Plan, open_time: OpenTime, width: int, *, today: date | None = None
) -> Iterator[Line]:
    """The course as a table, its phases, its months with the days marked, and what was chosen.

    ``today`` is a local day.
    """
    shows_months = width >= MONTH_WIDTH
    can_choose = all(each.status is Status.BOOKED for each in plan.booked)
    yield from heading_lines(plan, width)
    yield from _appointments(plan, width)
    yield from phase_lines(plan, today, width, months=not shows_months, hint=can_choose)
    if shows_months:
        yield from _months(plan, open_time)
    yield from override_lines(plan.course, width)


def override_lines(course: Course, width: int) -> Iterator[Line]:
    """What was planned against the source."""
    for choice in course.overrides:
        yield from wrapped((Span(visible(against_the_source(choice)), "bold"),), width)


def heading_lines(plan: Plan, width: int) -> list[Line]:
    """Whose course it is."""
    return wrapped(_heading(plan), width)


def _heading(plan: Plan) -> Line:
    course = plan.course
    patient = [] if course.patient is None else [visible(course.patient)]
    facts = [
        *patient,
        f"course {course.number}",
        f"from {show_day(course.start)} {course.start.year}",
        plan.clinic.zone_name,
    ]
    return Span(visible(str(course.regimen.title)) + ",", "bold"), Span(", ".join(facts))


def _appointments(plan: Plan, width: int) -> list[Line]:
    """Sessions and reviews: a row each, in time order."""
    columns = (
        *(Column("#", right=True), Column("Phase"), Column("Date"), Column("Time")),
        *(Column("Gap", right=True), Column("Ideal"), Column("Why", wraps=True)),
    )
    days = (*(each.day for each in plan.booked), *(each.day for each in plan.reviews))
    year = len({day.year for day in days}) > 1
    ends = {each.number: each.end for each in plan.booked}
    sessions = ((each.start, _session(each, year=year)) for each in plan.booked)
    in_order = sorted(plan.reviews, key=lambda each: each.start)
    reviews = (
        (each.start, _review_row(each, ends.get(each.after), year=year)) for each in in_order
    )
    # A merge leaves the sessions in the order of their numbers, also where a date was set by hand.
    rows = [row for _, row in merge(sessions, reviews, key=lambda each: each[0])]
    return table(columns, rows, width)


def _session(booked: BookedSession, *, year: bool) -> tuple[Span, ...]:
    shifted = booked.shift_days != 0
    style = session_style(booked)
    return (
        Span(str(booked.plan.number)),
        Span(f"{visible(booked.plan.phase)} {booked.plan.of[0]}/{booked.plan.of[1]}"),
        Span(_dated(booked.day, year=year), style),
        Span(show_time(minute_of(booked.start))),
        Span("" if booked.gap_days is None else f"{booked.gap_days}d"),
        Span(show_day(booked.plan.ideal), "" if shifted else "dim"),
        Span(visible("; ".join(_remarks(booked))), style),
    )


def _review_row(
    review: BookedReview, session_ends: datetime | None, *, year: bool
) -> tuple[Span, ...]:
    """As of a session; its name goes with its reasons, where there is the most room.

    One that begins as its session ends stands at its best and has no reasons.
    """
    why = () if review.start == session_ends else review.why
    shifted = review.shift_days != 0
    style = "" if review.status.takes_place else "dim strike"
    told = [] if review.status is Status.BOOKED else [review.status.word]
    return (
        Span(f"R{review.number}"),
        Span("review"),
        Span(_dated(review.day, year=year), style or ("magenta" if shifted else "")),
        Span(show_time(minute_of(review.start))),
        Span(""),
        Span(show_day(review.ideal), "" if shifted else "dim"),
        Span(visible("; ".join((str(review.name), *told, *why))), style),
    )


def _dated(day: date, *, year: bool) -> str:
    return show_day(day) + (f" {day.year}" if year else "")


def _remarks(booked: BookedSession) -> list[str]:
    """What became of a session, and why it stands where it does."""
    words = {Status.FULFILLED: ["done"], Status.CANCELLED: ["cancelled"]}
    overdue = [f"{plural(booked.overdue_days, 'day')} overdue"] if booked.overdue_days else []
    return [*words.get(booked.status, []), *overdue, *booked.why]


def session_style(booked: BookedSession) -> str:
    """Rich's style of a session: loud where it is late, quiet where nothing is left to do."""
    if not booked.takes_place:
        return "dim strike"
    if booked.status is Status.FULFILLED:
        return "green"
    if booked.overdue_days:
        return "bold red"
    return "magenta" if booked.shift_days else ""


def _months(plan: Plan, open_time: OpenTime) -> Iterator[Line]:
    """A row a month of the sessions, two columns a day: a number, a dot open, a dash closed."""
    booked = plan.booked
    numbers = {each.day: f"R{each.number}" for each in plan.reviews if each.status.takes_place}
    numbers |= {each.day: str(each.number) for each in booked if each.takes_place}
    marks = (f"{day:>2}" if day == 1 or day % 5 == 0 else "  " for day in range(1, 32))
    yield (Span("- off    " + "".join(marks), "dim"),)
    for first in _month_starts(booked):
        days = (_day(day, numbers.get(day), open_time) for day in _days_of(first))
        yield (
            Span(f"{MONTHS[first.month - 1]} {first.year} "),
            *(span for day in days for span in day),
        )


def _month_starts(booked: Sequence[BookedSession]) -> list[date]:
    taken = {each.day.replace(day=1) for each in booked}
    month, months = min(taken), []
    while month <= max(taken):
        months.append(month)
        month = (month + timedelta(days=31)).replace(day=1)
    return months if len(months) <= MOST_MONTHS else sorted(taken)


def _days_of(first: date) -> Iterator[date]:
    day = first
    while day.month == first.month:
        yield day
        day += timedelta(days=1)


def _day(day: date, number: str | None, open_time: OpenTime) -> Line:
    if number is not None:
        mark = number if len(number) <= 2 else "##"
        return Span(" " * (2 - len(mark))), Span(mark, "bold reverse")
    return (Span(" -" if open_time.obstacles(day) else " ·", "dim"),)


def regimens_lines(regimens: Mapping[str, Regimen], width: int) -> Iterator[Line]:
    """Every template in a line or two."""
    columns = (Column("Regimen"), Column("What", wraps=True), Column("Phases", wraps=True))
    rows = [
        (
            Span(visible(regimen.id), "bold"),
            Span(visible(str(regimen.title)) + _cited(regimen.sources)),
            Span(visible("; ".join(_phase(each) for each in regimen.phases))),
        )
        for regimen in regimens.values()
    ]
    yield from table(columns, rows, width)
    yield (Span('"?": the source gives no figure, the clinician chooses.', "dim"),)


def _phase(phase: Phase) -> str:
    optional = " (optional)" if phase.optional else ""
    return f"{phase.name} {phase.sessions_text} every {phase.every_text}{optional}"


def regimen_lines(regimen: Regimen, sources: Mapping[str, str], width: int) -> Iterator[Line]:
    """All that a template says, with the source of each figure."""
    heading = Span(visible(str(regimen.title)), "bold"), Span(f"({visible(regimen.id)})")
    yield from wrapped(heading, width)
    yield from wrapped((Span(f"Source of the phases: {visible(regimen.cited)}."),), width)
    if regimen.length is None:
        length = f"{DEFAULT_MINUTES} minutes, as the source gives no length"
    else:
        length = f"{regimen.length}{_cited(regimen.length_sources or regimen.sources)}"
    yield from wrapped((Span(f"A session takes {length}."),), width)
    yield ()
    yield from _phases(regimen, width)
    yield ()
    yield from outline_lines(regimen, width)
    if regimen.evidence is not None:
        yield ()
        evidence = Span(visible(str(regimen.evidence)))
        yield from wrapped((Span("Evidence:", "bold"), evidence), width)
    care = regimen.care
    for title, statements in (
        ("Who it is not for", care.screening),
        ("Before a session", care.before),
        ("After a session", care.after),
        ("To be expected", care.expect),
        ("Call a doctor at once", care.call),
        ("Technique, for the clinician", care.technique),
        ("Notes", care.notes),
    ):
        yield from _section(title, [_statement(each) for each in statements], width)
    yield from _section("Reviews", [_review(each) for each in regimen.reviews], width)
    told = [visible(f"{key}: {what}") for key, what in sources.items()]
    yield from _section("Sources", told, width)


def _phases(regimen: Regimen, width: int) -> list[Line]:
    headings = ("Phase", "Sessions", "Every", "At least", "At most")
    rows = []
    for phase in regimen.phases:
        name = visible(phase.name) + (" (only if asked for)" if phase.optional else "")
        every = phase.every
        closest = farthest = ""
        if every is not None:
            closest = f"{every.least}" + (f" - {plural(every.below, 'day')}" * bool(every.below))
            farthest = f"{every.most}" + (f" + {plural(every.above, 'day')}" * bool(every.above))
        counts = (phase.sessions_text, phase.every_text)
        chosen = ("? (choose)" if each == "?" else each for each in counts)
        rows.append([Span(each) for each in (name, *chosen, closest, farthest)])
    return table([Column(each) for each in headings], rows, width)


def _section(title: str, entries: Iterable[str], width: int) -> Iterator[Line]:
    entries = list(entries)
    if entries:
        yield ()
        yield (Span(title, "bold"),)
    for entry in entries:
        yield from wrapped((Span(f"- {entry}"),), width, indent="  ")


def _statement(statement: Statement) -> str:
    what, lasting = statement.what, statement.lasting
    figure = f" [{lasting}]" if lasting and not _tells(what, lasting) else ""
    return visible(str(what)) + figure + _cited(statement.sources)


def _tells(what: Text, lasting: Lasting) -> bool:
    """Whether the words have the figure; of other languages only the numbers can be known."""
    if DEFAULT_LANGUAGE in what.by_language:
        return str(lasting) in str(what)
    return {str(lasting.least), str(lasting.most)} <= set(re.findall("[0-9]+", str(what)))


def _review(review: Review) -> str:
    after = "the last session" if review.after is None else f"session {review.after}"
    when = f"{review.at} after {after}" if review.at else f"at the end of {after}"
    length = "" if review.length is None else f", {review.length}"
    return f"{visible(str(review.name))}: {when}{length}{_cited(review.sources)}"


def _cited(sources: Sequence[str]) -> str:
    return visible(f" ({', '.join(sources)})") if sources else ""
