"""The room and the practitioner of an appointment: kept, told, and dropped where it moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_stored import (
    CARED,
    CLINICS,
    PATIENTS,
    PLACE,
    PROGRAMS,
    STAMP,
    at,
    edited,
    plan,
    read,
    revised,
    stripped,
    text_of,
    with_lines,
)

from meso_sched.core.booked import Status
from meso_sched.core.clinic import Limits
from meso_sched.core.plan import Plan
from meso_sched.core.revising import RevisionRequest, revise
from meso_sched.core.telling import Told
from meso_sched.exchange.editions import CareForm, Edition
from meso_sched.exchange.event_words import read_description, read_review_description
from meso_sched.exchange.events import course_file
from meso_sched.exchange.stored import read_course

PLAIN = Edition()


def taken(made: Plan, room: str = "Blue", practitioner: str = "Dr. Ada") -> Plan:
    """The plan with a room and a practitioner for every appointment."""
    return made._replace(
        booked=tuple(each._replace(room=room, practitioner=practitioner) for each in made.booked),
        reviews=tuple(each._replace(room=room, practitioner=practitioner) for each in made.reviews),
    )


def places(made: Plan) -> list[tuple[str, str]]:
    """Room and practitioner of every appointment."""
    sessions = [(each.room, each.practitioner) for each in made.booked]
    return sessions + [(each.room, each.practitioner) for each in made.reviews]


# ---- In the file ---------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", [PLAIN, CLINICS], ids=["plain", "clinic"])
def test_the_clinic_reads_where_and_with_whom(edition: Edition) -> None:
    file = course_file(taken(plan(template=CARED)), edition, STAMP)
    appointments = [each for each in file.everything if each.kind.value != "CARE"]
    assert len(appointments) == 8
    for event in appointments:
        assert event.location == "Blue"
        assert "\nRoom: Blue\nPractitioner: Dr. Ada" in event.description


def test_the_patients_copy_tells_neither() -> None:
    made = plan(template=CARED)
    assert text_of(taken(made), PATIENTS) == text_of(made, PATIENTS)


@pytest.mark.parametrize("edition", [PLAIN, CLINICS, PATIENTS], ids=["plain", "clinic", "patient"])
def test_without_them_not_a_byte_of_a_file_tells_of_them(edition: Edition) -> None:
    text = text_of(plan(template=CARED), edition)
    assert '"room"' not in text
    assert '"practitioner"' not in text
    assert ("LOCATION" in text) is edition.is_patients


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)
def test_they_are_read_back_whatever_a_program_did_to_the_file(
    program: Callable[[str], str],
) -> None:
    made = taken(plan(template=CARED), "Blue; \\ 2", "O'Brien, Ann")
    found = read(program(text_of(made)))
    assert (found.found, places(found.current)) == ((), places(made))


def test_the_words_alone_tell_them() -> None:
    made = taken(plan(template=CARED))
    found = read_course(stripped(text_of(made)), "a.ics", PLACE, ["sample"])
    assert found.stripped
    assert places(found.current) == places(made)
    assert [each.why for each in found.current.booked] == [each.why for each in made.booked]


names = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1)


@settings(deadline=None)
@given(room=names, practitioner=names)
def test_any_name_is_read_back_from_the_words(room: str, practitioner: str) -> None:
    file = course_file(taken(plan(template=CARED), room, practitioner), PLAIN, STAMP)
    session = read_description(file.events[0].description)
    assert session is not None
    assert (session.room, session.practitioner, session.why) == (room, practitioner, ())
    review = next(each for each in file.parts if each.kind.value == "REVIEW")
    told = read_review_description(review.description)
    assert (told.room, told.practitioner) == (room, practitioner)


def test_lines_of_a_name_are_told_as_one_line() -> None:
    event = course_file(taken(plan(), "Blue\nroom", "Dr.\nAda"), PLAIN, STAMP).events[0]
    assert event.location == "Blue, room"
    assert "\nRoom: Blue room\nPractitioner: Dr. Ada" in event.description


# ---- Where an appointment goes elsewhere ---------------------------------------------------------


def dragged(text: str, event: int, start: datetime) -> str:
    """The file with the so manieth event at another time."""
    end = start + timedelta(minutes=45)
    return edited(
        text,
        event,
        with_lines(
            DTSTART=f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S}",
            DTEND=f"DTEND;TZID=Europe/Berlin:{end:%Y%m%dT%H%M%S}",
        ),
    )


def test_a_session_moved_in_a_calendar_has_neither_and_the_others_keep_theirs() -> None:
    made = taken(plan())
    found = read(dragged(text_of(made), 3, at(19, 12)))
    assert [each.number for each in found.current.booked if not each.room] == [3]
    assert [each.number for each in found.current.booked if not each.practitioner] == [3]
    assert places(found.recorded) == places(made)


def test_a_review_moved_in_a_calendar_has_neither() -> None:
    made = taken(plan(template=CARED))
    text = text_of(made, Edition(care=CareForm.NONE))
    last = len(made.booked) + len(made.reviews)
    found = read(dragged(text, last, at(1, 15, month=9)))
    assert [each.room for each in found.current.booked] == ["Blue"] * 6
    assert [each.room for each in found.current.reviews] == ["Blue", ""]


def wall(day: int, hour: int) -> datetime:
    """A time of January as the desk types it."""
    return at(day, hour).replace(tzinfo=None)


def told(made: Plan, what: Told, limits: Limits | None = None) -> Plan:
    """What ``revise`` makes of a course, on the day before it begins."""
    asked = made if limits is None else made._replace(limits=limits)
    now = at(4, 12)
    return revise(RevisionRequest(asked, made, what, now, anew=limits is not None)).plan


def kept(before: Plan, after: Plan) -> None:
    """Hold that just the appointments that stay have their room and their practitioner."""
    for group in ("booked", "reviews"):
        former = {each.number: each for each in getattr(before, group)}
        for each in getattr(after, group):
            same = each.number in former and former[each.number].slot == each.slot
            assert (each.room, each.practitioner) == (("Blue", "Dr. Ada") if same else ("", ""))


def test_a_session_that_is_moved_has_neither() -> None:
    made = taken(plan(template=CARED))
    after = told(made, Told(moved={2: wall(12, 15)}))
    kept(made, after)
    assert [each.number for each in after.booked if not each.room] == [2]


def test_sessions_that_give_way_have_neither_and_those_before_keep_theirs() -> None:
    made = taken(plan(template=CARED))
    after = told(made, Told(moved={3: wall(27, 10)}))
    kept(made, after)
    assert [each.room for each in after.booked[:2]] == ["Blue", "Blue"]
    assert {each.room for each in after.booked[2:]} == {""}


def test_a_session_that_is_done_where_it_was_booked_keeps_both() -> None:
    made = taken(plan(template=CARED))
    now = at(5, 18)
    after = revise(RevisionRequest(made, made, Told(done={1: None}), now)).plan
    assert after.booked[0].status is Status.FULFILLED
    assert places(after) == places(made)


def test_under_other_limits_just_what_stays_keeps_them() -> None:
    made = taken(plan(template=CARED))
    after = told(made, Told(), Limits(preferred=660))
    kept(made, after)
    assert {each.room for each in after.booked} == {""}
    same = told(made, Told(), made.limits._replace(weekdays=frozenset(range(7))))
    assert places(same) == places(made)


def test_a_revision_writes_the_room_of_a_moved_session_out_of_its_event() -> None:
    made = taken(plan())
    text = text_of(made)

    def change(known: Plan) -> Plan:
        return told(known._replace(clinic=PLACE), Told(moved={2: wall(12, 15)}))

    again = revised(text, change)
    assert text.count("LOCATION:Blue") == 6
    assert again.count("LOCATION:Blue") == 5
    assert read(again).found == ()
    assert [each.number for each in read(again).current.booked if not each.room] == [2]
