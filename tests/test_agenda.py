"""`agenda`: who comes when, what is to be seen to, and how one patient's course stands."""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
import pytest
from building import clinic, days, weekly
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from running import WITHOUT_HOLIDAYS, Desk
from test_start_up import HEAVY, loaded

from meso_sched.cli import app
from meso_sched.core.agenda import Agenda, AgendaRequest, KeptCourse, Kind, make_agenda, overall
from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import DateRange

ISTANBUL = ZoneInfo("Europe/Istanbul")
BOOKED, DONE, MISSED, CANCELLED = Status.BOOKED, Status.FULFILLED, Status.NOSHOW, Status.CANCELLED
WED_20_JAN = datetime(2027, 1, 20, 12, tzinfo=ISTANBUL)
JANUARY = days(date(2027, 1, 1), date(2027, 1, 31))
YEAR = days(date(2027, 1, 1), date(2027, 12, 31))


# ---- The core ------------------------------------------------------------------------------------


class At(NamedTuple):
    """A session of a weekly course: its day in January 2027 (32 is 1 February), and the rest."""

    day: int
    status: Status = BOOKED
    hour: int = 10
    overdue: int = 0
    latest: int | None = None
    minutes: int = 30


def january(day: int, hour: int = 0, zone: tzinfo = ISTANBUL) -> datetime:
    return datetime(2027, 1, 1, hour, tzinfo=zone) + timedelta(days=day - 1)


def noon(day: int) -> datetime:
    return january(day, 12)


def kept(*sessions: At, patient: str | None = "P1", where: str = "P1.ics") -> KeptCourse:
    """A course that begins on Friday, 1 January, with a week from one ideal date to the next."""
    course = weekly(len(sessions), date(2027, 1, 1), every="1 week")._replace(patient=patient)
    booked = []
    for ideal, at in zip(course.sessions, sessions, strict=True):
        start = january(at.day, at.hour)
        end = start + timedelta(minutes=at.minutes)
        latest = None if at.latest is None else january(at.latest).date()
        missed = (Slot(start, end),) if at.status is MISSED else ()
        booked.append(
            BookedSession(
                ideal, start, end, ideal.ideal, latest, 7, at.overdue, (),
                status=at.status, missed=missed,
            )
        )  # fmt: skip
    return KeptCourse(Plan(course, clinic(), tuple(booked)), where)


def reviewed(course: KeptCourse, *reviews: At) -> KeptCourse:
    """With reviews after the first session, each due on its day."""
    name, booked = Text.english("First look"), []
    for number, at in enumerate(reviews, 1):
        start = january(at.day, at.hour)
        end = start + timedelta(minutes=at.minutes)
        review = BookedReview(number, name, 1, start.date(), start, end, status=at.status)
        booked.append(review)
    return course._replace(plan=course.plan._replace(reviews=tuple(booked)))


def seen(
    *courses: KeptCourse,
    now: datetime = WED_20_JAN,
    during: DateRange | None = YEAR,
    months: DateRange = JANUARY,
    zone: tzinfo = ISTANBUL,
) -> Agenda:
    return make_agenda(AgendaRequest(courses, now, zone, during, months))


def numbers(appointments: Iterable[Any]) -> list[int]:
    return [each.number for each in appointments]


FIRST_TWO = days(date(2027, 1, 5), date(2027, 1, 12))
LISTED: dict[str, tuple[list[At], DateRange | None, list[int]]] = {
    "all of the range, its ends included": ([At(5), At(12), At(19)], FIRST_TWO, [1, 2]),
    "all but the cancelled": ([At(5, DONE), At(12, MISSED), At(19, CANCELLED)], YEAR, [1, 2]),
    "in time order, not in that of numbers": ([At(19), At(12)], YEAR, [2, 1]),
    "no range is all there is": ([At(5), At(400)], None, [1, 2]),
    "nothing": ([At(5)], days(date(2027, 1, 6)), []),
}  # fmt: skip


@pytest.mark.parametrize(("sessions", "during", "listed"), LISTED.values(), ids=LISTED)
def test_the_appointments_listed(
    sessions: list[At], during: DateRange | None, listed: list[int]
) -> None:
    assert numbers(seen(kept(*sessions), during=during).appointments) == listed


OVERDUE = {
    "booked after its latest day": ([At(5, DONE), At(26, overdue=6, latest=20)], {2: 6}),
    "booked within its window": ([At(5, DONE), At(26, latest=26)], {}),
    "past its latest day and not marked": ([At(5, DONE), At(12, latest=13)], {2: 7}),
    "not marked, and still within its window": ([At(5, DONE), At(19, latest=20)], {}),
    "booked late, later still by now": ([At(5, DONE), At(15, overdue=2, latest=13)], {2: 7}),
    "only the first that is not marked": ([At(5, latest=6), At(12, latest=13)], {1: 14}),
    "no latest day": ([At(5)], {}),
    "done late": ([At(5, DONE), At(19, DONE, overdue=6, latest=13)], {}),
    "cancelled": ([At(5, CANCELLED, overdue=1, latest=4)], {}),
    "missed": ([At(12, MISSED, overdue=1, latest=11)], {}),
}  # fmt: skip


@pytest.mark.parametrize(("sessions", "overdue"), OVERDUE.values(), ids=OVERDUE)
def test_what_is_overdue(sessions: list[At], overdue: dict[int, int]) -> None:
    agenda = seen(kept(*sessions))
    assert {each.appointment.number: each.days for each in agenda.overdue} == overdue


UNMARKED = {
    "over, and neither done nor missed": ([At(5, DONE), At(12), At(19), At(26)], [2, 3]),
    "over today": ([At(20, hour=9)], [1]),
    "under way": ([At(20, hour=11, minutes=90)], []),
    "missed and cancelled are marked": ([At(5, MISSED), At(12, CANCELLED)], []),
}


@pytest.mark.parametrize(("sessions", "unmarked"), UNMARKED.values(), ids=UNMARKED)
def test_what_is_not_marked(sessions: list[At], unmarked: list[int]) -> None:
    assert numbers(seen(kept(*sessions)).unmarked) == unmarked


