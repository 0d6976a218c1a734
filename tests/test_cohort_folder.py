"""The folder of a cohort: what is written, what is left alone, and what it costs."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest
from building import HAIR, cared_for, clinic
from hypothesis import given
from hypothesis import strategies as st
from judge_ical import judged

from meso_sched.core.cohort import CohortRequest, Entry, PlacedCourse
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import Plan
from meso_sched.core.sharing.placing import place_cohort
from meso_sched.errors import FileError
from meso_sched.exchange.cohort_folder import CohortOrder, WrittenCohort, write_cohort
from meso_sched.exchange.events import Identity, identity_of
from meso_sched.exchange.safe_names import file_name, names_for

STAMP = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 12, tzinfo=UTC)


def placed(*patients: str, start: date = date(2027, 1, 5)) -> list[tuple[PlacedCourse, Plan]]:
    """Courses of some patients in one room, as the quick way places them."""
    entries = tuple(
        Entry(make_course(cared_for(HAIR), Choices(), start=start, patient=patient))
        for patient in patients
    )
    request = CohortRequest(clinic(), entries)
    return [(course, course.plan(request)) for course in place_cohort(request).courses]


def write(
    folder: Path, courses: list[tuple[PlacedCourse, Plan]], stamp: datetime = STAMP
) -> WrittenCohort:
    known = [identity_of(plan, "") for _, plan in courses]
    return write_cohort(CohortOrder(folder, known, stamp), iter(courses))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_calendar_keeps_the_rules_of_icalendar(tmp_path: Path) -> None:
    write(tmp_path / "out", placed("P1", "P2"))
    written = files(tmp_path / "out")
    assert sorted(written) == [
        "patients/P1-sample-1.ics",
        "patients/P2-sample-1.ics",
        "rooms/Room 1.ics",
    ]
    for data in written.values():
        judged(data)


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / "out", placed("P1"))
    for path in (tmp_path / "out").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_the_same_again_writes_nothing(tmp_path: Path) -> None:
    courses = placed("P1", "P2")
    assert write(tmp_path / "out", courses).written == 3
    before = files(tmp_path / "out")
    again = write(tmp_path / "out", courses, LATER)
    assert (again.written, again.unchanged) == (0, 3)
    assert files(tmp_path / "out") == before


def test_only_events_that_changed_say_so(tmp_path: Path) -> None:
    def sequences() -> list[int]:
        data = (tmp_path / "out/patients/P1-sample-1.ics").read_bytes()
        calendar: Any = icalendar.Calendar.from_ical(data)
        events = (each for each in calendar.walk("VEVENT") if "RELATED-TO" not in each)
        return [int(each["SEQUENCE"]) for each in events]

    write(tmp_path / "out", placed("P1"))
    assert set(sequences()) == {0}
    ((course, plan),) = placed("P1")
    moved = plan.booked[0]._replace(
        start=plan.booked[0].start.replace(hour=16), end=plan.booked[0].end.replace(hour=16)
    )
    changed = plan._replace(booked=(moved, *plan.booked[1:]))
    write(tmp_path / "out", [(course, changed)], LATER)
    assert sorted(sequences(), reverse=True)[:2] == [1, 0]


def test_a_foreign_file_is_left_and_told_and_the_rest_is_written(tmp_path: Path) -> None:
    foreign = tmp_path / "out/patients/P1-sample-1.ics"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("not ours")
    with pytest.raises(FileError, match="P1-sample-1"):
        write(tmp_path / "out", placed("P1", "P2"))
    assert foreign.read_text() == "not ours"
    assert (tmp_path / "out/patients/P2-sample-1.ics").exists()


@pytest.mark.parametrize("name", ["patients", "rooms"])
def test_nothing_is_written_through_a_link_to_elsewhere(tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(elsewhere)
    with pytest.raises(FileError, match="is a link"):
        write(tmp_path / "out", placed("P1"))
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other.ics"
    other.write_text("theirs")
    link = tmp_path / "out/patients/P1-sample-1.ics"
    link.parent.mkdir(parents=True)
    link.symlink_to(other)
    with pytest.raises(FileError, match="P1-sample-1"):
        write(tmp_path / "out", placed("P1"))
    assert other.read_text() == "theirs"


def test_what_breaks_off_leaves_no_half_file_and_no_temporary_one(tmp_path: Path) -> None:
    courses = placed("P1", "P2")

    def breaking() -> Iterator[tuple[PlacedCourse, Plan]]:
        yield courses[0]
        raise KeyboardInterrupt

    known = [identity_of(plan, "") for _, plan in courses]
    with pytest.raises(KeyboardInterrupt):
        write_cohort(CohortOrder(tmp_path / "out", known, STAMP), breaking())
    left = files(tmp_path / "out")
    assert list(left) == ["patients/P1-sample-1.ics"]
    assert left["patients/P1-sample-1.ics"].endswith(b"END:VCALENDAR\r\n")


def test_a_room_without_appointments_any_more_is_emptied(tmp_path: Path) -> None:
    courses = placed("P1")
    write(tmp_path / "out", courses)
    ((course, plan),) = courses
    elsewhere = plan._replace(
        booked=tuple(each._replace(room="Room 2") for each in plan.booked),
        reviews=tuple(each._replace(room="Room 2") for each in plan.reviews),
    )
    write(tmp_path / "out", [(course, elsewhere)], LATER)
    calendar: Any = icalendar.Calendar.from_ical((tmp_path / "out/rooms/Room 1.ics").read_bytes())
    assert len(calendar.walk("VEVENT")) == 0


# ---- Names ---------------------------------------------------------------------------------------

_TEXT = st.text(min_size=1, max_size=150)


@given(_TEXT, _TEXT, st.integers(1, 99))
def test_a_name_never_leaves_its_folder(patient: str, regimen: str, number: int) -> None:
    name = file_name("", patient, regimen, number)
    assert Path(name).name == name
    assert name not in (".", "..")
    assert not name.startswith((".", " "))
    assert name.endswith(".ics")
    assert len(name) <= 120
    assert len(name.encode()) <= 255
    assert not set(name) & set('/\\:*?"<>|\0\n')


@given(st.sets(st.tuples(st.just(""), _TEXT, _TEXT, st.integers(1, 3)), max_size=8))
def test_no_two_courses_share_a_name_on_any_system(
    courses: set[tuple[str, str, str, int]],
) -> None:
    names = names_for(courses)
    assert len({name.casefold() for name in names.values()}) == len(courses)


def test_names_that_differ_in_case_alone_are_told_apart() -> None:
    names = names_for([("", "P1", "hair", 1), ("", "p1", "hair", 1)])
    assert len({name.casefold() for name in names.values()}) == 2
    assert names["", "P1", "hair", 1] == "P1-hair-1.ics"


# ---- Memory --------------------------------------------------------------------------------------

_MANY = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path[:0] = [sys.argv[1]]
from test_cohort_folder import placed
from meso_sched.exchange.cohort_folder import CohortOrder, write_cohort
from meso_sched.exchange.editions import CareForm, Edition
from meso_sched.exchange.events import identity_of

((course, plan),) = placed("P0")
count = int(sys.argv[3])
plans = lambda: (
    (course, plan._replace(course=plan.course._replace(patient=f"P{n}"))) for n in range(count)
)
known = [identity_of(each, "") for _, each in plans()]
order = CohortOrder(
    Path(sys.argv[2]), known, datetime(2027, 1, 1, tzinfo=UTC), Edition(care=CareForm.NONE)
)
write_cohort(order, plans())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_events_that_are_written(tmp_path: Path) -> None:
    """Ten times as many cost less than a third of what their files hold."""

    def peak(count: int) -> int:
        out = tmp_path / str(count)
        script = [sys.executable, "-c", _MANY, str(Path(__file__).parent), str(out), str(count)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(script, capture_output=True, text=True, check=True, env=environment)
        return int(done.stdout)

    small, large = peak(50), peak(500)
    written = sum(path.stat().st_size for path in (tmp_path / "500").rglob("*.ics")) // 1024
    assert large - small < written / 3


def test_identities_of_a_list_are_what_its_events_are_known_by() -> None:
    ((_, plan),) = placed("P1")
    assert identity_of(plan, "") == Identity("", "P1", "sample", 1)
