"""A course is read back from its calendar file alone, whoever had the file in between."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject
from building import cared_for, clinic, phase, regimen, week
from hypothesis import example, given, settings
from hypothesis import strategies as st
from judge_ical import Component, content_lines, events_of, judged

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.course import Choices, Course, IdealSession, make_course
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.regimen import Keep, Regimen, Text
from meso_sched.core.walltime import DateRange, Span
from meso_sched.errors import FileError
from meso_sched.exchange.comparing import measured
from meso_sched.exchange.editions import CareForm, Edition
from meso_sched.exchange.events import course_file
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.stored import StoredCourse, read_course
from meso_sched.exchange.updating import updated
from meso_sched.exchange.zones import load_zone

STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
LATER = STAMP + timedelta(days=3)
ZONE = "Europe/Berlin"
HOURS = week("08:00-20:00", range(7))
TEMPLATE = replace(
    regimen(
        phase("weekly", "2-6", "1 week"),
        phase("series, part 2", "1-9", "7-14 days"),
        phase("monthly", "1+", "1 month", "-7/+0 days"),
        phase("extra", "?", "?", "-1/+3 days", optional=True),
        length="30-60 minutes",
    ),
    title=Text.english("Sample"),
    length_sources=("S3", "S9"),
)
CARED = cared_for(TEMPLATE)
MOMENTS = 4
"""So many events of care a session of it has."""
PLACE = replace(clinic(HOURS, zone=load_zone(ZONE)), name="Dr. A", reminders=(60,))
DEFAULT = Edition()
CLINICS, PATIENTS = Edition("clinic"), Edition("patient")


def plan(
    counts: tuple[int, int, int] = (3, 2, 1),
    *,
    patient: str | None = "P1",
    number: int = 1,
    start: date = date(2027, 1, 5),
    at: int = 600,
    place: Clinic = PLACE,
    limits: Limits | None = None,
    keep: Keep = Keep.WEEKDAY,
    template: Regimen = TEMPLATE,
) -> Plan:
    """A plan of weekly, "series, part 2" and monthly sessions, at 10:00 unless told otherwise."""
    names = ("weekly", "series, part 2", "monthly")
    course = make_course(
        template,
        Choices(sessions=dict(zip(names, counts, strict=True))),
        start=start,
        patient=patient,
        number=number,
        keep=keep,
    )
    wish = Limits(preferred=at) if limits is None else limits
    return make_plan(PlanRequest(course, place, time(10), wish))


def text_of(made: Plan, edition: Edition = DEFAULT, stamp: datetime = STAMP) -> str:
    return to_ics(course_file(made, edition, stamp)).decode()


def read(text: str, ids: Sequence[str] = ("hair", "sample"), place: Clinic = PLACE) -> StoredCourse:
    return read_course(text, "a.ics", replace(place, name="", closed=()), ids)


def at(day: int, hour: int, minute: int = 0, month: int = 1, zone: str = ZONE) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=load_zone(zone))


def moved(made: Plan, number: int, **changes: Any) -> Plan:  # noqa: ANN401
    """The plan with another figure of one session."""
    booked = list(made.booked)
    booked[number - 1] = booked[number - 1]._replace(**changes)
    return made._replace(booked=tuple(booked))


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def folded(lines: Sequence[str]) -> str:
    """Lines of any length: readers take them as they are."""
    return "".join(f"{line}\r\n" for line in lines)


def uid_of(number: int) -> str:
    return course_file(plan(), Edition(), STAMP).events[number - 1].uid


def edited(text: str, number: int, edit: Callable[[list[str]], list[str]]) -> str:
    """The file with the lines of the so manieth event changed."""
    lines = unfolded(text)
    begin = [n for n, line in enumerate(lines) if line == "BEGIN:VEVENT"][number - 1]
    end = lines.index("END:VEVENT", begin)
    return folded([*lines[: begin + 1], *edit(lines[begin + 1 : end]), *lines[end:]])


def with_lines(**put: str) -> Callable[[list[str]], list[str]]:
    """Puts whole lines in the place of those of a name; an empty one takes them away."""

    def edit(lines: list[str]) -> list[str]:
        kept = [line for line in lines if re.split("[:;]", line)[0] not in put]
        return [*filter(None, put.values()), *kept]

    return edit


def without(text: str, *names: str, calendar_only: bool = False) -> str:
    """The file without the lines of these names."""
    kept, inside = [], 0
    for line in unfolded(text):
        inside += line.startswith("BEGIN:V") - line.startswith("END:V")
        if not line.startswith(names) or (calendar_only and inside > 1):
            kept.append(line)
    return folded(kept)


def stripped(text: str) -> str:
    return without(text, "X-")


# ---- What is written is read ---------------------------------------------------------------------

SPANS = st.sampled_from(((Span(480, 780),), (Span(540, 720), Span(780, 1140))))
LIMITS = st.builds(
    Limits,
    weekdays=st.none() | st.frozensets(st.integers(0, 6), min_size=4),
    between=st.none() | SPANS,
    away=st.just(()) | st.just((DateRange(date(2027, 1, 11), date(2027, 1, 14)),)),
    preferred=st.none() | st.integers(0, 1439),
)
REFERENCES = st.none() | st.sampled_from(
    ("P1", "Done: P1", "P (1/6)", "O'Brien, Ann; \\n", "漢字 👩\u200d⚕", "a\nb", " x ")
)


def skipping(booked: Sequence[BookedSession]) -> tuple[BookedSession, ...]:
    """With the cancelled sessions since the last one that counts, as a revision has them."""
    told = []
    for position, each in enumerate(booked):
        gone: list[IdealSession] = []
        for before in reversed(booked[:position]):
            if before.takes_place:
                break
            if before.status is Status.CANCELLED:
                gone.insert(0, before.plan)
        skipped = tuple(session.interval for session in gone)
        told.append(each._replace(plan=each.plan._replace(skipped=skipped)))
    return tuple(told)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    names = ("weekly", "series, part 2", "monthly")
    counts = draw(st.tuples(st.integers(2, 6), st.integers(1, 4), st.integers(1, 3)))
    every = draw(st.sampled_from(({}, {"series, part 2": "10 days"}, {"monthly": "5 weeks"})))
    sessions = dict(zip(names, counts, strict=True))
    if draw(st.booleans()):
        sessions["extra"], every = 1, {**every, "extra": "3 months"}
    course = make_course(
        TEMPLATE,
        Choices(sessions=sessions, every=every, length=draw(st.integers(15, 90)), override=True),
        start=draw(st.dates(date(2027, 1, 1), date(2027, 12, 31))),
        patient=draw(REFERENCES),
        number=draw(st.integers(1, 30)),
        keep=draw(st.sampled_from(Keep)),
    )
    if draw(st.booleans()):
        course = course._replace(regimen=cared_for(course.regimen))
    if draw(st.booleans()):
        first, *rest = course.phases
        again = first._replace(restarted=course.start + timedelta(days=draw(st.integers(30, 90))))
        cut = first._replace(sessions=1, whole=first.sessions)
        course = course._replace(phases=(cut, again, *rest))
    return course


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan that things happened to."""
    place = replace(
        clinic(HOURS, zone=load_zone(draw(st.sampled_from((ZONE, "America/New_York", "UTC"))))),
        name=draw(st.sampled_from(("", "Dr. A", "Ü; \\, \n"))),
        reminders=draw(st.sampled_from(((), (60, 2880)))),
    )
    limits = draw(LIMITS)
    made = make_plan(
        PlanRequest(draw(courses()), place, draw(st.times().map(_to_minute)), Limits())
    )
    booked = []
    for each in made.booked:
        shift = timedelta(minutes=draw(st.sampled_from((0, 0, 15, 1500))))
        missed = (Slot(each.start, each.end),) if draw(st.booleans()) else ()
        booked.append(
            each._replace(
                start=each.start + shift,
                end=each.end + shift,
                status=draw(st.sampled_from(Status)),
                by_hand=draw(st.booleans()),
                missed=missed,
                why=draw(st.sampled_from(((), ("closed", "Tue 5 Jan is a \\holiday,; +1 day")))),
            )
        )
    reviews = [
        each._replace(
            status=draw(st.sampled_from(Status)),
            by_hand=draw(st.booleans()),
            why=draw(st.sampled_from(((), ("closed, too",)))),
        )
        for each in made.reviews
    ]
    return made._replace(
        booked=measured(skipping(booked)),
        limits=limits,
        around_busy=draw(st.booleans()),
        reviews=tuple(reviews),
    )


