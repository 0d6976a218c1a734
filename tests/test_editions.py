"""For whom a course is written: clinic or patient, six languages, three forms of care, discreet."""

# ruff: noqa: RUF001 (other languages have other letters)

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from running import WITHOUT_HOLIDAYS, Desk

from meso_sched.core.regimen import Text
from meso_sched.exchange.languages import LANGUAGES, translations
from meso_sched.exchange.schedules import load, shipped_file

CLINIC = (
    WITHOUT_HOLIDAYS
    + """name = "Nova"
address = \"\"\"Station Road 1
34710 Istanbul\"\"\"
contact = "+90 216 000 00 00"
"""
)
PLAN = ("plan", "hair", "--start", "2027-01-05T10:00", "--patient", "P1")
HAIR = load([shipped_file()]).regimens["hair"]


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    made = Desk(tmp_path, monkeypatch, capsys)
    made.write("schedules.toml", CLINIC)
    return made


def events(desk: Desk, *args: str) -> list[Any]:
    """The events of a plan, read by a parser of other people."""
    shown = desk.run(*PLAN, *args, "-o", "x.ics")
    assert shown.code == 0, shown.err
    return list(Calendar.from_ical(desk.files()["x.ics"]).walk("VEVENT"))


def of_kind(found: Iterable[Any], kind: str) -> list[Any]:
    return [each for each in found if each["CATEGORIES"].to_ical() == kind.encode()]


def summaries(found: Iterable[Any]) -> set[str]:
    return {str(each["SUMMARY"]) for each in found}


# ---- Who reads it --------------------------------------------------------------------------------


