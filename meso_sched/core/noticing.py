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
    yield from overdue_warnings(plan.booked)
    yield from _grown_gaps(plan)
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


def _grown_gaps(plan: Plan) -> Iterator[str]:
    """Gaps of more than twice the most that a phase allows: the clinician may begin it anew."""
    days = {each.number: each.day for each in plan.booked}
    for each in plan.booked:
        if each.status is not Status.BOOKED or each.before is None or each.plan.restarts:
            continue
        before = days[each.before]
        gap, most = (each.day - before).days, (each.plan.interval.latest(before) - before).days
        if gap > 2 * most:
            yield (
                f"session {each.number} comes {plural(gap, 'day')} after session {each.before},"
                f" more than twice the {plural(most, 'day')} that phase {each.plan.phase} allows;"
                " --restart-phase would begin the phase anew, if the clinician wants that"
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
