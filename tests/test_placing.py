"""Booked slots are the exact optimum of the rules of time (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import judge_placing as judge
import pytest
from building import (
    HAIR,
    clinic,
    days,
    outside,
    phase,
    regimen,
    request,
    taken_from,
    week,
    weekly,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

from meso_sched.core.clinic import Clinic, Holiday, Limits, OpenTime
from meso_sched.core.course import Choices, Course, PlannedPhase, make_course
from meso_sched.core.interval import Interval
from meso_sched.core.placing import (
    BookedSession,
    PlacingRequest,
    overdue_warnings,
    place,
    refuse_overdue,
)
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


INTERVALS = [
    ("1 day", None),
    ("2 days", None),
    ("2 days", (1, 0)),
    ("3 days", (0, 4)),
    ("4 days", (2, 1)),
    ("1 week", None),
    ("1 week", (0, 0)),
    ("1 week", (3, 3)),
    ("10 days", None),
    ("15 days", None),
    ("15 days", (0, 2)),
    ("1 month", None),
    ("1 month", (7, 0)),
    ("2-4 days", None),
    ("5-9 days", None),
    ("1-2 weeks", None),
    ("1-2 months", None),
]
"""Each with its flex in days below and above, None for the default."""

HOURS = [
    "09:00-18:00",
    "09:00-12:30, 13:30-18:00",
    "08:50-10:10, 10:20-11:00, 15:05-16:45",
    "09:00-10:00",
    "00:00-24:00",
]
WISHES = [None, 0, 9 * 60, 10 * 60 + 10, 12 * 60 + 45, 23 * 60 + 59]
BETWEEN = [None, "09:30-12:00", "10:05-10:55, 15:00-17:10", "00:00-24:00"]
FIRST_DAYS = [date(2027, 1, 31), date(2028, 2, 26), date(2027, 3, 1), date(2026, 12, 28)]


def intervals() -> st.SearchStrategy[Interval]:
    parsed = st.sampled_from(INTERVALS).map(lambda each: Interval.parse(*each))
    return parsed | st.sampled_from(["1 week", "10 days", "2 weeks"]).map(
        lambda text: Interval.parse("5-15 days").choose(Interval.parse(text).ideal)
    )


@st.composite
def courses(draw: st.DrawFn, first: date, least: int, most: int) -> Course:
    total = draw(st.integers(least, most))
    split = draw(st.integers(1, total))
    counts = [count for count in (split, total - split) if count]
    phases = [PlannedPhase(f"p{n}", count, draw(intervals())) for n, count in enumerate(counts)]
    keep = draw(st.sampled_from(Keep))
    return Course(HAIR, None, 1, first, keep, 30, tuple(phases), ())


@st.composite
def open_islands(draw: st.DrawFn, course: Course) -> list[date]:
    """A few open days around each ideal date, seldom some weeks off; all others are closed."""
    near = st.integers(-6, 8)
    offsets = near | near | near | st.integers(-40, 135)
    opened: set[date] = set()
    for session in course.sessions:
        some = draw(st.sets(offsets, min_size=1, max_size=6))
        opened.update(session.ideal + timedelta(days=n) for n in some)
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
    """2 to 4 sessions with so few open days that every plan can be tried."""
    first = draw(st.sampled_from(FIRST_DAYS))
    course = draw(courses(first, 2, 4))
    opened = draw(open_islands(course))
    last = max(session.ideal for session in course.sessions) + timedelta(days=140)
    closed = outside(opened, first - timedelta(days=60), last)
    taken = draw(busy_times(opened, "Europe/Istanbul"))
    previous = draw(st.none() | st.integers(0, 20).map(lambda n: first - timedelta(days=n)))
    asked = request(
        course,
        draw(clinics("Europe/Istanbul", closed)),
        at=draw(st.sampled_from([time.min, time(9, 30), time(16)])),
        limits=draw(patients(opened)),
        holidays=draw(half_days_and_holidays(opened)),
        taken=taken,
        length=draw(st.sampled_from([10, 30, 60])),
        previous=previous,
    )
    return Case(asked, taken, course)


def assert_judged_best(case: Case) -> str:
    """Hold the booked plan against the judge's; says what kind of case it was."""
    best = judge.brute_force(case.asked, case.taken)
    if best is None:
        number = judge.first_without_place(case.asked, case.taken)
        with pytest.raises(PlacingError, match=rf"^session {number} \("):
            place(case.asked)
        return "no plan"
    booked = place(case.asked)
    assert judge.slots(booked) == best
    assert judge.violations(case.asked, booked, case.taken) == []
    return "overdue" if judge.score(case.asked, best)[0] else "in time"


@settings(max_examples=300, deadline=None)
@given(small_cases())
def test_no_plan_is_better_than_the_one_booked(case: Case) -> None:
    event(assert_judged_best(case))


@settings(max_examples=150, deadline=None)
@given(small_cases())
def test_every_shift_says_why_and_every_wish_that_is_not_met(case: Case) -> None:
    try:
        booked = place(case.asked)
    except PlacingError:
        return
    for each, (_, minute) in zip(booked, judge.slots(booked), strict=True):
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
    first = draw(st.sampled_from(FIRST_DAYS))
    course = draw(courses(first, 12, 12))
    span = (course.sessions[-1].ideal - first).days + 1
    dates = st.integers(0, span).map(lambda n: first + timedelta(days=n))
    some = sorted(draw(st.sets(dates, max_size=25)))
    stretch = st.tuples(dates, st.integers(0, 45))
    closed = tuple(
        days(day, day + timedelta(days=n)) for day, n in draw(st.lists(stretch, max_size=3))
    )
    taken = draw(busy_times(some, "Europe/Istanbul"))
    asked = request(
        course,
        draw(clinics("Europe/Istanbul", closed)),
        limits=draw(patients(some)),
        holidays=draw(half_days_and_holidays(some)),
        taken=taken,
        length=draw(st.sampled_from([30, 60])),
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
    again = PlacingRequest(
        asked.sessions,
        asked.start,
        asked.length,
        OpenTime(narrower, open_time.limits, open_time.holidays),
        asked.busy,
        asked.previous,
    )
    assert judge.slots(place(again)) == plan


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_ideal_dates_are_those_of_the_rules(data: st.DataObject) -> None:
    first = data.draw(st.dates(date(2026, 1, 1), date(2030, 12, 31)))
    course = data.draw(courses(first, 1, 12))
    expected = judge.ideal_dates(
        [(each.sessions, each.interval) for each in course.phases],
        first,
        keep_weekday=course.keep is Keep.WEEKDAY,
    )
    assert [session.ideal for session in course.sessions] == expected


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


def test_a_clinic_that_never_opens_is_told_to_set_its_hours() -> None:
    with pytest.raises(PlacingError, match=r"the clinic is closed all week; give it hours"):
        place(request(weekly(1, TUE_5_JAN), clinic(week(days=()))))


def test_the_same_request_gives_the_same_plan() -> None:
    course = make_course(regimen(phase("a", "3", "10 days")), Choices(), start=TUE_5_JAN)
    assert place(request(course)) == place(request(course))
