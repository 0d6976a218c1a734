"""Who a regimen is not for: matched by plain words, refused, marked, and never told the patient."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest
from building import HAIR
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_ical import Component, sessions_of
from running import WITHOUT_HOLIDAYS, Desk

from meso_sched.core.regimen import Care, Regimen, Statement, Text
from meso_sched.core.screening import (
    condition_of,
    mark_of,
    matches,
    screen,
    typed,
)
from meso_sched.errors import UsageError
from meso_sched.exchange.languages import LANGUAGES, translations
from meso_sched.exchange.schedules import load, shipped_file

CATALOGUE = load([shipped_file()])
WHOLE = CATALOGUE.screened(CATALOGUE.regimens["hair"])
LIST = WHOLE.care.screening
PREGNANCY = "Pregnancy"
BREASTFEEDING = "Breastfeeding"
CANCER = "Cancer"
URTICARIA = "Urticaria (hives)"
COAGULATION = "A coagulation disorder (blood clotting)"
STROKE = "A stroke in the past"
ALLERGY = "A high risk of an allergic reaction to the mixture"
DIABETES = "Insulin-dependent diabetes"
HEART = "Heart disease"
NINE = (
    *(PREGNANCY, BREASTFEEDING, CANCER, URTICARIA, COAGULATION),
    *(STROKE, ALLERGY, DIABETES, HEART),
)
REFUSED = ("plan", "hair", "--start", "2027-01-05", "--at", "10:00", "--patient", "P1")
MARK = "condition Pregnancy"
# What only the list says: a patient is told to tell of "heart disease or allergy" all the same.
ANYTHING = re.compile(
    r"pregnan|gebe|heart(?! disease or allergy)|breastfeed|insulin|urticaria|stroke in|not[ _]for"
    r"|checklist|screening",
    re.IGNORECASE,
)


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    made = Desk(tmp_path, monkeypatch, capsys)
    made.write("schedules.toml", WITHOUT_HOLIDAYS)
    made.setenv("SOURCE_DATE_EPOCH", "1790000000")
    return made


def meant(text: str) -> list[str]:
    return [str(match.statement.what) for match in matches(text, LIST)]


def of_list(*statements: str, id_: str = "sample") -> Regimen:
    screening = tuple(Statement(Text.english(each), ("S7",)) for each in statements)
    return replace(HAIR, id=id_, care=Care(screening=screening))


def refusal(regimen: Regimen, *conditions: str, override: bool = False) -> str:
    with pytest.raises(UsageError) as error:
        screen(regimen, conditions, override=override)
    return str(error.value)


# ---- Which one is meant --------------------------------------------------------------------------

PLAIN = {
    PREGNANCY: "pregnancy|PREGNANT|preg|pregnant 12 weeks",
    BREASTFEEDING: "breastfeeding|breast feeding|Breast-Feeding",
    CANCER: "cancer|skin cancer|breast cancer|cancerous",
    URTICARIA: "urticaria|hives|chronic urticaria|Urticaria (hives)",
    COAGULATION: "coagulation disorder|blood clotting|clotting|coagulopathy",
    STROKE: "stroke|history of stroke|previous strokes",
    ALLERGY: "allergy|allergic|high risk of allergic reaction to the mixture|drug allergy",
    DIABETES: "diabetes|insulin-dependent diabetes|insulin dependent diabetes|diabetic",
    HEART: "heart|heart disease|heart attack|HEART-DISEASE",
}


@pytest.mark.parametrize(
    ("text", "statement"),
    [(text, what) for what, texts in PLAIN.items() for text in texts.split("|")],
)
def test_plain_words_find_each_of_the_nine(text: str, statement: str) -> None:
    assert meant(text) == [statement]
    assert matches(text, LIST)[0].sure


OTHER_LANGUAGES = {
    PREGNANCY: "gebelik|GEBELİK|gebe|Schwangerschaft|schwanger|grossesse|embarazo|حمل|الحمل",
    BREASTFEEDING: "emzirme|stillen|allaitement|lactancia|الرضاعة",
    CANCER: "kanser|Krebs|cáncer|cancer de la peau|cáncer de la sangre|سرطان",
    URTICARIA: "kurdeşen|urtiker|Nesselsucht|urticaire|ronchas",
    COAGULATION: "PIHTILAŞMA|Gerinnungsstörung|coagulación|trouble de la coagulation",
    STROKE: "inme|felç|Schlaganfall|AVC|ictus|سكتة دماغية",
    ALLERGY: "alerjik|allergisch|allergique|alergica|تحسسي",
    DIABETES: "diyabet|diabète|insulinabhangiger Diabetes|سكري",
    HEART: "kalp|kalp hastal\u0131klar\u0131|Herz|cœur|coeur|corazon|القلب",
}


@pytest.mark.parametrize(
    ("text", "statement"),
    [(text, what) for what, texts in OTHER_LANGUAGES.items() for text in texts.split("|")],
)
def test_each_language_of_the_list_counts(text: str, statement: str) -> None:
    assert meant(text) == [statement]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("statement", NINE)
def test_the_words_of_the_list_are_the_statement(statement: str, language: str) -> None:
    assert meant(translations(language).get(statement, statement)) == [statement]


@pytest.mark.parametrize(
    "text",
    [
        *("kidney disease", "liver disease", "high blood pressure", "heartburn", "epilepsy"),
        *(
            "HIV",
            "asthma",
            "migraine",
            "hyperthyroidism",
            "karsinom",
            "b\u00f6brek hastal\u0131\u011f\u0131",
        ),
        *("Nierenkrankheit", "maladie du foie", "enfermedad renal", "breast implant", "acne"),
    ],
)
def test_what_shares_only_a_general_word_is_not_in_the_list(text: str) -> None:
    assert meant(text) == []


@pytest.mark.parametrize("text", ["type 1 diabetes", "type 2 diabetes", "insulin resistance"])
def test_what_shares_a_telling_word_may_be_the_statement(text: str) -> None:
    (match,) = matches(text, LIST)
    assert (str(match.statement.what), match.sure) == (DIABETES, False)


def test_the_statement_itself_goes_before_one_that_holds_it() -> None:
    screening = of_list("Insulin-dependent diabetes", "Diabetes").care.screening
    assert [str(each.statement.what) for each in matches("diabetes", screening)] == ["Diabetes"]


def test_a_script_without_spaces_is_matched_by_a_part() -> None:
    screening = of_list("胰岛素依赖型糖尿病", "心脏病").care.screening
    assert [str(each.statement.what) for each in matches("糖尿病", screening)] == [
        "胰岛素依赖型糖尿病"
    ]


@settings(deadline=None)
@given(st.sampled_from(LIST), st.sampled_from([str.upper, str.lower, str.title]), st.booleans())
def test_case_and_dashes_do_not_matter(statement: Statement, case: object, dashed: bool) -> None:
    assert callable(case)
    text = case(str(statement.what))
    assert meant(text.replace(" ", "-") if dashed else text) == [str(statement.what)]


@settings(deadline=None)
@given(st.text(), st.lists(st.text(min_size=1).filter(str.strip), max_size=4))
def test_any_text_is_held_against_any_list(text: str, said: list[str]) -> None:
    screening = of_list(*said).care.screening
    assert all(each.statement in screening for each in matches(text, screening))


@pytest.mark.parametrize("statement", LIST, ids=lambda each: str(each.what))
def test_what_is_completed_is_one_word_and_means_the_statement(statement: Statement) -> None:
    for language in LANGUAGES:
        word = typed(statement, language)
        assert word.split() == [word]
        assert meant(word) == [str(statement.what)]
    assert not typed(statement).startswith("a-")


# ---- What follows --------------------------------------------------------------------------------


def test_a_match_is_refused_with_its_source() -> None:
    assert refusal(of_list("Pregnancy"), "pregnancy") == (
        '--condition pregnancy: sample is not for "Pregnancy" (source S7); add --override if the'
        " clinician decides so"
    )


def test_one_that_may_be_meant_can_be_left_out() -> None:
    said = refusal(of_list("Insulin-dependent diabetes"), "type 2 diabetes")
    assert said.startswith('--condition "type 2 diabetes": sample is not for "Insulin-dependent')
    assert said.endswith("decides so, or leave it out if it is something else")


@pytest.mark.parametrize("override", [False, True])
def test_one_of_several_has_to_be_named(override: bool) -> None:
    assert refusal(of_list("Pregnancy", "Breastfeeding"), "pregnant, breastfeeding",
                   override=override) == (
        '--condition "pregnant, breastfeeding": may be any of "Pregnancy" (source S7),'
        ' "Breastfeeding" (source S7); give each its own --condition'
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", "?", "-"])
def test_a_condition_without_a_word_is_refused(text: str) -> None:
    assert "says nothing" in refusal(of_list("Pregnancy"), text, override=True)


NOTES = {
    "epilepsy": "the list of who sample is not for does not name it",
    "pregnency": "the list of who sample is not for does not name it; near it is"
    ' "Pregnancy" (source S7)',
}


@pytest.mark.parametrize("override", [False, True])
@pytest.mark.parametrize(("text", "why"), NOTES.items())
def test_what_the_list_does_not_name_is_told_as_not_checked(
    text: str, why: str, override: bool
) -> None:
    screened = screen(of_list("Pregnancy"), [text], override=override)
    assert screened == ((), (f"--condition {text}: not checked, as {why}",))


def test_a_regimen_without_a_list_says_so() -> None:
    screened = screen(of_list(), ["pregnancy"], override=False)
    assert screened.notes == (
        "--condition pregnancy: not checked, as sample has no list of who it is not for",
    )


def test_the_mark_is_the_statement_once_in_the_words_of_the_file() -> None:
    all_of_one = ["pregnant", "Pregnancy", "gebe"]
    assert screen(WHOLE, all_of_one, override=True, language="tr").overrides == (MARK,)


def test_the_refusal_speaks_the_language_asked_for() -> None:
    with pytest.raises(UsageError, match=r'hair is not for "Gebelik" \(source S1\)'):
        screen(WHOLE, ["pregnancy"], override=False, language="tr")


def test_a_mark_names_its_condition_and_no_other_choice_does() -> None:
    assert condition_of(mark_of("Heart\n disease")) == "Heart disease"
    assert condition_of("sessions weekly=8") is None


# ---- At the desk ---------------------------------------------------------------------------------


@pytest.mark.parametrize("regimen", CATALOGUE.regimens)
def test_every_shipped_template_shows_the_nine(desk: Desk, regimen: str) -> None:
    told = desk.run("show", regimen, "--json").document["regimen"]["screening"]
    assert [(each["what"], each["sources"]) for each in told] == [(each, ["S1"]) for each in NINE]
    shown = " ".join(desk.run("show", regimen).out.split())
    assert all(f"- {each} (S1)" in shown for each in NINE)


def test_a_refused_plan_writes_nothing(desk: Desk) -> None:
    before = desk.files()
    result = desk.run(*REFUSED, "--condition", "pregnancy", "-o", "P1.ics")
    assert (result.code, result.out) == (2, "")
    assert 'hair is not for "Pregnancy" (source S1); add --override' in result.err
    assert desk.files() == before


def test_a_clinics_own_list_and_language_count(desk: Desk) -> None:
    desk.write(
        "schedules.toml",
        f'{WITHOUT_HOLIDAYS}language = "tr"\n'
        + """
