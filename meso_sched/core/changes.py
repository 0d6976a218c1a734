"""What a revision changes, session by session, and how well a course was kept to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.plan import Plan


class Change(NamedTuple):
    """What became of one session or review; ``before`` None: it is new.

    ``what`` is ``done``, ``missed``, ``cancelled``, ``booked again``, ``added`` or ``moved``.
    """

    number: int
    what: str
    before: Slot | None
    after: Slot
    why: tuple[str, ...]


class Adherence(NamedTuple):
    """Done dates against ideal ones, in days; positive is late. None where nothing is done.

    ``largest`` is the deviation that is farthest from 0, ``missed`` counts missed appointments.
    """

    done: int
    missed: int
    mean: float | None
    largest: int | None


def changes(before: Plan, after: Plan) -> Iterator[Change]:
    """The sessions whose slot or status differs, in the order of their numbers."""
    former = {each.number: each for each in before.booked}
    for session in after.booked:
        known = former.pop(session.number, None)
        what = _what(known, session)
        if what:
            slot = None if known is None else known.slot
            yield Change(session.number, what, slot, session.slot, session.why)
    for number, gone in former.items():
        if gone.takes_place:
            yield Change(number, "cancelled", gone.slot, gone.slot, ())


def review_changes(before: Plan, after: Plan) -> Iterator[Change]:
    """The reviews whose slot or status differs, in the order of their numbers."""
    former = {each.number: each for each in before.reviews}
    for review in after.reviews:
        known = former.pop(review.number, None)
        if known is None:
            yield Change(review.number, "added", None, review.slot, review.why)
        elif review.status is not known.status:
            what = "booked again" if review.status is Status.BOOKED else review.status.word
            yield Change(review.number, what, known.slot, review.slot, review.why)
        elif review.slot != known.slot:
            yield Change(review.number, "moved", known.slot, review.slot, review.why)
    for number, gone in former.items():
        if gone.status.takes_place:
            yield Change(number, "cancelled", gone.slot, gone.slot, ())


def _what(before: BookedSession | None, after: BookedSession) -> str:
    if before is None:
        return "added" if after.takes_place else "cancelled"
    if len(after.missed) > len(before.missed):
        return "missed"
    if after.status is not before.status:
        return "booked again" if after.status is Status.BOOKED else after.status.word
    return "moved" if after.takes_place and after.slot != before.slot else ""


def adherence(plan: Plan) -> Adherence:
    """How near the done sessions of a course came to their ideal dates."""
    shifts = [each.shift_days for each in plan.booked if each.status is Status.FULFILLED]
    return Adherence(
        done=len(shifts),
        missed=sum(len(each.missed) for each in plan.booked),
        mean=sum(map(abs, shifts)) / len(shifts) if shifts else None,
        largest=max(shifts, key=abs) if shifts else None,
    )
