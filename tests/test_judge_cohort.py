"""The judge of a cohort sees every breach, and its brute force finds the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from math import prod
from typing import NamedTuple

import judge_cohort as judge
import judge_placing
import pytest
from building import clinic as a_clinic
from building import days, phase, regimen, slot_on, taken_from, week, weekly
from cohorts import tiny, tiny_requests
from hypothesis import assume, event, given, settings

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, Practitioner
from meso_sched.core.cohort import (
    CohortRequest,
    CohortResult,
    Entry,
    Method,
    Objective,
    PlacedCourse,
    Taken,
    Unplaced,
)
from meso_sched.core.course import Course, PlannedPhase
from meso_sched.core.interval import Count, Interval
from meso_sched.core.regimen import Keep, Regimen, Review, Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import parse_spans

# Results made by hand


class Place(NamedTuple):
    """Where a session is: a day, a minute of its clock, a room and a practitioner."""

    day: date
    minute: int
    room: str = ""
    practitioner: str = ""


Plan = Mapping[tuple[int, int], Place]
"""By the place of a course in the list and the number of a session in it."""


def result_of(
    request: CohortRequest, plan: Plan, reviews: Mapping[int, Sequence[BookedReview]] | None = None
) -> CohortResult:
    """The result that books a plan, with every figure as it should be; kept sessions are added."""
    courses = tuple(
        placed_course(
            request,
            entry,
            {number: place for (its, number), place in plan.items() if its == index},
        )._replace(reviews=tuple((reviews or {}).get(index, ())))
        for index, entry in enumerate(request.entries)
    )
    result = CohortResult(courses, Objective(), Objective(), Method.EXACT)
    reached = judge.objective_of(request, result)
    return result._replace(objective=reached, bound=reached)


def placed_course(
    request: CohortRequest, entry: Entry, places: Mapping[int, Place]
) -> PlacedCourse:
    booked: list[BookedSession] = []
    unplaced: list[Unplaced] = []
    for session in entry.course.sessions:
        if session.number in entry.kept:
            booked.append(follow(booked, entry.kept[session.number]))
        elif session.number in places:
            place = places[session.number]
            slot = slot_at(request.clinic, place, entry.course.length)
            made = BookedSession.at(session, slot)
            made = made._replace(room=place.room, practitioner=place.practitioner)
            booked.append(follow(booked, made))
        else:
            unplaced.append(Unplaced(session, "the clinic is full", None))
    return PlacedCourse(entry, tuple(booked), tuple(unplaced))


def follow(booked: Sequence[BookedSession], each: BookedSession) -> BookedSession:
    """A session with the figures that follow from the last one booked."""
    if not booked:
        return each._replace(before=None, earliest=each.plan.ideal, latest=None, gap_days=None)
    before, session = booked[-1].start.date(), each.plan
    return each._replace(
        before=booked[-1].number,
        earliest=judge_placing.least(session.interval, before),
        latest=judge_placing.latest(session, before),
        gap_days=(each.start.date() - before).days,
        overdue_days=judge_placing.overdue_days(session, before, each.start.date()),
    )


def slot_at(clinic: Clinic, place: Place, minutes: int) -> Slot:
    begins = judge_placing.moment(place.day, place.minute, clinic.zone)
    ends = begins + timedelta(minutes=minutes)
    return Slot(begins.astimezone(clinic.zone), ends.astimezone(clinic.zone))


def jan(day: int, clock: str = "10:00", room: str = "A", practitioner: str = "Ada") -> Place:
    """A place in January 2027; the 5th is a Tuesday."""
    hour, minute = clock.split(":")
    return Place(date(2027, 1, day), int(hour) * 60 + int(minute), room, practitioner)


# A list with a good result, and what can go wrong with it

SHORT = replace(
    regimen(phase("weekly", "1+", "1 week")),
    id="short",
    reviews=(Review(Text.english("Look"), Count.parse("1"), Interval.parse("1 week").least),),
)
LONG = replace(regimen(phase("weekly", "1+", "1 week"), length="60 minutes"), id="long")


def course(template: Regimen, patient: str, start: int, sessions: int, number: int = 1) -> Course:
    minutes = template.length.least if template.length else 30
    phases = (PlannedPhase("weekly", sessions, Interval.parse("1 week")),)
    begins = date(2027, 1, start)
    return Course(template, patient, number, begins, Keep.WEEKDAY, minutes, phases, ())


KEPT_COURSE = course(LONG, "P3", 5, 2)
KEPT = BookedSession.at(KEPT_COURSE.sessions[0], slot_on(date(2027, 1, 5), 11 * 60, 60))._replace(
    room="A", practitioner="Ada"
)
FIRST, SECOND, THIRD, FOURTH = range(4)
LIST = CohortRequest(
    replace(
        a_clinic(week("09:00-12:00, 13:00-15:00"), slot=30, closed=(days(date(2027, 1, 20)),)),
        rooms=("A", "B"),
        practitioners=(
            Practitioner("Ada"),
            Practitioner(
                "Bo", week("09:00-11:00"), (days(date(2027, 1, 12)),), frozenset({"long"})
            ),
        ),
        turnover=30,
    ),
    (
        Entry(
            course(SHORT, "P1", 5, 3),
            time(10),
            Limits(away=(days(date(2027, 1, 18)),), preferred=9 * 60 + 50),
            former={3: slot_on(date(2027, 1, 19), 11 * 60)},
        ),
        Entry(
            course(LONG, "P2", 5, 2),
            limits=Limits(frozenset({1, 3}), parse_spans("09:00-12:00")),
        ),
        Entry(KEPT_COURSE, kept={1: KEPT}),
        Entry(course(LONG, "P1", 19, 1, number=2)),
    ),
    {date(2027, 1, 21): Holiday(("Feast",))},
    Busy.of([taken_from(date(2027, 1, 19), 14 * 60, 60)]),
    (
        Taken(slot_on(date(2027, 1, 26), 9 * 60, 60), room="A", practitioner="Bo"),
        Taken(slot_on(date(2027, 1, 26), 9 * 60, 60), regimen="short"),
        Taken(slot_on(date(2027, 1, 23), 9 * 60), patient="P1", room="A", practitioner="Bo"),
    ),
    stable=True,
)
GOOD: Plan = {
    (FIRST, 1): jan(5, "10:00"),
    (FIRST, 2): jan(12, "10:00"),
    (FIRST, 3): jan(19, "10:00"),
    (SECOND, 1): jan(5, "09:00", "B", "Bo"),
    (SECOND, 2): jan(12, "11:00", "B"),
    (FOURTH, 1): jan(19, "09:00", "B", "Bo"),
}
REVIEW = BookedReview(
    1,
    SHORT.reviews[0].name,
    1,
    date(2027, 1, 12),
    *slot_on(date(2027, 1, 13), 9 * 60, 30),
    room="A",
    practitioner="Ada",
)


def good() -> CohortResult:
    return result_of(LIST, GOOD, {FIRST: [REVIEW]})


def test_a_good_result_has_no_violations() -> None:
    assert judge.violations(LIST, good()) == []


def test_goals_are_summed_over_the_list() -> None:
    assert good().objective == Objective(
        unplaced=1,
        overdue_days=0,
        moved=1,  # the third session of P1, from eleven
        distance_days=0,
        early=0,
        distance_minutes=30,  # three times ten minutes
    )


MISPLACED: dict[str, tuple[Plan, str]] = {
    "before the hour of the start": ({(FIRST, 1): jan(5, "09:30")}, "before the start"),
    "before the day of the start": (
        {(FOURTH, 1): jan(16)},
        "before the start|before its first day",
    ),
    "out of hours": ({(FIRST, 3): jan(19, "12:00")}, "not inside one open span"),
    "across the pause": ({(FOURTH, 1): jan(19, "11:30")}, "not inside one open span"),
    "on a closed day": ({(FIRST, 3): jan(20)}, "not inside one open span"),
    "on a holiday": ({(FIRST, 3): jan(21)}, "not inside one open span"),
    "on a Sunday": ({(FIRST, 3): jan(24)}, "not inside one open span"),
    "on another weekday": ({(SECOND, 2): jan(13, "11:00")}, "not inside one open span"),
    "while away": ({(FIRST, 3): jan(18)}, "not inside one open span"),
    "off the grid": ({(FIRST, 3): jan(19, "10:10")}, "off the slot grid"),
    "off the grid of the second span": ({(FIRST, 3): jan(19, "13:15")}, "off the slot grid"),
    "outside the patient's hours": ({(SECOND, 2): jan(12, "14:00")}, "outside the patient's"),
    "in busy time": ({(FIRST, 3): jan(19, "14:30")}, "on busy time"),
    "too soon": ({(FIRST, 3): jan(16)}, "closer than the least gap"),
    "too soon after a kept one": ({(THIRD, 2): jan(9)}, "closer than the least gap"),
    "too late": (
        {(FIRST, 3): Place(date(2027, 5, 20), 600, "A", "Ada")},
        "out of reach",
    ),
    "in no room": ({(FIRST, 3): jan(19, room="")}, '"" is no room'),
    "in an unknown room": ({(FIRST, 3): jan(19, room="C")}, '"C" is no room'),
    "with nobody": ({(FIRST, 3): jan(19, practitioner="")}, '"" is no practitioner'),
    "with a stranger": ({(FIRST, 3): jan(19, practitioner="Cy")}, '"Cy" is no practitioner'),
    "not theirs": ({(FIRST, 3): jan(28, "09:00", "A", "Bo")}, "Bo does not do short"),
    "past their hours": ({(SECOND, 1): jan(5, "10:30", "B", "Bo")}, "Bo is not there"),
    "on their day off": ({(SECOND, 2): jan(12, "09:00", "B", "Bo")}, "Bo is not there"),
    "a room twice": ({(SECOND, 1): jan(5, "09:30", "A", "Bo")}, "room A twice"),
    "a room before it is cleared": ({(SECOND, 1): jan(5, "09:00", "A", "Bo")}, "room A twice"),
    "a person twice": ({(SECOND, 1): jan(5, "09:00", "B", "Ada")}, "practitioner Ada twice"),
    "a patient twice": ({(FOURTH, 1): jan(19, "10:00", "B", "Bo")}, "patient P1 twice"),
    "upon what is kept": (
        {(FIRST, 1): jan(5, "11:30", "B")},
        "practitioner Ada twice at once: session 1 of P3 long 1 and session 1 of P1 short 1",
    ),
    "upon what is taken": (
        {(FOURTH, 1): jan(26, "09:00", "A", "Ada")},
        "left for what is fixed on 2027-01-26|room A twice at once",
    ),
    "where the last room is taken": (
        {(FIRST, 3): jan(26, "09:00", "B")},
        "is left for what is fixed on 2027-01-26",
    ),
    "while the patient is elsewhere": (
        {(FIRST, 3): jan(23, "09:00", "B")},
        "patient P1 twice at once: session 3 of P1 short 1 and what is taken on 2027-01-23",
    ),
}
"""Each is said once and no more: a change of the good plan, what is said of it ("|": or)."""


@pytest.mark.parametrize(("change", "said"), MISPLACED.values(), ids=MISPLACED)
def test_a_session_in_the_wrong_place_is_seen(change: Plan, said: str) -> None:
    result = result_of(LIST, {**GOOD, **change}, {FIRST: [REVIEW]})
    found = judge.violations(LIST, result)
    assert found
    assert all(any(each in one for each in said.split("|")) for one in found), found


def of_session(index: int, number: int, **change: object) -> Callable[[CohortResult], CohortResult]:
    """A change of what is told of one booked session."""
    return of_course(
        index,
        lambda placed: placed._replace(
            booked=tuple(
                each._replace(**change) if each.number == number else each  # type: ignore[arg-type]
                for each in placed.booked
            )
        ),
    )


def of_course(
    index: int, change: Callable[[PlacedCourse], PlacedCourse]
) -> Callable[[CohortResult], CohortResult]:
    def changed(result: CohortResult) -> CohortResult:
        courses = list(result.courses)
        courses[index] = change(courses[index])
        return result._replace(courses=tuple(courses))

    return changed


def of_unplaced(**change: object) -> Callable[[CohortResult], CohortResult]:
    return of_course(
        THIRD,
        lambda placed: placed._replace(
            unplaced=(placed.unplaced[0]._replace(**change),)  # type: ignore[arg-type]
        ),
    )


def of_review(**change: object) -> Callable[[CohortResult], CohortResult]:
    return of_course(
        FIRST,
        lambda placed: placed._replace(
            reviews=(placed.reviews[0]._replace(**change),)  # type: ignore[arg-type]
        ),
    )


def review_at(place: Place) -> Callable[[CohortResult], CohortResult]:
    start, end = slot_at(LIST.clinic, place, 30)
    return of_review(start=start, end=end, room=place.room, practitioner=place.practitioner)


def in_utc(place: Place, minutes: int) -> Slot:
    start, end = slot_at(LIST.clinic, place, minutes)
    return Slot(start.astimezone(UTC), end.astimezone(UTC))


def told(goal: str) -> Callable[[CohortResult], CohortResult]:
    def changed(result: CohortResult) -> CohortResult:
        more = getattr(result.objective, goal) + 1
        return result._replace(objective=result.objective._replace(**{goal: more}))

    return changed


WRONGLY_TOLD: dict[str, tuple[Callable[[CohortResult], CohortResult], str]] = {
    "courses in another order": (
        lambda result: result._replace(courses=result.courses[::-1]),
        "not the courses of the list",
    ),
    "a course left out": (
        lambda result: result._replace(courses=result.courses[1:]),
        "not the courses of the list",
    ),
    "a session left out": (
        of_course(THIRD, lambda placed: placed._replace(unplaced=())),
        "not the sessions of the course",
    ),
    "a session twice": (
        of_course(THIRD, lambda placed: placed._replace(booked=(KEPT, KEPT))),
        "not the sessions of the course",
    ),
    "a session with another ideal": (
        of_session(SECOND, 1, plan=LIST.entries[SECOND].course.sessions[0]._replace(restarts=True)),
        "not the sessions of the course",
    ),
    "sessions out of order": (
        of_course(SECOND, lambda placed: placed._replace(booked=placed.booked[::-1])),
        "booked out of order",
    ),
    "a kept one without a place": (
        of_course(
            THIRD,
            lambda placed: placed._replace(
                booked=(),
                unplaced=(Unplaced(KEPT.plan, "full", None), *placed.unplaced),
            ),
        ),
        "session 1 is kept, and has no place",
    ),
    "a kept one moved": (
        of_session(THIRD, 1, start=KEPT.start - timedelta(minutes=30)),
        "although it is kept",
    ),
    "a kept one in no room": (of_session(THIRD, 1, room="Cellar"), "in no room of the clinic"),
    "a kept one with another person": (
        of_session(THIRD, 1, practitioner="Bo"),
        "not with whom",
    ),
    "a kept one chosen by hand": (of_session(THIRD, 1, by_hand=True), "not as it was"),
    "one done": (of_session(FIRST, 1, status=Status.FULFILLED), "not just booked"),
    "one chosen by hand": (of_session(FIRST, 1, by_hand=True), "not just booked"),
    "another one before": (of_session(FIRST, 3, before=1), "after another session"),
    "the first after one": (of_session(FIRST, 1, before=1), "without a session before"),
    "another earliest": (of_session(FIRST, 2, earliest=date(2027, 1, 12)), "wrong limits"),
    "another latest": (of_session(FIRST, 2, latest=None), "wrong limits"),
    "another gap": (of_session(FIRST, 2, gap_days=6), "a wrong gap"),
    "overdue that is not": (of_session(FIRST, 2, overdue_days=1), "wrong overdue days"),
    "longer than asked": (
        of_session(FIRST, 3, end=slot_at(LIST.clinic, jan(19, "11:00"), 30).end),
        "not of the asked length",
    ),
    "in UTC": (
        of_session(FIRST, 3, **in_utc(jan(19), 30)._asdict()),
        "not in the clinic's zone",
    ),
    "seconds after a minute": (
        of_session(FIRST, 3, start=slot_at(LIST.clinic, jan(19), 30).start.replace(second=1)),
        "not the first moment",
    ),
    **{f"{goal} miscounted": (told(goal), f" {goal}, and the") for goal in Objective._fields},
    "a bound above the best goal": (
        lambda result: result._replace(bound=result.objective._replace(distance_minutes=31)),
        "the bound is above",
    ),
    "no reason": (of_unplaced(why=" "), "does not say why"),
    "a nearest day within reach": (of_unplaced(nearest=date(2027, 5, 12)), "not after its reach"),
    "a nearest day without hours": (of_unplaced(nearest=date(2027, 5, 16)), "has no start"),
    "no review": (
        of_course(FIRST, lambda placed: placed._replace(reviews=())),
        "not those that are due",
    ),
    "a review that is not due": (of_review(number=2), "reviews that are not due"),
    "a review of another session": (of_review(after=2), "not what the regimen and the session"),
    "a review due another day": (
        of_review(ideal=date(2027, 1, 13)),
        "not what the regimen and the session",
    ),
    "a review too early": (review_at(jan(11, "09:00")), "before it is due"),
    "a review off the grid": (review_at(jan(13, "09:10")), "off the slot grid"),
    "a review in no room": (of_review(room=""), "is no room"),
    "a review with one who does it not": (of_review(practitioner="Bo"), "Bo does not do short"),
    "a review upon a session": (
        review_at(jan(12, "11:30", "A")),
        "practitioner Ada twice at once: session 2 of P2 long 1 and review 1 of P1 short 1",
    ),
}
"""Each with a change of the good result and what is said of it."""


@pytest.mark.parametrize(("change", "said"), WRONGLY_TOLD.values(), ids=WRONGLY_TOLD)
def test_a_result_that_tells_something_wrong_is_seen(
    change: Callable[[CohortResult], CohortResult], said: str
) -> None:
    found = judge.violations(LIST, change(good()))
    assert any(said in each for each in found), found


def test_a_bound_may_be_above_behind_a_goal_where_it_is_below() -> None:
    result = good()
    bound = result.objective._replace(unplaced=0, distance_minutes=1000)
    assert judge.violations(LIST, result._replace(bound=bound)) == []


# Capacity

ROOMY = replace(a_clinic(week("09:00-12:00", [0, 3]), slot=60), rooms=("A", "B"))
"""Open on Mondays and Thursdays; the 4th of January is a Monday."""


def claims(*told: str) -> tuple[judge.Claim, ...]:
    """Of the 5th of January: ``"9-11 AB"`` takes A or B; one with a star is fixed."""

    def claim(one: str) -> judge.Claim:
        hours, options = one.rstrip("*").split(" ")
        begins, ends = (datetime(2027, 1, 5, int(hour), tzinfo=UTC) for hour in hours.split("-"))
        return judge.Claim(begins, ends, tuple(options), one.endswith("*"))

    return tuple(claim(one) for one in told)


FITTING = {
    "one after the other": (["9-10 A", "10-11 A"], True),
    "two in one": (["9-11 A", "10-12 A"], False),
    "two in two": (["9-11 AB", "10-12 AB"], True),
    "three in two": (["9-11 AB", "10-12 AB", "9-12 AB"], False),
    "the picky one first": (["9-11 AB", "9-11 A"], True),
    "two picky ones": (["9-11 AB", "9-11 A", "10-12 B"], False),
    "in none": (["9-11 "], False),
    "across two that are named": (["9-10 A*", "10-11 B*", "9-11 AB"], False),
    "a fixed one makes room": (["9-10 A*", "9-11 AB*", "10-11 A", "9-10 C"], True),
    "fixed ones in one room": (["9-11 A*", "10-12 A*", "9-12 AB"], True),
    "upon one of two that share": (["9-11 A*", "10-12 A*", "11-12 A"], False),
    "fixed ones take a room each": (["9-11 AB*", "9-11 AB*", "9-11 AB"], False),
    "three fixed ones in two": (["9-11 AB*", "9-11 AB*", "9-11 AB*", "9-11 AB"], False),
    "a fixed one that nobody can have": (["9-11 *", "9-11 A"], True),
}


@pytest.mark.parametrize(("told", "fit"), FITTING.values(), ids=FITTING)
def test_what_goes_on_at_once_fits_or_not(told: list[str], fit: bool) -> None:
    assert judge.fit(claims(*told)) is fit


def test_groups_have_no_time_in_common() -> None:
    told = claims("9-10 A", "11-13 A", "9-11 B", "12-14 B", "10-11 A")
    assert [len(group) for group in judge.groups(told)] == [3, 2]


# The best there is


def patients(count: int, sessions: int = 1, at: int | None = None) -> tuple[Entry, ...]:
    """So many of them, each with a course of half hours from Monday the 4th on, every 3 days."""
    made = weekly(sessions, date(2027, 1, 4), every="3-7 days")
    limits = Limits(preferred=None if at is None else at * 60)
    return tuple(Entry(made._replace(patient=f"P{n}"), limits=limits) for n in range(count))


def asked(
    entries: Iterable[Entry],
    *people: Practitioner,
    rooms: tuple[str, ...] | None = ("A", "B"),
    turnover: int = 0,
    closed: Sequence[date] = (),
    taken: Iterable[Taken] = (),
    stable: bool = False,
) -> CohortRequest:
    """Of a clinic that is open on Mondays and Thursdays from nine to twelve, each full hour."""
    place = replace(
        a_clinic(week("09:00-12:00", [0, 3]), slot=60, closed=[days(day) for day in closed]),
        rooms=rooms,
        practitioners=people,
        turnover=turnover,
    )
    return CohortRequest(place, tuple(entries), taken=tuple(taken), stable=stable)


def mon(hour: int = 9, minutes: int = 60) -> Slot:
    return slot_on(date(2027, 1, 4), hour * 60, minutes)


def thu(hour: int = 9, minutes: int = 60) -> Slot:
    return slot_on(date(2027, 1, 7), hour * 60, minutes)


def one_room(entries: Iterable[Entry], turnover: int = 0) -> CohortRequest:
    return asked(entries, rooms=("A",), turnover=turnover)


ADA = Practitioner("Ada")
(ALONE,) = patients(1, at=9)
(PAIR,) = patients(1, 2)
BUSY_THURSDAY = [Taken(thu(9, 180), room=room) for room in "AB"]
LATER_MONDAYS = [date(2027, 1, 11) + timedelta(days=7 * n) for n in range(20)]
LATER_THURSDAYS = [each + timedelta(days=3) for each in LATER_MONDAYS]
LENGTHY = ALONE._replace(course=ALONE.course._replace(length=120))


def kept_on(entry: Entry, number: int, slot: Slot, room: str = "A") -> Entry:
    made = BookedSession.at(entry.course.sessions[number - 1], slot)._replace(room=room)
    return entry._replace(kept={**entry.kept, number: made})


SOLVED: dict[str, tuple[CohortRequest, Objective]] = {
    "a list without courses": (asked([]), Objective()),
    "three at nine in two rooms": (asked(patients(3, at=9)), Objective(distance_minutes=60)),
    "three at nine in one": (one_room(patients(3, at=9)), Objective(distance_minutes=60 + 120)),
    "the fourth on Thursday": (
        one_room(patients(4, at=9)),
        Objective(distance_days=3, distance_minutes=60 + 120),
    ),
    "two and two": (one_room(patients(2, 2, at=9)), Objective(distance_minutes=2 * 60)),
    "no room at all": (asked(patients(2), rooms=()), Objective(unplaced=2)),
    "nobody says how many rooms": (
        asked(patients(2, at=9), rooms=None),
        Objective(distance_minutes=60),
    ),
    "a room for each practitioner": (
        asked(patients(2, at=9), ADA, Practitioner("Bo"), rooms=None),
        Objective(),
    ),
    "one person in two rooms": (asked(patients(2, at=9), ADA), Objective(distance_minutes=60)),
    "nobody who does it": (
        asked(patients(2), Practitioner("Bo", regimens=frozenset({"other"}))),
        Objective(unplaced=2),
    ),
    "somebody without hours": (
        asked(patients(1), Practitioner("Bo", hours=week("09:00-12:00", []))),
        Objective(unplaced=1),
    ),
    "somebody who is there on Thursday": (
        asked(patients(1, at=9), Practitioner("Bo", off=(days(date(2027, 1, 4)),))),
        Objective(distance_days=3),
    ),
    "somebody who leaves within the session": (
        asked(patients(1, at=9), Practitioner("Bo", hours=week("09:00-09:20, 09:20-10:30"))),
        Objective(distance_minutes=60),
    ),
    "the one for the other's regimen": (
        asked(
            patients(2, at=9),
            Practitioner("Bo", regimens=frozenset({"sample"})),
            Practitioner("Cy", regimens=frozenset({"other"})),
        ),
        Objective(distance_minutes=60),
    ),
    "a turnover past closing": (one_room(patients(2, at=11), 30), Objective(distance_minutes=60)),
    "a turnover into the next hour": (
        one_room(patients(2, at=11), 60),
        Objective(distance_minutes=120),
    ),
    "one patient twice": (asked([ALONE, ALONE]), Objective(distance_minutes=60)),
    "nobody's reference twice": (
        asked([ALONE._replace(course=ALONE.course._replace(patient=None))] * 2),
        Objective(),
    ),
    "a patient who is taken": (
        asked([ALONE], taken=[Taken(mon(), patient="P0", room="A")]),
        Objective(distance_minutes=60),
    ),
    "any room is taken": (asked([ALONE], taken=[Taken(mon())]), Objective()),
    "any two rooms are taken": (
        asked([ALONE], taken=[Taken(mon()), Taken(mon())]),
        Objective(distance_minutes=60),
    ),
    "both rooms are taken, whichever they name": (
        asked([ALONE], taken=[Taken(mon(), room="A"), Taken(mon(), room="A")]),
        Objective(distance_minutes=60),
    ),
    "anybody is taken": (
        asked([ALONE], ADA, taken=[Taken(mon(), room="A")]),
        Objective(distance_minutes=60),
    ),
    "a long one across two that are named": (
        asked([LENGTHY], taken=[Taken(mon(9), room="A"), Taken(mon(10), room="B")]),
        Objective(),
    ),
    "a session that is passed over": (
        asked(patients(1, 3), taken=BUSY_THURSDAY, closed=LATER_MONDAYS[1:] + LATER_THURSDAYS),
        Objective(unplaced=1, distance_days=1),
    ),
    "a gap that is too long beats a day that is not ideal": (
        asked([kept_on(PAIR, 2, slot_on(date(2027, 1, 14)))]),
        Objective(distance_days=3),
    ),
    "a gap between two that are kept": (
        asked([kept_on(kept_on(PAIR, 1, mon()), 2, slot_on(date(2027, 2, 15)))]),
        Objective(),
    ),
    "one that stays": (
        asked([ALONE._replace(former={1: thu(11, 30)})], stable=True),
        Objective(distance_days=3, distance_minutes=120),
    ),
    "one that need not stay": (asked([ALONE._replace(former={1: thu(11, 30)})]), Objective()),
    "two that were in one place": (
        one_room(each._replace(former={1: mon(9, 30)}) for each in patients(2))._replace(
            stable=True
        ),
        Objective(moved=1),
    ),
}
"""Lists that a person can place, with the best of it."""


@pytest.mark.parametrize(("request_", "best"), SOLVED.values(), ids=SOLVED)
def test_the_best_is_what_a_person_finds(request_: CohortRequest, best: Objective) -> None:
    assert judge.brute_force(request_) == best


NIGHT_WORK = {
    "that the clocks skip": (date(2027, 3, 28), 2 * 60, 0, "a time that the zone skips"),
    "that they repeat": (date(2027, 10, 31), 2 * 60, 1, "not the first moment"),
}


@pytest.mark.parametrize(("day", "minute", "fold", "said"), NIGHT_WORK.values(), ids=NIGHT_WORK)
def test_a_start_is_wrong(day: date, minute: int, fold: int, said: str) -> None:
    place = replace(a_clinic(week("00:00-06:00", range(7)), zone="Europe/Berlin"), rooms=("A",))
    request = CohortRequest(place, (Entry(weekly(1, day)),))
    result = result_of(request, {(0, 1): Place(day, minute, "A")})
    start = datetime.combine(day, time(2), place.zone).replace(fold=fold)
    end = (start.astimezone(UTC) + timedelta(minutes=30)).astimezone(place.zone)
    found = judge.violations(request, of_session(0, 1, start=start, end=end)(result))
    assert any(said in each for each in found), found


@settings(max_examples=100, deadline=None)
@given(tiny_requests(sessions=3))
def test_a_course_alone_is_best_as_one_that_shares_nothing(request: CohortRequest) -> None:
    entry = request.entries[0]
    alone = request._replace(
        clinic=replace(request.clinic, practitioners=(), rooms=None),
        entries=(entry._replace(former={}),),
        taken=(),
    )
    own = judge.asked(alone, entry)
    taken = [
        (datetime.fromtimestamp(begins, UTC), datetime.fromtimestamp(ends, UTC))
        for begins, ends in zip(*alone.busy, strict=True)
    ]
    # What is kept would be in the way of the room that is left.
    assume(not entry.kept)
    plan = judge_placing.brute_force(own, taken)
    best = judge.brute_force(alone)
    event(f"every session has a place: {plan is not None}")
    if plan is None:
        assert best.unplaced > 0
    else:
        overdue, distance, early, minutes, _ = judge_placing.score(own, plan)
        assert best == Objective(0, overdue, 0, distance, early, minutes)


def every_place(request: CohortRequest, entry: Entry) -> list[Place | None]:
    """All starts of all days, in all rooms and with everybody; and none."""
    clinic = request.clinic
    slots = [
        (day, minute)
        for n in range(130)
        for day in [entry.course.start + timedelta(days=n)]
        for span in clinic.hours[day.weekday()]
        for minute in range(span.start, span.end, clinic.slot)
        if not any(closed.first <= day <= closed.last for closed in clinic.closed)
    ]
    people = [each.name for each in clinic.practitioners] or [""]
    with_all = product(slots, judge.room_names(clinic), people)
    return [*(Place(*slot, room, person) for slot, room, person in with_all), None]


@settings(max_examples=40, deadline=None)
@given(tiny_requests(sessions=2))
def test_the_best_is_the_best_of_all_results(request: CohortRequest) -> None:
    keys = [
        (index, session.number)
        for index, entry in enumerate(request.entries)
        for session in entry.course.sessions
        if session.number not in entry.kept
    ]
    choices = [every_place(request, request.entries[index]) for index, _ in keys]
    assume(prod(len(each) for each in choices) < 800)
    results = (
        result_of(request, {key: place for key, place in zip(keys, places, strict=True) if place})
        for places in product(*choices)
    )
    allowed = [each.objective for each in results if not judge.violations(request, each)]
    event(f"sessions to place: {len(keys)}")
    assert judge.brute_force(request) == min(allowed)


# Tiny lists


SEEN: dict[str, Callable[[CohortRequest], bool]] = {
    "rooms that nobody counts": lambda each: each.clinic.rooms is None,
    "no room": lambda each: each.clinic.rooms == (),
    "one room": lambda each: each.clinic.rooms == ("A",),
    "two rooms": lambda each: each.clinic.rooms == ("A", "B"),
    "two people": lambda each: len(each.clinic.practitioners) == 2,
    "people with hours": lambda each: any(who.hours for who in each.clinic.practitioners),
    "people with days off": lambda each: any(who.off for who in each.clinic.practitioners),
    "people for one regimen": lambda each: any(who.regimens for who in each.clinic.practitioners),
    "a turnover": lambda each: each.clinic.turnover > 0,
    "a zone that changes its clocks": lambda each: each.clinic.zone_name == "Europe/Berlin",
    "a half holiday": lambda each: any(day.closes_at for day in each.holidays.values()),
    "busy time": lambda each: each.busy != Busy(),
    "a patient with two courses": lambda each: any(its.course.number > 1 for its in each.entries),
    "somebody without a reference": lambda each: any(not x.course.patient for x in each.entries),
    "two lengths": lambda each: len({its.course.length for its in each.entries}) > 1,
    "a phase that follows": lambda each: any(len(its.course.phases) > 1 for its in each.entries),
    "kept sessions": lambda each: any(its.kept for its in each.entries),
    "taken time without a name": lambda each: any(not its.room for its in each.taken),
    "taken time of a patient": lambda each: any(its.patient for its in each.taken),
    "former slots": lambda each: each.stable and any(its.former for its in each.entries),
    "weekdays": lambda each: any(its.limits.weekdays for its in each.entries),
    "hours of a patient": lambda each: any(its.limits.between for its in each.entries),
    "absences": lambda each: any(its.limits.away for its in each.entries),
    "a wish": lambda each: any(its.limits.preferred for its in each.entries),
    "an hour to start at": lambda each: any(its.start != time.min for its in each.entries),
}
SOME = [tiny(seed) for seed in range(120)]


@cache
def bests() -> list[Objective]:
    return [judge.brute_force(each) for each in SOME]


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_tiny_lists_have(seen: Callable[[CohortRequest], bool]) -> None:
    assert 3 <= sum(seen(each) for each in SOME) < len(SOME)


@pytest.mark.parametrize("goal", Objective._fields)
def test_tiny_lists_reach_and_miss(goal: str) -> None:
    reached = sum(getattr(each, goal) > 0 for each in bests())
    assert len(SOME) // 20 < reached < len(SOME)


def test_a_seed_makes_the_same_list_again() -> None:
    assert tiny(7) == SOME[7]
    assert tiny(7) != tiny(8)
