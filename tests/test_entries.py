"""The rows of a list: the courses that `plan` makes of the same words, and every mistake at once.

A case is the header and the rows of a list, and its exact problems as `LINE: column: what`.
"""

# ruff: noqa: E501 (a row of the table of mistakes is one case and reads best on one line)

from __future__ import annotations

import csv
import io
import json
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from building import clinic, days, phase, regimen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meso_sched.cli import planning
from meso_sched.cli.circumstances import LimitOptions
from meso_sched.cli.entries import LAST_PRIORITY, Entries, make_entries
from meso_sched.cli.planning import PlanOptions
from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.cohort import Entry
from meso_sched.core.regimen import Keep
from meso_sched.core.walltime import Span
from meso_sched.errors import PlacingError, Problem, UsageError
from meso_sched.exchange.patient_list import Row, read_list
from meso_sched.exchange.schedules import load, shipped_file

TODAY = date(2027, 1, 7)  # a Thursday
NOW = datetime(2027, 1, 7, 8, tzinfo=ZoneInfo("Europe/Istanbul"))
IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

SHIPPED = load([shipped_file()])
ODD = replace(
    regimen(phase("First Phase", "?", "?", "-7/+0 days"), phase("open", "1+", "1 month", optional=True)),
    id="odd",
)  # fmt: skip
# Its flex leaves room for no interval shorter, and nothing is open that could be filled.
SLOW = replace(
    regimen(phase("series", "?", "?", "-400/+0 days"), phase("late", "1", "1 year", optional=True)),
    id="slow",
)
CATALOGUE = SHIPPED._replace(
    regimens={**SHIPPED.regimens, "odd": ODD, "slow": SLOW},
    settings={**SHIPPED.settings, "timezone": "Europe/Istanbul", "holidays": ""},
)
CLINICS = {"": clinic(), "North": clinic(), "south": replace(clinic(), keep=Keep.DATE)}


def clinic_of(name: str) -> Clinic:
    if name not in CLINICS:
        raise UsageError(f'no clinic is named "{name}"; did you mean "North"?')
    return CLINICS[name]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, name: str = "P.csv") -> Entries:
    """The entries of a list in which every row can be read."""
    Path(name).write_text(text, encoding="utf-8", newline="")
    listed = read_list(Path(name))
    assert listed.problems == ()
    return make_entries(listed.rows, name, CATALOGUE, clinic_of, TODAY)


def entries_of(*rows: Mapping[str, str]) -> Entries:
    """The entries of rows from line 2 on."""
    listed = [Row(line, cells) for line, cells in enumerate(rows, 2)]
    return make_entries(listed, "P.csv", CATALOGUE, clinic_of, TODAY)


def entry(**cells: str) -> Entry:
    """The entry of a row in which nothing is wrong; a column of a phase is ``sessions_PHASE``."""
    named = {name.replace("_", "."): text for name, text in cells.items()}
    found = entries_of({"patient": "P1", "regimen": "hair", "start": "2027-01-12", **named})
    assert found.problems == ()
    return found.listed[0].entry


def told(problems: Sequence[Problem]) -> list[str]:
    """Problems without the name of the file that stands before each."""
    return [str(problem).removeprefix("P.csv:") for problem in problems]


# ---- What cells mean -----------------------------------------------------------------------------


def test_the_least_that_a_row_says() -> None:
    made = entry()
    assert made == Entry(made.course, priority=LAST_PRIORITY)
    assert (made.course.patient, made.course.number) == ("P1", 1)
    assert (made.course.start, made.course.regimen.id) == (date(2027, 1, 12), "hair")
    assert [each.sessions for each in made.course.phases] == [4, 2, 3]


def test_a_start_with_a_time_is_also_the_preferred_time_unless_another_is() -> None:
    start = "2027-01-12T10:00"
    assert (entry(start=start).start, entry(start=start).limits.preferred) == (time(10), 600)
    both = entry(start=start, at="14:00")
    assert (both.start, both.limits.preferred) == (time(10), 14 * 60)


