"""How full a cohort makes the weeks of rooms and people, and how far it lies from the ideal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from building import clinic, days, phase, regimen, slot_on, taken_from, week, weekly
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.clinic import Busy, Clinic, Holiday, OpenTime, Practitioner
from meso_sched.core.cohort import (
    CohortRequest,
    CohortResult,
    Entry,
    Method,
    Objective,
    PlacedCourse,
    Taken,
)
from meso_sched.core.cohort_load import Deviation, Load, Resource, deviations, loads
from meso_sched.core.course import Choices, make_course
from meso_sched.core.regimen import Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.starts import local_end, local_start
from meso_sched.core.walltime import DAY_MINUTES, DateRange, Span

MON = date(2027, 1, 4)
OPEN = 6 * 9 * 60
"""The minutes of a week from Monday to Saturday, 09:00 to 18:00."""

NO_HOLIDAYS: Mapping[date, Holiday] = MappingProxyType({})


class At(NamedTuple):
    """A session: days after Monday, 4 January 2027, minutes of the day, and what it takes."""

    day: int = 0
    minute: int = 10 * 60
    length: int = 30
    room: str = "Room 1"
    who: str = ""
    status: Status = Status.BOOKED

    @property
    def slot(self) -> Slot:
        """Where it is, in Istanbul."""
        return slot_on(MON + timedelta(days=self.day), self.minute, self.length)


def placed(
    *sessions: At, patient: str = "P1", start: int = 0, kept: Iterable[int] = ()
) -> PlacedCourse:
    """A course with a session a week, booked where it is told; it starts days after 4 January."""
    course = weekly(len(sessions), MON + timedelta(days=start))._replace(patient=patient)
    booked = []
    before = None
    for ideal, at in zip(course.sessions, sessions, strict=True):
        each = BookedSession.at(ideal, at.slot).after(before)
        booked.append(each._replace(room=at.room, practitioner=at.who, status=at.status))
        before = (each.number, each.day)
    stays = {each.number: each for each in booked if each.number in kept}
    return PlacedCourse(Entry(course, kept=stays), tuple(booked))


def reached(*courses: PlacedCourse) -> CohortResult:
    """A result whose goals do not matter."""
    return CohortResult(courses, Objective(), Objective(), Method.EXACT)


def shared_by(
    *people: Practitioner, rooms: tuple[str, ...] | None = ("Room 1",), place: Clinic | None = None
) -> Clinic:
    """A clinic with rooms and people."""
    return replace(place or clinic(), rooms=rooms, practitioners=people)


def asked(
    place: Clinic,
    *,
    holidays: Mapping[date, Holiday] = NO_HOLIDAYS,
    busy: Busy = Busy(),
    taken: Sequence[Taken] = (),
) -> CohortRequest:
    """A request of a clinic; its entries say nothing of a load."""
    return CohortRequest(place, (), holidays, busy, tuple(taken))


def minutes(drawn: Iterable[Load]) -> dict[str, list[tuple[int, int]]]:
    """By name the open and the taken minutes of every week."""
    return {
        load.name: [(week.open_minutes, week.taken_minutes) for week in load.weeks]
        for load in drawn
    }


KAYA = Practitioner("Kaya")
BREAK = clinic(week("09:00-12:30, 13:30-18:00"))

ONE_WEEK: dict[str, tuple[CohortRequest, At, tuple[int, int]]] = {
    "a session takes its length": (asked(shared_by()), At(), (OPEN, 30)),
    "and the turnover behind it": (
        asked(replace(shared_by(), turnover=10)), At(length=45), (OPEN, 55),
    ),
    "of a turnover past closing what is open": (
        asked(replace(shared_by(), turnover=10)), At(minute=17 * 60 + 25), (OPEN, 35),
    ),
    "of a turnover in a break as well": (
        asked(replace(shared_by(place=BREAK), turnover=10)),
        At(minute=12 * 60),
        (OPEN - 6 * 60, 30),
    ),
    "outside the hours it takes its length too": (
        asked(shared_by()), At(minute=18 * 60), (OPEN, 30),
    ),
    "a closure is not open": (
        asked(shared_by(place=clinic(closed=[days(date(2027, 1, 5), date(2027, 1, 7))]))),
        At(),
        (OPEN - 3 * 540, 30),
    ),
    "a holiday is not open": (
        asked(shared_by(), holidays={date(2027, 1, 6): Holiday(("Epiphany",))}),
        At(),
        (OPEN - 540, 30),
    ),
    "half a holiday is open until it begins": (
        asked(shared_by(), holidays={date(2027, 1, 6): Holiday(("Eve",), 13 * 60)}),
        At(),
        (OPEN - 300, 30),
    ),
    "time in which nobody can come is not open": (
        asked(shared_by(), busy=Busy.of([taken_from(date(2027, 1, 5), 8 * 60, 120)])),
        At(),
        (OPEN - 60, 30),
    ),
    "a week may be closed": (
        asked(shared_by(place=clinic(closed=[days(MON, date(2027, 1, 10))]))), At(), (0, 30),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "session", "expected"), ONE_WEEK.values(), ids=ONE_WEEK)
def test_a_week_of_a_room(request_: CohortRequest, session: At, expected: tuple[int, int]) -> None:
    assert minutes(loads(request_, reached(placed(session)))) == {"Room 1": [expected]}


PRESENT: dict[str, tuple[Practitioner, int]] = {
    "as the clinic where nothing else is said": (KAYA, OPEN),
    "in hours inside the clinic's": (Practitioner("Kaya", week("10:00-12:00", [0, 1])), 240),
    "where hours go beyond the clinic's, in those of both": (
        Practitioner("Kaya", week("07:00-10:00, 17:00-20:00", range(7))), 6 * 120,
    ),
    "not on days off": (Practitioner("Kaya", off=(days(MON, date(2027, 1, 6)),)), OPEN // 2),
    "never": (Practitioner("Kaya", week(days=())), 0),
}  # fmt: skip


@pytest.mark.parametrize(("who", "opened"), PRESENT.values(), ids=PRESENT)
def test_a_practitioner_is_there(who: Practitioner, opened: int) -> None:
    drawn = loads(asked(shared_by(who, rooms=())), reached(placed(At(room="", who="Kaya"))))
    assert minutes(drawn) == {"Kaya": [(opened, 30)]}


def test_rooms_come_before_people_each_with_every_week() -> None:
    place = shared_by(KAYA, Practitioner("Demir"), rooms=("Left", "Right"))
    sessions = placed(At(0, room="Left", who="Kaya"), At(15, room="Left", who="Demir"))
    drawn = loads(asked(place), reached(sessions))
    assert [(load.resource, load.name) for load in drawn] == [
        (Resource.ROOM, "Left"),
        (Resource.ROOM, "Right"),
        (Resource.PRACTITIONER, "Kaya"),
        (Resource.PRACTITIONER, "Demir"),
    ]
    mondays = [date(2027, 1, 4), date(2027, 1, 11), date(2027, 1, 18)]
    assert all([week.monday for week in load.weeks] == mondays for load in drawn)
    assert minutes(drawn)["Left"] == [(OPEN, 30), (OPEN, 0), (OPEN, 30)]
    assert minutes(drawn)["Right"] == [(OPEN, 0)] * 3
    assert minutes(drawn)["Demir"] == [(OPEN, 0), (OPEN, 0), (OPEN, 30)]


def test_where_the_clinic_names_no_rooms_they_are_those_of_the_result() -> None:
    rooms = [f"Room {number}" for number in (10, 2, 1)]
    sessions = placed(*(At(day, room=room) for day, room in enumerate(rooms)))
    drawn = loads(asked(shared_by(rooms=None)), reached(sessions))
    assert [load.name for load in drawn] == ["Room 1", "Room 2", "Room 10"]


def test_a_room_that_the_clinic_has_no_more_is_shown_where_it_is_booked() -> None:
    drawn = loads(asked(shared_by(rooms=("New",))), reached(placed(At(room="Old"))))
    assert minutes(drawn) == {"New": [(OPEN, 0)], "Old": [(OPEN, 30)]}


def test_what_names_no_room_or_person_is_held_against_all_of_them() -> None:
    place = shared_by(KAYA, rooms=("Left", "Right"))
    drawn = loads(asked(place), reached(placed(At(room=""))))
    found = [(load.resource, load.name, load.weeks[0].percent) for load in drawn]
    assert found == [
        (Resource.ROOM, "Left", 0),
        (Resource.ROOM, "Right", 0),
        (Resource.ROOM, "", 100 * 30 // (2 * OPEN)),
        (Resource.PRACTITIONER, "Kaya", 0),
        (Resource.PRACTITIONER, "", 100 * 30 // OPEN),
    ]


def test_appointments_that_stay_and_reviews_count_and_what_is_cancelled_does_not() -> None:
    course = placed(At(0), At(7, status=Status.CANCELLED), At(14))
    review = BookedReview(1, Text.english("Look"), 3, MON, *At(15).slot, room="Room 1")
    gone = review._replace(number=2, status=Status.CANCELLED)
    stays = [
        Taken(At(8, length=60).slot, room="Room 1"),
        Taken(At(-7).slot, room="Room 1"),  # before the first week, and after the last
        Taken(At(21).slot, room="Room 1"),
    ]
    drawn = loads(asked(shared_by(), taken=stays), reached(course._replace(reviews=(review, gone))))
    assert minutes(drawn) == {"Room 1": [(OPEN, 30), (OPEN, 60), (OPEN, 60)]}


def test_the_weeks_begin_with_what_is_placed_anew() -> None:
    known = placed(At(0), At(7), At(14), kept=[1, 2, 3])
    begun = placed(At(7), At(21), kept=[1])
    assert minutes(loads(asked(shared_by()), reached(begun, known)))["Room 1"] == [(OPEN, 30)]
    assert len(loads(asked(shared_by()), reached(known))[0].weeks) == 3, "all of it stays"


def test_a_week_is_the_clinics_own_in_whichever_zone_an_appointment_is_written() -> None:
    sunday_night = At(6, 23 * 60 + 30)
    utc = Slot(*(each.astimezone(UTC) + timedelta(hours=1) for each in sunday_night.slot))
    assert utc.start.date() == date(2027, 1, 10), "a Monday for the clinic alone"
    taken = [Taken(utc, room="Room 1")]
    drawn = loads(asked(shared_by(), taken=taken), reached(placed(At(0), At(7))))
    assert minutes(drawn)["Room 1"] == [(OPEN, 30), (OPEN, 60)]


CHANGED = {"spring, an hour is missing": (date(2027, 3, 22), -60),
           "autumn, an hour comes twice": (date(2027, 10, 25), 60)}  # fmt: skip


@pytest.mark.parametrize(("monday", "more"), CHANGED.values(), ids=CHANGED)
def test_a_week_whose_clocks_change_is_as_long_as_it_is(monday: date, more: int) -> None:
    nights = week("00:00-24:00", range(7))
    place = shared_by(rooms=("Room 1",), place=clinic(nights, zone="Europe/Berlin"))
    start = local_start(monday + timedelta(days=6), 30, ZoneInfo("Europe/Berlin"))
    course = placed(At())
    moved = course.booked[0]._replace(start=start, end=local_end(start, 240))
    drawn = loads(asked(place), reached(course._replace(booked=(moved,))))
    assert minutes(drawn) == {"Room 1": [(7 * DAY_MINUTES + more, 240)]}


def test_nothing_placed_has_no_load() -> None:
    assert loads(asked(shared_by(KAYA)), reached()) == ()


# ---- What always holds ---------------------------------------------------------------------------

SPANS = st.sampled_from(["09:00-12:30, 13:30-18:00", "08:00-11:00", "10:10-19:50", "00:00-24:00"])
HOURS = st.builds(week, SPANS, st.sets(st.integers(0, 6), min_size=1))
BUT_SUNDAY = st.builds(week, SPANS, st.sets(st.integers(0, 5), min_size=1))
"""So that no turnover runs into the next week."""

CLOSED = st.builds(
    lambda first, count: days(MON + timedelta(first), MON + timedelta(first + count)),
    st.integers(0, 20),
    st.integers(0, 9),
)
SESSIONS = st.builds(
    At,
    st.integers(0, 20),
    st.integers(0, 23 * 60),
    st.integers(1, 60),
    st.sampled_from(["Room 1", "Room 2", "Room 3", ""]),
    st.sampled_from(["Kaya", "Demir", ""]),
    st.just(Status.BOOKED),
)
BUSY = st.builds(
    lambda day, start, length: taken_from(MON + timedelta(day), start * STEP, length * STEP),
    st.integers(0, 20),
    st.integers(0, 140),
    st.integers(1, 300),
)
STEP = 10
"""In minutes; all that is open begins and ends on such a step."""


def counted(place: Clinic, busy: Busy, who: Practitioner | None, monday: date) -> int:
    """The open minutes of a week, looked at step by step."""
    found = 0
    open_time = OpenTime(place)
    for count in range(7):
        day = monday + timedelta(days=count)
        spans = open_time.spans(day)
        own = None if who is None else who.spans(day)
        midnight = int(local_start(day, 0, place.zone).timestamp())
        for minute in range(0, DAY_MINUTES, STEP):
            start = midnight + minute * 60
            found += STEP * (
                holds(spans, minute)
                and (own is None or holds(own, minute))
                and busy.is_free(start, start + STEP * 60)
            )
    return found


def holds(spans: Sequence[Span], minute: int) -> bool:
    return any(span.start <= minute < span.end for span in spans)


@settings(max_examples=30, deadline=None)
@given(
    HOURS,
    CLOSED,
    HOURS,
    st.lists(CLOSED, max_size=2),
    st.lists(SESSIONS, min_size=1, max_size=8),
    st.lists(BUSY, max_size=3),
)
def test_the_figures_add_up(
    hours: tuple[tuple[Span, ...], ...],
    closed: DateRange,
    own: tuple[tuple[Span, ...], ...],
    off: list[DateRange],
    sessions: list[At],
    busy: list[tuple[datetime, datetime]],
) -> None:
    kaya = Practitioner("Kaya", own, tuple(off))
    rooms = ("Room 1", "Room 2", "Room 3")
    place = shared_by(
        kaya, Practitioner("Demir"), rooms=rooms, place=clinic(hours, closed=[closed])
    )
    nobody = Busy.of(busy)
    drawn = loads(asked(place, busy=nobody), reached(placed(*sessions)))
    for resource in Resource:
        group = [load for load in drawn if load.resource is resource]
        total = sum(week.taken_minutes for load in group for week in load.weeks)
        assert total == sum(each.length for each in sessions)
    by_name = {load.name: load for load in drawn}
    for name, who in (("Room 3", None), ("Kaya", kaya), ("Demir", None)):
        for each in by_name[name].weeks:
            assert each.open_minutes == counted(place, nobody, who, each.monday)


@settings(max_examples=50, deadline=None)
@given(BUT_SUNDAY, st.integers(0, 90), st.integers(25, 60))
def test_a_room_booked_without_a_pause_is_full_and_never_fuller(
    hours: tuple[tuple[Span, ...], ...], turnover: int, length: int
) -> None:
    place = replace(shared_by(place=clinic(hours)), turnover=turnover)
    sessions = []
    free = DAY_MINUTES
    for day, spans in enumerate(hours):
        free -= DAY_MINUTES
        for span in spans:
            free = max(free, span.start)
            while free + length <= span.end:
                sessions.append(At(day, free, length))
                free += length + turnover
    (load,) = loads(asked(place), reached(placed(*sessions)))
    (found,) = load.weeks
    assert found.taken_minutes <= found.open_minutes
    left = found.open_minutes - found.taken_minutes
    assert left < (length + turnover) * sum(map(len, hours)), "no session more fits into a span"


# ---- The deviation -------------------------------------------------------------------------------


def test_the_deviation_of_a_phase() -> None:
    course = placed(At(0), At(9), At(12), At(29))  # ideal 0, 7, 14, 21; a gap of 8 at most
    assert deviations([reached(course)]) == (
        Deviation(
            "sample", "weekly", sessions=4, on_ideal=1, distance_days=12, largest=8, early=1,
            overdue_days=1 + 9,
        ),
    )  # fmt: skip
    assert deviations([reached(course)])[0].mean == 3.0


LARGEST = {
    "late": ([0, 9, 14], 2),
    "early": ([0, 4, 14], -3),
    "late where both are": ([0, 5, 16], 2),
}


@pytest.mark.parametrize(("at", "largest"), LARGEST.values(), ids=LARGEST)
def test_the_largest_shift_may_be(at: list[int], largest: int) -> None:
    (found,) = deviations([reached(placed(*map(At, at)))])
    assert found.largest == largest


def test_phases_follow_the_regimen_and_all_lists_count_together() -> None:
    template = regimen(
        phase("first", "1", "1 week"),
        phase("extra", "1", "1 week", optional=True),
        phase("last", "1", "1 week"),
    )
    short = make_course(template, Choices(), start=MON)
    long = make_course(template, Choices(sessions={"extra": 1}), start=MON)
    other = make_course(replace(template, id="other"), Choices(), start=MON)
    results = []
    for course in (short, other, long):
        booked = (BookedSession.at(each, slot_on(each.ideal)) for each in course.sessions)
        results.append(reached(PlacedCourse(Entry(course), tuple(booked))))
    assert [(each.regimen, each.phase, each.sessions) for each in deviations(results)] == [
        ("sample", "first", 2),
        ("sample", "extra", 1),
        ("sample", "last", 2),
        ("other", "first", 1),
        ("other", "last", 1),
    ]


def test_what_does_not_take_place_deviates_from_nothing() -> None:
    assert deviations([reached(placed(At(3, status=Status.CANCELLED)))]) == ()
    (found,) = deviations([reached(placed(At(0), At(9, status=Status.NOSHOW), At(14)))])
    assert (found.sessions, found.on_ideal) == (2, 2)
