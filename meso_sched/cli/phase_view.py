"""The phases of a course or of a template, a line each, on one axis that is true to scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.cli.layout import GAP, Column, Line, Span, table_rows, visible, wrapped
from meso_sched.core.booked import Status
from meso_sched.core.interval import DAYS_OF_MONTH, Interval
from meso_sched.core.regimen import Keep, Regimen
from meso_sched.core.timeline import Lane, Mark, Sketch, Timeline, outline, timeline
from meso_sched.core.walltime import MONTHS

if TYPE_CHECKING:
    from meso_sched.core.plan import Plan

DONE, MISSED, OPEN, UNMARKED, CANCELLED, OVERDUE, REVIEW = "#", "x", "o", "?", "/", "!", "v"
MARKS = {Status.FULFILLED: DONE, Status.NOSHOW: MISSED, Status.CANCELLED: CANCELLED}
WORDS = {
    DONE: "done",
    MISSED: "missed",
    OPEN: "to come",
    OVERDUE: "overdue",
    UNMARKED: "not marked",
    CANCELLED: "cancelled",
    REVIEW: "review",
}
STYLES = {
    DONE: "",
    MISSED: "bold red",
    OPEN: "bold",
    OVERDUE: "bold red",
    UNMARKED: "magenta",
    CANCELLED: "dim",
    REVIEW: "bold",
}
BY_WEIGHT = (CANCELLED, REVIEW, DONE, OPEN, UNMARKED, OVERDUE, MISSED)
"""Where two fall on one column, the later of these is seen; a session before its review."""

AXIS_WIDTH = 80
"""A wider screen shows no wider axis."""

_BETWEEN = "-"
_NOW = Span("|", "bold yellow")
_COLOURS = ("cyan", "green", "bright_blue")
"""Of the phases in turn; red, magenta and yellow say what became of a session."""

_HINT = "else --keep date"
_SCALES = (("week", 7.0, 10), ("month", DAYS_OF_MONTH, 24), ("year", 12 * DAYS_OF_MONTH, 0))
"""Of a template: a unit, its days, and of how many it is the scale at most."""


class _Place(NamedTuple):
    """A mark in its place (0.0 to 1.0)."""

    at: float
    mark: str


class _Row(NamedTuple):
    """A phase as it is drawn; ``told`` are words for it, ``hint`` is wanted once in a chart."""

    label: str
    places: Sequence[_Place]
    told: str = ""
    colour: str = ""
    joined: bool = True
    hint: str = ""


class _Chart(NamedTuple):
    """Rows on one axis: ``scale`` are names above it, ``today`` its place."""

    rows: Sequence[_Row]
    scale: Sequence[tuple[float, str]] = ()
    today: float | None = None


# ---- A course ------------------------------------------------------------------------------------


def phase_lines(
    plan: Plan, today: date | None, width: int, *, months: bool = True, hint: bool = False
) -> Iterator[Line]:
    """A course's phases, its reviews and today, which is a local day or unknown.

    ``months`` stand above where nothing else shows them. ``hint``: say how an interval would not
    be rounded to whole weeks.
    """
    today = today or date.min  # before every course: none of it lies behind
    drawn = timeline(plan, today)
    rows = []
    for index, lane in enumerate(drawn.lanes):
        rounded = _rounded(lane.interval) if plan.course.keep is Keep.WEEKDAY else None
        row = _Row(
            visible(lane.phase),
            _places(lane, today),
            _rhythm(lane, rounded),
            _COLOURS[index % len(_COLOURS)],
            hint=_HINT if hint and rounded else "",
        )
        rows.append(row)
    if drawn.reviews:
        places = [_Place(each.at, MARKS.get(each.status, REVIEW)) for each in drawn.reviews]
        rows.append(_Row("reviews", places, joined=False))
    chart = _Chart(rows, _months(drawn) if months else (), drawn.today)
    lines = list(_chart_lines(chart, width))
    yield from lines
    yield from _legend(chart, width, has_today=any(_NOW in line for line in lines))


def _places(lane: Lane, today: date) -> list[_Place]:
    missed = [_Place(each.at, MISSED) for each in lane.missed]
    return [*missed, *(_Place(each.at, _mark(each, today)) for each in lane.marks)]


def _mark(mark: Mark, today: date) -> str:
    if mark.status is not Status.BOOKED:
        return MARKS[mark.status]
    if mark.day < today:
        return UNMARKED
    return OVERDUE if mark.overdue else OPEN


def _rhythm(lane: Lane, rounded: int | None) -> str:
    """``every 10 days``; ``15 days as 14`` where it was rounded to so many days."""
    ideal = lane.interval.ideal
    unit = " days" if ideal.months else ""
    told = f"every {ideal}" if rounded is None else f"{ideal} as {rounded}{unit}"
    return told + (", begun anew" if lane.again else "")


def _rounded(interval: Interval) -> int | None:
    """The whole weeks, in days, that stand for another ideal; None where nothing is rounded."""
    return None if interval.whole_weeks == interval.ideal.days else interval.whole_weeks


def _months(drawn: Timeline) -> list[tuple[float, str]]:
    if drawn.first == drawn.last:
        return []
    months = [day for day in drawn.months if day[0] != drawn.first]
    return [
        (at, month_name(day, drawn.first, drawn.last)) for day, at in [(drawn.first, 0.0), *months]
    ]


def month_name(day: date, first: date, last: date) -> str:
    """``Jan 2027`` where an axis from ``first`` to ``last`` begins or its last year does."""
    is_new = day == first or (day.month == 1 and day.year == last.year)
    return MONTHS[day.month - 1] + (f" {day.year}" if is_new else "")


def _legend(chart: _Chart, width: int, *, has_today: bool) -> Iterator[Line]:
    """What the marks mean, once there are others than those of a course that is to come."""
    drawn = {place.mark for row in chart.rows for place in row.places}
    drawn.discard(REVIEW)  # its row says what it is
    if drawn <= {OPEN} and not has_today:
        return
    told = [f"{mark} {word}" for mark, word in WORDS.items() if mark in drawn]
    told += [f"{_NOW.text} today"] if has_today else []
    for line in packed(told, width):
        yield (Span(line, "dim"),)


# ---- A template ----------------------------------------------------------------------------------


def outline_lines(regimen: Regimen, width: int) -> Iterator[Line]:
    """A template's phases at their lowest counts and intervals; "?" where the source is silent."""
    drawn = outline(regimen)
    rows = [
        _Row(
            visible(each.phase.name),
            [_Place(drawn.at(day), OPEN if each.known else UNMARKED) for day in each.days],
            _figures(each),
            _COLOURS[index % len(_COLOURS)],
        )
        for index, each in enumerate(drawn.sketches)
    ]
    if any(each.known for each in drawn.sketches):
        yield from wrapped((Span("At the lowest counts and intervals:", "dim"),), width)
    yield from _chart_lines(_Chart(rows, _ticks(drawn.days)), width)