[care.own]
screening = [{ what = { en = "Tattoos", tr = "Dövme" }, sources = ["OWN"] }]
[sources]
OWN = "The clinic"
[regimens.own]
title = "Own"
sources = ["OWN"]
care = ["own"]
[[regimens.own.phases]]
name = "series"
sessions = "2"
every = "1 week"
""",
    )
    result = desk.run("plan", "own", "--start", "2027-01-05", "--condition", "dovme")
    assert result.code == 2
    assert 'own is not for "Dövme" (source OWN)' in result.err
    assert desk.run("plan", "own", "--start", "2027-01-05", "--condition", "tattoo").code == 2


def test_what_was_not_checked_is_said_on_stderr_alone(desk: Desk) -> None:
    result = desk.plan("--condition", "epilepsy")
    assert "--condition epilepsy: not checked" in result.err
    assert "epilepsy" not in result.out
    assert result.document["course"]["overrides"] == []


def test_an_override_is_marked_where_the_course_is_shown_and_stored(desk: Desk) -> None:
    told = ("--condition", "pregnancy", "--sessions", "weekly=8", "--override")
    marks = ["sessions weekly=8", MARK]
    assert desk.plan(*told).document["course"]["overrides"] == marks
    shown = desk.run(*REFUSED, *told, "-o", "P1.ics")
    assert "Not for this patient, by --override: Pregnancy." in shown.out
    assert "Not for this patient, by --override: Pregnancy." in desk.run("revise", "P1.ics").out
    moved = desk.run("revise", "P1.ics", "--missed", "2", "--yes")
    assert "Not for this patient, by --override: Pregnancy." in moved.out
    assert desk.run("revise", "P1.ics", "--json").document["course"]["overrides"] == marks
    desk.run(*REFUSED, *told, "-o", "P1.csv")
    row = next(csv.DictReader(io.StringIO((desk.folder / "P1.csv").read_text())))
    assert row["overrides"] == "; ".join(marks)


def test_a_plan_that_loses_the_mark_says_so(desk: Desk) -> None:
    told = ("--condition", "pregnancy", "--override")
    desk.run(*REFUSED, *told, "-o", "P1.ics")
    assert "holds this plan already" in desk.run(*REFUSED, *told, "-o", "P1.ics").err
    said = " ".join(desk.run(*REFUSED, "-o", "P1.ics").err.split())
    assert f'the file marks the course "{MARK}", and this plan does not' in said
    assert "marks" not in desk.run(*REFUSED, "-o", "P1.ics").err


def test_the_conditions_of_the_regimen_on_the_line_are_completed(desk: Desk) -> None:
    line = {"_MESO_SCHED_COMPLETE": "complete_bash", "COMP_CWORD": "4"}
    words = "meso-sched plan hair --condition "
    result = desk.process(**line, COMP_WORDS=words)
    told = result.stdout.decode().split()
    assert "heart-disease" in told
    assert len(told) == len(NINE)
    result = desk.process(**line, COMP_WORDS=f"{words}pre")
    assert result.stdout.decode().split() == ["pregnancy"]


# ---- The clinic's version ------------------------------------------------------------------------

HEADING = "Checklist, not for:"
THE_LIST = [f"- [ ] {each} (S1)" for each in NINE]


def events(desk: Desk, name: str = "P1.ics") -> list[Component]:
    return sessions_of((desk.folder / name).read_bytes())


def the_list(lines: list[str]) -> list[str]:
    """What stands under the heading of the list; nothing without it."""
    behind = lines[lines.index(HEADING) + 1 :] if HEADING in lines else []
    return list(takewhile(lambda line: line.startswith("- "), behind))


def listed(desk: Desk) -> list[str]:
    """The first line of every session whose event has the whole list."""
    return [event[0] for event in described(desk) if the_list(event) == THE_LIST]


def described(desk: Desk, name: str = "P1.ics") -> list[list[str]]:
    return [
        event.value("DESCRIPTION").replace("\\,", ",").replace("\\;", ";").split("\\n")
        for event in events(desk, name)
    ]


def clinics(desk: Desk, *more: str) -> None:
    result = desk.run(*REFUSED, "--for", "clinic", *more, "-o", "P1.ics")
    assert result.code == 0, result.err


def test_session_1_alone_carries_the_list(desk: Desk) -> None:
    clinics(desk)
    first, *others = described(desk)
    assert first.count(HEADING) == 1
    assert the_list(first) == THE_LIST
    assert not [line for each in others for line in each if re.search("not for", line, re.I)]


def test_a_plan_made_again_changes_nothing(desk: Desk) -> None:
    clinics(desk)
    before = desk.files()
    clinics(desk)
    assert desk.files() == before


REVISIONS = {
    "missed": ("--missed", "1"),
    "moved": ("--move", "1=2027-01-07T12:00"),
    "cancelled": ("--cancel", "1"),
    "another": ("--move", "2=2027-01-13T12:00"),
}
WITHOUT_HAIR = f"""{WITHOUT_HOLIDAYS}
[regimens.hair]
title = "Another"
[[regimens.hair.phases]]
name = "weekly"
sessions = "4-6"
every = "1 week"
"""


@pytest.mark.parametrize("schedules", [WITHOUT_HOLIDAYS, WITHOUT_HAIR], ids=["same", "without"])
@pytest.mark.parametrize("told", REVISIONS.values(), ids=REVISIONS)
def test_the_list_survives_a_revision(desk: Desk, told: tuple[str, ...], schedules: str) -> None:
    clinics(desk, "--condition", "pregnancy", "--override")
    desk.write("schedules.toml", schedules)
    for each in (told, ("--move", "3=2027-01-20T12:00")):
        result = desk.run("revise", "P1.ics", *each, "--yes")
        assert result.code == 0, result.err
    assert listed(desk) == ["Session 1 of 9"]
    assert all("Planned although not for: Pregnancy" in event for event in described(desk))


def test_the_list_survives_session_1(desk: Desk) -> None:
    clinics(desk, "--start", "2024-01-09")
    told = ("--done", "1=2024-01-10T11:00", "--missed", "2")
    assert desk.run("revise", "P1.ics", *told, "--yes").code == 0
    assert listed(desk) == ["Session 1 of 9"]
    assert events(desk)[0].value("SEQUENCE") == "1"
    clinics(desk, "--start", "2024-01-09", "--on", "wed")
    assert listed(desk) == ["Session 1 of 9"]


def stripped(desk: Desk, pattern: str) -> None:
    """The course's file without what a pattern finds in its unfolded lines."""
    text = (desk.folder / "P1.ics").read_bytes().decode().replace("\r\n ", "")
    lines = [line for line in text.split("\r\n") if not re.match(pattern, line)]
    desk.write("P1.ics", "\r\n".join(lines))


