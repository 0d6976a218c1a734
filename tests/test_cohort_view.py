"""What the desk sees of a cohort: how good and how full it is, what has no place, how far off."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from building import clinic, days, phase, regimen, week
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from test_cohort_load import MON, At, asked, placed, reached, shared_by

from meso_sched.cli.cohort_view import Part, cohort_lines, load_lines
from meso_sched.cli.layout import GAP, Line, draw
from meso_sched.core.clinic import Practitioner
from meso_sched.core.cohort import CohortResult, Method, Objective, PlacedCourse, Unplaced
from meso_sched.core.cohort_load import Load, Resource, Week

KAYA = Practitioner("Dr. Kaya")
EXACT, GREEDY = Method.EXACT, Method.GREEDY


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def shown(lines: Iterable[Line]) -> str:
    """As it goes into a pipe."""
    return "".join(text_of(line).rstrip() + "\n" for line in lines)


def seen(*parts: Part, width: int = 80) -> str:
    return shown(cohort_lines(parts, width))


def without_place(
    course: PlacedCourse, *numbers: int, why: str = "no room is free", nearest: date | None = None
) -> PlacedCourse:
    """A course of which some sessions, by number, found none."""
    return course._replace(
        booked=tuple(each for each in course.booked if each.number not in numbers),
        unplaced=tuple(
            Unplaced(each.plan, why, nearest) for each in course.booked if each.number in numbers
        ),
    )


def judged(
    objective: Objective,
    bound: Objective | None = None,
    method: Method = EXACT,
    *,
    stopped: bool = False,
) -> Part:
    """A clinic with one course of two sessions, and how well they are said to be placed."""
    result = CohortResult((placed(At(0), At(7)),), objective, bound or objective, method, stopped)
    return "", asked(shared_by()), result


# ---- The whole -----------------------------------------------------------------------------------


def test_a_cohort_on_a_screen() -> None:
    place = replace(
        shared_by(
            KAYA,
            Practitioner(
                "Demir",
                week("09:00-13:00", [0, 1]),
                off=(days(date(2027, 1, 18), date(2027, 1, 24)),),
            ),
            rooms=("Room 1", "Laser"),
            place=clinic(closed=[days(date(2027, 1, 25), date(2027, 1, 31))]),
        ),
        turnover=15,
    )
    courses = [
        placed(
            *(At(start + more, 600, 120, "Room 1", "Dr. Kaya") for more in (0, 7, late)),
            patient=f"P{start}",
            start=start,
        )
        for start, late in enumerate((14, 15, 16, 25))
    ]
    missing = placed(
        *(At(day, 540, 180, "Laser", "Demir") for day in (1, 7, 15)), patient="P9", start=1
    )
    courses.append(without_place(missing, 3, why="Demir is taken", nearest=date(2027, 6, 15)))
    result = reached(*courses)._replace(
        objective=Objective(1, 11, 0, 15, 1, 95), bound=Objective(1, 11, 0, 14, 1, 90)
    )
    assert (
        seen(("", asked(place), result))
        == """\
5 courses, 15 sessions, 14 placed: exact, within 6.7 % of the bound
unplaced 1, overdue 11 days, 15 days from the ideal dates (bound 14), 1 early,
95 minutes from preferred times (bound 90)

Load in percent of the open time, weeks of Mon 4 Jan 2027 to Mon 1 Feb 2027
           Jan 2027    Feb
            4 11 18 25  1
Rooms
Room 1     16 16 12     4
Laser       6  6  ·     ·
Practitioners
Dr. Kaya   16 16 12     4
Demir      40 40        ·
· open, nothing taken   empty: closed or off all week

Without a place
- P9, sample 3/3, weekly 3/3, ideal Tue 19 Jan 2027: Demir is taken; nearest
  possible date: Tue 15 Jun 2027

