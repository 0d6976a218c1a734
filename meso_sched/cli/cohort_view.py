"""What the person at the desk sees of a cohort: how good it is, how full, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from math import ceil
from typing import NamedTuple

from meso_sched.cli.layout import GAP, Column, Line, Span, table, table_rows, visible, wrapped
from meso_sched.cli.phase_view import month_name, packed, spread
from meso_sched.core.cohort import (
    CohortRequest,
    CohortResult,
    Method,
    Objective,
    PlacedCourse,
    Unplaced,
)
from meso_sched.core.cohort_load import Deviation, Load, Resource, Week, deviations, loads
from meso_sched.core.walltime import plural, show_day

Part = tuple[str, CohortRequest, CohortResult]
"""A clinic by its name in the list: what was asked, and what came of it."""

MOST_ENTRIES = 20
"""A longer list of what has no place tells how many more there are."""

ONE_SCREEN = 24
"""A map of more lines gives each week one column instead of its percents."""

NEARLY_FULL = 95
NOTHING, FULL, CLOSED, EMPTY = "·", "#", "!", ""
_MARKS = {
    FULL: f"{FULL} {NEARLY_FULL} % and more",
    NOTHING: f"{NOTHING} open, nothing taken",
    CLOSED: f"{CLOSED} taken while closed",
    EMPTY: "empty: closed or off all week",
}

NO_NAME = "-"
_BULLET = "- "

_HEADINGS = {Resource.ROOM: "Rooms", Resource.PRACTITIONER: "Practitioners"}
_NAMELESS = {Resource.ROOM: "any room", Resource.PRACTITIONER: "anybody"}

_HEAT = (
    (NEARLY_FULL, "bold #ffffff on #b2182b"),
    (75, "#000000 on #f4a049"),
    (50, "#000000 on #ffe680"),
    (25, "#000000 on #d0f0f5"),
    (0, "#000000 on #87d7ff"),
)
"""The style from so many percent on. Each has both its colours, so that no theme hides it."""

_TABLE_WIDTH = 72
"""A narrower screen has sentences for the table of deviations."""

_COLUMNS = (
    *(Column("Regimen", wraps=True), Column("Phase", wraps=True), Column("Sessions", right=True)),
    *(Column("On the day", right=True), Column("Mean", right=True), Column("Largest", right=True)),
    *(Column("Early", right=True), Column("Overdue", right=True)),
)


def cohort_lines(parts: Sequence[Part], width: int) -> Iterator[Line]:
    """How all was placed, the load of each clinic, what has no place, and how far off the rest is.

    Warnings are not among it.
    """
    results = [result for _, _, result in parts]
    yield from _heading(parts, width)
    for name, request, result in parts:
        drawn = loads(request, result)
        if drawn:
            yield ()
            yield from _clinic(name, parts, width)
            yield from load_lines(drawn, width)
    yield from _unplaced(parts, width)
    yield from _deviations(deviations(results), width)


def _clinic(name: str, parts: Sequence[Part], width: int) -> list[Line]:
    return wrapped((Span(visible(name) or NO_NAME, "bold"),), width) if len(parts) > 1 else []


# ---- How it was placed ---------------------------------------------------------------------------


def _heading(parts: Sequence[Part], width: int) -> Iterator[Line]:
    """The figures of all clinics in one; they share nothing, so that goals and bounds add up."""
    whole = _summed([result for _, _, result in parts])
    placed = sum(each.takes_place for course in whole.courses for each in course.booked)
    missing = sum(len(course.unplaced) for course in whole.courses)
    counted = f"{plural(len(whole.courses), 'course')}, {plural(placed + missing, 'session')}"
    if not placed + missing:
        yield from wrapped((Span(f"{counted}: nothing to place", "bold"),), width)
        return
    told = Span(f"{counted}, {placed if missing else 'all'} placed:", "bold")
    yield from wrapped((told, Span(_method(whole))), width)
    stable = any(request.stable for _, request, _ in parts)
    yield from wrapped(tuple(_goals(whole, stable=stable)), width)


def _summed(results: Sequence[CohortResult]) -> CohortResult:
    methods = [result.method for result in results]
    return CohortResult(
        tuple(chain.from_iterable(result.courses for result in results)),
        _sum(result.objective for result in results),
        _sum(result.bound for result in results),
        Method.GREEDY if Method.GREEDY in methods else Method.EXACT,
        stopped=any(result.stopped for result in results),
    )


def _sum(objectives: Iterable[Objective]) -> Objective:
    return Objective(*map(sum, zip(Objective(), *objectives, strict=True)))


def _method(result: CohortResult) -> str:
    """``exact, proven optimal``, or how far from it the result may be."""
    if result.proven:
        quick = "the quick way" if result.method is Method.GREEDY else "exact"
        return f"{quick}, proven optimal"
    within = _within(result.gap)
    if result.stopped:
        return f"stopped: the best so far{within}"
    if result.method is Method.GREEDY:
        return "the quick way (no proof; install meso-sched[cohort] for the exact one)"
    return f"exact{within or ', not proven optimal'}"


def _within(gap: float) -> str:
    """``, within 0.6 % of the bound``; nothing where the bound is 0, which no part can tell."""
    thousandths = ceil(round(gap * 1000, 6))  # a gap is never said to be smaller than it is
    return "" if gap >= 1 else f", within {thousandths / 10} % of the bound"


def _goals(result: CohortResult, *, stable: bool) -> Iterator[Span]:
    """Each goal in its order, with its bound where something better may exist."""
    reached = result.objective
    words = {
        "unplaced": f"unplaced {reached.unplaced}",
        "overdue_days": f"overdue {plural(reached.overdue_days, 'day')}",
        "moved": f"{reached.moved} moved",
        "distance_days": f"{plural(reached.distance_days, 'day')} from the ideal dates",
        "early": f"{reached.early} early",
        "distance_minutes": f"{plural(reached.distance_minutes, 'minute')} from preferred times",
    }
    if not stable:
        del words["moved"]
    last = list(words)[-1]
    for goal, told in words.items():
        value, least = getattr(reached, goal), getattr(result.bound, goal)
        # Once a goal has no proof, the bound of a later one may lie above what was reached.
        is_known = least < value and result.method is Method.EXACT
        bound = f" (bound {least})" if is_known else ""
        is_bad = value and goal in ("unplaced", "overdue_days")
        yield Span(f"{told}{bound}{'' if goal == last else ','}", "bold red" if is_bad else "")


# ---- The load ------------------------------------------------------------------------------------


class _Scale(NamedTuple):
    """How the cells of a map are written: as percents in so many columns, else as tenths in one."""

    width: int

    @property
    def in_percent(self) -> bool:
        return self.width > 1

    def cell(self, week: Week) -> Span:
        mark, style = self._mark(week)
        return Span(mark.rjust(self.width), style)

    def _mark(self, week: Week) -> tuple[str, str]:
        percent = week.percent
        if percent is None:
            return (CLOSED, _HEAT[0][1]) if week.taken_minutes else (EMPTY, "")
        if not week.taken_minutes:
            return NOTHING, "dim"
        style = next(style for least, style in _HEAT if percent >= least)
        if self.in_percent:
            return str(percent), style
        return FULL if percent >= NEARLY_FULL else str(percent // 10), style


class _Map(NamedTuple):
    """The loads with their labels, each of one or more lines that are as wide as all others."""

    loads: Sequence[Load]
    labels: Sequence[Sequence[Line]]
    indent: int
    scale: _Scale


def load_lines(drawn: Sequence[Load], width: int) -> Iterator[Line]:
    """The load of every week as a map: a row a room or person, a column a week, in blocks."""
    names = [(Span(visible(load.name) or _NAMELESS[load.resource]),) for load in drawn]
    heading, *labels = table_rows((Column(""),), names, width // 3)
    indent = len(heading[0][0].text + GAP)  # the heading is as wide as the widest label
    room = max(1, width - indent)
    scale = _scale(drawn, room)
    heat = _Map(drawn, labels, indent, scale)
    yield from wrapped(_title(drawn, scale), width)
    fits = max(1, room // scale.width)
    for begin in range(0, len(drawn[0].weeks), fits):
        if begin:
            yield ()
        yield from _block(heat, slice(begin, begin + fits), room)
    legend = list(_legend(drawn, scale))
    for line in packed(legend, width) if legend else ():
        yield from wrapped((Span(line, "dim"),), width)


def _scale(drawn: Sequence[Load], room: int) -> _Scale:
    """Percents where the whole map is one screen or one block, else tenths."""
    percents = (week.percent or 0 for load in drawn for week in load.weeks)
    percent = _Scale(1 + max(2, len(str(max(percents)))))
    groups = {load.resource for load in drawn}
    blocks = ceil(len(drawn[0].weeks) / max(1, room // percent.width))
    lines = blocks * (len(drawn) + len(groups) + 3)  # its weeks in two lines, and one between
    return percent if blocks == 1 or lines <= ONE_SCREEN else _Scale(1)


def _title(drawn: Sequence[Load], scale: _Scale) -> Line:
    weeks = drawn[0].weeks
    first, last = (f"{show_day(week.monday)} {week.monday.year}" for week in (weeks[0], weeks[-1]))
    told = f"week of {first}" if first == last else f"weeks of {first} to {last}"
    unit = "percent" if scale.in_percent else "tenths"
    return Span(f"Load in {unit} of the open time,", "bold"), Span(told)


def _block(heat: _Map, part: slice, room: int) -> Iterator[Line]:
    """Some of the weeks: their months, their Mondays where there is room, and every load."""
    weeks = heat.loads[0].weeks[part]
    for names in _axis(weeks, heat.scale, room):
        yield Span(" " * heat.indent), Span(names, "dim")
    rows = zip(heat.loads, heat.labels, strict=True)
    for resource, group in groupby(rows, key=lambda row: row[0].resource):
        yield (Span(_HEADINGS[resource], "dim"),)
        for load, label in group:
            yield (*label[0], Span(GAP), *_cells(load.weeks[part], heat.scale))
            yield from label[1:]


def _axis(weeks: Sequence[Week], scale: _Scale, room: int) -> Iterator[str]:
    mondays = [week.monday for week in weeks]
    first, last = mondays[0], mondays[-1]
    margin = max(0, scale.width - 2)
    # A month stands above its first Monday.
    months = (
        (place * scale.width + margin, month_name(day, first, last))
        for place, day in enumerate(mondays)
        if not place or day.day <= 7
    )
    yield spread(months, room)[:room]
    if scale.in_percent:
        yield "".join(f"{day.day:>{scale.width}}" for day in mondays)


def _cells(weeks: Iterable[Week], scale: _Scale) -> Iterator[Span]:
    """The cells of a row, in one span where the style is one."""
    for style, run in groupby(map(scale.cell, weeks), key=lambda cell: cell.style):
        yield Span("".join(cell.text for cell in run), style)


def _legend(drawn: Sequence[Load], scale: _Scale) -> Iterator[str]:
    """What the marks mean, those alone that are there."""
    weeks = [week for load in drawn for week in load.weeks]
    marks = {scale.cell(week).text.strip() for week in weeks}
    if not scale.in_percent:
        yield "7 is 70 to 79 %"
    for mark, word in _MARKS.items():
        if mark in marks:
            yield word


# ---- What has no place ---------------------------------------------------------------------------


def _unplaced(parts: Sequence[Part], width: int) -> Iterator[Line]:
    """Sessions and reviews without a place, in the order of the list."""
    entries = [
        f"{f'{visible(name) or NO_NAME}: ' if len(parts) > 1 else ''}{entry}"
        for name, _, result in parts
        for course in result.courses
        for entry in _entries(course)
    ]
    if not entries:
        return
    yield ()
    yield (Span("Without a place", "bold"),)
    for entry in entries[:MOST_ENTRIES]:
        yield from _bullet(entry, width)
    if len(entries) > MOST_ENTRIES:
        more = f"and {len(entries) - MOST_ENTRIES} more; summary.csv lists all"
        yield from wrapped((Span(more),), width)


def _bullet(text: str, width: int) -> Iterator[Line]:
    """A paragraph behind a hyphen; of a word too long for a line, no piece sticks out."""
    for place, line in enumerate(wrapped((Span(text),), max(1, width - len(_BULLET)))):
        yield (Span(" " * len(_BULLET) if place else _BULLET), *line)


def _entries(course: PlacedCourse) -> Iterator[str]:
    """``P1, hair 3/12, weekly 3/4, ideal Tue 19 Jan 2027: why; nearest possible date: none``."""
    made = course.entry.course
    patient = NO_NAME if made.patient is None else visible(made.patient)
    number = f" (course {made.number})" if made.number != 1 else ""
    who = f"{patient}, {visible(made.regimen.id)}{number}"
    for each in course.unplaced:
        yield f"{who} {each.session.number}/{made.count_all}, {_missing(each)}"
    for told in course.unplaced_reviews:
        yield f"{who}: {visible(told).rstrip('.')}"


def _missing(unplaced: Unplaced) -> str:
    session, day = unplaced.session, unplaced.nearest
    phase = f"{visible(session.phase)} {session.of[0]}/{session.of[1]}"
    ideal = f"{show_day(session.ideal)} {session.ideal.year}"
    why = visible(unplaced.why).rstrip(".")
    nearest = "none found" if day is None else f"{show_day(day)} {day.year}"
    return f"{phase}, ideal {ideal}: {why}; nearest possible date: {nearest}"


# ---- How far off the rest is ---------------------------------------------------------------------


def _deviations(found: Sequence[Deviation], width: int) -> Iterator[Line]:
    if not found:
        return
    yield ()
    yield from wrapped((Span("Days from the ideal dates, by phase", "bold"),), width)
    if width >= _TABLE_WIDTH:
        yield from table(_COLUMNS, [_row(each) for each in found], width)
        return
    for each in found:
        yield from _bullet(_sentence(each), width)


def _row(deviation: Deviation) -> tuple[Span, ...]:
    figures = (
        *(str(deviation.sessions), str(deviation.on_ideal), f"{deviation.mean:.1f}d"),
        *(f"{deviation.largest:+}d" if deviation.largest else "0d", str(deviation.early)),
    )
    return (
        Span(visible(deviation.regimen)),
        Span(visible(deviation.phase)),
        *map(Span, figures),
        Span(f"{deviation.overdue_days}d", "bold red" if deviation.overdue_days else ""),
    )


def _sentence(deviation: Deviation) -> str:
    side = "early" if deviation.largest < 0 else "late"
    largest = f"{plural(abs(deviation.largest), 'day')} {side} at most"
    return (
        f"{visible(deviation.regimen)}, {visible(deviation.phase)}:"
        f" {plural(deviation.sessions, 'session')}, {deviation.on_ideal} on the ideal day,"
        f" {deviation.mean:.1f} days off on average, {largest}, {deviation.early} early,"
        f" {plural(deviation.overdue_days, 'day')} overdue"
    )