EDITIONS = st.builds(
    Edition,
    st.sampled_from(("", "clinic")),
    st.sampled_from(("en", "tr", "ar")),
    st.sampled_from(CareForm),
    st.just(False),
)


def _to_minute(moment: time) -> time:
    return time(moment.hour % 12, moment.minute)


def told_in(made: Plan, edition: Edition) -> Plan:
    """The plan without what is for clinicians alone, which only the clinic's own file has."""
    if edition.audience == "clinic":
        return made
    care = made.course.regimen.care._replace(screening=(), technique=(), notes=())
    regimen = replace(made.course.regimen, care=care)
    return made._replace(course=made.course._replace(regimen=regimen))


@settings(deadline=None, max_examples=120)
@given(plans(), EDITIONS)
def test_a_course_is_read_back_whole(made: Plan, edition: Edition) -> None:
    found = read_course(text_of(made, edition), "a.ics", made.clinic)
    assert found.recorded == told_in(made, edition)
    assert found.current == found.recorded
    assert (found.found, found.edition) == ((), edition)
    assert (found.stripped, found.lacks_care) == (False, False)
    # What the file does not tell, the template of today does.
    informed = found.informed({"sample": made.course.regimen})
    assert (informed.recorded, informed.current) == (made, made)


@settings(deadline=None, max_examples=60)
@given(plans(), EDITIONS)
def test_a_revision_that_changes_nothing_gives_the_same_bytes(made: Plan, edition: Edition) -> None:
    text = text_of(made, edition)
    assert revised(text, lambda plan: plan) == text


def revised(
    text: str, change: Callable[[Plan], Plan], stamp: datetime = LATER, ids: Sequence[str] = ()
) -> str:
    """What stands in the file after a revision of what the calendar has."""
    found = read_course(text, "a.ics", PLACE, ids)
    new = course_file(change(found.current), found.edition, stamp)
    base = course_file(found.recorded, found.edition, stamp)
    return to_ics(updated(new, found.file, stamp, base)).decode()


def test_the_clinics_hours_are_todays_and_its_name_and_zone_the_files() -> None:
    here = replace(PLACE, name="Dr. B", zone_name="Asia/Tokyo", zone=load_zone("Asia/Tokyo"))
    found = read_course(text_of(plan()), "a.ics", replace(here, slot=5))
    assert found.current.clinic == replace(PLACE, slot=5)
    assert found.current.booked[0].start.tzinfo is load_zone(ZONE)


def test_a_file_of_the_first_version_is_read() -> None:
    """It told neither limits, nor slots, nor the template, and had the course's record but once."""
    text = Path(__file__).with_name("first_version.ics").read_bytes().decode()
    found = read(text)
    assert (found.stripped, found.found) == (False, ())
    assert found.current == found.recorded
    course = found.recorded.course
    assert (course.regimen.id, course.patient, course.number, course.keep) == (
        *("hair", "P1", 1, Keep.WEEKDAY),
    )
    assert [(each.name, each.sessions, str(each.interval)) for each in course.phases] == [
        *(("weekly", 4, "1 week"), ("biweekly", 2, "15 days"), ("monthly", 3, "1 month")),
    ]
    assert [each.start for each in found.recorded.booked] == [
        event.moment("DTSTART") for event in events_of(text.encode())
    ]
    assert [each.before for each in found.recorded.booked] == [None, *range(1, 9)]
    assert found.recorded.limits == Limits(preferred=600)
    assert revised(text, lambda plan: plan) == text