Days from the ideal dates, by phase
Regimen  Phase   Sessions  On the day  Mean  Largest  Early  Overdue
sample   weekly        14          10  1.1d     +11d      1      11d
"""
    )


# ---- How it was placed ---------------------------------------------------------------------------

FAR, NEAR = Objective(distance_days=1000), Objective(distance_days=994)
METHODS: dict[str, tuple[Part, str]] = {
    "proven": (judged(NEAR), "exact, proven optimal"),
    "near": (judged(FAR, NEAR), "exact, within 0.6 % of the bound"),
    "never said to be nearer than it is": (
        judged(Objective(distance_days=100_000), Objective(distance_days=99_999)),
        "exact, within 0.1 % of the bound",
    ),
    "a bound of 0 is no part": (
        judged(Objective(unplaced=1), Objective()), "exact, not proven optimal",
    ),
    "greedy": (
        judged(FAR, NEAR, GREEDY),
        "the quick way (no proof; install meso-sched[cohort] for the exact one)",
    ),
    "greedy and lucky": (judged(NEAR, NEAR, GREEDY), "the quick way, proven optimal"),
    "stopped": (
        judged(FAR, NEAR, stopped=True), "stopped: the best so far, within 0.6 % of the bound",
    ),
    "stopped without a bound": (
        judged(FAR, Objective(), stopped=True), "stopped: the best so far",
    ),
    "stopped when nothing better was left": (
        judged(NEAR, NEAR, stopped=True), "exact, proven optimal",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("part", "told"), METHODS.values(), ids=METHODS)
def test_how_it_was_placed(part: Part, told: str) -> None:
    assert seen(part, width=200).splitlines()[0] == f"1 course, 2 sessions, all placed: {told}"


GOALS: dict[str, tuple[Part, str]] = {
    "all reached": (
        judged(Objective()),
        "unplaced 0, overdue 0 days, 0 days from the ideal dates, 0 early,"
        " 0 minutes from preferred times",
    ),
    "one of each": (
        judged(Objective(1, 1, 1, 1, 1, 1)),
        "unplaced 1, overdue 1 day, 1 day from the ideal dates, 1 early,"
        " 1 minute from preferred times",
    ),
    "a bound below": (
        judged(Objective(2, 3, 0, 9, 4, 50), Objective(1, 2, 0, 8, 3, 40)),
        "unplaced 2 (bound 1), overdue 3 days (bound 2), 9 days from the ideal dates (bound 8),"
        " 4 early (bound 3), 50 minutes from preferred times (bound 40)",
    ),
    "a bound above, since a goal before it could be better": (
        judged(Objective(0, 3, 0, 9), Objective(0, 2, 0, 12)),
        "unplaced 0, overdue 3 days (bound 2), 9 days from the ideal dates, 0 early,"
        " 0 minutes from preferred times",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("part", "told"), GOALS.values(), ids=GOALS)
def test_the_goals_in_their_order(part: Part, told: str) -> None:
    assert seen(part, width=200).splitlines()[1] == told


def test_what_moved_is_a_goal_of_a_stable_run() -> None:
    name, request, result = judged(Objective(moved=2))
    goals = seen((name, request._replace(stable=True), result), width=200).splitlines()[1]
    assert goals.startswith("unplaced 0, overdue 0 days, 2 moved, 0 days from the ideal dates,")


def test_several_clinics_have_a_heading_together_and_a_map_each() -> None:
    first = judged(Objective(0, 1, 0, 10), Objective(0, 1, 0, 9))
    _, request, result = judged(Objective(1, 0, 0, 5), method=EXACT)
    unplaced = without_place(placed(At(0), At(7), patient="P9"), 2)
    second = result._replace(courses=(unplaced,))
    assert (
        seen(("Izmir", *first[1:]), ("Bursa", request, second))
        == """\
2 courses, 4 sessions, 3 placed: exact, within 6.7 % of the bound
unplaced 1, overdue 1 day, 15 days from the ideal dates (bound 14), 0 early, 0
minutes from preferred times

Izmir
Load in percent of the open time, weeks of Mon 4 Jan 2027 to Mon 11 Jan 2027
         Jan 2027
          4 11
Rooms
Room 1    0  0

Bursa
Load in percent of the open time, week of Mon 4 Jan 2027
         Jan 2027
          4
Rooms
Room 1    0

