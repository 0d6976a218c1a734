"""Draws docs/plan.svg, the README's picture, with the tool's own console: python docs/picture.py"""

from __future__ import annotations

import io
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from meso_sched.cli import layout, view
from meso_sched.cli.planning import PlanOptions, make
from meso_sched.exchange.schedules import load, shipped_file

PICTURE = Path(__file__).with_name("plan.svg")
WIDTH = 80
CLINIC = '[clinic]\ntimezone = "Europe/Istanbul"\nholidays = "TR"\n'
COMMAND = (
    "$ meso-sched plan hair --start 2027-01-05T10:00 --patient P1 \\",
    "    --sessions weekly=6 --sessions biweekly=3",
)
OPTIONS = PlanOptions(
    regimen="hair",
    start="2027-01-05T10:00",
    patient="P1",
    sessions=("weekly=6", "biweekly=3"),
)


def lines() -> list[layout.Line]:
    """The command and what it shows, for a clinic in Istanbul."""
    with tempfile.TemporaryDirectory() as folder:
        clinic = Path(folder) / "schedules.toml"
        clinic.write_text(CLINIC)
        catalogue = load([shipped_file(), clinic])
    planned = make(OPTIONS, catalogue, datetime(2026, 12, 1, 9, tzinfo=UTC))
    shown = view.plan_lines(planned.plan, planned.open_time, WIDTH)
    return [*((layout.Span(each, "dim"),) for each in COMMAND), (), *shown]


def main() -> None:
    """Write the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    layout.draw(console, lines())
    picture = console.export_svg(title="meso-sched", unique_id="plan")
    # Rich names a font on a server; a picture needs nothing from outside.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.S), encoding="utf-8")


if __name__ == "__main__":
    main()
