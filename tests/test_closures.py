"""Public holidays: which local days a clinic is closed, and from which hour on a half day."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest
from holidays.registry import COUNTRIES

from meso_sched.core.clinic import Holiday
from meso_sched.errors import UsageError
from meso_sched.exchange.closures import check_code, holidays_between

FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)

# code, day, names, the hour from which it is closed (None: the whole day)
DAYS: list[tuple[str, str, tuple[str, ...], str | None]] = [
    ("TR", "2027-03-08", ("Eid al-Fitr",), "13:00"),
    ("TR", "2027-03-09", ("Eid al-Fitr",), None),
    ("TR", "2027-03-11", ("Eid al-Fitr",), None),
    ("TR", "2027-05-15", ("Eid al-Adha",), "13:00"),
    (
        "TR",
        "2027-05-19",
        ("Commemoration of Atatürk, Youth and Sports Day", "Eid al-Adha"),
        None,
    ),
    ("TR", "2027-10-28", ("Republic Day",), "13:00"),
    ("TR", "2027-10-29", ("Republic Day",), None),
    # a half day that is also a whole holiday is closed the whole day
    ("TR", "2029-04-23", ("National Sovereignty and Children's Day",), None),
    ("PR", "2027-12-24", ("Christmas Day (observed)",), None),
    ("DE", "2027-10-03", ("German Unity Day",), None),
    ("DE-BY", "2027-10-03", ("German Unity Day",), None),
    ("DE-BY", "2027-11-01", ("All Saints' Day",), None),
    ("UK", "2027-12-25", ("Christmas Day",), None),  # the alias of GB
    ("IS", "2027-12-24", ("Christmas Eve",), "13:00"),
    ("GR", "2027-12-24", ("Christmas Eve",), "12:00"),  # a half day without an hour
    ("PR", "2026-12-24", ("Christmas Eve",), "12:00"),  # "from 12pm" is noon, not midnight
    ("AU-QLD", "2027-12-24", ("Christmas Eve",), "18:00"),
    ("AU-SA", "2027-12-31", ("New Year's Eve",), "19:00"),
]


@pytest.mark.parametrize(
    ("code", "day", "names", "hour"), DAYS, ids=[f"{row[0]} {row[1]}" for row in DAYS]
)
def test_a_holiday_has_its_names_and_its_hour(
    code: str, day: str, names: tuple[str, ...], hour: str | None
) -> None:
    closes = None if hour is None else int(hour[:2]) * 60 + int(hour[3:])
    when = date.fromisoformat(day)
    assert holidays_between(code, when, when) == {when: Holiday(names, closes)}


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("TR", "2027-03-07"),  # the day before the half day
        ("TR", "2027-03-12"),
        ("TR", "2027-12-25"),
        ("DE", "2027-11-01"),  # All Saints' Day is Bavaria's, not Germany's
        ("DE-BE", "2027-11-01"),
        ("AU", "2027-12-24"),  # the half day is of some states only
    ],
)
def test_a_day_that_is_no_holiday_there_is_not_listed(code: str, day: str) -> None:
    assert date.fromisoformat(day) not in holidays_between(code, FIRST, LAST)


def test_the_half_days_of_turkey_are_the_eves_of_its_feasts() -> None:
    half = [d for d, h in holidays_between("TR", FIRST, LAST).items() if h.closes_at is not None]
    assert half == [date(2027, 3, 8), date(2027, 5, 15), date(2027, 10, 28)]


def test_the_first_and_the_last_day_asked_for_are_both_included() -> None:
    found = holidays_between("TR", date(2027, 3, 8), date(2027, 3, 11))
    assert list(found) == [date(2027, 3, 8) + timedelta(days=each) for each in range(4)]
    assert list(holidays_between("TR", date(2027, 3, 9), date(2027, 3, 9))) == [date(2027, 3, 9)]
    assert holidays_between("TR", date(2027, 3, 12), date(2027, 4, 22)) == {}


def test_a_span_over_new_year_has_the_holidays_of_both_years_in_order() -> None:
    found = holidays_between("TR", date(2026, 10, 28), date(2027, 3, 8))
    assert list(found) == [
        date(2026, 10, 28),
        date(2026, 10, 29),
        date(2027, 1, 1),
        date(2027, 3, 8),
    ]


def test_a_date_that_is_only_estimated_says_so_in_its_name() -> None:
    feasts = holidays_between("AE", FIRST, LAST).values()
    assert any(name.endswith("(estimated)") for feast in feasts for name in feast.names)


@pytest.mark.parametrize("code", ["TR", "TUR", "DE", "DE-BY", "UK", "GB-SCT", "US-CA"])
def test_a_code_of_the_library_is_known(code: str) -> None:
    check_code(code)


WRITE = 'write "TR" or, for a part, "DE-BY"'
PARTS_OF_GERMANY = (
    "its parts are BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH, Augsburg"
)
UNKNOWN = {
    "tr": '"tr" is not a holiday code; did you mean "TR"?',
    " TR": '" TR" is not a holiday code; did you mean "TR"?',
    "DEU-BY-X": '"DEU-BY-X" is not a holiday code: DEU has no part "BY-X"; did you mean "BY"?',
    "DE_BY": '"DE_BY" is not a holiday code; did you mean "DE-BY"?',
    "QQQ": f'"QQQ" is not a holiday code; {WRITE}',
    "": f'"" is not a holiday code; {WRITE}',
    "-": f'"-" is not a holiday code; {WRITE}',
    "__class__": f'"__class__" is not a holiday code; {WRITE}',
    "HolidayBase": f'"HolidayBase" is not a holiday code; {WRITE}',
    "DE-XX": f'"DE-XX" is not a holiday code: DE has no part "XX"; {PARTS_OF_GERMANY}',
    "DE-": f'"DE-" is not a holiday code: DE has no part ""; {PARTS_OF_GERMANY}',
    "TR-34": '"TR-34" is not a holiday code: TR has no parts; write "TR"',
}


@pytest.mark.parametrize("code", UNKNOWN)
def test_an_unknown_code_is_refused_with_what_would_be_right(code: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_code(code)
    assert str(refused.value) == UNKNOWN[code]


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        pytest.param("Turkey", "TR", id="a country's English name"),
        pytest.param("DE-BAY", "BY", id="a part that is spelled wrong"),
        pytest.param("de-by", "DE-BY", id="a part in small letters"),
        pytest.param("Germany", "DE", id="a name that is like no code"),
        pytest.param("germny", "DE", id="a name that is spelled wrong"),
        pytest.param("Türkiye", "TR", id="a country's own name"),
        pytest.param("TÜRKİYE", "TR", id="a country's own name in capitals"),
        pytest.param("United States", "US", id="a name of two words"),
        pytest.param("Guinea-Bissau", "GW", id="a name with a dash"),
        pytest.param("Germany-Bayern", "DE-BY", id="the names of a country and its part"),
        pytest.param("de-xx", "DE", id="a country in small letters, with no part of it"),
        pytest.param("DE-Bayern", "BY", id="a part by its name"),
        pytest.param("DE-by", "BY", id="only the part in small letters"),
    ],
)
def test_an_unknown_code_names_the_one_that_was_meant(code: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f'did you mean "{meant}"'):
        check_code(code)


@pytest.mark.parametrize("code", ["XX", "ZQ", "TUK", "GER", "ENG", "DEUTSCH", "GB-SCO", "TR-IST"])
def test_a_code_that_is_only_like_another_is_not_guessed_at(code: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_code(code)
    assert "did you mean" not in str(refused.value)


def test_every_country_of_the_library_is_found_by_its_code_and_its_name() -> None:
    for code in holidays.list_supported_countries(include_aliases=True):
        check_code(code)
        with pytest.raises(UsageError, match=f'did you mean "{code}"'):
            check_code(code.lower())
    for module, (_, code, *_) in COUNTRIES.items():
        with pytest.raises(UsageError, match=f'did you mean "{code}"'):
            check_code(module.replace("_", " ").title())


def test_the_half_days_of_a_group_do_not_close_the_clinic() -> None:
    womens_day, army_day = date(2027, 3, 8), date(2027, 8, 1)
    for code in ("CN", "CHN"):
        assert holidays_between(code, FIRST, LAST).keys().isdisjoint({womens_day, army_day})


def test_a_day_that_is_shortened_by_hours_ends_at_noon() -> None:
    (eve,) = holidays_between("EE", date(2027, 12, 23), date(2027, 12, 23)).values()
    assert eve.closes_at == 12 * 60
