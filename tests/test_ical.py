"""A course's file is right byte for byte, and other programs read from it what the plan says.

The judge of the bytes (judge_ical) shares no code with the writer. The other readers are real
ones: icalendar, vobject, and khal in test_khal.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from building import CARE as STATEMENTS
from building import cared_for, clinic, phase, regimen, statement, week
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from judge_ical import (
    CARE,
    REVIEW,
    SESSION,
    Component,
    Objection,
    before,
    content_lines,
    events_of,
    judged,
    sessions_of,
)

from meso_sched.core.clinic import Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.regimen import Care, Keep, Text
from meso_sched.errors import FileError
from meso_sched.exchange.calendar_file import from_ics
from meso_sched.exchange.editions import CareForm, Edition
from meso_sched.exchange.events import CourseFile, course_file, identity_of, in_time_order
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.zones import load_zone

STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
START = date(2027, 1, 5)
PLAIN, CLINICS, PATIENTS = Edition(), Edition("clinic"), Edition("patient")

# With two changes a year, half an hour of them, a negative one, by decree, at midnight, and none.
ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll"),
    *("Europe/Dublin", "Africa/Casablanca", "Africa/Cairo", "America/Santiago", "Asia/Beirut"),
    *("America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "Europe/Istanbul", "UTC", "Etc/GMT+5"),
)

# The rules of Morocco have changed lately; readers go by whatever data their machine has.
SETTLED = tuple(zone for zone in ZONES if zone != "Africa/Casablanca")

LINE_ENDS = ("\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c")
ODD = (
    *LINE_ENDS,
    *(",", ";", ":", "\\", '"', "'", "\\n", "\\N", "\\,", "%", "^n", "\t", "  ", "=", "<b>"),
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\x9f", "\ufeff", "\u200d", "\u00ad"),
    *("👩\u200d⚕\ufe0f", "🇹🇷", "e\u0301", "İşçi", "\u202bمريض\u202c", "שלום", "漢字", "\U0010ffff"),
    *("BEGIN:VEVENT", "END:VCALENDAR", "\r\nBEGIN:VALARM\r\n", "METHOD:CANCEL"),
)
REFERENCES = st.lists(
    st.one_of(
        st.sampled_from(ODD),
        st.text(max_size=12),
        st.builds(
            lambda text, times: text * times,
            st.sampled_from(("é", "👩", "x", "漢")),
            st.integers(1, 90),
        ),
    ),
    max_size=8,
).map("".join)


def plan(
    patient: str | None = "P1",
    *,
    zone: str = "Europe/Berlin",
    start: date = START,
    counts: tuple[int, int] = (3, 2),
    number: int = 1,
    keep: Keep = Keep.WEEKDAY,
    reminders: tuple[int, ...] = (),
    preferred: int | None = 600,
    name: str = "",
    hours: str = "00:00-24:00",
    length: str = "30 minutes",
    title: str = "Sample",
    limits: Limits | None = None,
    cared: bool = False,
    address: str = "",
) -> Plan:
    """A plan of a short course in a clinic that is open every day."""
    template = regimen(
        phase("weekly", "1-9", "1 week"), phase("monthly", "1-9", "1 month"), length=length
    )
    template = replace(template, title=Text.english(title))
    if cared:
        template = cared_for(template)
    choices = Choices(sessions={"weekly": counts[0], "monthly": counts[1]})
    course = make_course(template, choices, start=start, patient=patient, number=number, keep=keep)
    place = replace(
        clinic(week(hours, range(7)), zone=load_zone(zone)),
        reminders=reminders,
        name=name,
        address=address,
    )
    return make_plan(
        PlanRequest(course=course, clinic=place, limits=limits or Limits(preferred=preferred))
    )


def written(made: Plan, edition: Edition = PLAIN, stamp: datetime = STAMP) -> bytes:
    return to_ics(course_file(made, edition, stamp))


@st.composite
def plans(draw: st.DrawFn, zones: tuple[str, ...] = ZONES) -> Plan:
    return plan(
        draw(st.none() | REFERENCES.filter(str.strip)),
        zone=draw(st.sampled_from(zones)),
        start=draw(st.dates(date(2024, 1, 1), date(2037, 12, 31))),
        counts=draw(st.tuples(st.integers(1, 6), st.integers(1, 4))),
        number=draw(st.integers(1, 40)),
        keep=draw(st.sampled_from(Keep)),
        reminders=tuple(draw(st.lists(st.integers(0, 30000), max_size=3))),
        preferred=draw(st.integers(0, 1439)),
        name=draw(REFERENCES),
        cared=draw(st.booleans()),
        address=draw(REFERENCES),
    )


AUDIENCES = st.sampled_from((PLAIN, CLINICS, PATIENTS))
EDITIONS = st.builds(
    lambda edition, language, care, discreet: edition._replace(
        language=language, care=care, discreet=discreet and edition.is_patients
    ),
    AUDIENCES,
    st.sampled_from(tuple(LANGUAGES)),
    st.sampled_from(CareForm),
    st.booleans(),
)


# ---- The bytes -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=120)
@given(plans(), EDITIONS)
def test_the_judge_has_nothing_against_any_file(made: Plan, edition: Edition) -> None:
    calendar = judged(written(made, edition))
    events = calendar.inside("VEVENT")
    for kind, booked in ((SESSION, made.booked), (REVIEW, made.reviews)):
        mine = [event for event in events if event.kind == kind]
        # In UTC: a time that its clock shows twice equals none of another zone (PEP 495).
        slots = sorted((each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in booked)
        assert [(each.moment("DTSTART"), each.moment("DTEND")) for each in mine] == slots
        assert {each.one("DTSTART").params["TZID"] for each in mine} <= {made.clinic.zone_name}
    assert [each.value("TZID") for each in calendar.inside("VTIMEZONE")] == [made.clinic.zone_name]


@settings(deadline=None, max_examples=80)
@given(plans(), AUDIENCES)
def test_what_is_written_is_read_back_whole(made: Plan, edition: Edition) -> None:
    file = course_file(made, edition, STAMP)
    identity = identity_of(made, edition.audience)
    assert as_read(from_ics(to_ics(file).decode(), "a.ics", identity)) == as_read(file)


def as_read(file: CourseFile) -> CourseFile:
    """A file without what nobody reads from it, in time order."""
    events, parts = (
        tuple(
            replace(event, location="", related="", care=(), start=event.start.astimezone(UTC))
            for event in in_time_order(group)
        )
        for group in (file.events, file.parts)
    )
    return replace(file, events=events, parts=parts)


def test_wall_times_are_read_with_the_zone_that_wrote_them() -> None:
    """Not with the machine's own data: where that is older, Morocco is an hour ahead in it."""
    file = course_file(plan(zone="Africa/Casablanca"), Edition(), STAMP)
    assert from_ics(to_ics(file).decode(), "a.ics") == file


