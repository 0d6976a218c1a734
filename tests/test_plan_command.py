"""`plan`: every option has its effect, data goes to stdout and words to stderr."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Any

import icalendar
import pytest
from rich.cells import cell_len
from running import ISTANBUL, WITHOUT_HOLIDAYS, Desk, serving

from meso_sched.cli import app

HAIR = ("--at", "10:00", "--sessions", "weekly=6", "--sessions", "biweekly=3")
WORKED_EXAMPLE = (*HAIR, "--sessions", "monthly=3", "--patient", "P1")

KEEPS_WEEKDAY = [
    *("2027-01-05", "2027-01-12", "2027-01-19", "2027-01-26", "2027-02-02", "2027-02-09"),
    *("2027-02-23", "2027-03-08", "2027-03-23"),
    *("2027-04-20", "2027-05-20", "2027-06-15"),
]
# Fortnights of 15 days and calendar months from 9 February: 24 February, 11 and 26 March are
# ideal, then the 26th of each month. 11 March is Eid al-Fitr.
IDEAL_DATES = [
    *("2027-01-05", "2027-01-12", "2027-01-19", "2027-01-26", "2027-02-02", "2027-02-09"),
    *("2027-02-24", "2027-03-11", "2027-03-26"),
    *("2027-04-26", "2027-05-26", "2027-06-26"),
]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", ISTANBUL)
    return desk


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is Thursday, 7 January 2027, one in the morning in Istanbul; still the 6th in UTC."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls(2027, 1, 6, 22, 0, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(app, "datetime", Clock)


def table_rows(out: str) -> list[list[str]]:
    """The cells of the sessions' table, those that begin with a number."""
    return [re.split(r"\s{2,}", line.strip()) for line in out.splitlines() if _numbered(line)]


def _numbered(line: str) -> bool:
    return re.match(r" ?\d+  \S", line) is not None


def events(data: bytes, *kinds: str) -> list[Any]:
    """The events of a calendar: those of the sessions, or of other kinds."""
    found = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return [event for event in found if kind_of(event) in (kinds or ("APPOINTMENT",))]


def kind_of(event: Any) -> str:  # noqa: ANN401 - icalendar is not typed
    return str(event["CATEGORIES"].to_ical().decode())


KINDS = ("APPOINTMENT", "REVIEW", "CARE")


def days_of(data: bytes) -> list[str]:
    return [event["DTSTART"].dt.date().isoformat() for event in events(data)]


def summaries(data: bytes) -> list[str]:
    return [str(event["SUMMARY"]) for event in events(data)]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


# The worked example


def test_the_worked_example_in_json(desk: Desk) -> None:
    result = desk.plan(*WORKED_EXAMPLE)
    assert result.days == KEEPS_WEEKDAY
    document = result.document
    starts = [session["start"][11:] for session in document["sessions"]]
    assert starts == ["10:00:00+03:00"] * 12
    assert {session["end"][11:] for session in document["sessions"]} == {"10:30:00+03:00"}
    shifts = {each["number"]: each["shift_days"] for each in document["sessions"]}
    assert {number: shift for number, shift in shifts.items() if shift} == {8: -1, 11: 2}
    assert [session["overdue_days"] for session in document["sessions"]] == [0] * 12
    assert document["sessions"][10]["gap_days"] == 30
    assert "Eid al-Fitr" in " ".join(document["sessions"][7]["why"])
    assert "Eid al-Adha" in " ".join(document["sessions"][10]["why"])
    assert [bool(session["why"]) for session in document["sessions"]] == [
        number in (8, 11) for number in range(1, 13)
    ]
    assert document["warnings"] == []


def test_the_worked_example_in_the_table_the_calendar_and_the_csv_agree(desk: Desk) -> None:
    result = desk.run("plan", "hair", "--start", "2027-01-05", *WORKED_EXAMPLE, "-o", "a.ics")
    assert result.code == 0
    rows = table_rows(result.out)
    assert [row[2].removesuffix(" 2027") for row in rows] == [
        *("Tue 5 Jan", "Tue 12 Jan", "Tue 19 Jan", "Tue 26 Jan", "Tue 2 Feb", "Tue 9 Feb"),
        *("Tue 23 Feb", "Mon 8 Mar", "Tue 23 Mar", "Tue 20 Apr", "Thu 20 May", "Tue 15 Jun"),
    ]
    assert {row[3] for row in rows} == {"10:00"}
    calendar = (desk.folder / "a.ics").read_bytes()
    assert days_of(calendar) == KEEPS_WEEKDAY
    assert {event["DTSTART"].dt.isoformat()[11:] for event in events(calendar)} == {
        "10:00:00+03:00"
    }
    desk.plan(*WORKED_EXAMPLE, "-o", "a.csv")
    every = rows_of(desk.folder / "a.csv")
    listed = [row for row in every if row["number"]]
    assert [row["date"] for row in listed] == KEEPS_WEEKDAY
    assert [(row["phase"], row["date"]) for row in every if not row["number"]] == [
        *(("review", "2027-01-12"), ("review", "2027-07-16"))
    ]
    assert [row["date"] for row in every] == sorted(row["date"] for row in every)
    desk.plan(*WORKED_EXAMPLE, "-o", "a.json")
    stored = json.loads((desk.folder / "a.json").read_text())
    assert [each["start"][:10] for each in stored["sessions"]] == KEEPS_WEEKDAY
    uids = [str(event["UID"]) for event in events(calendar)]
    assert uids == [each["uid"] for each in stored["sessions"]]
    assert uids == [row["uid"] for row in listed]
    reviewed = ["2027-01-12", "2027-07-16"]  # the 15th of July is a holiday
    reviews = events(calendar, "REVIEW")
    assert [event["DTSTART"].dt.date().isoformat() for event in reviews] == reviewed
    assert [each["start"] for each in stored["reviews"]] == [
        event["DTSTART"].dt.isoformat() for event in reviews
    ]
    assert [each["uid"] for each in stored["reviews"]] == [str(event["UID"]) for event in reviews]
    shown = [row for line in result.out.splitlines() if (row := line.split()) and row[0][:1] == "R"]
    assert [row[:6] for row in shown] == [
        ["R1", "review", "Tue", "12", "Jan", "10:30"],
        ["R2", "review", "Fri", "16", "Jul", "10:00"],
    ]


