"""`cohort`: a list of patients in, calendars and a summary out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import icalendar
import pytest
from running import Desk

CLINIC = """
[clinic]
name = "Square"
timezone = "Europe/Istanbul"
holidays = ""
rooms = ["Blue", "Garden"]
[clinic.hours]
mon = "09:00-12:00"
tue = "09:00-12:00"
wed = "09:00-12:00"
"""
HEADER = "patient,regimen,start,at,sessions.weekly\n"
ROWS = (
    "P1,classic,2027-01-05,10:00,4\nP2,classic,2027-01-05,10:00,4\nP3,classic,2027-01-05,10:00,4\n"
)


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.setenv("SOURCE_DATE_EPOCH", "1790000000")
    desk.write("schedules.toml", CLINIC)
    desk.write("list.csv", HEADER + ROWS)
    return desk


def summary(desk: Desk, *args: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    result = desk.run("cohort", "list.csv", "--json", *args)
    assert result.code == 0, result.err
    return result.document


def events(path: Path) -> dict[str, Any]:
    """The appointments of a calendar by their UIDs, care left out."""
    calendar: Any = icalendar.Calendar.from_ical(path.read_bytes())
    return {
        str(event["UID"]): event
        for event in calendar.walk("VEVENT")
        if "CARE" not in str(event["CATEGORIES"].to_ical())
    }


def starts(document: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    return {(each["patient"], each["number"]): each["start"] for each in document["sessions"]}


def test_the_summary_tells_all_that_was_promised(desk: Desk) -> None:
    document = summary(desk)
    assert document["schema"] == "meso-sched/cohort/1"
    goals = {"unplaced": 0, "overdue_days": 0, "moved": 0, "distance_days": 0, "early": 0}
    assert document["objective"] == {**goals, "distance_minutes": 6 * 30}
    assert document["bound"] == document["objective"]
    assert (document["gap"], document["proven"], document["method"]) == (0.0, True, "exact")
    assert document["unplaced"] == document["warnings"] == []
    first = document["sessions"][0]
    assert first == {
        "clinic": None,
        "patient": "P1",
        "regimen": "classic",
        "course": 1,
        "number": 1,
        "phase": "weekly",
        "start": first["start"],
        "end": first["end"],
        "ideal": "2027-01-05",
        "shift_days": 0,
        "overdue_days": 0,
        "room": first["room"],
        "practitioner": None,
        "status": "booked",
        "why": first["why"],
        "uid": first["uid"],
    }
    on_tuesday = [each for each in document["sessions"] if each["start"][:10] == "2027-01-05"]
    assert len({(each["start"], each["room"]) for each in on_tuesday}) == 3


def test_the_folder_holds_the_same_events_three_times(desk: Desk) -> None:
    desk.write("schedules.toml", CLINIC + '[clinic.practitioners."Dr. Ada"]\n')
    result = desk.run("cohort", "list.csv", "-o", "out")
    assert result.code == 0, result.err
    out = desk.folder / "out"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == [
        "patients/P1-classic-1.ics",
        "patients/P2-classic-1.ics",
        "patients/P3-classic-1.ics",
        "practitioners/Dr. Ada.ics",
        "rooms/Blue.ics",
        "summary.csv",
        "summary.json",
    ]
    patients = {
        uid: event for path in (out / "patients").iterdir() for uid, event in events(path).items()
    }
    told = {
        each["uid"]: each for each in json.loads((out / "summary.json").read_text())["sessions"]
    }
    assert set(told) <= set(patients)
    for part in ("rooms", "practitioners"):
        shared = {uid: e for path in (out / part).iterdir() for uid, e in events(path).items()}
        assert set(shared) == set(patients)
        for uid, event in shared.items():
            for name in ("DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "STATUS", "LOCATION"):
                assert event[name].to_ical() == patients[uid][name].to_ical()
    for uid, each in told.items():
        assert patients[uid]["DTSTART"].dt.isoformat() == each["start"]
        assert str(patients[uid]["LOCATION"]) == each["room"]
    rows = list(csv.DictReader(io.StringIO((out / "summary.csv").read_text())))
    assert [row["uid"] for row in rows if row["phase"] != "review"] == list(told)


def test_the_same_list_again_changes_nothing(desk: Desk) -> None:
    desk.run("cohort", "list.csv", "-o", "out")
    before = desk.files()
    desk.setenv("SOURCE_DATE_EPOCH", "1790009999")
    result = desk.run("cohort", "list.csv", "-o", "out")
    assert result.code == 0
    assert "nothing changed" in result.err
    assert desk.files() == before


def test_a_stable_run_makes_room_without_moving_anybody(desk: Desk) -> None:
    before = starts(summary(desk, "-o", "out"))
    desk.write("list.csv", HEADER + "P0,classic,2027-01-05,10:00,4\n" + ROWS)
    document = summary(desk, "-o", "out", "--stable")
    assert document["objective"]["moved"] == 0
    after = starts(document)
    assert {key: after[key] for key in before} == before


def test_stable_needs_the_folder_of_the_last_run(desk: Desk) -> None:
    result = desk.run("cohort", "list.csv", "--stable")
    assert result.code == 2
    assert result.err == (
        "meso-sched: --stable: keeps to the dates of the last run in a folder; add -o with that"
        " folder\n"
    )


def test_courses_that_are_booked_keep_their_slots_and_take_their_time(desk: Desk) -> None:
    """P1 is in the list, P9 is not; both were planned one by one, at the same time."""
    (desk.folder / "kept").mkdir()
    for patient in ("P1", "P9"):
        plan = ("plan", "classic", "--start", "2027-01-05T10:30", "--patient", patient)
        assert desk.run(*plan, "-o", f"kept/{patient}.ics").code == 0
    before = desk.files()
    document = summary(desk, "--keep-booked", "kept")
    placed = starts(document)
    assert placed["P1", 1] == "2027-01-05T10:30:00+03:00"
    others = {start for (patient, _), start in placed.items() if patient != "P1"}
    assert "2027-01-05T10:30:00+03:00" not in others
    assert desk.files() == before


def test_what_a_person_did_stays_when_the_list_is_planned_again(desk: Desk) -> None:
    first = starts(summary(desk, "-o", "out"))
    file = "out/patients/P1-classic-1.ics"
    assert desk.run("revise", file, "--move", "2=2027-01-13T11:30", "--yes").code == 0
    assert desk.run("revise", file, "--cancel", "3", "--yes").code == 0
    desk.write("list.csv", HEADER + ROWS.replace("10:00", "09:00"))
    again = starts(summary(desk, "-o", "out"))
    assert again["P1", 2] == "2027-01-13T11:30:00+03:00"
    assert ("P1", 3) not in again
    statuses = [str(each["STATUS"]) for each in events(desk.folder / file).values()]
    assert statuses.count("CANCELLED") == 1
    assert min(again[patient, 1] for patient in ("P1", "P2", "P3")) < min(
        first[patient, 1] for patient in ("P1", "P2", "P3")
    )


def test_a_session_that_was_missed_and_placed_again_stays_there(desk: Desk) -> None:
    summary(desk, "-o", "out")
    file = "out/patients/P1-classic-1.ics"
    assert desk.run("revise", file, "--missed", "1", "--yes").code == 0
    before = events(desk.folder / file)
    placed = starts(summary(desk, "-o", "out"))
    after = events(desk.folder / file)
    assert placed["P1", 1][:10] > "2027-01-05"
    assert placed["P1", 1] in {event["DTSTART"].dt.isoformat() for event in before.values()}
    assert placed["P1", 1] in {event["DTSTART"].dt.isoformat() for event in after.values()}


def test_a_list_is_written_into_a_folder(desk: Desk) -> None:
    result = desk.run("cohort", "list.csv", "-o", "-")
    assert result.code == 2
    assert "-o: a list is written into a folder" in result.err


def test_a_start_in_the_past_is_warned_of(desk: Desk) -> None:
    desk.write("list.csv", "patient,regimen,start\nP1,classic,2020-01-07\n")
    result = desk.run("cohort", "list.csv")
    assert "warning: P1, classic: begins in the past (2020-01-07)" in result.err


def test_every_bad_row_is_told_and_nothing_planned(desk: Desk) -> None:
    desk.write("list.csv", HEADER + "P7,clasic,2027-01-05,,\nP8,classic,5.1.27,25:00,\n" + ROWS)
    result = desk.run("cohort", "list.csv", "-o", "out")
    assert result.code == 3
    assert result.out == ""
    assert result.err.splitlines() == [
        'meso-sched: list.csv:2: regimen: no regimen is named "clasic"; did you mean "classic"?'
        " `meso-sched regimens` lists them.",
        'meso-sched: list.csv:3: start: "5.1.27" is not a date that can be read only one way;'
        " write YYYY-MM-DD, today, tomorrow, next tue or +2w",
        'meso-sched: list.csv:3: at: "25:00" is not a time of day; write HH:MM, as 09:30 or 14:00',
        "meso-sched: list.csv: 3 mistakes, and nothing was planned; --skip-bad plans the others",
    ]
    assert not (desk.folder / "out").exists()


def test_an_unknown_column_and_the_mistakes_of_the_rows_are_told_at_once(desk: Desk) -> None:
    desk.write(
        "list.csv", "patient,regimen,start,lenght\nP1,classic,2027-01-05,45\nP2,clasic,today,45\n"
    )
    result = desk.run("cohort", "list.csv", "--skip-bad")
    assert result.code == 3
    unknown, of_row, sum_up = result.err.splitlines()
    assert unknown == 'meso-sched: list.csv:1: unknown column "lenght"; did you mean "length"?'
    assert of_row.startswith('meso-sched: list.csv:3: regimen: no regimen is named "clasic"')
    assert sum_up == (
        "meso-sched: list.csv: 2 mistakes, and nothing was planned; name the columns right"
    )


def test_skip_bad_plans_the_others_and_says_what_it_left_out(desk: Desk) -> None:
    desk.write("list.csv", HEADER + "P0,clasic,2027-01-05,,\n" + ROWS)
    result = desk.run("cohort", "list.csv", "--skip-bad", "--json")
    assert result.code == 0
    assert {each["patient"] for each in result.document["sessions"]} == {"P1", "P2", "P3"}
    assert result.document["warnings"][0].startswith("left out: list.csv:2: regimen: no regimen")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER, "list.csv: nobody is in it; write a row for each course"),
        ("", "list.csv:1: is empty"),
        (HEADER + "P1,classic\n", "list.csv:2: start: "),
    ],
    ids=["no row", "empty", "too short"],
)
def test_a_list_with_nobody_in_it_is_told(desk: Desk, text: str, said: str) -> None:
    desk.write("list.csv", text)
    result = desk.run("cohort", "list.csv")
    assert result.code == 3
    assert said in result.err


def test_sessions_without_a_place_are_told_and_the_rest_is_written(desk: Desk) -> None:
    closed = 'closed = ["2027-01-07..2027-12-31"]\n[clinic.hours]'
    desk.write("schedules.toml", CLINIC.replace("[clinic.hours]", closed))
    result = desk.run("cohort", "list.csv", "-o", "out")
    assert result.code == 4
    assert "found no place, all else is planned" in result.err
    document = json.loads((desk.folder / "out/summary.json").read_text())
    assert document["objective"]["unplaced"] == len(document["unplaced"]) > 0
    assert len(document["sessions"]) == 3
    assert {each["nearest"] for each in document["unplaced"]} == {"2028-01-03"}
    assert (desk.folder / "out/patients/P1-classic-1.ics").exists()


def test_strict_refuses_overdue_sessions_and_writes_nothing(desk: Desk) -> None:
    closed = 'closed = ["2027-01-11..2027-03-28"]\n[clinic.hours]'
    desk.write("schedules.toml", CLINIC.replace("[clinic.hours]", closed))
    desk.write("list.csv", "patient,regimen,start,on\nP1,classic,2027-01-05,tue\n")
    desk.run("plan", "classic", "--start", "2027-01-05", "--patient", "P1", "-o", "kept.ics")
    kept = ("--keep-booked", "kept")
    (desk.folder / "kept").mkdir()
    (desk.folder / "kept.ics").rename(desk.folder / "kept/P1.ics")
    result = desk.run(
        "revise", "kept/P1.ics", "--move", "4=2027-06-30T09:00", "--override", "--yes"
    )
    assert result.code == 0, result.err
    result = desk.run("cohort", "list.csv", *kept, "--strict", "-o", "out")
    assert result.code == 4, result.err
    assert "overdue" in result.err
    assert not (desk.folder / "out").exists()


def test_clinics_of_a_list_are_planned_by_themselves(desk: Desk) -> None:
    desk.write("schedules.toml", CLINIC + "[clinics.North]\nrooms = 1\n[clinics.South]\n")
    rows = "".join(
        f"P{n},classic,2027-01-05,10:00,4,{clinic}\n"
        for n in (1, 2)
        for clinic in ("North", "South")
    )
    desk.write("list.csv", HEADER.replace("\n", ",clinic\n") + rows)
    document = summary(desk, "-o", "out")
    first = {
        (each["clinic"], each["patient"]): (each["start"][11:16], each["room"])
        for each in document["sessions"]
        if each["number"] == 1
    }
    assert sorted(first["North", patient][0] for patient in ("P1", "P2")) == ["09:30", "10:00"]
    assert sorted(first["South", patient] for patient in ("P1", "P2")) == [
        ("10:00", "Blue"),
        ("10:00", "Garden"),
    ]
    assert len({each["uid"] for each in document["sessions"]}) == len(document["sessions"])
    assert (desk.folder / "out/rooms/South - Garden.ics").exists()


def test_an_unknown_clinic_is_a_bad_row(desk: Desk) -> None:
    desk.write("schedules.toml", CLINIC + "[clinics.North]\n")
    desk.write("list.csv", "patient,regimen,start,clinic\nP1,classic,2027-01-05,Nort\n")
    result = desk.run("cohort", "list.csv")
    assert result.code == 3
    assert 'list.csv:2: clinic: no clinic is named "Nort"; did you mean "North"?' in result.err


@pytest.mark.parametrize("patient", ["../../etc", "/etc/passwd", "..", "CON", "a/b\\c", "P\u202e1"])
def test_no_name_leads_out_of_the_folder(desk: Desk, patient: str) -> None:
    desk.write("list.csv", f'patient,regimen,start\n"{patient}",classic,2027-01-05\n')
    before = set(desk.folder.parent.rglob("*"))
    result = desk.run("cohort", "list.csv", "-o", "out")
    assert result.code == 0, result.err
    new = set(desk.folder.parent.rglob("*")) - before
    assert all(path.is_relative_to(desk.folder / "out") for path in new)
    (file,) = (desk.folder / "out/patients").iterdir()
    assert any(patient in str(event["SUMMARY"]) for event in events(file).values())


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--for", "patient"), 2, "--for patient: a list is written for the clinic"),
        (("--seconds", "0"), 2, "--seconds: 0 is not between 1 and 86400"),
        (("--seed", "x"), 2, '--seed: "x" is not a whole number'),
        (("--workers", "-1"), 2, '--workers: "-1" is not a whole number'),
        (("--cluster", " "), 2, "--cluster: is empty"),
        (("--keep-booked", "nowhere"), 3, "nowhere: there is no such file or folder"),
        (("--busy", "nowhere"), 3, "nowhere: there is no such file or folder"),
        (("-o", "list.csv"), 3, "list.csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_asked_wrongly_is_told(
    desk: Desk, args: tuple[str, ...], code: int, said: str
) -> None:
    before = desk.files()
    result = desk.run("cohort", "list.csv", *args)
    assert result.code == code, result.err
    assert said in result.err
    assert desk.files() == before


def test_json_on_stdout_is_nothing_but_json(desk: Desk) -> None:
    """HiGHS says its name on the process's own stdout, past Python."""
    ended = desk.process("cohort", "list.csv", "--json", SOURCE_DATE_EPOCH="0")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["proven"]


