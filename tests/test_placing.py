"""Booked slots are the exact optimum of the rules of time (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

import judge_placing as judge
import pytest
from building import (
    HAIR,
    clinic,
    courses,
    days,
    outside,
    phase,
    regimen,
    request,
    slot_on,
    taken_from,
    week,
    weekly,
    without,
)
from hypothesis import Phase, event, find, given, settings
from hypothesis import strategies as st

from meso_sched.core.booked import BookedSession, Slot, overdue_warnings, refuse_overdue
from meso_sched.core.clinic import Clinic, Holiday, Limits, OpenTime
from meso_sched.core.course import Choices, Course, IdealSession, PlannedPhase, make_course
from meso_sched.core.interval import Interval
from meso_sched.core.placing import PlacingRequest, place
from meso_sched.core.regimen import Keep
from meso_sched.core.walltime import DateRange, Span, parse_spans
from meso_sched.errors import PlacingError

TUE_5_JAN = date(2027, 1, 5)


def booked_days(booked: Sequence[BookedSession]) -> list[date]:
    return [each.day for each in booked]


def times(booked: Sequence[BookedSession]) -> list[str]:
    return [f"{each.start:%H:%M}" for each in booked]


# The worked example

TURKISH_HOLIDAYS = {
    date(2027, 3, 8): Holiday(("Eid al-Fitr eve",), closes_at=13 * 60),
    **{date(2027, 3, day): Holiday(("Eid al-Fitr",)) for day in (9, 10, 11)},
    date(2027, 5, 15): Holiday(("Eid al-Adha eve",), closes_at=13 * 60),
    **{date(2027, 5, day): Holiday(("Eid al-Adha",)) for day in (16, 17, 18)},
    date(2027, 5, 19): Holiday(("Eid al-Adha", "Youth and Sports Day")),
}


def test_the_worked_example_of_hair_in_istanbul() -> None:
    choices = Choices(sessions={"weekly": 6, "biweekly": 3, "monthly": 3})
    course = make_course(HAIR, choices, start=TUE_5_JAN)
    asked = request(
        course, limits=Limits(preferred=10 * 60), holidays=TURKISH_HOLIDAYS, at=time(10)
    )
    booked = place(asked)
    assert [f"{each:%a %-d %b}" for each in booked_days(booked)] == [
        "Tue 5 Jan",
        "Tue 12 Jan",
        "Tue 19 Jan",
        "Tue 26 Jan",
        "Tue 2 Feb",
        "Tue 9 Feb",
        "Tue 23 Feb",
        "Mon 8 Mar",
        "Tue 23 Mar",
        "Tue 20 Apr",
        "Thu 20 May",
        "Tue 15 Jun",
    ]
    assert set(times(booked)) == {"10:00"}
    assert not overdue_warnings(booked)
    assert judge.violations(asked, booked) == []
    assert [each.start.isoformat() for each in booked[:1]] == ["2027-01-05T10:00:00+03:00"]
    assert [each.end.isoformat() for each in booked[:1]] == ["2027-01-05T10:30:00+03:00"]


# Random cases


@dataclass(frozen=True)
class Case:
    """A request together with its busy time as it was given, before the core merged it."""

    asked: PlacingRequest
    taken: tuple[tuple[datetime, datetime], ...]
    course: Course


HOURS = [
    "09:00-18:00",
    "09:00-12:30, 13:30-18:00",
    "08:50-10:10, 10:20-11:00, 15:05-16:45",
    "09:00-10:00",
    "00:00-24:00",
]
WISHES = [None, 0, 9 * 60, 10 * 60 + 10, 12 * 60 + 45, 23 * 60 + 59]
BETWEEN = [None, "09:30-12:00", "10:05-10:55, 15:00-17:10", "00:00-24:00"]
STARTS = [date(2027, 1, 31), date(2028, 2, 26), date(2027, 3, 1), date(2026, 12, 28)]


@st.composite
def sessions_left(draw: st.DrawFn, course: Course) -> tuple[IdealSession, ...]:
    """The sessions of a course, at times without some that were cancelled."""
    some = st.sets(st.integers(2, course.count_all), max_size=course.count_all - 2)
    return without(course, *draw(st.just(set()) | some))


FIXED: dict[str, Callable[[int], list[int]]] = {
    "none": lambda count: [],
    "first": lambda count: [0],
    "midst": lambda count: [count // 2],
    "second": lambda count: [1],
    "last": lambda count: [count - 1],
    "around one": lambda count: [0, 2] if count > 2 else [0],
    "pair": lambda count: [0, 1] if count < 4 else [1, 2],
}
"""Which sessions stay as they are, by their place among so many."""


@st.composite
def fixed_slots(draw: st.DrawFn, sessions: Sequence[IdealSession]) -> dict[int, Slot]:
    """Slots at any time of any day; the first some days early, as of a session that is done."""
    fixed: dict[int, Slot] = {}
    before: tuple[int, date] | None = None
    for index in FIXED[draw(st.sampled_from(list(FIXED)))](len(sessions)):
        session = sessions[index]
        shift = st.integers(-20, 0) if index == 0 else st.integers(-2, 12)
        day = session.ideal + timedelta(days=draw(shift))
        if before is not None and before[0] == index - 1:
            day = before[1] + timedelta(days=draw(st.integers(1, 3)))
        minute = draw(st.sampled_from([10 * 60, 7 * 60 + 7, 23 * 60]))
        fixed[session.number] = slot_on(day, minute, draw(st.sampled_from([30, 45])))
        before = index, day
    return fixed


@st.composite
def first_days(draw: st.DrawFn, sessions: Sequence[IdealSession]) -> dict[int, date]:
    """A day before which one session or another does not begin, some months after its ideal."""
    some = draw(st.lists(st.sampled_from(sessions), max_size=2))
    shifts = st.integers(-5, 12) | st.integers(90, 130)
    return {each.number: each.ideal + timedelta(days=draw(shifts)) for each in some}


@st.composite
def open_islands(
    draw: st.DrawFn, sessions: Iterable[IdealSession], others: Iterable[date] = ()
) -> list[date]:
    """A few open days around each ideal date, seldom some weeks off, and behind some other days.

    All others are closed.
    """
    near = st.integers(-6, 8)
    offsets = near | near | near | st.integers(-40, 135)
    opened: set[date] = set()
    for session in sessions:
        some = draw(st.sets(offsets, min_size=1, max_size=5))
        opened.update(session.ideal + timedelta(days=n) for n in some)
    for day in others:
        behind = draw(st.sets(st.just(0) | st.integers(0, 20), max_size=3))
        opened.update(day + timedelta(days=n) for n in behind)
    return sorted(opened)


@st.composite
def half_days_and_holidays(draw: st.DrawFn, opened: Sequence[date]) -> dict[date, Holiday]:
    off = st.sampled_from([None, 9 * 60, 9 * 60 + 40, 12 * 60, 15 * 60 + 50])
    drawn = draw(st.lists(off, min_size=len(opened), max_size=len(opened)))
    chance = draw(st.sampled_from([0, 3]))
    return {
        day: Holiday(("Feast",), closes_at)
        for n, (day, closes_at) in enumerate(zip(opened, drawn, strict=True))
        if chance and n % chance == 0
    }


@st.composite
def busy_times(
    draw: st.DrawFn, opened: Sequence[date], zone: str
) -> tuple[tuple[datetime, datetime], ...]:
    if not opened:
        return ()
    one = st.tuples(
        st.sampled_from(opened), st.integers(0, 1439), st.sampled_from([0, 5, 40, 180, 900])
    )
    whole = st.tuples(st.sampled_from(opened), st.just(0), st.just(1440))
    drawn = draw(st.lists(one | one | whole, max_size=6))
    return tuple(taken_from(*each, zone) for each in drawn)


@st.composite
def patients(draw: st.DrawFn, opened: Sequence[date]) -> Limits:
    between = draw(st.sampled_from(BETWEEN))
    some_days = st.sampled_from(opened) if opened else st.just(date(2027, 1, 1))
    return Limits(
        weekdays=draw(st.none() | st.none() | st.frozensets(st.integers(0, 6), min_size=4)),
        between=None if between is None else parse_spans(between),
        away=tuple(
            DateRange(day, day + timedelta(days=2)) for day in draw(st.lists(some_days, max_size=1))
        ),
        preferred=draw(st.sampled_from(WISHES)),
    )


@st.composite
def clinics(draw: st.DrawFn, zone: str, closed: Sequence[DateRange]) -> Clinic:
    usual, other = draw(st.sampled_from(HOURS)), draw(st.sampled_from(HOURS))
    shut = draw(st.just(set()) | st.sets(st.integers(0, 6), max_size=2))
    hours = tuple(
        () if day in shut else parse_spans(other if day == 3 else usual) for day in range(7)
    )
    return clinic(hours, zone=zone, closed=closed, slot=draw(st.sampled_from([7, 15, 20, 60])))


@st.composite
def small_cases(draw: st.DrawFn) -> Case:
    """2 to 5 sessions with so few open days that every plan can be tried."""
    first = draw(st.sampled_from(STARTS))
    course = draw(courses(first, 2, 5))
    sessions = draw(sessions_left(course))
    fixed = draw(fixed_slots(sessions))
    not_before = first + timedelta(days=draw(st.just(0) | st.just(0) | st.integers(-10, 30)))
    begin = draw(first_days(sessions))
    to_place = [each for each in sessions if each.number not in fixed]
    after = [not_before, *begin.values(), *(slot.day for slot in fixed.values())]
    opened = draw(open_islands(to_place, after))
    closed = outside(opened, first - timedelta(days=60), first + timedelta(days=900))
    taken = draw(busy_times(opened, "Europe/Istanbul"))
    asked = request(
        course,
        draw(clinics("Europe/Istanbul", closed)),
        at=draw(st.sampled_from([time.min, time(9, 30), time(16)])),
        not_before=not_before,
        sessions=sessions,
        limits=draw(patients(opened)),
        holidays=draw(half_days_and_holidays(opened)),
        taken=taken,
        length=draw(st.sampled_from([10, 30, 60])),
        fixed=fixed,
        first_days=begin,
    )
    return Case(asked, taken, course)


def refused(case: Case) -> str:
    """Hold the refusal against the judge's; says what kind it was."""
    session = judge.first_without_place(case.asked, case.taken)
    with pytest.raises(PlacingError) as caught:
        place(case.asked)
    if not judge.is_fixed(case.asked, session):
        assert str(caught.value).startswith(f"session {session.number} ({session.phase}, ideal")
        return "no place"
    earlier = case.asked.sessions[case.asked.sessions.index(session) - 1]
    stays = f"session {earlier.number} finds no place before session {session.number}, which stays"
    assert str(caught.value).startswith(stays)
    return "no room before a fixed one"


