"""Each course of a list by itself, were it not for the others: a bound, and where to look.

What a course cannot have alone it cannot have among others, so that what all lack and are overdue
by themselves is the least that any plan of the list has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from meso_sched.core.booked import BookedSession
from meso_sched.core.cohort import Objective, sum_of
from meso_sched.core.placing import PlacingRequest, place
from meso_sched.core.sharing.capacity import Openings
from meso_sched.core.sharing.ledger import cost_of
from meso_sched.core.sharing.visits import Visits
from meso_sched.errors import PlacingError


class Solo(NamedTuple):
    """The days (ordinals) that all sessions have alone, None where one has none.

    ``least`` are the goals of all courses that are placed alone, the others counting as nothing.
    """

    days: list[int | None]
    least: Objective


def each_alone(visits: Visits) -> Solo:
    """Place every course around what stays, and nothing else."""
    days: list[int | None] = []
    costs: list[Objective] = []
    for entry, chain in enumerate(visits.chains):
        ideals = [visits.all[whose].ideal for whose in chain]
        if _is_ideal(visits, chain):
            days += ideals
            continue
        booked = _alone(visits, entry)
        if booked is None:
            days += [None] * len(chain)
        else:
            days += [each.day.toordinal() for each in booked]
            costs.append(cost_of(visits.request, visits.request.entries[entry], booked))
    return Solo(days, sum_of(costs))


def _is_ideal(visits: Visits, chain: Sequence[int]) -> bool:
    """Whether a course can be just where its regimen puts it."""
    for whose in chain:
        visit = visits.all[whose]
        if visit.stays is not None or visits.best(whose, visit.ideal) is None:
            return False
    for before, after in pairwise(visits.all[whose] for whose in chain):
        earliest, latest = after.gap.after(before.ideal)
        if not earliest <= after.ideal <= latest:
            return False
    return True


def _alone(visits: Visits, entry: int) -> tuple[BookedSession, ...] | None:
    mine = visits.request.entries[entry]
    need = visits.all[visits.chains[entry][0]].need
    try:
        return place(
            PlacingRequest(
                sessions=visits.sessions[entry],
                start=datetime.combine(mine.course.start, mine.start),
                length=mine.course.length,
                open_time=visits.open_time(mine.limits),
                busy=Openings(visits.occupancy, need),
                fixed={number: each.slot for number, each in mine.kept.items()},
                explains=False,
            )
        )
    except PlacingError:
        return None
