"""A session is known again by its UID, and only what changed says that it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from building import cared_for, clinic, phase, regimen, week
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_ical import CARE, SESSION, Component, judged

from meso_sched.core.caring import Side, moments
from meso_sched.core.clinic import Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.regimen import Keep, Text
from meso_sched.exchange.calendar_file import from_ics
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import (
    CourseFile,
    Identity,
    Kind,
    course_file,
    identity_of,
    own_uids,
    plain,
)
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.updating import updated
from meso_sched.exchange.zones import load_zone

STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
LATER = STAMP + timedelta(days=3)
LATEST = LATER + timedelta(days=3)
STAMPS = ("DTSTAMP", "SEQUENCE", "CREATED", "LAST-MODIFIED")


def plan(
    sessions: int = 4,
    *,
    start: date = date(2027, 1, 5),
    patient: str | None = "P1",
    number: int = 1,
    every: str = "1 week",
    id_: str = "sample",
    name: str = "Dr. A",
    at: int = 600,
    zone: str = "Europe/Berlin",
    keep: Keep = Keep.WEEKDAY,
    reminders: tuple[int, ...] = (60,),
    length: int = 30,
    cared: bool = True,
    address: str = "1 Road; X",
) -> Plan:
    """A plan of one phase with care and reviews, in a clinic open every day."""
    template = regimen(phase("series", "1+", every), length="30-60 minutes")
    template = cared_for(template) if cared else template
    template = replace(template, id=id_, title=Text.english("Sample"))
    course = make_course(
        template,
        Choices(sessions={"series": sessions}, length=length),
        start=start,
        patient=patient,
        number=number,
        keep=keep,
    )
    place = replace(
        clinic(week("08:00-20:00", range(7)), zone=load_zone(zone)),
        reminders=reminders,
        name=name,
        address=address,
    )
    return make_plan(PlanRequest(course, place, time.min, Limits(preferred=at)))


def file_of(made: Plan, audience: str = "", stamp: datetime = STAMP) -> CourseFile:
    return course_file(made, Edition(audience), stamp)


def reread(file: CourseFile) -> CourseFile:
    return from_ics(to_ics(file).decode(), "a.ics")


def rewritten(made: Plan, former: CourseFile, stamp: datetime, audience: str = "") -> CourseFile:
    """What stands in the file after another run of the command."""
    return updated(file_of(made, audience, stamp), reread(former), stamp)


def uids(made: Plan, audience: str = "") -> list[str]:
    """Those of the sessions, in their order."""
    return [event.uid for event in file_of(made, audience).events]


def all_uids(made: Plan, audience: str = "") -> list[str]:
    """Those of the sessions, then those of their reviews and their care."""
    return [event.uid for event in file_of(made, audience).everything]


def uids_by_part(made: Plan) -> dict[tuple[int | None, str], str]:
    """By the session that they belong to and what they are of it."""
    return {(event.number, event.part): event.uid for event in file_of(made).everything}


def events(file: CourseFile) -> list[Component]:
    return judged(to_ics(file)).inside("VEVENT")


def stamps(event: Component) -> tuple[str, ...]:
    return tuple(event.value(name) for name in STAMPS)


# ---- UIDs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        plan(start=date(2029, 7, 9)),
        plan(at=900),
        plan(every="10 days"),
        plan(keep=Keep.DATE),
        plan(length=60),
        plan(zone="America/New_York"),
        plan(reminders=()),
    ],
    ids=["dates", "time", "interval", "keep", "length", "zone", "reminders"],
)
def test_a_uid_does_not_hang_on_what_a_new_plan_changes(other: Plan) -> None:
    assert uids(other) == uids(plan())
    assert uids_by_part(other) == uids_by_part(plan())


def test_a_uid_does_not_hang_on_how_many_sessions_there_are() -> None:
    assert uids(plan(9))[:4] == uids(plan(4))
    longer = uids_by_part(plan(9))
    assert {part: longer[part] for part in uids_by_part(plan(4))} == uids_by_part(plan(4))


def test_every_session_review_and_moment_of_care_has_a_uid_of_its_own() -> None:
    made = plan(9)
    known = all_uids(made)
    assert len(known) == 9 + 2 + 9 * 4
    assert len({*known, *all_uids(made, "patient")}) == 2 * len(known)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("audience", ["", "clinic"])
def test_a_uid_hangs_neither_on_the_language_nor_on_the_words(language: str, audience: str) -> None:
    made = plan()
    known = course_file(made, Edition(audience, language), STAMP)
    assert [event.uid for event in known.everything] == all_uids(made)
    care = made.course.regimen.care
    shouted = tuple(each._replace(what=Text.english("NO!")) for each in care.before)
    words = replace(made.course.regimen, care=care._replace(before=shouted))
    other = made._replace(course=made.course._replace(regimen=words))
    assert all_uids(other) == all_uids(made)


def test_the_stamp_and_the_clinics_own_version_have_the_same_uids() -> None:
    assert all_uids(plan(), "clinic") == all_uids(plan())
    later = file_of(plan(), stamp=LATER)
    assert [event.uid for event in later.everything] == all_uids(plan())


@pytest.mark.parametrize(
    "other",
    [
        plan(name="Dr. B"),
        plan(patient="P2"),
        plan(patient="p1"),
        plan(patient=None),
        plan(id_="other"),
        plan(number=2),
    ],
    ids=["clinic", "patient", "case", "nobody", "regimen", "course"],
)
def test_another_course_has_other_uids(other: Plan) -> None:
    assert not set(all_uids(other)) & set(all_uids(plan()))


def test_the_patients_copy_has_uids_of_its_own() -> None:
    assert not set(all_uids(plan(), "patient")) & set(all_uids(plan()))


WORDS = st.text(st.sampled_from("ab1'\",|/:\\ \n()ü"), max_size=4)
IDENTITIES = st.builds(
    Identity, WORDS, WORDS.filter(bool), WORDS, st.integers(1, 30), st.sampled_from(("", "patient"))
)


PLACES = st.tuples(
    st.integers(0, 30),
    st.sampled_from(("", "before 2 weeks", "before 2 days", "review 1", "patient")),
)


@settings(deadline=None, max_examples=300)
@given(IDENTITIES, IDENTITIES, PLACES, PLACES)
def test_uids_are_the_same_only_where_everything_is(
    one: Identity, other: Identity, place: tuple[int, str], another: tuple[int, str]
) -> None:
    same = (one, place) == (other, another)
    assert (one.uid(*place) == other.uid(*another)) is same


@settings(deadline=None, max_examples=100)
@given(st.text(min_size=3, max_size=40))
def test_no_reference_shows_in_a_uid(patient: str) -> None:
    # Hexadecimal digits come up by chance.
    reference = f"{patient}-Müller"
    found = Identity("Dr. A", reference, "hair", 1).uid(1)
    assert reference not in found
    assert set(found) <= set("0123456789abcdef-")


def test_the_uids_stay_those_of_the_files_already_out() -> None:
    """A fixed value: were the rule changed, every calendar would show each session twice."""
    assert Identity("", "P1", "hair", 1).uid(1) == "838e0249-6229-5fe9-b094-a6f1bfcd4583"
    assert Identity("", "P1", "hair", 1).uid(2) == "37445209-9a58-5409-af1b-6eea79c6a59a"
    course = plan(2, name="").course
    care = {
        moment.key for moment in moments(course.regimen.care, plan(2).booked[0].slot, [Side.BEFORE])
    }
    assert care == {"before 2 weeks", "before 36 hours", "before undated"}
    assert (
        Identity("", "P1", "hair", 1).uid(1, "before 2 weeks")
        == "b44094c3-e438-567a-b81f-9d02f56d14c5"
    )
    assert Identity("", "P1", "hair", 1).review_uid(1) == "0703eea9-c003-5544-b5cf-b052e1b5d1ff"


def test_a_course_knows_its_own_uids_of_both_audiences_and_of_longer_plans() -> None:
    known = own_uids(identity_of(plan(4), ""))
    assert {*uids(plan(12)), *uids(plan(12), "patient")} <= known
    reviews = {each.uid for each in file_of(plan(12)).parts if each.kind is Kind.REVIEW}
    assert len(reviews) == 2
    assert reviews <= known
    assert not known & set(all_uids(plan(12, number=2)))


# ---- Updates -------------------------------------------------------------------------------------


def test_a_new_plan_starts_at_sequence_0_with_one_stamp() -> None:
    stamp = "20260921T141320Z"
    assert {stamps(event) for event in events(file_of(plan()))} == {(stamp, "0", stamp, stamp)}


CHANGES: dict[str, Callable[[], Plan]] = {
    "dates": lambda: plan(start=date(2027, 1, 6)),
    "time": lambda: plan(at=615),
    "length": lambda: plan(length=45),
    "reminders": lambda: plan(reminders=(1440,)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_event_has_the_next_sequence_and_the_new_stamp(change: str) -> None:
    again = rewritten(CHANGES[change](), file_of(plan()), LATER)
    created, modified = "20260921T141320Z", "20260924T141320Z"
    mine = [event for event in events(again) if event.kind == SESSION]
    assert {stamps(event) for event in mine} == {(modified, "1", created, modified)}


@pytest.mark.parametrize("audience", ["", "clinic", "patient"])
def test_an_event_that_did_not_change_keeps_every_byte(audience: str) -> None:
    first = file_of(plan(4), audience)
    again = rewritten(plan(4, start=date(2027, 1, 5)), first, LATER, audience)
    assert to_ics(again) == to_ics(first)


def test_only_what_changed_says_so() -> None:
    first = plan(4)
    moved = first.booked[3]._replace(
        start=first.booked[3].start + timedelta(hours=2),
        end=first.booked[3].end + timedelta(hours=2),
    )
    second = first._replace(booked=(*first.booked[:3], moved))
    before, after = (
        {event.value("UID"): event for event in events(file)}
        for file in (file_of(first), rewritten(second, file_of(first), LATER))
    )
    assert set(after) == set(before)
    last = uids(first)[3]
    for uid, event in after.items():
        is_its = uid == last or (event.kind == CARE and event.value("RELATED-TO") == last)
        assert event.value("SEQUENCE") == ("1" if is_its else "0")
        assert (event == before[uid]) is not is_its


def test_a_moment_told_in_another_zone_is_no_change_of_the_sequence_of_an_event() -> None:
    """Winter in Berlin is the same time as in Rome."""
    first = file_of(plan(2))
    elsewhere = replace(
        first,
        events=tuple(
            replace(
                event,
                start=event.start.astimezone(load_zone("Europe/Rome")),
                end=event.end.astimezone(load_zone("Europe/Rome")),
            )
            for event in first.events
        ),
    )
    assert [event.sequence for event in updated(first, elsewhere, LATER).events] == [0, 0]


def test_a_session_that_the_new_plan_lacks_stays_cancelled() -> None:
    kept, gone = plan(2), plan(4)
    former = {event.value("UID"): event for event in events(file_of(gone))}
    after = {event.value("UID"): event for event in events(rewritten(kept, file_of(gone), LATER))}
    assert set(after) == set(former)
    dropped = [uid for uid in former if uid not in all_uids(kept)]
    assert len(dropped) == 2 * (1 + 4)
    for uid, before in former.items():
        event = after[uid]
        assert event.is_cancelled is (uid in dropped)
        if uid not in dropped:
            continue
        assert event.value("TRANSP") == "TRANSPARENT"
        assert event.text("SUMMARY") == f"Cancelled: {before.text('SUMMARY')}"
        assert not event.components
        assert stamps(event) == ("20260924T141320Z", "1", "20260921T141320Z", "20260924T141320Z")
        assert event.moment("DTSTART") == before.moment("DTSTART")


def test_a_cancelled_session_is_cancelled_once() -> None:
    once = rewritten(plan(2), file_of(plan(4)), LATER)
    twice = rewritten(plan(2), once, LATEST)
    assert to_ics(twice) == to_ics(once)


def test_a_cancelled_session_that_is_planned_again_comes_back() -> None:
    once = rewritten(plan(2), file_of(plan(4)), LATER)
    every = events(rewritten(plan(4), once, LATEST))
    assert {event.value("STATUS") for event in every} == {"CONFIRMED"}
    back = [event for event in every if event.kind == SESSION]
    assert len(back) == 4
    # The first two changed with their "of 2" and back.
    assert [event.value("SEQUENCE") for event in back] == ["2"] * 4
    assert [event.text("SUMMARY") for event in back] == [f"P1 ({n}/4)" for n in range(1, 5)]
    assert all(event.components for event in back)


def test_the_next_course_does_not_touch_the_one_before() -> None:
    other = updated(file_of(plan(2, number=2)), reread(file_of(plan(2, number=2))), LATER)
    assert not set(all_uids(plan(2))) & {event.uid for event in other.everything}


def said(event: Component) -> list[tuple[str, str]]:
    """All that an event says of its session: the record of the course is the file's."""
    told = [(each.name, each.value) for each in event.properties]
    told += [(each.name, each.value) for alarm in event.components for each in alarm.properties]
    return [each for each in told if each[0] not in (*STAMPS, "X-MESO-SCHED-COURSE")]