def assert_judged_best(case: Case) -> str:
    """Hold the booked plan against the judge's; says what kind of case it was."""
    best = judge.brute_force(case.asked, case.taken)
    if best is None:
        return refused(case)
    booked = place(case.asked)
    assert judge.slots(booked) == best
    assert judge.violations(case.asked, booked, case.taken) == []
    return "overdue" if judge.score(case.asked, best)[0] else "in time"


def kinds(case: Case) -> set[str]:
    """What a case and its best plan put to the test."""
    asked = case.asked
    fixed = [judge.is_fixed(asked, session) for session in asked.sessions]
    words = "".join("F" if each else "o" for each in fixed)
    found = {kind for kind, sought in NEIGHBOURS.items() if sought in f"|{words}|"}
    plan = judge.brute_force(asked, case.taken)
    if plan is None:
        return {*found, refused(case)}
    placed = [
        Placed(session, day, held)
        for session, (day, _), held in zip(asked.sessions, plan, fixed, strict=True)
    ]
    found.update(kind for each in placed for kind in kinds_of_day(asked, each))
    found.update(kind for pair in pairwise(placed) for kind in kinds_of_gap(*pair))
    return found


class Placed(NamedTuple):
    """A session where the judge puts it."""

    session: IdealSession
    day: date
    fixed: bool