GIVEN_UP = {
    "missed, and nothing after it": ([At(5, DONE), At(12, MISSED)], [2]),
    "missed, and the rest is still to come": ([At(12, MISSED), At(26)], [1]),
    "missed, and the patient has come since": ([At(5, MISSED), At(12, DONE), At(19, MISSED)], [3]),
}


@pytest.mark.parametrize(("sessions", "missed"), GIVEN_UP.values(), ids=GIVEN_UP)
def test_who_missed_and_has_no_new_date(sessions: list[At], missed: list[int]) -> None:
    assert numbers(seen(kept(*sessions)).missed) == missed


ENDING = {
    "its last session is booked for then": ([At(5, DONE), At(26)], 26),
    "its last session is later": ([At(5, DONE), At(32)], None),
    "it was stopped after the first": ([At(5, DONE), At(32, CANCELLED)], 5),
    "it ended with a missed one": ([At(5, DONE), At(12, MISSED)], 5),
    "nothing of it takes place": ([At(5, CANCELLED), At(12, MISSED)], None),
}


@pytest.mark.parametrize(("sessions", "day"), ENDING.values(), ids=ENDING)
def test_which_courses_end_in_the_month(sessions: list[At], day: int | None) -> None:
    ending = seen(kept(*sessions)).ending
    assert [each.last and each.last.day.day for each in ending] == ([day] if day else [])


def test_a_course_ends_with_its_last_session_that_takes_place_whatever_its_number() -> None:
    agenda = seen(kept(At(5), At(12), At(19, CANCELLED)))
    assert [each.is_last for each in agenda.appointments] == [False, True]
    (standing,) = agenda.courses
    assert standing.last is not None
    assert standing.last.number == 2


def test_the_next_appointment_is_the_first_that_is_not_over() -> None:
    first = kept(At(19), At(20, hour=12), At(27))
    second = kept(At(20, hour=13), patient="P2", where="P2.ics")
    agenda = seen(first, second)
    assert [each.next and each.next.number for each in agenda.courses] == [2, 1]
    assert agenda.next is not None
    assert agenda.next.kept is first
    assert seen(kept(At(5, DONE))).next is None


def test_days_are_those_of_the_zone_at_hand() -> None:
    late = kept(At(19, hour=23))
    agenda = seen(late, zone=ZoneInfo("Asia/Tokyo"), during=days(date(2027, 1, 20)))
    (appointment,) = agenda.appointments
    assert appointment.start.isoformat() == "2027-01-20T05:00:00+09:00"


def test_adherence_over_all_courses_names_the_farthest() -> None:
    # Ideal on 1, 8 and 15 January.
    late = kept(At(3, DONE), At(8, DONE), At(15), patient="late", where="a")
    early = kept(At(1, DONE), At(5, DONE), At(15, MISSED), patient="early", where="b")
    told = overall(seen(late, early, kept(At(1), where="c")).courses)
    assert (told.adherence.done, told.adherence.missed) == (4, 1)
    assert (told.adherence.mean, told.adherence.largest) == (5 / 4, -3)
    assert told.farthest is not None
    assert told.farthest.patient == "early"
    nothing = overall(seen(kept(At(1))).courses)
    assert (nothing.adherence.mean, nothing.adherence.largest, nothing.farthest) == (None,) * 3


BESIDE = {
    "one after the other": ((10, 30), (11, 30), False),
    "one begins as the other ends": ((10, 60), (11, 30), False),
    "at the same time": ((10, 30), (10, 30), True),
    "one within the other": ((10, 120), (11, 30), True),
}


@pytest.mark.parametrize(("one", "other", "clash"), BESIDE.values(), ids=BESIDE)
def test_two_at_the_same_time_name_each_other(
    one: tuple[int, int], other: tuple[int, int], clash: bool
) -> None:
    first = kept(At(20, hour=one[0], minutes=one[1]))
    second = kept(At(20, hour=other[0], minutes=other[1]), patient="P2", where="P2.ics")
    beside = [[each.patient for each in it.beside] for it in seen(first, second).appointments]
    assert beside == ([["P2"], ["P1"]] if clash else [[], []])


class Where(NamedTuple):
    """Whose appointment it is, where and with whom."""

    patient: str
    room: str
    practitioner: str


APART = {
    "in two rooms with two people": (Where("P1", "Blue", "Ada"), Where("P2", "Red", "Bo"), True),
    "in two rooms, with whom is not said": (Where("P1", "Blue", ""), Where("P2", "Red", ""), True),
    "in one room": (Where("P1", "Blue", "Ada"), Where("P2", "Blue", "Bo"), False),
    "with one practitioner": (Where("P1", "Blue", "Ada"), Where("P2", "Red", "Ada"), False),
    "of one patient": (Where("P1", "Blue", "Ada"), Where("P1", "Red", "Bo"), False),
    "where one is is not said": (Where("P1", "Blue", "Ada"), Where("P2", "", "Bo"), False),
}


@pytest.mark.parametrize(("one", "other", "apart"), APART.values(), ids=APART)
def test_two_at_one_time_are_apart_in_rooms_and_people_of_their_own(
    one: Where, other: Where, apart: bool
) -> None:
    courses = []
    for number, (patient, room, practitioner) in enumerate((one, other)):
        course = kept(At(20), patient=patient, where=f"{number}.ics")
        session = course.plan.booked[0]._replace(room=room, practitioner=practitioner)
        courses.append(course._replace(plan=course.plan._replace(booked=(session,))))
    appointments = seen(*courses).appointments
    assert [bool(each.beside) for each in appointments] == [not apart, not apart]
    assert [each.room for each in appointments] == [one.room, other.room]


def test_an_hour_that_autumn_repeats_is_two_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    half_past_two = datetime(2027, 10, 31, 2, 30, tzinfo=berlin)
    courses = []
    for fold in (0, 1):
        slot = half_past_two.replace(fold=fold)
        course = kept(At(1), patient=f"P{fold}", where=f"{fold}.ics")
        session = course.plan.booked[0]._replace(start=slot, end=slot + timedelta(minutes=15))
        courses.append(course._replace(plan=course.plan._replace(booked=(session,))))
    agenda = seen(*reversed(courses), zone=berlin)
    assert [each.kept.patient for each in agenda.appointments] == ["P0", "P1"]
    assert [each.beside for each in agenda.appointments] == [(), ()]


