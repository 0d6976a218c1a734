"""A day's open time follows from hours, closures, holidays and the patient's limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from building import clinic, days, week
from hypothesis import given
from hypothesis import strategies as st

from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits, OpenTime

MON_8_MAR = date(2027, 3, 8)
TUE_9_MAR = date(2027, 3, 9)
SUN_14_MAR = date(2027, 3, 14)
FEAST = Holiday(("Feast",))
WITH_LUNCH = week("09:00-12:30, 13:30-18:00")


def open_time(
    place: Clinic | None = None, limits: Limits | None = None, feast: Holiday | None = None
) -> OpenTime:
    """Open time, with a holiday on Tuesday 9 March if one is given."""
    holidays = {} if feast is None else {TUE_9_MAR: feast}
    return OpenTime(place or clinic(WITH_LUNCH), limits or Limits(), holidays)


def eve(hour: int, minute: int = 0) -> OpenTime:
    """Open time with a half day on Tuesday 9 March."""
    return open_time(feast=Holiday(("Eve",), hour * 60 + minute))


def spans(time: OpenTime, day: date = TUE_9_MAR) -> str:
    return ", ".join(map(str, time.spans(day)))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param(open_time(), "09:00-12:30, 13:30-18:00", id="a plain day"),
        pytest.param(eve(15), "09:00-12:30, 13:30-15:00", id="closes at 15:00"),
        pytest.param(eve(13), "09:00-12:30", id="closes in the lunch break"),
        pytest.param(eve(13, 30), "09:00-12:30", id="closes as it would reopen"),
        pytest.param(eve(11), "09:00-11:00", id="closes in the morning"),
        pytest.param(eve(9), "", id="closes as it would open"),
        pytest.param(eve(20), "09:00-12:30, 13:30-18:00", id="closes after hours"),
        pytest.param(open_time(feast=FEAST), "", id="a holiday"),
        pytest.param(open_time(clinic(WITH_LUNCH, closed=[days(TUE_9_MAR)])), "", id="a closure"),
        pytest.param(open_time(limits=Limits(away=(days(TUE_9_MAR),))), "", id="patient away"),
        pytest.param(open_time(limits=Limits(weekdays=frozenset({0}))), "", id="not that weekday"),
        pytest.param(
            open_time(limits=Limits(weekdays=frozenset({1}))),
            "09:00-12:30, 13:30-18:00",
            id="that weekday",
        ),
        pytest.param(open_time(clinic(week(days=[0]))), "", id="a weekday without hours"),
    ],
)
def test_the_open_spans_of_a_day(time: OpenTime, expected: str) -> None:
    assert spans(time) == expected


def test_a_holiday_closes_its_own_day_only() -> None:
    assert spans(open_time(feast=FEAST), MON_8_MAR) == "09:00-12:30, 13:30-18:00"


def test_closures_include_both_their_ends() -> None:
    closed = open_time(clinic(week(days=range(7)), closed=[days(MON_8_MAR, SUN_14_MAR)]))
    inside = [MON_8_MAR + timedelta(days=n) for n in range(-1, 8)]
    assert [bool(closed.spans(day)) for day in inside] == [True, *[False] * 7, True]


def test_every_obstacle_of_a_day_is_known() -> None:
    time = OpenTime(
        clinic(closed=[days(SUN_14_MAR)]),
        Limits(weekdays=frozenset({0, 3}), away=(days(SUN_14_MAR),)),
        {SUN_14_MAR: Holiday(("Eid al-Fitr", "Pi Day"))},
    )
    assert time.obstacles(SUN_14_MAR) == (
        "the clinic is closed",
        "closed on Sundays",
        "is Eid al-Fitr",
        "is Pi Day",
        "the patient is away",
        "the patient comes on Mon and Thu",
    )
    assert time.obstacles(date(2027, 3, 15)) == ()


def test_a_half_day_is_no_obstacle_but_shortens_the_day() -> None:
    time = eve(13)
    assert time.obstacles(TUE_9_MAR) == ()
    assert time.shortened(TUE_9_MAR) == "the clinic closes at 13:00 (Eve)"
    assert time.shortened(MON_8_MAR) is None
    assert open_time(feast=FEAST).shortened(TUE_9_MAR) is None


@pytest.mark.parametrize(
    ("hours", "slot"), [(week()[:6], 15), (week(), 0), (week(), 1441)], ids=["6 days", "0", "1441"]
)
def test_a_clinic_has_seven_days_and_a_slot(hours: tuple[tuple[()], ...], slot: int) -> None:
    with pytest.raises(ValueError, match="hours for seven days and a slot of 1 minute or more"):
        Clinic("UTC", UTC, hours, slot=slot)


def test_a_clinic_knows_whether_it_ever_opens() -> None:
    assert clinic(week(days=())).never_opens
    assert not clinic(week(days=[6])).never_opens


# Busy time


def at(minute: int) -> datetime:
    return datetime(2027, 3, 9, tzinfo=UTC) + timedelta(minutes=minute)


def is_free(busy: Busy, start: int, end: int) -> bool:
    return busy.is_free(int(at(start).timestamp()), int(at(end).timestamp()))


@pytest.mark.parametrize(
    ("start", "end", "free"),
    [
        pytest.param(540, 600, True, id="ends as it begins"),
        pytest.param(660, 700, True, id="begins as it ends"),
        pytest.param(540, 601, False, id="over its beginning"),
        pytest.param(659, 700, False, id="over its end"),
        pytest.param(610, 650, False, id="inside it"),
        pytest.param(540, 700, False, id="around it"),
    ],
)
def test_a_stretch_is_free_if_it_only_touches_busy_time(start: int, end: int, free: bool) -> None:
    assert is_free(Busy.of([(at(600), at(660))]), start, end) is free


def test_busy_time_of_another_zone_is_the_same_moment() -> None:
    berlin = at(600).astimezone(ZoneInfo("Europe/Berlin"))
    busy = Busy.of([(berlin, berlin + timedelta(hours=1))])
    assert is_free(busy, 540, 600)
    assert not is_free(busy, 600, 660)


def test_busy_time_within_a_second_takes_all_of_it() -> None:
    almost = timedelta(microseconds=1)
    busy = Busy.of([(at(600) - almost, at(660) + almost)])
    assert not is_free(busy, 590, 600)
    assert not is_free(busy, 660, 670)


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(-5, 30)), max_size=12),
    st.integers(0, 120),
    st.integers(1, 40),
)
def test_busy_time_is_free_where_no_single_interval_lies(
    drawn: list[tuple[int, int]], start: int, length: int
) -> None:
    given_times = [(first, first + minutes) for first, minutes in drawn]
    busy = Busy.of((at(first), at(last)) for first, last in given_times)
    taken = {minute for first, last in given_times for minute in range(first, last)}
    assert is_free(busy, start, start + length) == taken.isdisjoint(range(start, start + length))
