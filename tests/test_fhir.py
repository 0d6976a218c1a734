"""A plan as FHIR: two readers of others accept it, all in it hangs together, and it tells no more
than it should.

``fhir.resources`` judges it as R4B (4.3), the nearest to R4 that its releases have beside
pydantic 2; of the resources used here nothing differs. ``fhirclient`` judges it as R4 (4.0.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from building import HAIR, REVIEWS, cared_for, clinic, courses, phase, regimen, week
from fhir.resources.R4B.bundle import Bundle
from fhirclient.models.bundle import Bundle as PlainBundle
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from running import WITHOUT_HOLIDAYS, Desk

from meso_sched.core.booked import Status
from meso_sched.core.clinic import Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.interval import Interval
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.regimen import Text
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import course_file, identity_of
from meso_sched.exchange.fhir import bundle_id, differs_in_stamp_only, fhir_bundle
from meso_sched.exchange.tables import to_json
from meso_sched.exchange.zones import load_zone

STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
LATER = STAMP + timedelta(days=3)
START = date(2027, 1, 5)
DONE, MISSED, OFF, OPEN = Status.FULFILLED, Status.NOSHOW, Status.CANCELLED, Status.BOOKED
STRING = re.compile(r"\S([ \r\n\t\S]*\S)?")
EVERY_DAY = week("08:00-20:00", range(7))

Json = dict[str, Any]


def plan(
    patient: str | None = "P1", number: int = 1, *, override: bool = False, name: str = ""
) -> Plan:
    """The hair course from 5 January 2027 at 10:00; its patient cannot come on Tuesdays."""
    choices = Choices(sessions={"weekly": 8} if override else {}, override=override)
    course = make_course(HAIR, choices, start=START, patient=patient, number=number)
    limits = Limits(weekdays=frozenset(range(7)) - {1}, preferred=600)
    return make_plan(PlanRequest(course, replace(clinic(), name=name), limits=limits))


def every(text: str, flex: str | None = None, *, choice: str | None = None) -> Plan:
    """A course of three sessions at an interval."""
    template = regimen(phase("series", "3", text, flex))
    choices = Choices(every={} if choice is None else {"series": choice})
    course = make_course(template, choices, start=START)
    return make_plan(PlanRequest(course, clinic(EVERY_DAY)))


def became(made: Plan, *statuses: Status) -> Plan:
    """The plan once something became of its first sessions; those behind have the last one."""
    rest = statuses[-1:] * (len(made.booked) - len(statuses))
    pairs = zip(made.booked, (*statuses, *rest), strict=True)
    return made._replace(booked=tuple(each._replace(status=status) for each, status in pairs))


def bundle(made: Plan, audience: str = "", stamp: datetime = STAMP) -> Json:
    events = course_file(made, Edition(audience), stamp).everything
    return fhir_bundle(made, events, audience, stamp)


def resources(document: Json, type_: str) -> list[Json]:
    found = [entry["resource"] for entry in document["entry"]]
    return [each for each in found if each["resourceType"] == type_]


def care_plan(document: Json) -> Json:
    (found,) = resources(document, "CarePlan")
    return found


# ---- The judges ----------------------------------------------------------------------------------


def accepted(document: Json) -> Json:
    """The Bundle, read whole by both judges: all of it is known to them and nothing is missing."""
    text = to_json(document)
    read = Bundle.model_validate_json(text)
    assert json.loads(read.model_dump_json()) == document
    assert PlainBundle(json.loads(text), strict=True).as_json() == document
    assert list(unknown_codes(read)) == []
    return document


def unknown_codes(model: BaseModel) -> Iterator[str]:
    """Values outside a required value set: fhir.resources knows the sets but takes any word."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra
        known = extra.get("enum_values") if isinstance(extra, dict) else None
        if isinstance(known, list) and value is not None and value not in known:
            yield f"{name}: {value}"
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, BaseModel):
                yield from unknown_codes(each)


def inside(value: Any) -> Iterator[Json]:  # noqa: ANN401 - whatever JSON holds
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from inside(each)