def test_limits_are_lists() -> None:
    feb, mar = date(2027, 2, 1), date(2027, 3, 1)
    for on in ("mon,thu", "mon thu", "Mon; Thursday", "mon ,  thu", "thu\nmon"):
        assert entry(on=on).limits == Limits(weekdays=frozenset({0, 3})), on
    for between in ("09:00-12:00,13:00-14:00", "09:00-12:00; 13:00-14:00"):
        assert entry(between=between).limits == Limits(between=(Span(540, 720), Span(780, 840)))
    for away in ("2027-02-01..2027-02-03,2027-03-01", "2027-02-01..2027-02-03; 2027-03-01"):
        assert entry(away=away).limits.away == (days(feb, date(2027, 2, 3)), days(mar))


@pytest.mark.parametrize("text", ["45", "45m", "45 minutes"])
def test_a_bare_length_is_minutes_as_sheets_and_programs_write_it(text: str) -> None:
    assert entry(length=text).course.length == 45


def test_choices_are_those_of_plan() -> None:
    made = entry(sessions_weekly="6", every_monthly="4 weeks", length="45m", keep="Date").course
    assert [each.sessions for each in made.phases] == [6, 2, 3]
    assert str(made.phases[2].interval.ideal) == "4 weeks"
    assert (made.length, made.keep, made.overrides) == (45, Keep.DATE, ())
    filled = entry(until="2027-12-31").course
    assert [each.sessions for each in filled.phases] == [4, 2, 10]


@pytest.mark.parametrize("answer", ["yes", "Yes", "TRUE", "1"])
def test_an_override_lets_choices_outside_their_range_stand(answer: str) -> None:
    made = entry(sessions_weekly="9", length="90m", override=answer).course
    assert made.overrides == ("length 90m", "sessions weekly=9")


def test_phases_are_found_in_any_case() -> None:
    text = "patient,regimen,start,Sessions.FIRST phase,every.first Phase\nP1,odd,today,2,2 weeks\n"
    (listed,) = read(text).listed
    assert [(each.name, each.sessions) for each in listed.entry.course.phases] == [
        ("First Phase", 2)
    ]


def test_a_lower_priority_goes_first_and_none_goes_last() -> None:
    assert [entry(priority="0").priority, entry(priority="9999").priority] == [0, 9999]
    assert entry().priority > 9999


def test_the_clinic_of_the_column_gives_its_rhythm() -> None:
    text = (
        "clinic,patient,regimen,start\nsouth,P1,hair,today\n,P1,hair,today\nNorth,P1,hair,today\n"
    )
    assert [(each.line, each.clinic, each.entry.course.keep) for each in read(text).listed] == [
        (2, "south", Keep.DATE),
        (3, "", Keep.WEEKDAY),
        (4, "North", Keep.WEEKDAY),
    ]


@pytest.mark.parametrize("name", ["../../etc", "Şükrü 毎週 💉", "'; DROP TABLE", "a\u00a0b", "."])
def test_a_patient_may_have_any_name(name: str) -> None:
    assert entry(patient=name).course.patient == name


def test_two_courses_of_one_patient_differ_in_regimen_or_number_or_clinic() -> None:
    text = (
        "patient,regimen,start,course,clinic\n"
        "P1,hair,today,,\nP1,hair,today,2,\nP1,pain,today,1,\nP1,hair,today,1,North\np1,hair,today,1,\n"
    )
    assert len(read(text).listed) == 5


# ---- The same as `plan` --------------------------------------------------------------------------

