"""Choices make a course: what is unchosen is the lowest, what is outside its range is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import judge_placing as judge
import pytest
from building import HAIR, courses, phase, regimen
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.core.course import (
    Choices,
    Course,
    IdealSession,
    Missing,
    lay_out,
    make_course,
    missing_choices,
)
from meso_sched.core.interval import Count, Interval
from meso_sched.core.regimen import Keep, Phase, Regimen
from meso_sched.errors import UsageError

TUE_5_JAN = date(2027, 1, 5)

OPTIONAL = regimen(
    phase("series", "4-6", "1 week"), phase("maintenance", "1+", "1 month", optional=True)
)
UNSAID = regimen(phase("series", "?", "?"), phase("maintenance", "1+", "?", optional=True))


def course(
    template: Regimen,
    choices: Choices | None = None,
    start: date = TUE_5_JAN,
    keep: Keep = Keep.WEEKDAY,
) -> Course:
    return make_course(template, choices or Choices(), start=start, keep=keep)


def ideals(made: Course) -> list[str]:
    return dates(made.sessions)


def dates(sessions: Iterable[IdealSession]) -> list[str]:
    return [f"{session.ideal:%-d %b}" for session in sessions]


def refusal(template: Regimen, choices: Choices, start: date = TUE_5_JAN) -> str:
    with pytest.raises(UsageError) as caught:
        make_course(template, choices, start=start)
    return str(caught.value)


# Ideal dates


def test_a_phase_begins_one_interval_of_its_own_after_the_phase_before() -> None:
    made = course(HAIR)
    assert [(each.number, each.phase, each.of) for each in made.sessions] == [
        (1, "weekly", (1, 4)),
        (2, "weekly", (2, 4)),
        (3, "weekly", (3, 4)),
        (4, "weekly", (4, 4)),
        (5, "biweekly", (1, 2)),
        (6, "biweekly", (2, 2)),
        (7, "monthly", (1, 3)),
        (8, "monthly", (2, 3)),
        (9, "monthly", (3, 3)),
    ]
    assert ideals(made) == [
        *("5 Jan", "12 Jan", "19 Jan", "26 Jan"),
        *("9 Feb", "23 Feb"),
        *("23 Mar", "20 Apr", "18 May"),
    ]


def test_keep_date_takes_every_interval_exactly() -> None:
    assert ideals(course(HAIR, Choices(keep=Keep.DATE))) == [
        *("5 Jan", "12 Jan", "19 Jan", "26 Jan"),
        *("10 Feb", "25 Feb"),
        *("25 Mar", "25 Apr", "25 May"),
    ]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (date(2027, 1, 31), ["31 Jan", "28 Feb", "31 Mar", "30 Apr"]),
        (date(2028, 1, 30), ["30 Jan", "29 Feb", "30 Mar", "30 Apr"]),
    ],
)
def test_keep_date_does_not_drift_at_a_month_end(start: date, expected: list[str]) -> None:
    monthly = regimen(phase("monthly", "4", "1 month"))
    assert ideals(course(monthly, Choices(keep=Keep.DATE), start)) == expected


def test_a_clamped_month_end_is_the_anchor_of_the_next_phase() -> None:
    template = regimen(phase("one", "2", "1 month"), phase("two", "2", "1 month"))
    made = course(template, Choices(keep=Keep.DATE), date(2027, 1, 31))
    assert ideals(made) == ["31 Jan", "28 Feb", "28 Mar", "28 Apr"]


@pytest.mark.parametrize(
    ("every", "flex", "expected"),
    [
        ("15 days", None, ["5 Jan", "19 Jan", "2 Feb"]),
        ("1 month", None, ["5 Jan", "2 Feb", "2 Mar"]),
        ("3 months", None, ["5 Jan", "6 Apr", "6 Jul"]),
        ("10 days", None, ["5 Jan", "15 Jan", "25 Jan"]),
        ("15 days", "-0/+5 days", ["5 Jan", "20 Jan", "4 Feb"]),
        ("1 month", "-0/+0 days", ["5 Jan", "5 Feb", "5 Mar"]),
    ],
)
def test_keep_weekday_rounds_to_whole_weeks_where_the_flex_allows(
    every: str, flex: str | None, expected: list[str]
) -> None:
    assert ideals(course(regimen(phase("one", "3", every, flex)))) == expected


def test_the_choice_of_keep_wins_over_the_regimen_and_that_over_the_clinic() -> None:
    monthly = phase("monthly", "2", "1 month")
    by_date = regimen(monthly, keep=Keep.DATE)
    assert course(regimen(monthly)).keep is Keep.WEEKDAY
    assert course(regimen(monthly), keep=Keep.DATE).keep is Keep.DATE
    assert course(by_date, keep=Keep.WEEKDAY).keep is Keep.DATE
    assert course(by_date, Choices(keep=Keep.WEEKDAY), keep=Keep.DATE).keep is Keep.WEEKDAY


# Ideal dates behind a session that was done on another day

WEEKLY = ["5 Jan", "12 Jan", "19 Jan", "26 Jan"]
BIWEEKLY = ["9 Feb", "23 Feb"]
MONTHLY = ["23 Mar", "20 Apr", "18 May"]


@pytest.mark.parametrize(
    ("rebased", "expected"),
    [
        pytest.param({}, [*WEEKLY, *BIWEEKLY, *MONTHLY], id="none"),
        pytest.param(
            {1: date(2027, 1, 7)},
            [
                "5 Jan",
                "14 Jan",
                "21 Jan",
                "28 Jan",
                *("11 Feb", "25 Feb", "25 Mar", "22 Apr", "20 May"),
            ],
            id="the first of all",
        ),
        pytest.param(
            {2: date(2027, 1, 9)},
            [
                "5 Jan",
                "12 Jan",
                "16 Jan",
                "23 Jan",
                *("6 Feb", "20 Feb", "20 Mar", "17 Apr", "15 May"),
            ],
            id="one too early",
        ),
        pytest.param(
            {4: date(2027, 1, 30)},
            [*WEEKLY, "13 Feb", "27 Feb", "27 Mar", "24 Apr", "22 May"],
            id="the last of its phase: the next phase counts from it",
        ),
        pytest.param(
            {5: date(2027, 2, 12)},
            [*WEEKLY, "9 Feb", "26 Feb", "26 Mar", "23 Apr", "21 May"],
            id="the first of a later phase",
        ),
        pytest.param(
            {2: date(2027, 1, 14), 3: date(2027, 1, 19)},
            ["5 Jan", "12 Jan", "21 Jan", "26 Jan", *BIWEEKLY, *MONTHLY],
            id="two: the later one counts",
        ),
        pytest.param(
            {9: date(2027, 7, 1)}, [*WEEKLY, *BIWEEKLY, *MONTHLY], id="the last of all moves none"
        ),
        pytest.param(
            {2: date(2027, 1, 12)}, [*WEEKLY, *BIWEEKLY, *MONTHLY], id="on its ideal date"
        ),
    ],
)
def test_behind_a_rebased_session_the_dates_count_from_its_own_day(
    rebased: Mapping[int, date], expected: list[str]
) -> None:
    made = course(HAIR)
    again = list(lay_out(made.phases, made.start, made.keep, rebased))
    assert dates(again) == expected
    assert [each._replace(ideal=TUE_5_JAN) for each in again] == [
        each._replace(ideal=TUE_5_JAN) for each in made.sessions
    ]


@pytest.mark.parametrize(
    ("rebased", "expected"),
    [
        pytest.param({}, ["31 Jan", "28 Feb", "31 Mar", "30 Apr"], id="none"),
        pytest.param(
            {2: date(2027, 2, 28)},
            ["31 Jan", "28 Feb", "28 Mar", "28 Apr"],
            id="the month's end is forgotten where the day is not",
        ),
        pytest.param(
            {1: date(2027, 1, 30), 3: date(2027, 3, 31)},
            ["31 Jan", "28 Feb", "30 Mar", "30 Apr"],
            id="each day clamps anew",
        ),
    ],
)
def test_with_keep_date_a_rebased_session_gives_the_day_of_the_month(
    rebased: Mapping[int, date], expected: list[str]
) -> None:
    made = course(
        regimen(phase("monthly", "4", "1 month")), Choices(keep=Keep.DATE), date(2027, 1, 31)
    )
    assert dates(lay_out(made.phases, made.start, made.keep, rebased)) == expected


# Phases that begin anew


def restarted_hair() -> Course:
    """Three of four weekly sessions, then all four anew from Tue 2 March, then as before."""
    made = course(HAIR)
    weekly, *others = made.phases
    cut = weekly._replace(sessions=3, whole=4)
    anew = weekly._replace(restarted=date(2027, 3, 2))
    return made._replace(phases=(cut, anew, *others))


def test_a_phase_that_begins_anew_does_so_on_its_day_and_the_next_counts_from_its_last() -> None:
    assert ideals(restarted_hair()) == [
        *("5 Jan", "12 Jan", "19 Jan"),
        *("2 Mar", "9 Mar", "16 Mar", "23 Mar"),
        *("6 Apr", "20 Apr"),
        *("18 May", "15 Jun", "13 Jul"),
    ]


def test_a_phase_cut_short_still_tells_how_many_it_was_to_have() -> None:
    assert [(each.number, each.phase, each.of) for each in restarted_hair().sessions[:8]] == [
        (1, "weekly", (1, 4)),
        (2, "weekly", (2, 4)),
        (3, "weekly", (3, 4)),
        (4, "weekly", (1, 4)),
        (5, "weekly", (2, 4)),
        (6, "weekly", (3, 4)),
        (7, "weekly", (4, 4)),
        (8, "biweekly", (1, 2)),
    ]


def test_only_the_first_session_of_a_phase_begun_anew_restarts() -> None:
    assert [each.number for each in restarted_hair().sessions if each.restarts] == [4]


@pytest.mark.parametrize(
    ("rebased", "expected"),
    [
        pytest.param(
            {3: date(2027, 1, 25)},
            ["5 Jan", "12 Jan", "19 Jan", "2 Mar", "9 Mar"],
            id="before the restart: it has its own day",
        ),
        pytest.param(
            {4: date(2027, 3, 4)},
            ["5 Jan", "12 Jan", "19 Jan", "2 Mar", "11 Mar"],
            id="the restarted one: the next counts from where it was",
        ),
    ],
)
def test_a_restart_and_a_rebased_session(rebased: Mapping[int, date], expected: list[str]) -> None:
    made = restarted_hair()
    assert dates(lay_out(made.phases, made.start, made.keep, rebased))[:5] == expected


def test_the_very_first_phase_may_begin_anew() -> None:
    made = course(HAIR)
    weekly = made.phases[0]._replace(restarted=date(2027, 3, 2))
    again = made._replace(phases=(weekly, *made.phases[1:]))
    assert ideals(again)[:5] == ["2 Mar", "9 Mar", "16 Mar", "23 Mar", "6 Apr"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_ideal_dates_are_those_of_the_rules(data: st.DataObject) -> None:
    first = data.draw(st.dates(date(2026, 1, 1), date(2030, 12, 31)))
    made = data.draw(courses(first, 1, 12))
    numbers = st.integers(1, made.count_all)
    shifted = st.integers(-30, 400).map(lambda n: first + timedelta(days=n))
    rebased = data.draw(st.just({}) | st.dictionaries(numbers, shifted, max_size=3))
    laid_out = list(lay_out(made.phases, first, made.keep, rebased))
    assert [session.ideal for session in laid_out] == judge.ideal_dates(
        made.phases, first, keep_weekday=made.keep is Keep.WEEKDAY, rebased=rebased
    )


# The limits of a session


@pytest.mark.parametrize(
    ("skipped", "restarts", "latest"),
    [
        pytest.param([], False, date(2027, 2, 8), id="its own most"),
        pytest.param(["1 week"], False, date(2027, 2, 16), id="the most of a cancelled one first"),
        pytest.param(
            ["1 week", "1 month"],
            False,
            date(2027, 3, 20),
            id="one after the other, in their order",
        ),
        pytest.param(["1 week"], True, None, id="none where a phase begins anew"),
    ],
)
def test_the_latest_day_chains_through_cancelled_sessions_and_the_earliest_does_not(
    skipped: list[str], restarts: bool, latest: date | None
) -> None:
    session = IdealSession(
        4,
        "one",
        (1, 1),
        date(2027, 3, 1),
        Interval.parse("7-8 days"),
        tuple(Interval.parse(each) for each in skipped),
        restarts,
    )
    assert session.earliest(date(2027, 1, 31)) == date(2027, 2, 7)
    assert session.latest(date(2027, 1, 31)) == latest


# Choices


def test_what_is_not_chosen_is_the_lowest_of_its_range() -> None:
    made = course(regimen(phase("series", "4-10", "7-14 days"), length="30-60 minutes"))
    (only,) = made.phases
    assert (only.sessions, only.interval.ideal, made.length) == (
        4,
        Interval.parse("7 days").ideal,
        30,
    )


@pytest.mark.parametrize("count", [4, 5, 6])
def test_a_count_within_its_range_is_taken(count: int) -> None:
    made = course(HAIR, Choices(sessions={"weekly": count}))
    assert made.phases[0].sessions == count
    assert made.overrides == ()


def test_an_interval_within_its_range_moves_the_ideal_only() -> None:
    template = regimen(phase("series", "3", "7-14 days"))
    made = course(template, Choices(every={"series": "10 days"}, keep=Keep.DATE))
    assert ideals(made) == ["5 Jan", "15 Jan", "25 Jan"]
    interval = made.phases[0].interval
    assert interval.earliest(TUE_5_JAN) == date(2027, 1, 12)
    assert interval.latest(TUE_5_JAN) == date(2027, 1, 19)
    assert made.overrides == ()


@pytest.mark.parametrize(
    ("choices", "option", "rule"),
    [
        pytest.param(
            Choices(sessions={"weekly": 8}),
            "sessions weekly=8",
            "phase weekly of sample has 4-6 sessions",
            id="too many",
        ),
        pytest.param(
            Choices(sessions={"monthly": 2}),
            "sessions monthly=2",
            "phase monthly of sample has 3+ sessions",
            id="too few of an open phase",
        ),
        pytest.param(
            Choices(sessions={"biweekly": 0}),
            "sessions biweekly=0",
            "phase biweekly of sample has 2-3 sessions",
            id="none of a phase that is not optional",
        ),
        pytest.param(
            Choices(every={"weekly": "9 days"}),
            "every weekly=9 days",
            "phase weekly of sample comes every 1 week, with its flex 6 to 8 days apart",
            id="too long an interval",
        ),
        pytest.param(
            Choices(every={"biweekly": "14-16 days"}),
            "every biweekly=14-16 days",
            "phase biweekly of sample comes every 15 days, with its flex 13 to 17 days apart,"
            " and one interval is to be chosen",
            id="a range where the source has a figure",
        ),
        pytest.param(
            Choices(length=90), "length 90m", "a session of sample takes 30-60 minutes", id="length"
        ),
    ],
)
def test_a_choice_outside_its_range_is_refused_unless_overridden_and_then_marked(
    choices: Choices, option: str, rule: str
) -> None:
    assert refusal(HAIR, choices) == (
        f"--{option}: {rule} (source S7); add --override to plan it all the same"
    )
    overriding = Choices(choices.sessions, choices.every, length=choices.length, override=True)
    assert course(HAIR, overriding).overrides == (option,)


def test_an_overriding_choice_is_what_the_course_is_made_of() -> None:
    choices = Choices(
        sessions={"weekly": 2, "biweekly": 0, "monthly": 1},
        every={"weekly": "3 days"},
        length=90,
        keep=Keep.DATE,
        override=True,
    )
    made = course(HAIR, choices)
    assert ideals(made) == ["5 Jan", "8 Jan", "8 Feb"]
    assert [each.of for each in made.sessions] == [(1, 2), (2, 2), (1, 1)]
    assert made.length == 90


def test_an_override_that_nothing_needs_marks_nothing() -> None:
    assert course(HAIR, Choices(sessions={"weekly": 6}, override=True)).overrides == ()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            Choices(every={"weekly": "often"}),
            '--every weekly: "often" is not an interval; write a number or a range and day, week,'
            ' month or year: "1 week", "7-14 days"',
        ),
        (
            Choices(sessions={"weekly": -1}),
            "--sessions weekly=-1: a phase has 1 to 500 sessions",
        ),
        (
            Choices(sessions={"monthly": 501}),
            "--sessions monthly=501: a phase has 1 to 500 sessions",
        ),
    ],
)
def test_a_choice_that_is_none_is_refused_even_with_override(
    choices: Choices, message: str
) -> None:
    overriding = Choices(choices.sessions, choices.every, override=True)
    assert refusal(HAIR, choices) == refusal(HAIR, overriding) == message


# Phases: unknown, optional, without a figure


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            Choices(sessions={"weakly": 4}),
            '--sessions: sample has no phase "weakly"; did you mean "weekly"?'
            " Its phases: weekly, biweekly, monthly.",
        ),
        (
            Choices(every={"Monthly": "1 month"}),
            '--every: sample has no phase "Monthly"; did you mean "monthly"?'
            " Its phases: weekly, biweekly, monthly.",
        ),
        (
            Choices(sessions={"zzz": 4}),
            '--sessions: sample has no phase "zzz". Its phases: weekly, biweekly, monthly.',
        ),
    ],
)
def test_an_unknown_phase_is_refused_with_the_nearest_name(choices: Choices, message: str) -> None:
    assert refusal(HAIR, choices) == message


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        pytest.param(Choices(), [("series", 4)], id="left out unless asked for"),
        pytest.param(
            Choices(sessions={"maintenance": 2}),
            [("series", 4), ("maintenance", 2)],
            id="asked for by its count",
        ),
        pytest.param(
            Choices(every={"maintenance": "1 month"}),
            [("series", 4), ("maintenance", 1)],
            id="asked for by its interval",
        ),
        pytest.param(Choices(sessions={"maintenance": 0}), [("series", 4)], id="asked away"),
        pytest.param(
            Choices(until=date(2027, 4, 1)),
            [("series", 4), ("maintenance", 2)],
            id="asked for by --until",
        ),
    ],
)
def test_an_optional_phase(choices: Choices, expected: list[tuple[str, int]]) -> None:
    made = course(OPTIONAL, choices)
    assert [(each.name, each.sessions) for each in made.phases] == expected
    assert made.overrides == ()


@pytest.mark.parametrize(
    ("sessions", "every", "missing", "message"),
    [
        (
            {},
            {},
            (Missing("series", "sessions"), Missing("series", "every")),
            "sample needs a number of sessions and an interval for phase series:"
            " the source (S7) gives no figure."
            " Choose with --sessions series=N --every series=INTERVAL",
        ),
        (
            {"series": 3},
            {},
            (Missing("series", "every"),),
            "sample needs an interval for phase series: the source (S7) gives no figure."
            " Choose with --every series=INTERVAL",
        ),
        (
            {"series": 3, "maintenance": 1},
            {"series": "2 weeks"},
            (Missing("maintenance", "every"),),
            "sample needs an interval for phase maintenance: the source (S7) gives no figure."
            " Choose with --every maintenance=INTERVAL",
        ),
    ],
)
def test_what_the_source_leaves_open_must_be_chosen(
    sessions: Mapping[str, int],
    every: Mapping[str, str],
    missing: tuple[Missing, ...],
    message: str,
) -> None:
    choices = Choices(sessions, every)
    assert missing_choices(UNSAID, choices) == missing
    assert refusal(UNSAID, choices) == message


def test_what_the_source_leaves_open_is_chosen_without_a_mark() -> None:
    choices = Choices({"series": 3}, {"series": "2-3 weeks"})
    assert missing_choices(UNSAID, choices) == ()
    made = course(UNSAID, choices)
    assert ideals(made) == ["5 Jan", "19 Jan", "2 Feb"]
    assert made.overrides == ()


def test_the_flex_of_a_phase_holds_for_an_interval_that_is_chosen() -> None:
    template = regimen(phase("series", "2", "?", "-0/+3 days"))
    made = course(template, Choices(every={"series": "1 week"}))
    interval = made.phases[0].interval
    assert interval.earliest(TUE_5_JAN) == date(2027, 1, 12)
    assert interval.latest(TUE_5_JAN) == date(2027, 1, 15)


def test_none_of_a_phase_without_a_figure_is_no_number_of_sessions() -> None:
    choices = Choices({"series": 0}, {"series": "1 week"})
    assert refusal(UNSAID, choices) == "--sessions series=0: a phase has 1 to 500 sessions"


# Until


@pytest.mark.parametrize(
    ("until", "last", "total"),
    [
        pytest.param(date(2027, 5, 18), "18 May", 9, id="on an ideal date"),
        pytest.param(date(2027, 6, 14), "18 May", 9, id="the day before one"),
        pytest.param(date(2027, 12, 31), "28 Dec", 17, id="to the end of the year"),
    ],
)
def test_until_fills_the_last_open_phase(until: date, last: str, total: int) -> None:
    made = course(HAIR, Choices(until=until))
    assert ideals(made)[-1] == last
    assert len(made.sessions) == total
    assert [each.sessions for each in made.phases[:-1]] == [4, 2]


def test_until_fills_the_last_of_two_open_phases() -> None:
    template = regimen(phase("first", "2+", "1 week"), phase("second", "1+", "2 weeks"))
    made = course(template, Choices(until=date(2027, 3, 1)))
    assert [(each.name, each.sessions) for each in made.phases] == [("first", 2), ("second", 3)]


def test_until_too_soon_is_refused_unless_overridden() -> None:
    until = date(2027, 4, 20)
    assert refusal(HAIR, Choices(until=until)) == (
        "--until 2027-04-20: up to that day there are 2 sessions of phase monthly, and sample"
        " has 3+ (source S7); add --override to plan it all the same"
    )
    made = course(HAIR, Choices(until=until, override=True))
    assert ideals(made)[-1] == "20 Apr"
    assert made.overrides == ("until 2027-04-20",)


def test_until_before_an_open_phase_begins_leaves_it_out_if_overridden() -> None:
    made = course(HAIR, Choices(until=date(2027, 2, 1), override=True))
    assert [each.name for each in made.phases] == ["weekly", "biweekly"]


@pytest.mark.parametrize(
    ("template", "choices", "message"),
    [
        (
            regimen(phase("series", "4-6", "1 week")),
            Choices(until=date(2027, 6, 1)),
            "--until fills an open phase, and sample has none; choose counts with --sessions",
        ),
        (
            HAIR,
            Choices(sessions={"monthly": 3}, until=date(2027, 6, 1)),
            "--until and --sessions monthly=3 both say how long that phase goes on;"
            " leave one of them out",
        ),
    ],
)
def test_until_that_cannot_be_is_refused(template: Regimen, choices: Choices, message: str) -> None:
    assert refusal(template, choices) == message


# Bounds


def test_a_course_has_at_least_one_session() -> None:
    choices = Choices({"weekly": 0, "biweekly": 0, "monthly": 0}, override=True)
    assert refusal(HAIR, choices) == (
        "the choices leave no session at all; choose one or more with --sessions"
    )


def test_a_course_has_at_most_500_sessions() -> None:
    template = regimen(phase("a", "1+", "1 day"), phase("b", "1+", "1 day"))
    assert len(course(template, Choices({"a": 400, "b": 100})).sessions) == 500
    message = refusal(template, Choices({"a": 400, "b": 101}))
    assert message == (
        "the choices make a course of 501 sessions, and one has 500 at most;"
        " choose fewer with --sessions or an earlier --until"
    )


@pytest.mark.parametrize("every", ["1 year", "10 years"])
def test_a_course_does_not_run_past_2199(every: str) -> None:
    template = regimen(phase("yearly", "1+", every))
    message = refusal(template, Choices({"yearly": 500}), date(2027, 1, 5))
    assert message == (
        "the course would run past the year 2199; choose fewer sessions or a shorter interval"
    )


# Templates that cannot be


@pytest.mark.parametrize(
    "phases",
    [(), (Phase("a", Count(1, 1), None), Phase("a", Count(2, 2), None))],
    ids=["no phase", "two of one name"],
)
def test_a_regimen_has_phases_with_names_of_their_own(phases: tuple[Phase, ...]) -> None:
    with pytest.raises(ValueError, match="a regimen has phases, each with a name of its own"):
        regimen(*phases)