def kinds_of_day(asked: PlacingRequest, each: Placed) -> Iterator[str]:
    if each.fixed:
        return
    if each.day > each.session.ideal + judge.REACH:
        yield "more than 120 days after its ideal"
    if each.day == asked.first_days.get(each.session.number) != asked.start.date():
        yield "on its first day"


def kinds_of_gap(before: Placed, each: Placed) -> Iterator[str]:
    session, interval = each.session, each.session.interval
    if before.fixed and each.fixed:
        if each.day < judge.least(interval, before.day):
            yield "two fixed ones too close"
        return
    if each.fixed and judge.overdue_days(session, before.day, each.day):
        yield "a fixed one overdue after an open one"
    if each.day > judge.most(interval, before.day):
        if session.restarts:
            yield "a longer gap before a restart"
        elif session.skipped:
            yield "a longer gap after a cancelled one"


NEIGHBOURS = {
    "all open": "|oo",
    "the first one fixed": "|Fo",
    "one fixed in the midst": "oFo",
    "the last one fixed": "oF|",
    "two fixed in a row": "FF",
    "open between two that are fixed": "FoF",
}
"""How fixed (F) and open (o) sessions stand between the ends of a course."""

KINDS = [
    *NEIGHBOURS,
    "two fixed ones too close",
    "a fixed one overdue after an open one",
    "on its first day",
    "more than 120 days after its ideal",
    "a longer gap after a cancelled one",
    "a longer gap before a restart",
    "no place",
    "no room before a fixed one",
]


@settings(max_examples=300, deadline=None)
@given(small_cases())
def test_no_plan_is_better_than_the_one_booked(case: Case) -> None:
    event(assert_judged_best(case))


@pytest.mark.parametrize("kind", KINDS)
def test_the_judge_sees_every_kind_of_case(kind: str) -> None:
    seldom = settings(max_examples=1000, deadline=None, phases=[Phase.generate], database=None)
    find(small_cases(), lambda case: kind in kinds(case), settings=seldom)


@settings(max_examples=150, deadline=None)
@given(small_cases())
def test_every_shift_says_why_and_every_wish_that_is_not_met(case: Case) -> None:
    try:
        booked = place(case.asked)
    except PlacingError:
        return
    for each, (_, minute) in zip(booked, judge.slots(booked), strict=True):
        if judge.is_fixed(case.asked, each.plan):
            assert each.why == ()
            continue
        shift, away = each.shift_days, judge.wish_distance(case.asked, minute)
        assert len(each.why) == bool(shift) + bool(away)
        if shift:
            unit = "day" if abs(shift) == 1 else "days"
            reason, _, told = each.why[0].rpartition("; ")
            assert told == f"{shift:+} {unit}"
            assert reason.strip(" ,"), "a shift without a reason"
        if away:
            assert each.why[-1].endswith(f"; {each.start:%H:%M} instead")
        assert all(len(words) < 400 for words in each.why)


