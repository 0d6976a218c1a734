"""Each shipped regimen, planned by the real command: its calendar file and its screen.

Where a change of them is meant: ``UPDATE_SNAPSHOTS=1 pytest tests/test_snapshots.py``, then read
the difference.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from judge_ical import events_of

SNAPSHOTS = Path(__file__).with_name("snapshots")
SHIPPED = tomllib.loads((Path(__file__).parents[1] / "schedules.toml").read_text(encoding="utf-8"))

FHIR = "hair.fhir.json"

SERIES = ("--sessions", "series=4", "--every", "series=2 weeks")
CHOICES: dict[str, tuple[str, ...]] = {
    "hair": (),
    "face": ("--every", "series=2 weeks", "--sessions", "maintenance=3"),
    "cellulite": ("--every", "series=1 week"),
    "slimming": ("--sessions", "series=6", "--every", "series=10 days"),
    "classic": ("--sessions", "monthly=2"),
    "pain": (),
    "rejuvenation": (*SERIES, "--sessions", "maintenance=2", "--every", "maintenance=3 months"),
    "stretch-marks": SERIES,
    "alopecia": SERIES,
    "prp": SERIES,
    "needle-free": SERIES,
    "prp-hair": (),
    "prp-microneedling": (),
    "knee-pain": (),
    "face-polycomponent": (),
}


def planned(
    regimen: str, folder: Path, epoch: int = 1790000000, file: str = "course.ics"
) -> tuple[bytes, bytes]:
    """The file and the screen of one run, in a home without settings."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "meso_sched", "plan", regimen, *CHOICES[regimen]),
            *("--start", "2027-01-05T10:00", "--patient", "P1", "-o", file),
        ],
        cwd=folder,
        env={
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "HOME": str(folder),
            "TZ": "Europe/Berlin",
            "SOURCE_DATE_EPOCH": str(epoch),
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "LANG": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return (folder / file).read_bytes(), done.stdout


def compare(name: str, found: bytes) -> None:
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.write_bytes(found)
    assert path.is_file(), f"{path} is missing: UPDATE_SNAPSHOTS=1 writes it"
    assert found.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("regimen", CHOICES)
def test_a_regimen_is_planned_as_before(regimen: str, tmp_path: Path) -> None:
    calendar, screen = planned(regimen, tmp_path)
    assert {event.text("SUMMARY")[:4] for event in events_of(calendar)} == {"P1 ("}
    assert b"\x1b" not in screen
    compare(f"{regimen}.ics", calendar)
    compare(f"{regimen}.txt", screen)


def test_a_course_is_the_same_bundle_of_fhir_as_before(tmp_path: Path) -> None:
    bundle, _ = planned("hair", tmp_path, file="course.fhir.json")
    compare(FHIR, bundle)


def test_a_second_run_the_next_day_changes_no_byte(tmp_path: Path) -> None:
    first, _ = planned("hair", tmp_path)
    second, _ = planned("hair", tmp_path, epoch=1790000000 + 86400)
    assert second == first


def test_every_shipped_regimen_has_its_snapshots_and_no_other() -> None:
    assert list(CHOICES) == list(SHIPPED["regimens"])
    wanted = {f"{regimen}{suffix}" for regimen in CHOICES for suffix in (".ics", ".txt")} | {FHIR}
    assert {path.name for path in SNAPSHOTS.glob("[!.]*")} == wanted