Without a place
- Bursa: P9, sample 2/2, weekly 2/2, ideal Mon 11 Jan 2027: no room is free;
  nearest possible date: none found

Days from the ideal dates, by phase
Regimen  Phase   Sessions  On the day  Mean  Largest  Early  Overdue
sample   weekly         3           3  0.0d       0d      0       0d
"""
    )


def test_nothing_to_place() -> None:
    assert seen(("", asked(shared_by(KAYA)), reached())) == (
        "0 courses, 0 sessions: nothing to place\n"
    )


def test_nothing_placed() -> None:
    course = without_place(placed(At(0)), 1, why="the clinic has no room.")
    assert (
        seen(("", asked(shared_by(rooms=())), reached(course)))
        == """\
1 course, 1 session, 0 placed: exact, proven optimal
unplaced 0, overdue 0 days, 0 days from the ideal dates, 0 early, 0 minutes from
preferred times

Without a place
- P1, sample 1/1, weekly 1/1, ideal Mon 4 Jan 2027: the clinic has no room;
  nearest possible date: none found
"""
    )


# ---- The load ------------------------------------------------------------------------------------


def loaded(
    *percents: int | None,
    name: str = "Room 1",
    resource: Resource = Resource.ROOM,
    first: date = MON,
) -> Load:
    """A load of so many percent of 1,000 minutes, week by week; None is closed."""
    weeks = (
        Week(first + timedelta(weeks=place), *((0, 0) if each is None else (1000, each * 10)))
        for place, each in enumerate(percents)
    )
    return Load(resource, name, tuple(weeks))


def test_a_load_that_is_full_or_more_has_room_for_its_figure() -> None:
    drawn = [loaded(100, 0, 94, 130, None), loaded(95, 7, None, 5, 99, name="Room 2")]
    assert (
        shown(load_lines(drawn, 80))
        == """\
Load in percent of the open time, weeks of Mon 4 Jan 2027 to Mon 1 Feb 2027
          Jan 2027        Feb
           4  11  18  25   1
Rooms
Room 1   100   ·  94 130
Room 2    95   7       5  99
· open, nothing taken   empty: closed or off all week
"""
    )


def test_a_load_is_never_said_to_be_fuller_than_it_is() -> None:
    weeks = (
        Week(MON, 1000, 999),
        Week(MON + timedelta(7), 1000, 1),
        Week(MON + timedelta(14), 0, 1),
    )
    assert shown(load_lines([Load(Resource.ROOM, "Room 1", weeks)], 80)).splitlines()[-2:] == [
        "Room 1   99  0  !",
        "! taken while closed",
    ]


def test_weeks_that_do_not_fit_go_on_below() -> None:
    drawn = [
        loaded(*range(30, 60)),
        loaded(*range(60, 90), name="", resource=Resource.PRACTITIONER),
    ]
    assert (
        shown(load_lines(drawn, 80))
        == """\
Load in percent of the open time, weeks of Mon 4 Jan 2027 to Mon 26 Jul 2027
          Jan 2027    Feb         Mar            Apr         May            Jun
           4 11 18 25  1  8 15 22  1  8 15 22 29  5 12 19 26  3 10 17 24 31  7
Rooms
Room 1    30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52
Practitioners
anybody   60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82

          Jun 2027 Jul
          14 21 28  5 12 19 26