def test_no_library_is_loaded_to_read_a_course(tmp_path: Path) -> None:
    """One alone takes longer to load than a hundred files to read."""
    (tmp_path / "a.ics").write_text(text_of(plan()), encoding="utf-8", newline="")
    code = """import sys, datetime, pathlib
from meso_sched.core.clinic import Clinic
from meso_sched.exchange.stored import read_course
clinic = Clinic("UTC", datetime.UTC, ((),) * 7)
found = read_course(pathlib.Path(sys.argv[1]).read_bytes().decode(), "a.ics", clinic)
print(len(found.current.booked), *sorted({"ics", "icalendar", "vobject"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.ics")], capture_output=True, check=True
    )
    assert done.stdout.split() == [b"6"]


# ---- Rewritten by other programs -----------------------------------------------------------------


def by_icalendar(text: str) -> str:
    return str(icalendar.Calendar.from_ical(text).to_ical(), "utf-8")


def by_vobject(text: str) -> str:
    return str(vobject.readOne(text).serialize())


def reordered(text: str) -> str:
    """Events from the last to the first, the properties of each by name, alarms in between."""
    head, *events = re.split(r"(?=BEGIN:VEVENT)", text)
    last, end = events[-1].split("END:VCALENDAR")
    return head + "".join(reversed([*events[:-1], last])) + "END:VCALENDAR" + end


def as_one_line_feed(text: str) -> str:
    return text.replace("\r\n ", "").replace("\r\n", "\n").replace("BEGIN:", "begin:")


def with_other_folds(text: str) -> str:
    return "".join(
        f"{line[:40]}\r\n\t{line[40:]}\r\n" if len(line) > 40 else f"{line}\r\n"
        for line in unfolded(text)
    )


def split_and_joined(text: str) -> str:
    """As a server gives it back that keeps each event on its own."""
    return without(text, "X-", "NAME", "CALSCALE", calendar_only=True)


def in_utc(text: str) -> str:
    def instead(found: re.Match[str]) -> str:
        wall = datetime.fromisoformat(found[2]).replace(tzinfo=load_zone(ZONE))
        return f"{found[1]}:{wall.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    return re.sub(rf"(DTSTART|DTEND);TZID={ZONE}:(\w+)", instead, text)


def with_windows_zone(text: str) -> str:
    return text.replace(f"TZID={ZONE}", 'TZID="W. Europe Standard Time"')


def with_custom_zone(text: str) -> str:
    return text.replace(f"TZID={ZONE}", "TZID=Custom").replace(f"TZID:{ZONE}", "TZID:Custom")


def with_durations(text: str) -> str:
    def instead(found: re.Match[str]) -> str:
        start, end = (
            datetime.fromisoformat(each).replace(tzinfo=load_zone(ZONE)).astimezone(UTC)
            for each in found.groups()
        )
        minutes = int((end - start).total_seconds()) // 60
        return f"DTSTART;TZID={ZONE}:{found[1]}\r\nDURATION:PT{minutes}M"

    times = rf"DTSTART;TZID={ZONE}:(\w+)\r\nDTEND;TZID={ZONE}:(\w+)"
    return re.sub(times, instead, text)


def without_ends(text: str) -> str:
    """Those of the appointments, whose records tell how long they are."""
    appointment = rf"DTEND;TZID={ZONE}:\w+\r\n(?=(?:(?!END:).)*CATEGORIES:[AR])"
    return re.sub(appointment, "", text, flags=re.DOTALL)


PROGRAMS = (
    *(by_icalendar, by_vobject, reordered, as_one_line_feed, with_other_folds, split_and_joined),
    *(in_utc, with_windows_zone, with_custom_zone, with_durations, without_ends),
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)
def test_what_a_program_did_to_the_file_changes_nothing_of_the_course(
    program: Callable[[str], str],
) -> None:
    made = plan((3, 2, 2), patient="O'Brien, Ann; \\n", template=CARED)
    made = moved(made, 2, status=Status.FULFILLED)
    text = program(text_of(made))
    found = read(text)
    assert found.found == ()
    assert found.current.booked == made.booked
    assert found.current.reviews == made.reviews
    assert found.current == found.recorded
    # Giving it back unchanged is giving back what that program wrote.
    assert revised(text, lambda plan: plan) == text


def by_uid(text: str) -> dict[str, Any]:
    """The events as icalendar reads them."""
    return {str(event["UID"]): event for event in icalendar.Calendar.from_ical(text).events}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)
def test_a_revision_of_such_a_file_writes_a_session_and_its_care_anew_and_keeps_the_others(
    program: Callable[[str], str],
) -> None:
    text = program(text_of(plan(template=CARED)))
    new = at(3, 15, 0, month=2)
    again = revised(text, lambda made: moved(made, 4, start=new, end=new + timedelta(minutes=30)))
    before, after = read(text), read(again)
    assert after.found == ()
    assert [each.start for each in after.current.booked if each.number != 4] == [
        each.start for each in before.current.booked if each.number != 4
    ]
    assert after.current.booked[3].start == new
    events, first = by_uid(again), by_uid(text)
    uid = before.file.events[3].uid
    care = {each.uid for each in before.file.parts if each.number == 4}
    assert len(care) == MOMENTS
    for key, event in events.items():
        assert int(event["SEQUENCE"]) == (1 if key in {uid, *care} else 0)
        assert (event.to_ical() == first[key].to_ical()) is (key not in {uid, *care})
    assert events[uid]["DTSTART"].dt.astimezone(UTC) == new.astimezone(UTC)
    assert events[uid]["DTEND"].dt.astimezone(UTC) == (new + timedelta(minutes=30)).astimezone(UTC)


# ---- What the calendar says goes -----------------------------------------------------------------

DRAGGED = (
    (
        "to another day",
        with_lines(
            DTSTART=f"DTSTART;TZID={ZONE}:20270120T110000",
            DTEND=f"DTEND;TZID={ZONE}:20270120T113000",
        ),
        (at(20, 11), at(20, 11, 30)),
        "session 3 was moved in the calendar: Tue 19 Jan 10:00 -> Wed 20 Jan 11:00",
    ),
    (
        "in UTC",
        with_lines(DTSTART="DTSTART:20270119T091500Z", DTEND="DTEND:20270119T094500Z"),
        (at(19, 10, 15), at(19, 10, 45)),
        "session 3 was moved in the calendar: Tue 19 Jan 10:00 -> Tue 19 Jan 10:15",
    ),
    (
        "to another year",
        with_lines(
            DTSTART=f"DTSTART;TZID={ZONE}:20280119T100000", DTEND="", DURATION="DURATION:PT30M"
        ),
        (at(19, 10).replace(year=2028), at(19, 10, 30).replace(year=2028)),
        "session 3 was moved in the calendar: Tue 19 Jan 10:00 -> Wed 19 Jan 2028 10:00",
    ),
    (
        "made longer",
        with_lines(DTEND=f"DTEND;TZID={ZONE}:20270119T111500"),
        (at(19, 10), at(19, 11, 15)),
        "session 3 now ends at 11:15 in the calendar",
    ),
    (
        "a whole day",
        with_lines(DTSTART="DTSTART;VALUE=DATE:20270121", DTEND="DTEND;VALUE=DATE:20270122"),
        (at(21, 10), at(21, 10, 30)),
        "session 3 is a whole day in the calendar: it counts as Thu 21 Jan 10:00",
    ),
)


@pytest.mark.parametrize(
    ("edit", "slot", "said"),
    [pytest.param(*each[1:], id=each[0]) for each in DRAGGED],
)
@pytest.mark.parametrize("status", [Status.BOOKED, Status.FULFILLED])
def test_where_the_calendar_has_a_session_it_is(
    edit: Callable[[list[str]], list[str]],
    slot: tuple[datetime, datetime],
    said: str,
    status: Status,
) -> None:
    made = moved(plan(), 3, status=status, why=("because",))
    text = edited(text_of(made), 3, edit)
    found = read(text)
    assert found.found == (said,)
    assert found.recorded == read(text_of(made)).recorded
    session = found.current.booked[2]
    assert (session.start, session.end) == slot
    assert (session.by_hand, session.why, session.status) == (True, (), status)
    # Written once more, it is known, and the calendar is left where it is.
    again = read(revised(text, lambda plan: plan))
    assert again.found == ()
    assert again.current.booked[2].slot == slot
    events = events_of(revised(text, lambda plan: plan).encode())
    (event,) = (each for each in events if each.value("UID") == uid_of(3))
    assert (event.moment("DTSTART"), event.moment("DTEND")) == slot
    assert event.value("SEQUENCE") == "1"


def test_the_sessions_around_a_dragged_one_have_other_gaps() -> None:
    text = edited(text_of(plan()), 3, DRAGGED[0][1])
    before, after = read(text).recorded.booked, read(text).current.booked
    assert [each.gap_days for each in before[:4]] == [None, 7, 7, 7]
    assert [each.gap_days for each in after[:4]] == [None, 7, 8, 6]
    assert after[3].earliest == date(2027, 1, 27)


def test_a_session_that_was_cancelled_elsewhere_is_cancelled() -> None:
    text = edited(text_of(plan()), 2, with_lines(STATUS="STATUS:CANCELLED"))
    found = read(text)
    assert found.found == ("session 2 was cancelled in the calendar",)
    assert found.recorded.booked[1].status is Status.BOOKED
    assert found.current.booked[1].status is Status.CANCELLED
    assert found.current.booked[2].plan.skipped == (found.current.booked[1].plan.interval,)
    event = events_of(revised(text, lambda plan: plan).encode())[1]
    assert event.text("SUMMARY") == "Cancelled: P1 (2/6)"
    assert (event.value("TRANSP"), event.components) == ("TRANSPARENT", [])


def test_a_cancelled_session_that_was_confirmed_elsewhere_is_booked() -> None:
    made = moved(plan(), 2, status=Status.CANCELLED)
    text = edited(text_of(made), 2, with_lines(STATUS="STATUS:CONFIRMED"))
    found = read(text)
    assert found.found == ("session 2 was cancelled and is confirmed again in the calendar",)
    assert found.current.booked[1].status is Status.BOOKED


def test_a_session_that_is_no_longer_there_counts_as_cancelled_and_comes_back_as_such() -> None:
    lines = unfolded(text_of(plan()))
    begin = [n for n, line in enumerate(lines) if line == "BEGIN:VEVENT"][1]
    text = folded([*lines[:begin], *lines[lines.index("END:VEVENT", begin) + 1 :]])
    found = read(text)
    assert found.found == ("session 2 is no longer in the calendar: it counts as cancelled",)
    gone = found.current.booked[1]
    assert (gone.start, gone.end, gone.status) == (at(12, 10), at(12, 10, 30), Status.CANCELLED)
    again = revised(text, lambda plan: plan)
    event = events_of(again.encode())[1]
    assert (event.value("STATUS"), event.value("SEQUENCE")) == ("CANCELLED", "1")
    assert read(again).found == ()


# ---- Reviews and care ----------------------------------------------------------------------------


def edited_where(text: str, words: str, edit: Callable[[list[str]], list[str]]) -> str:
    """The file with the one event changed whose lines hold these words."""
    events = re.findall(r"BEGIN:VEVENT.*?END:VEVENT", text.replace("\r\n ", ""), re.DOTALL)
    (number,) = [n for n, event in enumerate(events, 1) if words in event]
    return edited(text, number, edit)


def without_event(text: str, words: str) -> str:
    """The file without the one event whose lines hold these words."""
    whole = text.replace("\r\n ", "")
    events = re.findall(r"BEGIN:VEVENT.*?END:VEVENT\r\n", whole, re.DOTALL)
    (event,) = [event for event in events if words in event]
    return whole.replace(event, "")


def of_kind(text: str, kind: str) -> list[Component]:
    """The events of a category that the judge has nothing against, in time order."""
    return [each for each in events_of(text.encode()) if each.value("CATEGORIES") == kind]


REVIEW = "SUMMARY:P1 (review 1)"
REVIEWED = plan(template=CARED)
DRAGGED_REVIEWS = (
    (
        "to another day",
        with_lines(
            DTSTART=f"DTSTART;TZID={ZONE}:20270113T110000",
            DTEND=f"DTEND;TZID={ZONE}:20270113T113000",
        ),
        (at(13, 11), at(13, 11, 30)),
        "review 1 was moved in the calendar: Tue 12 Jan 10:30 -> Wed 13 Jan 11:00",
    ),
    (
        "made longer",
        with_lines(DTEND=f"DTEND;TZID={ZONE}:20270112T113000"),
        (at(12, 10, 30), at(12, 11, 30)),
        "review 1 now ends at 11:30 in the calendar",
    ),
    (
        "a whole day",
        with_lines(DTSTART="DTSTART;VALUE=DATE:20270114", DTEND="DTEND;VALUE=DATE:20270115"),
        (at(14, 10, 30), at(14, 11)),
        "review 1 is a whole day in the calendar: it counts as Thu 14 Jan 10:30",
    ),
)


@pytest.mark.parametrize(
    ("edit", "slot", "said"),
    [pytest.param(*each[1:], id=each[0]) for each in DRAGGED_REVIEWS],
)
def test_where_the_calendar_has_a_review_it_is(
    edit: Callable[[list[str]], list[str]], slot: tuple[datetime, datetime], said: str
) -> None:
    text = edited_where(text_of(REVIEWED), REVIEW, edit)
    found = read(text)
    assert found.found == (said,)
    assert found.recorded.reviews == REVIEWED.reviews
    first, second = found.current.reviews
    assert (first.slot, first.by_hand) == (slot, True)
    assert second == REVIEWED.reviews[1]
    # Written once more, it is known, and the calendar is left where it is.
    written = revised(text, lambda plan: plan)
    assert read(written).found == ()
    assert read(written).current.reviews[0].slot == slot
    events = of_kind(written, "REVIEW")
    assert (events[0].moment("DTSTART"), events[0].moment("DTEND")) == slot
    assert [event.value("SEQUENCE") for event in events] == ["1", "0"]


def test_a_review_that_was_cancelled_elsewhere_is_cancelled() -> None:
    text = edited_where(text_of(REVIEWED), REVIEW, with_lines(STATUS="STATUS:CANCELLED"))
    found = read(text)
    assert found.found == ("review 1 was cancelled in the calendar",)
    assert [each.status for each in found.current.reviews] == [Status.CANCELLED, Status.BOOKED]
    written = revised(text, lambda plan: plan)
    first, second = of_kind(written, "REVIEW")
    assert first.text("SUMMARY") == "Cancelled: P1 (review 1)"
    assert (first.value("TRANSP"), first.components) == ("TRANSPARENT", [])
    assert second.value("SEQUENCE") == "0"
    again = edited_where(written, "P1 (review 1)", with_lines(STATUS="STATUS:CONFIRMED"))
    assert read(again).found == ("review 1 was cancelled and is confirmed again in the calendar",)
    assert read(again).current.reviews == REVIEWED.reviews


def test_a_review_that_is_no_longer_there_counts_as_cancelled_and_comes_back_as_such() -> None:
    found = read(text := without_event(text_of(REVIEWED), REVIEW))
    assert found.found == ("review 1 is no longer in the calendar: it counts as cancelled",)
    assert [each.status for each in found.current.reviews] == [Status.CANCELLED, Status.BOOKED]
    written = revised(text, lambda plan: plan)
    assert [
        (event.text("SUMMARY"), event.value("STATUS"), event.value("SEQUENCE"))
        for event in of_kind(written, "REVIEW")
    ] == [("Cancelled: P1 (review 1)", "CANCELLED", "1"), ("P1 (review 2)", "CONFIRMED", "0")]
    assert read(written).found == ()


def told_of(events: Sequence[Component], uid: str) -> list[tuple[str, ...]]:
    """Status, sequence and UID of the care of a session."""
    return [
        (event.value("STATUS"), event.value("SEQUENCE"), event.value("UID"))
        for event in events
        if event.value("RELATED-TO") == uid
    ]


def test_the_care_of_a_session_goes_where_the_session_goes() -> None:
    text, new = text_of(REVIEWED), at(21, 15)
    again = revised(text, lambda made: moved(made, 3, start=new, end=new + timedelta(minutes=30)))
    before, after = of_kind(text, "CARE"), of_kind(again, "CARE")
    assert {each.value("UID") for each in before} == {each.value("UID") for each in after}
    mine = [each for each in after if each.value("RELATED-TO") == uid_of(3)]
    assert sorted((each.moment("DTSTART"), each.moment("DTEND")) for each in mine) == [
        (at(7, 0), at(8, 0)),  # two weeks before
        (at(20, 3), new),  # 36 hours before
        (at(21, 15, 30), at(21, 15, 45)),  # 15 minutes after
        (at(21, 15, 30), at(23, 15, 30)),  # 1-2 days after
    ]
    assert {each.value("SEQUENCE") for each in mine} == {"1"}
    assert [each.value("RELATED-TO") for each in after if each.value("SEQUENCE") == "1"] == [
        uid_of(3)
    ] * MOMENTS


def test_the_care_of_a_cancelled_session_is_cancelled_and_comes_back_with_it() -> None:
    text = edited_where(
        text_of(REVIEWED), "SUMMARY:P1 (2/6)\r\n", with_lines(STATUS="STATUS:CANCELLED")
    )
    cancelled = revised(text, lambda plan: plan)
    care = of_kind(cancelled, "CARE")
    assert [each[:2] for each in told_of(care, uid_of(2))] == [("CANCELLED", "1")] * MOMENTS
    assert [each[:2] for each in told_of(care, uid_of(3))] == [("CONFIRMED", "0")] * MOMENTS
    assert read(cancelled).found == ()
    assert revised(cancelled, lambda plan: plan, LATER + timedelta(days=1)) == cancelled
    booked = revised(cancelled, lambda plan: moved(plan, 2, status=Status.BOOKED))
    assert [each[:2] for each in told_of(of_kind(booked, "CARE"), uid_of(2))] == [
        ("CONFIRMED", "2")
    ] * MOMENTS
    summaries = [each.text("SUMMARY") for each in of_kind(text_of(REVIEWED), "CARE")]
    assert [each.text("SUMMARY") for each in of_kind(booked, "CARE")] == summaries


DAY_OF_2 = "SUMMARY:P1 (2/6): before\\, from Tue 29 Dec"


def test_care_that_a_person_dragged_goes_back_to_its_session() -> None:
    """It says itself from when it holds, and that is by the session."""
    drag = with_lines(DTSTART="DTSTART;VALUE=DATE:20270104", DTEND="DTEND;VALUE=DATE:20270105")
    text = text_of(REVIEWED)
    again = revised(edited_where(text, DAY_OF_2, drag), lambda plan: plan)
    assert read(again).found == ()
    (event,) = [each for each in of_kind(again, "CARE") if each.value("SEQUENCE") == "1"]
    assert (event.value("DTSTART"), event.value("DTEND")) == ("20261229", "20261230")
    assert event.value("RELATED-TO") == uid_of(2)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Africa/Cairo", date(2027, 5, 14)),
        ("America/Santiago", date(2027, 9, 19)),
        ("Asia/Beirut", date(2027, 4, 11)),
    ],
)
def test_a_day_of_care_whose_midnight_the_zone_skips_changes_nothing(zone: str, day: date) -> None:
    place = replace(PLACE, zone_name=zone, zone=load_zone(zone))
    made = plan(start=day, place=place, template=CARED)
    skipped = datetime.combine(day - timedelta(weeks=2), time(), place.zone)
    assert skipped.astimezone(UTC).astimezone(place.zone).time() == time(1)
    text = text_of(made)
    first = of_kind(text, "CARE")[0]
    assert (first.value("DTSTART"), first.value("DTEND")) == (
        f"{skipped:%Y%m%d}",
        f"{skipped + timedelta(days=1):%Y%m%d}",
    )
    assert revised(text, lambda plan: plan) == text


def test_care_that_is_no_longer_there_comes_back_and_says_so() -> None:
    text = text_of(REVIEWED)
    again = revised(without_event(text, DAY_OF_2), lambda plan: plan)
    assert [each.value("UID") for each in of_kind(again, "CARE")] == [
        each.value("UID") for each in of_kind(text, "CARE")
    ]
    assert [each[1] for each in told_of(of_kind(again, "CARE"), uid_of(2))] == ["1", "0", "0", "0"]


def test_what_a_person_wrote_into_care_stays() -> None:
    own = with_lines(SUMMARY="SUMMARY:Tell Ada: no smoke", COLOR="COLOR:red")
    text = edited_where(text_of(REVIEWED), DAY_OF_2, own)
    assert revised(text, lambda plan: plan) == text
    new = at(13, 9)
    again = revised(text, lambda made: moved(made, 2, start=new, end=new + timedelta(minutes=30)))
    (event,) = [each for each in of_kind(again, "CARE") if "COLOR" in each.names]
    assert event.value("DTSTART") == "20261230"


# ---- UIDs and words ------------------------------------------------------------------------------


def test_a_calendar_may_give_the_events_uids_of_its_own() -> None:
    text = re.sub(r"\r\nUID:(\w)", r"\r\nUID:0\1", text_of(plan()))
    found = read(text)
    assert found.current.booked == plan().booked
    again = revised(text, lambda made: moved(made, 1, status=Status.FULFILLED))
    uids = [line for line in unfolded(text) if line.startswith("UID:")]
    assert [line for line in unfolded(again) if line.startswith("UID:")] == uids


def test_a_session_whose_own_record_is_gone_is_read_from_its_words() -> None:
    made = moved(plan(), 2, status=Status.NOSHOW, by_hand=True)
    text = edited(text_of(made), 2, with_lines(**{"X-MESO-SCHED-SESSION": ""}))
    found = read(text)
    session = found.current.booked[1]
    assert (session.status, session.by_hand, session.slot) == (
        *(Status.NOSHOW, True, made.booked[1].slot),
    )
    assert not found.stripped


# ---- Without its records -------------------------------------------------------------------------


def known_without_records(made: Plan) -> list[tuple[object, ...]]:
    return [
        (
            *(each.number, each.plan.phase, each.plan.of, each.plan.interval, each.plan.ideal),
            *(each.start, each.end, each.status, each.by_hand, each.why),
        )
        for each in made.booked
    ]


@pytest.mark.parametrize("care", CareForm)
@pytest.mark.parametrize("audience", ["", "clinic"])
@pytest.mark.parametrize("patient", ["P1", None, "Done: P1", "P (1/6)", "O'Brien, Ann; née X"])
def test_a_file_without_its_records_is_read_from_its_words(
    audience: str, patient: str | None, care: CareForm
) -> None:
    edition = Edition(audience, care=care)
    limits = Limits(frozenset({1, 3}), preferred=600)
    made = plan(patient=patient, limits=limits, template=CARED)
    made = moved(made, 1, status=Status.FULFILLED)
    made = moved(made, 2, status=Status.NOSHOW)
    made = moved(made, 3, status=Status.CANCELLED, by_hand=True)
    text = stripped(text_of(made, edition))
    found = read(text, place=replace(PLACE, name="Dr. A"))
    assert found.stripped
    assert found.found == ()
    # The clinic's name is nowhere but in the UIDs: it is told by the schedules.
    found = read_course(text, "a.ics", PLACE, ("hair", "sample"))
    assert found.identity is not None
    assert (found.identity.regimen, found.identity.patient) == ("sample", patient)
    assert found.edition == edition
    assert known_without_records(found.current) == known_without_records(made)
    assert found.current.course.phases == made.course.phases
    assert found.current.course.start == made.course.start
    assert (found.current.course.length, found.current.limits) == (30, Limits(preferred=600))


@pytest.mark.parametrize("keep", Keep)
def test_whether_weekdays_or_dates_are_kept_shows_in_the_dates(keep: Keep) -> None:
    made = plan((2, 1, 4), keep=keep)
    found = read_course(stripped(text_of(made)), "a.ics", PLACE, ["sample"])
    assert found.current.course.keep is keep
    assert found.current.course.sessions == made.course.sessions


def test_of_an_unknown_regimen_the_sessions_are_known_all_the_same() -> None:
    text = stripped(text_of(plan()))
    found = read_course(text, "a.ics", PLACE, ["hair"])
    assert found.identity is None
    assert [each.slot for each in found.current.booked] == [each.slot for each in plan().booked]
    again = revised(text, lambda made: moved(made, 1, status=Status.FULFILLED))
    uids = [line for line in unfolded(text) if line.startswith("UID:")]
    assert [line for line in unfolded(again) if line.startswith("UID:")] == uids


def test_a_dragged_session_shows_even_without_the_records() -> None:
    text = edited(stripped(text_of(plan())), 3, DRAGGED[0][1])
    found = read_course(text, "a.ics", PLACE, ["sample"])
    assert found.found == ("session 3 was moved in the calendar: Tue 19 Jan -> Wed 20 Jan",)
    session = found.current.booked[2]
    assert (session.start, session.plan.ideal, session.by_hand) == (
        *(at(20, 11), date(2027, 1, 19), True),
    )


def test_a_phase_that_began_anew_is_known_without_the_records() -> None:
    course = plan((3, 1, 1)).course
    weekly = course.phases[0]
    phases = (
        weekly._replace(sessions=1, whole=3),
        weekly._replace(restarted=date(2027, 3, 2)),
        *course.phases[1:],
    )
    made = make_plan(
        PlanRequest(course._replace(phases=phases), PLACE, limits=Limits(preferred=600))
    )
    found = read_course(stripped(text_of(made)), "a.ics", PLACE, ["sample"])
    assert found.current.course.phases == phases
    assert found.current.course.sessions == made.course.sessions


@settings(deadline=None, max_examples=60)
@given(plans(), EDITIONS)
def test_whatever_the_words_say_the_slots_are_the_calendars(made: Plan, edition: Edition) -> None:
    with suppress(FileError):
        found = read_course(stripped(text_of(made, edition)), "a.ics", made.clinic, ["sample"])
        assert [each.slot for each in found.current.booked] == [each.slot for each in made.booked]
        assert [each.plan.of for each in found.current.booked] == [
            each.plan.of for each in made.booked
        ]


def test_a_revision_puts_the_records_back_where_it_changes_something() -> None:
    text = stripped(text_of(plan()))
    again = revised(text, lambda made: moved(made, 2, status=Status.FULFILLED), ids=["sample"])
    found = read(again)
    assert not found.stripped
    assert [each.status for each in found.current.booked[:3]] == [
        *(Status.BOOKED, Status.FULFILLED, Status.BOOKED)
    ]


# ---- Bad files -----------------------------------------------------------------------------------

WHOLE = text_of(plan())
OTHERS = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Lunch\r\n"
OTHERS += "DTSTART:20270105T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def with_events_of(text: str, other: str) -> str:
    return text.replace("END:VCALENDAR\r\n", other[other.index("BEGIN:VEVENT") :])


def first_uid(text: str) -> str:
    found = re.search(r"UID:(\S+)", text)
    assert found
    return found[1]


AGAIN = "; export the calendar again or take it from a backup"
PLAN_AGAIN = (
    "a.ics: has lost the {} of its course, which a calendar program dropped; plan the course again"
    " with `plan … -o` onto this file, which knows its events by their UIDs"
)
BAD = {
    "nothing": (
        "",
        "a.ics: is no calendar; give a file that begins with BEGIN:VCALENDAR" + AGAIN,
    ),
    "not a calendar": (
        "Dear Sir,\n",
        "a.ics: is no calendar; give a file that begins with BEGIN:VCALENDAR" + AGAIN,
    ),
    "an address book": (
        "BEGIN:VCARD\nEND:VCARD\n",
        "a.ics: is no calendar; give a file that begins with BEGIN:VCALENDAR" + AGAIN,
    ),
    "another tool's": (
        OTHERS,
        "a.ics: holds no course of this tool; name the .ics that `plan -o` wrote",
    ),
    "cut off": (
        WHOLE[: WHOLE.index("SUMMARY:P1 (1/6)")],
        "a.ics:{begin}: BEGIN:VEVENT has no END, a part is missing" + AGAIN,
    ),
    "a part is missing in its midst": (
        WHOLE.replace("BEGIN:VEVENT\r\n", "", 1),
        "a.ics:{end}: END:VEVENT has no BEGIN, a part is missing" + AGAIN,
    ),
    "a line is broken": (
        WHOLE.replace("STATUS:CONFIRMED", "STATUS\r\nCONFIRMED", 1),
        'a.ics:{broken}: "STATUS" is no property, a part is missing' + AGAIN,
    ),
    "two calendars": (
        WHOLE + WHOLE,
        "a.ics: holds 2 calendars one after the other; keep each in its own file" + AGAIN,
    ),
    "something behind it": (
        WHOLE + "more\r\n",
        'a.ics:{last}: "more" comes after the end of the calendar' + AGAIN,
    ),
    "a newer version": (
        WHOLE.replace("X-MESO-SCHED-FORMAT:1", "X-MESO-SCHED-FORMAT:2"),
        "a.ics: written by a newer meso-sched (format 2); update this one",
    ),
    "a newer version in the events": (
        without(WHOLE.replace("\r\n ", "").replace('"format":1', '"format":7'), "X-MESO-SCHED-F"),
        "a.ics: written by a newer meso-sched (format 7); update this one",
    ),
    "two courses": (
        with_events_of(WHOLE, text_of(plan(patient="P2", number=3))),
        "a.ics: holds 2 courses (sample 1 of P1, sample 3 of P2); give a file that holds one",
    ),
    "two courses without records": (
        stripped(with_events_of(WHOLE, text_of(plan(patient="P2")))),
        "a.ics: holds several courses (P1, P2); give a file that holds one",
    ),
    "a session twice": (
        with_events_of(WHOLE, text_of(plan())),
        "a.ics:{second}: session 1 is there twice, first on line {begin}; delete one of the two"
        " events in the calendar and export it again",
    ),
    "a session copied under another UID": (
        with_events_of(WHOLE, re.sub(r"\r\nUID:\w\w\w\w", "\r\nUID:ffff", text_of(plan()))),
        "a.ics:{second}: session 1 is there twice, first on line {begin}; delete one of the two"
        " events in the calendar and export it again",
    ),
    "the patient's copy": (
        text_of(plan(), PATIENTS),
        "a.ics: is the patient's copy, which does not tell the regimen; name the clinic's own file",
    ),
    "the patient's copy, its head gone": (
        without(text_of(plan(), PATIENTS), "X-", calendar_only=True),
        "a.ics: is the patient's copy, which does not tell the regimen; name the clinic's own file",
    ),
    "no sessions left": (
        WHOLE[: WHOLE.index("BEGIN:VEVENT")] + "END:VCALENDAR\r\n",
        "a.ics: none of the sessions of its course is left in it; take the file from a backup, or"
        " plan the course again",
    ),
    "neither records nor words": (
        without(stripped(WHOLE).replace("\\nPhase", "\\nX"), "X-"),
        PLAN_AGAIN.format("phases and intervals"),
    ),
    "a phase gone without records": (
        without(stripped(WHOLE).replace("weekly 1/3", "weekly 2/3"), "X-"),
        PLAN_AGAIN.format("phases"),
    ),
    "an event without a time": (
        edited(WHOLE, 1, with_lines(DTSTART="")),
        "a.ics:{begin}: the event has no DTSTART; correct or remove the event, or export the"
        " calendar again",
    ),
    "a session in the year 9999": (
        edited(WHOLE, 1, with_lines(DTSTART="DTSTART:99991231T235959Z", DTEND="")),
        "a.ics:{begin}: the event lies outside the years 1970 to 2199; correct or remove the"
        " event, or export the calendar again",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_what_where_and_what_to_do(case: str) -> None:
    text, message = BAD[case]
    lines = text.splitlines()
    places = {name: [n for n, line in enumerate(lines, 1) if line == name] for name in lines}
    begins = [*places.get("BEGIN:VEVENT", []), *[0] * 7]
    message = message.format(
        last=len(lines),
        begin=begins[0],
        second=begins[6],
        end=[*places.get("END:VEVENT", []), 0][0],
        broken=[*places.get("STATUS", []), 0][0],
    )
    with pytest.raises(FileError) as refused:
        read(text)
    assert str(refused.value) == message


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from((10**30, -1, 0, "9999-12-31", "0001-01-01", "99:99", [], {}, [[]], [1, 2])),
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(("COURSE", "SESSION")), st.data())
def test_a_record_that_makes_no_sense_breaks_nothing(which: str, data: st.DataObject) -> None:
    lines = unfolded(text_of(REVIEWED, CLINICS))
    name = f"X-MESO-SCHED-{which}:"
    places = [place for place, line in enumerate(lines) if line.startswith(name)]
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3, unique=True)):
        record = json.loads(re.sub(r"\\([,;\\])", r"\1", lines[place].removeprefix(name)))
        _spoil(record, data)
        lines[place] = name + json.dumps(record).replace("\\", "\\\\").replace(",", "\\,")
    with suppress(FileError):
        found = read(folded(lines))
        assert [each.number for each in found.current.booked] == list(
            range(1, len(found.current.booked) + 1)
        )
        to_ics(course_file(found.current, Edition(), LATER))


@pytest.mark.parametrize("junk", ["null", "7", "true", "[]", "{}", '"xx"', '["en"]'])
@pytest.mark.parametrize("key", ["language", "care"])
def test_an_edition_that_cannot_be_counts_as_english_and_without_care(key: str, junk: str) -> None:
    text = re.sub(rf'"{key}":"\w+"', f'"{key}":{junk}', "\r\n".join(unfolded(WHOLE)) + "\r\n")
    found = read(text)
    expected = {"language": DEFAULT, "care": Edition(care=CareForm.NONE)}
    assert found.edition == expected[key]
    assert found.current.booked == plan().booked


def _spoil(record: Any, data: st.DataObject) -> None:  # noqa: ANN401
    """Put anything in the place of one value, however deep it lies."""
    while True:
        keys = list(record) if isinstance(record, dict) else list(range(len(record)))
        key = data.draw(st.sampled_from(keys))
        inner = record[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            record = inner
            continue
        record[key] = data.draw(JUNK)
        return


@pytest.mark.parametrize(
    "record", ["{broken", "[]", "5", "null", "[" * 9000, '{"a":' * 9000, "NaN", '"x"'], ids=len
)
def test_a_record_that_is_none_counts_as_stripped(record: str) -> None:
    text = re.sub(
        r"(X-MESO-SCHED-(COURSE|SESSION)):.*", lambda found: f"{found[1]}:{record}",
        "\n".join(unfolded(WHOLE)) + "\n",
    )  # fmt: skip
    found = read_course(text, "a.ics", PLACE, ["sample"])
    assert found.stripped
    assert [each.slot for each in found.current.booked] == [each.slot for each in plan().booked]


@settings(deadline=None, max_examples=150)
@given(st.integers(0, len(WHOLE) - 1), st.text(max_size=4), st.integers(0, 60))
@example(WHOLE.index("DTSTART;TZID"), "", 8)
def test_a_damaged_file_is_read_or_refused(place: int, put: str, cut: int) -> None:
    with suppress(FileError):
        read(WHOLE[:place] + put + WHOLE[place + cut :])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(WHOLE) - len("END:VCALENDAR\r\n")))
def test_a_truncated_file_is_never_half_read(end: int) -> None:
    with pytest.raises(FileError):
        read(WHOLE[:end])


def test_what_a_revision_writes_the_judge_has_nothing_against() -> None:
    made = plan((4, 3, 2))
    again = revised(
        text_of(made),
        lambda plan: moved(
            moved(moved(plan, 1, status=Status.FULFILLED), 2, status=Status.NOSHOW),
            3,
            status=Status.CANCELLED,
        ),
    )
    events = judged(again.encode()).inside("VEVENT")
    assert [event.text("SUMMARY") for event in events[:4]] == [
        *("Done: P1 (1/9)", "Missed: P1 (2/9)", "Cancelled: P1 (3/9)", "P1 (4/9)")
    ]
    assert [event.value("STATUS") for event in events[:4]] == [
        *("CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED")
    ]
    assert [len(event.components) for event in events[:4]] == [0, 0, 0, 1]
    assert len(content_lines(again.encode())) > 100
