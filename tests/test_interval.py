"""Counts and intervals are read, printed and applied as DESIGN sections 2 and 3 say."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meso_sched.core.interval import (
    MAX_INTERVAL_DAYS,
    MAX_SESSIONS,
    Count,
    Interval,
    Step,
    Unit,
    parse_flex,
)

# Counts


@pytest.mark.parametrize(
    ("text", "least", "most", "shown"),
    [
        ("4", 4, 4, "4"),
        ("4-6", 4, 6, "4-6"),
        ("4 - 6", 4, 6, "4-6"),
        ("4\u20136", 4, 6, "4-6"),
        ("4+", 4, None, "4+"),
        (" 1 ", 1, 1, "1"),
        ("500", 500, 500, "500"),
    ],
)
def test_a_count_is_read_and_printed(text: str, least: int, most: int | None, shown: str) -> None:
    count = Count.parse(text)
    assert (count.least, count.most, str(count)) == (least, most, shown)
    assert count.is_open == (most is None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" is not a count; write "4", "4-6", "4+" or "?"'),
        ("four", '"four" is not a count; write "4", "4-6", "4+" or "?"'),
        ("4-", '"4-" is not a count; write "4", "4-6", "4+" or "?"'),
        ("-4", '"-4" is not a count; write "4", "4-6", "4+" or "?"'),
        ("4-6+", '"4-6+" is not a count; write "4", "4-6", "4+" or "?"'),
        ("4.5", '"4.5" is not a count; write "4", "4-6", "4+" or "?"'),
        ("\u0664", '"\u0664" is not a count; write "4", "4-6", "4+" or "?"'),
        ("0", "0 to 0 is no count; it runs from 1 to 500, the lowest first"),
        ("6-4", "6 to 4 is no count; it runs from 1 to 500, the lowest first"),
        ("1-501", "1 to 501 is no count; it runs from 1 to 500, the lowest first"),
    ],
)
def test_a_bad_count_says_what_is_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Count.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("4", [4], [3, 5]), ("4-6", [4, 5, 6], [3, 7]), ("4+", [4, 99, 500], [0, 3])],
)
def test_a_count_knows_what_lies_in_it(text: str, inside: list[int], outside: list[int]) -> None:
    count = Count.parse(text)
    assert all(number in count for number in inside)
    assert not any(number in count for number in outside)


@given(st.integers(1, MAX_SESSIONS), st.none() | st.integers(0, MAX_SESSIONS))
def test_a_printed_count_reads_back(least: int, more: int | None) -> None:
    most = None if more is None else min(least + more, MAX_SESSIONS)
    assert Count.parse(str(Count(least, most))) == Count(least, most)


# Intervals


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 week", "1 week"),
        ("1 weeks", "1 week"),
        ("15 day", "15 days"),
        ("7-14 days", "7-14 days"),
        ("7 \u2013 14 Days", "7-14 days"),
        ("1 MONTH", "1 month"),
        ("1-4 weeks", "1-4 weeks"),
        ("1 year", "1 year"),
        ("3months", "3 months"),
    ],
)
def test_an_interval_is_read_and_printed(text: str, shown: str) -> None:
    assert str(Interval.parse(text)) == shown


NOT_AN_INTERVAL = (
    '"{}" is not an interval; write a number or a range and day, week, month or year:'
    ' "1 week", "7-14 days"'
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, NOT_AN_INTERVAL.format(text)) for text in ("", "week", "7", "1 fortnight")),
        *((text, NOT_AN_INTERVAL.format(text)) for text in ("1.5 weeks", "7+ days", "-7 days")),
        ("14-7 days", '"14-7 days" runs backward; the lower number comes first'),
        ("0 days", "0 days is no interval; it is at least 1 day and at most 3660 days"),
        ("11 years", "11 years is no interval; it is at least 1 day and at most 3660 days"),
        ("3661 days", "3661 days is no interval; it is at least 1 day and at most 3660 days"),
        ("1-999999999 days",
         "999999999 days is no interval; it is at least 1 day and at most 3660 days"),
    ],
)  # fmt: skip
def test_a_bad_interval_says_what_is_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Interval.parse(text)
    assert str(caught.value) == message


def test_a_range_takes_no_flex() -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Interval.parse("7-14 days", (1, 1))
    assert str(caught.value) == 'a range ("7-14 days") takes no flex: its ends are the limits'


@pytest.mark.parametrize("flex", [(1, 0), (7, 7)])
def test_a_flex_never_lets_two_sessions_fall_on_one_day(flex: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"the least gap of 1 day stays at 1 day or more"):
        Interval.parse("1 day", flex)
    with pytest.raises(ValueError, match=r"would let two sessions fall on one day"):
        Interval.parse("1 month", (28, 0))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1 day", 0),
        ("6 days", 0),
        ("1 week", 1),
        ("10 days", 1),
        ("13 days", 1),
        ("2 weeks", 2),
        ("15 days", 2),
        ("1 month", 4),
        ("2 months", 8),
        ("3 months", 12),
    ],
)
def test_the_default_flex_is_a_day_for_each_whole_week(text: str, days: int) -> None:
    interval = Interval.parse(text)
    assert (interval.below, interval.above) == (days, days)


@pytest.mark.parametrize(
    ("text", "flex", "before", "earliest", "latest"),
    [
        ("1 week", None, date(2027, 1, 5), date(2027, 1, 11), date(2027, 1, 13)),
        ("1 week", (0, 3), date(2027, 1, 5), date(2027, 1, 12), date(2027, 1, 15)),
        ("15 days", None, date(2027, 2, 20), date(2027, 3, 5), date(2027, 3, 9)),
        ("7-14 days", None, date(2027, 1, 5), date(2027, 1, 12), date(2027, 1, 19)),
        ("1 month", (0, 0), date(2027, 1, 31), date(2027, 2, 28), date(2027, 2, 28)),
        ("1 month", (0, 0), date(2028, 1, 31), date(2028, 2, 29), date(2028, 2, 29)),
        ("1 month", (7, 0), date(2027, 4, 20), date(2027, 5, 13), date(2027, 5, 20)),
        ("1-2 months", None, date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28)),
        ("1 year", (0, 0), date(2028, 2, 29), date(2029, 2, 28), date(2029, 2, 28)),
    ],
)
def test_the_earliest_and_the_latest_after_a_booked_day(
    text: str, flex: tuple[int, int] | None, before: date, earliest: date, latest: date
) -> None:
    interval = Interval.parse(text, flex)
    assert (interval.earliest(before), interval.latest(before)) == (earliest, latest)


@pytest.mark.parametrize(
    ("text", "flex", "days"),
    [
        ("1 week", None, 7),
        ("10 days", None, None),
        ("11 days", None, None),
        ("13 days", None, 14),
        ("15 days", None, 14),
        ("15 days", (0, 5), None),
        ("15 days", (1, 0), 14),
        ("20 days", None, 21),
        ("20 days", (2, 0), None),
        ("1 month", None, 28),
        ("1 month", (7, 0), 28),
        ("1 month", (2, 9), None),
        ("3 months", None, 91),
        ("1 year", None, 364),
        ("3 days", None, None),
        ("7-14 days", None, 7),
        ("8-13 days", None, None),
    ],
)
def test_an_interval_is_rounded_to_whole_weeks_within_its_limits(
    text: str, flex: tuple[int, int] | None, days: int | None
) -> None:
    assert Interval.parse(text, flex).whole_weeks == days


def test_a_choice_moves_the_ideal_only() -> None:
    source = Interval.parse("7-14 days")
    chosen = source.choose(Step(12, Unit.DAY))
    assert chosen.ideal == Step(12, Unit.DAY)
    before = date(2027, 1, 5)
    assert chosen.earliest(before) == source.earliest(before)
    assert chosen.latest(before) == source.latest(before)
    with pytest.raises(ValueError, match="the ideal lies between the least and the most"):
        source.choose(Step(15, Unit.DAY))


@pytest.mark.parametrize(
    ("text", "flex", "inside", "outside"),
    [
        ("7-14 days", None, ["7 days", "14 days", "2 weeks"], ["6 days", "15 days", "1 month"]),
        ("15 days", None, ["13 days", "2 weeks", "17 days"], ["12 days", "18 days"]),
        ("1 month", None, ["4 weeks", "27 days", "34 days"], ["26 days", "35 days"]),
    ],
)
def test_what_an_interval_allows_to_choose(
    text: str, flex: tuple[int, int] | None, inside: list[str], outside: list[str]
) -> None:
    interval = Interval.parse(text, flex)
    assert all(interval.allows(Interval.parse(each).ideal) for each in inside)
    assert not any(interval.allows(Interval.parse(each).ideal) for each in outside)


@given(st.integers(1, 100), st.integers(1, 20), st.booleans(), st.sampled_from(Unit))
def test_a_printed_interval_reads_back(amount: int, more: int, is_range: bool, unit: Unit) -> None:
    if Step(1, unit).counted_days * (amount + more) > MAX_INTERVAL_DAYS:
        return
    text = f"{amount}-{amount + more} {unit.value}" if is_range else f"{amount} {unit.value}"
    interval = Interval.parse(text)
    assert Interval.parse(str(interval)) == interval


# Month ends


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("1 month", date(2027, 1, 31), [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]),
        ("1 month", date(2027, 12, 30), [date(2028, 1, 30), date(2028, 2, 29), date(2028, 3, 30)]),
        ("3 months", date(2027, 11, 30), [date(2028, 2, 29), date(2028, 5, 30)]),
        ("1 year", date(2028, 2, 29), [date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28),
                                       date(2032, 2, 29)]),
        ("15 days", date(2027, 2, 20), [date(2027, 3, 7), date(2027, 3, 22)]),
    ],
)  # fmt: skip
def test_exact_dates_do_not_drift_at_a_month_end(
    text: str, start: date, expected: list[date]
) -> None:
    interval = Interval.parse(text)
    numbers = range(1, len(expected) + 1)
    assert [interval.ideal_after(start, n, whole_weeks=False) for n in numbers] == expected


# Flex


@pytest.mark.parametrize(
    ("text", "flex"),
    [
        ("-1/+3 days", (1, 3)),
        ("-7/+0 days", (7, 0)),
        ("-0 / +1 day", (0, 1)),
        ("\u22122/+2 days", (2, 2)),
    ],
)
def test_a_flex_is_read(text: str, flex: tuple[int, int]) -> None:
    assert parse_flex(text) == flex


@pytest.mark.parametrize(
    "text", ["", "1", "+3/-1 days", "-1/3 days", "-1/+3", "-1/+3 weeks", "2 days"]
)
def test_a_bad_flex_says_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_flex(text)
    assert str(caught.value) == (
        f'"{text}" is not a flex; write days below and above: "-1/+3 days"'
    )