def test_a_missed_appointment_is_beside_nobody() -> None:
    agenda = seen(kept(At(20, MISSED)), kept(At(20), patient="P2", where="P2.ics"))
    assert [each.beside for each in agenda.appointments] == [(), ()]


def test_a_review_stands_among_the_sessions_by_its_time() -> None:
    course = reviewed(kept(At(5, DONE), At(12), At(19)), At(12, hour=11), At(13, CANCELLED))
    listed = seen(course, during=None).appointments
    assert [(each.kind.value, each.number) for each in listed] == [
        *(("session", 1), ("session", 2), ("review", 1), ("session", 3)),
    ]  # fmt: skip
    assert [str(each.name) for each in listed if each.name] == ["First look"]


def test_a_review_that_is_over_is_neither_unmarked_nor_missed_nor_overdue_nor_last() -> None:
    agenda = seen(reviewed(kept(At(5, DONE), At(12, DONE)), At(14), At(26)))
    assert (agenda.unmarked, agenda.missed, agenda.overdue) == ((), (), ())
    assert [each.number for each in agenda.appointments if each.is_last] == [2]
    (standing,) = agenda.courses
    assert standing.adherence.done == 2


def test_the_next_visit_may_be_a_review_but_a_course_ends_with_its_sessions() -> None:
    course = reviewed(kept(At(5, DONE), At(12, DONE)), At(14), At(40))
    agenda = seen(course)
    assert agenda.next is not None
    assert (agenda.next.kind, agenda.next.number, agenda.next.day.day) == (Kind.REVIEW, 2, 9)
    assert [each.last and each.last.day.day for each in agenda.ending] == [12]
    assert seen(course, months=days(date(2027, 2, 1), date(2027, 2, 28))).ending == ()
    assert seen(reviewed(kept(At(5, DONE)), At(40, CANCELLED))).next is None


def test_two_visits_of_one_moment_always_come_in_one_order() -> None:
    courses = [
        reviewed(kept(At(20), patient=each, where=f"{each}.ics"), At(20)) for each in ("P2", "P1")
    ]
    assert [(each.kept.patient, each.kind.value) for each in seen(*courses).appointments] == [
        *(("P1", "session"), ("P1", "review"), ("P2", "session"), ("P2", "review")),
    ]  # fmt: skip


def test_a_review_at_the_time_of_anothers_session_names_it() -> None:
    first = reviewed(kept(At(5)), At(20, hour=10))
    second = kept(At(20, hour=10), patient="P2", where="P2.ics")
    listed = seen(first, second, during=days(date(2027, 1, 20))).appointments
    assert [(each.kind.value, [one.patient for one in each.beside]) for each in listed] == [
        *(("review", ["P2"]), ("session", ["P1"])),
    ]  # fmt: skip


def test_every_kind_has_its_own_uids() -> None:
    course = reviewed(kept(At(5)), At(5, hour=11))._replace(uids={1: "s"}, review_uids={1: "r"})
    assert [each.uid for each in seen(course).appointments] == ["s", "r"]


SESSIONS = st.builds(
    At,
    day=st.integers(1, 60),
    status=st.sampled_from(Status),
    hour=st.integers(9, 17),
    overdue=st.integers(0, 3),
    latest=st.none() | st.integers(1, 60),
    minutes=st.sampled_from([15, 30, 60, 90]),
)
REVIEWS = st.builds(
    At,
    day=st.integers(1, 60),
    status=st.sampled_from([BOOKED, CANCELLED]),
    hour=st.integers(9, 17),
    minutes=st.sampled_from([15, 45]),
)
COURSES = st.lists(
    st.tuples(st.lists(SESSIONS, min_size=1, max_size=6), st.lists(REVIEWS, max_size=2)),
    max_size=5,
)


@given(COURSES, st.integers(1, 60), st.integers(0, 40), st.integers(1, 60))
def test_what_holds_for_every_agenda(
    drawn: list[tuple[list[At], list[At]]], first: int, length: int, today: int
) -> None:
    courses = [
        reviewed(kept(*sessions, patient=f"P{index}", where=f"{index}.ics"), *reviews)
        for index, (sessions, reviews) in enumerate(drawn)
    ]
    during = days(january(first).date(), january(first + length).date())
    agenda = seen(*courses, now=noon(today), during=during)
    sessions = [(each, session) for each in courses for session in each.plan.booked]
    reviews = [(each, review) for each in courses for review in each.plan.reviews]
    visits: list[tuple[KeptCourse, BookedSession | BookedReview]] = [*sessions, *reviews]

    def names(
        pairs: Iterable[tuple[KeptCourse, BookedSession | BookedReview]],
    ) -> list[tuple[str, str, int]]:
        return sorted(
            (course.where, "session" if isinstance(each, BookedSession) else "review", each.number)
            for course, each in pairs
        )

    def of(appointments: Iterable[Any]) -> list[tuple[str, str, int]]:
        return sorted((each.kept.where, each.kind.value, each.number) for each in appointments)

    # Every session and review of the range is listed exactly once, in time order.
    assert of(agenda.appointments) == names(
        (course, each)
        for course, each in visits
        if each.day in during and each.status is not CANCELLED
    )
    starts = [each.start for each in agenda.appointments]
    assert starts == sorted(starts)
    # Every booked session is either not marked or to come, and only such a one is overdue.
    booked = names(each for each in sessions if each[1].status is BOOKED)
    ahead = [each for each in sessions if each[1].status is BOOKED and each[1].end > noon(today)]
    assert sorted([*of(agenda.unmarked), *names(ahead)]) == booked
    assert set(of(each.appointment for each in agenda.overdue)) <= set(booked)
    # Who is at the same time as another is so the other way round too.
    for each in agenda.appointments:
        others = [
            other.kept
            for other in agenda.appointments
            if other is not each
            and each.status.takes_place
            and other.status.takes_place
            and each.start < other.end
            and other.start < each.end
        ]
        assert sorted(one.where for one in each.beside) == sorted(one.where for one in others)


# ---- The command ---------------------------------------------------------------------------------