@st.composite
def large_cases(draw: st.DrawFn) -> Case:
    """12 sessions in a clinic that is open on most days."""
    first = draw(st.sampled_from(STARTS))
    course = draw(courses(first, 12, 12))
    span = (max(session.ideal for session in course.sessions) - first).days + 1
    dates = st.integers(0, span).map(lambda n: first + timedelta(days=n))
    some = sorted(draw(st.sets(dates, max_size=25)))
    sessions = draw(sessions_left(course))
    stretch = st.tuples(dates, st.integers(0, 45))
    closed = tuple(
        days(day, day + timedelta(days=n)) for day, n in draw(st.lists(stretch, max_size=3))
    )
    taken = draw(busy_times(some, "Europe/Istanbul"))
    asked = request(
        course,
        draw(clinics("Europe/Istanbul", closed)),
        sessions=sessions,
        limits=draw(patients(some)),
        holidays=draw(half_days_and_holidays(some)),
        taken=taken,
        length=draw(st.sampled_from([30, 60])),
        fixed=draw(fixed_slots(sessions)),
        first_days=draw(first_days(sessions)),
    )
    return Case(asked, taken, course)


@settings(max_examples=40, deadline=None)
@given(large_cases(), st.data())
def test_a_long_course_breaks_no_rule_and_no_single_move_betters_it(
    case: Case, data: st.DataObject
) -> None:
    try:
        booked = place(case.asked)
    except PlacingError:
        return
    assert judge.violations(case.asked, booked, case.taken) == []
    plan = judge.slots(booked)
    assert judge.better_single_move(case.asked, plan, case.taken) is None

    # Closing days that the best plan does not use takes no better plan away.
    unused = st.integers(0, 400).map(lambda n: case.course.start + timedelta(days=n))
    drawn = data.draw(st.sets(unused, min_size=1, max_size=60)) - set(booked_days(booked))
    more = tuple(days(day) for day in sorted(drawn))
    asked, open_time = case.asked, case.asked.open_time
    narrower = replace(open_time.clinic, closed=open_time.clinic.closed + more)
    again = asked._replace(open_time=OpenTime(narrower, open_time.limits, open_time.holidays))
    assert judge.slots(place(again)) == plan


# Days on which the clocks change

CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2027, 10, 31)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("Africa/Cairo", date(2027, 10, 28)),
    ("America/Asuncion", date(2023, 10, 1)),
    ("America/Asuncion", date(2024, 3, 23)),
    ("America/Havana", date(2027, 3, 14)),
    ("America/Havana", date(2027, 11, 7)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
NIGHT_HOURS = [
    "00:00-24:00",
    "00:00-02:30",
    "00:30-01:45, 02:15-03:30, 22:45-24:00",
    "01:00-02:00, 02:00-03:00",
    "01:50-05:00",
    "00:00-09:00, 20:00-24:00",
]


@st.composite
def night_cases(draw: st.DrawFn) -> Case:
    """Daily sessions across a change of the clocks, at all hours of the night."""
    zone, change = draw(st.sampled_from(CHANGES))
    first = change - timedelta(days=draw(st.integers(0, 2)))
    course = weekly(draw(st.integers(2, 3)), first, every="1 day", flex="-0/+1 days")
    opened = [first + timedelta(days=n) for n in range(5)]
    hours = week(draw(st.sampled_from(NIGHT_HOURS)), range(7))
    between = draw(st.none() | st.sampled_from(["00:15-03:10", "02:00-24:00", "23:00-24:00"]))
    taken = draw(busy_times(opened, zone))
    asked = request(
        course,
        clinic(
            hours,
            zone=zone,
            closed=outside(opened, first - timedelta(days=10), first + timedelta(days=140)),
            slot=draw(st.sampled_from([10, 15, 30])),
        ),
        limits=Limits(
            between=None if between is None else parse_spans(between),
            preferred=draw(st.none() | st.integers(0, 210) | st.integers(1350, 1439)),
        ),
        taken=taken,
        length=draw(st.sampled_from([10, 30, 60, 90])),
    )
    return Case(asked, taken, course)


@settings(max_examples=300, deadline=None)
@given(night_cases())
def test_across_a_change_of_the_clocks_no_plan_is_better(case: Case) -> None:
    event(assert_judged_best(case))


@pytest.mark.parametrize(
    ("zone", "day", "wish", "expected"),
    [
        pytest.param("Europe/Berlin", date(2027, 3, 28), 150, "03:00:00+02:00", id="skipped"),
        pytest.param("Europe/Berlin", date(2027, 10, 31), 150, "02:30:00+02:00", id="repeated"),
        pytest.param("Australia/Lord_Howe", date(2027, 10, 3), 135, "02:30:00+11:00", id="half"),
        pytest.param("Australia/Lord_Howe", date(2027, 4, 4), 105, "01:45:00+11:00", id="first"),
        pytest.param("Africa/Cairo", date(2027, 4, 30), 0, "01:00:00+03:00", id="no midnight"),
        pytest.param("Africa/Cairo", date(2027, 10, 28), 1410, "23:30:00+03:00", id="23:30 twice"),
    ],
)
def test_a_start_is_never_skipped_and_of_a_repeated_one_the_first(
    zone: str, day: date, wish: int, expected: str
) -> None:
    all_day = clinic(week("00:00-24:00", range(7)), zone=zone)
    asked = request(weekly(1, day), all_day, limits=Limits(preferred=wish), length=15)
    (booked,) = place(asked)
    assert booked.start.isoformat() == f"{day}T{expected}"


def test_a_day_that_the_zone_skips_takes_no_session() -> None:
    apia = clinic(week("09:00-17:00", range(7)), zone="Pacific/Apia")
    (booked,) = place(request(weekly(1, date(2011, 12, 30)), apia))
    assert booked.start.isoformat() == "2011-12-31T09:00:00+14:00"


def test_a_session_may_end_at_the_very_moment_the_clocks_jump() -> None:
    berlin = clinic(week("01:00-02:00", range(7)), zone="Europe/Berlin")
    (booked,) = place(request(weekly(1, date(2027, 3, 28)), berlin, length=60))
    assert booked.start.isoformat() == "2027-03-28T01:00:00+01:00"


def test_a_session_lasts_its_true_length_across_the_change() -> None:
    berlin = clinic(week("00:00-24:00", range(7)), zone="Europe/Berlin")
    limits = Limits(preferred=90)
    (booked,) = place(request(weekly(1, date(2027, 3, 28)), berlin, limits=limits, length=60))
    assert booked.start.isoformat() == "2027-03-28T01:30:00+01:00"
    assert booked.end.isoformat() == "2027-03-28T03:30:00+02:00"


# The order of the goals, one at a time: the plan that is right, and the one it beats


@pytest.mark.parametrize(
    ("opened", "flex", "expected"),
    [
        pytest.param(
            [5, 6, 7, 22, 29], None, [7, 22, 29], id="fewer overdue days before less distance"
        ),
        pytest.param(
            [5, 11, 14, 19], "-2/+2 days", [5, 11, 19], id="less distance before fewer early"
        ),
        pytest.param([5, 11, 13, 19], None, [5, 13, 19], id="a day late rather than a day early"),
        pytest.param(
            [5, 6, 12, 13, 19, 20], None, [5, 12, 19], id="the ideal dates if they are open"
        ),
    ],
)
def test_goals_are_compared_in_their_order(
    opened: list[int], flex: str | None, expected: list[int]
) -> None:
    january = [date(2027, 1, day) for day in opened]
    closed = outside(january, date(2026, 12, 1), date(2027, 12, 31))
    booked = place(request(weekly(3, TUE_5_JAN, flex=flex), clinic(closed=closed)))
    assert [each.day.day for each in booked] == expected


def months_end_course() -> Course:
    """31 January, then 30 days: 2 March, but no later than a month after session 1.

    With 2 February and 2 March closed, (31 Jan, 28 Feb) and (1 Feb, 1 Mar) are equally far from
    the ideal dates and equally early.
    """
    interval = Interval.parse("1 month", (7, 0)).choose(Interval.parse("30 days").ideal)
    phases = (PlannedPhase("monthly", 2, interval),)
    return Course(HAIR, None, 1, date(2027, 1, 31), Keep.DATE, 30, phases, ())


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        pytest.param([], [date(2027, 1, 31), date(2027, 2, 28)], id="the earliest dates"),
        pytest.param(
            [taken_from(date(2027, 2, 28), 10 * 60, 15)],
            [date(2027, 2, 1), date(2027, 3, 1)],
            id="the preferred time before the earliest dates",
        ),
    ],
)
def test_what_decides_between_plans_as_far_from_their_dates(
    taken: list[tuple[datetime, datetime]], expected: list[date]
) -> None:
    closed = [days(date(2027, 2, 2)), days(date(2027, 3, 2))]
    asked = request(
        months_end_course(),
        clinic(week(days=range(7)), closed=closed),
        limits=Limits(preferred=10 * 60),
        taken=taken,
    )
    assert booked_days(place(asked)) == expected
    assert_judged_best(Case(asked, tuple(taken), months_end_course()))


def test_one_session_far_from_its_date_beats_many_near_theirs() -> None:
    # Two days late on 14 January would push every later session by two days.
    template = regimen(
        phase("first", "2", "1 week", "-3/+7 days"), phase("then", "3", "1 week", "-0/+7 days")
    )
    closed = [days(date(2027, 1, 10), date(2027, 1, 13))]
    course = make_course(template, Choices(), start=TUE_5_JAN)
    booked = place(request(course, clinic(week(days=range(7)), closed=closed)))
    assert [each.shift_days for each in booked] == [0, -3, 0, 0, 0]


def test_of_days_that_are_all_overdue_the_one_nearest_to_the_ideal_wins() -> None:
    # Whatever day session 3 takes, sessions 3 and 4 are overdue by the same number of days.
    template = regimen(
        phase("first", "2", "1 month", "-20/+0 days"), phase("then", "2", "1 week", "-1/+1 days")
    )
    course = make_course(template, Choices(), start=TUE_5_JAN)
    third, fourth = course.sessions[2].ideal, course.sessions[3].ideal
    opened = [
        TUE_5_JAN,
        TUE_5_JAN + timedelta(days=12),
        third - timedelta(days=3),
        third,
        fourth + timedelta(days=20),
    ]
    closed = outside(opened, date(2026, 12, 1), date(2027, 12, 31))
    asked = request(course, clinic(week(days=range(7)), closed=closed))
    assert booked_days(place(asked)) == [*opened[:2], *opened[3:]]
    assert_judged_best(Case(asked, (), course))