ANY_PLAN = st.builds(
    plan,
    st.integers(1, 6),
    start=st.dates(date(2027, 1, 1), date(2027, 1, 4)),
    every=st.sampled_from(("1 week", "10 days", "1 month")),
    at=st.sampled_from((600, 615, 900)),
    keep=st.sampled_from(Keep),
    reminders=st.sampled_from(((), (60,), (60, 2880))),
    cared=st.booleans(),
)


@settings(deadline=None, max_examples=60)
@given(ANY_PLAN, ANY_PLAN)
def test_whatever_the_plans_an_update_keeps_its_rules(first: Plan, second: Plan) -> None:
    former = file_of(first)
    once = rewritten(second, former, LATER)
    known = {event.value("UID"): event for event in events(former)}
    for event in events(once):
        before = known.get(event.value("UID"))
        if before is None:
            assert stamps(event) == ("20260924T141320Z", "0", *["20260924T141320Z"] * 2)
        elif said(event) == said(before):
            assert stamps(event) == stamps(before)
        else:
            assert int(event.value("SEQUENCE")) == int(before.value("SEQUENCE")) + 1
            assert event.value("DTSTAMP") == event.value("LAST-MODIFIED") == "20260924T141320Z"
            assert event.value("CREATED") == before.value("CREATED")
    assert set(known) <= {event.uid for event in once.everything}
    assert to_ics(rewritten(second, once, LATEST)) == to_ics(once)