def strings(document: Json) -> list[str]:
    values = [value for each in inside(document) for value in each.values()]
    return [value for value in values if isinstance(value, str)]


WORDS = st.text(max_size=12) | st.sampled_from(["\u2028", " P1 ", "\x00", "a\r\nb\tc", "\ud800x"])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any course anywhere, with anything that may have become of its sessions."""
    first = draw(st.dates(date(2024, 1, 1), date(2036, 12, 31)))
    course = draw(courses(first, 1, 6))
    texts = st.builds(Text.english, WORDS.filter(str.strip))
    titled = replace(HAIR, title=draw(texts))
    if draw(st.booleans()):
        reviews = tuple(each._replace(name=draw(texts)) for each in REVIEWS)
        titled = replace(cared_for(titled), reviews=reviews)
    overrides = tuple(draw(st.lists(WORDS, max_size=2)))
    course = course._replace(regimen=titled, patient=draw(st.none() | WORDS), overrides=overrides)
    zone = load_zone(draw(st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/New_York"])))
    place = replace(clinic(week("00:00-24:00", range(7)), zone=zone), name=draw(WORDS))
    made = make_plan(
        PlanRequest(course, place, limits=Limits(preferred=draw(st.integers(0, 1439))))
    )
    count = len(made.booked)
    booked = [each._replace(status=draw(st.sampled_from(Status))) for each in made.reviews]
    made = made._replace(reviews=tuple(booked))
    return became(made, *draw(st.lists(st.sampled_from(Status), min_size=count, max_size=count)))


AUDIENCES = st.sampled_from(("", "clinic", "patient"))


@settings(deadline=None, max_examples=60)
@given(plans(), AUDIENCES)
def test_any_plan_is_accepted_and_hangs_together(made: Plan, audience: str) -> None:
    document = accepted(bundle(made, audience))
    urls = [entry["fullUrl"] for entry in document["entry"]]
    assert len(set(urls)) == len(urls)
    assert urls == [f"urn:uuid:{UUID(entry['resource']['id'])}" for entry in document["entry"]]
    types = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in document["entry"]}
    for each in inside(document):
        if isinstance(each.get("reference"), str):
            assert types[each["reference"]] == each["type"]
    # FHIR: a string is not empty, begins and ends with no space, and has few controls.
    assert [each for each in strings(document) if not STRING.fullmatch(each)] == []
    assert [
        each for each in inside(document) if "end" in each and each["end"] < each["start"]
    ] == []


def assert_are_reviews(appointments: list[Json], made: Plan) -> None:
    """A follow-up each, by FHIR's own word for it, which no phase has ordered."""
    for each, booked in zip(appointments, made.reviews, strict=True):
        assert each["status"] == booked.status.value
        assert datetime.fromisoformat(each["start"]) == booked.start
        assert datetime.fromisoformat(each["end"]) == booked.end
        assert each["minutesDuration"] == (30, 45)[booked.number - 1]
        assert each["appointmentType"]["coding"] == [
            {"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "FOLLOWUP"}
        ]
        assert not {"basedOn", "requestedPeriod"} & set(each)


@settings(deadline=None, max_examples=60)
@given(plans())
def test_every_session_is_an_appointment_below_the_order_of_its_phase(made: Plan) -> None:
    document = bundle(made)
    events = course_file(made, Edition(), STAMP).events
    every_one = resources(document, "Appointment")
    reviews = [each for each in every_one if "appointmentType" in each]
    appointments = [each for each in every_one if each not in reviews]
    assert every_one == [*appointments, *reviews]
    assert [each["id"] for each in appointments] == [event.uid for event in events]
    assert_are_reviews(reviews, made)
    orders = {each["id"]: each for each in resources(document, "ServiceRequest")}
    counted = dict.fromkeys(orders, 0)
    for each, booked in zip(appointments, made.booked, strict=True):
        assert each["status"] == booked.status.value
        assert datetime.fromisoformat(each["start"]) == booked.start
        assert datetime.fromisoformat(each["end"]) == booked.end
        assert each["minutesDuration"] == 30
        (based_on,) = each["basedOn"]
        id_ = based_on["reference"].removeprefix("urn:uuid:")
        assert orders[id_]["code"]["text"].endswith(f", {booked.plan.phase}")
        counted[id_] += 1
    repeats = {id_: order["occurrenceTiming"]["repeat"] for id_, order in orders.items()}
    assert counted == {id_: repeat["count"] for id_, repeat in repeats.items()}
    assert list(counted.values()) == [each.sessions for each in made.course.phases]
    for repeat in repeats.values():
        assert 1 <= repeat["period"] < repeat.get("periodMax", repeat["period"] + 1)
    (activities, *more) = [each["activity"] for each in resources(document, "CarePlan")]
    assert more == []
    named = [each["reference"]["reference"] for each in activities]
    assert named == [entry["fullUrl"] for entry in document["entry"][1:]]


@settings(deadline=None, max_examples=25)
@given(plans(), AUDIENCES)
def test_the_same_plan_gives_the_same_bytes(made: Plan, audience: str) -> None:
    assert to_json(bundle(made, audience)) == to_json(bundle(made, audience))
    again = bundle(made, audience, LATER)
    assert again != bundle(made, audience)
    assert differs_in_stamp_only(to_json(bundle(made, audience)), again)


# ---- How often -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "flex", "choice", "repeat", "words"),
    [
        ("1 week", None, None, (6, 8, "d"), "every 1 week (-1/+1 days)"),
        ("15 days", "-0/+3 days", None, (15, 18, "d"), "every 15 days (-0/+3 days)"),
        ("1 week", "-0/+0 days", None, (1, None, "wk"), "every 1 week"),
        ("1 day", None, None, (1, None, "d"), "every 1 day"),
        ("7-14 days", None, None, (7, 14, "d"), "every 7-14 days, ideal 7 days"),
        ("7-14 days", None, "10 days", (7, 14, "d"), "every 7-14 days, ideal 10 days"),
        ("1-2 weeks", None, None, (1, 2, "wk"), "every 1-2 weeks, ideal 1 week"),
        ("1-2 months", None, None, (1, 2, "mo"), "every 1-2 months, ideal 1 month"),
        ("3 months", "-0/+0 days", None, (3, None, "mo"), "every 3 months"),
        # A month less seven days is no whole number of anything: the ideal, and words.
        ("1 month", "-7/+0 days", None, (1, None, "mo"), "every 1 month (-7/+0 days)"),
        ("1 year", None, None, (1, None, "a"), "every 1 year (-51/+51 days)"),
    ],
)  # fmt: skip
def test_an_interval_is_a_timing(
    text: str,
    flex: str | None,
    choice: str | None,
    repeat: tuple[int, int | None, str],
    words: str,
) -> None:
    made = every(text, flex, choice=choice)
    (order,) = resources(accepted(bundle(made)), "ServiceRequest")
    timing = order["occurrenceTiming"]
    period, longest, unit = repeat
    days = [each.day.isoformat() for each in made.booked]
    assert timing["repeat"] == {
        "boundsPeriod": {"start": days[0], "end": days[-1]},
        "count": 3,
        "frequency": 1,
        "period": period,
        **({} if longest is None else {"periodMax": longest}),
        "periodUnit": unit,
    }
    assert timing["code"] == {"text": words}


