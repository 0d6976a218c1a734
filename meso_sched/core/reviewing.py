"""Follow-up visits: appointments of their own, after the sessions that are booked.

A review is due on the first day that lies its `at` after its session, by the calendar and to the
day: it is no interval with a flex, since what it looks at needs that long. It is booked then or as
soon after as the rules of DESIGN 3 allow, so that sooner is never better than later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.checking import broken_rules
from meso_sched.core.clinic import Busy, FreeTime, OpenTime
from meso_sched.core.course import IdealSession
from meso_sched.core.interval import Interval
from meso_sched.core.placing import REACH_DAYS, PlacingRequest, place
from meso_sched.core.regimen import Review, Text
from meso_sched.core.starts import DayStarts, local_minute
from meso_sched.core.walltime import show_moment

NOUN = "review"
_ANY = Interval.parse("1 day")
"""A review is placed alone, so that its interval to another says nothing."""


class BookedReview(NamedTuple):
    """A review with its slot; ``start`` and ``end`` aware, ``ideal`` the local day it is due.

    ``number`` is its place among the regimen's reviews, from 1 on; ``after`` the number of the
    session that it follows. ``by_hand``: a person moved it in a calendar. ``room`` and
    ``practitioner`` are as those of a session.
    """

    number: int
    name: Text
    after: int
    ideal: date
    start: datetime
    end: datetime
    why: tuple[str, ...] = ()
    status: Status = Status.BOOKED
    by_hand: bool = False
    room: str = ""
    practitioner: str = ""

    @property
    def slot(self) -> Slot:
        """Where it is booked."""
        return Slot(self.start, self.end)

    @property
    def day(self) -> date:
        """The local date of the slot."""
        return self.start.date()

    @property
    def takes_place(self) -> bool:
        """Whether it is still to be done, or was."""
        return self.status.takes_place

    @property
    def shift_days(self) -> int:
        """Days from the day it is due."""
        return (self.day - self.ideal).days


class ReviewRequest(NamedTuple):
    """What to book reviews by: the sessions in their slots and the time there is.

    ``former`` are reviews booked before, which stay where they can; what begins before ``now``
    (aware) is left alone.
    """

    reviews: Sequence[Review]
    booked: Sequence[BookedSession]
    open_time: OpenTime
    busy: FreeTime = Busy()
    former: Mapping[int, BookedReview] = MappingProxyType({})
    now: datetime | None = None


class _Due(NamedTuple):
    """A review whose session takes place: not before ``soonest`` (local, naive)."""

    number: int
    review: Review
    after: int
    session_ends: datetime
    soonest: datetime

    @property
    def ideal(self) -> date:
        return self.soonest.date()

    def told_of(self, review: BookedReview) -> BookedReview:
        """With what follows from the session and the template of today, wherever it is booked."""
        return review._replace(name=self.review.name, after=self.after, ideal=self.ideal)


def book_reviews(request: ReviewRequest) -> tuple[BookedReview, ...]:
    """Every review that a session of the course calls for, in the order of the regimen.

    Raises PlacingError where one finds no place.
    """
    taken = [each.slot for each in request.booked if each.takes_place]
    dues = sorted(_due(request), key=lambda each: each.soonest)
    booked: dict[int, BookedReview] = {}
    for due in dues:
        former = request.former.get(due.number)
        if former is not None and _stays(request, due, former, taken):
            booked[due.number] = due.told_of(former)
            taken += [former.slot] if former.takes_place else []
    for due in dues:
        if due.number not in booked and not _is_too_late(request, due):
            booked[due.number] = due.told_of(_placed(request, due, taken))
            taken.append(booked[due.number].slot)
    # Nothing is known any more of what a template said that is lost.
    unknown = (each for each in request.former.values() if each.number > len(request.reviews))
    return tuple(sorted((*booked.values(), *unknown), key=lambda each: each.number))


def broken_by_hand(request: ReviewRequest, reviews: Sequence[BookedReview]) -> Iterator[str]:
    """Sentences on reviews to come that somebody moved to where a rule forbids them."""
    taken = [each.slot for each in request.booked if each.takes_place]
    for each in reviews:
        is_past = request.now is not None and each.start < request.now
        if not each.by_hand or each.status is not Status.BOOKED or is_past:
            continue
        others = [other.slot for other in reviews if other is not each and other.takes_place]
        busy = _around(request.busy, [*taken, *others])
        minutes = each.slot.length // timedelta(minutes=1)
        session = IdealSession(each.number, NOUN, (1, 1), each.ideal, _ANY)
        told = broken_rules(DayStarts(request.open_time, busy, minutes), session, each.slot)
        if told:
            yield (
                f"review {each.number} on {show_moment(each.start)}, chosen by hand:"
                f" {', '.join(told)}"
            )


def reach(reviews: Iterable[Review]) -> int:
    """How many days after the last session a review may be booked; 0 without any."""
    steps = [each.at.counted_days if each.at else 0 for each in reviews]
    return int(max(steps)) + 1 + REACH_DAYS if steps else 0


def _due(request: ReviewRequest) -> Iterator[_Due]:
    for number, review in enumerate(request.reviews, 1):
        session = followed(review, request.booked)
        if session is None:
            continue
        soonest = _wall_after(session.end)
        if review.at is not None:
            soonest = datetime.combine(review.at.after(session.day), datetime.min.time())
        yield _Due(number, review, session.number, session.end, soonest)


def _wall_after(moment: datetime) -> datetime:
    """The first wall time (naive) that is not before an aware moment.

    In an hour that the clock shows twice a wall time is the first of the two.
    """
    wall = moment.replace(tzinfo=None, fold=0)
    while wall.replace(tzinfo=moment.tzinfo).astimezone(UTC) < moment.astimezone(UTC):
        wall += timedelta(minutes=1)
    return wall


def followed(review: Review, booked: Iterable[BookedSession]) -> BookedSession | None:
    """The session that a review follows: of a range the first that takes place; None if none."""
    taking_place = [each for each in booked if each.takes_place]
    if review.after is None:
        return max(taking_place, key=lambda each: each.number, default=None)
    return next((each for each in taking_place if each.number in review.after), None)


def _stays(request: ReviewRequest, due: _Due, former: BookedReview, taken: Iterable[Slot]) -> bool:
    """Whether a review keeps its slot: one that is past or moved by hand, else if it still fits.

    One that stands before the end of its session does not.
    """
    if former.status is not Status.BOOKED:
        return True
    if former.start.astimezone(UTC) < due.session_ends.astimezone(UTC):
        return False
    is_past = request.now is not None and former.start < request.now
    if is_past or former.by_hand:
        return True
    if former.ideal != due.ideal:
        return False
    starts = DayStarts(request.open_time, _around(request.busy, taken), due.review.minutes)
    return not broken_rules(starts, _ideal(due), former.slot)


def _is_too_late(request: ReviewRequest, due: _Due) -> bool:
    """Whether a review that nobody has booked yet was due before today."""
    if request.now is None or due.number in request.former:
        return False
    return due.ideal < request.now.astimezone(request.open_time.clinic.zone).date()


def _placed(request: ReviewRequest, due: _Due, taken: Iterable[Slot]) -> BookedReview:
    soonest = due.soonest
    if request.now is not None:
        soonest = max(soonest, local_minute(request.now, request.open_time.clinic.zone))
    (placed,) = place(
        PlacingRequest(
            sessions=(_ideal(due),),
            start=soonest,
            length=due.review.minutes,
            open_time=request.open_time,
            busy=_around(request.busy, taken),
            noun=NOUN,
        )
    )
    # Right after its session it is at no time of the patient's choice.
    is_next = due.review.at is None and placed.start == due.session_ends
    why = () if is_next else placed.why
    return BookedReview(
        due.number, due.review.name, due.after, due.ideal, placed.start, placed.end, why
    )


def _ideal(due: _Due) -> IdealSession:
    return IdealSession(due.number, str(due.review.name), (1, 1), due.ideal, _ANY)


def _around(busy: FreeTime, taken: Iterable[Slot]) -> FreeTime:
    """Busy time with the patient's own other appointments."""
    return busy.and_also((slot.start, slot.end) for slot in taken)