def test_the_worked_example_counted_in_dates(desk: Desk) -> None:
    result = desk.plan(*WORKED_EXAMPLE, "--keep", "date")
    assert [session["ideal"] for session in result.document["sessions"]] == IDEAL_DATES
    assert result.document["course"]["keep"] == "date"
    moved = {number: day for number, day in enumerate(result.days) if day not in IDEAL_DATES}
    assert list(moved) == [7]
    assert moved[7] in ("2027-03-10", "2027-03-12")


def test_months_are_marked_with_the_sessions(desk: Desk) -> None:
    out = desk.run("plan", "hair", "--start", "2027-01-05", *WORKED_EXAMPLE).out
    months = [line for line in out.splitlines() if re.match(r"[A-Z][a-z]{2} 2027", line)]
    assert [line[:8] for line in months] == [
        f"{name} 2027" for name in ("Jan", "Feb", "Mar", "Apr", "May", "Jun")
    ]
    ruler = next(line for line in out.splitlines() if line.startswith("- off"))
    for day, number in zip(KEEPS_WEEKDAY, range(1, 13), strict=True):
        row = months[int(day[5:7]) - 1]
        at = ruler.index("1") - 1 + 2 * (int(day[8:]) - 1)
        assert row[at : at + 2].strip() == str(number)


# JSON


def test_the_json_has_the_documented_keys_and_types(desk: Desk) -> None:
    document = desk.plan("--patient", "P1").document
    assert set(document) == {"schema", "course", "sessions", "reviews", "warnings"}
    assert document["schema"] == "meso-sched/plan/1"
    assert document["course"] == {
        "regimen": "hair",
        "patient": "P1",
        "number": 1,
        "timezone": "Europe/Istanbul",
        "keep": "weekday",
        "overrides": [],
    }
    kinds: dict[str, Any] = {
        **dict.fromkeys(("phase", "start", "end", "ideal", "earliest", "uid", "status"), str),
        **dict.fromkeys(("number", "shift_days", "overdue_days", "sequence"), int),
        **dict.fromkeys(("of", "why"), list),
        "latest": str | None,
        "gap_days": int | None,
    }
    for session in document["sessions"]:
        assert set(session) == set(kinds)
        assert [key for key, kind in kinds.items() if not isinstance(session[key], kind)] == []
        assert (session["latest"] is None) == (session["gap_days"] is None)
    first, *others = document["sessions"]
    assert (first["latest"], first["earliest"], first["of"]) == (None, "2027-01-05", [1, 4])
    assert all(each["earliest"] <= each["start"][:10] <= each["latest"] for each in others)


def test_json_beside_a_file_says_what_the_file_holds(desk: Desk) -> None:
    result = desk.plan("-o", "a.ics", "--patient", "P1")
    data = (desk.folder / "a.ics").read_bytes()
    assert result.days == days_of(data)
    document = result.document
    for key, kind in (("sessions", "APPOINTMENT"), ("reviews", "REVIEW")):
        assert [(each["uid"], each["start"], each["sequence"]) for each in document[key]] == [
            (str(each["UID"]), each["DTSTART"].dt.isoformat(), int(each["SEQUENCE"]))
            for each in events(data, kind)
        ]


def test_data_is_on_stdout_and_words_are_on_stderr(desk: Desk) -> None:
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    plan = ("plan", "hair", "--start", "2020-01-07")
    for args, begins in (((), "Hair"), (("--json",), "{"), (("-o", "-"), "BEGIN:VCALENDAR")):
        result = desk.run(*plan, *args)
        assert result.code == 0
        assert result.out.startswith(begins)
        assert "meso-sched: " not in result.out
        assert "no holidays are known" in result.err
        assert "sessions lie in the past, the first on" in result.err


def test_a_calendar_on_stdout_has_its_table_on_stderr(desk: Desk) -> None:
    result = desk.process("plan", "hair", "--start", "2027-01-05", *WORKED_EXAMPLE, "-o", "-")
    assert result.returncode == 0
    assert days_of(result.stdout) == KEEPS_WEEKDAY
    assert result.stdout.startswith(b"BEGIN:VCALENDAR\r\n")
    assert result.stdout.endswith(b"END:VCALENDAR\r\n")
    assert [row[0] for row in table_rows(result.stderr.decode())] == [
        str(number) for number in range(1, 13)
    ]


@pytest.mark.parametrize(("format_", "begins"), [("json", "{"), ("csv", "patient,regimen,")])
def test_a_format_may_be_asked_for_on_stdout(desk: Desk, format_: str, begins: str) -> None:
    result = desk.run("plan", "hair", "--start", "2027-01-05", "-o", "-", "--format", format_)
    assert result.out.startswith(begins)
    assert "Hair mesotherapy" in result.err


# Options


def test_at_is_the_preferred_time(desk: Desk) -> None:
    assert {each["start"][11:16] for each in desk.plan().document["sessions"]} == {"09:00"}
    late = desk.plan("--at", "16:30").document
    assert {each["start"][11:16] for each in late["sessions"]} == {"16:30"}


