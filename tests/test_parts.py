"""Reviews and care in files that others changed: nothing doubled, nothing of strangers touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from running import WITHOUT_HOLIDAYS, Desk

PLAN = ("plan", "hair", "--start", "2027-01-05T10:00", "--patient", "P1")
EVENT = re.compile(r"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", re.DOTALL)


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    made = Desk(tmp_path, monkeypatch, capsys)
    made.write("schedules.toml", WITHOUT_HOLIDAYS)
    assert made.run(*PLAN, "-o", "P1.ics").code == 0
    return made


def text_of(desk: Desk) -> str:
    return desk.files()["P1.ics"].decode()


def rewrite(desk: Desk, change: Callable[[str], str]) -> None:
    """Change each event of the file, unfolded, as another program might."""
    text = text_of(desk).replace("\r\n ", "")
    desk.write("P1.ics", EVENT.sub(lambda found: change(found[0]), text))


def events(desk: Desk, category: str) -> list[Any]:
    found: list[Any] = list(Calendar.from_ical(text_of(desk)).walk("VEVENT"))
    return [each for each in found if each["CATEGORIES"].to_ical().decode() == category]


def told(desk: Desk, category: str) -> list[tuple[str, str, int]]:
    """Each event's start, status and sequence."""
    return [
        (str(each["DTSTART"].dt)[:16], str(each["STATUS"]), int(each["SEQUENCE"]))
        for each in events(desk, category)
    ]


def revised(desk: Desk, *args: str) -> str:
    """What a revision says on stderr; it succeeds."""
    shown = desk.run("revise", "P1.ics", *args, "-y")
    assert shown.code == 0, shown.err
    return shown.err


# ---- Copies and strangers ------------------------------------------------------------------------


def copied_review(event: str) -> str:
    if "CATEGORIES:REVIEW" not in event or "review 1" not in event:
        return event
    return event + re.sub(r"UID:[0-9a-f-]+", "UID:a-copy", event)


def test_a_review_that_is_there_twice_is_told_with_its_lines(desk: Desk) -> None:
    rewrite(desk, copied_review)
    before = desk.files()
    shown = desk.run("revise", "P1.ics", "--move", "9=2027-05-19T11:00", "-y")
    assert shown.code == 3
    assert re.match(
        r"meso-sched: P1.ics:[0-9]+: review 1 is there twice, first on line [0-9]+;"
        r" delete one of the two events in the calendar and export it again\n",
        shown.err,
    )
    assert desk.files() == before


def test_a_copy_of_a_review_that_is_called_off_is_left_alone(desk: Desk) -> None:
    def change(event: str) -> str:
        first, *copy = copied_review(event).split("END:VEVENT\r\n")[:-1]
        cancelled = [each.replace("STATUS:CONFIRMED", "STATUS:CANCELLED") for each in copy]
        return "".join(f"{each}END:VEVENT\r\n" for each in (first, *cancelled))

    rewrite(desk, change)
    revised(desk, "--move", "9=2027-05-19T11:00")
    copy = [each for each in events(desk, "REVIEW") if each["UID"] == "a-copy"]
    assert [(str(each["STATUS"]), int(each["SEQUENCE"])) for each in copy] == [("CANCELLED", 0)]
    live = [each for each in told(desk, "REVIEW") if each[1] == "CONFIRMED"]
    assert [start for start, *_ in live] == ["2027-01-12 10:30", "2027-06-19 10:00"]


def test_a_persons_own_event_beside_a_session_is_never_called_off(desk: Desk) -> None:
    session = next(
        each for each in events(desk, "APPOINTMENT") if str(each["SUMMARY"]) == "P1 (3/9)"
    )
    taxi = (
        "BEGIN:VEVENT\r\nUID:taxi\r\nDTSTAMP:20261122T000000Z\r\nDTSTART:20270119T090000Z\r\n"
        f"SUMMARY:Taxi\r\nCATEGORIES:HEALTHCARE\r\nRELATED-TO:{session['UID']}\r\nEND:VEVENT\r\n"
    )
    desk.write("P1.ics", text_of(desk).replace("END:VCALENDAR", taxi + "END:VCALENDAR"))
    revised(desk, "--cancel", "3")
    assert taxi in text_of(desk)