def test_the_list_survives_in_words_alone(desk: Desk) -> None:
    clinics(desk, "--condition", "heart", "--override")
    stripped(desk, "X-MESO")
    desk.write("schedules.toml", WITHOUT_HAIR)
    assert desk.run("revise", "P1.ics", "--move", "1=2027-01-07T12:00", "--yes").code == 0
    assert listed(desk) == ["Session 1 of 9"]
    document = desk.run("revise", "P1.ics", "--json").document
    assert document["course"]["overrides"] == ["condition Heart disease"]
    assert not [each["why"] for each in document["sessions"] if ANYTHING.search(str(each["why"]))]


def test_a_persons_own_words_in_session_1_stay(desk: Desk) -> None:
    clinics(desk)
    path = desk.folder / "P1.ics"
    text = path.read_bytes().decode().replace("\r\n ", "")
    assert text.count("- [ ] Pregnancy (S1)") == 1
    desk.write("P1.ics", text.replace("- [ ] Pregnancy (S1)", "- [x] Pregnancy: asked by Dr. B"))
    assert desk.run("revise", "P1.ics", "--move", "2=2027-01-13T12:00", "--yes").code == 0
    clinics(desk)
    assert the_list(described(desk)[0]) == ["- [x] Pregnancy: asked by Dr. B", *THE_LIST[1:]]