@pytest.mark.parametrize(("from_minute", "expected"), [(10 * 60 + 30, "10:00"), (629, "09:45")])
def test_a_session_ends_as_busy_time_begins_and_not_a_minute_later(
    from_minute: int, expected: str
) -> None:
    taken = [taken_from(TUE_5_JAN, from_minute, 60)]
    asked = request(weekly(1, TUE_5_JAN), limits=Limits(preferred=10 * 60), taken=taken, length=30)
    assert times(place(asked)) == [expected]


def test_the_nearer_start_wins_and_the_earlier_of_two() -> None:
    taken = [taken_from(TUE_5_JAN, 10 * 60, 30)]
    limits = Limits(preferred=10 * 60)
    (booked,) = place(request(weekly(1, TUE_5_JAN), limits=limits, taken=taken))
    assert times([booked]) == ["09:30"]


def test_a_day_off_costs_more_than_any_time_of_day() -> None:
    taken = [taken_from(TUE_5_JAN, 0, 17 * 60 + 30)]
    limits = Limits(preferred=9 * 60)
    (booked,) = place(request(weekly(1, TUE_5_JAN), limits=limits, taken=taken))
    assert booked.start.isoformat() == "2027-01-05T17:30:00+03:00"


def test_the_grid_counts_from_the_opening_of_each_span() -> None:
    hours = week("09:10-10:00, 10:25-11:30")
    limits = Limits(between=(Span(9 * 60 + 41, 24 * 60),))
    (booked,) = place(request(weekly(1, TUE_5_JAN), clinic(hours, slot=20), limits=limits))
    assert times([booked]) == ["10:25"]


# Overdue and not placeable


def test_an_overdue_session_is_warned_about() -> None:
    opened = [TUE_5_JAN, date(2027, 1, 25)]
    closed = outside(opened, date(2026, 12, 1), date(2027, 12, 31))
    booked = place(request(weekly(2, TUE_5_JAN), clinic(closed=closed)))
    assert booked[1].overdue_days == 12
    assert overdue_warnings(booked) == (
        "session 2 (Mon 25 Jan) is 12 days overdue: 20 days after session 1,"
        " the latest would be Wed 13 Jan",
    )
    with pytest.raises(PlacingError) as caught:
        refuse_overdue(booked)
    assert str(caught.value) == overdue_warnings(booked)[0]


def test_nothing_overdue_is_nothing_to_refuse() -> None:
    booked = place(request(weekly(2, TUE_5_JAN)))
    assert overdue_warnings(booked) == ()
    refuse_overdue(booked)


def test_a_session_without_a_place_names_itself_and_what_stood_in_the_way() -> None:
    closed = [days(date(2027, 1, 6), date(2027, 2, 7)), days(date(2027, 2, 10), date(2027, 12, 31))]
    limits = Limits(away=(days(date(2027, 2, 8)),))
    holidays = {date(2027, 2, 9): Holiday(("Founders' Day",))}
    with pytest.raises(PlacingError) as caught:
        place(
            request(weekly(2, TUE_5_JAN), clinic(closed=closed), limits=limits, holidays=holidays)
        )
    assert str(caught.value) == (
        "session 2 (weekly, ideal Tue 12 Jan 2027) finds no place within 120 days after its ideal:"
        " Tue 12 Jan to Sun 7 Feb: the clinic is closed, Mon 8 Feb: the patient is away,"
        " Tue 9 Feb is Founders' Day, Wed 10 Feb to Wed 12 May: the clinic is closed;"
        " widen the limits or choose another start"
    )


def test_a_place_on_day_120_is_taken_and_on_day_121_refused() -> None:
    opened = TUE_5_JAN + timedelta(days=120)
    closed = outside([opened], date(2026, 12, 1), date(2027, 12, 31))
    (booked,) = place(request(weekly(1, TUE_5_JAN), clinic(closed=closed)))
    assert booked.shift_days == 120
    closed = outside([opened + timedelta(days=1)], date(2026, 12, 1), date(2027, 12, 31))
    with pytest.raises(PlacingError, match=r"^session 1 \(weekly, ideal Tue 5 Jan 2027\)"):
        place(request(weekly(1, TUE_5_JAN), clinic(closed=closed)))


# Sessions that stay as they are, and first days


FIVE = weekly(5, TUE_5_JAN)
"""Ideal on 5, 12, 19, 26 January and 2 February, 6 to 8 days apart."""


def january(*fixed: tuple[int, int]) -> dict[int, Slot]:
    """Slots of January at 10:00, as (session number, day of the month)."""
    return {number: slot_on(date(2027, 1, day)) for number, day in fixed}