def test_without_the_solver_the_quick_way_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meso_sched.cli.cohort.is_installed", lambda: False)
    result = desk.run("cohort", "list.csv")
    assert result.code == 0
    assert "the exact solver is not installed: placed the quick way" in result.err
    assert "the quick way (no proof" in result.out.replace("\n", " ")


def test_a_clinic_that_has_not_said_how_many_rooms_it_has_is_told(desk: Desk) -> None:
    desk.write("schedules.toml", CLINIC.replace('rooms = ["Blue", "Garden"]\n', ""))
    result = desk.run("cohort", "list.csv", "--json")
    assert result.code == 0
    assert "no rooms are set: planned as for 1 room; set rooms = 2" in result.err
    assert {each["room"] for each in result.document["sessions"]} == {"Room 1"}


def test_hours_that_reach_over_midnight_with_a_turnover_are_refused(desk: Desk) -> None:
    hours = 'turnover = "30 minutes"\n[clinic.hours]\nmon = "20:00-24:00"\ntue = "00:00-04:00"\n'
    desk.write("schedules.toml", CLINIC.partition("[clinic.hours]")[0] + hours)
    result = desk.run("cohort", "list.csv")
    assert result.code == 2
    assert "the turnover of 30 minutes after the hours of Monday reaches into" in result.err