class Clock:
    """What the commands take for now; noon in Istanbul unless told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def set(self, year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> None:
        moment = datetime(year, month, day, hour, minute, tzinfo=ISTANBUL)

        class Now(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Now:
                return cls.fromtimestamp(moment.timestamp(), tz)

        self._monkeypatch.setattr(app, "datetime", Now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.set(2027, 1, 1)
    return clock


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    return desk


def plan(desk: Desk, file: str, *args: str, start: str = "2027-01-05T10:00") -> None:
    """Plan four weekly sessions, the shortest course that a template has."""
    result = desk.run(
        *("plan", "hair", "--start", start, "--sessions", "weekly=4", "--sessions", "biweekly=2"),
        *("--sessions", "monthly=3", "-o", file, *args),
    )
    assert result.code == 0, result.err


def revise(desk: Desk, file: str, *args: str) -> None:
    result = desk.run("revise", file, "-y", *args)
    assert result.code == 0, result.err


@pytest.fixture
def two(desk: Desk, clock: Clock) -> Desk:
    """P1 came once, missed the second and comes again; P2 comes at the same time as P1.

    It is Friday, 15 January 2027.
    """
    plan(desk, "P1.ics", "--patient", "P1")
    plan(desk, "P2.ics", "--patient", "P2", start="2027-01-12T10:15")
    clock.set(2027, 1, 15)
    revise(desk, "P1.ics", "--done", "1=2027-01-06T10:00", "--missed", "2")
    return desk


TODAY = """\
Today, Fri 15 Jan 2027: 2 appointments
Time         Patient  Session  Phase       Regimen  Remark
12:00-12:30  P1           2/9  weekly 2/4  hair     overdue by 1 day; was missed
                                                    Tue 12 Jan
12:30-13:00  P1            R1  review      hair     First look at the effect

Overdue
- P1, hair 2/9, Fri 15 Jan 2027 at 12:00: 1 day overdue, the latest was Thu 14
  Jan

Not marked
- P2, hair 1/9, Tue 12 Jan 2027 at 10:15: meso-sched revise P2.ics --done 1 (or
  --missed 1)

2 courses: 1 of 18 sessions done, 1 missed; 1.0 days from the ideal date on
average, 1 day late at most (P1).
"""


def test_the_screen_of_a_day(two: Desk) -> None:
    assert two.run("agenda") == (0, TODAY, "")


WEEK = """\
Mon 11 to Sun 17 Jan 2027: 3 appointments
Time         Patient  Session  Phase       Regimen  Remark
Tue 12 Jan 2027
10:15-10:45  P2           1/9  weekly 1/4  hair     not marked

Fri 15 Jan 2027
12:00-12:30  P1           2/9  weekly 2/4  hair     overdue by 1 day; was missed
                                                    Tue 12 Jan
12:30-13:00  P1            R1  review      hair     First look at the effect
"""


def test_the_screen_of_a_week_has_a_heading_a_day(two: Desk) -> None:
    assert two.run("agenda", "--week").out.startswith(WEEK)


def test_what_is_done_is_marked_on_the_screen(two: Desk) -> None:
    shown = two.run("agenda", "--date", "2027-01-06").out
    assert "10:00-10:30  P1           1/9  weekly 1/4  hair     done\n" in shown


def test_a_day_without_appointments_tells_the_next_one(two: Desk) -> None:
    shown = two.run("agenda", "--date", "2027-01-17").out
    assert shown.startswith(
        "Sun 17 Jan 2027: no appointment\nThe next one is P1, hair 2/9, Fri 15 Jan 2027 at 12:00.\n"
    )
    assert shown.endswith(TODAY.partition("Jan\n\n")[2])


def test_a_course_that_ends_is_told_in_its_month(two: Desk) -> None:
    last = two.run("agenda", "--json", "--for", "P2").document["courses"][0]["ends"]
    month = two.run("agenda", "--month", "--date", last).out
    assert f"Ending in {date.fromisoformat(last):%B %Y}\n- P" in month
    assert "last session" in month
    through = two.run("agenda", "--range", f"2027-01-01..{last}").out
    assert f"Ending from January to {date.fromisoformat(last):%B %Y}\n- P" in through


def test_a_stopped_course_ended_with_its_last_session(two: Desk) -> None:
    revise(two, "P1.ics", "--stop")
    document = two.run("agenda", "--json").document
    assert [(each["patient"], each["last"]) for each in document["ending"]] == [
        ("P1", "2027-01-06")
    ]
    assert [(each["patient"], each["number"]) for each in document["missed"]] == [("P1", 2)]
    assert "Missed, no new date\n- P1, hair 2/9, Tue 12 Jan 2027 at 10:00" in two.run("agenda").out


TIMELINE = """\
P1: Hair mesotherapy (scalp), course 1, 9 sessions
Jan 2027     Feb          Mar            Apr            May            Jun
#--xo--o--o-----o------o-------------o------------o-------------o--------------v
    ^ today
# done   x missed   o to come   v review

    #  Date        Time   Gap  Ideal       What
weekly, every 1 week
#   1  Wed 6 Jan   10:00       Tue 5 Jan   done; 1 day late
x   2  Tue 12 Jan  10:00       Tue 12 Jan  missed
--- today, Fri 15 Jan 2027 ---
o   2  Fri 15 Jan  12:00   9d  Tue 12 Jan  1 day overdue
v  R1  Fri 15 Jan  12:30       Fri 15 Jan  First look at the effect
o   3  Thu 21 Jan  10:00   6d  Tue 19 Jan  2 days late
o   4  Wed 27 Jan  10:00   6d  Tue 26 Jan  1 day late
biweekly, every 15 days
o   5  Tue 9 Feb   10:00  13d  Tue 9 Feb
o   6  Tue 23 Feb  10:00  14d  Tue 23 Feb
monthly, every 1 month
o   7  Tue 23 Mar  10:00  28d  Tue 23 Mar
o   8  Tue 20 Apr  10:00  28d  Tue 20 Apr
o   9  Tue 18 May  10:00  28d  Tue 18 May
v  R2  Fri 18 Jun  10:00       Fri 18 Jun  Final result

