"""The timeline: phases as lanes on one axis, as a card draws them and as a terminal shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, pairwise, repeat
from pathlib import Path
from types import MappingProxyType

import pytest
from building import HAIR, clinic, courses, phase, regimen, slot_on, weekly
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from running import WITHOUT_HOLIDAYS, Desk

from meso_sched.cli.layout import Line, visible
from meso_sched.cli.phase_view import (
    BY_WEIGHT,
    MARKS,
    OPEN,
    OVERDUE,
    UNMARKED,
    outline_lines,
    phase_lines,
)
from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.course import Choices, Course, PlannedPhase, make_course
from meso_sched.core.interval import Interval
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Keep, Regimen, Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.timeline import outline, timeline

BOOKED, DONE, MISSED, CANCELLED = Status.BOOKED, Status.FULFILLED, Status.NOSHOW, Status.CANCELLED
TUE_5_JAN = date(2027, 1, 5)
BEFORE = date(2026, 12, 1)
NONE: Mapping[int, date] = MappingProxyType({})


def planned(
    course: Course,
    *,
    moved: Mapping[int, date] = NONE,
    missed: Mapping[int, date] = NONE,
    statuses: Sequence[Status] = (),
    reviews: Iterable[date] = (),
) -> Plan:
    """A course booked on its ideal days but for those ``moved``; ``statuses`` of the first ones.

    ``missed`` are days on which the patient did not come to what is now booked elsewhere.
    """
    became = zip(course.sessions, chain(statuses, repeat(BOOKED)), strict=False)
    booked = []
    before = None
    for session, status in became:
        slots = tuple(slot_on(day) for number, day in missed.items() if number == session.number)
        each = BookedSession.at(session, slot_on(moved.get(session.number, session.ideal)))
        each = each.after(before)._replace(status=status, missed=slots)
        before = (each.number, each.day) if each.takes_place else before
        booked.append(each)
    return Plan(
        course, clinic(), tuple(booked), reviews=tuple(review(*each) for each in enumerate(reviews))
    )


def review(index: int, day: date) -> BookedReview:
    return BookedReview(index + 1, Text.english("Look"), 1, day, *slot_on(day, 12 * 60))


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def shown(lines: Iterable[Line]) -> str:
    return "".join(text_of(line).rstrip() + "\n" for line in lines)


def in_january(day: int) -> date:
    return date(2027, 1, 1) + timedelta(days=day - 1)


# ---- The core: places on an axis -----------------------------------------------------------------


def test_a_phase_is_a_lane_and_all_lanes_have_one_axis() -> None:
    course = make_course(HAIR, Choices(), start=TUE_5_JAN)
    drawn = timeline(planned(course, reviews=[date(2027, 6, 18)]), BEFORE)
    assert (drawn.first, drawn.last) == (TUE_5_JAN, date(2027, 6, 18))
    assert [(lane.phase, len(lane.marks)) for lane in drawn.lanes] == [
        ("weekly", 4),
        ("biweekly", 2),
        ("monthly", 3),
    ]
    assert [lane.interval for lane in drawn.lanes] == [each.interval for each in course.phases]
    days = (drawn.last - drawn.first).days
    assert [mark.at for mark in drawn.lanes[0].marks] == [0, 7 / days, 14 / days, 21 / days]
    assert [(each.number, each.at, each.gap_days) for each in drawn.reviews] == [(1, 1, None)]
    assert drawn.months == tuple(
        (date(2027, month, 1), (date(2027, month, 1) - TUE_5_JAN).days / days)
        for month in range(2, 7)
    )


TODAYS = {
    "before the course": (date(2027, 1, 4), None),
    "its first day": (date(2027, 1, 5), 0.0),
    "inside": (date(2027, 1, 12), 0.5),
    "its last day": (date(2027, 1, 19), 1.0),
    "after the course": (date(2027, 1, 20), None),
}


@pytest.mark.parametrize(("today", "at"), TODAYS.values(), ids=TODAYS)
def test_today_has_a_place_inside_the_course_alone(today: date, at: float | None) -> None:
    assert timeline(planned(weekly(3, TUE_5_JAN)), today).today == at


def test_what_is_on_one_day_is_in_the_middle() -> None:
    drawn = timeline(planned(weekly(1, TUE_5_JAN), reviews=[TUE_5_JAN]), TUE_5_JAN)
    assert [each.at for each in (*drawn.lanes[0].marks, *drawn.reviews)] == [0.5, 0.5]
    assert drawn.today == 0.5


def test_a_month_that_begins_with_the_course_is_one_of_its_months() -> None:
    drawn = timeline(planned(weekly(5, date(2027, 2, 1))), BEFORE)
    assert drawn.months == ((date(2027, 2, 1), 0.0), (date(2027, 3, 1), 1.0))


def test_a_phase_that_begins_anew_is_a_lane_of_its_own() -> None:
    drawn = timeline(planned(begun_anew()), BEFORE)
    assert [(lane.phase, lane.again) for lane in drawn.lanes] == [("p", False), ("p", True)]
    assert [[mark.number for mark in lane.marks] for lane in drawn.lanes] == [[1, 2], [3, 4]]


def begun_anew() -> Course:
    """Two of four weekly sessions in January, the other two anew from 1 March on."""
    week = Interval.parse("1 week")
    phases = (
        PlannedPhase("p", 2, week, whole=4),
        PlannedPhase("p", 2, week, restarted=date(2027, 3, 1)),
    )
    return Course(HAIR, None, 1, date(2027, 1, 1), Keep.WEEKDAY, 30, phases, ())


def test_a_day_that_was_missed_is_beside_the_day_that_replaces_it() -> None:
    plan = planned(weekly(2, TUE_5_JAN), missed={1: date(2027, 1, 4), 2: in_january(12)})
    (lane,) = timeline(plan, BEFORE).lanes
    assert [mark.day for mark in lane.marks] == [in_january(5), in_january(12)]
    assert [(mark.number, mark.day, mark.status) for mark in lane.missed] == [
        (1, in_january(4), MISSED),
        (2, in_january(12), MISSED),
    ]
    assert lane.missed[0].at == 0.0


def test_a_session_that_was_given_up_is_missed_only_once() -> None:
    plan = planned(weekly(2, TUE_5_JAN), missed={2: in_january(12)}, statuses=[DONE, MISSED])
    (lane,) = timeline(plan, BEFORE).lanes
    assert [mark.status for mark in lane.marks] == [DONE, MISSED]
    assert lane.missed == ()


TOO_LATE = {
    "within its interval": (13, BOOKED, False),
    "later": (14, BOOKED, True),
    "done later": (14, DONE, True),
    "cancelled": (14, CANCELLED, False),
    "given up": (14, MISSED, False),
}


@pytest.mark.parametrize(("day", "status", "overdue"), TOO_LATE.values(), ids=TOO_LATE)
def test_a_session_that_takes_place_too_late_is_overdue(
    day: int, status: Status, *, overdue: bool
) -> None:
    plan = planned(weekly(2, TUE_5_JAN), moved={2: in_january(day)}, statuses=[DONE, status])
    (lane,) = timeline(plan, BEFORE).lanes
    assert [mark.overdue for mark in lane.marks] == [False, overdue]
    assert lane.marks[1].gap_days == day - 5


@st.composite
def plans(draw: st.DrawFn, most: int = 12) -> Plan:
    """Courses with what became of them, sessions that moved, and up to two reviews."""
    first = draw(st.dates(date(2026, 1, 1), date(2028, 1, 1)))
    course = draw(courses(first, 1, most))
    days = st.dates(first, first + timedelta(days=400))
    count = course.count_all
    return planned(
        course,
        moved=draw(st.dictionaries(st.integers(1, count), days, max_size=2)),
        missed=draw(st.dictionaries(st.integers(1, count), days, max_size=2)),
        statuses=draw(st.lists(st.sampled_from(Status), max_size=count)),
        reviews=draw(st.lists(days, max_size=2)),
    )


@given(plans(), st.dates(date(2025, 6, 1), date(2029, 6, 1)))
def test_what_holds_for_every_timeline(plan: Plan, today: date) -> None:
    drawn = timeline(plan, today)
    marks = [mark for lane in drawn.lanes for mark in lane.marks]
    assert [(mark.number, mark.day, mark.status) for mark in marks] == [
        (each.number, each.day, each.status) for each in plan.booked
    ]
    assert [each.day for each in drawn.reviews] == [each.day for each in plan.reviews]
    everything = [*marks, *drawn.reviews, *(mark for lane in drawn.lanes for mark in lane.missed)]
    in_time = sorted(everything, key=lambda mark: mark.day)
    assert (in_time[0].day, in_time[-1].day) == (drawn.first, drawn.last)
    for one, other in pairwise(in_time):
        assert (one.day < other.day) == (one.at < other.at)
    if drawn.first < drawn.last:
        assert (in_time[0].at, in_time[-1].at) == (0.0, 1.0)
    assert (drawn.today is None) == (not drawn.first <= today <= drawn.last)
    assert [day for day, _ in drawn.months] == [
        day
        for day in (drawn.first + timedelta(n) for n in range((drawn.last - drawn.first).days + 1))
        if day.day == 1
    ]


# ---- The terminal: a line a phase ----------------------------------------------------------------

THREE_PHASES = make_course(HAIR, Choices(), start=TUE_5_JAN)
DRAWN: dict[str, tuple[Plan, date | None, str]] = {
    "all of it to come": (planned(THREE_PHASES), BEFORE, """\
          Jan 2027  Feb       Mar         Apr        May