KEPT = [
    pytest.param(
        request(FIVE, fixed=january((3, 21))),
        ["5 Jan", "13 Jan", "21 Jan", "27 Jan", "2 Feb"],
        id="the neighbours of one moved by hand go along as far as they must",
    ),
    pytest.param(
        request(FIVE, fixed=january((2, 12), (3, 13))),
        ["5 Jan", "12 Jan", "13 Jan", "21 Jan", "29 Jan"],
        id="two that are too close by hand stay, and the next is not overdue after them",
    ),
    pytest.param(
        request(FIVE, fixed=january((1, 2)), not_before=date(2027, 1, 14)),
        ["2 Jan", "14 Jan", "20 Jan", "26 Jan", "2 Feb"],
        id="one that is done lies before the start",
    ),
    pytest.param(
        request(FIVE, clinic(closed=[days(date(2027, 1, 26))]), fixed=january((4, 26))),
        ["5 Jan", "12 Jan", "19 Jan", "26 Jan", "2 Feb"],
        id="one moved by hand to a closed day stays",
    ),
    pytest.param(
        request(FIVE, first_days={2: date(2027, 1, 15)}),
        ["7 Jan", "15 Jan", "21 Jan", "27 Jan", "2 Feb"],
        id="one that begins late draws the session before along, so as not to be overdue",
    ),
    pytest.param(
        request(FIVE, first_days={3: date(2027, 1, 18)}),
        ["5 Jan", "12 Jan", "19 Jan", "26 Jan", "2 Feb"],
        id="a first day before the ideal changes nothing",
    ),
    pytest.param(
        request(FIVE, sessions=without(FIVE, 2, 3)),
        ["5 Jan", "26 Jan", "2 Feb"],
        id="the gap of cancelled ones stays empty",
    ),
]


@pytest.mark.parametrize(("asked", "expected"), KEPT)
def test_open_sessions_are_placed_around_those_that_stay(
    asked: PlacingRequest, expected: list[str]
) -> None:
    booked = place(asked)
    assert [f"{each.day:%-d %b}" for each in booked] == expected
    assert judge.violations(asked, booked) == []


def test_the_gap_after_cancelled_sessions_may_be_as_long_as_theirs_together() -> None:
    booked = place(request(FIVE, sessions=without(FIVE, 2, 3), fixed=january((1, 5), (4, 30))))
    assert [(each.before, each.latest, each.overdue_days) for each in booked] == [
        (None, None, 0),
        (1, date(2027, 1, 29), 1),
        (4, date(2027, 2, 7), 0),
    ]
    assert overdue_warnings(booked) == (
        "session 4 (Sat 30 Jan) is 1 day overdue: 25 days after session 1,"
        " the latest would be Fri 29 Jan",
    )


def test_no_gap_before_a_phase_that_begins_anew_is_too_long() -> None:
    first, anew = FIVE.phases[0]._replace(sessions=2, whole=5), date(2027, 6, 1)
    course = FIVE._replace(phases=(first, FIVE.phases[0]._replace(restarted=anew)))
    booked = place(request(course))
    assert [f"{each.day:%-d %b}" for each in booked[:4]] == ["5 Jan", "12 Jan", "1 Jun", "8 Jun"]
    assert (booked[2].latest, booked[2].gap_days, booked[2].overdue_days) == (None, 140, 0)
    assert overdue_warnings(booked) == ()


NO_ROOM = [
    pytest.param(
        request(FIVE, fixed=january((3, 15))),
        (2, 3, "Fri 15 Jan", "Mon 11 Jan"),
        id="too soon after the session before",
    ),
    pytest.param(
        request(
            FIVE,
            clinic(closed=[days(date(2027, 1, 11), date(2027, 1, 16))]),
            fixed=january((3, 19)),
        ),
        (2, 3, "Tue 19 Jan", "Mon 18 Jan"),
        id="closed before",
    ),
    pytest.param(
        request(FIVE, first_days={2: date(2027, 1, 14)}, fixed=january((3, 19))),
        (2, 3, "Tue 19 Jan", "Thu 14 Jan"),
        id="begins too late",
    ),
    pytest.param(
        request(FIVE, not_before=date(2027, 1, 15), fixed=january((1, 5), (3, 20))),
        (2, 3, "Wed 20 Jan", "Fri 15 Jan"),
        id="the start leaves too few days",
    ),
    pytest.param(
        request(FIVE, fixed=january((2, 9))),
        (1, 2, "Sat 9 Jan", "Tue 5 Jan"),
        id="the first session",
    ),
    pytest.param(
        request(FIVE, fixed=january((1, 5), (4, 20))),
        (3, 4, "Wed 20 Jan", "Mon 18 Jan"),
        id="the last of two that are squeezed together",
    ),
    pytest.param(
        request(FIVE, sessions=without(FIVE, 3), fixed=january((4, 13))),
        (2, 4, "Wed 13 Jan", "Mon 11 Jan"),
        id="the one before is not the number before",
    ),
]