def test_a_time_in_the_start_is_preferred_unless_at_says_another(desk: Desk) -> None:
    starts = desk.plan(start="2027-01-05T10:15").document["sessions"]
    assert {each["start"][11:16] for each in starts} == {"10:15"}
    starts = desk.plan("--at", "09:00", start="2027-01-05T10:15").document["sessions"]
    assert [each["start"][11:16] for each in starts] == ["10:15", *["09:00"] * (len(starts) - 1)]


def test_patient_and_course_make_another_identity(desk: Desk) -> None:
    plans = [
        desk.plan(*args).document
        for args in (
            (),
            ("--patient", "P1"),
            ("--patient", "P2"),
            ("--patient", "P1", "--course", "2"),
        )
    ]
    assert len({plan["sessions"][0]["uid"] for plan in plans}) == 4
    assert [plan["course"]["patient"] for plan in plans] == [None, "P1", "P2", "P1"]
    assert [plan["course"]["number"] for plan in plans] == [1, 1, 1, 2]
    out = desk.run("plan", "hair", "--start", "2027-01-05", "--patient", "P1", "--course", "2").out
    assert "P1, course 2, from Tue 5 Jan 2027, Europe/Istanbul" in " ".join(out.split())


def test_counts_are_chosen_and_else_the_lowest(desk: Desk) -> None:
    def counts(*args: str) -> dict[str, int]:
        return {each["phase"]: each["of"][1] for each in desk.plan(*args).document["sessions"]}

    assert counts() == {"weekly": 4, "biweekly": 2, "monthly": 3}
    assert counts("--sessions", "weekly=5", "--sessions", "monthly=7") == {
        "weekly": 5,
        "biweekly": 2,
        "monthly": 7,
    }


def test_an_interval_is_chosen_and_else_the_lowest(desk: Desk) -> None:
    def gaps(*args: str) -> set[int]:
        sessions = desk.plan(*args, regimen="face").document["sessions"]
        ideals = [date.fromisoformat(each["ideal"]) for each in sessions]
        return {(later - day).days for day, later in pairwise(ideals)}

    assert gaps() == {7}
    assert gaps("--every", "series=3 weeks") == {21}


def test_an_optional_phase_comes_only_if_asked_for(desk: Desk) -> None:
    def phases(*args: str) -> list[str]:
        sessions = desk.plan(*args, regimen="face").document["sessions"]
        return list(dict.fromkeys(each["phase"] for each in sessions))

    assert phases() == ["series"]
    assert phases("--sessions", "maintenance=2") == ["series", "maintenance"]


def test_until_fills_the_open_phase(desk: Desk) -> None:
    sessions = desk.plan("--until", "2027-09-30").document["sessions"]
    ideals = [each["ideal"] for each in sessions if each["phase"] == "monthly"]
    assert (ideals[0], ideals[-1], len(ideals)) == ("2027-03-23", "2027-09-07", 7)


def test_length_lasts(desk: Desk) -> None:
    session = desk.plan("--length", "45m").document["sessions"][0]
    assert (session["start"][11:16], session["end"][11:16]) == ("09:00", "09:45")


def test_on_between_and_away_are_kept(desk: Desk) -> None:
    plan = desk.plan("--on", "mon,thu").document["sessions"]
    assert {datetime.fromisoformat(each["start"]).weekday() for each in plan} <= {0, 3}
    plan = desk.plan("--between", "13:00-14:00", "--at", "10:00").document["sessions"]
    assert {each["start"][11:16] for each in plan} == {"13:00"}
    away = desk.plan("--away", "2027-01-11..2027-01-12", "--away", "2027-01-19")
    assert not {"2027-01-11", "2027-01-12", "2027-01-19"} & set(away.days)
    assert away.days[1] == "2027-01-13"
    assert any("away" in why for why in away.document["sessions"][1]["why"])


def test_override_takes_a_choice_outside_its_range_and_marks_it_everywhere(desk: Desk) -> None:
    outside = ("--sessions", "weekly=8", "--override", "--patient", "P1", "--for", "clinic")
    result = desk.plan(*outside, "-o", "a.ics")
    assert result.document["course"]["overrides"] == ["sessions weekly=8"]
    assert result.document["sessions"][7]["of"] == [8, 8]
    out = desk.run("plan", "hair", "--start", "2027-01-05", *outside).out
    assert "Outside the range of the source, by --override: sessions weekly=8." in out
    calendar = (desk.folder / "a.ics").read_bytes()
    assert all("sessions weekly=8" in str(event["DESCRIPTION"]) for event in events(calendar))
    inside = desk.plan("--sessions", "weekly=5", "--override")
    assert inside.document["course"]["overrides"] == []


# Five Tuesdays in a row, and the patient is away on every fourth one: whenever it begins, one
# gap is two weeks, 6 days more than a week and its one day of grace.
FIVE = """[regimens.five]
title = "Five"
[[regimens.five.phases]]
name = "weekly"
sessions = "5"
every = "1 week"
"""
AWAY = ("2027-02-02", "2027-03-02", "2027-03-30", "2027-04-27")
OVERDUE = ("--on", "tue", *(word for day in AWAY for word in ("--away", day)))