# ---- What comes back -----------------------------------------------------------------------------


def test_reviews_and_care_come_back_with_their_session(desk: Desk) -> None:
    planned = {kind: told(desk, kind) for kind in ("REVIEW", "CARE")}
    revised(desk, "--cancel", "1..")
    assert {status for _, status, _ in told(desk, "REVIEW") + told(desk, "CARE")} == {"CANCELLED"}
    revised(desk, *(part for n in range(1, 10) for part in ("--move", again(desk, n))))
    for kind, before in planned.items():
        now = told(desk, kind)
        assert [each[:2] for each in now] == [each[:2] for each in before]
        assert {sequence for *_, sequence in now} == {2}


def again(desk: Desk, number: int) -> str:
    """Where a session was planned, as ``--move`` takes it."""
    session = next(
        each
        for each in events(desk, "APPOINTMENT")
        if str(each["SUMMARY"]).endswith(f"({number}/9)")
    )
    return f"{number}={session['DTSTART'].dt:%Y-%m-%dT%H:%M}"


def test_a_review_that_a_person_called_off_stays_off(desk: Desk) -> None:
    def change(event: str) -> str:
        off = event.replace("STATUS:CONFIRMED", "STATUS:CANCELLED")
        return off if "review 2" in event else event

    rewrite(desk, change)
    said = revised(desk, "--move", "9=2027-05-19T11:00")
    assert "review 2 was cancelled in the calendar" in said
    assert [status for _, status, _ in told(desk, "REVIEW")] == ["CONFIRMED", "CANCELLED"]


def test_the_table_shows_the_reviews_that_a_revision_calls_off(desk: Desk) -> None:
    shown = desk.run("revise", "P1.ics", "--cancel", "2..", "--dry-run").out
    rows = [line for line in shown.splitlines() if line.startswith("R")]
    assert len(rows) == 2
    assert "R1  review" in rows[0]
    assert "First look" in rows[0]
    assert "moved" in shown[shown.index("R2") :]


# ---- What nobody knows any more ------------------------------------------------------------------


def without_records(event: str) -> str:
    return re.sub(r"X-MESO[^\r]*\r\n", "", event)


def test_care_of_which_nothing_tells_any_more_stays_and_is_told_of(desk: Desk) -> None:
    desk.run("plan", "face", "--start", "2027-01-05T10:00", "--patient", "P1", "-o", "face.ics")
    before = told(desk, "CARE")
    rewrite(desk, without_records)
    desk.write("P1.ics", re.sub(r"(?m)^X-MESO.*\r\n", "", text_of(desk)))
    own = '[regimens.hair]\ntitle = "Other"\n[[regimens.hair.phases]]\n'
    desk.write(
        "schedules.toml",
        WITHOUT_HOLIDAYS + own + 'name = "weekly"\nsessions = "4"\nevery = "1 week"\n',
    )
    said = revised(desk, "--move", "4=2027-01-27T09:00")
    assert "the file has lost what its care and its reviews are" in said
    assert told(desk, "CARE") == before
    assert [status for _, status, _ in told(desk, "REVIEW")] == ["CONFIRMED"] * 2


def test_the_first_sessions_event_may_be_lost_and_care_still_follows(desk: Desk) -> None:
    rewrite(desk, lambda event: "" if "SUMMARY:P1 (1/9)\r" in event else event)
    revised(desk, "--move", "4=2027-01-27T09:00")
    moved = [each for each in events(desk, "CARE") if "(4/9)" in str(each["SUMMARY"])]
    assert {str(each["STATUS"]) for each in moved} == {"CONFIRMED"}
    assert {str(each["DTSTART"].dt)[:10] for each in moved} >= {"2027-01-13", "2027-01-27"}