@given(plans(), EDITIONS)
@settings(deadline=None, max_examples=20)
def test_the_same_input_gives_the_same_bytes(made: Plan, edition: Edition) -> None:
    again = make_plan(PlanRequest(made.course, made.clinic, limits=Limits(preferred=600)))
    first = make_plan(PlanRequest(made.course, made.clinic, limits=Limits(preferred=600)))
    assert written(again, edition) == written(first, edition)


@given(st.integers(0, 80), st.sampled_from(("é", "漢", "👩", "x", "👩\u200d⚕\ufe0f")))
@settings(deadline=None, max_examples=150)
def test_a_line_is_folded_between_characters_wherever_it_must_be(lead: int, char: str) -> None:
    text = "a" * lead + char * 120
    file = course_file(plan(text, counts=(1, 1)), PLAIN, STAMP)
    assert judged(to_ics(file)).inside("VEVENT")[0].text("SUMMARY") == f"{text} (1/2)"


def test_only_lines_over_75_octets_are_folded() -> None:
    exact = "P" * (75 - len("SUMMARY: (1/2)"))
    for reference, lines in ((exact, 1), (exact + "P", 2)):
        data = written(plan(reference, counts=(1, 1)))
        at = data.index(b"SUMMARY:")
        summary = data[at : data.index(b"DESCRIPTION:", at)]
        assert summary.count(b"\r\n") == lines


