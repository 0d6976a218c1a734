"""What the person at the desk sees of a revision: before and after, and how the course stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from meso_sched.cli.layout import Column, Line, Span, table, visible, wrapped
from meso_sched.cli.view import session_style
from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.changes import Adherence, Change
from meso_sched.core.clinic import Limits
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import (
    WEEKDAY_NAMES,
    minute_of,
    plural,
    show_day,
    show_days,
    show_time,
)


def revision_lines(rows: Sequence[Sequence[Span]], width: int) -> Iterator[Line]:
    """Every appointment before and after, side by side, and what became of it."""
    columns = (
        *(Column("#", right=True), Column("Phase"), Column("Before"), Column("After")),
        *(Column("Gap", right=True), Column("What", wraps=True)),
    )
    yield from table(columns, rows, width)


def session_rows(before: Plan, after: Plan, changes: Iterable[Change]) -> list[tuple[Span, ...]]:
    """A row a session."""
    former = {each.number: each for each in before.booked}
    changed = {each.number: each for each in changes}
    return [
        _row(former.get(session.number), session, changed.get(session.number))
        for session in after.booked
    ]


def review_rows(before: Plan, after: Plan, changes: Iterable[Change]) -> list[tuple[Span, ...]]:
    """A row a review."""
    former = {each.number: each for each in before.reviews}
    changed = {each.number: each for each in changes}
    # One whose session is gone is no longer among them.
    gone = {
        number: former[number]._replace(status=Status.CANCELLED)
        for number in changed
        if number in former
    }
    now = {**gone, **{review.number: review for review in after.reviews}}
    return [
        _review_row(former.get(number), now[number], changed.get(number)) for number in sorted(now)
    ]


def _review_row(
    before: BookedReview | None, after: BookedReview, change: Change | None
) -> tuple[Span, ...]:
    quiet = "dim" if change is None else ""
    when = "-" if not after.status.takes_place else "same" if change is None else _when(after)
    told = [] if change is None else [change.what, *change.why]
    style = "" if change is None else "magenta"
    return (
        Span(f"R{after.number}", quiet),
        Span("review", quiet),
        Span("" if before is None else _when(before), "dim"),
        Span(when, quiet or style),
        Span("", quiet),
        Span(visible("; ".join([str(after.name), *told])), quiet or style),
    )


def _row(
    before: BookedSession | None, after: BookedSession, change: Change | None
) -> tuple[Span, ...]:
    quiet = "dim" if change is None else ""
    return (
        Span(str(after.number), quiet),
        Span(f"{visible(after.plan.phase)} {after.plan.of[0]}/{after.plan.of[1]}", quiet),
        Span("" if before is None else _when(before), "dim"),
        Span(_after(before, after, change), quiet or session_style(after)),
        Span("" if after.gap_days is None else f"{after.gap_days}d", quiet),
        Span(visible("; ".join(_what(after, change))), quiet or session_style(after)),
    )


def _after(before: BookedSession | None, after: BookedSession, change: Change | None) -> str:
    if not after.takes_place:
        return "-"
    if before is not None and before.slot == after.slot and before.takes_place:
        return "same" if change is None else "as booked"
    return _when(after)


def _when(booked: BookedSession | BookedReview) -> str:
    return f"{show_day(booked.day)} {show_time(minute_of(booked.start))}"


def _what(after: BookedSession, change: Change | None) -> list[str]:
    """What became of a session; the dates beside it tell what its reasons say of them."""
    overdue = [f"{plural(after.overdue_days, 'day')} overdue"] if after.overdue_days else []
    if change is None:
        told = [] if after.status is Status.BOOKED else [after.status.word]
        return [*told, *overdue]
    if change.what in ("done", "cancelled"):
        return [change.what, *overdue]
    why = [each.partition(", was ")[0] for each in after.why if not each.startswith("missed on")]
    by_hand = change.what == "moved" and after.by_hand and bool(why)  # the reason says it
    return [*([] if by_hand else [change.what]), *overdue, *why]


def limits_line(limits: Limits, width: int) -> list[Line]:
    """When the patient can come, as the course remembers it; nothing where it remembers none."""
    told = []
    if limits.preferred is not None:
        told.append(f"at {show_time(limits.preferred)}")
    if limits.weekdays is not None:
        told.append("on " + ", ".join(WEEKDAY_NAMES[each][:3] for each in sorted(limits.weekdays)))
    if limits.between is not None:
        told.append(", ".join(map(str, limits.between)))
    told += [f"away {show_days(days.first, days.last)}" for days in limits.away]
    if not told:
        return []
    return wrapped((Span(f"Limits: {'; '.join(told)} (--at none, --on none … lift them)."),), width)


def adherence_line(kept: Adherence, sessions: int, width: int) -> list[Line]:
    """How well the course was kept to, in a sentence."""
    return wrapped((Span(adherence_text(kept, sessions)),), width)


def adherence_text(kept: Adherence, sessions: int) -> str:
    """``3 of 9 done, 1 missed; 0.7 days from the ideal date on average, 2 days late at most``."""
    told = f"{kept.done} of {plural(sessions, 'session')} done, {kept.missed} missed"
    if kept.mean is None or kept.largest is None:
        return f"{told}."
    average = f"{kept.mean:.1f} days from the ideal date on average"
    if kept.largest == 0:
        return f"{told}; each on its ideal date."
    side = "late" if kept.largest > 0 else "early"
    return f"{told}; {average}, {plural(abs(kept.largest), 'day')} {side} at most."