def test_reviews_that_are_in_the_past_are_not_booked_into_a_file_without_them(desk: Desk) -> None:
    desk.run("plan", "hair", "--start", "2024-01-02T10:00", "--patient", "P2", "-o", "P2.ics")
    text = desk.files()["P2.ics"].decode().replace("\r\n ", "")
    bare = EVENT.sub(lambda each: "" if "CATEGORIES:APPOINTMENT" not in each[0] else each[0], text)
    # As an early version wrote it, without a word of care and reviews in its records.
    bare = re.sub(r'\\,"care":\{.*?\}\\,"reviews":\[.*?\}\]', "", bare)
    bare = bare.replace('\\,"care":"events"', "")
    desk.write("P2.ics", bare)
    shown = desk.run("revise", "P2.ics", "--done", "1", "-y")
    assert shown.code == 0, shown.err
    assert desk.files()["P2.ics"].decode().count("CATEGORIES:REVIEW") == 0


# ---- Its own time --------------------------------------------------------------------------------


def test_the_courses_own_reviews_take_no_time_from_it(desk: Desk) -> None:
    desk.run("plan", "hair", "--start", "2027-01-05T10:00", "-o", "nobody.ics")
    before = desk.files()["nobody.ics"]
    shown = desk.run("revise", "nobody.ics", "--busy", "nobody.ics", "--dry-run", "--json")
    assert shown.document["review_changes"] == []
    assert desk.files()["nobody.ics"] == before


@pytest.mark.parametrize("option", ["--done", "--missed", "--cancel", "--move"])
def test_a_review_is_no_session_and_that_is_said(desk: Desk, option: str) -> None:
    named = "R1=2027-01-13" if option == "--move" else "R1"
    shown = desk.run("revise", "P1.ics", option, named, "-y")
    assert shown.code == 2
    assert shown.err == (
        f'meso-sched: {option}: "R1" is a review, which follows its session; to move it or call it'
        " off, change its event in the calendar: that is kept\n"
    )


# ---- The patient's copy --------------------------------------------------------------------------


def test_the_patients_copy_says_that_it_cannot_be_revised(desk: Desk) -> None:
    shown = desk.run(*PLAN, "--for", "patient", "-o", "for-P1.ics")
    assert "for-P1.ics is the patient's copy, which cannot be revised" in shown.err


@pytest.mark.parametrize("care", ["events", "alarms", "none"])
def test_an_export_that_changes_nothing_changes_no_byte(desk: Desk, care: str) -> None:
    copy = ("revise", "P1.ics", "--for", "patient", "--care", care, "-o", "for-P1.ics")
    desk.setenv("SOURCE_DATE_EPOCH", "1798761600")
    assert desk.run(*copy).code == 0
    before = desk.files()["for-P1.ics"]
    desk.setenv("SOURCE_DATE_EPOCH", "1798848000")
    assert "nothing changes" in desk.run(*copy).err
    assert desk.files()["for-P1.ics"] == before


def test_texts_that_the_patient_cannot_read_are_told_of(desk: Desk) -> None:
    own = """
[care.own]
before = [{ what = "Drink water" }, { what = "Rest well" }]
[regimens.own]
title = "Ours"
care = ["own"]
phases = [{ name = "weekly", sessions = 2, every = "1 week" }]
"""
    desk.write("schedules.toml", WITHOUT_HOLIDAYS + own)
    course = ("plan", "own", "--start", "2027-01-05", "--patient", "P1")
    shown = desk.run(*course, "--lang", "ar", "-o", "card.html")
    assert (
        'meso-sched: 2 texts of own that patients read, the first "Drink water", not in Arabic:'
        " written as they are\n"
    ) in shown.err
    assert "not in" not in desk.run(*course, "-o", "-").err