def test_a_file_from_before_the_list_gets_it_when_session_1_changes(desk: Desk) -> None:
    clinics(desk)
    text = (desk.folder / "P1.ics").read_bytes().decode().replace("\r\n ", "")
    text = re.sub(r"\\nChecklist[^\r]*", "", text)
    text, count = re.subn(r'\\,"care":\{.*', "}", text)
    assert count == 2  # session 1 and the calendar itself have it
    desk.write("P1.ics", text)
    assert desk.run("revise", "P1.ics", "--move", "2=2027-01-13T12:00", "--yes").code == 0
    assert not [event for event in described(desk) if ANYTHING.search("\n".join(event))]
    assert desk.run("revise", "P1.ics", "--move", "1=2027-01-06T12:00", "--yes").code == 0
    assert listed(desk) == ["Session 1 of 9"]


def test_a_revision_for_the_clinic_has_the_list_of_the_template(desk: Desk) -> None:
    assert desk.run(*REFUSED, "-o", "P1.ics").code == 0
    assert desk.run("revise", "P1.ics", "--for", "clinic", "-o", "C.ics").code == 0
    assert the_list(described(desk, "C.ics")[0]) == THE_LIST


@pytest.mark.parametrize(
    "value",
    [
        *("7", "{}", '["Pregnancy"]', '[["Pregnancy",7]]', '[["",[],null]]', '[["Pregnancy"]]'),
        *('[["Pregnancy",["S1"],"never"]]', '[[{"en":7},[],null]]', "[[{},[],null]]"),
    ],
)
def test_a_record_that_cannot_be_is_read_from_the_words(desk: Desk, value: str) -> None:
    clinics(desk)
    text = (desk.folder / "P1.ics").read_bytes().decode().replace("\r\n ", "")
    broken = value.replace(",", "\\,")
    text, count = re.subn(r'"screening":\[\[.*?\]\]', f'"screening":{broken}', text)
    assert count == 2  # session 1 and the calendar itself have it
    desk.write("P1.ics", text)
    desk.write("schedules.toml", WITHOUT_HAIR)
    assert desk.run("revise", "P1.ics", "--move", "1=2027-01-06T12:00", "--yes").code == 0
    assert listed(desk) == ["Session 1 of 9"]