weekly    o--o-o--o  every 1 week
biweekly               o----o  15 days as 14
monthly           1 month as 28 days  o----------o---------o
"""),
    "today is not known": (planned(weekly(2, TUE_5_JAN)), None, """\
        Jan 2027
weekly  o--------------------------------------------------o
weekly every 1 week
"""),
    "today inside, some of it behind": (
        planned(THREE_PHASES, statuses=[DONE, BOOKED, MISSED]), in_january(22), """\
          Jan 2027  Feb       Mar         Apr        May
weekly    #--?-x|-!  every 1 week
biweekly        |      o----o  15 days as 14
monthly         |                     o----------o---------o
monthly 1 month as 28 days
# done   x missed   o to come   ! overdue   ? not marked
| today
"""),
    "overdue, and a day missed before it": (
        planned(
            weekly(3, TUE_5_JAN), statuses=[DONE], moved={2: in_january(19), 3: in_january(26)},
            missed={2: in_january(12)},
        ),
        in_january(13), """\
        Jan 2027
weekly  #----------------x-|--------------!----------------o
weekly every 1 week
# done   x missed   o to come   ! overdue   | today
"""),
    "after the course": (
        planned(weekly(3, TUE_5_JAN), statuses=[DONE, DONE, MISSED]), in_january(31), """\
        Jan 2027