def test_an_appointment_says_when_the_regimen_wants_it_and_why_it_is_not_then() -> None:
    first, second, *_ = resources(bundle(plan()), "Appointment")
    assert first["start"] == "2027-01-06T10:00:00+03:00"
    assert "Tue 5 Jan" in first["comment"]
    assert first["requestedPeriod"] == [{"start": "2027-01-05"}]
    assert second["requestedPeriod"] == [{"start": "2027-01-12", "end": "2027-01-14"}]


def test_a_phase_begun_anew_is_an_order_of_its_own() -> None:
    course = make_course(
        regimen(phase("series", "4", "1 week")), Choices(), start=START, patient="P1"
    )
    (series,) = course.phases
    begun, anew = series._replace(sessions=1, whole=4), series._replace(restarted=date(2027, 3, 1))
    made = make_plan(PlanRequest(course._replace(phases=(begun, anew)), clinic(EVERY_DAY)))
    orders = resources(accepted(bundle(made)), "ServiceRequest")
    assert [each["occurrenceTiming"]["repeat"]["count"] for each in orders] == [1, 4]
    assert orders[0]["id"] != orders[1]["id"]


def test_an_offset_that_fhir_cannot_write_becomes_utc() -> None:
    """Liberia was 44 minutes and 30 seconds behind until 1972."""
    course = make_course(
        regimen(phase("series", "1", "1 week")), Choices(), start=date(1971, 5, 4), patient="P1"
    )
    place = clinic(EVERY_DAY, zone=load_zone("Africa/Monrovia"))
    made = make_plan(PlanRequest(course, place, limits=Limits(preferred=600)))
    (appointment,) = resources(accepted(bundle(made)), "Appointment")
    assert appointment["start"] == "1971-05-04T10:44:30Z"


