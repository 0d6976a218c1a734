"""What the desk should know of a course that goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from meso_sched.core.booked import Slot, Status, overdue_warnings
from meso_sched.core.plan import Plan
from meso_sched.core.walltime import plural, show_moment


def warnings(
    plan: Plan, now: datetime, broken: Callable[[int, Slot], tuple[str, ...]]
) -> Iterator[str]:
    """Sessions that nobody marked, gaps that are too long, rules broken by hand.

    ``now`` is aware; ``broken`` tells which rules the slot of a session breaks.
    """
    yield from unmarked(plan, now)
    yield from _out_of_order(plan)
    yield from overdue_warnings(plan.booked)
    yield from _grown_gaps(plan)
    yield from _skipped(plan)
    yield from _broken_by_hand(plan, now, broken)


def unmarked(plan: Plan, now: datetime) -> Iterator[str]:
    """Which sessions are past and neither done nor missed, in one sentence."""
    past = [each for each in plan.booked if each.status is Status.BOOKED and each.start < now]
    if not past:
        return
    first = past[0]
    if len(past) == 1:
        told = f"session {first.number} ({show_moment(first.start)}) is"
    else:
        numbers = ", ".join(str(each.number) for each in past)
        told = f"sessions {numbers} (the first on {show_moment(first.start)}) are"
    yield (
        f"{told} past and neither done nor missed; tell it with --done {first.number} or --missed"
        f" {first.number}"
    )


def _out_of_order(plan: Plan) -> Iterator[str]:
    """Sessions that somebody put before an earlier one: the numbers no longer tell the order."""
    slots = {each.number: each for each in plan.booked}
    for each in plan.booked:
        before = None if each.before is None else slots[each.before]
        if before is not None and each.takes_place and each.start < before.start:
            yield (
                f"session {each.number} ({show_moment(each.start)}) stands before session"
                f" {before.number} ({show_moment(before.start)}); move one of them with --move"
            )


def placed_again(before: Plan, after: Plan, now: datetime) -> Iterator[str]:
    """Past sessions that nobody marked and that had to give way to one that was missed."""
    former = {each.number: each for each in before.booked}
    for each in after.booked:
        known = former.get(each.number)
        if known is None or known.start >= now or known.status is not Status.BOOKED:
            continue
        is_told = each.status is not Status.BOOKED or len(each.missed) > len(known.missed)
        if not is_told and not each.by_hand and each.slot != known.slot:
            at = known.start.strftime("%Y-%m-%dT%H:%M")
            yield (
                f"session {each.number} ({show_moment(known.start)}) was past and not marked, and"
                f" is placed again behind the missed one; if it was done, tell it with"
                f" --done {each.number}={at}"
            )


def _grown_gaps(plan: Plan) -> Iterator[str]:
    """Gaps of more than twice the most that a phase allows: the clinician may begin it anew."""
    days = {each.number: each.day for each in plan.booked}
    for each in plan.booked:
        if each.status is not Status.BOOKED or each.before is None or each.latest is None:
            continue
        before = days[each.before]
        gap, most = (each.day - before).days, (each.latest - before).days
        if gap > 2 * most:
            yield (
                f"session {each.number} comes {plural(gap, 'day')} after session {each.before},"
                f" more than twice the {plural(most, 'day')} that phase {each.plan.phase} allows;"
                " --restart-phase would begin the phase anew, if the clinician wants that"
            )


def _skipped(plan: Plan) -> Iterator[str]:
    """Gaps that a cancelled session makes longer than its phase allows."""
    slots = {each.number: each for each in plan.booked}
    for each in plan.booked:
        if each.status is not Status.BOOKED or each.before is None or not each.plan.skipped:
            continue
        before = slots[each.before]
        if each.day > each.plan.interval.latest(before.day) and not each.overdue_days:
            yield (
                f"session {each.number} comes {plural((each.day - before.day).days, 'day')} after"
                f" session {each.before}, as what was between them is cancelled"
            )


def _broken_by_hand(
    plan: Plan, now: datetime, broken: Callable[[int, Slot], tuple[str, ...]]
) -> Iterator[str]:
    """Slots chosen by hand that break a rule which nobody has overridden."""
    for each in plan.booked:
        if not each.by_hand or each.status is not Status.BOOKED or each.start < now:
            continue
        told = " ".join(each.why)
        new = [what for what in broken(each.number, each.slot) if what not in told]
        if new:
            yield (
                f"session {each.number} on {show_moment(each.start)}, chosen by hand:"
                f" {', '.join(new)}"
            )
