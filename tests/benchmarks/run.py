"""All speed goals in one table: each a ratio against a named peer, measured in this one run.

Whole processes are measured in CPU seconds, ours and the peer's in turn, after a warm-up; the
ratio is the median of the pairs. Run it on a quiet machine: python tests/benchmarks/run.py
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import bench_agenda
import bench_busy
import bench_cohort
import bench_cohort_files
from measuring import Row

PAIRS = 15
BIN = Path(sys.executable).parent


def main() -> int:
    """Print the table; the exit code says whether every goal is met."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [*_cold_starts(Path(folder)), _placing(), _busy(), _agenda()]
    rows += [*bench_cohort.measure(), *bench_cohort_files.measure()]
    print("| what | ours | peer | ratio | goal | |\n|---|---|---|---|---|---|")
    print(*rows, sep="\n")
    return 0 if all(row.met for row in rows) else 1


def _cold_starts(folder: Path) -> list[Row]:
    environment = _environment(folder)
    plan = [str(BIN / "meso-sched"), "plan", "hair", "--start", "2027-01-05T10:00"]
    plan += ["--patient", "P1", "--sessions", "weekly=6", "--sessions", "biweekly=3"]
    out = folder / "out.ics"
    calendar = folder / "khal.ics"
    subprocess.run([*plan, "-o", calendar], env=environment, check=True, capture_output=True)
    khal = [str(BIN / "khal"), "printics", str(calendar)]

    def cold(what: str, ours: Sequence[str], theirs: Sequence[str], goal: float) -> Row:
        def once(command: Sequence[str]) -> float:
            out.unlink(missing_ok=True)
            return _cpu(command, environment)

        return _pairs(what, lambda: once(ours), lambda: once(theirs), goal)

    return [
        cold("`plan`, table and `.ics` / `khal printics`", [*plan, "-o", str(out)], khal, 0.60),
        cold("`plan`, table alone / `khal printics`", plan, khal, 0.40),
        cold("`--help` / `python -c pass`", [plan[0], "--help"], [sys.executable, "-c", "pass"], 8),
    ]


def _placing() -> Row:
    """A 12-session course with 30 % of the time busy, against one millisecond."""
    from meso_sched.core.clinic import Busy, Clinic, Limits, OpenTime
    from meso_sched.core.course import Choices, make_course
    from meso_sched.core.placing import PlacingRequest, place
    from meso_sched.core.walltime import parse_spans
    from meso_sched.exchange.schedules import load, shipped_file

    regimen = load([shipped_file()]).regimens["hair"]
    choices = Choices(sessions={"weekly": 6, "biweekly": 3, "monthly": 3})
    course = make_course(regimen, choices, start=date(2027, 1, 5))
    hours = (parse_spans("09:00-18:00"),) * 6 + ((),)
    clinic = Clinic("Europe/Istanbul", ZoneInfo("Europe/Istanbul"), hours)
    request = PlacingRequest(
        sessions=course.sessions,
        start=datetime(2027, 1, 5, 10),  # noqa: DTZ001 - the wall clock of the clinic
        length=course.length,
        open_time=OpenTime(clinic, Limits(preferred=10 * 60)),
        busy=Busy.of(_meetings(random.Random(2027))),
    )
    assert len(place(request)) == 12
    fastest = min(_wall(lambda: place(request)) for _ in range(500))
    return Row("placing 12 sessions, 30 % busy / 1 ms", fastest, 0.001, fastest / 0.001, 1.0)


def _meetings(chance: random.Random) -> list[tuple[datetime, datetime]]:
    """Half-hours of a year's opening hours, each taken with a chance of 30 %."""
    taken = []
    for day in range(365):
        for half_hour in range(18):
            start = datetime(2027, 1, 1, 6, tzinfo=UTC) + timedelta(
                days=day, minutes=30 * half_hour
            )
            if chance.random() < 0.3:
                taken.append((start, start + timedelta(minutes=30)))
    return taken


def _busy() -> Row:
    what, ours, theirs = bench_busy.measure()
    return Row(what, ours, theirs, ours / theirs, 0.1)


def _agenda() -> Row:
    """A year of a clinic, against two seconds of one core."""
    what, seconds = bench_agenda.measure()
    return Row(f"{what} / 2 s", seconds, 2.0, seconds / 2.0, 1.0)


def _environment(folder: Path) -> dict[str, str]:
    """A home of its own for both programs, with bytecode kept as an installation keeps it."""
    config = folder / "khal"
    config.mkdir()
    (config / "config").write_text(
        f"[calendars]\n[[one]]\npath = {folder / 'vdir'}\n[locale]\nlocal_timezone = UTC\n"
        "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
    )
    (folder / "vdir").mkdir()
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "TZ": "UTC"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _pairs(what: str, ours: Callable[[], float], theirs: Callable[[], float], goal: float) -> Row:
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(PAIRS)]
    ratio = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(each) for each in zip(*pairs, strict=True))
    return Row(what, mine, other, ratio, goal)


def _cpu(command: Sequence[str], environment: dict[str, str]) -> float:
    """CPU seconds, user and system, of one whole process."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{shutil.which(command[0])} failed"
    return usage.ru_utime + usage.ru_stime


def _wall(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