Rooms
Room 1    53 54 55 56 57 58 59
Practitioners
anybody   83 84 85 86 87 88 89
"""
    )


def test_a_map_of_many_lines_has_a_column_a_week() -> None:
    percents = [0, 1, 9, 10, 55, 79, 80, 94, 95, 100, 120, None]
    drawn = [loaded(*percents * 5, name=f"Room {number}") for number in range(1, 12)]
    lines = shown(load_lines(drawn, 80)).splitlines()
    row = "·0015789### "
    assert lines[:4] == [
        "Load in tenths of the open time, weeks of Mon 4 Jan 2027 to Mon 21 Feb 2028",
        "         Jan 2027     Apr May  Jun Jul Aug  Sep Oct Nov  Dec Jan 2028",
        "Rooms",
        f"Room 1   {row * 5}".rstrip(),
    ]
    assert lines[4:-2] == [f"Room {each:<3} {row * 5}".rstrip() for each in range(2, 12)]
    assert lines[-2:] == [
        "7 is 70 to 79 %   # 95 % and more   · open, nothing taken",
        "empty: closed or off all week",
    ]


def test_many_rooms_over_few_weeks_keep_their_percents() -> None:
    drawn = [loaded(*[50] * 20, name=f"Room {number}") for number in range(1, 25)]
    lines = shown(load_lines(drawn, 80)).splitlines()
    assert lines[-1] == f"Room 24  {' 50' * 20}"
    assert len(lines) == 4 + 24


def test_a_long_name_wraps_beside_its_cells() -> None:
    drawn = [loaded(50, 60, name="Room of the laser at the end"), loaded(1, 2, name="\x1b[31m")]
    assert (
        shown(load_lines(drawn, 30))
        == """\
Load in percent of the open
time, weeks of Mon 4 Jan 2027
to Mon 11 Jan 2027
             Jan 2027
              4 11