def _figures(sketch: Sketch) -> str:
    """``4-6 every 1 week``, as the list of templates says it."""
    phase = sketch.phase
    optional = ", only if asked for" if phase.optional else ""
    return f"{phase.sessions_text} every {phase.every_text}{optional}"


def _ticks(days: float) -> list[tuple[float, str]]:
    """The weeks, months or years of so many days: ``1 month``, ``2``, ``3``."""
    unit, size, _ = next(each for each in _SCALES if days <= each[1] * each[2] or not each[2])
    return [
        (number * size / days, f"1 {unit}" if number == 1 else str(number))
        for number in range(1, int(days // size) + 1)
    ]


# ---- The drawing ---------------------------------------------------------------------------------


def _chart_lines(chart: _Chart, width: int) -> Iterator[Line]:
    """The names above, a line a row, and below what found no room beside its marks."""
    heading, *labels = table_rows(
        (Column(""),), [(Span(row.label, row.colour),) for row in chart.rows], width // 3
    )
    indent = len(heading[0][0].text + GAP)  # the heading is as wide as the widest label
    room = max(1, min(width, AXIS_WIDTH) - indent)
    if chart.scale:
        names = spread(((_column(at, room), name) for at, name in chart.scale), room)
        yield (Span(" " * indent), Span(names, "dim"))
    untold, hint = [], max(row.hint for row in chart.rows)
    for row, label in zip(chart.rows, labels, strict=True):
        cells = _Cells(row, chart.today, room)
        if hint and row.hint and cells.tell(f"{row.told} ({hint})"):
            hint = ""
        elif not cells.tell(row.told):
            untold.append(f"{row.label} {row.told}")
        yield (*label[0], Span(GAP), *cells.line)
        yield from label[1:]
    if hint:
        untold.append(f"whole weeks, {hint}")
    if untold:
        yield from wrapped((Span("; ".join(untold), "dim"),), width)


class _Cells:
    """The columns of one row: its marks, a rule between them, today, and words where it is free."""

    def __init__(self, row: _Row, today: float | None, width: int) -> None:
        self._cells: list[Span | None] = [None] * width
        columns = [_column(each.at, width) for each in row.places]
        self._ends = min(columns), max(columns)
        if row.joined:
            rule = Span(_BETWEEN, f"dim {row.colour}".rstrip())
            self._cells[self._ends[0] : self._ends[1]] = [rule] * (self._ends[1] - self._ends[0])
        if today is not None:
            self._cells[_column(today, width)] = _NOW
        for column, place in sorted(zip(columns, row.places, strict=True), key=_weight):
            style = STYLES.get(place.mark, "bold")
            is_plain = place.mark in (DONE, OPEN)
            style = f"{style} {row.colour}".strip() if is_plain else style
            self._cells[column] = Span(place.mark, style)

    @property
    def line(self) -> Line:
        """What stands in each column up to the last, in one span where the style is one."""
        used = max(index for index, each in enumerate(self._cells, 1) if each)
        cells = (each or Span(" ") for each in self._cells[:used])
        return tuple(
            Span("".join(each.text for each in run), style)
            for style, run in groupby(cells, key=lambda each: each.style)
        )

    def tell(self, words: str) -> bool:
        """Write words behind the marks, else before them; False where there is no room."""
        if not words:
            return True
        first, last = self._ends
        starts = [*range(last + 1, len(self._cells)), *range(first, -1, -1)]
        at = next((each for each in starts if self._is_free(each, len(words))), None)
        if at is not None:
            self._cells[at : at + len(words)] = [Span(each, "dim") for each in words]
        return at is not None

    def _is_free(self, at: int, length: int) -> bool:
        """Whether words that begin there keep their distance from all else."""
        around = self._cells[max(0, at - len(GAP)) : at + length + len(GAP)]
        return at + length <= len(self._cells) and not any(around)


def _column(at: float, width: int) -> int:
    return round(at * (width - 1))


def _weight(placed: tuple[int, _Place]) -> int:
    return BY_WEIGHT.index(placed[1].mark)


def spread(names: Iterable[tuple[int, str]], width: int) -> str:
    """Names above their columns in one line: the first, and of the others what finds room."""
    line = ""
    for column, name in names:
        if not line or len(line) < column <= width - len(name):
            line = line.ljust(column) + name
    return line


def packed(items: Iterable[str], width: int) -> Iterator[str]:
    """Items side by side, none broken, in as many lines as they take."""
    line = ""
    for item in items:
        joined = f"{line}   {item}" if line else item
        if line and len(joined) > width:
            yield line
            joined = item
        line = joined
    yield line
