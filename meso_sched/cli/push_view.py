"""What the person at the desk sees of a push: what differs, here and on the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC

from meso_sched.cli.layout import Column, Line, Span, table, visible, wrapped
from meso_sched.core.walltime import minute_of, plural, show_day, show_time
from meso_sched.exchange.events import CourseEvent, Kind
from meso_sched.exchange.push_tables import name_of
from meso_sched.exchange.pushing import Push
from meso_sched.exchange.syncing import Pair, What

_STYLES = {What.NEW: "green", What.OURS: "cyan"}


def rows(push: Push, stands: str, *, prune: bool) -> list[tuple[Span, ...]]:
    """A row an appointment that is not the same on both sides, and what becomes of its care.

    ``stands`` is "ours" or "theirs" where it is said whose side does.
    """
    ours = stands == "ours"
    gone = {pair.ours.uid for pair in push.pruned(ours=ours)} if prune else set()
    told = []
    care: Counter[tuple[str, str]] = Counter()
    for pair in push.pairs:
        if pair.ours.uid not in gone and pair.what in (What.SAME, What.NEITHER):
            continue
        what = _what(pair, stands, gone=pair.ours.uid in gone)
        style = _STYLES.get(pair.what, "magenta")
        if pair.ours.kind is Kind.CARE:
            care[what, style] += 1
        else:
            told.append(_row(pair, what, style))
    return told + [_care_row(count, *each) for each, count in care.items()]


def lines(push: Push, rows: Sequence[Sequence[Span]], width: int) -> Iterator[Line]:
    """Of one course what differs, under the names of its file and of the calendar."""
    if not rows:
        return
    heading = f"{push.course.path} -> {push.calendar.shown}"
    yield from wrapped((Span(visible(heading), "bold"),), width)
    columns = (Column("Event"), Column("Here"), Column("On the server"), Column("What", wraps=True))
    yield from table(columns, rows, width)


def _what(pair: Pair, stands: str, *, gone: bool) -> str:
    what = "called off: deleted there" if gone else pair.what.value
    return f"{what}, {stands} stands" if stands and pair.what.is_conflict else what


def _row(pair: Pair, what: str, style: str) -> tuple[Span, ...]:
    return (
        Span(name_of(pair.ours), style),
        Span(_when(pair.ours), style),
        Span("-" if pair.theirs is None else _when(pair.theirs), "dim"),
        Span("; ".join([what, *differences(pair)]), style),
    )


def _care_row(count: int, what: str, style: str) -> tuple[Span, ...]:
    return Span("care", style), Span(plural(count, "event"), style), Span(""), Span(what, style)


def differences(pair: Pair) -> Iterator[str]:
    """What else differs of an event that is at the same time on both sides."""
    ours, theirs = pair.ours, pair.theirs
    if theirs is None or _when(ours) != _when(theirs):
        return
    if ours.end.astimezone(UTC) != theirs.end.astimezone(UTC):
        yield "the length"
    if (ours.summary, ours.description) != (theirs.summary, theirs.description):
        yield "the words"
    if ours.location != theirs.location:
        yield "the place"
    if (ours.reminders, ours.care) != (theirs.reminders, theirs.care):
        yield "the alarms"


def _when(event: CourseEvent) -> str:
    day = f"{show_day(event.start.date())}"
    clock = "" if event.whole_day else f" {show_time(minute_of(event.start))}"
    return f"{day}{clock}" + (" cancelled" if event.is_cancelled else "")
