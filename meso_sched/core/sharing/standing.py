"""Courses that are booked already: what of them stays, as a list is placed around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.cohort import Entry, Taken
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview


class Standing(NamedTuple):
    """A course as its calendar has it. ``keeps_all``: every session stays where it is."""

    plan: Plan
    keeps_all: bool


def with_standing(entry: Entry, standing: Standing, now: datetime) -> Entry:
    """The entry with what is booked of it already; ``now`` is aware.

    What is done, past, chosen by hand or placed again after it was missed stays in any case, as
    what is called off does.
    Where the other sessions are booked is known, for a run that is to be stable.
    """
    known = {each.number: each for each in standing.plan.booked}
    mine = {
        each.number: known[each.number]._replace(plan=each)
        for each in entry.course.sessions
        if each.number in known
    }
    there = {number: each for number, each in mine.items() if each.takes_place}
    kept = {number: each for number, each in there.items() if _stays(each, standing, now)}
    gone = {number: each for number, each in mine.items() if number not in there}
    free = {number: each.slot for number, each in there.items() if number not in kept}
    count = len(entry.course.regimen.reviews)
    reviews = {each.number: each for each in standing.plan.reviews if each.number <= count}
    if not standing.keeps_all:  # they follow sessions that may go elsewhere
        reviews = {number: each for number, each in reviews.items() if _is_over(each.start, now)}
    return entry._replace(kept=kept, gone=gone, former=free, reviews=reviews)


def _stays(booked: BookedSession, standing: Standing, now: datetime) -> bool:
    is_open = booked.status is Status.BOOKED and not (booked.by_hand or booked.missed)
    return standing.keeps_all or not is_open or _is_over(booked.start, now)


def _is_over(start: datetime, now: datetime) -> bool:
    return start.astimezone(UTC) < now.astimezone(UTC)


def taken_by(plan: Plan) -> Iterator[Taken]:
    """The appointments of a course that is not in the list."""
    course = plan.course
    everything: tuple[BookedSession | BookedReview, ...] = (*plan.booked, *plan.reviews)
    for each in everything:
        if each.takes_place:
            yield Taken(each.slot, course.patient, course.regimen.id, each.room, each.practitioner)
