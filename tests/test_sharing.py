"""Many courses in one clinic: judged by a checker and a search that share no code with the core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from building import HAIR, REVIEWS, cared_for, clinic, phase, regimen, week
from cohorts import tiny, tiny_requests
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_cohort import brute_force, violations

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.clinic import Clinic, Limits, Practitioner
from meso_sched.core.cohort import CohortRequest, CohortResult, Entry, Method, Objective
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import PlanRequest, make_plan
from meso_sched.core.regimen import Regimen
from meso_sched.core.sharing import days, windows
from meso_sched.core.sharing.capacity import Stretch
from meso_sched.core.sharing.linear import Model, Relaxed, Solved
from meso_sched.core.sharing.minutes import Limit
from meso_sched.core.sharing.placing import place_cohort
from meso_sched.core.sharing.rooms import Guest, assign
from meso_sched.core.sharing.standing import Standing, with_standing
from meso_sched.core.walltime import parse_spans
from meso_sched.exchange.highs import HighsSolver

MONDAY = date(2027, 1, 4)
ZONE = ZoneInfo("Europe/Istanbul")
SHORT = regimen(phase("weekly", "3", "1 week"))
"""Three sessions a week apart, each half an hour."""


def exactly(request: CohortRequest) -> CohortResult:
    return place_cohort(request, HighsSolver(30.0))


def named(request: CohortRequest) -> CohortRequest:
    """With a practitioner named for what stays: whom it is given to else is the tool's choice."""
    people = request.clinic.practitioners
    able = [who.name for who in people if who.regimens is None] or [""]

    def told(booked: BookedSession) -> BookedSession:
        return booked if booked.practitioner else booked._replace(practitioner=able[0])

    entries = tuple(
        entry._replace(kept={number: told(each) for number, each in entry.kept.items()})
        for entry in request.entries
    )
    taken = tuple(
        each if each.practitioner else each._replace(practitioner=able[0]) for each in request.taken
    )
    return request._replace(entries=entries, taken=taken)


# ---- Against brute force -------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(tiny_requests())
def test_a_tiny_list_is_placed_as_well_as_can_be_and_proven(request_: CohortRequest) -> None:
    request = named(request_)
    result = exactly(request)
    assert violations(request, result) == []
    assert result.objective == brute_force(request)
    assert result.proven
    assert result.method is Method.EXACT