@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_every_line_end_in_a_reference_becomes_a_line_feed(end: str) -> None:
    event = events_of(written(plan(f"Ada{end}Lovelace")))[0]
    assert event.text("SUMMARY") == "Ada\nLovelace (1/5)"
    assert "Ada\\nLovelace" in event.value("SUMMARY")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a,b", "a\\,b"),
        ("a;b", "a\\;b"),
        ("a:b", "a:b"),
        ("a\\b", "a\\\\b"),
        ("a\\nb", "a\\\\nb"),
        ('a"b', 'a"b'),
        ("a\tb", "a\tb"),
        ("a\x00\x1b\x7fb", "ab"),
        ("BEGIN:VEVENT", "BEGIN:VEVENT"),
    ],
    ids=ascii,
)
def test_text_is_escaped_as_the_rfc_has_it(text: str, escaped: str) -> None:
    calendar = judged(written(plan(text), CLINICS))
    event = calendar.inside("VEVENT")[0]
    assert event.value("SUMMARY").startswith(f"{escaped} (1/5)")
    assert calendar.value("NAME") == f"Appointments {escaped}"


def test_the_properties_stand_in_the_order_of_the_design() -> None:
    lines = content_lines(written(plan(reminders=(60,))))
    assert [line.partition(":")[0] for line in lines[:7]] == [
        *("BEGIN", "VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME", "X-MESO-SCHED-FORMAT")
    ]
    names = [re.split("[:;]", line)[0] for line in lines]
    event = names[lines.index("BEGIN:VEVENT") + 1 : lines.index("BEGIN:VALARM")]
    assert [name for name in event if not name.startswith("X-")] == [
        *("UID", "DTSTAMP", "SEQUENCE", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND"),
        *("SUMMARY", "DESCRIPTION", "STATUS", "CLASS", "TRANSP", "CATEGORIES"),
    ]
    assert "METHOD" not in names


def test_the_properties_of_all_else_stand_in_the_same_order() -> None:
    made = plan(cared=True, name="Dr. A", address="1 Road, Town; X")
    told = {
        kind: events_of(written(made, PATIENTS), kind)[0].names for kind in (SESSION, REVIEW, CARE)
    }
    first = ["UID", "DTSTAMP", "SEQUENCE", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND"]
    words, last = ["SUMMARY", "DESCRIPTION"], ["STATUS", "CLASS", "TRANSP", "CATEGORIES"]
    appointment = [*first, *words, "LOCATION", *last]
    expected = {
        SESSION: appointment,
        REVIEW: appointment,
        CARE: [*first, *words, *last, "RELATED-TO"],
    }
    assert {
        kind: [name for name in names if not name.startswith("X-")] for kind, names in told.items()
    } == expected


# ---- What a session says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "minutes", [0, 1, 59, 60, 90, 1440, 1441, 1500, 10080, 10140, 12960, 20160]
)
def test_an_alarm_goes_off_so_many_minutes_before(minutes: int) -> None:
    event = events_of(written(plan(reminders=(minutes,))))[0]
    assert [before(alarm) for alarm in event.components] == [timedelta(minutes=minutes)]
    assert event.components[0].text("DESCRIPTION").strip()


def test_a_file_has_an_alarm_for_each_reminder_of_the_clinic() -> None:
    for event in events_of(written(plan(reminders=(2880, 60)))):
        assert [before(alarm) for alarm in event.components] == [
            timedelta(days=2),
            timedelta(hours=1),
        ]
    assert not events_of(written(plan()))[0].components


@pytest.mark.parametrize(
    ("edition", "location"),
    [
        (PATIENTS, "Dr. A\\, B\\; C\\, 1 Road\\, \\\\ Town"),
        (PATIENTS._replace(discreet=True), "1 Road\\, \\\\ Town"),
        (PLAIN, None),
        (CLINICS, None),
    ],
    ids=["patient", "discreet", "plain", "clinic"],
)
def test_the_patient_is_told_where_to_go(edition: Edition, location: str | None) -> None:
    made = plan(cared=True, name="Dr. A, B; C", address="1 Road\n\\ Town")
    for event in events_of(written(made, edition), SESSION, REVIEW):
        told = [each.value for each in event.properties if each.name == "LOCATION"]
        assert told == ([] if location is None else [location])


def test_care_is_alarms_of_its_session_where_that_is_asked_for() -> None:
    made = plan(cared=True, reminders=(60,))
    alarms = CareForm.ALARMS
    for edition in (PLAIN, CLINICS, PATIENTS):
        data = written(made, edition._replace(care=alarms))
        assert not events_of(data, CARE)
        for event in sessions_of(data):
            told = [(each.one("TRIGGER").params, before(each)) for each in event.components]
            assert told == [
                ({}, timedelta(hours=1)),
                ({}, timedelta(weeks=2)),
                ({}, timedelta(hours=36)),
                ({"RELATED": "END"}, timedelta(0)),
                ({"RELATED": "END"}, timedelta(0)),
            ]
        # A review has none of it.
        assert [len(each.components) for each in events_of(data, REVIEW)] == [1, 1]


@pytest.mark.parametrize(
    ("lasting", "trigger"),
    [
        ("48 hours", "-PT48H"),  # with the clocks put forward in between, two days are 47
        ("90 minutes", "-PT1H30M"),
        ("2 days", "-P2D"),
        ("2-14 days", "-P2W"),
    ],
)
def test_hours_of_care_are_exact_and_days_are_the_calendars(lasting: str, trigger: str) -> None:
    """RFC 5545, 3.3.6: a day may have 23 hours, so that 48 hours are not written as days."""
    made = plan(start=date(2027, 3, 29), counts=(1, 1))
    template = replace(made.course.regimen, care=Care(before=(statement("Rest", lasting),)))
    made = made._replace(course=made.course._replace(regimen=template))
    event = sessions_of(written(made, PLAIN._replace(care=CareForm.ALARMS)))[0]
    assert [alarm.value("TRIGGER") for alarm in event.components] == [trigger]


def test_without_care_there_is_neither_event_nor_alarm_of_it() -> None:
    data = written(plan(cared=True), PLAIN._replace(care=CareForm.NONE))
    assert not events_of(data, CARE)
    assert not [event for event in events_of(data) if event.components]


CLINICAL = ("hair loss", "weekly", "monthly", "sample")
CLINICIANS = ("screening", "technique", "notes")


@pytest.mark.parametrize(
    ("edition", "patient", "summary"),
    [
        (PLAIN, "P1", "P1 (2/5)"),
        (PLAIN, None, "Appointment 2/5"),
        (PATIENTS, "P1", "Appointment 2/5"),
        (PATIENTS._replace(language="tr"), "P1", "Randevu 2/5"),
        (PATIENTS._replace(discreet=True), "P1", "Appointment"),
        (CLINICS, "P1", "P1 (2/5) Hair loss, weekly 2/3"),
    ],
)
def test_the_summary_tells_what_the_reader_may_know(
    edition: Edition, patient: str | None, summary: str
) -> None:
    event = events_of(written(plan(patient, title="Hair loss"), edition))[1]
    assert event.text("SUMMARY") == summary


@pytest.mark.parametrize("care", CareForm)
@pytest.mark.parametrize("audience", ["", "patient"])
def test_what_a_person_sees_is_not_clinical_unless_asked(audience: str, care: CareForm) -> None:
    made = plan("P1", title="Hair loss", reminders=(60,), cared=True)
    calendar = judged(written(made, Edition(audience, care=care)))
    seen, below = [calendar.text("NAME")], []
    for event in calendar.inside("VEVENT"):
        seen += [event.text(name) for name in ("SUMMARY", "CATEGORIES")]
        seen += [alarm.text("DESCRIPTION") for alarm in event.components]
        below.append(event.text("DESCRIPTION"))
    words, description = "\n".join(seen).lower(), "\n".join(below).lower()
    assert not [word for word in CLINICAL if word in words]
    assert ("p1" in words) is (audience == "")
    # The desk reads the phase in the description, but not what is treated; the patient neither.
    telling = ("hair loss", "sample") if audience == "" else CLINICAL
    assert not [word for word in telling if word in description]
    # Nor what is for clinicians alone: who it is not for, technique, notes.
    own = [str(each.what).lower() for key in CLINICIANS for each in getattr(STATEMENTS, key)]
    assert not [word for word in own if word in f"{words}\n{description}"]


def test_why_a_date_is_not_ideal_stands_in_the_description_but_not_the_patients() -> None:
    made = plan(limits=Limits(weekdays=frozenset({3}), preferred=600))
    why = made.booked[0].why
    assert why
    assert why[0] in events_of(written(made))[0].text("DESCRIPTION")
    assert why[0] not in events_of(written(made, PATIENTS))[0].text("DESCRIPTION")


# ---- The hour that comes twice -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "preferred"),
    [
        ("Europe/Berlin", date(2027, 10, 31), 2 * 60 + 45),
        ("America/New_York", date(2027, 11, 7), 60 + 45),
        ("Australia/Lord_Howe", date(2027, 4, 4), 60 + 45),
        ("Africa/Cairo", date(2026, 10, 29), 23 * 60),
        ("Asia/Beirut", date(2026, 10, 24), 23 * 60 + 30),
    ],
)
def test_a_session_in_the_night_of_the_change_is_read_as_it_is_booked(
    zone: str, day: date, preferred: int
) -> None:
    made = plan(zone=zone, start=day, counts=(1, 1), preferred=preferred, length="60 minutes")
    event = events_of(written(made))[0]
    assert event.moment("DTSTART") == made.booked[0].start.astimezone(UTC)
    assert event.moment("DTEND") == made.booked[0].end.astimezone(UTC)