# ---- What became of it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ((OPEN,), "active"),
        ((DONE, OPEN), "active"),
        ((DONE, OFF, MISSED, OPEN), "active"),
        ((DONE,), "completed"),
        ((DONE, OFF, DONE), "completed"),
        ((DONE, MISSED, DONE), "completed"),
        ((DONE, OFF), "revoked"),
        ((DONE, MISSED), "revoked"),
        ((OFF,), "revoked"),
    ],
    ids=lambda value: "-".join(each.value for each in value) if isinstance(value, tuple) else value,
)  # fmt: skip
def test_the_plans_status_follows_from_its_sessions(
    statuses: tuple[Status, ...], status: str
) -> None:
    document = accepted(bundle(became(plan(), *statuses)))
    assert care_plan(document)["status"] == status


def test_a_phase_that_is_over_is_completed_while_the_plan_goes_on() -> None:
    document = bundle(became(plan(), DONE, DONE, DONE, DONE, OPEN))
    found = [each["status"] for each in resources(document, "ServiceRequest")]
    assert found == ["completed", "active", "active"]


def test_the_period_is_of_what_takes_place() -> None:
    made = became(plan(), OFF, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OFF)
    days = [each.day.isoformat() for each in made.booked]
    assert care_plan(bundle(made))["period"] == {"start": days[1], "end": days[-2]}
    none = became(plan(), OFF)
    assert care_plan(bundle(none))["period"] == {"start": days[0], "end": days[-1]}


def test_a_choice_outside_its_range_is_a_note() -> None:
    assert care_plan(accepted(bundle(plan(override=True))))["note"] == [
        {"text": "Outside the range of the source, by --override: sessions weekly=8."}
    ]
    assert "note" not in care_plan(bundle(plan()))


# ---- Whose it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "subject"),
    [
        ("P1", {"type": "Patient", "identifier": {"value": "P1"}}),
        ("a\r\nb\u2028c\x07 ", {"type": "Patient", "identifier": {"value": "a\nb\nc"}}),
        (None, {"type": "Patient", "display": "unknown"}),
        (" \x07", {"type": "Patient", "display": "unknown"}),
    ],
    ids=ascii,
)
def test_the_patient_is_a_reference_and_no_more(patient: str | None, subject: Json) -> None:
    document = accepted(bundle(plan(patient)))
    assert resources(document, "Patient") == []
    for each in (care_plan(document), *resources(document, "ServiceRequest")):
        assert each["subject"] == subject
    for each in resources(document, "Appointment"):
        assert each["participant"] == [{"actor": subject, "status": "accepted"}]


def test_the_clinic_takes_part_where_it_has_a_name() -> None:
    for audience in ("", "clinic", "patient"):
        first, *_ = resources(accepted(bundle(plan(name="Clinic A"), audience)), "Appointment")
        assert first["participant"][1] == {
            "actor": {"type": "Location", "display": "Clinic A"},
            "status": "accepted",
        }


