"""Every date that is not ideal says why, in words that the desk can repeat to a patient."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from building import (
    clinic,
    days,
    outside,
    request,
    slot_on,
    taken_from,
    week,
    weekly,
    without,
)

from meso_sched.core.booked import BookedSession
from meso_sched.core.clinic import Holiday, Limits
from meso_sched.core.placing import PlacingRequest, place
from meso_sched.core.walltime import parse_spans

START = date(2027, 1, 5)
"""A Tuesday; three weekly sessions fall on 5, 12 and 19 January."""

TUE_12 = date(2027, 1, 12)
THREE = weekly(3, START)
RIGID = weekly(3, START, flex="-0/+0 days")
NEVER_EARLY = weekly(3, START, flex="-0/+7 days")
ON_MONDAYS_AND_THURSDAYS = Limits(weekdays=frozenset({0, 3}))
AT_THREE = Limits(preferred=15 * 60)


def feast(*on: date, closes_at: int | None = None) -> dict[date, Holiday]:
    return {day: Holiday(("Eid al-Fitr",), closes_at) for day in on}


def session(asked: PlacingRequest, number: int) -> BookedSession:
    return next(each for each in place(asked) if each.number == number)


DATES = [
    pytest.param(
        request(THREE, holidays=feast(TUE_12)),
        2,
        ("Tue 12 Jan is Eid al-Fitr; +1 day",),
        id="a holiday",
    ),
    pytest.param(
        request(NEVER_EARLY, holidays=feast(TUE_12, date(2027, 1, 13))),
        2,
        ("Tue 12 to Wed 13 Jan: Eid al-Fitr; +2 days",),
        id="a holiday of two days",
    ),
    pytest.param(
        request(THREE, clinic(closed=[days(TUE_12)])),
        2,
        ("Tue 12 Jan: the clinic is closed; +1 day",),
        id="a closure",
    ),
    pytest.param(
        request(weekly(1, START), clinic(week(days=[2, 3, 4]))),
        1,
        ("Tue 5 Jan: closed on Tuesdays; +1 day",),
        id="a weekday without hours",
    ),
    pytest.param(
        request(THREE, limits=Limits(away=(days(TUE_12),))),
        2,
        ("Tue 12 Jan: the patient is away; +1 day",),
        id="the patient is away",
    ),
    pytest.param(
        request(weekly(1, START), limits=Limits(weekdays=frozenset({2}))),
        1,
        ("Tue 5 Jan: the patient comes on Wed; +1 day",),
        id="a weekday that the patient did not ask for",
    ),
    pytest.param(
        request(THREE, taken=[taken_from(TUE_12, 0, 24 * 60)]),
        2,
        ("Tue 12 Jan: no free time left; +1 day",),
        id="fully taken",
    ),
    pytest.param(
        request(THREE, taken=[taken_from(TUE_12, 9 * 60 + 20, 9 * 60)], length=30),
        2,
        ("Tue 12 Jan: no free time left; +1 day",),
        id="taken but for a gap that is too short",
    ),
    pytest.param(
        request(THREE, holidays=feast(TUE_12, closes_at=9 * 60 + 15)),
        2,
        ("Tue 12 Jan: the clinic closes at 09:15 (Eid al-Fitr); +1 day",),
        id="a half day that is over too soon",
    ),
    pytest.param(
        request(
            THREE,
            limits=Limits(between=parse_spans("14:00-18:00")),
            holidays=feast(TUE_12, closes_at=13 * 60),
        ),
        2,
        ("Tue 12 Jan: the clinic closes at 13:00 (Eid al-Fitr); +1 day",),
        id="a half day that is over before the patient's hours",
    ),
    pytest.param(
        request(
            weekly(1, START),
            clinic((*week("09:00-12:00", [1]), *week())[:2] + week()[2:]),
            limits=Limits(between=parse_spans("14:00-16:00")),
        ),
        1,
        ("Tue 5 Jan: no opening of 30 minutes within 14:00-16:00; +1 day",),
        id="hours outside the patient's",
    ),
    pytest.param(
        request(NEVER_EARLY, clinic(closed=[days(TUE_12, date(2027, 1, 13))])),
        3,
        ("Thu 21 Jan is the earliest after session 2; +2 days",),
        id="too soon after the session before",
    ),
    pytest.param(
        request(THREE, at=time(17, 45)),
        1,
        ("Tue 5 Jan: nothing free from 17:45 on; +1 day",),
        id="nothing left on the first day after the start",
    ),
    pytest.param(
        request(
            weekly(2, START, flex="-3/+7 days"),
            clinic(week(days=range(7)), closed=[days(date(2027, 1, 11), date(2027, 1, 14))]),
        ),
        2,
        ("Mon 11 to Wed 13 Jan: the clinic is closed; -2 days",),
        id="early, with what stood on the other side",
    ),
    pytest.param(
        request(THREE, first_days={2: date(2027, 1, 14)}),
        2,
        ("not before Thu 14 Jan; +2 days",),
        id="a first day of its own",
    ),
    pytest.param(
        request(
            THREE,
            limits=Limits(away=(days(date(2027, 1, 14)),)),
            first_days={2: date(2027, 1, 14)},
        ),
        2,
        ("not before Thu 14 Jan, Thu 14 Jan: the patient is away; +3 days",),
        id="a first day of its own on which the patient is away",
    ),
    pytest.param(
        request(THREE, not_before=date(2027, 1, 20), fixed={1: slot_on(START)}),
        2,
        ("not before Wed 20 Jan; +8 days",),
        id="its date is over before the rest is planned anew",
    ),
    pytest.param(
        request(THREE, not_before=date(2027, 1, 8)),
        1,
        ("not before Fri 8 Jan; +3 days",),
        id="the first one's date is over",
    ),
    pytest.param(
        request(THREE, clinic(week(days=range(7))), fixed={3: slot_on(date(2027, 1, 17))}),
        2,
        ("Tue 12 Jan would be too close to session 3 on Sun 17 Jan; -1 day",),
        id="the next one was moved forward by hand",
    ),
    pytest.param(
        request(THREE, fixed={3: slot_on(date(2027, 1, 21))}),
        2,
        ("Tue 12 Jan would be too long before session 3 on Thu 21 Jan; +1 day",),
        id="the next one was moved back by hand",
    ),
    pytest.param(
        request(THREE, fixed={1: slot_on(date(2027, 1, 2))}, not_before=date(2027, 1, 3)),
        2,
        ("Sun 10 Jan is the latest after session 1, Sun 10 Jan: closed on Sundays; -3 days",),
        id="the one before was done early",
    ),
    pytest.param(
        request(THREE, sessions=without(THREE, 2), fixed={1: slot_on(date(2027, 1, 15))}),
        3,
        ("Thu 21 Jan is the earliest after session 1; +2 days",),
        id="too soon after the one before one that was cancelled",
    ),
]


@pytest.mark.parametrize(("asked", "number", "expected"), DATES)
def test_a_shifted_date_says_why(
    asked: PlacingRequest, number: int, expected: tuple[str, ...]
) -> None:
    assert session(asked, number).why == expected


TIMES = [
    pytest.param(
        request(THREE, limits=AT_THREE, taken=[taken_from(TUE_12, 15 * 60 + 20, 60)]),
        "15:00: taken; 14:45 instead",
        id="taken",
    ),
    pytest.param(
        request(THREE, limits=AT_THREE, holidays=feast(TUE_12, closes_at=13 * 60)),
        "15:00: the clinic closes at 13:00 (Eid al-Fitr); 12:30 instead",
        id="a half day",
    ),
    pytest.param(
        request(THREE, clinic(week("09:00-12:00")), limits=AT_THREE),
        "15:00: the clinic is not open for 30 minutes from then; 11:30 instead",
        id="not open",
    ),
    pytest.param(
        request(THREE, clinic(week("09:00-15:15, 16:00-18:00")), limits=AT_THREE),
        "15:00: the clinic is not open for 30 minutes from then; 14:45 instead",
        id="open, but not for the whole length",
    ),
    pytest.param(
        request(THREE, limits=Limits(between=parse_spans("09:00-12:00"), preferred=15 * 60)),
        "15:00: outside 09:00-12:00; 11:30 instead",
        id="outside the patient's hours",
    ),
    pytest.param(
        request(THREE, clinic(week("09:10-18:00")), limits=AT_THREE),
        "15:00: not on the grid of 15 minutes; 14:55 instead",
        id="off the grid",
    ),
]


@pytest.mark.parametrize(("asked", "expected"), TIMES)
def test_a_time_other_than_the_preferred_says_why(asked: PlacingRequest, expected: str) -> None:
    booked = session(asked, 2)
    assert booked.shift_days == 0
    assert booked.why == (expected,)


def test_a_wish_before_the_start_of_the_first_day_says_so() -> None:
    first, second, _ = place(request(THREE, at=time(16), limits=AT_THREE))
    assert first.why == ("15:00: not before 16:00; 16:00 instead",)
    assert second.why == ()


def test_a_shift_of_date_and_of_time_are_two_reasons() -> None:
    taken = [taken_from(date(2027, 1, 13), 15 * 60, 30)]
    asked = request(NEVER_EARLY, limits=AT_THREE, holidays=feast(TUE_12), taken=taken)
    assert session(asked, 2).why == (
        "Tue 12 Jan is Eid al-Fitr; +1 day",
        "15:00: taken; 14:30 instead",
    )


def test_the_ideal_day_at_the_preferred_time_needs_no_reason() -> None:
    booked = place(request(THREE, limits=AT_THREE))
    assert [each.why for each in booked] == [(), (), ()]


def test_without_a_preferred_time_no_time_needs_a_reason() -> None:
    taken = [taken_from(TUE_12, 9 * 60, 60)]
    booked = session(request(THREE, taken=taken), 2)
    assert f"{booked.start:%H:%M}" == "10:00"
    assert booked.why == ()


def test_each_name_of_a_holiday_that_is_part_of_a_stretch_is_known() -> None:
    both = Holiday(("Youth Day", "Eid al-Adha"))
    asked = request(
        NEVER_EARLY,
        holidays={TUE_12: Holiday(("Eid al-Adha",)), date(2027, 1, 13): both},
    )
    assert session(asked, 2).why == ("Tue 12 to Wed 13 Jan: Eid al-Adha; +2 days",)


def test_a_session_moved_for_the_sake_of_a_neighbour_names_it() -> None:
    first, second, third = place(request(RIGID, holidays=feast(TUE_12)))
    assert [each.shift_days for each in (first, second, third)] == [1, 1, 1]
    assert "session 2 on Wed 13 Jan" in first.why[0]
    assert first.why[0].endswith("; +1 day")
    assert "Tue 12 Jan is Eid al-Fitr" in second.why[0]
    assert third.why == ("Wed 20 Jan is the earliest after session 2; +1 day",)


def test_an_overdue_session_says_what_stood_on_every_day_up_to_its_own() -> None:
    # The closure of 14 to 24 January is why session 2 is overdue.
    opened = [START, date(2027, 1, 25)]
    closed = outside(opened, date(2027, 1, 1), date(2027, 12, 31))
    booked = session(request(weekly(2, START, flex="-1/+1 days"), clinic(closed=closed)), 2)
    assert booked.day == date(2027, 1, 25)
    assert "Tue 12 to Sun 24 Jan: the clinic is closed" in booked.why[0]


def test_the_first_session_is_not_explained_by_days_before_the_start() -> None:
    asked = request(weekly(1, START), clinic(closed=[days(START, date(2027, 1, 7))]))
    booked = session(asked, 1)
    assert booked.why == ("Tue 5 to Thu 7 Jan: the clinic is closed; +3 days",)


def test_a_time_that_the_zone_skips_is_not_called_taken() -> None:
    berlin = clinic(week("00:00-24:00", range(7)), zone="Europe/Berlin")
    asked = request(weekly(1, date(2027, 3, 28)), berlin, limits=Limits(preferred=150))
    (why,) = session(asked, 1).why
    assert why.startswith("02:30: ")
    assert "taken" not in why
    assert "clock" in why


def test_a_stretch_of_many_obstacles_is_counted_not_told() -> None:
    closed_every_other = [START + timedelta(days=n) for n in range(0, 14, 2)]
    away_between = tuple(days(START + timedelta(days=n)) for n in range(1, 14, 2))
    asked = request(
        weekly(1, START),
        clinic(week(days=range(7)), closed=[days(day) for day in closed_every_other]),
        limits=Limits(away=away_between),
    )
    (why,) = session(asked, 1).why
    assert why == (
        "Tue 5 Jan: the clinic is closed, Wed 6 Jan: the patient is away,"
        " Thu 7 Jan: the clinic is closed, Fri 8 Jan: the patient is away,"
        " and 10 more stretches; +14 days"
    )


def test_a_session_that_stays_where_it_is_needs_no_reason() -> None:
    asked = request(
        THREE,
        limits=AT_THREE,
        holidays=feast(date(2027, 1, 14)),
        fixed={2: slot_on(date(2027, 1, 14), 11 * 60)},
    )
    booked = session(asked, 2)
    assert (booked.shift_days, booked.why) == (2, ())


def test_a_gap_that_cancelled_sessions_lengthen_needs_no_reason() -> None:
    assert [each.why for each in place(request(THREE, sessions=without(THREE, 2)))] == [(), ()]