@pytest.mark.parametrize("seed", [2062, 2304])
def test_a_search_that_goes_wider_comes_to_its_end(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a long list, where no window holds all days and sessions have many choices."""
    monkeypatch.setattr(windows, "FEW_VISITS", 0)
    monkeypatch.setattr(days, "MANY_CHOICES", 2)
    request = named(tiny(seed))
    result = exactly(request)
    assert result.objective == brute_force(request)
    assert result.proven


@settings(max_examples=100, deadline=None)
@given(tiny_requests())
def test_the_quick_way_keeps_every_rule_and_claims_no_proof(request_: CohortRequest) -> None:
    request = named(request_)
    result = place_cohort(request)
    assert violations(request, result) == []
    assert result.method is Method.GREEDY
    assert result.bound == Objective()
    assert result.objective >= exactly(request).objective


@pytest.mark.parametrize("seed", range(30))
def test_the_same_list_gives_the_same_plan(seed: int) -> None:
    request = tiny(seed)
    assert exactly(request) == exactly(request)


# ---- One alone -----------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    start=st.dates(MONDAY, date(2027, 11, 30)),
    weekly=st.integers(4, 6),
    preferred=st.sampled_from([None, 600, 645, 1050]),
    weekdays=st.sampled_from([None, frozenset({1, 3}), frozenset({5})]),
    between=st.sampled_from(["", "09:00-12:00", "10:00-11:00, 16:00-18:00"]),
    closed=st.booleans(),
)
def test_one_patient_alone_gets_what_plan_gives(
    start: date,
    weekly: int,
    preferred: int | None,
    weekdays: frozenset[int] | None,
    between: str,
    closed: bool,
) -> None:
    from meso_sched.core.walltime import DateRange

    away = (DateRange(start + timedelta(days=10), start + timedelta(days=31)),) if closed else ()
    limits = Limits(weekdays, parse_spans(between) if between else None, away, preferred)
    course = make_course(
        cared_for(HAIR), Choices(sessions={"weekly": weekly}), start=start, patient="P1"
    )
    here = clinic()
    alone = make_plan(PlanRequest(course, here, time(9, 30), limits))
    for solver in (HighsSolver(30.0), None):
        (placed,) = place_cohort(
            CohortRequest(here, (Entry(course, time(9, 30), limits),)), solver
        ).courses
        told = [each._replace(room="") for each in placed.booked]
        assert told == list(alone.booked)
        assert [each._replace(room="") for each in placed.reviews] == list(alone.reviews)
        assert {each.room for each in placed.booked} == {"Room 1"}


# ---- A clinic's rules ----------------------------------------------------------------------------


def patients(
    count: int, template: Regimen = SHORT, start: date = MONDAY, **limits: object
) -> tuple[Entry, ...]:
    """So many patients who all want to begin on one day."""
    return tuple(
        Entry(
            make_course(template, Choices(), start=start, patient=f"P{number}"),
            limits=Limits(**limits),  # type: ignore[arg-type]
        )
        for number in range(1, count + 1)
    )


def of_rooms(count: int, hours: str = "09:00-11:00", **more: object) -> Clinic:
    """A clinic of so many rooms, open on each weekday."""
    rooms = tuple(f"Room {number}" for number in range(1, count + 1))
    return replace(clinic(week(hours)), rooms=rooms, **more)  # type: ignore[arg-type]


def starts(result: CohortResult, number: int = 1) -> list[str]:
    """When each course has a session, the day and the time."""
    return sorted(
        f"{each.start:%a %d %H:%M}"
        for course in result.courses
        for each in course.booked
        if each.number == number
    )


def test_tuesday_at_ten_is_not_booked_twice() -> None:
    """Eight half-hours in two rooms on the day that twelve want: four go to the next."""
    request = CohortRequest(of_rooms(2), patients(12))
    result = exactly(request)
    assert violations(request, result) == []
    assert result.proven
    first = starts(result)
    assert len([each for each in first if each.startswith("Mon")]) == 8
    assert len([each for each in first if each.startswith("Tue")]) == 4
    assert result.objective.distance_days == 4 * 3


@pytest.mark.parametrize(
    ("turnover", "on_monday"),
    [(0, 8), (15, 6), (30, 4), (120, 2)],
)
def test_turnover_keeps_a_room_taken_after_a_session(turnover: int, on_monday: int) -> None:
    request = CohortRequest(of_rooms(2, turnover=turnover), patients(8))
    result = exactly(request)
    assert violations(request, result) == []
    assert len([each for each in starts(result) if each.startswith("Mon")]) == on_monday


def test_who_does_a_regimen_is_left_for_it() -> None:
    """Two do everything, one only the other regimen: nobody is asked for what they do not do."""
    other = replace(SHORT, id="other")
    people = (
        Practitioner("Ada", regimens=frozenset({"sample"})),
        Practitioner("Bo", regimens=frozenset({"other"})),
    )
    request = CohortRequest(of_rooms(3, practitioners=people), (*patients(3), *patients(3, other)))
    result = exactly(request)
    assert violations(request, result) == []
    assert {
        (course.entry.course.regimen.id, each.practitioner)
        for course in result.courses
        for each in course.booked
    } == {("sample", "Ada"), ("other", "Bo")}


def test_reviews_of_a_course_that_fall_on_one_day_take_a_room_and_somebody_each() -> None:
    """The patient is away when all three are due, and comes back to one room and one person."""
    from meso_sched.core.walltime import DateRange

    template = replace(SHORT, reviews=tuple(REVIEWS[:1]) * 3)
    here = of_rooms(1, "09:00-13:00", turnover=10, practitioners=(Practitioner("Ada"),))
    away = (DateRange(date(2027, 1, 19), date(2027, 3, 1)),)
    request = CohortRequest(here, patients(1, template, away=away))
    result = exactly(request)
    assert violations(request, result) == []
    assert len(result.courses[0].reviews) == 3
    assert {(each.room, each.practitioner) for each in result.courses[0].reviews} == {
        ("Room 1", "Ada")
    }


def test_a_patient_is_not_in_two_places_at_once() -> None:
    """Two courses of one patient at once, in a clinic with room for both."""
    other = replace(SHORT, id="other")
    (one,), (two,) = patients(1, preferred=540), patients(1, other, preferred=540)
    result = exactly(CohortRequest(of_rooms(2), (one, two)))
    assert starts(result) == ["Mon 04 09:00", "Mon 04 09:30"]


def test_who_has_priority_goes_first() -> None:
    first, second = patients(2, preferred=540)
    for high, low in ((first, second), (second, first)):
        entries = (high._replace(priority=1), low._replace(priority=2))
        result = exactly(CohortRequest(of_rooms(1, "09:00-09:30"), entries))
        placed = {course.entry.priority: course.booked[0].day for course in result.courses}
        assert placed == {1: MONDAY, 2: MONDAY + timedelta(days=1)}


@pytest.mark.parametrize("priorities", [(0, 0), (1, 2), (2, 1)])
def test_of_two_who_want_a_full_day_the_one_goes_who_likes_the_next(
    priorities: tuple[int, int],
) -> None:
    """Either could go, as far as days tell; wishes count before priorities."""
    hours = (parse_spans("09:00-09:30"), parse_spans("10:00-10:30"), (), (), (), (), ())
    (nine,), (ten,) = patients(1, preferred=540), patients(1, preferred=600)
    for entries in ((nine, ten), (ten, nine)):
        ranked = tuple(
            each._replace(priority=rank) for each, rank in zip(entries, priorities, strict=True)
        )
        result = exactly(CohortRequest(replace(of_rooms(1), hours=hours), ranked))
        assert result.proven
        assert result.objective == Objective(distance_days=3)
        assert starts(result) == ["Mon 04 09:00", "Tue 05 10:00"]


@pytest.mark.parametrize(
    ("here", "why"),
    [
        (of_rooms(0), "the clinic has no room"),
        (replace(of_rooms(1), hours=((),) * 7), "the clinic is closed all week"),
        (
            of_rooms(1, practitioners=(Practitioner("Ada", regimens=frozenset({"x"})),)),
            "no practitioner does sample",
        ),
        (
            of_rooms(1, practitioners=(Practitioner("Ada", hours=((),) * 7),)),
            "nobody who does sample has hours: Ada",
        ),
    ],
    ids=["no rooms", "closed", "nobody does it", "no hours"],
)
@pytest.mark.parametrize("is_exact", [True, False], ids=["exact", "quick"])
def test_what_cannot_be_is_told(here: Clinic, why: str, *, is_exact: bool) -> None:
    request = CohortRequest(here, patients(2))
    result = exactly(request) if is_exact else place_cohort(request)
    assert violations(request, result) == []
    assert result.objective == Objective(unplaced=6)
    assert result.proven == is_exact
    assert {(each.why, each.nearest) for course in result.courses for each in course.unplaced} == {
        (why, None)
    }


def test_a_session_without_a_place_says_why_and_when_it_could_be() -> None:
    """The clinic closes for good half of the year from the second session on."""
    from meso_sched.core.walltime import DateRange

    closed = (DateRange(date(2027, 1, 9), date(2027, 6, 30)),)
    request = CohortRequest(of_rooms(1, closed=closed), patients(1))
    result = exactly(request)
    assert violations(request, result) == []
    (course,) = result.courses
    assert [each.number for each in course.booked] == [1]
    second = course.unplaced[0]
    assert second.nearest == date(2027, 7, 1)
    assert second.why.startswith("Mon 11 Jan to Tue 11 May: the clinic is closed")


# ---- Again ---------------------------------------------------------------------------------------


def again(request: CohortRequest, result: CohortResult, more: Iterable[Entry]) -> CohortRequest:
    """The same list with more, where every session knows where it was."""
    entries = [
        course.entry._replace(former={each.number: each.slot for each in course.booked})
        for course in result.courses
    ]
    return request._replace(entries=(*entries, *more), stable=True)


def test_a_stable_run_moves_nobody_for_the_sake_of_a_new_one() -> None:
    request = CohortRequest(of_rooms(1, "09:00-10:00"), patients(2))
    first = exactly(request)
    late = make_course(SHORT, Choices(), start=MONDAY, patient="late")
    second = again(request, first, [Entry(late, limits=Limits(preferred=540))])
    result = exactly(second)
    assert violations(second, result) == []
    assert result.objective.moved == 0
    for before, after in zip(first.courses, result.courses, strict=False):
        assert [each.slot for each in after.booked] == [each.slot for each in before.booked]


def test_a_stable_run_without_anything_new_is_the_same() -> None:
    request = CohortRequest(of_rooms(2), patients(9))
    first = exactly(request)
    second = exactly(again(request, first, ()))
    assert [[each.slot for each in course.booked] for course in second.courses] == [
        [each.slot for each in course.booked] for course in first.courses
    ]


def test_what_is_done_past_or_called_off_stays_and_the_rest_is_placed_around_it() -> None:
    """Of an earlier run: 1 is done, 2 is called off, 3 was moved by hand, 4 is open."""
    four = regimen(phase("weekly", "4", "1 week"))
    request = CohortRequest(of_rooms(1), patients(1, four))
    (course,) = exactly(request).courses
    one, two, three, last = course.booked
    by_hand = Slot(three.start + timedelta(days=1), three.end + timedelta(days=1))
    lived = (
        one._replace(status=Status.FULFILLED),
        two._replace(status=Status.CANCELLED),
        three._replace(start=by_hand.start, end=by_hand.end, by_hand=True),
        last,
    )
    plan = course.plan(request)._replace(booked=lived)
    now = datetime(2027, 1, 5, tzinfo=ZONE)
    entry = with_standing(course.entry, Standing(plan, keeps_all=False), now)
    assert (sorted(entry.kept), sorted(entry.gone), sorted(entry.former)) == ([1, 3], [2], [4])
    (result,) = exactly(request._replace(entries=(entry,))).courses
    assert [each.number for each in result.booked] == [1, 3, 4]
    assert result.booked[1].slot == by_hand
    assert result.booked[0].status is Status.FULFILLED
    assert not result.unplaced
    whole = result.plan(request)
    assert [each.status.value for each in whole.booked] == [
        "fulfilled",
        "cancelled",
        "booked",
        "booked",
    ]


# ---- Broken off ----------------------------------------------------------------------------------


class _Stopping(HighsSolver):
    """Somebody presses Ctrl-C after so many questions to the solver."""

    def __init__(self, after: int) -> None:
        super().__init__(30.0)
        self.left = after

    @property
    def stopped(self) -> bool:
        return self.left <= 0

    def relax(self, model: Model, costs: Sequence[float]) -> Relaxed | None:
        self.left -= 1
        return None if self.stopped else super().relax(model, costs)

    def solve(
        self,
        model: Model,
        costs: Sequence[float],
        *,
        closed: Iterable[int] = (),
        known: Sequence[float] | None = None,
    ) -> Solved | None:
        self.left -= 1
        return None if self.stopped else super().solve(model, costs, closed=closed, known=known)


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("seed", [9, 25, 33])
def test_a_search_that_is_broken_off_keeps_the_best_there_is(seed: int, after: int) -> None:
    request = named(tiny(seed))
    solver = _Stopping(after)
    result = place_cohort(request, solver)
    assert violations(request, result) == []
    assert result.stopped == solver.stopped


# ---- Parts ---------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.sampled_from([30, 45, 60]), min_size=1, max_size=7),
    minutes=st.integers(1, 300),
    values=st.data(),
)
def test_a_cut_never_forbids_what_fits(
    sizes: list[int], minutes: int, values: st.DataObject
) -> None:
    columns = list(range(len(sizes)))
    parts = values.draw(
        st.lists(st.floats(0, 1, allow_nan=False), min_size=len(sizes), max_size=len(sizes))
    )
    found = Limit(columns, [float(size) for size in sizes], minutes).broken(parts)
    if found is None:
        return
    chosen, most = found
    assert sum(parts[column] for column in chosen) > most
    for bits in range(2 ** len(sizes)):
        there = [column for column in columns if bits >> column & 1]
        if sum(sizes[column] for column in there) <= minutes:
            assert len([column for column in there if column in chosen]) <= most


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=14), st.integers(1, 4))
def test_as_many_rooms_as_go_on_at_once_are_enough(
    times: list[tuple[int, int]], rooms: int
) -> None:
    stretches = [Stretch(start, start + length, start + length) for start, length in times]
    at_once = max(
        (sum(each.start <= minute < each.free for each in stretches) for minute in range(30)),
        default=0,
    )
    names = [f"Room {number}" for number in range(rooms)]
    found = assign(names, [Guest(each) for each in stretches])
    assert all(found) == (at_once <= rooms)
    for place, (stretch, room) in enumerate(zip(stretches, found, strict=True)):
        for other, taken in list(zip(stretches, found, strict=True))[:place]:
            meets = stretch.start < other.free and other.start < stretch.free
            assert not (room and room == taken and meets)