def test_strict_refuses_an_overdue_course_and_writes_nothing(desk: Desk) -> None:
    desk.write("schedules.toml", ISTANBUL + FIVE)
    before = desk.files()
    plan = ("plan", "five", "--start", "2027-01-05", *OVERDUE, "-o", "a.ics")
    result = desk.run(*plan, "--strict")
    assert (result.code, result.out) == (4, "")
    assert "session 5 (Tue 9 Feb) is 6 days overdue" in result.err
    assert desk.files() == before
    lax = desk.run(*plan)
    assert lax.code == 0
    assert "warning: session 5 (Tue 9 Feb) is 6 days overdue" in lax.err
    assert "6 days overdue" in " ".join(lax.out.split())
    document = desk.plan(*OVERDUE, regimen="five").document
    assert [each["overdue_days"] for each in document["sessions"]] == [0, 0, 0, 0, 6]
    assert ["6 days overdue" in warning for warning in document["warnings"]] == [True]
    assert desk.run("plan", "five", "--start", "2027-01-05", "--strict").code == 0


def test_for_decides_what_the_calendar_tells(desk: Desk) -> None:
    told = {}
    for audience in ("", "clinic", "patient"):
        path = f"{audience or 'plain'}.ics"
        chosen = ("--for", audience) if audience else ()
        desk.plan("--patient", "P1", *chosen, "-o", path)
        told[audience] = summaries((desk.folder / path).read_bytes())[0]
    assert "P1" in told[""]
    assert "Hair" not in told[""]
    assert "weekly" not in told[""]
    assert "P1" in told["clinic"]
    assert "Hair mesotherapy" in told["clinic"]
    assert "weekly" in told["clinic"]
    assert "Hair" not in told["patient"]
    assert "P1" not in told["patient"]


def test_a_schedules_file_wins_over_the_folders(desk: Desk) -> None:
    desk.write("own.toml", '[clinic]\ntimezone = "Europe/Berlin"\n')
    assert desk.plan("--schedules", "own.toml").document["course"]["timezone"] == "Europe/Berlin"
    assert desk.plan().document["course"]["timezone"] == "Europe/Istanbul"


def test_the_same_input_gives_the_same_bytes(desk: Desk) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", "1767225600")
    for name in ("a.ics", "b.ics"):
        desk.plan(*WORKED_EXAMPLE, "-o", name)
    files = desk.files()
    assert files["a.ics"] == files["b.ics"]
    assert {event["DTSTAMP"].dt for event in events(files["a.ics"])} == {
        datetime(2026, 1, 1, tzinfo=UTC)
    }


# Dates


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2027-02-01", "Mon 1 Feb 2027"),
        ("today", "Thu 7 Jan 2027"),
        ("tomorrow", "Fri 8 Jan 2027"),
        ("next tue", "Tue 12 Jan 2027"),
        ("next thu", "Thu 14 Jan 2027"),
        ("+2w", "Thu 21 Jan 2027"),
    ],
)
@pytest.mark.usefixtures("today")
def test_the_resolved_start_is_shown_counted_from_the_clinics_own_today(
    desk: Desk, text: str, shown: str
) -> None:
    result = desk.run("plan", "hair", "--start", text)
    assert result.code == 0
    assert f"from {shown}" in " ".join(result.out.split())


@pytest.mark.usefixtures("today")
def test_the_other_dates_are_counted_from_today_too(desk: Desk) -> None:
    assert "2027-01-20" not in desk.plan("--away", "+13d", start="next wed").days
    assert "2027-01-20" in desk.plan(start="next wed").days
    filled = desk.plan("--until", "+35w", start="today").document["sessions"]
    assert filled[-1]["of"][1] > 3


@pytest.mark.usefixtures("today")
def test_sessions_in_the_past_are_warned_about(desk: Desk) -> None:
    result = desk.plan(start="2027-01-05")
    assert len(result.document["warnings"]) == 1
    assert "session 1 (Tue 5 Jan 2027, 09:00) lies in the past" in result.document["warnings"][0]
    assert desk.plan(start="2027-01-21").document["warnings"] == []


@pytest.mark.usefixtures("today")
def test_a_start_before_its_preparation_could_is_warned_about_and_goes_on(desk: Desk) -> None:
    """The longest preparation of the template takes two weeks."""
    for start, day, since in (
        *(("2027-01-08", "Fri 8 Jan", "Fri 25 Dec"), ("2027-01-20", "Wed 20 Jan", "Wed 6 Jan")),
    ):
        result = desk.plan(start=start)
        assert result.days[0] == start
        (warning,) = result.document["warnings"]
        assert warning.startswith(
            f"session 1 ({day}) comes before its preparation could: from {since} (2 weeks before)"
        )
        assert warning.endswith("the first start that allows it is Thu 21 Jan (--start 2027-01-21)")
        assert f"meso-sched: warning: {warning}" in result.err
    desk.write("schedules.toml", ISTANBUL + FIVE)
    assert desk.plan(start="2027-01-08", regimen="five").document["warnings"] == []


# Holidays


def test_that_no_holidays_are_known_is_said_once_and_only_then(desk: Desk) -> None:
    assert "holidays" not in desk.plan().err
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    said = desk.plan(*WORKED_EXAMPLE).err
    assert said.count("no holidays are known") == 1
    assert 'holidays = "' in said


# Busy time


def busy_event(first: str, last: str, uid: str = "other@example.org") -> str:
    return "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//other//EN", "BEGIN:VEVENT"),
            *(f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"DTSTART:{first}", f"DTEND:{last}"),
            *("SUMMARY:Secret", "END:VEVENT", "END:VCALENDAR", ""),
        ]
    )


MORNING = busy_event("20270112T060000Z", "20270112T080000Z")  # 09:00 to 11:00 in Istanbul
WHOLE_DAY = busy_event("20270119T060000Z", "20270119T150000Z", "day@example.org")


@pytest.fixture
def web() -> Iterator[str]:
    """The address of a calendar on a server."""
    with serving(MORNING.encode) as address:
        yield address


