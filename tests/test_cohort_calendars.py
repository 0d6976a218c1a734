"""The folder of a cohort: courses, rooms and practitioners tell the same, and nothing is lost."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import pytest
import vobject
from building import HAIR, cared_for, clinic, week
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_ical import CARE, Component, judged
from running import Desk
from test_files import room_for

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.clinic import Clinic, Limits, Practitioner
from meso_sched.core.cohort import Entry, PlacedCourse
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.errors import FileError, NoCourseError
from meso_sched.exchange.busy import BusyRequest, read_busy
from meso_sched.exchange.cohort_folder import CohortOrder, WrittenCohort, write_cohort
from meso_sched.exchange.course_files import find_courses
from meso_sched.exchange.editions import CLINIC, PATIENT, CareForm, Edition
from meso_sched.exchange.events import course_file, identity_of, own_uids
from meso_sched.exchange.files import TEMPORARY
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.stored import read_course
from meso_sched.exchange.updating import updated
from meso_sched.exchange.zones import load_zone

STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
LATER = STAMP + timedelta(days=3)
ZONE = "Europe/Berlin"
REGIMEN = cared_for(HAIR)
PLACE = replace(
    clinic(week("08:00-20:00", range(7)), zone=load_zone(ZONE)),
    reminders=(60,),
    rooms=("Blue", "Red"),
    practitioners=(Practitioner("Dr. Ada"), Practitioner("Bo")),
)
PLAIN = Edition()


class Course(NamedTuple):
    """A placed course of the list."""

    placed: PlacedCourse
    plan: Plan

    def with_sessions(self, *changed: BookedSession) -> Course:
        """With other sessions in the place of those of their numbers."""
        known = {each.number: each for each in (*self.plan.booked, *changed)}
        return self.with_booked(known[number] for number in sorted(known))

    def with_booked(self, booked: Iterable[BookedSession]) -> Course:
        """With just these sessions."""
        told = tuple(booked)
        return Course(
            self.placed._replace(booked=told),
            self.plan._replace(booked=told),
        )

    def session(self, number: int) -> BookedSession:
        """One of its sessions."""
        return next(each for each in self.plan.booked if each.number == number)


def course(
    patient: str = "P1",
    minute: int = 600,
    *,
    room: str = "Blue",
    practitioner: str = "Dr. Ada",
    place: Clinic = PLACE,
    start: date = date(2027, 3, 2),
) -> Course:
    """Four weekly sessions, two more and three a month apart, with two reviews, over a spring."""
    made = make_plan(
        PlanRequest(
            make_course(REGIMEN, Choices(), start=start, patient=patient),
            place,
            time(8),
            Limits(preferred=minute),
        )
    )
    booked = tuple(each._replace(room=room, practitioner=practitioner) for each in made.booked)
    reviews: tuple[BookedReview, ...] = tuple(
        each._replace(room=room, practitioner="Bo") for each in made.reviews
    )
    plan = made._replace(booked=booked, reviews=reviews)
    return Course(PlacedCourse(Entry(plan.course), booked, reviews=reviews), plan)


def three() -> list[Course]:
    """Two courses that share the blue room, and one in the red one."""
    return [
        course("P1", 600),
        course("P2", 660),
        course("P3", 600, room="Red", practitioner="Bo"),
    ]


def write(
    folder: Path,
    courses: Sequence[Course],
    *,
    stamp: datetime = STAMP,
    edition: Edition = PLAIN,
    by_clinic: bool = False,
) -> WrittenCohort:
    known = [identity_of(each.plan, "") for each in courses]
    return write_cohort(CohortOrder(folder, known, stamp, edition, by_clinic), iter(courses))


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too, with what they hold."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def calendars(folder: Path) -> list[str]:
    return [name for name in files(folder) if name.endswith(".ics")]


def stats(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        name: (found.st_ino, found.st_mtime_ns)
        for name in files(folder)
        if (found := (folder / name).stat())
    }


def events(path: Path) -> dict[str, Component]:
    """The events of a file that the judge has nothing against, by their UIDs."""
    return {each.value("UID"): each for each in judged(path.read_bytes()).inside("VEVENT")}


def appointments(path: Path) -> dict[str, Component]:
    return {uid: each for uid, each in events(path).items() if each.kind != CARE}


SHARED = (
    *("UID", "SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND"),
    *("SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "CLASS", "TRANSP", "CATEGORIES"),
)


def told(event: Component) -> list[Any]:
    return [event.one(name) for name in SHARED]


# ---- What is written -----------------------------------------------------------------------------

EDITIONS = {
    "plain": PLAIN,
    "without care": Edition(care=CareForm.NONE),
    "care as alarms": Edition(care=CareForm.ALARMS),
    "the clinic's, in Turkish": Edition(CLINIC, "tr"),
}


@pytest.mark.parametrize("edition", EDITIONS)
def test_each_course_is_written_as_the_plan_command_writes_it(tmp_path: Path, edition: str) -> None:
    courses = three()
    write(tmp_path / "out", courses, edition=EDITIONS[edition])
    for each in courses:
        path = tmp_path / "out" / "patients" / f"{each.plan.course.patient}-sample-1.ics"
        assert path.read_bytes() == to_ics(course_file(each.plan, EDITIONS[edition], STAMP))


@pytest.mark.parametrize("edition", EDITIONS)
def test_rooms_and_practitioners_have_the_same_events_as_the_patients(
    tmp_path: Path, edition: str
) -> None:
    courses = three()
    written = write(tmp_path, courses, edition=EDITIONS[edition])
    assert calendars(tmp_path) == [
        *("patients/P1-sample-1.ics", "patients/P2-sample-1.ics", "patients/P3-sample-1.ics"),
        *("practitioners/Bo.ics", "practitioners/Dr. Ada.ics"),
        *("rooms/Blue.ics", "rooms/Red.ics"),
    ]
    names = ["P1-sample-1.ics", "P2-sample-1.ics", "P3-sample-1.ics"]
    paths = tuple(tmp_path / "patients" / name for name in names)
    assert written == WrittenCohort(7, 0, courses=paths)
    of_patients = {
        uid: each
        for path in (tmp_path / "patients").iterdir()
        for uid, each in appointments(path).items()
    }
    for folder, name in (("rooms", "room"), ("practitioners", "practitioner")):
        shared = {path.stem: events(path) for path in (tmp_path / folder).iterdir()}
        for each in courses:
            identity = identity_of(each.plan, "")
            for session in each.plan.booked:
                assert identity.uid(session.number) in shared[getattr(session, name)]
            for review in each.plan.reviews:
                assert identity.review_uid(review.number) in shared[getattr(review, name)]
        everything = [found for calendar in shared.values() for found in calendar.items()]
        assert len(everything) == len(of_patients) == 3 * (9 + 2)
        for uid, event in everything:
            assert told(event) == told(of_patients[uid])


def test_a_room_has_reminders_and_nothing_that_is_a_courses_own(tmp_path: Path) -> None:
    write(tmp_path, three(), edition=Edition(care=CareForm.ALARMS))
    for folder in ("rooms", "practitioners"):
        for path in (tmp_path / folder).iterdir():
            text = path.read_text()
            assert "X-MESO-SCHED-SESSION" not in text
            assert "X-MESO-SCHED-COURSE" not in text
            for event in events(path).values():
                assert [each.value("TRIGGER") for each in event.inside("VALARM")] == ["-PT1H"]


def test_other_programs_read_a_room(tmp_path: Path) -> None:
    write(tmp_path, three())
    text = (tmp_path / "rooms" / "Blue.ics").read_text()
    by_icalendar: Any = icalendar.Calendar.from_ical(text)
    by_vobject: Any = vobject.readOne(text)
    found = [(str(each["UID"]), each["DTSTART"].dt.astimezone(UTC)) for each in by_icalendar.events]
    assert found == [
        (each.uid.value, each.dtstart.value.astimezone(UTC)) for each in by_vobject.vevent_list
    ]
    assert found == sorted(found, key=lambda each: (each[1], each[0]))
    assert len(found) == 2 * 11
    assert str(by_icalendar["X-WR-CALNAME"]) == "Room Blue"


def test_only_its_owner_reads_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "out", three())
    for path in ((tmp_path / "out"), *(tmp_path / "out").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_without_rooms_and_people_there_are_patients_alone(tmp_path: Path) -> None:
    bare = course(room="", practitioner="")
    bare = Course(bare.placed, bare.plan._replace(reviews=()))
    write(tmp_path, [bare])
    assert os.listdir(tmp_path) == ["patients"]


def test_a_course_without_a_place_gets_no_file(tmp_path: Path) -> None:
    lost = course("P2").with_booked(())
    write(tmp_path, [course(room="", practitioner=""), lost])
    assert os.listdir(tmp_path / "patients") == ["P1-sample-1.ics"]


def test_a_session_without_a_place_is_left_out_of_the_file(tmp_path: Path) -> None:
    made = course()
    write(tmp_path, [made.with_booked(each for each in made.plan.booked if each.number != 5)])
    path = tmp_path / "patients" / "P1-sample-1.ics"
    uid = identity_of(made.plan, "").uid
    assert uid(5) not in events(path)
    assert events(path)[uid(6)].text("SUMMARY") == "P1 (6/9)"


def test_with_several_clinics_their_names_come_first(tmp_path: Path) -> None:
    north, south = (replace(PLACE, name=name) for name in ("North", "South"))
    write(tmp_path, [course(place=north), course(place=south)], by_clinic=True)
    assert calendars(tmp_path) == [
        *("patients/North-P1-sample-1.ics", "patients/South-P1-sample-1.ics"),
        *("practitioners/North - Bo.ics", "practitioners/North - Dr. Ada.ics"),
        *("practitioners/South - Bo.ics", "practitioners/South - Dr. Ada.ics"),
        *("rooms/North - Blue.ics", "rooms/South - Blue.ics"),
    ]
    assert len(events(tmp_path / "rooms" / "North - Blue.ics")) == 11


def test_the_patients_copy_is_not_written() -> None:
    with pytest.raises(ValueError, match="tells no room"):
        write(Path(), [], edition=Edition(PATIENT))


# ---- Read by the rest of the tool ----------------------------------------------------------------


@pytest.mark.parametrize(("path", "what"), [("rooms/Blue", "room"), ("practitioners/Bo", "pract")])
def test_a_room_is_no_course_and_says_so(tmp_path: Path, path: str, what: str) -> None:
    write(tmp_path, three())
    text = (tmp_path / f"{path}.ics").read_text()
    with pytest.raises(NoCourseError, match=f"a.ics: is the calendar of a {what}.*patients/"):
        read_course(text, "a.ics", PLACE, ["sample"])


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


ON_A_ROOM = {
    "revise": (3, ("revise", "out/rooms/Blue.ics", "--done", "1")),
    "agenda": (3, ("agenda", "out/rooms/Blue.ics")),
    "plan": (2, ("plan", "hair", "--start", "2027-03-02", "-o", "out/rooms/Blue.ics")),
}


@pytest.mark.parametrize("command", ON_A_ROOM)
def test_a_command_that_is_given_a_room_says_what_to_name_and_leaves_it(
    desk: Desk, command: str
) -> None:
    code, args = ON_A_ROOM[command]
    write(desk.folder / "out", three())
    before = desk.files()
    result = desk.run(*args)
    assert result.code == code
    assert "out/rooms/Blue.ics: is the calendar of a room" in result.err
    assert "name a patient's own file" in result.err
    assert desk.files() == before


def test_the_courses_of_a_folder_are_found_once_and_its_rooms_are_other_calendars(
    tmp_path: Path,
) -> None:
    write(tmp_path, three())
    found = find_courses([tmp_path], PLACE, ["sample"])
    assert [each.patient for each in found.courses] == ["P1", "P2", "P3"]
    assert (found.warnings, found.broken, found.others) == ((), (), 4)


def test_an_emptied_room_is_no_course_either(tmp_path: Path) -> None:
    write(tmp_path, three())
    write(tmp_path, three()[:2])
    assert find_courses([tmp_path / "rooms"], PLACE, ["sample"]).others == 2


def test_a_folder_takes_a_sessions_time_once_and_none_from_its_own_course(tmp_path: Path) -> None:
    courses = three()
    write(tmp_path, courses)

    def busy(folder: Path, **more: Any) -> Any:  # noqa: ANN401 - sorted intervals
        days = date(2027, 1, 1), date(2028, 1, 1)
        return read_busy(BusyRequest((str(folder),), PLACE.zone, *days, **more)).intervals

    assert busy(tmp_path) == busy(tmp_path / "patients")
    own = own_uids(identity_of(courses[0].plan, ""))
    without = busy(tmp_path, ignore_uids=own)
    write(tmp_path / "others", courses[1:])
    assert without == busy(tmp_path / "others" / "patients")


# ---- A second run --------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_second_run_touches_no_file(tmp_path: Path, edition: str) -> None:
    write(tmp_path, three(), edition=EDITIONS[edition])
    before = stats(tmp_path)
    written = write(tmp_path, three()[::-1], stamp=LATER, edition=EDITIONS[edition])
    assert stats(tmp_path) == before
    assert (written.written, written.unchanged, written.stale) == (0, 7, ())


def test_one_session_that_moves_changes_just_its_event_wherever_it_stands(tmp_path: Path) -> None:
    courses = three()
    write(tmp_path, courses, edition=Edition(care=CareForm.NONE))
    before = files(tmp_path)
    old = courses[0].session(3)
    hour = timedelta(hours=2)
    courses[0] = courses[0].with_sessions(old._replace(start=old.start + hour, end=old.end + hour))
    written = write(tmp_path, courses, stamp=LATER, edition=Edition(care=CareForm.NONE))
    after = files(tmp_path)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        *("patients/P1-sample-1.ics", "patients/P1-sample-1.ics~"),
        *("practitioners/Dr. Ada.ics", "rooms/Blue.ics"),
    }
    assert (written.written, written.unchanged) == (3, 4)
    uid = identity_of(courses[0].plan, "").uid(3)
    for name in changed - {"patients/P1-sample-1.ics~"}:
        new = {each.value("UID"): each for each in judged(after[name]).inside("VEVENT")}
        former = {each.value("UID"): each for each in judged(before[name]).inside("VEVENT")}
        assert [key for key in new if told(new[key]) != told(former[key])] == [uid]
        assert new[uid].value("SEQUENCE") == "1"
        assert new[uid].moment("DTSTART") == old.start + hour


def test_a_session_in_another_room_is_in_that_rooms_calendar_alone(tmp_path: Path) -> None:
    courses = three()
    write(tmp_path, courses)
    courses[0] = courses[0].with_sessions(courses[0].session(3)._replace(room="Red"))
    write(tmp_path, courses, stamp=LATER)
    uid = identity_of(courses[0].plan, "").uid(3)
    assert uid not in events(tmp_path / "rooms" / "Blue.ics")
    red = events(tmp_path / "rooms" / "Red.ics")[uid]
    assert (red.text("LOCATION"), red.value("SEQUENCE")) == ("Red", "1")
    assert "\nRoom: Red\nPractitioner: Dr. Ada\n" in red.text("DESCRIPTION")


def test_a_room_that_nobody_uses_any_more_is_emptied_once(tmp_path: Path) -> None:
    write(tmp_path, three())
    red = tmp_path / "rooms" / "Red.ics"
    assert events(red)
    written = write(tmp_path, three()[:2], stamp=LATER)
    calendar: Any = icalendar.Calendar.from_ical(red.read_bytes())
    assert list(calendar.events) == []
    assert str(calendar["X-WR-CALNAME"]) == "Room Red"
    assert written.stale == ("patients/P3-sample-1.ics",)
    before = stats(tmp_path)
    write(tmp_path, three()[:2], stamp=LATER + timedelta(days=400))
    assert stats(tmp_path) == before


def test_a_room_that_the_clinic_no_longer_has_is_emptied_too(tmp_path: Path) -> None:
    write(tmp_path, three())
    smaller = replace(PLACE, rooms=("Blue",))
    write(tmp_path, [course(place=smaller)], stamp=LATER)
    assert b"BEGIN:VEVENT" not in (tmp_path / "rooms" / "Red.ics").read_bytes()


def test_what_is_not_of_this_run_is_named_and_left(tmp_path: Path) -> None:
    write(tmp_path, three())
    (tmp_path / "rooms" / "Copy of Blue.ics").write_bytes(
        (tmp_path / "rooms" / "Blue.ics").read_bytes()
    )
    (tmp_path / "patients" / "notes.ics").write_bytes(b"mine")
    (tmp_path / "patients" / "notes.txt").write_bytes(b"mine")
    before = files(tmp_path)
    written = write(tmp_path, three(), stamp=LATER)
    assert written.stale == ("patients/notes.ics", "rooms/Copy of Blue.ics")
    assert files(tmp_path) == before


def test_a_session_that_finds_no_place_any_more_is_called_off_where_it_stood(
    tmp_path: Path,
) -> None:
    made = course()
    write(tmp_path, [made])
    left = made.with_booked(each for each in made.plan.booked if each.number != 5)
    write(tmp_path, [left], stamp=LATER)
    uid = identity_of(made.plan, "").uid(5)
    for path in ("patients/P1-sample-1.ics", "rooms/Blue.ics", "practitioners/Dr. Ada.ics"):
        event = events(tmp_path / path)[uid]
        assert (event.value("STATUS"), event.value("SEQUENCE")) == ("CANCELLED", "1")


# ---- What people did in the files ----------------------------------------------------------------


def rewritten(path: Path, change: Callable[[Plan], Plan]) -> Plan:
    """The course of a file, changed and written back, as ``revise`` does it."""
    stored = read_course(path.read_text(), str(path), PLACE, ["sample"])
    plan = change(stored.current)
    base = course_file(stored.recorded, stored.edition, LATER)
    new = updated(course_file(plan, stored.edition, LATER), stored.file, LATER, base)
    path.write_bytes(to_ics(new))
    return plan


def with_status(number: int, status: Status) -> Callable[[Plan], Plan]:
    def change(plan: Plan) -> Plan:
        booked = [
            each._replace(status=status) if each.number == number else each for each in plan.booked
        ]
        return plan._replace(booked=tuple(booked))

    return change


@pytest.mark.parametrize("status", [Status.FULFILLED, Status.NOSHOW])
def test_what_was_told_of_a_session_stays_where_the_plan_lacks_it(
    tmp_path: Path, status: Status
) -> None:
    made = course()
    write(tmp_path, [made])
    path = tmp_path / "patients" / "P1-sample-1.ics"
    rewritten(path, with_status(1, status))
    before = path.read_bytes()
    left = made.with_booked(each for each in made.plan.booked if each.number != 1)
    write(tmp_path, [left], stamp=LATER)
    assert path.read_bytes() == before
    uid = identity_of(made.plan, "").uid(1)
    room = events(tmp_path / "rooms" / "Blue.ics")[uid]
    assert room.text("SUMMARY") == f"{status.word.capitalize()}: P1 (1/9)"


def test_what_was_told_and_is_kept_in_the_plan_stays(tmp_path: Path) -> None:
    made = course()
    write(tmp_path, [made])
    path = tmp_path / "patients" / "P1-sample-1.ics"
    plan = rewritten(path, with_status(1, Status.FULFILLED))
    before = path.read_bytes()
    write(tmp_path, [made.with_sessions(plan.booked[0])], stamp=LATER)
    assert path.read_bytes() == before


def by_hand(plan: Plan) -> Plan:
    first, *rest = plan.booked
    hour = timedelta(hours=3)
    moved = first._replace(start=first.start + hour, end=first.end + hour, by_hand=True)
    return plan._replace(booked=(moved, *rest))


TOLD: dict[str, Callable[[Plan], Plan]] = {
    "is done": with_status(1, Status.FULFILLED),
    "is missed": with_status(1, Status.NOSHOW),
    "is chosen by hand": by_hand,
}


@pytest.mark.parametrize("words", TOLD)
def test_a_plan_that_has_it_otherwise_leaves_the_file_and_says_so(
    tmp_path: Path, words: str
) -> None:
    write(tmp_path, three())
    path = tmp_path / "patients" / "P1-sample-1.ics"
    rewritten(path, TOLD[words])
    before = path.read_bytes()
    others = three()[1:]
    others[0] = others[0].with_booked(others[0].plan.booked[:-1])
    with pytest.raises(FileError) as raised:
        write(tmp_path, [course(), *others], stamp=LATER)
    first, last = str(raised.value).split("\n")
    assert first.startswith(f"{path}: session 1 {words} there (Tue 2 Mar 2027 at ")
    assert "--keep-booked" in first
    assert last == f"{tmp_path}: is written but for 1 file"
    assert path.read_bytes() == before
    uid = identity_of(others[0].plan, "").uid(9)
    assert events(tmp_path / "patients" / "P2-sample-1.ics")[uid].is_cancelled


def test_a_persons_own_words_stand_in_the_room_too(tmp_path: Path) -> None:
    write(tmp_path, three())
    path = tmp_path / "patients" / "P1-sample-1.ics"
    own = path.read_bytes().replace(b"SUMMARY:P1 (2/9)", b"SUMMARY:P1\\, bring photos")
    path.write_bytes(own)
    write(tmp_path, three(), stamp=LATER)
    assert path.read_bytes() == own
    uid = identity_of(course().plan, "").uid(2)
    assert events(tmp_path / "rooms" / "Blue.ics")[uid].text("SUMMARY") == "P1, bring photos"


def test_a_file_that_a_program_has_put_into_another_zone_is_in_the_rooms_own(
    tmp_path: Path,
) -> None:
    write(tmp_path, three())
    path, room = tmp_path / "patients" / "P1-sample-1.ics", tmp_path / "rooms" / "Blue.ics"
    before = room.read_bytes()
    text = path.read_text()
    path.write_text(text.replace(f"TZID={ZONE}", "TZID=Own").replace(f"TZID:{ZONE}", "TZID:Own"))
    write(tmp_path, three(), stamp=LATER)
    assert room.read_bytes() == before


# ---- What is in the way --------------------------------------------------------------------------

NAME = "P1-sample-1.ics"


def other_course(path: Path) -> None:
    path.write_bytes(to_ics(course_file(course("P9").plan, PLAIN, STAMP)))


def patients_copy(path: Path) -> None:
    path.write_bytes(to_ics(course_file(course().plan, Edition(PATIENT), STAMP)))


IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "another course": other_course,
    "the patient's copy": patients_copy,
    "a text": lambda path: path.write_bytes(b"notes"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "half a calendar": lambda path: path.write_bytes(
        to_ics(course_file(course().plan, PLAIN, STAMP))[:5000]
    ),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link": lambda path: path.symlink_to(path.parents[2] / "outside.ics"),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
}


@pytest.mark.parametrize("kind", IN_THE_WAY)
@pytest.mark.parametrize("name", [f"patients/{NAME}", "rooms/Blue.ics", "practitioners/Bo.ics"])
def test_what_is_something_else_is_left_and_all_else_is_written(
    tmp_path: Path, kind: str, name: str
) -> None:
    outside, out = tmp_path / "outside.ics", tmp_path / "out"
    outside.write_bytes(b"theirs")
    path = out / name
    path.parent.mkdir(parents=True)
    IN_THE_WAY[kind](path)
    before = os.lstat(path), path.read_bytes() if path.is_file() else None
    with pytest.raises(FileError) as raised:
        write(out, three())
    assert re.match(rf"{re.escape(str(path))}(:\d+)?: .* move it elsewhere", str(raised.value))
    assert (os.lstat(path), path.read_bytes() if path.is_file() else None) == before
    assert outside.read_bytes() == b"theirs"
    assert len(set(calendars(out)) - {name}) == 6


@pytest.mark.parametrize("name", ["patients", "rooms", "practitioners"])
def test_nothing_is_written_through_a_folder_that_is_a_link(tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / name).symlink_to(elsewhere)
    with pytest.raises(FileError, match=f"{name}: is a link.*remove it"):
        write(out, three())
    assert os.listdir(elsewhere) == []


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    write(tmp_path / "out", three())
    assert len(calendars(tmp_path / "real")) == 7


def test_a_folder_in_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none/out: .*none does not exist; make it first"):
        write(tmp_path / "none" / "out", three())


@pytest.mark.parametrize("name", ["out", "out/patients", "out/rooms"])
def test_a_file_where_a_folder_is_to_be_is_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    with pytest.raises(FileError, match=f"{name}: is no folder; move it elsewhere"):
        write(tmp_path / "out", three())
    assert path.read_bytes() == b"mine"


def test_two_rows_that_are_one_course_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=rf"patients/{NAME}: two rows"):
        write(tmp_path, [course(), course()])
    assert len(events(tmp_path / "rooms" / "Blue.ics")) == 11


HOSTILE = st.sampled_from(
    ["../../etc", "/etc/passwd", "..", "a/../../b", "a\nb", "CON", "\\\\server\\x", "~", "-o", ". "]
) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@settings(deadline=None, max_examples=25)
@given(patient=HOSTILE, room=HOSTILE, practitioner=HOSTILE)
def test_whatever_the_list_holds_stays_inside_the_folder_and_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, patient: str, room: str, practitioner: str
) -> None:
    top = tmp_path_factory.mktemp("top")
    out = top / "one" / "two" / "out"
    out.parent.mkdir(parents=True)
    courses = [course(patient, room=room, practitioner=practitioner)]
    write(out, courses)
    assert {each for each in top.rglob("*") if not each.is_relative_to(out)} == {
        top / "one",
        top / "one" / "two",
    }
    assert len(calendars(out)) == 4 if practitioner != "Bo" else 3
    before = stats(out)
    assert write(out, courses, stamp=LATER).written == 0
    assert stats(out) == before


# ---- Broken off ----------------------------------------------------------------------------------


def test_a_crash_leaves_whole_files_and_no_other(tmp_path: Path) -> None:
    def broken() -> Iterator[Course]:
        yield from three()[:2]
        raise KeyboardInterrupt

    known = [identity_of(each.plan, "") for each in three()]
    with pytest.raises(KeyboardInterrupt):
        write_cohort(CohortOrder(tmp_path, known, STAMP), broken())
    assert list(files(tmp_path)) == ["patients/P1-sample-1.ics", "patients/P2-sample-1.ics"]
    for path in (tmp_path / "patients").iterdir():
        assert events(path)


def test_a_kill_leaves_nothing_half_and_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; import test_cohort_calendars as tests\n"
        "def killed():\n"
        "    yield from tests.three()[:2]\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "known = [tests.identity_of(each.plan, '') for each in tests.three()]\n"
        "order = tests.CohortOrder(Path(sys.argv[1]), known, tests.STAMP)\n"
        "tests.write_cohort(order, killed())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parent, check=False
    )
    assert done.returncode == -9
    assert list(files(tmp_path)) == ["patients/P1-sample-1.ics", "patients/P2-sample-1.ics"]
    write(tmp_path, three(), stamp=LATER)
    assert len(calendars(tmp_path)) == 7


@pytest.mark.parametrize("size", [3_000, 20_000, 60_000])
def test_where_room_runs_out_every_file_is_whole(tmp_path: Path, size: int) -> None:
    with room_for(size), pytest.raises(FileError, match=r"cannot be written: .*make room first"):
        write(tmp_path, [course(f"P{number}", 480 + 30 * number) for number in range(12)])
    for name, data in files(tmp_path).items():
        assert TEMPORARY not in name
        assert judged(data)


def test_the_memory_does_not_grow_with_what_is_written(tmp_path: Path) -> None:
    """20,000 sessions, of which each is held in some dozens of octets."""
    code = (
        "import sys; from pathlib import Path; import test_cohort_calendars as tests\n"
        "def peak():\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return int(next(line for line in lines if line.startswith('VmHWM')).split()[1])\n"
        "def courses(count):\n"
        "    made = tests.course()\n"
        "    for number in range(count):\n"
        "        course = made.plan.course._replace(patient=f'P{number}')\n"
        "        yield made.placed, made.plan._replace(course=course, reviews=())\n"
        "def write(folder, count):\n"
        "    known = [tests.identity_of(plan, '') for _, plan in courses(count)]\n"
        "    care = tests.Edition(care=tests.CareForm.NONE)\n"
        "    order = tests.CohortOrder(folder, known, tests.STAMP, care)\n"
        "    tests.write_cohort(order, courses(count))\n"
        "write(Path(sys.argv[1], 'few'), 200)\n"
        "before = peak()\n"
        "write(Path(sys.argv[1], 'many'), 2223)\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parent,
        capture_output=True,
        check=True,
        text=True,
    )
    assert (tmp_path / "many" / "rooms" / "Blue.ics").stat().st_size > 15_000_000
    assert int(done.stdout) < 10_000  # kB