PLANNED: dict[str, tuple[PlanOptions, dict[str, str]]] = {
    "no more than is needed": (PlanOptions("hair", "next tue", "P1"), {"regimen": "hair", "start": "next tue"}),
    "every option": (
        PlanOptions(
            *("hair", "+2wT10:15", "P1", "3", ("weekly=6", "biweekly=3"), ("monthly=4 weeks",), "2027-12-31", "45m", "date"),
            LimitOptions("14:00", ("mon,thu", "fri"), ("09:00-12:00", "13:00-17:00"), ("2027-02-01..2027-02-03", "2027-03-01")),
        ),
        {
            "regimen": "hair", "start": "+2wT10:15", "course": "3", "until": "2027-12-31", "length": "45m", "keep": "date",
            "sessions.weekly": "6", "sessions.biweekly": "3", "every.monthly": "4 weeks",
            "at": "14:00", "on": "mon thu;fri", "between": "09:00-12:00,13:00-17:00", "away": "2027-02-01..2027-02-03;2027-03-01",
        },
    ),
    "an override": (
        PlanOptions("hair", "today", "P1", sessions=("weekly=9",), every=("weekly=2 weeks",), length="90m", override=True),
        {"regimen": "hair", "start": "today", "sessions.weekly": "9", "every.weekly": "2 weeks", "length": "90m", "override": "yes"},
    ),
    "choices that the source leaves open": (
        PlanOptions("rejuvenation", "today 9:00", "P1", sessions=("series=4",), every=("series=2 weeks", "maintenance=3 months"), until="2027-12-31"),
        {"regimen": "rejuvenation", "start": "today 9:00", "sessions.series": "4", "every.series": "2 weeks", "every.maintenance": "3 months", "until": "2027-12-31"},
    ),
    "a time taken back": (
        PlanOptions("hair", "todayT10:00", "P1", limits=LimitOptions("none")),
        {"regimen": "hair", "start": "todayT10:00", "at": "none"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("options", "cells"), PLANNED.values(), ids=PLANNED)
def test_a_row_is_what_plan_makes_of_the_same_words(
    options: PlanOptions, cells: dict[str, str]
) -> None:
    plan = planning.make(options, CATALOGUE, NOW).plan
    made = entry(**cells)
    assert (made.course, made.start, made.limits) == (plan.course, plan.start, plan.limits)


CHOICES = st.fixed_dictionaries(
    {"regimen": st.sampled_from(["hair", "face", "slimming", "pain", "knee-pain", "odd", "hairy"])},
    optional={
        "until": st.sampled_from(["2027-12-31", "2027-02-01", "soon"]),
        "length": st.sampled_from(["45m", "90m"]),
        "override": st.sampled_from(["yes", "no"]),
        "sessions.weekly": st.sampled_from(["5", "9", "501"]),
        "sessions.series": st.sampled_from(["0", "4", "501", "some"]),
        "every.series": st.sampled_from(["10 days", "1 week", "6 weeks", "often"]),
        "sessions.monthly": st.sampled_from(["0", "3", "x"]),
        "every.monthly": st.sampled_from(["1 month", "2 months", "2-3 weeks"]),
    },
)


def as_options(cells: Mapping[str, str]) -> PlanOptions:
    """The choices of a row as `plan` is given them."""
    pairs: dict[str, list[str]] = {"sessions": [], "every": []}
    for column, text in cells.items():
        what, _, name = column.partition(".")
        if name:
            pairs[what].append(f"{name}={text}")
    return PlanOptions(
        regimen=cells["regimen"],
        start="2027-01-12",
        patient="P1",
        sessions=tuple(pairs["sessions"]),
        every=tuple(pairs["every"]),
        until=cells.get("until"),
        length=cells.get("length"),
        override=cells.get("override") == "yes",
    )


@given(CHOICES)
def test_a_row_is_wrong_where_plan_refuses_the_same_choices_and_only_there(
    cells: dict[str, str],
) -> None:
    found = entries_of({"patient": "P1", "start": "2027-01-12", **cells})
    try:
        plan = planning.make(as_options(cells), CATALOGUE, NOW).plan
    except PlacingError:  # the choices make a course, though no clinic could keep it
        assert found.problems == ()
    except UsageError:
        assert found.listed == ()
        assert found.problems != ()
        assert "--" not in " ".join(told(found.problems)), "no word of a command line"
    else:
        assert [each.entry.course for each in found.listed] == [plan.course]


# ---- Mistakes ------------------------------------------------------------------------------------

ONE_WAY = "is not a date that can be read only one way; write YYYY-MM-DD, today, tomorrow, next tue or +2w"
INTERVAL = 'is not an interval; write a number or a range and day, week, month or year: "1 week", "7-14 days"'
OVERRIDE = "put yes in the column override to plan it all the same"
LINE_BREAK = "holds a line break; write it on one line, and look for a quote that does not end"
PRIORITY = "is not a priority; write a whole number from 0, which goes first, to 9999"
ADD = "gives no figure; write it in this column, or add the column"
HAIR = "Its phases: weekly, biweekly, monthly. Move the cell to one of their columns, or empty it."
FACE = "Its phases: series, maintenance. Move the cell to one of their columns, or empty it."

MISTAKES: dict[str, tuple[str, list[str]]] = {
    # single cells
    "what every row needs": ("patient,regimen,start,on\n,,,mon", [
        "2: patient: is empty; write a reference that no other patient has",
        "2: regimen: is empty; write the name of one, `meso-sched regimens` lists them",
        "2: start: is empty; write a day as YYYY-MM-DD",
    ]),
    "a patient on two lines": ('patient,regimen,start\n"P1\nP2",hair,today', [f"2: patient: {LINE_BREAK}"]),
    "a patient who rings": ("patient,regimen,start\nP\a1,hair,today", ["2: patient: holds a control character (U+0007); take it out"]),
    "a regimen, with the nearest": ("patient,regimen,start\nP1,hairr,today", ['2: regimen: no regimen is named "hairr"; did you mean "hair"? `meso-sched regimens` lists them.']),
    "a clinic": ("patient,regimen,start,clinic\nP1,hair,today,Nort", ['2: clinic: no clinic is named "Nort"; did you mean "North"?']),
    "a start as a spreadsheet shows it": ("patient,regimen,start\nP1,hair,5.1.2027", [f'2: start: "5.1.2027" {ONE_WAY}']),
    "a start that is no time": ("patient,regimen,start\nP1,hair,2027-01-05 25:00", ['2: start: "25:00" is not a time of day; write HH:MM, as 09:30 or 14:00']),
    "a number of a course": ("patient,regimen,start,course\nP1,hair,today,0", ['2: course: "0" is not the number of a course; write 1, 2, 3 …']),
    "a time": ("patient,regimen,start,at\nP1,hair,today,10", ['2: at: "10" is not a time of day; write HH:MM, as 09:30 or 14:00']),
    "weekdays": ("patient,regimen,start,on\nP1,hair,today,mon-fri", ['2: on: "mon-fri" is not a weekday; write mon, tue, wed, thu, fri, sat, sun']),
    "weekdays with an empty place": ('patient,regimen,start,on\nP1,hair,today,"mon,"', ['2: on: "mon," has an empty place; write weekdays as mon,thu']),
    "hours": ("patient,regimen,start,between\nP1,hair,today,mornings", ['2: between: "mornings" is not a span; write HH:MM-HH:MM, as 09:00-12:30']),
    "an absence": ("patient,regimen,start,away\nP1,hair,today,2027-02-03..2027-02-01", ["2: away: 2027-02-03..2027-02-01 runs backward; the earlier day is first"]),
    "an end": ("patient,regimen,start,until\nP1,hair,today,2027-02-30", ['2: until: "2027-02-30" does not exist in the calendar; check its day and month']),
    "a length": ("patient,regimen,start,length\nP1,hair,today,45x", ['2: length: "45x" is not a length; write "15 minutes", "45m" or "1h", at most 24 hours']),
    "a rhythm": ("patient,regimen,start,keep\nP1,hair,today,week", ['2: keep: "week" is not a way to keep a rhythm; did you mean "weekday"?']),
    "a priority below 0": ("patient,regimen,start,priority\nP1,hair,today,-1", [f'2: priority: "-1" {PRIORITY}']),
    "a priority behind none": ("patient,regimen,start,priority\nP1,hair,today,10000", [f'2: priority: "10000" {PRIORITY}']),
    "an answer": ("patient,regimen,start,override\nP1,hair,today,maybe", ['2: override: "maybe" is neither yes nor no; write one of them']),
    "a count": ("patient,regimen,start,sessions.weekly\nP1,hair,today,6.5", ['2: sessions.weekly: "6.5" is not a number of sessions; write a whole number, as 6']),
    "an interval": ("patient,regimen,start,every.weekly\nP1,hair,today,weekly", [f'2: every.weekly: "weekly" {INTERVAL}']),
    "a cell of two lines is told on one": ('patient,regimen,start,at\nP1,hair,today,"9\r\n30"', ['2: at: "9 30" is not a time of day; write HH:MM, as 09:30 or 14:00']),
    # choices and their regimen
    "a phase, with the nearest": ("patient,regimen,start,sessions.weekli\nP1,hair,today,6", [f'2: sessions.weekli: hair has no phase "weekli"; did you mean "weekly"? {HAIR}']),
    "a phase of another regimen": ("patient,regimen,start,every.weekly\nP1,face,today,1 week", [f'2: every.weekly: face has no phase "weekly". {FACE}']),
    "a choice that is missing": ("patient,regimen,start\nP1,slimming,today", [f"2: sessions.series: slimming needs the number of sessions for phase series: the source (S0) {ADD}"]),
    "two that are": ("patient,regimen,start,sessions.first phase\nP1,odd,today,\nP2,odd,today,3", [
        f"2: sessions.first phase: odd needs the number of sessions for phase First Phase: the source (S7) {ADD}",
        f"2: every.first phase: odd needs the interval for phase First Phase: the source (S7) {ADD}",
        f"3: every.first phase: odd needs the interval for phase First Phase: the source (S7) {ADD}",
    ]),
    "a count outside its range": ("patient,regimen,start,sessions.weekly\nP1,hair,today,9", [f'2: sessions.weekly: "9" does not fit: phase weekly of hair has 4-6 sessions (source S0); {OVERRIDE}']),
    "an override that says no": ("patient,regimen,start,sessions.weekly,override\nP1,hair,today,9,no", [f'2: sessions.weekly: "9" does not fit: phase weekly of hair has 4-6 sessions (source S0); {OVERRIDE}']),
    "a count that nothing overrides": ("patient,regimen,start,sessions.weekly,override\nP1,hair,today,501,yes", ['2: sessions.weekly: "501" does not fit: a phase has 1 to 500 sessions']),
    "an interval outside its range": ("patient,regimen,start,every.weekly\nP1,hair,today,2  weeks", [f'2: every.weekly: "2  weeks" does not fit: phase weekly of hair comes every 1 week, with its flex 6 to 8 days apart (source S0); {OVERRIDE}']),
    "an interval that its flex eats up": ("patient,regimen,start,sessions.first phase,every.first phase\nP1,odd,today,3,1 week", ['2: every.first phase: "1 week" does not fit: a flex of -7 days would let two sessions fall on one day; the least gap of 1 week stays at 1 day or more']),
    "a length outside its range": ("patient,regimen,start,length\nP1,hair,today,90m", [f'2: length: "90m" does not fit: a session of hair takes 30-60 minutes (source S3); {OVERRIDE}']),
    "an end without an open phase": ("patient,regimen,start,until\nP1,knee-pain,today,2027-12-31", ["2: until: until fills an open phase, and knee-pain has none; choose counts with the columns sessions.PHASE"]),
    "an end and a count": ("patient,regimen,start,until,sessions.monthly\nP1,hair,today,2027-12-31,4", ["2: until: until and sessions.monthly both say how long that phase goes on; leave one of them out"]),
    "an end too early": ("patient,regimen,start,until\nP1,hair,today,+2w", [f'2: until: "+2w" does not fit: up to that day there are 0 sessions of phase monthly, and hair has 3+ (source S0); {OVERRIDE}']),
    # the whole row
    "no session": ("patient,regimen,start,sessions.series,override\nP1,face,today,0,yes", ["2: the choices leave no session at all; choose one or more with the columns sessions.PHASE"]),
    "too many": ("patient,regimen,start,sessions.series,sessions.maintenance\nP1,face,today,400,400", ["2: the choices make a course of 800 sessions, and one has 500 at most; choose fewer with the columns sessions.PHASE or an earlier until"]),
    "too late": ("patient,regimen,start\nP1,hair,2199-12-01", ["2: the course would run past the year 2199; choose fewer sessions or a shorter interval"]),
    # a course twice
    "the same course": ("patient,regimen,start,course\nP1,hair,today,\nP2,hair,today,\nP1,hair,tomorrow,1\nP1,hair,today,1", [
        "4: course: patient P1 has course 1 of hair in line 2 already; give this one another course number",
        "5: course: patient P1 has course 1 of hair in line 2 already; give this one another course number",
    ]),
    "the same as a row that is wrong": ("patient,regimen,start\nP1,hair,x\nP1,hair,today", [
        f'2: start: "x" {ONE_WAY}',
        "3: course: patient P1 has course 1 of hair in line 2 already; give this one another course number",
    ]),
    # several at once
    "what follows from a wrong cell is not told": ("patient,regimen,start,until,sessions.weekly,sessions.series\nP1,hair,today,+2w,x,\nP2,slimming,today,,,x", [
        '2: sessions.weekly: "x" is not a number of sessions; write a whole number, as 6',
        '3: sessions.series: "x" is not a number of sessions; write a whole number, as 6',
    ]),
    "an end too early beside what has nothing to do with it": ("patient,regimen,start,until,at,length\nP1,hair,today,+2w,x,90m", [
        '2: at: "x" is not a time of day; write HH:MM, as 09:30 or 14:00',
        f'2: length: "90m" does not fit: a session of hair takes 30-60 minutes (source S3); {OVERRIDE}',
        f'2: until: "+2w" does not fit: up to that day there are 0 sessions of phase monthly, and hair has 3+ (source S0); {OVERRIDE}',
    ]),
    "choices of an unknown regimen": ("patient,regimen,start,every.weekly,sessions.weekly\nP1,x,today,x,x", [
        '2: regimen: no regimen is named "x". `meso-sched regimens` lists them.',
        '2: sessions.weekly: "x" is not a number of sessions; write a whole number, as 6',
        f'2: every.weekly: "x" {INTERVAL}',
    ]),
    "choices that are missing, unknown, outside and against each other": ("patient,regimen,start,until,sessions.weekly,sessions.maintenance\nP1,rejuvenation,today,2027-12-31,5,501", [
        f'2: sessions.weekly: rejuvenation has no phase "weekly". {FACE}',
        f"2: sessions.series: rejuvenation needs the number of sessions for phase series: the source (S4) {ADD}",
        f"2: every.series: rejuvenation needs the interval for phase series: the source (S4) {ADD}",
        f"2: every.maintenance: rejuvenation needs the interval for phase maintenance: the source (S4) {ADD}",
        '2: sessions.maintenance: "501" does not fit: a phase has 1 to 500 sessions',
        "2: until: until and sessions.maintenance both say how long that phase goes on; leave one of them out",
    ]),
    "an end that nothing could fill beside what is missing": ("patient,regimen,start,until\nP1,slow,today,2027-12-31", [
        "2: until: until fills an open phase, and slow has none; choose counts with the columns sessions.PHASE",
        f"2: sessions.series: slow needs the number of sessions for phase series: the source (S7) {ADD}",
        f"2: every.series: slow needs the interval for phase series: the source (S7) {ADD}",
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_every_mistake_is_told_with_its_line_and_column(text: str, expected: list[str]) -> None:
    assert told(read(text).problems) == expected


GOOD = {"patient": "P1", "regimen": "hair", "start": "2027-01-12"}
BAD = {
    "patient": "\a",
    "start": "soon",
    "length": "90m",
    "sessions.weekly": "9",
    "sessions.biweekly": "501",
    "sessions.series": "4",
    "every.weekly": "2 weeks",
    "every.biweekly": "often",
    **dict.fromkeys(("course", "priority", "override", "clinic", "keep", "until"), "x"),
    **dict.fromkeys(("at", "on", "between", "away", "sessions.monthly"), "x"),
}


@given(st.sets(st.sampled_from(list(BAD))))
def test_mistakes_of_different_columns_are_all_told(columns: set[str]) -> None:
    alone = [entries_of({**GOOD, column: BAD[column]}).problems for column in columns]
    assert {len(problems) for problems in alone} <= {1}
    together = entries_of({**GOOD, **{column: BAD[column] for column in columns}}).problems
    assert sorted(told(together)) == sorted(told([each for one in alone for each in one]))


def test_good_rows_are_listed_beside_bad_ones() -> None:
    found = entries_of(GOOD, {**GOOD, "at": "x"}, {**GOOD, "patient": "P2"}, {}, GOOD)
    assert [(each.line, each.entry.course.patient) for each in found.listed] == [
        (2, "P1"),
        (4, "P2"),
    ]
    assert {int(line.partition(":")[0]) for line in told(found.problems)} == {3, 5, 6}


def test_an_empty_list_has_no_entries() -> None:
    assert entries_of() == Entries((), ())


def test_a_list_of_another_name_is_named_as_it_is() -> None:
    found = make_entries(
        [Row(7, {**GOOD, "at": "x"})], "lists/a.jsonl", CATALOGUE, clinic_of, TODAY
    )
    assert found.problems[0].where == "lists/a.jsonl:7: at"


# ---- CSV and JSON --------------------------------------------------------------------------------

CELLS: dict[str, list[str]] = {
    "patient": ["P1", "P2", "../../etc"],
    "regimen": ["hair", "face", "x"],
    "start": ["2027-01-12", "todayT10:00", "5.1.2027"],
    "course": ["1", "2", "0"],
    "at": ["10:00", "10"],
    "on": ["mon,thu", "mon", "mo"],
    "between": ["09:00-12:00", "09:00-10:00,11:00-12:00"],
    "away": ["2027-02-01..2027-02-03,2027-03-01", "x"],
    "until": ["2028-02-01"],
    "length": ["45m", "45x"],
    "priority": ["0", "7", "-1"],
    "override": ["true", "false", "yes"],
    "clinic": ["North", "x"],
    "keep": ["weekday", "date"],
    "sessions.weekly": ["5", "9"],
    "sessions.series": ["4"],
    "every.weekly": ["1 week", "2 weeks"],
}  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.sampled_from([*texts, *texts[:1] * 3]) for name, texts in CELLS.items() if name in GOOD},
        optional={name: st.sampled_from(texts) for name, texts in CELLS.items() if name not in GOOD},
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


def as_csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(CELLS))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(cells: Mapping[str, str]) -> str:
    """A row as a program writes it: numbers, truths, lists, and phases in objects."""
    row: dict[str, object] = {}
    for column, text in cells.items():
        what, _, name = column.partition(".")
        value: object = text
        if text in ("true", "false"):
            value = text == "true"
        elif text.removeprefix("-").isdigit():
            value = int(text)
        elif column in ("on", "away"):
            value = text.split(",")
        if name:
            row[what] = {**row.get(what, {}), name: value}  # type: ignore[dict-item]
        else:
            row[column] = value
    return json.dumps(row)


@IN_ONE_FOLDER
@given(ROWS)
def test_json_lines_say_the_same_as_a_csv(rows: list[dict[str, str]]) -> None:
    from_csv = read(as_csv(rows))
    # The header moves every line of the CSV down by one, also the earlier one that a problem names.
    from_json = read("\n" + "\n".join(map(as_json, rows)), "P.jsonl")
    assert from_json.listed == from_csv.listed
    assert [str(each).removeprefix("P.jsonl:") for each in from_json.problems] == told(
        from_csv.problems
    )


# ---- Many ----------------------------------------------------------------------------------------


def test_ten_thousand_rows_take_a_few_seconds() -> None:
    cells = {"regimen": "hair", "on": "mon,thu", "between": "09:00-12:00", "at": "10:00"}
    cells |= {"away": "2027-02-01..2027-02-03,2027-03-01", "length": "45m", "keep": "date"}
    cells |= {"sessions.weekly": "6", "every.monthly": "4 weeks", "start": "2027-01-12T10:00"}
    rows = [{**cells, "patient": f"P{number}"} for number in range(10_000)]
    for row in rows[::10]:
        row["length"] = "90m"
    began = clock.process_time()
    found = entries_of(*rows)
    assert clock.process_time() - began < 5
    assert (len(found.listed), len(found.problems)) == (9_000, 1_000)