def test_busy_time_of_files_folders_and_urls_is_left_free(desk: Desk, web: str) -> None:
    desk.write("morning.ics", MORNING)
    desk.write("folder/deep/day.ics", WHOLE_DAY)
    for source in ("morning.ics", web):
        sessions = desk.plan("--busy", source).document["sessions"]
        assert sessions[1]["start"] == "2027-01-12T11:00:00+03:00"
        assert "Secret" not in " ".join(sessions[1]["why"])
    both = desk.plan("--busy", "morning.ics", "--busy", "folder").document["sessions"]
    assert both[1]["start"] == "2027-01-12T11:00:00+03:00"
    assert both[2]["start"][:10] in ("2027-01-18", "2027-01-20")
    assert both[2]["why"]


def test_a_courses_own_file_does_not_block_it_but_anothers_does(desk: Desk) -> None:
    first = desk.plan("--patient", "P1", "-o", "a.ics").document["sessions"]
    again = desk.plan("--patient", "P1", "--busy", "a.ics").document["sessions"]
    assert [each["start"] for each in again] == [each["start"] for each in first]
    other = desk.plan("--patient", "P2", "--busy", "a.ics").document["sessions"]
    # Session 2 has a review behind it; care takes nobody's time.
    assert [each["start"][11:16] for each in other] == ["09:30", "10:00", *["09:30"] * 7]


# Files


def test_planning_again_onto_the_same_file_updates_it(desk: Desk) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", "1767225600")
    path = desk.folder / "a.ics"
    desk.plan("--patient", "P1", "-o", "a.ics")
    first = path.read_bytes()
    desk.setenv("SOURCE_DATE_EPOCH", "1770000000")
    again = desk.plan("--patient", "P1", "-o", "a.ics")
    assert path.read_bytes() == first
    assert "nothing changed" in again.err
    result = desk.plan("--patient", "P1", "--away", "2027-01-12", "-o", "a.ics")
    before = {str(event["UID"]): event for event in events(first, *KINDS)}
    every = {str(event["UID"]): event for event in events(path.read_bytes(), *KINDS)}
    updated = {uid: event for uid, event in every.items() if kind_of(event) == "APPOINTMENT"}
    assert [str(event["UID"]) for event in events(first)] == list(updated)
    assert set(before) == set(every)
    sequences = [int(event["SEQUENCE"]) for event in updated.values()]
    assert sequences == [each["sequence"] for each in result.document["sessions"]]
    assert sequences == [0, 1, *[0] * 7]
    # With the second session go its care and the review behind it, and nothing else.
    second = list(updated)[1]
    first_review = str(events(first, "REVIEW")[0]["UID"])
    assert {uid for uid, event in every.items() if event["SEQUENCE"] == 1} == {
        *(second, first_review),
        *(uid for uid, event in every.items() if event.get("RELATED-TO") == second),
    }
    assert {int(event["SEQUENCE"]) for event in before.values()} == {0}
    moved = list(updated.values())[1]
    assert moved["DTSTART"].dt.isoformat() == result.document["sessions"][1]["start"]
    assert moved["LAST-MODIFIED"].dt > moved["CREATED"].dt


EDITIONS = [
    (),
    ("--for", "clinic"),
    ("--for", "patient"),
    ("--for", "patient", "--discreet"),
    ("--for", "patient", "--lang", "ar"),
    ("--lang", "tr"),
    ("--care", "alarms"),
    ("--care", "none"),
    ("--for", "patient", "--care", "alarms"),
    ("--for", "clinic", "--care", "events"),
]


@pytest.mark.parametrize("edition", EDITIONS, ids=" ".join)
def test_planning_the_same_again_changes_nothing(desk: Desk, edition: tuple[str, ...]) -> None:
    """Each former event is known as it was written: a later sequence would tell of a change."""
    clinic = 'name = "Dr. A"\naddress = "1 Road\\nTown"\nreminders = ["2 days", "1 hour"]\n'
    desk.write("schedules.toml", ISTANBUL + clinic)
    path = desk.folder / "a.ics"
    plan = (*WORKED_EXAMPLE, *edition, "-o", "a.ics")
    desk.setenv("SOURCE_DATE_EPOCH", "1767225600")
    desk.plan(*plan)
    first = path.read_bytes()
    desk.setenv("SOURCE_DATE_EPOCH", "1770000000")
    again = desk.plan(*plan)
    assert path.read_bytes() == first
    assert "nothing changed" in again.err
    desk.plan(*plan, "--away", "2027-01-19")
    changed = {str(each["UID"]): each for each in events(path.read_bytes(), *KINDS)
               if each["SEQUENCE"] > 0}  # fmt: skip
    third = str(events(first)[2]["UID"])
    assert {str(each.get("RELATED-TO", uid)) for uid, each in changed.items()} == {third}


def test_a_session_that_a_new_plan_drops_stays_cancelled(desk: Desk) -> None:
    desk.plan("--patient", "P1", "--sessions", "monthly=4", "-o", "a.ics")
    desk.plan("--patient", "P1", "-o", "a.ics")
    found = events((desk.folder / "a.ics").read_bytes())
    assert [str(event["STATUS"]) for event in found] == [*["CONFIRMED"] * 9, "CANCELLED"]
    assert "Cancelled" in str(found[-1]["SUMMARY"])
    care = events((desk.folder / "a.ics").read_bytes(), "CARE")
    dropped = {str(event["RELATED-TO"]) for event in care if event["STATUS"] == "CANCELLED"}
    assert dropped == {str(found[-1]["UID"])}
    assert not [
        event
        for event in care
        if event["STATUS"] == "CONFIRMED" and str(event["RELATED-TO"]) in dropped
    ]