def test_the_patients_copy_has_appointments_and_nothing_of_the_regimen() -> None:
    made = plan("SECRETREF", override=True)
    document = accepted(bundle(made, "patient"))
    text = to_json(document).lower()
    for word in ("secretref", "sample", "weekly", "monthly", "override", 'period": 6', "tue"):
        assert word not in text
    assert resources(document, "ServiceRequest") == []
    assert care_plan(document)["subject"] == {"type": "Patient", "display": "withheld"}
    appointments = resources(document, "Appointment")
    assert [each["start"] for each in appointments] == [e.start.isoformat() for e in made.booked]
    assert set(appointments[0]) == {
        *("resourceType", "id", "identifier", "status", "description", "start", "end"),
        *("minutesDuration", "participant"),
    }
    ids = {each["id"] for each in inside(bundle(made)) if "id" in each}
    assert ids.isdisjoint(each["id"] for each in inside(document) if "id" in each)


def reviewed(patient: str | None = "P1") -> Plan:
    """The hair course with care and reviews."""
    course = plan(patient).course._replace(regimen=cared_for(HAIR))
    return make_plan(PlanRequest(course, clinic()))


def test_a_review_tells_what_it_is_for_and_the_patients_copy_does_not() -> None:
    document = accepted(bundle(reviewed()))
    first, second = [
        each for each in resources(document, "Appointment") if "appointmentType" in each
    ]
    assert [each["appointmentType"]["text"] for each in (first, second)] == [
        *("First look", "The result")
    ]
    copy = accepted(bundle(reviewed(), "patient"))
    text = to_json(copy)
    for word in ("First look", "The result", "Gout", "Tattoos", "1-4 mm", "Examine first"):
        assert word not in text
    (one, two) = [each for each in resources(copy, "Appointment") if "appointmentType" in each]
    assert (one["start"], two["start"]) == (first["start"], second["start"])
    assert {one["id"], two["id"]}.isdisjoint({first["id"], second["id"]})


def test_the_ids_do_not_hang_on_dates() -> None:
    first = reviewed()
    moved = make_plan(PlanRequest(first.course._replace(start=date(2029, 7, 9)), clinic()))
    found = [[entry["fullUrl"] for entry in bundle(made)["entry"]] for made in (first, moved)]
    assert found[0] == found[1]


@pytest.mark.parametrize("other", [plan("P2"), plan(number=2), plan(None), plan(name="Clinic B")],
                         ids=["patient", "course", "nobody", "clinic"])  # fmt: skip
def test_another_course_has_other_ids(other: Plan) -> None:
    urls = [{entry["fullUrl"] for entry in bundle(made)["entry"]} for made in (plan(), other)]
    assert urls[0].isdisjoint(urls[1])


@pytest.mark.parametrize("audience", ["", "clinic", "patient"])
def test_a_bundle_says_whose_course_it_holds(audience: str) -> None:
    assert bundle_id(to_json(bundle(plan(), audience))) == identity_of(plan(), audience).id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"Bundle"',
        "[" * 100_000,
        '{"resourceType": "Bundle"}',
        '{"resourceType": "Bundle", "identifier": "x"}',
        '{"resourceType": "Bundle", "identifier": {"system": "urn:ietf:rfc:3986", "value": 1}}',
        '{"resourceType": "Patient", "identifier": {"system": "urn:ietf:rfc:3986", "value": "x"}}',
    ],
    ids=lambda text: text[:40],
)
def test_any_other_text_holds_no_course(text: str) -> None:
    assert bundle_id(text) is None


# ---- The command line ----------------------------------------------------------------------------


PLAN = ("plan", "hair", "--start", "2027-01-05", "--patient", "P1")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    desk.setenv("SOURCE_DATE_EPOCH", "1790000000")
    return desk