Rooms
Room of      50 60
the laser
at the end
\\x1b[31m      1  2
"""
    )


def luminance(style: str, *, ground: bool) -> float:
    """Of a colour of a style, as WCAG 2 reckons it."""
    parsed = Style.parse(style)
    colour = parsed.bgcolor if ground else parsed.color
    assert colour is not None
    channels = (each / 255 for each in colour.get_truecolor())
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("percent", [1, 25, 50, 75, 95, 130])
def test_a_figure_is_read_on_its_colour_whatever_the_theme(percent: int) -> None:
    (style,) = {style for text, style in cells_of(percent) if text.strip()}
    darker, lighter = sorted(luminance(style, ground=ground) for ground in (True, False))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("system", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT])
def test_each_step_has_a_colour_of_its_own_also_where_there_are_few(system: ColorSystem) -> None:
    grounds = [Style.parse(cells_of(percent)[0][1]).bgcolor for percent in (0 + 1, 25, 50, 75, 95)]
    assert len({ground.downgrade(system).number for ground in grounds if ground}) == 5


def test_the_colours_change_at_quarters_and_where_it_is_nearly_full() -> None:
    styles = [cells_of(percent)[0][1] for percent in range(1, 150)]
    changes = [percent for percent, (one, next_) in enumerate(pairwise(styles), 2) if one != next_]
    assert changes == [25, 50, 75, 95]


def cells_of(*percents: int) -> Sequence[tuple[str, str]]:
    """The text and the style of the cells of one row."""
    (row,) = [
        line for line in load_lines([loaded(*percents)], 2000) if line[0].text.startswith("Room 1")
    ]
    return [(span.text, span.style) for span in row[2:]]


def test_a_terminal_shows_the_same_text_as_a_pipe() -> None:
    lines = list(load_lines([loaded(0, 30, 96, None, 50), loaded(1, 2, 3, 4, 5, name="any")], 80))
    stream = io.StringIO()
    draw(Console(file=stream, width=80, force_terminal=True, color_system="truecolor"), lines)
    printed = stream.getvalue()
    assert "\x1b[1;38;2;255;255;255;48;2;178;24;43m 96" in printed
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert [line.rstrip() for line in plain] == shown(lines).splitlines()


# ---- What has no place ---------------------------------------------------------------------------


def test_twenty_are_told_and_the_others_counted() -> None:
    course = placed(*(At(day) for day in range(21)))
    for count, last in ((20, "- P1, sample 20/21,"), (21, "and 1 more; summary.csv lists all")):
        result = reached(without_place(course, *range(1, count + 1)))
        told = seen(("", asked(shared_by()), result)).partition("Without a place\n")[2]
        entries = told.partition("\n\n")[0].splitlines()
        assert sum(each.startswith("- ") for each in entries) == 20
        assert [each for each in entries if each.startswith(last)]


def test_a_second_course_of_a_patient_and_one_without_a_name() -> None:
    course = without_place(placed(At(0)), 1)
    second = course.entry.course._replace(number=2)
    nobody = course.entry.course._replace(patient=None)
    courses = [
        course._replace(entry=course.entry._replace(course=each)) for each in (second, nobody)
    ]
    told = seen(("", asked(shared_by()), reached(*courses)), width=200).splitlines()
    rest = "weekly 1/1, ideal Mon 4 Jan 2027: no room is free; nearest possible date: none found"
    assert told[-2:] == [
        f"- P1, sample (course 2) 1/1, {rest}",
        f"- -, sample 1/1, {rest}",
    ]


def test_a_review_without_a_place_is_told_with_its_sentence() -> None:
    course = placed(At(0))._replace(unplaced_reviews=("review 1 finds no room.",))
    told = seen(("", asked(shared_by()), reached(course)))
    assert "Without a place\n- P1, sample: review 1 finds no room\n" in told


# ---- How far off the rest is ---------------------------------------------------------------------


def test_a_narrow_screen_has_sentences_for_the_table() -> None:
    result = reached(placed(At(0), At(9), At(12)), placed(At(1), patient="P2"))
    told = seen(("", asked(shared_by()), result), width=40)
    assert (
        told.partition("Days from")[2]
        == """\
 the ideal dates, by phase
- sample, weekly: 4 sessions, 1 on the
  ideal day, 1.2 days off on average, 2
  days late at most, 1 early, 1 day
  overdue
"""
    )


# ---- What always holds ---------------------------------------------------------------------------

NAMES = st.text("abAB .毎💉\x1b", min_size=1, max_size=30).filter(str.strip)
PERCENTS = st.none() | st.integers(0, 140)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([40, 80, 120]) | st.integers(20, 200),
    st.lists(NAMES, min_size=1, max_size=6, unique=True),
    st.integers(1, 90),
    st.data(),
)
def test_a_map_keeps_its_width_and_all_its_cells(
    width: int, names: list[str], count: int, data: st.DataObject
) -> None:
    percents = st.lists(PERCENTS, min_size=count, max_size=count)
    drawn = [loaded(*data.draw(percents), name=name) for name in names]
    lines = list(load_lines(drawn, width))
    assert [line for line in map(text_of, lines) if cell_len(line) > width] == []
    in_percent = "percent" in " ".join(map(text_of, lines[:3]))
    rows = [text_of(line[2:]) for line in lines if len(line) > 2 and line[1].text == GAP]
    for place, load in enumerate(drawn):
        cells = "".join(rows[place :: len(drawn)])
        told = [cell(week, in_percent=in_percent) for week in load.weeks]
        if in_percent:
            assert cells.split() == " ".join(told).split()
        else:
            assert cells == "".join(told)


def cell(week: Week, *, in_percent: bool) -> str:
    """What a week is told as, without what fills its column."""
    if not week.open_minutes:
        return "" if in_percent else " "
    if not week.taken_minutes:
        return "·"
    percent = week.taken_minutes // 10
    return str(percent) if in_percent else "#" if percent >= 95 else str(percent // 10)


LONG = regimen(phase("a phase of a long name", "3", "1 week"))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([40, 80, 120]) | st.integers(30, 200),
    st.lists(st.tuples(NAMES, st.lists(st.integers(0, 400), min_size=1, max_size=5)), max_size=4),
    st.lists(st.integers(1, 5), max_size=3),
    st.tuples(*[st.integers(0, 10**6)] * 6),
    st.text("ab 毎.", max_size=200),
)
@example(40, [("a" * 38, [0])], [1], (0,) * 6, "")
def test_no_line_is_wider_than_the_screen(
    width: int,
    courses: list[tuple[str, list[int]]],
    numbers: list[int],
    goals: tuple[int, ...],
    why: str,
) -> None:
    made = [
        without_place(placed(*map(At, at), patient=patient), *numbers, why=why)
        for patient, at in courses
    ]
    result = reached(*made)._replace(objective=Objective(*goals))
    request = asked(shared_by(KAYA, rooms=None))
    lines = [text_of(line) for line in cohort_lines([("a", request, result)] * 2, width)]
    assert [line for line in lines if cell_len(line) > width] == []