@pytest.mark.parametrize("suffix", ["ics", "json", "csv"])
@pytest.mark.parametrize(
    "other", [("--patient", "P2"), ("--patient", "P1", "--course", "2"), ()], ids=str
)
def test_another_courses_file_is_never_overwritten(
    desk: Desk, suffix: str, other: tuple[str, ...]
) -> None:
    name = f"a.{suffix}"
    desk.plan("--patient", "P1", "-o", name)
    before = desk.files()
    result = desk.run("plan", "hair", "--start", "2027-01-05", *other, "-o", name)
    assert (result.code, result.out) == (2, "")
    assert f"{name}: " in result.err
    assert "another name" in result.err
    assert desk.files() == before


@pytest.mark.parametrize("suffix", ["ics", "json", "csv"])
def test_the_file_of_another_regimen_is_never_overwritten(desk: Desk, suffix: str) -> None:
    desk.plan("--patient", "P1", "-o", f"a.{suffix}")
    before = desk.files()
    other = ("plan", "face", "--start", "2027-01-05", "--patient", "P1", "-o", f"a.{suffix}")
    result = desk.run(*other)
    assert (result.code, result.out) == (2, "")
    assert desk.files() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.ics", b"not a calendar"),
        ("b.ics", b"\xff\xfe\x00"),
        ("c.ics", MORNING.encode()),
        ("d.json", b'{"course": 1}'),
        ("e.json", b"[]"),
        ("f.csv", b"a,b\r\n1,2\r\n"),
        ("g.csv", b"\x00\x00"),
    ],
)
def test_a_file_of_another_kind_is_never_overwritten(desk: Desk, name: str, data: bytes) -> None:
    desk.write(name, data)
    result = desk.run("plan", "hair", "--start", "2027-01-05", "-o", name)
    assert (result.code, result.out) == (2, "")
    assert f"{name}: " in result.err
    assert (desk.folder / name).read_bytes() == data


def test_what_somebody_added_to_a_file_is_kept(desk: Desk) -> None:
    desk.plan("--patient", "P1", "-o", "a.ics")
    path = desk.folder / "a.ics"
    event = MORNING.partition("BEGIN:VEVENT")[2].partition("END:VCALENDAR")[0]
    added = f"BEGIN:VEVENT{event}".replace("\r\n", "\n").replace("\n", "\r\n")
    text = path.read_bytes().decode().replace("END:VCALENDAR", f"{added}END:VCALENDAR")
    path.write_bytes(text.encode())
    desk.plan("--patient", "P1", "--away", "2027-01-12", "-o", "a.ics")
    assert path.read_bytes() != text.encode()
    assert added in path.read_bytes().decode()


def test_a_file_is_its_owners_alone(desk: Desk) -> None:
    for name in ("a.ics", "a.json", "a.csv"):
        desk.plan("--patient", "P1", "-o", name)
        assert stat.S_IMODE((desk.folder / name).stat().st_mode) == 0o600
    assert sorted(os.listdir(desk.folder)) == ["a.csv", "a.ics", "a.json", "schedules.toml"]


# A patient reference of any kind

REFERENCES = {
    "commas and semicolons": 'Doe, Jane; "J" \\n \\ :',
    "line breaks": "Jane\r\nDoe\nBEGIN:VEVENT",
    "controls": "Jane\x1b[31m\x07\x85Doe",
    "emoji": "Jane 💉👩🏽‍⚕️",
    "right to left": "\u202eمريم أحمد\u202c",
    "a formula": '=HYPERLINK("http://evil")',
    "very long": "ü" * 500,
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_patient_reference_is_carried_safely(desk: Desk, name: str) -> None:
    patient = REFERENCES[name]
    desk.write("schedules.toml", ISTANBUL)
    result = desk.plan("--patient", patient, "-o", "a.ics")
    assert result.document["course"]["patient"] == patient
    plain = re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f]", "", re.sub("\r\n|\x85", "\n", patient))
    found = events((desk.folder / "a.ics").read_bytes())
    assert len(found) == 9
    assert str(found[0]["SUMMARY"]) == f"{plain} (1/9)"
    desk.plan("--patient", patient, "-o", "a.csv")
    rows = rows_of(desk.folder / "a.csv")
    assert {row["patient"].removeprefix("'") for row in rows} == {patient}
    assert rows[0]["patient"][0] not in "=+-@"
    for suffix in ("ics", "csv"):
        again = desk.run("plan", "hair", "--start", "2027-01-05", "--patient", patient,
                         "-o", f"a.{suffix}")  # fmt: skip
        assert again.code == 0, again.err
    _shows_no_controls(again.out + again.err)


def _shows_no_controls(shown: str) -> None:
    steering = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
    assert steering.findall(shown) == []


def test_titles_and_phases_cannot_steer_the_terminal(desk: Desk) -> None:
    evil = r"\u001b]0;owned\u0007\u009b31m\u202e"
    desk.write(
        "schedules.toml",
        ISTANBUL
        + f'[regimens.evil]\ntitle = "T{evil}"\nsources = ["S{evil}"]\nevidence = "E{evil}"\n'
        + f'notes = [{{ what = "N{evil}", sources = ["M{evil}"] }}]\n'
        + f'[[regimens.evil.phases]]\nname = "P{evil}"\nsessions = "2-3"\nevery = "1 week"\n',
    )
    for args in (
        ("plan", "evil", "--start", "2027-01-05"),
        ("plan", "evil", "--start", "2027-01-05", "-o", "\x1b[31m.ics"),
        ("plan", "evil", "--start", "2027-01-05", "--sessions", "\x1b[31m=2"),
        ("plan", "evil", "--start", "\x1b[31m"),
        ("plan", "\x1b[31m", "--start", "2027-01-05"),
        ("plan", "evil", "--start", "2027-01-05", "--busy", "\x1b[31m.ics"),
        ("plan", "evil", "--start", "2027-01-05", "--schedules", "\x1b[31m.toml"),
        ("plan", "evil", "--start", "2027-01-05", "--sessions", "P\x1b]0;owned\x07\x9b31m\u202e=9"),
        ("regimens",),
        ("show", "evil"),
    ):
        result = desk.run(*args)
        assert result.out + result.err
        _shows_no_controls(result.out + result.err)


