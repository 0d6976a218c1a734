"""What the options of the command line say: read in one way only, or refused."""

# ruff: noqa: RUF001 - digits of other scripts are no digits here

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meso_sched.cli import reading
from meso_sched.core.walltime import DateRange
from meso_sched.errors import UsageError

TODAY = date(2027, 1, 7)  # a Thursday

DAYS = {
    "2027-01-05": date(2027, 1, 5),
    " 2027-01-05 ": date(2027, 1, 5),
    "2028-02-29": date(2028, 2, 29),
    "1970-01-01": date(1970, 1, 1),
    "2199-12-31": date(2199, 12, 31),
    "today": TODAY,
    "Today": TODAY,
    "tomorrow": date(2027, 1, 8),
    "next fri": date(2027, 1, 8),
    "next tue": date(2027, 1, 12),
    "next Tuesday": date(2027, 1, 12),
    "next wed": date(2027, 1, 13),
    "next thu": date(2027, 1, 14),  # today is a Thursday: never today
    "+0d": TODAY,
    "+1d": date(2027, 1, 8),
    "+2w": date(2027, 1, 21),
    "+2 weeks": date(2027, 1, 21),
    "+10 days": date(2027, 1, 17),
}

NOT_DAYS = {
    **dict.fromkeys(("05/01/2027", "5.1.2027", "01-05-2027", "5 Jan 2027"), "only one way"),
    **dict.fromkeys(("2027-W01", "2027-W01-2", "2027-005", "20270105"), "only one way"),
    **dict.fromkeys(("2027-1-5", "27-01-05", "+2027-01-05", "2027-01-05Z"), "only one way"),
    **dict.fromkeys(("next", "tuesday", "tue", "now", "heute", "yesterday"), "only one way"),
    **dict.fromkeys(("+2m", "+2", "+w", "-2w", "2w", "+1.5w", "+-2d"), "only one way"),
    **dict.fromkeys(("", " ", "\n", "-", "..", "2027-01-05\x00"), "only one way"),
    "٢٠٢٧-٠١-٠٥": "only one way",
    "２０２７-０１-０５": "only one way",
    "+٢w": "only one way",
    "2027‐01‐05": "only one way",  # the hyphens of a word processor
    "2027-02-30": "does not exist",
    "2027-02-29": "does not exist",
    "2027-13-01": "does not exist",
    "2027-00-10": "does not exist",
    "next foo": "not a weekday",
    "next ": "only one way",
    "0001-01-01": "1970 to 2199",
    "1969-12-31": "1970 to 2199",
    "2200-01-01": "1970 to 2199",
    "9999-01-01": "1970 to 2199",
    "+99999d": "2199",
    "+99999w": "2199",
}


@pytest.mark.parametrize(("text", "expected"), DAYS.items())
def test_a_day_is_read(text: str, expected: date) -> None:
    assert reading.parse_day(text, TODAY) == expected


@pytest.mark.parametrize(("text", "why"), NOT_DAYS.items())
def test_a_day_that_reads_two_ways_or_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        reading.parse_day(text, TODAY)


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)))
def test_every_iso_day_is_itself(day: date) -> None:
    assert reading.parse_day(day.isoformat(), TODAY) == day


@given(st.dates(date(1971, 1, 1), date(2198, 12, 31)), st.integers(0, 6))
def test_next_weekday_is_the_first_after_today(today: date, weekday: int) -> None:
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[weekday]
    day = reading.parse_day(f"next {name}", today)
    assert day.weekday() == weekday
    assert timedelta(days=1) <= day - today <= timedelta(days=7)


@given(st.text())
def test_any_other_text_is_a_day_or_a_told_mistake(text: str) -> None:
    try:
        day = reading.parse_day(text, TODAY)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - the mistake is told, whatever it is
    else:
        assert 1970 <= day.year <= 2199


STARTS = {
    "2027-01-05": (date(2027, 1, 5), None),
    "2027-01-05T10:00": (date(2027, 1, 5), 600),
    "2027-01-05t10:00": (date(2027, 1, 5), 600),
    "2027-01-05 10:00": (date(2027, 1, 5), 600),
    "2027-01-05T00:00": (date(2027, 1, 5), 0),
    "2027-01-05T23:59": (date(2027, 1, 5), 1439),
    "today": (TODAY, None),
    "tomorrow 9:30": (date(2027, 1, 8), 570),
    "next tue 14:00": (date(2027, 1, 12), 840),
    "+2wT08:15": (date(2027, 1, 21), 495),
}

