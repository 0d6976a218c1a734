"""The README's commands and its picture say what the tool does now."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from meso_sched.cli.app import app

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")


def picture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", TOP / "docs" / "picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_what_the_tool_shows() -> None:
    drawn = (TOP / "docs" / "plan.svg").read_text(encoding="utf-8")
    rows: dict[float, str] = {}
    for y, text in re.findall(r'<text[^>]*\by="([0-9.]+)"[^>]*clip-path[^>]*>(.*?)</text>', drawn):
        rows[float(y)] = rows.get(float(y), "") + unescape(text).replace("\xa0", " ")
    seen = [re.sub(r"\s+", "", row) for _, row in sorted(rows.items())]
    lines = ["".join(span.text for span in line) for line in picture().lines()]
    assert [row for row in seen if row] == [
        re.sub(r"\s+", "", line) for line in lines if line.strip()
    ]


def test_the_picture_needs_nothing_from_outside() -> None:
    drawn = (TOP / "docs" / "plan.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"')\s]+", drawn)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",  # a comment of Rich's own
    }


@pytest.mark.parametrize(
    "command", ["plan", "revise", "agenda", "cohort", "regimens", "show", "check", "init"]
)
def test_every_option_that_the_readme_names_is_there(command: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.S)
    calls = [
        call
        for block in blocks
        for call in block.replace("\\\n", " ").splitlines()
        if re.search(rf"meso-sched {command}\b", call)
    ]
    assert calls
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    known = {option for parameter in parameters for option in parameter.opts}
    for call in calls:
        words = call.split(f"meso-sched {command}", 1)[1].split()
        assert {word for word in words if re.fullmatch(r"--?[a-z-]*[a-z]", word)} <= known


@pytest.mark.parametrize(
    ("command", "first"),
    [("plan", "--start"), ("revise", "--done"), ("cohort", "-o FOLDER")],
    ids=["plan", "revise", "cohort"],
)
def test_a_table_of_options_names_only_options_of_its_command(command: str, first: str) -> None:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    known = {option for parameter in parameters for option in parameter.opts}
    tables = re.findall(r"(?:^\|.*\n)+", README.replace("\\|", "/"), flags=re.M)
    table = next(each for each in tables if f"| `{first}" in each)
    rows = re.findall(r"^\| (`-.*?) \|", table, flags=re.M)
    named = {option for row in rows for option in re.findall(r"`(--?[a-z-]*[a-z])", row)}
    assert first.split()[0] in named
    assert named <= known


def test_ci_runs_the_test_command_that_the_readme_prints() -> None:
    script = (TOP / ".ci" / "run").read_text(encoding="utf-8")
    program = re.search(r"awk '([^']*)' README.md", script)
    assert program is not None
    found = subprocess.run(
        ["awk", program[1], "README.md"], cwd=TOP, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == re.findall(r"```sh\n(.*?)\n```", README, flags=re.S)[1]
    assert "pytest" in found.stdout