def test_the_double_suffix_and_the_format_ask_for_a_bundle(desk: Desk) -> None:
    assert desk.run(*PLAN, "-o", "A.FHIR.json").code == 0
    assert desk.run(*PLAN, "-o", "b.txt", "--format", "fhir").code == 0
    shown = desk.run(*PLAN, "-o", "-", "--format", "fhir")
    assert "Hair mesotherapy" in shown.err
    data = desk.files()
    assert data["A.FHIR.json"] == data["b.txt"] == shown.out.encode()
    document = accepted(json.loads(shown.out))
    assert document["meta"] == {"lastUpdated": "2026-09-21T14:13:20Z"}
    assert care_plan(document)["title"] == "Hair mesotherapy (scalp)"
    assert desk.run(*PLAN, "-o", "fhir.json").code == 0
    assert json.loads((desk.folder / "fhir.json").read_text())["schema"] == "meso-sched/plan/1"


def test_planned_again_it_is_replaced_and_else_no_byte_changes(desk: Desk) -> None:
    path = desk.folder / "a.fhir.json"
    desk.run(*PLAN, "-o", "a.fhir.json")
    first = path.read_bytes()
    desk.setenv("SOURCE_DATE_EPOCH", "1790086400")
    again = desk.run(*PLAN, "-o", "a.fhir.json")
    assert (again.code, path.read_bytes()) == (0, first)
    assert "holds this plan already, nothing changed" in again.err
    moved = desk.run(*PLAN, "--away", "2027-01-12", "-o", "a.fhir.json")
    assert (moved.code, "a.fhir.json: updated" in moved.err) == (0, True)
    assert json.loads(path.read_bytes())["meta"] == {"lastUpdated": "2026-09-22T14:13:20Z"}
    assert (desk.folder / "a.fhir.json~").read_bytes() == first


@pytest.mark.parametrize(
    "args",
    [
        ("plan", "hair", "--start", "2027-01-05", "--patient", "P2"),
        (*PLAN, "--course", "2"),
        (*PLAN, "--for", "patient"),
        ("plan", "prp-hair", "--start", "2027-01-05", "--patient", "P1"),
    ],
    ids=["patient", "course", "audience", "regimen"],
)
def test_another_courses_bundle_is_never_overwritten(desk: Desk, args: tuple[str, ...]) -> None:
    desk.run(*PLAN, "-o", "a.fhir.json")
    before = desk.files()
    result = desk.run(*args, "-o", "a.fhir.json")
    assert (result.code, result.out) == (2, "")
    assert "a.fhir.json: holds something else than this course; choose another name" in result.err
    assert desk.files() == before


def test_no_file_of_another_kind_is_overwritten(desk: Desk) -> None:
    desk.run(*PLAN, "-o", "a.json")
    desk.run(*PLAN, "-o", "b.fhir.json")
    desk.write("c.fhir.json", b"\xff")
    before = desk.files()
    for args in (("a.json", "--format", "fhir"), ("b.fhir.json", "--format", "json"),
                 ("c.fhir.json",)):  # fmt: skip
        assert desk.run(*PLAN, "-o", *args).code == 2
    assert desk.files() == before


def test_a_revised_course_is_written_as_it_is_now(desk: Desk) -> None:
    past = ("plan", "hair", "--start", "2025-01-07", "--patient", "P1")
    assert desk.run(*past, "-o", "P1.ics").code == 0
    revise = ("revise", "P1.ics", "--done", "1", "--cancel", "9", "-o", "P1.fhir.json")
    for audience in ((), ("--for", "clinic")):
        result = desk.run(*revise, *audience)
        assert result.code == 0, result.err
        document = accepted(json.loads((desk.folder / "P1.fhir.json").read_bytes()))
        found = [each["status"] for each in resources(document, "Appointment")]
        sessions, reviews = found[:9], found[9:]
        assert sessions == ["fulfilled", *["booked"] * 7, "cancelled"]
        assert reviews == ["booked"] * 2
    planned = json.loads(desk.run(*past, "-o", "-", "--format", "fhir").out)
    urls = [[each["fullUrl"] for each in made["entry"]] for made in (planned, document)]
    assert urls[0] == urls[1]