def clinical(language: str) -> set[str]:
    """All that a template says, word for word, in a language; and its phases and sources."""
    words = translations(language)

    def said(text: Text) -> str:
        return str(text.spoken(language, words))

    return {
        *map(said, HAIR.texts),
        *(phase.name for phase in HAIR.phases),
        *("P1", "hair", "S0", "rivaroxaban", "Rivaroxaban", "mesother", "Mesother"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("care", ["events", "alarms", "none"])
def test_no_title_in_the_patients_calendar_tells_what_it_is_for(
    desk: Desk, language: str, care: str
) -> None:
    found = events(desk, "--for", "patient", "--lang", language, "--care", care)
    assert len(found) >= 11
    told = [
        (title, word)
        for title in summaries(found)
        for word in clinical(language)
        if word.lower() in title.lower()
    ]
    assert told == []


def test_the_patients_copy_says_where_it_is_and_what_to_do(desk: Desk) -> None:
    first = of_kind(events(desk, "--for", "patient"), "APPOINTMENT")[0]
    assert str(first["SUMMARY"]) == "Appointment 1/9, Nova"
    assert str(first["LOCATION"]) == "Nova, Station Road 1, 34710 Istanbul"
    lines = str(first["DESCRIPTION"]).split("\n")
    assert lines[:4] == [
        "Appointment 1 of 9",
        "Nova",
        "Address: Station Road 1, 34710 Istanbul",
        "Contact: +90 216 000 00 00",
    ]
    assert "- from Thu 31 Dec: Blood thinners: stop them only under your doctor's" in str(lines)
    assert lines[lines.index("Call a doctor at once:") + 1] == "- A severe skin reaction"


def test_the_clinics_copy_has_reference_phase_number_technique_and_checklist(desk: Desk) -> None:
    first, *others = events(desk, "--for", "clinic")
    assert str(first["SUMMARY"]) == "P1 (1/9) Hair mesotherapy (scalp), weekly 1/4"
    lines = str(first["DESCRIPTION"]).split("\n")
    checklist = lines[lines.index("Checklist, not for:") + 1 : lines.index("Technique:")]
    assert checklist == [
        f"- [ ] {each.what} ({', '.join(each.sources)})" for each in HAIR.care.screening
    ]
    assert lines[lines.index("Technique:") + 1] == "- Depth 2-4 mm on the scalp (S0)"
    assert not any("Checklist" in str(each["DESCRIPTION"]) for each in others)


def test_the_clinics_own_calendar_is_not_filled_with_care_unless_asked_for(desk: Desk) -> None:
    assert of_kind(events(desk, "--for", "clinic"), "CARE") == []
    (desk.folder / "x.ics").unlink()
    asked = of_kind(events(desk, "--for", "clinic", "--care", "events"), "CARE")
    (desk.folder / "x.ics").unlink()
    assert len(asked) == len(of_kind(events(desk), "CARE")) == 9 * 6


def test_who_the_regimen_is_not_for_reaches_no_reader_but_the_clinic(desk: Desk) -> None:
    for audience in ((), ("--for", "patient")):
        text = desk.run(*PLAN, *audience, "-o", "-").out.replace("\r\n ", "")
        assert not [each for each in HAIR.care.screening[:7] if str(each.what) in text]
        assert "Depth" not in text
        assert "adrenaline" not in text


def test_no_two_copies_of_a_course_share_a_uid(desk: Desk) -> None:
    uids = {}
    for audience in ("clinic", "patient"):
        found = desk.run(*PLAN, "--for", audience, "--care", "events", "-o", "-").out
        uids[audience] = [str(each["UID"]) for each in Calendar.from_ical(found).walk("VEVENT")]
    assert not {*uids["clinic"]} & {*uids["patient"]}
    assert all(len(set(each)) == len(each) == 9 + 2 + 54 for each in uids.values())


# ---- Discreet ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_discreet_titles_say_that_there_is_an_appointment_and_nothing_else(
    desk: Desk, language: str
) -> None:
    found = events(desk, "--for", "patient", "--discreet", "--lang", language)
    word = {
        "en": "Appointment",
        "tr": "Randevu",
        "fr": "Rendez-vous",
        "de": "Termin",
        "es": "Cita",
        "ar": "موعد",
    }[language]
    assert summaries(of_kind(found, "APPOINTMENT") + of_kind(found, "REVIEW")) == {word}
    assert len(summaries(of_kind(found, "CARE"))) == 1
    assert {str(each.get("LOCATION", "")) for each in found} == {
        "Station Road 1, 34710 Istanbul",
        "",
    }
    text = desk.files()["x.ics"].decode().replace("\r\n ", "")
    names = [line for line in text.split("\r\n") if line.startswith(("NAME", "X-WR-CALNAME"))]
    assert len(names) == 2
    assert not any("Nova" in line for line in names)


def test_what_became_of_an_appointment_stands_before_the_word(desk: Desk) -> None:
    desk.run(*PLAN, "-o", "P1.ics")
    desk.run("revise", "P1.ics", "--cancel", "2", "-y")
    patients = ("--for", "patient", "--discreet", "--lang", "fr")
    shown = desk.run("revise", "P1.ics", *patients, "-o", "for-P1.ics")
    assert shown.code == 0, shown.err
    found = list(Calendar.from_ical(desk.files()["for-P1.ics"]).walk("VEVENT"))
    cancelled = [each for each in found if str(each["STATUS"]) == "CANCELLED"]
    assert [str(each["SUMMARY"]) for each in cancelled] == ["Annulé\u00a0: Rendez-vous"]


# ---- The language --------------------------------------------------------------------------------

FIRST_LINES = {
    "en": ("Appointment 1 of 9", "from Tue 22 Dec:"),
    "tr": ("1. randevu (toplam 9)", "22 Ara Sal"),
    "fr": ("Rendez-vous 1 sur 9", "mar. 22 déc."),
    "de": ("Termin 1 von 9", "Di., 22. Dez."),
    "es": ("Cita 1 de 9", "mar, 22 dic"),
    "ar": ("الموعد 1 من 9", "الثلاثاء، 22 ديسمبر"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_patient_reads_words_days_and_months_in_the_language(desk: Desk, language: str) -> None:
    first = of_kind(events(desk, "--for", "patient", "--lang", language), "APPOINTMENT")[0]
    lines = str(first["DESCRIPTION"]).split("\n")
    head, day = FIRST_LINES[language]
    assert lines[0] == head
    assert day in next(line for line in lines if line.startswith("- "))


def test_a_course_keeps_the_language_in_which_it_was_planned(desk: Desk) -> None:
    desk.run(*PLAN, "--for", "clinic", "--lang", "de", "-o", "P1.ics")
    before = desk.files()["P1.ics"].decode()
    assert "Mesotherapie" in before
    assert desk.run("revise", "P1.ics", "--move", "9=2027-05-19T11:00", "-y").code == 0
    after = Calendar.from_ical(desk.files()["P1.ics"])
    titles = summaries(of_kind(after.walk("VEVENT"), "APPOINTMENT"))
    assert len(titles) == 9
    assert all("Mesotherapie der Haare (Kopfhaut)" in title for title in titles)
    desk.run("revise", "P1.ics", "--for", "patient", "-o", "for-P1.ics")
    assert "Termin 1 von 9" in desk.files()["for-P1.ics"].decode()


def test_a_clinics_own_translations_survive_in_the_file(desk: Desk) -> None:
    own = """
[care.own]
before = [{ what = { en = "Drink water", tr = "Su için" }, from = "1 day" }]
[regimens.own]
title = { en = "Ours", tr = "Bizimki" }
care = ["own"]
phases = [{ name = "weekly", sessions = 2, every = "1 week" }]
reviews = [{ name = { en = "A look", tr = "Bakış" }, after = "last" }]
"""
    desk.write("schedules.toml", CLINIC + own)
    desk.run("plan", "own", "--start", "2027-01-05", "--patient", "P1", "-o", "P1.ics")
    desk.write("schedules.toml", CLINIC)  # the template is gone
    patients = ("--for", "patient", "--lang", "tr", "-o", "for-P1.ics")
    assert desk.run("revise", "P1.ics", *patients).code == 0
    text = desk.files()["for-P1.ics"].decode().replace("\r\n ", "")
    assert "Su için" in text
    assert "Bakış" in text
    assert "Drink water" not in text


# ---- What cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--care", "event"), 'meso-sched: --care: "event" is not known; did you mean "events"?'),
        (("--care", ""), 'meso-sched: --care: "" is not known'),
        (("--discreet",), "meso-sched: --discreet: is for the patient's calendar alone"),
        (("--for", "clinic", "--discreet"), "meso-sched: --discreet: is for the patient's"),
        (("--for", "patients"), "meso-sched: --for: "),
        (("--lang", "tur"), 'meso-sched: --lang: "tur" is not a known language'),
    ],
)
def test_an_edition_that_cannot_be_is_refused(desk: Desk, args: tuple[str, ...], said: str) -> None:
    shown = desk.run(*PLAN, *args, "-o", "x.ics")
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith(said)
    assert "x.ics" not in desk.files()


@pytest.mark.parametrize(
    ("args", "option"),
    [
        (("--lang", "tr"), "--lang"),
        (("--care", "none"), "--care"),
        (("--for", "patient", "--discreet"), "--for"),
    ],
)
def test_a_courses_own_file_stays_as_it_was_planned(
    desk: Desk, args: tuple[str, ...], option: str
) -> None:
    desk.run(*PLAN, "-o", "P1.ics")
    before = desk.files()
    shown = desk.run("revise", "P1.ics", *args, "-y")
    assert shown.code == 2
    assert shown.err == (
        f"meso-sched: {option}: goes with -o FILE; a course's own file stays as it was planned\n"
    )
    assert desk.files() == before


# ---- The card ------------------------------------------------------------------------------------


def test_a_card_is_written_planned_again_and_printed_for_the_patient(desk: Desk) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", "1798761600")
    shown = desk.run(*PLAN, "--lang", "tr", "-o", "card.html")
    assert (shown.code, shown.err.splitlines()[-1]) == (
        0,
        "meso-sched: card.html: written, 9 sessions and 2 reviews",
    )
    card = desk.files()["card.html"].decode()
    assert '<html lang="tr" dir="ltr" ' in card
    assert "Randevular" in card
    again = desk.run(*PLAN, "--lang", "tr", "-o", "card.html")
    assert again.err.splitlines()[-1].endswith("holds this plan already, nothing changed")
    desk.run(*PLAN, "-o", "P1.ics")
    revised = desk.run("revise", "P1.ics", "--for", "patient", "--lang", "ar", "-o", "ar.html")
    assert revised.code == 0, revised.err
    assert '<html lang="ar" dir="rtl" ' in desk.files()["ar.html"].decode()


@pytest.mark.parametrize("name", ["card.html", "CARD.HTML"])
def test_another_courses_card_is_never_overwritten(desk: Desk, name: str) -> None:
    desk.run(*PLAN, "-o", name)
    before = desk.files()
    other = desk.run("plan", "hair", "--start", "2027-02-01", "--patient", "P2", "-o", name)
    assert other.code == 2
    assert "holds something else than this course" in other.err
    assert desk.files() == before


def test_a_page_that_is_no_card_is_never_overwritten(desk: Desk) -> None:
    desk.write("page.html", "<!doctype html><title>My page</title>")
    shown = desk.run(*PLAN, "-o", "page.html")
    assert shown.code == 2
    assert desk.files()["page.html"] == b"<!doctype html><title>My page</title>"


def test_a_card_goes_to_stdout_as_well(desk: Desk) -> None:
    shown = desk.run(*PLAN, "-o", "-", "--format", "html")
    assert shown.code == 0
    assert shown.out.startswith("<!DOCTYPE html>")
    assert "weekly 1/4" in shown.err