weekly  #-------------------------#------------------------x
weekly every 1 week
# done   x missed
"""),
    "reviews": (planned(weekly(3, TUE_5_JAN), reviews=[in_january(12), date(2027, 3, 5)]), BEFORE,
                """\
         Jan 2027               Feb                     Mar
weekly   o-----o-----o  every 1 week
reviews        v                                           v
"""),
    "a review that is over": (
        planned(weekly(2, TUE_5_JAN), reviews=[in_january(6), in_january(20)]), in_january(14),
        """\
         Jan 2027
weekly   ?----------------------?      |  every 1 week
reviews     v                          |                   v
? not marked   | today
"""),
    "begun anew": (planned(begun_anew()), BEFORE, """\
   Jan 2027                  Feb                     Mar
p  o-----o  every 1 week
p                          every 1 week, begun anew  o-----o
"""),
    "the rest cancelled": (
        planned(THREE_PHASES, statuses=[DONE, DONE, *[CANCELLED] * 7]), in_january(22), """\
          Jan 2027  Feb       Mar         Apr        May
weekly    #--#-/|-/  every 1 week
biweekly        |      /----/  15 days as 14
monthly         |                     /----------/---------/
monthly 1 month as 28 days
# done   / cancelled   | today
"""),
    "one session": (planned(weekly(1, TUE_5_JAN)), BEFORE, """\
weekly                            o  every 1 week
"""),
    "one day, which is today": (planned(weekly(1, TUE_5_JAN), reviews=[TUE_5_JAN]), TUE_5_JAN, """\