# The screen


@pytest.mark.parametrize(
    "name",
    ["a very long name of a phase that goes on and on for more than a line of any screen",
     "x" * 90, "毎週の治療の長い名前" * 5, "💉" * 40, "p"],
    ids=["sentence", "one word", "wide letters", "emoji", "short"],
)  # fmt: skip
def test_no_line_is_wider_than_the_screen(desk: Desk, name: str) -> None:
    desk.write(
        "schedules.toml",
        ISTANBUL
        + f'[regimens.wide]\ntitle = "{name} {name}"\nsources = ["{name}"]\n'
        + f'[[regimens.wide.phases]]\nname = "{name}"\nsessions = "12"\nevery = "15 days"\n',
    )
    plan = ("plan", "wide", "--start", "2027-01-05", "--away", "2027-01-19", "--patient", name)
    for args in (plan, ("regimens",), ("show", "wide")):
        lines = desk.run(*args).out.splitlines()
        assert len(lines) > 3
        assert [line for line in lines if cell_len(line) > 80] == []


def test_long_courses_and_many_reasons_fit_the_screen(desk: Desk) -> None:
    plan = ("plan", "hair", "--start", "2027-01-05", "--sessions", "monthly=100")
    lines = desk.run(*plan, "--on", "fri", "--between", "09:00-10:00").out.splitlines()
    assert len(lines) > 106
    assert [line for line in lines if cell_len(line) > 80] == []


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
def test_a_pipe_gets_utf8_without_escape_codes(desk: Desk, env: dict[str, str]) -> None:
    args = ("plan", "rejuvenation", "--start", "2027-01-05", "--sessions", "series=2")
    result = desk.process(*args, "--every", "series=2 weeks", "--patient", "Şükrü 💉", **env)
    assert result.returncode == 0
    text = result.stdout.decode("utf-8")
    assert "décolleté" in text
    assert "Şükrü 💉" in text
    assert "\x1b" not in text


def test_force_color_gives_colours_in_a_pipe(desk: Desk) -> None:
    result = desk.process("plan", "hair", "--start", "2027-01-05", FORCE_COLOR="1")
    assert b"\x1b[" in result.stdout
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", result.stdout).decode()
    assert [row[0] for row in table_rows(plain)] == [str(number) for number in range(1, 10)]


def test_a_terminal_has_colours_unless_no_color_says_not(desk: Desk) -> None:
    args = ("plan", "hair", "--start", "2027-01-05", "--away", "2027-01-12")
    code, shown = desk.terminal(*args)
    assert code == 0
    assert re.search(r"\x1b\[[0-9;]*3[1-6]m *Wed 13 Jan", shown)  # it is shifted
    code, shown = desk.terminal(*args, NO_COLOR="1")
    assert code == 0
    assert "Wed 13 Jan" in shown
    assert re.search(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|4[0-7])m", shown) is None


def test_a_terminal_without_abilities_gets_no_escape_codes(desk: Desk) -> None:
    result = desk.process("plan", "hair", "--start", "2027-01-05", NO_COLOR="1", TERM="dumb")
    assert b"\x1b" not in result.stdout


# Asking


def test_a_missing_choice_is_asked_for_on_a_terminal_until_it_can_be_read(desk: Desk) -> None:
    answers = [
        ("number of sessions", "some"),
        ('"some" is not a number', "0"),
        ("1 to 500", "3"),
        ("interval", "fortnightly"),
        ('"fortnightly" is not an interval', "2 weeks"),
    ]
    args = ("plan", "rejuvenation", "--start", "2027-01-05", "-o", "a.csv")
    code, shown = desk.terminal(*args, answers=answers)
    assert code == 0, shown
    assert "Skin rejuvenation" in shown
    rows = rows_of(desk.folder / "a.csv")
    assert [row["date"] for row in rows if row["number"]] == [
        *("2027-01-05", "2027-01-19", "2027-02-02")
    ]


def test_what_was_chosen_is_not_asked_for(desk: Desk) -> None:
    code, shown = desk.terminal(
        *("plan", "rejuvenation", "--start", "2027-01-05", "--sessions", "series=2"),
        answers=[("interval", "3 weeks")],
    )
    assert code == 0, shown
    assert "number of sessions" not in shown
    assert "Tue 26 Jan" in re.sub(r"\x1b\[[0-9;]*m", "", shown)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_giving_up_at_a_question_is_no_bug(desk: Desk, key: str) -> None:
    before = desk.files()
    code, shown = desk.terminal(
        *("plan", "slimming", "--start", "2027-01-05", "-o", "a.ics"),
        answers=[("number of sessions", key)],
    )
    assert code not in (0, 1)  # 1 is a bug
    assert "Traceback" not in shown
    assert "this is a bug" not in shown
    assert desk.files() == before


def test_a_course_without_a_patient_does_not_take_anothers_events_for_its_own(desk: Desk) -> None:
    plan = ("plan", "hair", "--start", "2027-01-05T10:00")
    assert desk.run(*plan, "-o", "one.ics").code == 0
    again = desk.run(*plan, "--busy", "one.ics", "--json")
    slots = {session["start"] for session in json.loads(again.out)["sessions"]}
    taken = events((desk.folder / "one.ics").read_bytes(), "APPOINTMENT", "REVIEW")
    assert not slots & {event["DTSTART"].dt.isoformat() for event in taken}


