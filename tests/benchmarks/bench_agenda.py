"""What the agenda of a clinic's year costs: 500 courses of 12 sessions, each in a file of its own.

The files are as `plan` writes them: with reviews and with events of care, six a session.

Run as ``python tests/benchmarks/bench_agenda.py``. Whole processes are measured in CPU seconds on
one core, start and end of the interpreter included, after a warm-up.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import PlanRequest, make_plan
from meso_sched.core.walltime import parse_spans
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import course_file
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.schedules import load, shipped_file

COURSES = 500
_RUNS = 5
_COMMAND = (str(Path(sys.executable).parent / "meso-sched"), "agenda", "--month")
_CHOICES = Choices(sessions={"weekly": 6, "biweekly": 3, "monthly": 3})


def measure() -> tuple[str, float]:
    """What was measured, and the CPU seconds of one run."""
    with tempfile.TemporaryDirectory() as folder:
        write_courses(Path(folder), COURSES)
        runs = [_cpu(Path(folder)) for _ in range(_RUNS + 1)]
    return f"agenda of {COURSES} courses, 12 sessions each", statistics.median(runs[1:])


def write_courses(folder: Path, count: int) -> None:
    """So many courses of hair mesotherapy, which begin on the days of one year."""
    zone = ZoneInfo("Europe/Istanbul")
    hours = (parse_spans("09:00-18:00"),) * 6 + ((),)
    clinic = Clinic("Europe/Istanbul", zone, hours, reminders=(1440,))
    regimen = load([shipped_file()]).regimens["hair"]
    stamp = datetime(2027, 1, 1, tzinfo=UTC)
    for number in range(count):
        start = date(2027, 1, 4) + timedelta(days=number * 365 // count)
        course = make_course(regimen, _CHOICES, start=start, patient=f"P{number:04}")
        at = 9 * 60 + number * 15 % 480
        plan = make_plan(PlanRequest(course, clinic, time(*divmod(at, 60)), Limits(preferred=at)))
        path = folder / f"P{number:04}.ics"
        path.write_bytes(to_ics(course_file(plan, Edition(), stamp)))


def _cpu(folder: Path) -> float:
    """CPU seconds, user and system, of one whole process."""
    environment = {**os.environ, "HOME": str(folder), "TZ": "Europe/Istanbul"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        _COMMAND, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the agenda failed"
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    name, seconds = measure()
    print(f"{name}: {seconds:.2f} s")
