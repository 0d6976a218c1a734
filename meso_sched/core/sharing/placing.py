"""A whole list placed: exactly where a solver is handed in, else the quick way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from meso_sched.core.booked import BookedSession
from meso_sched.core.cohort import (
    CohortRequest,
    CohortResult,
    Method,
    Objective,
    PlacedCourse,
    sum_of,
)
from meso_sched.core.reviewing import BookedReview, ReviewRequest, book_reviews
from meso_sched.core.sharing import exact
from meso_sched.core.sharing.capacity import Stretch, room_names
from meso_sched.core.sharing.goals import Found
from meso_sched.core.sharing.ledger import Ledger
from meso_sched.core.sharing.linear import Solver
from meso_sched.core.sharing.missing import Missing
from meso_sched.core.sharing.rooms import Guest, assign
from meso_sched.core.sharing.visits import Kept, Visits
from meso_sched.core.walltime import show_moment
from meso_sched.errors import PlacingError

MOST_ROUNDS = 5
"""So often the quick way places every course anew; it seldom gets better for longer."""

_NOTHING = Objective()


def place_cohort(request: CohortRequest, solver: Solver | None = None) -> CohortResult:
    """Book all courses of a list; without a solver each exactly, but one after the other.

    Nothing is raised for sessions without a place: the result names them.
    """
    visits = Visits(request)
    ledger = Ledger(visits)
    found = _searched(visits, solver)
    if found is None:
        _quick(ledger)
    else:
        ledger.seat(found.seats)
        _rounds(ledger, 1 if found.bound.unplaced == _unplaced(ledger) else MOST_ROUNDS)
    courses = _finished(ledger)
    objective = sum_of(ledger.cost(place, booked) for place, booked in enumerate(ledger.booked))
    return CohortResult(
        courses=courses,
        objective=objective,
        bound=_NOTHING if found is None or found.bound > objective else found.bound,
        method=Method.GREEDY if found is None else Method.EXACT,
        stopped=solver is not None and solver.stopped,
        warnings=tuple(_conflicts(visits)),
    )


def _searched(visits: Visits, solver: Solver | None) -> Found | None:
    if solver is None:
        return None
    if not visits.occupancy.rooms:  # nobody needs to look for what nobody can find
        open_ = [visit for visit in visits.all if visit.stays is None]
        former = [visit for visit in open_ if visit.former is not None]
        moved = len(former) if visits.request.stable else 0
        return Found({}, Objective(unplaced=len(open_), moved=moved))
    return exact.search(visits, solver)


def _unplaced(ledger: Ledger) -> int:
    return sum(
        len(sessions) - len(booked)
        for sessions, booked in zip(ledger.visits.sessions, ledger.booked, strict=True)
    )


# ---- The quick way -------------------------------------------------------------------------------


def _quick(ledger: Ledger) -> None:
    """Course after course as they begin, each exactly around those before; then each anew."""
    for place in _in_turn(ledger.request):
        ledger.book_most(place)
    _rounds(ledger, MOST_ROUNDS)


def _rounds(ledger: Ledger, most: int) -> None:
    """Place every course anew around all others, as long as that makes anything better."""
    for _ in range(most):
        places = _in_turn(ledger.request)
        better = [ledger.replace(place) for place in places]
        filled = [ledger.fill(place) for place in places]
        if not any(better) and not any(filled):
            return


def _in_turn(request: CohortRequest) -> list[int]:
    entries = request.entries
    return sorted(
        range(len(entries)),
        key=lambda place: (entries[place].priority, entries[place].course.start),
    )


# ---- Reviews and rooms ---------------------------------------------------------------------------


class _Place(NamedTuple):
    """An appointment in the result: of which entry, which of its sessions or reviews."""

    entry: int
    place: int
    is_review: bool
    guest: Guest


def _finished(ledger: Ledger) -> tuple[PlacedCourse, ...]:
    missing = Missing(ledger)
    courses: list[PlacedCourse] = []
    for place, entry in enumerate(ledger.request.entries):
        # What has no place is explained before reviews take more.
        unplaced = missing.of(place)
        courses.append(PlacedCourse(entry, _with_people(ledger, place), unplaced))
    reviewed = [_reviewed(ledger, place, course) for place, course in enumerate(courses)]
    return _with_rooms(ledger, reviewed)


def _with_people(ledger: Ledger, place: int) -> tuple[BookedSession, ...]:
    names = [who.name for who in ledger.request.clinic.practitioners]

    def name(booked: BookedSession) -> str:
        kept = ledger.request.entries[place].kept.get(booked.number)
        if kept is not None and kept.practitioner:
            return kept.practitioner
        person = ledger.visits.kept_people.get(Kept(place, booked.number))
        person = ledger.people[place].get(booked.number, person)
        return "" if person is None else names[person]

    return tuple(each._replace(practitioner=name(each)) for each in ledger.booked[place])


def _reviewed(ledger: Ledger, place: int, course: PlacedCourse) -> PlacedCourse:
    """The course with its reviews booked around everything else."""
    entry = course.entry
    if not (entry.course.regimen.reviews and course.booked):
        return course
    _give_back(ledger, place)
    request = ReviewRequest(
        entry.course.regimen.reviews,
        course.booked,
        ledger.visits.open_time(entry.limits),
        ledger.free_time(place),
        former=entry.reviews,
    )
    try:
        booked = book_reviews(request)
    except PlacingError as error:
        return course._replace(unplaced_reviews=(str(error),))
    return course._replace(reviews=tuple(_seated(ledger, place, each) for each in booked))


def _give_back(ledger: Ledger, place: int) -> None:
    """Free what the reviews that are kept took so far: they are booked anew, there or elsewhere."""
    for number, review in ledger.request.entries[place].reviews.items():
        if review.takes_place:
            person = ledger.visits.kept_people[Kept(place, number, is_review=True)]
            stretch = ledger.occupancy.stretch(review.slot)
            ledger.occupancy.take(ledger.need(place), stretch, person, -1)


def _seated(ledger: Ledger, place: int, review: BookedReview) -> BookedReview:
    if not review.takes_place:
        return review
    need, stretch = ledger.need(place), ledger.occupancy.stretch(review.slot)
    person = ledger.occupancy.person_for(need, stretch)
    ledger.occupancy.take(need, stretch, person)
    names = [who.name for who in ledger.request.clinic.practitioners]
    return review._replace(practitioner="" if person is None else names[person])


def _with_rooms(ledger: Ledger, courses: list[PlacedCourse]) -> tuple[PlacedCourse, ...]:
    places = list(_places(ledger, courses))
    taken = [
        Guest(ledger.occupancy.stretch(each.slot), each.room, stays=bool(each.room))
        for each in ledger.request.taken
    ]
    rooms = _rooms(room_names(ledger.request.clinic), [*taken, *(each.guest for each in places)])
    sessions = [list(course.booked) for course in courses]
    reviews = [list(course.reviews) for course in courses]
    for each, room in zip(places, rooms[len(taken) :], strict=True):
        if each.is_review:
            reviews[each.entry][each.place] = reviews[each.entry][each.place]._replace(room=room)
        else:
            sessions[each.entry][each.place] = sessions[each.entry][each.place]._replace(room=room)
    return tuple(
        course._replace(booked=tuple(booked), reviews=tuple(reviewed))
        for course, booked, reviewed in zip(courses, sessions, reviews, strict=True)
    )


def _places(ledger: Ledger, courses: list[PlacedCourse]) -> Iterator[_Place]:
    for entry, course in enumerate(courses):
        for index, booked in enumerate(course.booked):
            kept = course.entry.kept.get(booked.number)
            room = "" if kept is None else kept.room
            guest = Guest(ledger.occupancy.stretch(booked.slot), room, stays=bool(room))
            yield _Place(entry, index, False, guest)
        for index, review in enumerate(course.reviews):
            if review.takes_place:
                guest = Guest(ledger.occupancy.stretch(review.slot), review.room)
                yield _Place(entry, index, True, guest)


def _rooms(names: tuple[str, ...], guests: list[Guest]) -> list[str]:
    """A room for each, worked out apart wherever no appointment is going on in between."""
    rooms = [""] * len(guests)
    run: list[int] = []
    ends = 0
    for place in sorted(range(len(guests)), key=lambda place: guests[place].stretch):
        stretch: Stretch = guests[place].stretch
        if run and stretch.start >= ends:
            _settle(names, guests, run, rooms)
            run = []
        run.append(place)
        ends = max(ends, stretch.free)
    _settle(names, guests, run, rooms)
    return rooms


def _settle(names: tuple[str, ...], guests: list[Guest], run: list[int], rooms: list[str]) -> None:
    for place, room in zip(run, assign(names, [guests[each] for each in run]), strict=True):
        rooms[place] = room


def _conflicts(visits: Visits) -> Iterator[str]:
    """Appointments that stay although there is not room for all of them."""
    for taken, _, lacking in visits.conflicts:
        whose = f" of {taken.patient}" if taken.patient else ""
        yield (
            f"the appointment{whose} on {show_moment(taken.slot.start)} stays, although {lacking}"
            " then: move one of those that are there"
        )