@pytest.mark.parametrize("name", ["a.fhir.json", "a.json", "a.csv"])
@pytest.mark.parametrize("command", ["plan", "revise"])
def test_the_patients_copy_tells_dates_alone_and_is_updated(
    desk: Desk, name: str, command: str
) -> None:
    secret = ("--patient", "SECRETREF", "--override", "--sessions", "weekly=8")
    plan_ = ("plan", "hair", "--start", "2027-01-05", *secret, "--on", "mon,wed,sat")
    assert desk.run(*plan_, "-o", "P1.ics").code == 0
    args: tuple[str, ...] = (*plan_, "--for", "patient", "-o", name)
    if command == "revise":
        args = ("revise", "P1.ics", "--move", "2=2027-01-18", "--for", "patient", "-o", name)
    result = desk.run(*args)
    assert result.code == 0, result.err
    text = (desk.folder / name).read_text()
    assert "2027-01-06T09:00:00+03:00" in text
    header = text.partition("\n")[0] if name == "a.csv" else ""
    for word in ("SECRETREF", "hair", "Hair", "weekly", "monthly", "outside", "patient comes"):
        assert word not in text.removeprefix(header)
    assert desk.run(*args).code == 0
    before = desk.files()
    other = ("P2" if each == "SECRETREF" else each for each in plan_)
    for refused in ((*plan_, "-o", name), (*other, "--for", "patient", "-o", name)):
        result = desk.run(*refused)
        assert (result.code, result.out) == (2, "")
        assert "holds something else than this course" in result.err
    assert desk.files() == before


def test_the_patients_json_is_no_less_stable(desk: Desk) -> None:
    """The same keys as the clinic's; what is withheld is null or an empty list."""
    clinics = desk.plan("--patient", "P1").document
    assert desk.plan("--patient", "P1", "--for", "clinic").document == clinics
    found = desk.plan("--patient", "P1", "--for", "patient").document
    assert found.keys() == clinics.keys()
    assert found["course"] == {
        **dict.fromkeys(clinics["course"]),
        "number": 1,
        "timezone": "Europe/Istanbul",
        "overrides": [],
    }
    kept = ("number", "start", "end", "gap_days", "sequence", "status")
    for theirs, ours in zip(found["sessions"], clinics["sessions"], strict=True):
        same = {key: ours[key] for key in kept}
        hidden: Json = {**dict.fromkeys(ours), "of": [], "why": []}
        assert theirs == {**hidden, **same, "uid": theirs["uid"]}
        assert theirs["uid"] != ours["uid"]
    of_review = ("number", "kind", "after", "start", "end", "sequence", "status")
    assert len(found["reviews"]) == len(clinics["reviews"]) == 2
    for theirs, ours in zip(found["reviews"], clinics["reviews"], strict=True):
        same = {key: ours[key] for key in of_review}
        assert theirs == {**dict.fromkeys(ours), "why": [], **same, "uid": theirs["uid"]}
        assert theirs["uid"] != ours["uid"]


def test_a_revision_told_for_the_patient_says_no_reasons(desk: Desk) -> None:
    assert desk.run(*PLAN, "-o", "P1.ics").code == 0
    desk.run("revise", "P1.ics", "--missed", "2", "--yes")
    args = ("revise", "P1.ics", "--missed", "3", "--json", "-o", "copy.ics")
    clinics = desk.run(*args).document
    assert any(each["why"] for each in clinics["changes"])
    found = desk.run(*args, "--for", "patient", "-o", "other.ics").document
    assert {each["number"] for each in found["changes"]} == {
        each["number"] for each in clinics["changes"]
    }
    assert [each["why"] for each in found["changes"]] == [[]] * len(found["changes"])
    assert "weekly" not in json.dumps(found)


def test_every_interval_has_a_timing() -> None:
    """No step is too long for its flex."""
    interval = Interval.parse("3660 days")
    made = plan()
    course = made.course._replace(
        phases=tuple(each._replace(interval=interval) for each in made.course.phases)
    )
    (first, *_) = resources(accepted(bundle(made._replace(course=course))), "ServiceRequest")
    assert first["occurrenceTiming"]["repeat"]["periodMax"] == 3660 + 3660 // 7