weekly                            o  every 1 week
reviews                           v
"""),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "today", "drawn"), DRAWN.values(), ids=DRAWN)
def test_a_course_in_60_columns(plan: Plan, today: date | None, drawn: str) -> None:
    assert shown(phase_lines(plan, today, 60)) == drawn


def columns_of(line: Line, room: int) -> str:
    """What is drawn in a line, without its label."""
    return text_of(line[2:]).ljust(room)


@given(plans(), st.dates(date(2025, 6, 1), date(2029, 6, 1)), st.integers(30, 90))
def test_every_session_is_drawn_unless_a_weightier_one_hides_it(
    plan: Plan, today: date, width: int
) -> None:
    drawn = timeline(plan, today)
    room = min(width, 80) - len("reviews  " if plan.reviews else "p0  ")
    lines = list(phase_lines(plan, today, width, months=False))
    for lane, line in zip(drawn.lanes, lines, strict=False):
        cells = columns_of(line, room)
        for mark in (*lane.marks, *lane.missed):
            expected = MARKS.get(mark.status, OPEN)
            if mark.status is BOOKED and (mark.day < today or mark.overdue):
                expected = UNMARKED if mark.day < today else OVERDUE
            seen = cells[round(mark.at * (room - 1))]
            assert BY_WEIGHT.index(seen) >= BY_WEIGHT.index(expected)


NAMES = st.text(min_size=1, max_size=60).filter(str.strip)


@given(plans(), NAMES, st.sampled_from([None, date(2027, 1, 5)]), st.integers(24, 100))
def test_no_line_is_too_wide_and_no_word_is_lost(
    plan: Plan, name: str, today: date | None, width: int
) -> None:
    renamed = [
        each._replace(plan=each.plan._replace(phase=name + each.plan.phase)) for each in plan.booked
    ]
    lines = list(phase_lines(plan._replace(booked=tuple(renamed)), today, width, hint=True))
    assert [text_of(line) for line in lines if cell_len(text_of(line)) > width] == []
    told = "".join("".join(map(text_of, lines)).split())
    labels = "".join("".join(line[0].text for line in lines).split())
    for label in {each.plan.phase for each in renamed}:
        assert "".join(visible(label).split()) in labels
    for interval in {each.plan.interval for each in renamed}:
        assert "".join(str(interval.ideal).split()) in told


def test_a_course_of_500_sessions_is_one_line() -> None:
    (line, told) = phase_lines(planned(weekly(500, TUE_5_JAN)), BEFORE, 80, months=False)
    assert text_of(line) == "weekly  " + "o" * 72
    assert text_of(told) == "weekly every 1 week"


KEPT = {
    "whole weeks": (Keep.WEEKDAY, "15 days as 14 (else --keep date)"),
    "exact dates": (Keep.DATE, "every 15 days"),
}


@pytest.mark.parametrize(("keep", "told"), KEPT.values(), ids=KEPT)
def test_an_interval_says_whether_it_was_rounded(keep: Keep, told: str) -> None:
    course = make_course(HAIR, Choices(), start=TUE_5_JAN, keep=keep)
    drawn = shown(phase_lines(planned(course), BEFORE, 80, hint=True))
    assert f"  {told}\n" in drawn
    assert drawn.count("--keep date") == (keep is Keep.WEEKDAY)


NARROW = """\
weekly    o-oo-o  every 1 week
biweekly          o--o  15 days as 14
monthly                    o-----o-----o
monthly 1 month as 28 days; whole weeks,
else --keep date
"""


def test_words_that_find_no_room_beside_the_marks_stand_below() -> None:
    lines = phase_lines(planned(THREE_PHASES), BEFORE, 40, months=False, hint=True)
    assert shown(lines) == NARROW


def test_colours_are_of_the_phases_and_of_what_stands_out() -> None:
    plan = planned(THREE_PHASES, statuses=[DONE, DONE], moved={3: in_january(30)})
    lines = list(phase_lines(plan, in_january(20), 80, months=False))
    labels = [line[0].style for line in lines[:3]]
    assert len(set(labels)) == 3
    styles = {span.text: span.style for line in lines[:3] for span in line}
    assert styles["#"] == labels[0]
    assert (styles["!"], styles["|"]) == ("bold red", "bold yellow")


# ---- A template ----------------------------------------------------------------------------------

TEMPLATES = {
    "the lowest of each": (HAIR, """\
At the lowest counts and intervals:
                    1 month    2         3          4