def test_a_start_that_moves_by_a_week_is_warned_about(desk: Desk) -> None:
    plan = ("plan", "hair", "--start", "2027-01-05", "--away")
    late = desk.run(*plan, "2027-01-05..2027-01-13", "--json")
    (warning,) = json.loads(late.out)["warnings"]
    assert warning.startswith("the course begins on Thu 14 Jan, 9 days after the start that was")
    assert json.loads(desk.run(*plan, "2027-01-05", "--json").out)["warnings"] == []


def test_weekdays_and_hours_given_twice_add_up(desk: Desk) -> None:
    limits = ("--on", "tue", "--on", "thu", "--between", "09:00-10:00", "--between", "14:00-15:00")
    result = desk.run("plan", "hair", "--start", "2027-01-06", "--at", "14:00", *limits, "--json")
    first = json.loads(result.out)["sessions"][0]
    assert first["start"].startswith("2027-01-07T14:00")


def test_words_that_find_no_reader_do_not_cost_the_data(desk: Desk) -> None:
    plan = ("plan", "hair", "--start", "2027-01-05", "--patient", "P1", "-o", "-")
    shell = ("bash", "-c", f'{sys.executable} -m meso_sched "$@" 2>/dev/full', "sh")
    result = desk.process(*plan, program=shell)
    assert result.stdout.endswith(b"END:VCALENDAR\r\n")


def test_the_csv_marks_a_choice_outside_its_range(desk: Desk) -> None:
    choice = ("--sessions", "weekly=8", "--override")
    result = desk.run(
        "plan", "hair", "--start", "2027-01-05", *choice, "-o", "-", "--format", "csv"
    )
    assert "sessions weekly=8" in result.out


def test_a_folder_without_calendars_takes_no_time_and_is_said(desk: Desk) -> None:
    (desk.folder / "empty").mkdir()
    result = desk.run("plan", "hair", "--start", "2027-01-05", "--busy", "empty")
    assert result.code == 0
    assert "empty: the folder has no .ics file yet" in result.err


def test_a_session_over_the_autumn_change_of_clocks_is_written(desk: Desk) -> None:
    night = (
        '[clinic]\ntimezone = "Europe/Berlin"\n[clinic.hours]\nsun = "00:00-06:00"\n'
        '[regimens.one]\ntitle = "One"\n[[regimens.one.phases]]\nname = "p"\nsessions = "1"\n'
        'every = "1 week"\n'
    )
    desk.write("night.toml", night)
    plan = ("plan", "one", "--schedules", "night.toml", "--start", "2027-10-31T02:30")
    assert desk.run(*plan, "-o", "x.ics").code == 0
    (event,) = events((desk.folder / "x.ics").read_bytes())
    assert (event.end - event.start).total_seconds() in (0, 1800)
    assert event["DTEND"].dt.astimezone(UTC) == datetime(2027, 10, 31, 1, tzinfo=UTC)


def test_a_file_without_its_private_properties_is_still_updated(desk: Desk) -> None:
    plan = ("plan", "hair", "--start", "2027-01-05T10:00", "--patient", "P1", "-o", "a.ics")
    assert desk.run(*plan).code == 0
    file = desk.folder / "a.ics"
    unfolded = file.read_bytes().replace(b"\r\n ", b"")
    lines = [line for line in unfolded.split(b"\r\n") if not line.startswith(b"X-MESO")]
    file.write_bytes(b"\r\n".join(lines))
    assert desk.run(*plan, "--away", "2027-01-12").code == 0
    found = {str(event["UID"]): int(event["SEQUENCE"]) for event in events(file.read_bytes())}
    assert list(found.values()) == [0, 1, *[0] * 7]  # only the second moves
    second = list(found)[1]
    for event in events(file.read_bytes(), "CARE"):
        assert int(event["SEQUENCE"]) == (1 if event["RELATED-TO"] == second else 0)
    assert [int(event["SEQUENCE"]) for event in events(file.read_bytes(), "REVIEW")] == [1, 0]


def test_a_length_that_nobody_gives_is_free_to_choose(desk: Desk) -> None:
    result = desk.run("plan", "knee-pain", "--start", "2027-01-05", "--length", "45m", "--json")
    document = json.loads(result.out)
    assert document["course"]["overrides"] == []
    assert document["sessions"][0]["end"][11:16] == "09:45"


def test_weekly_closings_in_the_midst_of_a_stretch_are_told_once(desk: Desk) -> None:
    desk.write("mon.toml", '[clinic]\nholidays = ""\n[clinic.hours]\nmon = "09:00-09:30"\n')
    plan = ("plan", "hair", "--start", "2027-01-04", "--length", "45m", "--schedules", "mon.toml")
    result = desk.run(*plan)
    assert result.code == 4
    assert "Mon 4 Jan to Mon 3 May: no opening of 45 minutes (closed on Tuesdays and" in result.err
    assert result.err.count("Mondays") == 0
    assert result.err.count("Tuesdays") == 2


def test_a_course_that_was_stopped_is_not_taken_for_booked(desk: Desk) -> None:
    plan = ("plan", "hair", "--start", "2035-01-02", "--patient", "P1", "-o", "P1.ics")
    told = "9 sessions of this course, the last among them, are called off in its file and stay so"
    assert "called off" not in desk.run(*plan).err
    assert desk.run("revise", "P1.ics", "--stop", "--yes").code == 0
    again = desk.run(*plan)
    assert (again.code, f"warning: {told}; plan a new course with --course 2" in again.err) == (
        *(0, True),
    )