# ---- Other readers -------------------------------------------------------------------------------


Told = tuple[datetime | date, datetime | date, str]


def moment_of(value: datetime | date) -> datetime | date:
    """An instant in UTC, or a day."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def icalendar_reads(data: bytes) -> list[Told]:
    events: Any = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return [
        (moment_of(each["DTSTART"].dt), moment_of(each["DTEND"].dt), str(each["SUMMARY"]))
        for each in events
    ]


def vobject_reads(data: bytes) -> list[Told]:
    getattr(vobject.icalendar, "__tzidMap").clear()  # else it takes the zone of an earlier file
    events = vobject.readOne(data.decode()).vevent_list
    return [
        (moment_of(each.dtstart.value), moment_of(each.dtend.value), str(each.summary.value))
        for each in events
    ]


def judge_reads(event: Component) -> Told:
    if event.is_whole_day:
        start, end = (date.fromisoformat(event.value(name)) for name in ("DTSTART", "DTEND"))
        return start, end, event.text("SUMMARY")
    return event.moment("DTSTART"), event.moment("DTEND"), event.text("SUMMARY")


@settings(deadline=None, max_examples=40)
@given(plans(SETTLED))
def test_icalendar_and_vobject_read_the_same_instants_and_words(made: Plan) -> None:
    data = written(made)
    expected = [judge_reads(event) for event in events_of(data)]
    assert icalendar_reads(data) == expected, "icalendar"
    # vobject takes the white space at the end of a folded line for its own.
    assume(not re.search(r"\s\s|\t", made.course.patient or ""))
    # It loses the summers of Troll from 2038 on.
    assume("Troll" not in made.clinic.zone_name or max(str(each[1]) for each in expected) < "2038")
    assert sorted(vobject_reads(data), key=str) == sorted(expected, key=str), "vobject"


def rewritten_by_icalendar(text: str) -> str:
    return str(icalendar.Calendar.from_ical(text).to_ical(), "utf-8")


def rewritten_by_vobject(text: str) -> str:
    return str(vobject.readOne(text).serialize())


REWRITERS = {"icalendar": rewritten_by_icalendar, "vobject": rewritten_by_vobject}
KEPT = [
    "P1",
    "O'Brien, Ann; née X",
    "back\\slash \\n",
    "漢字 👩\u200d⚕\ufe0f " * 9,
    "two\nlines",
    "a:b=c",
]


@pytest.mark.parametrize("rewriter", REWRITERS)
@pytest.mark.parametrize("patient", KEPT, ids=ascii)
def test_a_file_that_another_program_rewrote_reads_the_same(rewriter: str, patient: str) -> None:
    made = plan(patient, reminders=(60, 2880), name="Dr. A, B; C", cared=True)
    file = course_file(made, PLAIN, STAMP)
    text = REWRITERS[rewriter](to_ics(file).decode())
    assert as_read(from_ics(text, "a.ics")) == as_read(file)


def without_private(data: bytes) -> str:
    """The file as a program that drops what it does not know leaves it."""
    lines = content_lines(data)
    return "".join(f"{line}\r\n" for line in lines if not line.startswith("X-MESO"))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_without_its_private_properties_a_file_reads_as_far_as_it_can(zone: str) -> None:
    file = course_file(plan("O'Brien, Ann", zone=zone, reminders=(60,)), PLAIN, STAMP)
    read = from_ics(without_private(to_ics(file)), "a.ics")
    assert read.name == file.name
    assert read.record == {}
    assert read.zone_name == zone
    public = [replace(event, details={}, record={}) for event in file.events]
    assert list(read.events) == public


@pytest.mark.parametrize("private", ["{broken", "[]", "", "5", '"text"', "null"])
def test_a_private_property_that_was_broken_counts_as_stripped(private: str) -> None:
    lines = content_lines(written(plan()))
    for name in ("X-MESO-SCHED-COURSE", "X-MESO-SCHED-SESSION"):
        lines = [f"{name}:{private}" if line.startswith(name) else line for line in lines]
    read = from_ics("".join(f"{line}\r\n" for line in lines), "a.ics")
    assert read.record == {}
    assert [event.summary for event in read.events] == [f"P1 ({n}/5)" for n in range(1, 6)]


def test_bare_line_feeds_are_read_too() -> None:
    file = course_file(plan(), Edition(), STAMP)
    assert from_ics(to_ics(file).decode().replace("\r\n", "\n"), "a.ics") == file


# ---- Broken files --------------------------------------------------------------------------------

WHOLE = written(plan(reminders=(60,))).decode()


def test_a_file_cut_off_after_any_line_is_refused() -> None:
    lines = WHOLE.splitlines(keepends=True)
    for kept in range(len(lines) - 1):
        with pytest.raises(FileError):
            from_ics("".join(lines[:kept]), "a.ics")


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(WHOLE) - len("END:VCALENDAR\r\n")))
def test_a_file_cut_off_anywhere_is_refused(end: int) -> None:
    with pytest.raises(FileError):
        from_ics(WHOLE[:end], "a.ics")


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(WHOLE) - 1), st.text(max_size=4), st.integers(0, 40))
def test_a_damaged_file_is_read_or_refused_but_breaks_nothing(at: int, put: str, cut: int) -> None:
    with suppress(FileError):
        assert from_ics(WHOLE[:at] + put + WHOLE[at + cut :], "a.ics").events


def with_line(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\r\n", "hello", "%PDF-1.7\r\n", "<html></html>", '{"schema": "x"}', "\x00"),
        WHOLE.replace("VCALENDAR", "VCARD"),
        WHOLE + WHOLE,
        "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n",
        re.sub(r"\r\nUID:[^\r]*", "", WHOLE, count=1),
        re.sub(r"\r\nDTSTART;[^\r]*", "", WHOLE, count=1),
        re.sub(r"\r\nDTSTART;[^\r]*", "\r\nDTSTART:soon", WHOLE, count=1),
        with_line("X-MESO-SCHED-FORMAT:1", "X-MESO-SCHED-FORMAT:one"),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_is_no_calendar_or_lacks_a_time_is_a_bad_file(text: str) -> None:
    with pytest.raises(FileError, match=r"^a\.ics(:\d+)?: "):
        from_ics(text, "a.ics")


@pytest.mark.parametrize("version", [2, 10, 999])
def test_a_newer_format_is_refused_and_says_so(version: int) -> None:
    text = with_line("X-MESO-SCHED-FORMAT:1", f"X-MESO-SCHED-FORMAT:{version}")
    with pytest.raises(FileError, match=rf"a\.ics.*newer.*{version}"):
        from_ics(text, "a.ics")


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "europe/berlin", 5, ["UTC"], {}])
def test_a_zone_that_is_none_in_the_private_record_is_a_bad_file(zone: Any) -> None:  # noqa: ANN401
    file = course_file(plan(), Edition(), STAMP)
    text = to_ics(replace(file, record={**file.record, "timezone": zone})).decode()
    with suppress(FileError):  # or as far as it can, by the zone that the events name
        read = from_ics(text, "a.ics")
        assert [event.start for event in read.events] == [event.start for event in file.events]


# ---- The judge itself ----------------------------------------------------------------------------

GOOD = written(plan("é, 漢" * 30, reminders=(60,)))


def test_the_judge_lets_the_sample_pass() -> None:
    assert len(events_of(GOOD)) == 5


def broken(pattern: bytes, put: bytes) -> bytes:
    data, count = re.subn(pattern, put, GOOD, count=1, flags=re.DOTALL)
    assert count == 1
    return data


CARED = written(plan("P1", reminders=(60,), cared=True, name="A", address="B, C"), PATIENTS)
_OF_SESSION = rb"RELATED-TO:[^\r]*"


@pytest.mark.parametrize(
    ("pattern", "put"),
    [
        # Care
        (rb"TRANSP:TRANSPARENT", b"TRANSP:OPAQUE"),
        (rb"TRANSP:TRANSPARENT\r\n", b""),
        (rb"CATEGORIES:CARE", b"CATEGORIES:APPOINTMENT"),
        (rb"CATEGORIES:CARE", b"CATEGORIES:HEALTH"),
        (_OF_SESSION + rb"\r\n", b""),
        (_OF_SESSION, b"RELATED-TO:6f0b6c1e-2f0a-5d53-9c5e-3a1c2f1f7a41"),
        (rb"UID:([^\r]*)(.*?)" + _OF_SESSION, rb"UID:\1\2RELATED-TO:\1"),
        (rb"CATEGORIES:APPOINTMENT\r\n", b"CATEGORIES:APPOINTMENT\r\nRELATED-TO:x\r\n"),
        (rb"VALUE=DATE:20261222", b"VALUE=DATE:20261222T000000"),
        (rb"DTSTART;VALUE=DATE:20261222", b"DTSTART:20261222"),
        (rb"DTEND;VALUE=DATE:20261223", b"DTEND;VALUE=DATE:20261222"),
        (rb"DTEND;VALUE=DATE:20261223", b"DTEND;VALUE=DATE:20261224"),
        (rb"DTEND;VALUE=DATE:20261223", b"DTEND;TZID=Europe/Berlin:20261223T000000"),
        (rb"20261222(\r.*?)20261223", rb"20270105\g<1>20270106"),
        (rb"DTSTART;TZID=Europe/Berlin:20270103T220000", b"DTSTART:20270103T210000Z"),
        (rb"DTSTART;TZID=Europe/Berlin:20270103T220000", b"DTSTART:20270103T220000"),
        (
            rb"(DTSTART;TZID=Europe/Berlin:20270103T220000.*?DTEND[^\r]*)T100000",
            rb"\1T101500",
        ),
        (rb"(STATUS:)CONFIRMED(.*?TRANSP:)OPAQUE", rb"\1CANCELLED\2TRANSPARENT"),
        (rb"SUMMARY:Appointment 1/5", b"STATUS:CANCELLED\r\nSUMMARY:Cancelled"),
        # Reviews and sessions
        (rb"(CATEGORIES:)REVIEW(.*?END:VEVENT)", rb"\1REVIEW\r\nRELATED-TO:x\2"),
        (rb"DTSTART;TZID=Europe/Berlin:20270105T100000", b"DTSTART;VALUE=DATE:20270105"),
        (rb"LOCATION:A\\,", b"LOCATION:A,"),
        (rb"LOCATION:[^\r]*", b"LOCATION:"),
        (rb"TRIGGER:-PT1H", b"TRIGGER;RELATED=MIDDLE:-PT1H"),
        (rb"TRIGGER:-PT1H", b"TRIGGER;VALUE=DATE-TIME:20270105T080000Z"),
    ],
    ids=ascii,
)
def test_the_judge_objects_to_what_is_wrong_with_care(pattern: bytes, put: bytes) -> None:
    judged(CARED)
    data, count = re.subn(pattern, put, CARED, count=1, flags=re.DOTALL)
    assert count == 1
    with pytest.raises(Objection):
        judged(data)


@pytest.mark.parametrize(
    ("pattern", "put"),
    [
        (rb"^", b"\xef\xbb\xbf"),
        (rb"\r\n$", b""),
        (rb"\r\n", b"\n"),
        (rb"\r\nCALSCALE", b"\r\n\r\nCALSCALE"),
        (rb"\r\nCALSCALE", b"\r\n \r\nCALSCALE"),
        (rb"\r\n ", b""),
        ("é".encode(), "é".encode()[:1] + b"\r\n " + "é".encode()[1:]),
        (rb"\\,", b","),
        (rb"VERSION:2.0\r\n", b""),
        (rb"(VERSION:2.0\r\n)(PRODID[^\r]*\r\n)", rb"\2\1"),
        (rb"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"),
        (rb"X-WR-CALNAME:", b"X-WR-CALDESC:"),
        (rb"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", b""),
        (rb"(BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n)(.*)(END:VCALENDAR\r\n)", rb"\2\1\3"),
        (rb"TZID:Europe/Berlin", b"TZID:Berlin"),
        (rb"BEGIN:VEVENT\r\n", b"BEGIN:VEVENT\r\nRRULE:FREQ=DAILY\r\n"),
        (rb"RRULE:", b"RDATE:20270101T000000\r\nRRULE:"),
        (rb"UID:\w{8}", b"UID:P1"),
        (rb"(BEGIN:VEVENT.*?)(BEGIN:VEVENT)", rb"\1\1\2"),
        (rb"DTSTAMP:\w*\r\n", b""),
        (rb"DTSTAMP:(\w*)Z\r\n", rb"DTSTAMP:\1\r\n"),
        (rb"CLASS:PRIVATE", b"CLASS:PUBLIC"),
        (rb"TRANSP:OPAQUE\r\n", b""),
        (rb"STATUS:CONFIRMED", b"STATUS:CANCELLED"),
        (rb"SEQUENCE:0\r\n", b"SEQUENCE:0\r\nSEQUENCE:0\r\n"),
        (rb"DTEND;TZID=Europe/Berlin:\d{8}", b"DTEND;TZID=Europe/Berlin:20260101"),
        (rb"DTSTART;TZID=Europe/Berlin:(\w*)", rb"DTSTART:\1Z"),
        (rb"DTEND;TZID=Europe/Berlin:(\w*)", rb"DTEND:\1Z"),
        (rb"(BEGIN:VALARM.*?END:VALARM\r\n)(END:VEVENT)", rb"\1COMMENT:late\r\n\2"),
        (rb"ACTION:DISPLAY\r\n", b""),
        (rb"TRIGGER:-PT1H", b"TRIGGER:-P1W3D"),
        (rb"TRIGGER:-PT1H", b"TRIGGER:-P"),
        (rb"TRIGGER:-PT1H", b"TRIGGER:-P1DT"),
        (rb"(BEGIN:VALARM.*?)DESCRIPTION:.*?END:VALARM", rb"\1END:VALARM"),
        (rb"END:VEVENT\r\n", b""),
        (rb"END:VCALENDAR\r\n", b"END:VCALENDAR\r\nX-MORE:1\r\n"),
    ],
    ids=ascii,
)
def test_the_judge_objects_to_what_is_wrong(pattern: bytes, put: bytes) -> None:
    with pytest.raises(Objection):
        judged(broken(pattern, put))
