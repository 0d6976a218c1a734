"""A plan as JSON and CSV: the keys that other programs rely on, and no cell that acts."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from building import HAIR, cared_for, clinic
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meso_sched.core.clinic import Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.exchange.editions import PATIENT, Edition
from meso_sched.exchange.events import course_file
from meso_sched.exchange.tables import csv_course, csv_uid, plan_document, to_csv, to_json

STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
HEADER = (
    "patient,regimen,course,number,phase,phase_number,phase_sessions,date,start,end,ideal,"
    "earliest,latest,gap_days,shift_days,overdue_days,why,status,uid,overrides"
)


def plan(patient: str | None = "P1", number: int = 1, *, override: bool = False) -> Plan:
    """The hair course from 5 January 2027; its patient cannot come on Tuesdays."""
    choices = Choices(sessions={"weekly": 8} if override else {}, override=override)
    course = make_course(HAIR, choices, start=date(2027, 1, 5), patient=patient, number=number)
    limits = Limits(weekdays=frozenset(range(7)) - {1}, preferred=600)
    return make_plan(PlanRequest(course, clinic(), limits=limits))


PLAN = plan()


def document(made: Plan, warnings: tuple[str, ...] = (), sequence: int = 0) -> dict[str, Any]:
    file = course_file(made, Edition(), STAMP)
    events = tuple(replace(event, sequence=sequence) for event in file.events)
    return plan_document(made, replace(file, events=events), warnings)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ---- JSON ----------------------------------------------------------------------------------------


def test_the_document_is_that_of_the_design() -> None:
    made = plan()
    told = json.loads(to_json(document(made, ("a warning",), sequence=3)))
    uid = course_file(made, Edition(), STAMP).events[0].uid
    assert {key: told[key] for key in told if key != "sessions"} == {
        "schema": "meso-sched/plan/1",
        "course": {
            "regimen": "sample",
            "patient": "P1",
            "number": 1,
            "timezone": "Europe/Istanbul",
            "keep": "weekday",
            "overrides": [],
        },
        "reviews": [],
        "warnings": ["a warning"],
    }
    first = told["sessions"][0]
    why = first.pop("why")
    assert len(why) == 1
    assert "Tue" in why[0]
    assert first == {
        "number": 1,
        "phase": "weekly",
        "of": [1, 4],
        "start": "2027-01-06T10:00:00+03:00",
        "end": "2027-01-06T10:30:00+03:00",
        "ideal": "2027-01-05",
        "earliest": "2027-01-05",
        "latest": None,
        "gap_days": None,
        "shift_days": 1,
        "overdue_days": 0,
        "uid": uid,
        "sequence": 3,
        "status": "booked",
    }


def test_the_sessions_are_numbered_through_with_their_window_and_gap() -> None:
    sessions = document(plan())["sessions"]
    assert [each["number"] for each in sessions] == list(range(1, 10))
    assert [each["of"] for each in sessions] == [
        *([n, 4] for n in range(1, 5)),
        *([n, 2] for n in range(1, 3)),
        *([n, 3] for n in range(1, 4)),
    ]
    second = sessions[1]
    assert (second["earliest"], second["latest"]) == ("2027-01-12", "2027-01-14")
    assert second["gap_days"] == 7


def test_an_override_stands_in_the_document() -> None:
    assert document(plan(override=True))["course"]["overrides"] == ["sessions weekly=8"]


def test_a_course_of_nobody_has_a_null() -> None:
    assert document(plan(None))["course"]["patient"] is None


def test_json_is_text_that_people_can_read_too_and_ends_with_a_line() -> None:
    text = to_json(document(plan("Çağ Müller 漢")))
    assert "Çağ Müller 漢" in text
    assert text.endswith("}\n")


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_any_reference_survives_json(patient: str) -> None:
    told = document(plan())
    told["course"]["patient"] = patient
    assert json.loads(to_json(told)) == told


# ---- CSV -----------------------------------------------------------------------------------------


def test_the_csv_has_a_header_and_a_row_for_each_session() -> None:
    made = plan()
    text = to_csv(document(made))
    assert text.split("\r\n")[0] == HEADER
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    first, second, *_ = rows(text)
    assert len(rows(text)) == 9
    assert first["why"]
    del first["why"]
    assert first == {
        "patient": "P1",
        "regimen": "sample",
        "course": "1",
        "number": "1",
        "phase": "weekly",
        "phase_number": "1",
        "phase_sessions": "4",
        "date": "2027-01-06",
        "start": "2027-01-06T10:00:00+03:00",
        "end": "2027-01-06T10:30:00+03:00",
        "ideal": "2027-01-05",
        "earliest": "2027-01-05",
        "latest": "",
        "gap_days": "",
        "shift_days": "1",
        "overdue_days": "0",
        "status": "booked",
        "uid": course_file(made, Edition(), STAMP).events[0].uid,
        "overrides": "",
    }
    assert (second["latest"], second["gap_days"]) == ("2027-01-14", "7")


def test_several_reasons_share_a_cell() -> None:
    told = document(plan())
    told["sessions"][0]["why"] = ["one, with a comma", "two"]
    assert rows(to_csv(told))[0]["why"] == "one, with a comma; two"


def test_a_negative_number_stays_a_number() -> None:
    told = document(plan())
    told["sessions"][0]["shift_days"] = -3
    assert rows(to_csv(told))[0]["shift_days"] == "-3"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x";"y")', "=", "-"]


@pytest.mark.parametrize("formula", FORMULAS, ids=ascii)
@pytest.mark.parametrize("column", ["patient", "regimen", "phase", "why"])
def test_no_cell_acts_as_a_formula(column: str, formula: str) -> None:
    told = document(plan())
    if column in ("patient", "regimen"):
        told["course"][column] = formula
    elif column == "why":
        told["sessions"][0]["why"] = [formula]
    else:
        told["sessions"][0]["phase"] = formula
    assert rows(to_csv(told))[0][column] == f"'{formula}"


ODD = [
    "P1",
    "O'Brien, Ann",
    'a "b" c',
    "a;b",
    "two\nlines",
    "two\r\nlines",
    "Çağ 漢 👩\u200d⚕",
    "a\\nb",
]


@pytest.mark.parametrize("patient", ODD, ids=ascii)
def test_an_odd_reference_is_read_back_by_any_reader_of_csv(patient: str) -> None:
    text = to_csv(document(plan(patient)))
    assert {row["patient"] for row in rows(text)} == {patient}


@pytest.mark.parametrize("patient", [*ODD, *FORMULAS, "'=1", "'P1", "''"], ids=ascii)
@pytest.mark.parametrize("number", [1, 12])
def test_a_csv_says_whose_course_it_holds(patient: str, number: int) -> None:
    text = to_csv(document(plan(patient, number)))
    assert csv_course(text) == ("sample", patient, str(number))


def test_a_csv_of_nobodys_course_says_so() -> None:
    assert csv_course(to_csv(document(plan(None)))) == ("sample", "", "1")


@settings(deadline=None, max_examples=200)
@given(st.text(min_size=1, max_size=20))
def test_whatever_the_reference_the_csv_tells_it(patient: str) -> None:
    told = document(PLAN)
    told["course"]["patient"] = patient
    found = csv_course(to_csv(told))
    assert found is not None
    assert found[1] == patient


@settings(deadline=None, max_examples=200)
@given(
    st.text(st.sampled_from("'=+-@ \tab"), max_size=4),
    st.text(st.sampled_from("'=+-@ \tab"), max_size=4),
)
@example("'=", "=")
@example("'", "")
def test_two_patients_never_share_a_csv(one: str, other: str) -> None:
    texts = []
    for patient in (one, other):
        told = document(PLAN)
        told["course"]["patient"] = patient
        texts.append(to_csv(told))
    assert (texts[0] == texts[1]) is (one == other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "patient,regimen,course\r\nP1,sample,1\r\n",
        f"{HEADER}\r\n",
        f"{HEADER},more\r\nP1,sample,1\r\n",
        "hello",
        "a,b\rc,d\r",
        '"' + "x" * 200_000,
        '"never closed',
        "a\x00b",
        f"{HEADER}\r\nP1\r\n",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_any_other_csv_holds_no_course(text: str) -> None:
    assert csv_course(text) is None


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from('"\r\n,;\x00a'), max_size=12))
def test_no_text_is_too_odd_to_be_no_course(text: str) -> None:
    assert csv_course(text) is None


# ---- Reviews in the CSV --------------------------------------------------------------------------


def reviewed(audience: str = "") -> dict[str, Any]:
    """The document of a course with two reviews, one of them between its sessions."""
    course = make_course(cared_for(HAIR), Choices(), start=date(2027, 1, 5), patient="P1")
    made = make_plan(PlanRequest(course, clinic(), limits=Limits(preferred=600)))
    return plan_document(made, course_file(made, Edition(audience), STAMP), ())


def test_a_row_for_each_review_stands_among_the_sessions_by_its_time() -> None:
    told = reviewed()
    found = rows(to_csv(told))
    assert [row["number"] for row in found] == ["1", "2", "", *"3456789", ""]
    starts = [datetime.fromisoformat(row["start"]) for row in found]
    assert starts == sorted(starts)
    assert found[2] == {
        **dict.fromkeys(HEADER.split(","), ""),
        "patient": "P1",
        "regimen": "sample",
        "course": "1",
        "phase": "review",
        "date": "2027-01-12",
        "start": "2027-01-12T10:30:00+03:00",
        "end": "2027-01-12T11:00:00+03:00",
        "ideal": "2027-01-12",
        "shift_days": "0",
        "status": "booked",
        "uid": told["reviews"][0]["uid"],
    }


def test_the_rows_of_sessions_are_the_same_with_and_without_reviews() -> None:
    told = reviewed()
    found = [row for row in rows(to_csv(told)) if row["number"]]
    assert found == rows(to_csv({**told, "reviews": []}))


def test_a_review_tells_why_it_is_late() -> None:
    told = reviewed()
    told["reviews"][1] |= {"shift_days": 2, "why": ["=closed", "busy"]}
    last = rows(to_csv(told))[-1]
    assert (last["shift_days"], last["why"]) == ("2", "'=closed; busy")


def test_what_the_patients_copy_does_not_tell_of_a_review_is_empty() -> None:
    told = reviewed(PATIENT)
    review = rows(to_csv(told))[2]
    assert {key: value for key, value in review.items() if value} == {
        "course": "1",
        "phase": "review",
        "date": "2027-01-12",
        "start": "2027-01-12T10:30:00+03:00",
        "end": "2027-01-12T11:00:00+03:00",
        "status": "booked",
        "uid": told["reviews"][0]["uid"],
    }


@pytest.mark.parametrize("day", ["2027-01-12", "2026-01-12"])
def test_the_first_row_is_a_sessions_wherever_a_review_was_moved(day: str) -> None:
    told = reviewed()
    first = told["reviews"][0]
    first["start"] = first["start"].replace("2027-01-12", day)
    text = to_csv(told)
    assert csv_course(text) == ("sample", "P1", "1")
    assert csv_uid(text) == told["sessions"][0]["uid"]
    assert csv_uid(to_csv(reviewed(PATIENT))) != csv_uid(text)


def test_rows_are_in_the_order_of_moments_not_of_clocks() -> None:
    told = reviewed()
    told["sessions"], told["reviews"] = told["sessions"][:3], told["reviews"][:1]
    told["sessions"][1]["start"] = "2027-10-31T02:30:00+02:00"
    told["reviews"][0]["start"] = "2027-10-31T02:00:00+01:00"
    told["sessions"][2]["start"] = "2027-10-31T02:30:00+01:00"
    assert [row["number"] for row in rows(to_csv(told))] == ["1", "2", "", "3"]