# ---- Who is told nothing -------------------------------------------------------------------------

TOLD = ("--condition", "pregnancy", "--condition", "heart disease", "--override")


@pytest.mark.parametrize("suffix", ["ics", "json", "csv", "fhir.json", "html"])
def test_the_patients_copy_tells_nothing_of_a_condition(desk: Desk, suffix: str) -> None:
    """Neither of what the patient has, nor of the list, planned or revised."""
    clinics(desk, *TOLD)
    planned = desk.run(*REFUSED, *TOLD, "--for", "patient", "-o", f"planned.{suffix}")
    revised = desk.run("revise", "P1.ics", "--for", "patient", "-o", f"revised.{suffix}")
    assert (planned.code, revised.code) == (0, 0)
    for name in (f"planned.{suffix}", f"revised.{suffix}"):
        assert not ANYTHING.search((desk.folder / name).read_text().replace("\n ", ""))


@pytest.mark.parametrize("audience", [(), ("--for", "clinic"), ("--for", "patient")])
def test_no_summary_and_no_reminder_tells_a_condition(
    desk: Desk, audience: tuple[str, ...]
) -> None:
    desk.write("schedules.toml", f"{WITHOUT_HOLIDAYS}reminders = ['1 day']\n")
    past = ("--start", "2024-01-09")
    assert desk.run(*REFUSED, *past, *TOLD, *audience, "-o", "P1.ics").code == 0
    if "patient" not in audience:
        told = ("--done", "1", "--cancel", "3", "--missed", "2", "--yes")
        assert desk.run("revise", "P1.ics", *told).code == 0
    text = (desk.folder / "P1.ics").read_text().replace("\n ", "")
    assert re.search("^SUMMARY", text, re.MULTILINE)
    assert not ANYTHING.search("".join(re.findall(r"^SUMMARY.*$|^X-WR.*$|^NAME.*$", text, re.M)))
    assert not ANYTHING.search("".join(re.findall(r"BEGIN:VALARM.*?END:VALARM", text, re.S)))


def test_the_default_calendar_tells_a_condition_to_no_reader(desk: Desk) -> None:
    """Only the record keeps it, which `revise` reads and no calendar shows."""
    assert desk.run(*REFUSED, *TOLD, "--sessions", "weekly=8", "-o", "P1.ics").code == 0
    text = (desk.folder / "P1.ics").read_text().replace("\n ", "")
    seen = [line for line in text.splitlines() if not line.startswith("X-MESO")]
    assert not ANYTHING.search("\n".join(seen))
    assert all("Choice outside the source's range: sessions weekly=8" in e for e in described(desk))
    kept = re.findall(r"^X-MESO-SCHED-COURSE:(.*)$", text, re.M)
    record = json.loads(kept[0].replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\"))
    assert record["overrides"] == ["sessions weekly=8", MARK, "condition Heart disease"]
