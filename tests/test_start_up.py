"""A command loads only what it needs, so that it starts at once (DESIGN section 6)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from running import ISTANBUL, WITHOUT_HOLIDAYS, Desk

CALENDARS = {"ics", "icalendar", "recurring_ical_events"}
SOLVERS = {"highspy", "scipy", "numpy", "ortools", "pulp"}
HEAVY = {*CALENDARS, *SOLVERS, "holidays", "rich", "pydantic", "caldav", "arrow", "babel"}
PLAN = ("plan", "hair", "--start", "2027-01-05")

LOADED = """import sys
from meso_sched.cli.running import run
code = run(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def loaded(desk: Desk, *args: str, **env: str) -> set[str]:
    """The packages that a command in a pipe has loaded when it ends."""
    result = desk.process(*args, program=(sys.executable, "-c", LOADED), **env)
    assert result.returncode == 0, result.stderr.decode()
    return set(result.stderr.decode().splitlines()[-1].split())


@pytest.mark.parametrize(
    "args",
    [("--help",), ("plan", "--help"), ("--version",), ("regimens",), ("regimens", "--json"),
     ("show", "hair")],
    ids=" ".join,
)  # fmt: skip
def test_help_and_regimens_load_nothing_heavy(desk: Desk, args: tuple[str, ...]) -> None:
    packages = loaded(desk, *args)
    assert "typer" in packages
    assert packages & HEAVY == set()


def test_a_plan_without_a_file_loads_no_calendar_library(desk: Desk) -> None:
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    assert loaded(desk, *PLAN) & HEAVY == set()
    assert loaded(desk, *PLAN, "--json") & (HEAVY - {"ics"}) == set()
    desk.write("schedules.toml", ISTANBUL)
    assert loaded(desk, *PLAN) & HEAVY == {"holidays"}


@pytest.mark.parametrize("language", ["en", "English", "en_GB.UTF-8"])
def test_english_loads_no_catalogue(desk: Desk, language: str) -> None:
    desk.write("schedules.toml", f'{WITHOUT_HOLIDAYS}language = "{language}"\n')
    assert loaded(desk, "show", "hair") & HEAVY == set()
    assert loaded(desk, *PLAN, "--lang", language) & HEAVY == set()
    assert "babel" in loaded(desk, "show", "hair", "--lang", "tr")


def test_what_is_needed_is_what_is_seen(desk: Desk) -> None:
    """The other tests of this module could not fail if this one did."""
    desk.write("schedules.toml", ISTANBUL)
    packages = loaded(desk, *PLAN, "-o", "a.ics", FORCE_COLOR="1")
    assert {"ics", "holidays", "rich"} <= packages


def test_the_library_is_loaded_lazily() -> None:
    code = (
        "import sys, meso_sched; before = set(sys.modules); meso_sched.make_plan;"
        "print(any(name.startswith('meso_sched.core') for name in before),"
        " 'meso_sched.core.plan' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert found.stdout.split() == [b"False", b"True"]