@pytest.mark.parametrize(("asked", "told"), NO_ROOM)
def test_a_session_without_room_before_a_fixed_one_names_both(
    asked: PlacingRequest, told: tuple[int, int, str, str]
) -> None:
    session, following, stays, soonest = told
    with pytest.raises(PlacingError) as caught:
        place(asked)
    assert str(caught.value) == (
        f"session {session} finds no place before session {following}, which stays on {stays}:"
        f" it could be on {soonest} at the soonest; move session {following} or cancel session"
        f" {session}"
    )


CLOSED_FROM_MARCH = clinic(week(days=range(7)), closed=[days(date(2027, 3, 1), date(2027, 12, 31))])
CLOSED_FROM_2_JUNE = clinic(
    week(days=range(7)), closed=[days(date(2027, 6, 2), date(2027, 12, 31))]
)
NO_PLACE = [
    pytest.param(
        request(FIVE, CLOSED_FROM_MARCH, first_days={2: date(2027, 3, 1)}),
        "session 2 (weekly, ideal Tue 12 Jan 2027) finds no place within 120 days after Mon 1 Mar,"
        " its soonest day: Tue 12 Jan to Sun 28 Feb: before Mon 1 Mar,"
        " Mon 1 Mar to Tue 29 Jun: the clinic is closed",
        id="of its own first day",
    ),
    pytest.param(
        request(FIVE, CLOSED_FROM_MARCH, fixed={2: slot_on(date(2027, 3, 1))}),
        "session 3 (weekly, ideal Tue 19 Jan 2027) finds no place within 120 days after Sun 7 Mar,"
        " its soonest day: Tue 19 Jan to Sat 6 Mar: too soon after session 2,"
        " Sun 7 Mar to Mon 5 Jul: the clinic is closed",
        id="after a session that stays",
    ),
    pytest.param(
        request(FIVE, CLOSED_FROM_2_JUNE, fixed=january((1, 5)), not_before=date(2027, 6, 1)),
        "session 3 (weekly, ideal Tue 19 Jan 2027) finds no place within 120 days after Mon 7 Jun,"
        " its soonest day: Tue 19 Jan to Mon 31 May: before the start,"
        " Tue 1 to Sun 6 Jun: too soon after session 2,"
        " Mon 7 Jun to Tue 5 Oct: the clinic is closed",
        id="after the soonest day of the session before",
    ),
    pytest.param(
        request(
            FIVE,
            CLOSED_FROM_MARCH,
            sessions=without(FIVE, 3),
            fixed=january((2, 12)),
            first_days={4: date(2027, 1, 5), 5: date(2027, 3, 1)},
        ),
        "session 5 (weekly, ideal Tue 2 Feb 2027) finds no place within 120 days after Mon 1 Mar,"
        " its soonest day: Tue 2 to Sun 28 Feb: before Mon 1 Mar,"
        " Mon 1 Mar to Tue 29 Jun: the clinic is closed",
        id="a first day before the ideal does not count",
    ),
]


@pytest.mark.parametrize(("asked", "told"), NO_PLACE)
def test_a_session_without_a_place_after_its_soonest_day_tells_that_day(
    asked: PlacingRequest, told: str
) -> None:
    with pytest.raises(PlacingError) as caught:
        place(asked)
    assert str(caught.value) == f"{told}; widen the limits or choose another start"


@pytest.mark.parametrize("number", [1, 2], ids=["of a first session", "after a fixed one"])
def test_day_120_after_the_soonest_day_is_taken_and_day_121_refused(number: int) -> None:
    soonest = date(2027, 6, 1)
    fixed: Mapping[int, Slot] = {1: slot_on(soonest - timedelta(days=6))} if number == 2 else {}
    last = soonest + timedelta(days=120)
    course = weekly(number, TUE_5_JAN)

    def asked(opened: date) -> PlacingRequest:
        closed = outside([opened], date(2026, 12, 1), date(2027, 12, 31))
        only = clinic(week(days=range(7)), closed=closed)
        begin = {} if fixed else {1: soonest}
        return request(course, only, fixed=fixed, first_days=begin)

    assert place(asked(last))[-1].day == last
    with pytest.raises(PlacingError, match=rf"^session {number} .* after Tue 1 Jun, its soonest"):
        place(asked(last + timedelta(days=1)))


def test_a_fixed_session_keeps_its_slot_to_the_minute_and_needs_no_reason() -> None:
    slot = slot_on(date(2027, 1, 17), 6 * 60 + 7, 50)
    booked = place(request(FIVE, fixed={2: slot}))[1]
    assert (booked.slot, booked.why) == (slot, ())
    assert (booked.before, booked.gap_days, booked.overdue_days) == (1, 8, 0)
    assert (booked.earliest, booked.latest) == (date(2027, 1, 15), date(2027, 1, 17))


# What holds for all


def test_a_clinic_that_never_opens_is_told_to_set_its_hours() -> None:
    with pytest.raises(PlacingError, match=r"the clinic is closed all week; give it hours"):
        place(request(weekly(1, TUE_5_JAN), clinic(week(days=()))))


def test_the_same_request_gives_the_same_plan() -> None:
    course = make_course(regimen(phase("a", "3", "10 days")), Choices(), start=TUE_5_JAN)
    assert place(request(course)) == place(request(course))