NOT_STARTS = {
    "2027-01-05T25:00": "not a time of day",
    "2027-01-05T10:60": "not a time of day",
    "2027-01-05T24:00": "24:00",
    "2027-01-05T10": "only one way",
    "2027-01-05T10:00Z": "only one way",
    "2027-01-05T10:00+03:00": "only one way",
    "2027-01-05T10:00:30": "only one way",
    "2027-01-05T": "only one way",
    "10:00": "only one way",
    "T10:00": "only one way",
    "2027-02-30T10:00": "does not exist",
    "2027-01-05T1٠:00": "only one way",
    "2027-01-05 10:00 pm": "only one way",
}


@pytest.mark.parametrize(("text", "expected"), STARTS.items())
def test_a_start_may_have_a_time(text: str, expected: tuple[date, int | None]) -> None:
    assert reading.parse_start(text, TODAY) == expected


@pytest.mark.parametrize(("text", "why"), NOT_STARTS.items())
def test_a_start_without_one_meaning_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        reading.parse_start(text, TODAY)


def test_away_is_a_day_or_both_ends_included() -> None:
    fifth = date(2027, 2, 5)
    assert reading.parse_away("2027-02-05", TODAY) == DateRange(fifth, fifth)
    assert reading.parse_away("2027-02-05..2027-02-08", TODAY) == DateRange(fifth, date(2027, 2, 8))
    assert reading.parse_away("today..+2w", TODAY) == DateRange(TODAY, date(2027, 1, 21))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2027-03-01..2027-02-01", "backward"),
        ("2027-02-01...2027-02-03", "only one way"),
        ("2027-02-01..2027-02-03..2027-02-05", "only one way"),
        ("2027-02-01..", "only one way"),
        ("..2027-02-01", "only one way"),
        ("2027-02-01-2027-02-03", "only one way"),
        ("", "only one way"),
    ],
)
def test_away_that_is_no_range_of_days_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reading.parse_away(text, TODAY)


def test_weekdays_are_named_short_or_long() -> None:
    assert reading.parse_weekdays("mon,thu") == {0, 3}
    assert reading.parse_weekdays(" Sunday , TUE ") == {6, 1}


@pytest.mark.parametrize("text", ["", "mon,", "mon,,tue", "funday", "mon-fri", "m", "1", "pzt"])
def test_what_is_no_list_of_weekdays_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a weekday|an empty place"):
        reading.parse_weekdays(text)


def test_choices_are_pairs_of_phase_and_value() -> None:
    assert reading.parse_pairs("--every", ["weekly=1 week", " four-weekly = 4 weeks "]) == {
        "weekly": "1 week",
        "four-weekly": "4 weeks",
    }


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["weekly"], '--sessions: "weekly" is not a choice'),
        (["=3"], '--sessions: "=3" is not a choice'),
        (["weekly="], '--sessions: "weekly=" is not a choice'),
        ([" = "], "is not a choice"),
        ([""], "is not a choice"),
        (["weekly=4", "weekly=4"], 'phase "weekly" is chosen twice'),
        (["weekly=4", " weekly =5"], 'phase "weekly" is chosen twice'),
    ],
)
def test_a_choice_in_another_form_or_made_twice_is_refused(texts: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)):
        reading.parse_pairs("--sessions", texts)


def test_a_count_has_digits_only() -> None:
    assert [reading.parse_number(text) for text in ("0", "6", " 12 ", "007")] == [0, 6, 12, 7]


@pytest.mark.parametrize(
    "text", ["", "-1", "+3", "4.5", "4,5", "1e3", "0x4", "four", "1_0", "٥", "½", "9" * 5000]
)
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        reading.parse_number(text)


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\udcff", "P1\udcfe"])
def test_a_patient_reference_is_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"empty|no text"):
        reading.parse_name(text)


@pytest.mark.parametrize("text", ["", "doctor", "Patient", "patients"])
def test_a_calendar_is_for_the_clinic_or_the_patient(text: str) -> None:
    with pytest.raises(UsageError, match="clinic or patient"):
        reading.parse_audience(text)


def _told(text: str) -> int:
    raise ValueError(f"{text!r} is wrong")


def test_a_mistake_names_its_option() -> None:
    parse: Callable[[str], int] = _told
    with pytest.raises(UsageError, match=r"^--at: 'noon' is wrong$"):
        reading.option("--at", parse, "noon")