weekly    o-o--o-o  4-6 every 1 week
biweekly              o-----o  2-3 every 15 days
monthly             3+ every 1 month  o----------o---------o
"""),
    "of a range the least": (regimen(phase("series", "2-9", "2-4 weeks")), """\
At the lowest counts and intervals:
                                  1 week                   2
series  o--------------------------------------------------o
series 2-9 every 2-4 weeks
"""),
    "the source gives no interval": (regimen(phase("series", "4-10", "?")), """\
series  ?  4-10 every ?
"""),
    "the source gives neither, and goes on": (
        regimen(phase("series", "?", "?"), phase("after", "3", "1 week")), """\
At the lowest counts and intervals:
                         1 week           2                3
series  ?  ? every ?
after    3 every 1 week  o----------------o----------------o
"""),
    "only if asked for": (
        regimen(phase("series", "3", "1 week"), phase("more", "2", "2 weeks", optional=True)),
        """\
At the lowest counts and intervals:
                1 week   2        3       4       5        6
series  o-------o--------o  3 every 1 week
more                                      o----------------o
more 2 every 2 weeks, only if asked for
"""),
    "one session": (regimen(phase("once", "1", "1 week")), """\
At the lowest counts and intervals:
once  o  1 every 1 week
"""),
    "years": (regimen(phase("yearly", "6", "1 year")), """\
At the lowest counts and intervals:
                  1 year    2          3         4         5
yearly  o---------o---------o----------o---------o---------o
yearly 6 every 1 year
"""),
}  # fmt: skip


@pytest.mark.parametrize(("template", "drawn"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_in_60_columns(template: Regimen, drawn: str) -> None:
    assert shown(outline_lines(template, 60)) == drawn


def test_a_template_is_laid_out_like_a_course_that_keeps_exact_dates() -> None:
    template = regimen(phase("a", "2", "10 days"), phase("b", "3", "15 days"))
    course = make_course(template, Choices(keep=Keep.DATE), start=TUE_5_JAN)
    days = [day for each in outline(template).sketches for day in each.days]
    assert days == [(each.ideal - TUE_5_JAN).days for each in course.sessions]


# ---- The commands --------------------------------------------------------------------------------


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    return desk


PLANNED = ("plan", "hair", "--start", "2090-01-03T10:00", "--patient", "P1")


def test_a_plan_with_its_reviews_fits_on_one_screen(desk: Desk) -> None:
    lines = desk.run("plan", "hair", "--start", "2027-01-05T10:00").out.splitlines()
    assert len(lines) <= 24
    assert max(map(cell_len, lines)) <= 80
    assert [line.split()[0] for line in lines[2:13]] == [*"12", "R1", *"3456789", "R2"]
    assert lines[4].split(maxsplit=9)[1:] == [
        "review", "Tue", "12", "Jan", "10:30", "Tue", "12", "Jan", "First look at the effect"
    ]  # fmt: skip


def test_a_narrow_screen_shows_the_months_above_the_phases(desk: Desk) -> None:
    desk.setenv("COLUMNS", "60")
    out = desk.run(*PLANNED).out
    assert re.search(r"^ +Jan 2090 .*Mar.*\nweekly +o-+o", out, re.MULTILINE)


def test_a_revision_shows_the_course_as_it_is_now(desk: Desk) -> None:
    assert desk.run(*PLANNED, "-o", "P1.ics").code == 0
    out = desk.run("revise", "P1.ics", "--cancel", "9", "--dry-run").out
    assert re.search(r"^monthly .* o-+o-+/$", out, re.MULTILINE)
    assert "o to come   / cancelled\n" in out


@pytest.mark.parametrize("command", [PLANNED, ("show", "hair"), ("show", "face")], ids=" ".join)
def test_colours_change_no_character(desk: Desk, command: tuple[str, ...]) -> None:
    piped = desk.process(*command).stdout.decode()
    coloured = desk.process(*command, FORCE_COLOR="1").stdout.decode()
    without = desk.process(*command, FORCE_COLOR="1", NO_COLOR="1").stdout.decode()
    assert re.search(r"\x1b\[36m(weekly|series)", coloured)
    assert re.search(r"\x1b\[[0-9;]*(3|4|9|10)[0-7]m", without) is None
    for styled in (coloured, without):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", styled)
        assert [line.rstrip() for line in plain.splitlines()] == piped.splitlines()
