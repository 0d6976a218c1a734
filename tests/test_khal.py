"""khal, a calendar program of its own, reads from our files what the plan says."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from test_events import LATER, file_of, plan, rewritten

from meso_sched.core.booked import Status
from meso_sched.core.plan import Plan
from meso_sched.exchange.calendar_lines import parse, write
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import CourseFile, course_file
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.stored import read_course
from meso_sched.exchange.updating import updated

CONFIG = """
[calendars]
[[meso]]
path = {home}/calendar
type = calendar
[locale]
local_timezone = {zone}
default_timezone = {zone}
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%dT%H:%M
longdatetimeformat = %Y-%m-%dT%H:%M
[default]
default_calendar = meso
[sqlite]
path = {home}/khal.db
"""
MOMENTS, REVIEWED = 4, 2
"""So many events of care a session has, and so many reviews a course."""

FORMAT = "{start-long}|{end-long}|{status}|{title}"


class Khal(NamedTuple):
    """The program with a home, a configuration and a calendar of its own."""

    home: Path

    def __call__(self, *arguments: str) -> list[str]:
        """The lines that it prints; it must succeed and complain of nothing."""
        done = subprocess.run(
            [sys.executable, "-m", "khal", "-c", str(self.home / "config"), *arguments],
            cwd=self.home,
            env={**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home)},
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        # It puts a space after the status.
        return [line.rstrip().replace(" |", "|") for line in done.stdout.splitlines()]


@pytest.fixture
def khal(tmp_path: Path, request: pytest.FixtureRequest) -> Khal:
    zone = getattr(request, "param", "Europe/Berlin")
    (tmp_path / "calendar").mkdir()
    (tmp_path / "config").write_text(CONFIG.format(home=tmp_path, zone=zone), encoding="utf-8")
    return Khal(tmp_path)


def stored(khal: Khal, file: CourseFile, name: str = "course.ics") -> str:
    (khal.home / name).write_bytes(to_ics(file))
    return str(khal.home / name)


def expected(made: Plan, titles: list[str], status: str = "CONFIRMED") -> list[str]:
    return [
        f"{each.start:%Y-%m-%dT%H:%M}|{each.end:%Y-%m-%dT%H:%M}|{status}|{title}"
        for each, title in zip(made.booked, titles, strict=True)
    ]


ODD = "O'Brien, Ann; \\n a:b 漢字 İşçi é 👩\u200d⚕ " * 3


@pytest.mark.parametrize(
    "khal", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"], indirect=True
)
def test_khal_prints_the_sessions_at_their_times(
    khal: Khal, request: pytest.FixtureRequest
) -> None:
    zone = request.node.callspec.params["khal"]
    made = plan(3, patient=ODD, every="1 month", zone=zone, cared=False)
    titles = [f"{ODD.strip()} ({n}/3)" for n in range(1, 4)]
    made = made._replace(course=made.course._replace(patient=ODD.strip()))
    printed = khal("printics", "--format", FORMAT, stored(khal, file_of(made)))
    assert [" ".join(line.split()) for line in printed[1:]] == expected(made, titles)


def test_khal_reads_the_zone_of_the_file_not_its_own(khal: Khal) -> None:
    made = plan(1, zone="America/New_York", start=date(2027, 3, 16), cared=False)
    (line,) = khal("printics", "--format", "{start-long}", stored(khal, file_of(made)))[1:]
    # In March the clocks of New York have changed and those of Berlin have not: 5 hours, not 6.
    assert datetime.fromisoformat(line) == datetime(2027, 3, 16, 15)  # noqa: DTZ001 - khal's own


def listed(khal: Khal) -> list[str]:
    arguments = ("--day-format", "", "--format", FORMAT, "2026-12-01", "2027-12-31")
    return [line for line in khal("list", *arguments) if line]


def test_khal_keeps_the_course_in_a_calendar_and_takes_its_updates(khal: Khal) -> None:
    first = plan(3, cared=False)
    khal("import", "--batch", stored(khal, file_of(first)))
    assert listed(khal) == expected(first, [f"P1 ({n}/3)" for n in (1, 2, 3)])

    second = plan(2, start=date(2027, 1, 7), cared=False)
    update = rewritten(second, file_of(first), LATER)
    khal("import", "--batch", stored(khal, update))
    gone = first._replace(booked=first.booked[2:])
    assert sorted(listed(khal)) == sorted(
        expected(second, ["P1 (1/2)", "P1 (2/2)"])
        + expected(gone, ["Cancelled: P1 (3/3)"], "CANCELLED")
    )
    assert len(list((khal.home / "calendar").glob("*.ics"))) == 3


# What khal says of a course of one session, on the day after the clocks of New York went forward.
CARE_AND_REVIEWS = """\
2027-03-01|2027-03-01|CONFIRMED|P1 (1/1): before, from Mon 1 Mar
2027-03-13T21:00|2027-03-15T10:00|CONFIRMED|P1 (1/1): before, from Sat 13 Mar 21:00
2027-03-15T10:00|2027-03-15T10:30|CONFIRMED|P1 (1/1)
2027-03-15T10:30|2027-03-15T10:45|CONFIRMED|P1 (1/1): after, until Mon 15 Mar 10:45
2027-03-15T10:30|2027-03-17T10:30|CONFIRMED|P1 (1/1): after, until Wed 17 Mar 10:30
2027-04-15T10:00|2027-04-15T10:45|CONFIRMED|P1 (review 2)
""".splitlines()


@pytest.mark.parametrize("khal", ["America/New_York"], indirect=True)
def test_khal_prints_care_and_reviews_at_their_times(khal: Khal) -> None:
    """Two weeks before is a day; 36 hours before are so many, whatever the clocks do in them."""
    made = plan(1, zone="America/New_York", start=date(2027, 3, 15))
    printed = khal("printics", "--format", FORMAT, stored(khal, file_of(made)))
    assert sorted(printed[1:]) == CARE_AND_REVIEWS


def test_khal_moves_and_cancels_the_care_of_a_session_with_it(khal: Khal) -> None:
    first = plan(2)
    khal("import", "--batch", stored(khal, file_of(first)))
    assert len(listed(khal)) >= 2 * (1 + MOMENTS) + REVIEWED
    second = plan(1, start=date(2027, 1, 7))
    khal("import", "--batch", stored(khal, rewritten(second, file_of(first), LATER)))
    dropped = [line for line in listed(khal) if "CANCELLED" in line]
    assert {line.rpartition("|")[2] for line in dropped} == {
        "Cancelled: P1 (2/2)",
        *(
            f"Cancelled: P1 (2/2): {what}"
            for what in (
                "before, from Tue 29 Dec",
                "before, from Sun 10 Jan 22:00",
                "after, until Tue 12 Jan 10:45",
                "after, until Thu 14 Jan 10:30",
            )
        ),
        "Cancelled: P1 (review 1)",
    }
    open_ = {line.rpartition("|")[2] for line in listed(khal) if "CONFIRMED" in line}
    assert "P1 (1/1): before, from Tue 5 Jan 22:00" in open_
    assert not [title for title in open_ if "(2/2)" in title or "(1/2)" in title]
    assert len(list((khal.home / "calendar").glob("*.ics"))) == 2 * (1 + MOMENTS) + REVIEWED


def kept(khal: Khal) -> str:
    """The calendar as khal keeps it, a file for each event, put into one as an export does."""
    calendars = [
        parse(path.read_bytes().decode()) for path in (khal.home / "calendar").glob("*.ics")
    ]
    zone = calendars[0].named("VTIMEZONE")[:1]
    events = tuple(event for each in calendars for event in each.named("VEVENT"))
    return write(calendars[0]._replace(children=(*zone, *events))).decode()


def test_a_course_that_khal_kept_is_read_back_and_revised_in_it(khal: Khal) -> None:
    made = plan(3, patient="O'Brien, Ann; \\n", cared=False)
    khal("import", "--batch", stored(khal, file_of(made)))
    text = kept(khal)
    found = read_course(text, "khal.ics", made.clinic)
    assert (found.current.booked, found.found, found.stripped) == (made.booked, (), False)

    new = made.booked[1]._replace(status=Status.FULFILLED)
    revised = found.current._replace(booked=(made.booked[0], new, made.booked[2]))
    base = course_file(found.recorded, Edition(), LATER)
    file = updated(course_file(revised, Edition(), LATER), found.file, LATER, base)
    khal("import", "--batch", stored(khal, file))
    assert listed(khal) == expected(
        made,
        [
            f"{word}O'Brien, Ann; \\n ({number}/3)"
            for word, number in (("", 1), ("Done: ", 2), ("", 3))
        ],
    )
    again = read_course(kept(khal), "khal.ics", made.clinic)
    assert again.current.booked == revised.booked
    assert [event.sequence for event in again.file.events] == [0, 1, 0]