# ---- Whose course a file holds -------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["", "clinic", "patient"])
@pytest.mark.parametrize("patient", ["P1", None, "O'Brien,\r\nAnn; \\n 👩\u200d⚕\ufe0f"], ids=ascii)
def test_a_file_says_whose_course_it_is(audience: str, patient: str | None) -> None:
    made = plan(patient=patient)
    read = reread(file_of(made, audience))
    identity = identity_of(made, audience)
    assert read.holds(identity)
    assert not read.holds(replace(identity, number=2))


def test_the_patients_copy_tells_neither_the_reference_nor_anything_clinical() -> None:
    data = to_ics(file_of(plan(patient="SECRETREF"), "patient")).decode()
    for word in ("SECRETREF", "hair", "Hair", "weekly", "1 week", "Gout", "1-4 mm", "Examine"):
        assert word not in data.replace("\r\n ", "")


def test_a_session_of_another_course_is_not_read_as_one_of_this() -> None:
    other = to_ics(file_of(plan(2, number=2))).decode()
    assert from_ics(other, "a.ics", identity_of(plan(2), "")).everything == ()


# ---- Text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\n\nb", "a\n\nb"),
        ("a\r\r\nb", "a\n\nb"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("a\n", "a\n"),
        ("a\r", "a\n"),
        ("a\r\n", "a\n"),
        ("\na", "\na"),
        ("", ""),
        ("a\tb", "a\tb"),
        ("a\x00\x08\x1b\x7f\x9fb", "ab"),
        ("a\ud800b", "ab"),
        (
            "👩\u200d⚕\ufe0f \u202bمريض\u202c é e\u0301",
            "👩\u200d⚕\ufe0f \u202bمريض\u202c é e\u0301",
        ),
    ],
    ids=ascii,
)
def test_plain_text_has_line_feeds_only_and_no_controls(text: str, held: str) -> None:
    assert plain(text) == held


@given(st.text())
def test_text_that_is_plain_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)