1 of 9 sessions done, 1 missed; 1.0 days from the ideal date on average, 1 day
late at most.
Next: session 2 on Fri 15 Jan 2027 at 12:00 (today).
"""


def test_the_timeline_of_a_patient(two: Desk) -> None:
    assert two.run("agenda", "--for", "P1") == (0, TIMELINE, "")


def test_the_timeline_below_the_days_asked_for(two: Desk) -> None:
    shown = two.run("agenda", "--for", "P2", "--week").out
    first, _, timeline = shown.partition("\n\n")
    assert first.startswith("Mon 11 to Sun 17 Jan 2027: 1 appointment\n")
    assert timeline.startswith("P2: Hair mesotherapy (scalp), course 1, 9 sessions\n")
    assert "Overdue" not in shown


def test_the_timeline_without_colour_tells_all_marks(desk: Desk, clock: Clock) -> None:
    plan(desk, "P1.ics", "--patient", "P1")
    clock.set(2027, 2, 3)
    revise(desk, "P1.ics", "--done", "1", "--done", "2")
    revise(desk, "P1.ics", "--cancel", "9")
    lines = desk.run("agenda", "--for", "P1").out.splitlines()
    assert lines[2].replace("-", "") == "##??oooo/v"
    assert lines[4] == "# done   o to come   ? not marked   / cancelled   v review"
    assert [line.split()[-1] for line in lines if line.startswith("/")] == ["cancelled"]


def test_the_timeline_goes_on_to_the_reviews_after_the_last_session(
    desk: Desk, clock: Clock
) -> None:
    plan(desk, "P1.ics", "--patient", "P1")
    clock.set(2027, 5, 19)  # the last session was the day before
    lines = desk.run("agenda", "--for", "P1").out.splitlines()
    today = lines.index("--- today, Wed 19 May 2027 ---")
    assert lines[today - 1].startswith("?   9  Tue 18 May  10:00")
    assert lines[today + 1] == "v  R2  Fri 18 Jun  10:00       Fri 18 Jun  Final result"
    assert [line[0] for line in lines if "  R1  " in line] == [
        "v"
    ]  # long over, and nobody marks it
    assert lines[-1] == "Next: review 2 on Fri 18 Jun 2027 at 10:00 (in 30 days)."


def test_a_review_that_was_called_off_is_in_the_timeline_alone(desk: Desk, clock: Clock) -> None:
    plan(desk, "P1.ics", "--patient", "P1")
    head, _, body = (desk.folder / "P1.ics").read_bytes().partition(b"CATEGORIES:REVIEW")
    head, _, event = head.rpartition(b"STATUS:CONFIRMED")
    desk.write("P1.ics", head + b"STATUS:CANCELLED" + event + b"CATEGORIES:REVIEW" + body)
    shown = desk.run("agenda", "--for", "P1").out
    assert "/  R1  Tue 12 Jan  10:30       Tue 12 Jan  First look at the effect; cancelled" in shown
    listed = appointments(desk, "--for", "P1")
    assert [each["number"] for each in listed if each["kind"] == "review"] == [2]


def test_a_review_moved_in_the_calendar_is_shown_where_it_is_now(desk: Desk, clock: Clock) -> None:
    plan(desk, "P1.ics", "--patient", "P1")
    path = desk.folder / "P1.ics"
    moved = path.read_bytes().replace(b"20270112T103000", b"20270113T103000")
    path.write_bytes(moved.replace(b"20270112T110000", b"20270113T110000"))
    desk.setenv("COLUMNS", "100")
    day = desk.run("agenda", "--date", "2027-01-13").out
    assert (
        "10:30-11:00  P1            R1  review  hair     First look at the effect; by hand" in day
    )
    shown = desk.run("agenda", "--for", "P1").out
    assert "Tue 12 Jan  First look at the effect; 1 day late; by hand\n" in shown


def test_all_courses_of_a_patient_are_shown(desk: Desk, clock: Clock) -> None:
    plan(desk, "a.ics", "--patient", "P1")
    plan(desk, "b.ics", "--patient", "P1", "--course", "2", start="2027-09-07T10:00")
    shown = desk.run("agenda", "--for", "P1").out
    assert [line for line in shown.splitlines() if line.startswith("P1: ")] == [
        "P1: Hair mesotherapy (scalp), course 1, 9 sessions",
        "P1: Hair mesotherapy (scalp), course 2, 9 sessions",
    ]


@pytest.mark.parametrize("width", ["40", "60", "80", "120"])
def test_no_line_is_wider_than_the_screen(two: Desk, width: str) -> None:
    two.setenv("COLUMNS", width)
    for args in ((), ("--month",), ("--for", "P1")):
        lines = two.run("agenda", *args).out.splitlines()
        assert [line for line in lines if cell_len(line) > int(width)] == []


def test_nothing_of_a_file_steers_the_terminal(desk: Desk, clock: Clock) -> None:
    plan(desk, "P1.ics", "--patient", "a\x1b[31mb\u202e")
    for args in (("--month",), ("--for", "a\x1b[31mb\u202e")):
        shown = desk.run("agenda", *args)
        assert shown.code == 0
        assert r"a\x1b[31mb\u202e" in shown.out
        assert "\x1b" not in shown.out + shown.err


def test_a_course_without_a_patient_is_shown_by_a_dash(desk: Desk, clock: Clock) -> None:
    plan(desk, "a.ics")
    assert "10:00-10:30  -  " in desk.run("agenda", "--date", "2027-01-05").out


def test_long_lists_say_how_many_more_there_are(desk: Desk, clock: Clock) -> None:
    for number in range(22):
        plan(desk, f"{number}.ics", "--patient", f"Q{number}", "--busy", ".")
    clock.set(2027, 1, 7)
    shown = desk.run("agenda").out
    assert shown.count("\n- Q") == 20
    assert "\n  and 2 more; --json lists all\n" in shown


# The days


RANGES = {
    "today": ((), "2027-01-07", "2027-01-07"),
    "--date tomorrow": (("--date", "tomorrow"), "2027-01-08", "2027-01-08"),
    "--date next tue": (("--date", "next tue"), "2027-01-12", "2027-01-12"),
    "--date +2w": (("--date", "+2w"), "2027-01-21", "2027-01-21"),
    "--week": (("--week",), "2027-01-04", "2027-01-10"),
    "--week of a Sunday": (("--week", "--date", "2027-01-03"), "2026-12-28", "2027-01-03"),
    "--month": (("--month",), "2027-01-01", "2027-01-31"),
    "--month in a leap year": (("--month", "--date", "2028-02-29"), "2028-02-01", "2028-02-29"),
    "--month in December": (("--month", "--date", "2027-12-31"), "2027-12-01", "2027-12-31"),
    "--month, the last": (("--month", "--date", "2199-12-31"), "2199-12-01", "2199-12-31"),
    "--range": (("--range", "2027-02-01..2027-03-31"), "2027-02-01", "2027-03-31"),
    "--range of a day": (("--range", "2027-02-01"), "2027-02-01", "2027-02-01"),
    "--range in words": (("--range", "today..+1w"), "2027-01-07", "2027-01-14"),
}


@pytest.mark.parametrize(("args", "first", "last"), RANGES.values(), ids=RANGES)
def test_which_days(desk: Desk, clock: Clock, args: tuple[str, ...], first: str, last: str) -> None:
    clock.set(2027, 1, 7, 1)  # one in the morning in Istanbul is still the 6th in UTC
    document = desk.run("agenda", "--json", *args).document
    assert (document["from"], document["to"]) == (first, last)
    assert document["timezone"] == "Europe/Istanbul"


TWICE = "each say which days; give one of them"
WEEK_AHEAD = ("--range", "today..+1w")
BACKWARD = "2027-02-01..2027-01-01"
MISTAKES = {
    "two lengths": (("--week", "--month"), f"--week and --month {TWICE}"),
    "a length and a range": (("--week", *WEEK_AHEAD), f"--week and --range {TWICE}"),
    "a date and a range": (("--date", "today", *WEEK_AHEAD), f"--range and --date {TWICE}"),
    "two forms": (("--json", "--csv"), "--json and --csv both want stdout; leave one of them out"),
    "an ambiguous date": (("--date", "05.01.2027"), '--date: "05.01.2027" is not a date'),
    "a backward range": (("--range", BACKWARD), f"--range: {BACKWARD} runs backward"),
    "an empty reference": (("--for", " "), "--for: is empty"),
}  # fmt: skip


@pytest.mark.parametrize(("args", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_command_line_that_cannot_be(two: Desk, args: tuple[str, ...], told: str) -> None:
    result = two.run("agenda", *args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"meso-sched: {told}")


# The documents


def appointments(desk: Desk, *args: str) -> list[dict[str, Any]]:
    result = desk.run("agenda", "--json", *args)
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = result.document["appointments"]
    return found


def test_the_document(two: Desk) -> None:
    document = two.run("agenda", "--json", "--date", "2027-01-12").document
    assert document["schema"] == "meso-sched/agenda/1"
    (appointment,) = document["appointments"]
    assert appointment.pop("uid") in (two.folder / "P2.ics").read_text()
    assert appointment == {
        "kind": "session", "name": None,
        "patient": "P2", "regimen": "hair", "course": 1, "number": 1, "sessions": 9,
        "phase": "weekly", "of": [1, 4], "start": "2027-01-12T10:15:00+03:00",
        "end": "2027-01-12T10:45:00+03:00", "status": "booked", "overdue_days": 0,
        "file": "P2.ics", "room": None, "practitioner": None,
    }  # fmt: skip
    assert [each["number"] for each in document["unmarked"]] == [1]
    assert (document["missed"], document["ending"], document["warnings"]) == ([], [], [])
    first, second = document["courses"]
    assert {key: first[key] for key in first if key not in ("next", "ends")} == {
        "patient": "P1", "regimen": "hair", "course": 1, "file": "P1.ics",
        "done": 1, "missed": 1, "mean_deviation_days": 1.0, "largest_deviation_days": 1,
    }  # fmt: skip
    assert (second["done"], second["mean_deviation_days"]) == (0, None)
    assert second["next"] == "2027-01-19T10:15:00+03:00"


def test_the_document_tells_reviews_by_their_kind(two: Desk) -> None:
    listed = two.run("agenda", "--json", "--for", "P2").document["appointments"]
    first, last = (each for each in listed if each["kind"] == "review")
    uids = {each.pop("uid") for each in listed}
    assert len(uids) == len(listed) == 11
    assert first == {
        "kind": "review", "name": "First look at the effect",
        "patient": "P2", "regimen": "hair", "course": 1, "number": 1, "sessions": 9,
        "phase": None, "of": [None, None], "start": "2027-01-19T10:45:00+03:00",
        "end": "2027-01-19T11:15:00+03:00", "status": "booked", "overdue_days": 0,
        "file": "P2.ics", "room": None, "practitioner": None,
    }  # fmt: skip
    assert listed[-1] == last


def test_the_document_of_a_patient_has_all_dates(two: Desk) -> None:
    found = two.run("agenda", "--json", "--for", "P2").document
    assert {each["patient"] for each in found["appointments"]} == {"P2"}
    listed = found["appointments"]
    sessions = [each for each in listed if each["kind"] == "session"]
    assert [each["number"] for each in sessions] == list(range(1, 10))
    assert found["from"] == listed[0]["start"][:10]
    assert found["to"] == listed[-1]["start"][:10]
    assert found["courses"][0]["ends"] == sessions[-1]["start"][:10]
    week = two.run("agenda", "--json", "--for", "P2", "--week").document
    assert [each["number"] for each in week["appointments"]] == [1]


def test_the_table_for_spreadsheets(desk: Desk, clock: Clock) -> None:
    plan(desk, "=a.ics", "--patient", '=cmd("x"),1')
    result = desk.run("agenda", "--csv", "--month")
    assert result.out.count("\r\n") == result.out.count("\n") == 6
    rows = list(csv.DictReader(io.StringIO(result.out, newline="")))
    document = desk.run("agenda", "--json", "--month").document["appointments"]
    assert [row["start"] for row in rows] == [each["start"] for each in document]
    assert rows[0]["patient"] == '\'=cmd("x"),1'
    assert rows[0]["file"] == "'=a.ics"
    assert (rows[1]["date"], rows[1]["number"], rows[1]["sessions"]) == ("2027-01-12", "2", "9")
    assert (rows[1]["phase"], rows[1]["phase_number"], rows[1]["phase_sessions"]) == (
        *("weekly", "2"), "4",
    )  # fmt: skip
    assert list(rows[0])[-5:] == ["file", "kind", "name", "room", "practitioner"]
    assert [(row["kind"], row["name"]) for row in rows[1:3]] == [
        *(("session", ""), ("review", "First look at the effect")),
    ]  # fmt: skip
    assert [rows[2][key] for key in ("number", "phase", "phase_number")] == ["1", "", ""]


# Files and folders


def test_a_folder_without_courses_says_what_to_do(desk: Desk, clock: Clock) -> None:
    result = desk.run("agenda")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("meso-sched: no course is in this folder; plan one with `meso-")
    document = desk.run("agenda", "--json").document
    assert (document["appointments"], document["courses"]) == ([], [])
    assert desk.run("agenda", "--csv").out.count("\r\n") == 1


OTHER = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:another\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20270101T000000Z\r
DTSTART:20270105T100000Z\r
SUMMARY:Lunch\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_what_is_no_course_is_left_out_of_a_folder_with_one_note(two: Desk) -> None:
    two.write("other.ics", OTHER)
    plan(two, "copy.ics", "--patient", "P3", "--for", "patient")
    result = two.run("agenda", "--json")
    assert result.code == 0
    assert result.err == "meso-sched: 2 other calendar files hold no course: left out\n"
    assert [each["patient"] for each in result.document["courses"]] == ["P1", "P2"]


def test_what_is_larger_than_any_course_is_not_read(two: Desk) -> None:
    with (two.folder / "office.ics").open("wb") as file:
        file.truncate(17 << 20)
    assert two.run("agenda").err == "meso-sched: 1 other calendar file holds no course: left out\n"
    assert two.run("agenda", "office.ics").code == 3


@pytest.mark.parametrize("name", ["other.ics", "copy.ics", "none.ics", "empty.ics"])
def test_a_file_that_is_named_must_hold_a_course(two: Desk, name: str) -> None:
    two.write("other.ics", OTHER)
    two.write("empty.ics", "")
    plan(two, "copy.ics", "--patient", "P3", "--for", "patient")
    result = two.run("agenda", "P1.ics", name)
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(f"meso-sched: {name}: ")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def newer(data: bytes) -> bytes:
    return data.replace(b"X-MESO-SCHED-FORMAT:1", b"X-MESO-SCHED-FORMAT:99")


def not_utf8(data: bytes) -> bytes:
    return data.replace(b"P1", b"\xff\xfe")


@pytest.mark.parametrize("harm", [cut, newer, not_utf8])
def test_a_broken_file_of_a_folder_is_told_and_the_rest_is_shown(
    two: Desk, harm: Callable[[bytes], bytes]
) -> None:
    two.write("harmed.ics", harm((two.folder / "P1.ics").read_bytes()))
    two.write("empty.ics", "")
    for args in (("--month",), ("--month", "--json"), ("--month", "--csv")):
        result = two.run("agenda", *args)
        assert result.code == 3
        assert "P2" in result.out
        told = result.err.splitlines()
        assert told[0].startswith("meso-sched: empty.ics")
        assert told[1].startswith("meso-sched: harmed.ics")
        assert told[2:] == ["meso-sched: the agenda lacks what is in 2 files"]
    assert len(two.run("agenda", "--json").document["warnings"]) == 2


def test_a_folder_that_cannot_be_read_is_told(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = two.folder / "locked"
    locked.mkdir()
    known = os.scandir

    def scandir(path: str) -> Any:  # noqa: ANN401 - whatever os.scandir gives
        if str(path).endswith("locked"):  # root may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return known(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = two.run("agenda", "--month")
    assert (result.code, "P2" in result.out) == (3, True)
    assert result.err.startswith("meso-sched: locked: cannot be read (Permission denied)")


def test_folders_are_searched_to_their_ground_but_for_hidden_ones(two: Desk) -> None:
    (two.folder / "deep" / "er").mkdir(parents=True)
    (two.folder / "P2.ics").rename(two.folder / "deep" / "er" / "P2.ICS")
    plan(two, ".hidden.ics", "--patient", "P3")
    two.write(".old/P4.ics", OTHER)
    (two.folder / "deep" / "loop").symlink_to(two.folder)
    (two.folder / "deep" / "P1.ics").symlink_to(two.folder / "P1.ics")
    result = two.run("agenda", "--json")
    assert (result.code, result.err) == (0, "")
    assert [each["file"] for each in result.document["courses"]] == ["P1.ics", "deep/er/P2.ICS"]


def test_a_file_named_twice_is_read_once(two: Desk) -> None:
    result = two.run("agenda", "--json", "P2.ics", ".", "P2.ics", str(two.folder / "P1.ics"))
    assert (result.code, result.err) == (0, "")
    assert [each["patient"] for each in result.document["courses"]] == ["P2", "P1"]


def test_a_course_in_two_files_is_shown_once_from_the_one_changed_last(two: Desk) -> None:
    before = (two.folder / "P2.ics").read_bytes()
    revise(two, "P2.ics", "--done", "1")
    for name in ("A.ics", "Z.ics"):
        (two.folder / name).write_bytes(before)
        result = two.run("agenda", "--json", "P2.ics", name)
        assert [(each["file"], each["done"]) for each in result.document["courses"]] == [
            ("P2.ics", 1)
        ]
        told = (
            f"P2.ics and {name} hold the same course: P2.ics, which was changed last, is shown;"
            " move the other one elsewhere"
        )
        assert result.document["warnings"] == [told]
        assert result.err == f"meso-sched: warning: {told}\n"


def test_two_courses_without_a_patient_are_both_shown(desk: Desk, clock: Clock) -> None:
    plan(desk, "a.ics")
    plan(desk, "b.ics", start="2027-01-06T10:00")
    (desk.folder / "c.ics").write_bytes((desk.folder / "a.ics").read_bytes())
    document = desk.run("agenda", "--json").document
    assert [each["file"] for each in document["courses"]] == ["a.ics", "b.ics"]
    assert len(document["warnings"]) == 2


@pytest.mark.parametrize("args", [(), ("--json",), ("--csv",)], ids=" ".join)
def test_an_unknown_patient_is_told_with_the_nearest(two: Desk, args: tuple[str, ...]) -> None:
    result = two.run("agenda", "--for", "p2", *args)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        'meso-sched: --for: no course in this folder is of a patient "p2"; did you mean "P2"?\n'
    )
    two.write("empty.ics", "")
    result = two.run("agenda", "--for", "p2", *args)
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("meso-sched: empty.ics: ")


def test_a_session_moved_in_the_calendar_is_shown_where_it_is_now(two: Desk) -> None:
    path = two.folder / "P2.ics"
    moved = path.read_bytes().replace(b"20270119T10", b"20270120T15")
    path.write_bytes(moved)
    found = appointments(two, "P2.ics", "--date", "2027-01-20")
    assert [each["start"] for each in found] == ["2027-01-20T15:15:00+03:00"]
    assert "by hand" in two.run("agenda", "P2.ics", "--date", "2027-01-20").out


def test_a_course_of_another_zone_is_shown_in_the_clinics(two: Desk) -> None:
    two.write("schedules.toml", WITHOUT_HOLIDAYS.replace("Europe/Istanbul", "Pacific/Auckland"))
    document = two.run("agenda", "--json", "P2.ics", "--date", "2027-01-12").document
    assert document["timezone"] == "Pacific/Auckland"
    assert [each["start"] for each in document["appointments"]] == ["2027-01-12T20:15:00+13:00"]


# A clinic


@pytest.fixture
def full(desk: Desk, clock: Clock) -> Desk:
    """Thirty courses in two folders, some of them revised; it is 3 March 2027."""
    chance = random.Random(2027)
    names = ("hair", "classic", "face")
    for number in range(30):
        start = date(2027, 1, 4) + timedelta(days=chance.randrange(70))
        at = f"{chance.randrange(9, 17):02}:{chance.choice((0, 15, 30)):02}"
        file = f"{'a' if number % 2 else 'b/c'}/P{number}.ics"
        (desk.folder / file).parent.mkdir(parents=True, exist_ok=True)
        result = desk.run(
            *("plan", names[number % len(names)], "--start", f"{start}T{at}"),
            *("--patient", f"P{number}", "-o", file),
        )
        assert result.code == 0, result.err
    clock.set(2027, 3, 3)
    for path in sorted(desk.folder.rglob("*.ics"))[::2]:
        ends = [each["DTEND"].dt for each in _events(path) if _is_session(each)]
        if min(ends) < clock_now():
            told = [["--done", "1"], ["--missed", "1"], ["--done", "1", "--stop"]]
            what = chance.choice(told if max(ends) > clock_now() else told[:2])
            revise(desk, str(path.relative_to(desk.folder)), *what)
    return desk


def clock_now() -> datetime:
    return datetime(2027, 3, 3, 12, tzinfo=ISTANBUL)


def _events(file: Path) -> Iterator[Any]:
    """Those of sessions and reviews; the agenda tells nothing of care."""
    events: list[Any] = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    return (each for each in events if each["CATEGORIES"].cats != ["CARE"])


def _is_session(event: Any) -> bool:  # noqa: ANN401 - icalendar tells no types
    return bool(event["CATEGORIES"].cats == ["APPOINTMENT"])


def in_calendars(desk: Desk) -> list[tuple[str, datetime, str]]:
    """UID, start and file of what the calendars hold and did not call off, read by icalendar."""
    return [
        (str(event["UID"]), event["DTSTART"].dt, str(file.relative_to(desk.folder)))
        for file in sorted(desk.folder.rglob("*.ics"))
        for event in _events(file)
        if event["STATUS"] != "CANCELLED"
    ]


def listed(found: Sequence[dict[str, Any]]) -> list[tuple[str, datetime, str]]:
    return sorted(
        (each["uid"], datetime.fromisoformat(each["start"]), each["file"]) for each in found
    )


def test_a_year_lists_what_the_calendars_hold(full: Desk) -> None:
    expected = in_calendars(full)
    assert len(expected) > 150
    found = appointments(full, "--range", "2027-01-01..2028-12-31")
    assert listed(found) == sorted(expected)
    starts = [each["start"] for each in found]
    assert starts == sorted(starts)


@pytest.mark.parametrize("length", ["--date", "--week", "--month"])
def test_the_days_of_a_year_add_up_to_it(full: Desk, length: str) -> None:
    expected = in_calendars(full)
    for day in ("2027-01-04", "2027-02-09", "2027-03-03", "2027-05-31"):
        args = ("--date", day) if length == "--date" else (length, "--date", day)
        document = full.run("agenda", "--json", *args).document
        first, last = (date.fromisoformat(document[key]) for key in ("from", "to"))
        assert listed(document["appointments"]) == sorted(
            each for each in expected if first <= each[1].date() <= last
        )


def test_every_course_is_told_with_what_became_of_it(full: Desk) -> None:
    document = full.run("agenda", "--json").document
    assert len(document["courses"]) == 30
    events = {
        str(file.relative_to(full.folder)): list(_events(file))
        for file in full.folder.rglob("*.ics")
    }
    for course in document["courses"]:
        summaries = [str(event["SUMMARY"]) for event in events[course["file"]]]
        assert course["done"] == sum(each.startswith("Done: ") for each in summaries)
    over = {
        str(event["UID"])
        for file in events.values()
        for event in file
        if _is_session(event)
        and event["DTEND"].dt <= clock_now()
        and event["STATUS"] != "CANCELLED"
        and not str(event["SUMMARY"]).startswith(("Done: ", "Missed: "))
    }
    assert {each["uid"] for each in document["unmarked"]} == over
    assert over


def test_the_agenda_loads_no_calendar_library_and_no_holidays(two: Desk) -> None:
    two.write("schedules.toml", '[clinic]\ntimezone = "Europe/Istanbul"\nholidays = "TR"\n')
    for args in ((), ("--for", "P1"), ("--json",), ("--csv",)):
        assert loaded(two, "agenda", *args) & HEAVY == set()
