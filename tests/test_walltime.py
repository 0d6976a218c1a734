"""Times of day, spans, dates and lengths are read and written one way only."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meso_sched.core.walltime import (
    WEEKDAY_NAMES,
    DateRange,
    Length,
    Span,
    parse_date,
    parse_spans,
    parse_time,
    parse_weekday,
    plural,
    show_day,
    show_days,
    show_time,
)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("00:00", 0), ("09:30", 570), ("9:30", 570), (" 14:00 ", 840), ("24:00", 1440)],
)
def test_a_time_is_read(text: str, minutes: int) -> None:
    assert parse_time(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "9", "24:01", "25:00", "12:60", "9.30", "9:3", "2pm", "-1:00", "09:30:00"]
)
def test_a_bad_time_says_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_time(text)
    assert str(caught.value) == f'"{text}" is not a time of day; write HH:MM, as 09:30 or 14:00'


@given(st.integers(0, 1440))
def test_a_shown_time_reads_back(minutes: int) -> None:
    assert parse_time(show_time(minutes)) == minutes


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00-18:00", [(540, 1080)]),
        ("09:00-12:30, 13:30-18:00", [(540, 750), (810, 1080)]),
        ("09:00 \u2013 12:30,13:30\u201318:00", [(540, 750), (810, 1080)]),
        ("09:00-12:00, 12:00-15:00", [(540, 720), (720, 900)]),
        ("00:00-24:00", [(0, 1440)]),
    ],
)
def test_spans_are_read(text: str, spans: list[tuple[int, int]]) -> None:
    assert [(span.start, span.end) for span in parse_spans(text)] == spans


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" is not a span; write HH:MM-HH:MM, as 09:00-12:30'),
        ("09:00", '"09:00" is not a span; write HH:MM-HH:MM, as 09:00-12:30'),
        ("09:00-12:00,", '"" is not a span; write HH:MM-HH:MM, as 09:00-12:30'),
        ("18:00-09:00", "18:00-09:00 runs backward; the earlier time comes first"),
        ("09:00-09:00", "09:00-09:00 runs backward; the earlier time comes first"),
        ("09:00-13:00, 12:00-18:00", "09:00-13:00 and 12:00-18:00 overlap or stand out of order"),
        ("13:00-18:00, 09:00-12:00", "13:00-18:00 and 09:00-12:00 overlap or stand out of order"),
        ("9-12", '"9" is not a time of day; write HH:MM, as 09:30 or 14:00'),
        ("09:00-25:00", '"25:00" is not a time of day; write HH:MM, as 09:30 or 14:00'),
    ],
)
def test_bad_spans_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_spans(text)
    assert str(caught.value) == message


def test_a_span_prints_as_it_is_read() -> None:
    assert str(Span(540, 750)) == "09:00-12:30"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-01-05", date(2027, 1, 5)),
        (" 2028-02-29 ", date(2028, 2, 29)),
        ("1970-01-01", date(1970, 1, 1)),
        ("2199-12-31", date(2199, 12, 31)),
    ],
)
def test_a_date_is_read(text: str, day: date) -> None:
    assert parse_date(text) == day


TWO_WAYS = '"{}" is not a date that can be read only one way; write YYYY-MM-DD'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, TWO_WAYS.format(text)) for text in ("05.01.2027", "5/1/27", "2027-1-5", "")),
        *((text, TWO_WAYS.format(text)) for text in ("20270105", "27-01-05", "today")),
        ("2027-02-29", '"2027-02-29" does not exist in the calendar; check its day and month'),
        ("2027-13-01", '"2027-13-01" does not exist in the calendar; check its day and month'),
        ("1969-12-31", '"1969-12-31" is outside the years 1970 to 2199'),
        ("2200-01-01", '"2200-01-01" is outside the years 1970 to 2199'),
    ],
)
def test_a_bad_date_says_what_is_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_date(text)
    assert str(caught.value) == message


def test_a_range_of_dates_holds_both_its_ends() -> None:
    august = DateRange(date(2027, 8, 1), date(2027, 8, 15))
    assert date(2027, 8, 1) in august
    assert date(2027, 8, 15) in august
    assert date(2027, 7, 31) not in august
    assert date(2027, 8, 16) not in august
    with pytest.raises(ValueError, match=r".") as caught:
        DateRange(date(2027, 8, 15), date(2027, 8, 1))
    assert str(caught.value) == "2027-08-15..2027-08-01 runs backward; the earlier day is first"


@pytest.mark.parametrize(
    ("text", "least", "most", "shown"),
    [
        ("45 minutes", 45, 45, "45 minutes"),
        ("45m", 45, 45, "45 minutes"),
        ("45 min", 45, 45, "45 minutes"),
        ("1h", 60, 60, "60 minutes"),
        ("1 hour", 60, 60, "60 minutes"),
        ("30-60 minutes", 30, 60, "30-60 minutes"),
        ("30 \u2013 60 Minutes", 30, 60, "30-60 minutes"),
        ("1-2 hours", 60, 120, "60-120 minutes"),
        ("24h", 1440, 1440, "1440 minutes"),
    ],
)
def test_a_length_is_read_and_printed(text: str, least: int, most: int, shown: str) -> None:
    length = Length.parse(text)
    assert (length.least, length.most, str(length)) == (least, most, shown)
    assert least in length
    assert least - 1 not in length
    assert most + 1 not in length


NOT_A_LENGTH = '"{}" is not a length; write "45 minutes", "1h", "30-60 minutes"'
NO_LENGTH = "{} to {} minutes is no length; it lies between 1 minute and 24 hours, the lowest first"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, NOT_A_LENGTH.format(text)) for text in ("45", "half an hour", "1.5h", "-5m")),
        ("0 minutes", NO_LENGTH.format(0, 0)),
        ("60-30 minutes", NO_LENGTH.format(60, 30)),
        ("25 hours", NO_LENGTH.format(1500, 1500)),
    ],
)
def test_a_bad_length_says_what_is_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Length.parse(text)
    assert str(caught.value) == message


def test_weekdays_are_read_short_or_long() -> None:
    for number, name in enumerate(WEEKDAY_NAMES):
        assert parse_weekday(name) == parse_weekday(f" {name[:3].lower()} ") == number
    with pytest.raises(ValueError, match=r".") as caught:
        parse_weekday("di")
    assert str(caught.value) == ('"di" is not a weekday; write mon, tue, wed, thu, fri, sat, sun')


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2027, 3, 16), date(2027, 3, 16), "Tue 16 Mar"),
        (date(2027, 3, 9), date(2027, 3, 11), "Tue 9 to Thu 11 Mar"),
        (date(2027, 3, 30), date(2027, 4, 2), "Tue 30 Mar to Fri 2 Apr"),
    ],
)
def test_days_are_written_as_the_desk_says_them(first: date, last: date, shown: str) -> None:
    assert show_days(first, last) == shown
    assert shown.startswith(show_day(first)[:5].strip())


def test_days_of_the_same_month_of_two_years_are_not_one_month() -> None:
    assert show_days(date(2027, 3, 9), date(2028, 3, 9)) == "Tue 9 Mar to Thu 9 Mar"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (-1, "-1 day")]
)
def test_a_number_and_its_noun_agree(count: int, shown: str) -> None:
    assert plural(count, "day") == shown
